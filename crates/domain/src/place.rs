//! Places: where a shipment begins, changes hands and ends, and when a box was at one of them.
//!
//! A position is never a point: it has an accuracy, from metres (a satellite fix) to tens of kilometres (a gateway
//! heard the tracker). What follows from positions is a function of their set ([`Positions`]) and of the instant that
//! is asked about; in which order they arrived, and how often, changes nothing. Where positions do not tell, the answer
//! is "unknown", and never "there".

mod fence;
mod flat;
mod opening;
mod point;
mod position;
mod stay;

use serde::{Deserialize, Serialize};

pub use fence::{Circle, Fence, FenceError, FenceText, MOST_CORNERS, MOST_RADIUS_M, Polygon};
pub(crate) use flat::FlatMap;
pub use opening::{ClockSpan, Opening, OpeningError, OpeningText};
pub use point::{Point, PointError};
pub(crate) use position::Said;
pub use position::{
    FIX_ACCURACY_M, GATEWAY_RANGE_M, NETWORK_ACCURACY_M, Position, PositionSource, Positions,
    VEHICLE_ACCURACY_M,
};
pub(crate) use stay::stays_by;
pub use stay::{Ending, Margins, Stay, stays, visits};

use crate::named_enum::named_enum;
use crate::profile::Range;
use crate::quantity::Temperature;

named_enum! {
    /// What a place can store, or a box must be stored in.
    StorageClass, "storage class" {
        /// −90 to −60 °C.
        UltraCold = "ultra_cold",
        /// −25 to −10 °C.
        Frozen = "frozen",
        /// 2 to 8 °C.
        Refrigerated = "refrigerated",
        /// 8 to 15 °C.
        Cool = "cool",
        /// 20 to 25 °C, with the excursions that the label permits (USP).
        ControlledRoom = "controlled_room",
        /// 15 to 25 °C (EP, JP, WHO).
        Room = "room",
    }
}

impl StorageClass {
    /// Its range in 0.01 °C, ends inside.
    pub const fn range(self) -> (Temperature, Temperature) {
        let (min, max) = match self {
            Self::UltraCold => (-9_000, -6_000),
            Self::Frozen => (-2_500, -1_000),
            Self::Refrigerated => (200, 800),
            Self::Cool => (800, 1_500),
            Self::ControlledRoom => (2_000, 2_500),
            Self::Room => (1_500, 2_500),
        };
        (Temperature(min), Temperature(max))
    }

    /// Whether what is stored in it stays within the label's range.
    pub fn suits(self, label: Range) -> bool {
        let (min, max) = self.range();
        label.min_c.is_none_or(|least| least <= min) && label.max_c.is_none_or(|most| max <= most)
    }
}

/// What the rules need to know of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub id: crate::PlaceId,
    pub name: String,
    /// Without one, nobody can tell from positions whether a box is there.
    pub fence: Option<Fence>,
    /// `None`: nobody said; it counts as open.
    pub opening: Option<Opening>,
    /// Empty: nobody said.
    pub storage: Vec<StorageClass>,
}
