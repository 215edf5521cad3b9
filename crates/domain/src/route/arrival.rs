//! When a box will arrive, from what is left of its path and from how fast it came so far.

use chrono::{DateTime, Utc};

use super::{Corridor, Monitoring};
use crate::place::{Margins, Position, Positions};
use crate::time::{unix, utc};

/// A speed is measured over at least so long and so far.
const LEAST_S: i64 = 15 * 60;
const LEAST_M: f64 = 2_000.0;

/// Slower than walking is not driving, and nothing on the road is faster: a speed beyond these is not believed.
const SLOWEST_M_PER_S: f64 = 1.0;
const FASTEST_M_PER_S: f64 = 40.0;

/// The remaining time may be so much shorter or longer, and by [`LEAST_SPREAD_S`] in any case: traffic ahead is not
/// traffic behind.
const SPREAD: f64 = 0.3;
const LEAST_SPREAD_S: f64 = 300.0;

/// An expected arrival with what may be made of it: it is not certain to lie between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    pub earliest: DateTime<Utc>,
    pub expected: DateTime<Utc>,
    pub latest: DateTime<Utc>,
    /// What is left of the path, in metres.
    pub remaining_m: u32,
}

/// Why no arrival can be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoArrival {
    #[error("it has arrived")]
    Arrived,
    #[error("nobody saw it leave")]
    NotDeparted,
    #[error("its lane has no path")]
    NoRoute,
    #[error("not monitored: no position has come")]
    NotMonitored,
    #[error("the last position is too old")]
    Lost,
    #[error("the last position is too coarse, or off the route")]
    OffRoute,
    #[error("it has not been on its way for long enough to tell its speed")]
    TooEarly,
    #[error("it does not come nearer")]
    NotMoving,
}

/// When the path's end is reached, at `now`. Positions from before `departed` do not count.
///
/// The speed is that of the whole way so far, with its breaks; only positions that are surely within the corridor
/// count, at where the path comes nearest to them.
pub fn arrival(
    positions: &Positions,
    margins: Margins,
    now: DateTime<Utc>,
    corridor: &Corridor,
    departed: DateTime<Utc>,
) -> Result<Arrival, NoArrival> {
    match Monitoring::of(positions, margins, now) {
        Monitoring::NotMonitored => return Err(NoArrival::NotMonitored),
        Monitoring::Lost { .. } => return Err(NoArrival::Lost),
        Monitoring::Monitored { .. } => {}
    }
    let on_way: Vec<(DateTime<Utc>, f64, u32)> = positions
        .instants(now)
        .filter_map(<[Position]>::first)
        .filter(|position| position.at >= departed)
        .filter_map(|position| Some((position.at, along_m(corridor, position)?, position.accuracy_m)))
        .collect();
    let (last_at, last_m, accuracy_m) = *on_way.last().ok_or(NoArrival::OffRoute)?;
    if (now - last_at).num_seconds() > margins.longest_gap.seconds() {
        return Err(NoArrival::OffRoute);
    }
    let (first_at, first_m, _) = *on_way.first().ok_or(NoArrival::TooEarly)?;
    let seconds = (last_at - first_at).num_seconds();
    if seconds < LEAST_S {
        return Err(NoArrival::TooEarly);
    }
    let speed = (last_m - first_m) / seconds as f64;
    if last_m - first_m < LEAST_M || speed < SLOWEST_M_PER_S {
        return Err(NoArrival::NotMoving);
    }
    let remaining_m = (corridor.path().length_m() - last_m).max(0.0);
    Ok(expect(last_at, remaining_m, f64::from(accuracy_m), speed.min(FASTEST_M_PER_S)))
}

fn along_m(corridor: &Corridor, position: &Position) -> Option<f64> {
    let on_path = corridor.path().nearest(position.point);
    let surely = on_path.beside_m + f64::from(position.accuracy_m) <= f64::from(corridor.width_m());
    surely.then_some(on_path.along_m)
}

fn expect(last_at: DateTime<Utc>, remaining_m: f64, accuracy_m: f64, speed: f64) -> Arrival {
    let seconds = remaining_m / speed;
    let spread = (seconds * SPREAD).max(LEAST_SPREAD_S) + accuracy_m / speed;
    let after = |seconds: f64| utc(unix(last_at).saturating_add(seconds.max(0.0).round() as i64));
    Arrival {
        earliest: after(seconds - spread),
        expected: after(seconds),
        latest: after(seconds + spread),
        remaining_m: remaining_m.round() as u32,
    }
}
