//! The service's record of an entry: its number in the shipment's ledger, when it came to be known, and what was known of
//! the temperature then. Each names the hash of the one before it, so that none can be changed, taken out, put between or
//! moved; the service signs the text of each, so that nobody else can write one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::hash::EntryHash;
use crate::ShipmentId;
use crate::evaluate::Verdict;
use crate::shipment::HoldReason;

/// What the service adds to an entry. Its text is what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub shipment: ShipmentId,
    /// From 1, without a gap.
    pub sequence: u32,
    /// The hash of the text of the record before; none of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<EntryHash>,
    pub recorded_at: DateTime<Utc>,
    /// The hash of the entry's text.
    pub entry: EntryHash,
    /// The assessment at that moment; none without a tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Verdict>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldReason>,
}

/// A record and its entry as they are kept: texts, so that what is checked is what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub record: String,
    pub entry: String,
}

/// A record that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {place}: {what}")]
pub struct Fault {
    /// From 1, as the records stand.
    pub place: usize,
    pub what: String,
}

impl Record {
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// What follows `last` (the text of the last record) in the ledger of the shipment.
    pub fn after(
        last: Option<&str>,
        entry: (&Entry, EntryHash),
        recorded_at: DateTime<Utc>,
        known: (Option<Verdict>, Option<HoldReason>),
    ) -> Result<Self, serde_json::Error> {
        let before = last.map(serde_json::from_str::<Self>).transpose()?;
        Ok(Self {
            shipment: entry.0.shipment,
            sequence: before.map_or(0, |before| before.sequence).saturating_add(1),
            previous: last.map(EntryHash::of),
            recorded_at,
            entry: entry.1,
            assessment: known.0,
            hold: known.1,
        })
    }
}

/// A whole ledger, read back and held against its links; the first fault where there is one. Whether the service wrote
/// it is for the signatures to say.
pub fn read(shipment: ShipmentId, kept: &[Kept]) -> Result<Vec<(Record, Entry)>, Fault> {
    let mut read = Vec::with_capacity(kept.len());
    let mut previous: Option<(EntryHash, DateTime<Utc>)> = None;
    for (index, one) in kept.iter().enumerate() {
        let place = index + 1;
        let fault = |what: String| Fault { place, what };
        let record: Record =
            serde_json::from_str(&one.record).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let entry = Entry::from_text(&one.entry).map_err(|error| fault(error.to_string()))?;
        let checks = [
            (record.shipment == shipment && entry.shipment == shipment, "belongs to another shipment"),
            (
                usize::try_from(record.sequence) == Ok(place),
                "has another number: one was taken out, put in or moved",
            ),
            (record.previous == previous.map(|(hash, _)| hash), "does not continue the one before it"),
            (
                record.entry == EntryHash::of(&one.entry),
                "is about another entry than the one that is with it",
            ),
            (
                previous.is_none_or(|(_, at)| record.recorded_at >= at),
                "was recorded before the one before it",
            ),
        ];
        if let Some((_, what)) = checks.into_iter().find(|(holds, _)| !holds) {
            return Err(fault(what.to_owned()));
        }
        previous = Some((EntryHash::of(&one.record), record.recorded_at));
        read.push((record, entry));
    }
    Ok(read)
}
