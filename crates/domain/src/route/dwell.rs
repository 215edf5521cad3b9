//! Standing where nobody expects it: outside every known place, for longer than is usual at a traffic light.

use chrono::{DateTime, Utc};

use crate::Duration;
use crate::place::{Fence, Margins, Point, Position, Positions};

/// What counts as standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// All positions lie within so many metres of the first one, and none is coarser.
    pub radius_m: u32,
    /// For at least so long.
    pub at_least: Duration,
}

impl Default for Standing {
    /// 250 m for an hour: longer than the break of 45 minutes that a driver must take (Regulation (EC) 561/2006).
    fn default() -> Self {
        Self { radius_m: 250, at_least: Duration::from_seconds(3_600).unwrap_or(Duration::ZERO) }
    }
}

/// A box stood outside all known places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dwell {
    /// The first position there.
    pub from: DateTime<Utc>,
    /// The last position there.
    pub last_at: DateTime<Utc>,
    pub point: Point,
    /// Nothing says that it has moved on, and the last position is not too old.
    pub lasts: bool,
}

/// The dwells at `now`, in order of time. A position that may be within one of the fences is no dwell, nor is one that
/// is too coarse to tell standing from driving; such a one only ends a dwell where it is surely elsewhere.
pub fn dwells(
    positions: &Positions,
    margins: Margins,
    standing: Standing,
    now: DateTime<Utc>,
    fences: &[&Fence],
) -> Vec<Dwell> {
    let mut runs: Vec<Dwell> = Vec::new();
    // Of each instant the most accurate position.
    for position in positions.instants(now).filter_map(<[Position]>::first) {
        if let Some(run) = runs.last_mut().filter(|run| run.lasts)
            && (is_too_late(run.last_at, margins, position.at) || has_left(run, position, standing, fences))
        {
            run.lasts = false;
        }
        if position.accuracy_m > standing.radius_m || may_be_in(position, fences) {
            continue;
        }
        match runs.last_mut().filter(|run| run.lasts) {
            Some(run) => run.last_at = position.at,
            None => {
                let (from, last_at, point) = (position.at, position.at, position.point);
                runs.push(Dwell { from, last_at, point, lasts: true });
            }
        }
    }
    if let Some(run) = runs.last_mut().filter(|run| is_too_late(run.last_at, margins, now)) {
        run.lasts = false;
    }
    runs.retain(|run| (run.last_at - run.from).num_seconds() >= standing.at_least.seconds());
    runs
}

fn is_too_late(last_at: DateTime<Utc>, margins: Margins, at: DateTime<Utc>) -> bool {
    (at - last_at).num_seconds() > margins.longest_gap.seconds()
}

fn may_be_in(position: &Position, fences: &[&Fence]) -> bool {
    let accuracy_m = f64::from(position.accuracy_m);
    let may_be_in = |fence: &&Fence| {
        !fence.is_far(position.point, accuracy_m) && fence.edge_m(position.point) <= accuracy_m
    };
    fences.iter().any(may_be_in)
}

fn has_left(run: &Dwell, position: &Position, standing: Standing, fences: &[&Fence]) -> bool {
    let (apart_m, radius_m) = (run.point.distance_m(position.point), f64::from(standing.radius_m));
    if position.accuracy_m > standing.radius_m {
        return apart_m > radius_m + f64::from(position.accuracy_m);
    }
    apart_m > radius_m || may_be_in(position, fences)
}
