//! When a plan expects no radio.

use chrono::{DateTime, Utc};

use super::{Lane, Leg, Plan};
use crate::place::{Ending, Stay};
use crate::silence::Window;
use crate::time::{unix, utc};
use crate::{Duration, PlaceId};

/// When a leg really began, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    pub leg: u32,
    pub at: DateTime<Utc>,
}

impl Plan {
    /// When each leg began, by the visits to places: the box has left the leg's first place, and not before the leg
    /// before began. A leg of which positions do not tell is left out.
    pub fn departures(&self, visits: &[(PlaceId, Stay)]) -> Vec<Departure> {
        let mut departures: Vec<Departure> = Vec::new();
        for leg in self.legs() {
            let after = departures.last().map(|departure| departure.at);
            let left = visits.iter().filter(|(place, _)| *place == leg.from);
            let left = left.filter_map(|(_, stay)| match stay.ending {
                Ending::Changed(at) => Some(at),
                Ending::Lasts | Ending::Lost(_) => None,
            });
            let first = left.filter(|at| after.is_none_or(|after| *at > after)).min();
            departures.extend(first.map(|at| Departure { leg: leg.number, at }));
        }
        departures
    }

    /// The windows in which no radio is expected, leg by leg.
    ///
    /// Where nobody knows when a leg began, its dark stretches begin as early as it may have begun and end as late.
    /// Darkness counts no longer than the packaging holds: after that a box that nobody hears is somebody's matter,
    /// whatever the plan says.
    pub fn dark(&self, lanes: &[Lane], departures: &[Departure]) -> Vec<Window> {
        self.legs().iter().flat_map(|leg| dark_of(leg, lanes, departures)).collect()
    }
}

fn dark_of(leg: &Leg, lanes: &[Lane], departures: &[Departure]) -> Vec<Window> {
    let Some(lane) = lanes.iter().find(|lane| Some(lane.id) == leg.lane) else { return Vec::new() };
    let departed = departures.iter().find(|departure| departure.leg == leg.number).map(|known| known.at);
    let (earliest, latest) = departed.map_or((leg.pick_up.from, leg.pick_up.to), |at| (at, at));
    let later = |at: DateTime<Utc>, duration: Duration| utc(unix(at).saturating_add(duration.seconds()));
    let held_until = lane.hold_time.map(|hold_time| later(earliest, hold_time));
    let window = |stretch: &super::DarkStretch| {
        let to = later(latest, stretch.to);
        Window { from: later(earliest, stretch.from), to: held_until.map_or(to, |held| to.min(held)) }
    };
    lane.dark.iter().map(window).filter(|window| window.from < window.to).collect()
}
