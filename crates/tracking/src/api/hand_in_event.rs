//! What a file of handovers holds as JSON, for the API's document. [`domain::hand_in`] reads it field by field, so that each
//! fault is said of its field; a test holds the two against each other.
#![expect(dead_code, reason = "shapes that stand in the document alone")]

use chrono::{DateTime, Utc};
use domain::custody::Condition;
use domain::gs1::Sscc;
use domain::hand_in::What;
use utoipa::ToSchema;

/// One handover, as the sender's system has it. docs/hand-ins.md says what follows from it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": "D-1001", "what": "accepted", "at": "2026-03-02T05:10:00+01:00",
    "by": "9506000134307", "person": "B. Meyer", "sscc": "106141412345678908", "continues_event": "WMS-77",
    "continues_by": 12, "seals": [{ "seal": "S-1" }] }))]
pub struct HandInEvent {
    /// The sender's own id of it; with `by` it names one event for ever.
    #[schema(min_length = 1, max_length = 100)]
    event_id: String,
    what: What,
    /// With its zone; at most ten minutes ahead and 400 days back.
    at: DateTime<Utc>,
    /// Whose act it is.
    by: PartyRef,
    /// Who did it, in words.
    #[schema(max_length = 200)]
    person: Option<String>,
    /// Its reference or its id; may be left out where `sscc` says which.
    #[schema(max_length = 100)]
    shipment: Option<String>,
    /// The one box that it is about.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{18}$")]
    sscc: Option<Sscc>,
    /// Of the shipment; absent: all boxes of what it continues.
    #[schema(max_items = 1000)]
    boxes: Option<Vec<u32>>,
    /// Of what was offered, and of nothing else: to whom.
    to: Option<PartyRef>,
    #[schema(max_length = 200)]
    to_person: Option<String>,
    /// The hash of the entry that it continues or answers. This or `continues_event`, or neither: then there must be one
    /// handover alone that it can mean.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    continues: Option<String>,
    /// The event id of what it continues or answers.
    #[schema(max_length = 100)]
    continues_event: Option<String>,
    /// Whose event that is; may be left out of what was offered or withdrawn, which continues one of its own.
    continues_by: Option<PartyRef>,
    /// Where, in words.
    #[schema(max_length = 200)]
    place: Option<String>,
    /// Degrees (WGS 84); with `lon`.
    #[schema(minimum = -90, maximum = 90)]
    lat: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    lon: Option<f64>,
    /// As they were read.
    #[schema(max_items = 1000)]
    seals: Option<Vec<HandInSeal>>,
    condition: Option<Condition>,
    /// What else was seen.
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// Of what was refused or withdrawn, and of nothing else: why.
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// Of what was accepted: whether it is kept apart.
    quarantine: Option<bool>,
}

/// An organisation: its id, or its GLN as a text of 13 digits.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(example = "9506000134307")]
enum PartyRef {
    Id(i32),
    Gln(String),
}

/// A seal that was read.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct HandInSeal {
    /// May be left out where the event is about one box.
    #[schema(minimum = 1)]
    r#box: Option<u32>,
    #[schema(min_length = 1, max_length = 100)]
    seal: String,
}
