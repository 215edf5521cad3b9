//! Routes at work: whether a box is on its way, stands where nobody expects it, and when it will arrive.
//!
//! Everything is a function of the set of positions and of the instant that is asked about, as with
//! [`place`](crate::place). Without positions the answer is "not monitored", and never "on its way".

mod arrival;
mod dwell;
mod path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use arrival::{Arrival, NoArrival, arrival};
pub use dwell::{Dwell, Standing, dwells};
pub use path::{MOST_POINTS, MOST_WIDTH_M, OnPath, Path, PathError};

use crate::place::{Fence, Margins, Position, Positions, Said, Stay, stays_by};
use crate::written_as::written_as;

/// The way that a box is expected to take: so far on either side of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CorridorText", into = "CorridorText")]
pub struct Corridor {
    path: Path,
    width_m: u32,
}

/// A corridor as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Corridor))]
#[serde(deny_unknown_fields)]
pub struct CorridorText {
    #[cfg_attr(feature = "schema", schema(value_type = Vec<crate::place::Point>))]
    pub path: Path,
    /// From the path to either edge, 50 to 100 000 m.
    pub width_m: u32,
}

written_as!(Corridor, CorridorText);

impl TryFrom<CorridorText> for Corridor {
    type Error = PathError;

    fn try_from(text: CorridorText) -> Result<Self, PathError> {
        Self::new(text.path, text.width_m)
    }
}

impl From<Corridor> for CorridorText {
    fn from(corridor: Corridor) -> Self {
        Self { path: corridor.path, width_m: corridor.width_m }
    }
}

impl Corridor {
    pub fn new(path: Path, width_m: u32) -> Result<Self, PathError> {
        if (50..=MOST_WIDTH_M).contains(&width_m) {
            Ok(Self { path, width_m })
        } else {
            Err(PathError::Width(width_m))
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn width_m(&self) -> u32 {
        self.width_m
    }

    fn say(&self, position: &Position, fences: &[&Fence], margins: Margins) -> Said {
        let beside_m = self.path.nearest(position.point).beside_m - f64::from(self.width_m);
        let near = fences.iter().filter(|fence| !fence.is_far(position.point, beside_m));
        let edge_m = near.map(|fence| fence.edge_m(position.point)).fold(beside_m, f64::min);
        let room_m = fences.iter().map(|fence| fence.room_m()).fold(f64::from(self.width_m), f64::max);
        Said::of(edge_m, position.accuracy_m, margins.leave_m, room_m)
    }
}

/// When a box was surely off its corridor, at `now`. The fences of the places at the corridor's ends, and of others
/// where it may be, belong to it.
pub fn off_route(
    positions: &Positions,
    margins: Margins,
    now: DateTime<Utc>,
    corridor: &Corridor,
    fences: &[&Fence],
) -> Vec<Stay> {
    let say = |position: &Position| corridor.say(position, fences, margins);
    let stays = stays_by(positions, margins, now, say);
    stays.into_iter().filter(|stay| !stay.inside).collect()
}

/// Whether anybody can tell where a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitoring {
    /// No position has ever come.
    NotMonitored,
    /// Where it was at that instant is known, and that is no longer ago than the longest gap.
    Monitored { last_at: DateTime<Utc> },
    /// It was known until then, and is no longer.
    Lost { last_at: DateTime<Utc> },
}

impl Monitoring {
    pub fn of(positions: &Positions, margins: Margins, now: DateTime<Utc>) -> Self {
        let Some(last_at) = positions.last(now).map(|position| position.at) else {
            return Self::NotMonitored;
        };
        if (now - last_at).num_seconds() <= margins.longest_gap.seconds() {
            Self::Monitored { last_at }
        } else {
            Self::Lost { last_at }
        }
    }
}
