//! The plan of a shipment: who is to carry it, from where to where, and when.
//!
//! What really happened is custody's record; whether it went as planned is judged by comparing the two. The plan also
//! says when no radio is expected ([`Plan::dark`]), so that a tracker is not called silent where none could be heard.

mod check;
mod dark;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use check::{Doubt, LaneError, PlanError};
pub use dark::Departure;

use crate::route::Corridor;
use crate::{Duration, LaneId, OrganisationId, PlaceId, UserId};

/// More legs than any shipment has.
pub const MOST_LEGS: usize = 20;

/// More dark stretches than any lane has.
pub const MOST_DARK: usize = 20;

/// A way that is driven again and again, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub id: LaneId,
    pub name: String,
    pub from: PlaceId,
    pub to: PlaceId,
    pub corridor: Option<Corridor>,
    /// How long it usually takes.
    pub duration: Duration,
    /// Where no radio is expected, in any order.
    pub dark: Vec<DarkStretch>,
    /// How long the packaging that is used on it is qualified to hold its temperature, from departure.
    pub hold_time: Option<Duration>,
    /// Whether boxes may be left where nobody takes them over.
    pub unattended: bool,
}

impl Lane {
    /// Whether it may be used.
    pub fn check(&self) -> Result<(), LaneError> {
        check::check_values(self)
    }
}

/// From and to, after departure: `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DarkStretch {
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "30m"))]
    pub from: Duration,
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "2h"))]
    pub to: Duration,
}

/// An interval of time in which something is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// One carrier's part of the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// From 1, in the order of the way.
    pub number: u32,
    pub lane: Option<LaneId>,
    pub from: PlaceId,
    pub to: PlaceId,
    pub carrier: OrganisationId,
    /// The person who is to drive.
    pub courier: Option<UserId>,
    pub pick_up: TimeWindow,
    pub delivery: TimeWindow,
}

/// Legs that make one way, from the consignor's place to the consignee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    consignee: OrganisationId,
    legs: Vec<Leg>,
}

impl Plan {
    /// In any order of their numbers; `lanes` are those that the legs name.
    pub fn new(consignee: OrganisationId, mut legs: Vec<Leg>, lanes: &[Lane]) -> Result<Self, PlanError> {
        legs.sort_by_key(|leg| leg.number);
        check::check(&legs, lanes)?;
        Ok(Self { consignee, legs })
    }

    /// One that was checked when it was made, with its legs in order: lanes may have changed since.
    pub fn kept(consignee: OrganisationId, legs: Vec<Leg>) -> Self {
        Self { consignee, legs }
    }

    /// In the order of the way; at least one.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// To whom it goes.
    pub fn consignee(&self) -> OrganisationId {
        self.consignee
    }

    pub fn leg(&self, number: u32) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.number == number)
    }

    /// Who is to take over at the end of a leg: the next leg's carrier, or the consignee.
    pub fn successor(&self, number: u32) -> OrganisationId {
        self.leg(number + 1).map_or(self.consignee, |leg| leg.carrier)
    }

    /// The leg that an organisation is to carry next or now, of those from `number` on.
    pub fn leg_of(&self, carrier: OrganisationId, number: u32) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.number >= number && leg.carrier == carrier)
    }

    /// Everybody who is to have the shipment in custody, apart from the consignor; each once.
    pub fn parties(&self) -> Vec<OrganisationId> {
        let mut parties: Vec<_> = self.legs.iter().map(|leg| leg.carrier).chain([self.consignee]).collect();
        parties.sort_unstable();
        parties.dedup();
        parties
    }
}
