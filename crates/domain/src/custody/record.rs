//! The service's record of an entry: its number in the shipment's ledger, when it came to be known, and what was known of
//! the temperature then. Each names the hash of the one before it, so that none can be changed, taken out, put between or
//! moved; the service signs the text of each, so that nobody else can write one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::entry::Entry;
use super::hash::EntryHash;
use crate::evaluate::Verdict;
use crate::shipment::HoldReason;
use crate::{OrganisationId, ShipmentId};

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

/// The name of a key, made from its public half: 16 lower hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl KeyId {
    /// The first eight bytes of the SHA-256 of the key's public half.
    pub fn of(public: &[u8; 32]) -> Self {
        let hash = Sha256::digest(public);
        Self(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A record and its entry as they are kept: texts, so that what is checked is what was written; and beside them what
/// they are found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRow {
    pub shipment: ShipmentId,
    pub sequence: u32,
    /// The tenant whose shipment it is.
    pub organisation: OrganisationId,
    pub entry_id: Uuid,
    pub entry: String,
    pub record: String,
    /// Ed25519 (RFC 8032), of the record's text.
    #[serde(with = "hex::serde")]
    pub signature: [u8; 64],
    /// The key that made the signature.
    pub key: KeyId,
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
pub fn read(
    organisation: OrganisationId,
    shipment: ShipmentId,
    rows: &[LedgerRow],
) -> Result<Vec<(Record, Entry)>, Fault> {
    let mut read = Vec::with_capacity(rows.len());
    let mut previous: Option<(EntryHash, DateTime<Utc>)> = None;
    for (index, one) in rows.iter().enumerate() {
        let place = index + 1;
        let fault = |what: String| Fault { place, what };
        let record: Record =
            serde_json::from_str(&one.record).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let entry = Entry::from_text(&one.entry).map_err(|error| fault(error.to_string()))?;
        let checks = [
            (
                [one.shipment, record.shipment, entry.shipment].iter().all(|it| *it == shipment),
                "belongs to another shipment",
            ),
            (one.organisation == organisation, "belongs to another organisation"),
            (
                one.sequence == record.sequence && one.entry_id == entry.id,
                "is kept under another number or id than it bears",
            ),
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
