//! What another company's system hands in of a handover: offered, accepted, refused or withdrawn, by its own ids and words.
//!
//! Here a file becomes events, line by line; what is wrong with a line is said of that line. Which shipment, organisation
//! and entry an event means is for the service to find. Knows no database and no clock.

mod fields;
mod files;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::OrganisationId;
use crate::custody::{BoxNumber, Condition, EntryHash, Whereabouts};
use crate::gs1::{Gln, Sscc};
use crate::named_enum::named_enum;

pub use fields::NAMES;
pub use files::{FileFault, Line, MOST_EVENTS, read_csv, read_json};

/// One handover as the sender's system has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandIn {
    /// The sender's own id of it: with the organisation it names one event, for ever.
    pub event_id: String,
    /// Its reference or its id; none: the one that has the box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sscc: Option<Sscc>,
    /// Empty: what it continues says which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<BoxNumber>,
    pub what: What,
    pub by: PartyRef,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    pub at: DateTime<Utc>,
    /// Of an offer, and of nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PartyRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continues>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<Whereabouts>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<SeenSeal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of a refusal and of a withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of an acceptance.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantine: bool,
}

named_enum! {
    /// What happened.
    #[cfg_attr(feature = "schema", schema(as = HandInAct))]
    What, "act" {
        Offered = "offered",
        Accepted = "accepted",
        Refused = "refused",
        Withdrawn = "withdrawn",
    }
}

/// An organisation as a sender names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyRef {
    Id(OrganisationId),
    Gln(Gln),
}

/// What an event continues or answers, as far as the sender knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Continues {
    /// The entry itself.
    Entry(EntryHash),
    /// An event that an organisation's system handed in or will hand in.
    Event { id: String, by: PartyRef },
}

/// A seal that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenSeal {
    /// None: on the one box that the event is about.
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    pub number: Option<BoxNumber>,
    pub seal: String,
}

/// What is wrong with an event, in which of its fields, and what to write there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Fault {
    pub field: String,
    pub reason: String,
}
