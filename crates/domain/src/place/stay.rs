//! Stays: from when to when a box was surely inside or outside an area.
//!
//! "Inside" begins only with a position whose whole accuracy circle is inside, and ends only with one whose circle is
//! outside by more than a margin. Between the two, nothing changes: a box at the edge raises one stay, however its
//! positions jump within their accuracy.

use chrono::{DateTime, Utc};

use super::position::{Position, Positions, Said};
use super::{Fence, Place};
use crate::time::{unix, utc};
use crate::{Duration, PlaceId};

/// What is asked of positions before something is said to have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins {
    /// So far beyond its accuracy must a position be outside for "left", in metres.
    pub leave_m: u32,
    /// Without a telling position for longer than this, nothing is known.
    pub longest_gap: Duration,
}

impl Default for Margins {
    /// 100 m, and two hours: eight reports of a tracker that sends every quarter of an hour.
    fn default() -> Self {
        Self { leave_m: 100, longest_gap: Duration::from_seconds(7_200).unwrap_or(Duration::ZERO) }
    }
}

/// How a stay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Not at all: it lasts at the instant that was asked about.
    Lasts,
    /// A position said the opposite.
    Changed(DateTime<Utc>),
    /// Positions failed for too long: unknown from then on.
    Lost(DateTime<Utc>),
}

/// Surely inside, or surely outside, from one position on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    pub inside: bool,
    /// The first position that said so.
    pub from: DateTime<Utc>,
    /// The last position that did not contradict.
    pub last_at: DateTime<Utc>,
    pub ending: Ending,
}

impl Stay {
    pub fn until(&self) -> Option<DateTime<Utc>> {
        match self.ending {
            Ending::Lasts => None,
            Ending::Changed(at) | Ending::Lost(at) => Some(at),
        }
    }
}

/// The stays at `now` in order of time; what lies between them is unknown.
pub fn stays(positions: &Positions, margins: Margins, now: DateTime<Utc>, fence: &Fence) -> Vec<Stay> {
    stays_by(positions, margins, now, |position| fence.say(position, margins.leave_m))
}

pub(crate) fn stays_by(
    positions: &Positions,
    margins: Margins,
    now: DateTime<Utc>,
    say: impl Fn(&Position) -> Said,
) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    for same in positions.instants(now) {
        let Some(at) = same.first().map(|position| position.at) else { continue };
        let inside = match Said::together(same.iter().map(&say)) {
            Said::Nothing => continue,
            Said::Inside => Some(true),
            Said::Outside => Some(false),
            Said::Either => None,
        };
        let lasting = lasting(&mut stays, margins, at);
        match (lasting, inside) {
            (Some(stay), None) => stay.last_at = at,
            (Some(stay), Some(inside)) if stay.inside == inside => stay.last_at = at,
            (Some(stay), Some(_)) => stay.ending = Ending::Changed(at),
            (None, _) => {}
        }
        let begins = inside.filter(|_| stays.last().is_none_or(|stay| stay.ending != Ending::Lasts));
        stays.extend(begins.map(|inside| Stay { inside, from: at, last_at: at, ending: Ending::Lasts }));
    }
    lasting(&mut stays, margins, now);
    stays
}

/// The stay that still lasts at `at`; one whose last position is too old then ends.
fn lasting(stays: &mut [Stay], margins: Margins, at: DateTime<Utc>) -> Option<&mut Stay> {
    let stay = stays.last_mut().filter(|stay| stay.ending == Ending::Lasts)?;
    let known_until = utc(unix(stay.last_at).saturating_add(margins.longest_gap.seconds()));
    if at > known_until {
        stay.ending = Ending::Lost(known_until);
        return None;
    }
    Some(stay)
}

/// The visits to places, in order of their beginning; places without a fence have none.
pub fn visits(
    positions: &Positions,
    margins: Margins,
    now: DateTime<Utc>,
    places: &[Place],
) -> Vec<(PlaceId, Stay)> {
    let is_reached =
        |fence: &&Fence| positions.as_slice().iter().any(|position| !fence.is_far(position.point, 0.0));
    let of_place = |place: &Place| {
        let fence = place.fence.as_ref().filter(is_reached);
        let all = fence.map_or_else(Vec::new, |fence| stays(positions, margins, now, fence));
        let id = place.id;
        all.into_iter().filter(|stay| stay.inside).map(move |stay| (id, stay))
    };
    let mut visits: Vec<_> = places.iter().flat_map(of_place).collect();
    visits.sort_by_key(|(place, stay)| (stay.from, *place));
    visits
}
