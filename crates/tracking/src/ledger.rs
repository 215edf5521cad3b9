//! The custody ledger of a shipment: read whole, written at its end alone, each row signed by this service.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::{DateTime, Utc};
use domain::custody::record::{self, KeyId, LedgerRow, Record};
use domain::custody::{Act, BoxCustody, Custody, Entry, EntryHash, Strength};
use domain::evidence::PublicKey;
use domain::shipment::ShipmentStatus;
use domain::{OrganisationId, ShipmentId};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use store::{Connection, Shipment, StoreError};

use crate::Service;
use crate::credentials::{CredentialError, load_or_create_secret};
use crate::summary::summarise;

/// The key with which the service signs ledgers and what is exported of them.
pub struct LedgerKey {
    signing: SigningKey,
    pub id: KeyId,
}

impl LedgerKey {
    /// The installation's key, made at the first start; readable by its owner alone.
    pub fn load_or_create(path: &Path) -> Result<Self, CredentialError> {
        let signing = SigningKey::from_bytes(&load_or_create_secret(path)?);
        let id = KeyId::of(&signing.verifying_key().to_bytes());
        Ok(Self { signing, id })
    }

    pub fn public(&self, first_used_at: DateTime<Utc>) -> PublicKey {
        PublicKey { id: self.id.clone(), bytes: self.signing.verifying_key().to_bytes(), first_used_at }
    }

    /// Ed25519 (RFC 8032).
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.signing.sign(text).to_bytes()
    }
}

/// What cannot be read where a ledger is not as it was written.
pub const LEDGER: &str = "custody ledger";

/// Whether one of the keys signed the row as it stands.
fn is_signed(row: &LedgerRow, keys: &[PublicKey]) -> bool {
    let key = keys.iter().find(|key| key.id == row.key);
    let key = key.and_then(|key| VerifyingKey::from_bytes(&key.bytes).ok());
    key.is_some_and(|key| {
        key.verify_strict(row.record.as_bytes(), &Signature::from_bytes(&row.signature)).is_ok()
    })
}

/// The ledger of one shipment as it stands.
pub struct Ledger {
    owner: OrganisationId,
    pub rows: Vec<LedgerRow>,
    pub read: Vec<(Record, Entry)>,
    pub custody: Custody,
}

impl Ledger {
    /// Reads and checks it. A ledger that was tampered with is not gone on from.
    pub async fn open(
        db: &mut Connection,
        owner: OrganisationId,
        shipment: ShipmentId,
    ) -> Result<Self, StoreError> {
        // First, for an entry may be written meanwhile.
        let length = db.ledger_length(shipment).await?;
        let rows = db.ledger(shipment).await?;
        let keys = if rows.is_empty() { Vec::new() } else { db.keys().await? };
        Self::check(owner, shipment, (length, rows), &keys)
    }

    /// As [`Ledger::open`], of several shipments. One that was tampered with keeps no other from being read.
    pub async fn open_all(
        db: &mut Connection,
        owner: OrganisationId,
        shipments: &[ShipmentId],
    ) -> Result<HashMap<ShipmentId, Result<Self, StoreError>>, StoreError> {
        let ledgers = db.ledgers(shipments).await?;
        let keys = db.keys().await?;
        let check = |(shipment, stored)| (shipment, Self::check(owner, shipment, stored, &keys));
        Ok(ledgers.into_iter().map(check).collect())
    }

    fn check(
        owner: OrganisationId,
        shipment: ShipmentId,
        (length, rows): (usize, Vec<LedgerRow>),
        keys: &[PublicKey],
    ) -> Result<Self, StoreError> {
        let tampered = |reason: String| StoreError::Unreadable { what: LEDGER, reason };
        if rows.len() < length {
            return Err(tampered(format!("it had {length} rows, and {} are there", rows.len())));
        }
        let read = record::read(owner, shipment, &rows).map_err(|fault| tampered(fault.to_string()))?;
        if let Some(row) = rows.iter().find(|row| !is_signed(row, keys)) {
            return Err(tampered(format!("row {} is not as key {} signed it", row.sequence, row.key.0)));
        }
        let custody = custody_of(&read);
        Ok(Self { owner, rows, read, custody })
    }

    /// As it was before that entry came to be known, to look at: it cannot be written on.
    pub fn before(&self, entry: EntryHash) -> Self {
        let before = self.read.iter().take_while(|(record, _)| record.entry != entry);
        let read: Vec<_> = before.cloned().collect();
        let custody = custody_of(&read);
        Self { owner: self.owner, rows: Vec::new(), read, custody }
    }

    /// By their hashes.
    pub fn entries(&self) -> BTreeMap<EntryHash, &Entry> {
        self.read.iter().map(|(record, entry)| (record.entry, entry)).collect()
    }

    /// When each entry came to be known.
    pub fn recorded_at(&self) -> BTreeMap<EntryHash, DateTime<Utc>> {
        self.read.iter().map(|(record, _)| (record.entry, record.recorded_at)).collect()
    }

    /// Writes an entry at the end. The caller has locked the ledger and knows that the entry is not in it.
    pub async fn append(
        &mut self,
        service: &Service,
        db: &mut Connection,
        shipment: &Shipment,
        entry: Entry,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let unreadable = |error: &dyn ToString| StoreError::Unreadable {
            what: "custody entry",
            reason: error.to_string(),
        };
        let text = entry.to_text().map_err(|error| unreadable(&error))?;
        let hash = EntryHash::of(&text);
        let profile = service.profiles.get_one(db, shipment.profile).await?;
        let rides = db.rides(&[shipment.id]).await?;
        let verdict = summarise(&profile.profile, &rides, now).overall.map(|overall| overall.verdict);
        let recorded_at = db.recording_time(now).await?;
        let last = self.rows.last().map(|row| row.record.as_str());
        let record = Record::after(last, (&entry, hash), recorded_at, (verdict, shipment.hold))
            .map_err(|error| unreadable(&error))?;
        let record_text = record.to_text().map_err(|error| unreadable(&error))?;
        db.note_key(&service.ledger_key.public(now)).await?;
        let row = LedgerRow {
            shipment: shipment.id,
            sequence: record.sequence,
            organisation: self.owner,
            entry_id: entry.id,
            entry: text,
            signature: service.ledger_key.sign(record_text.as_bytes()),
            record: record_text,
            key: service.ledger_key.id.clone(),
        };
        db.append_to_ledger(&row).await?;
        self.rows.push(row);
        self.read.push((record, entry));
        self.custody = custody_of(&self.read);
        Ok(())
    }

    /// Whether a writer's clock that said `at` was ahead when the entry was written, so that it bears the service's time.
    pub fn was_clamped(&self, entry: EntryHash, at: DateTime<Utc>) -> bool {
        self.read.iter().any(|(record, _)| record.entry == entry && record.recorded_at <= at)
    }

    /// Whether the last entry changes something, as far as is known.
    pub fn last_counts(&self) -> bool {
        self.read.last().is_some_and(|(record, _)| !self.custody.ignored.contains_key(&record.entry))
    }

    /// Where the shipment stands by its ledger.
    pub fn stage(&self, consignees: &BTreeSet<OrganisationId>) -> Option<ShipmentStatus> {
        self.custody.stage(&self.entries(), |organisation| consignees.contains(&organisation))
    }

    /// When the last of the boxes surely had come to who has it now; none before they were packed. Who accepted on his own
    /// account, or by his own system, is believed when he says that he did it; what was written on somebody else's word, such
    /// as a code on the account of who handed over, counts from when it came to be known: nobody takes readings away alone.
    pub fn last_moved_at(&self) -> Option<DateTime<Utc>> {
        let recorded = self.recorded_at();
        let surely = |one: &BoxCustody| match one.present.strength {
            Strength::Account | Strength::System => one.present.from,
            Strength::Badge | Strength::Code | Strength::Link | Strength::Unattended => {
                recorded.get(&one.present.link).copied().unwrap_or(one.present.from).max(one.present.from)
            }
        };
        self.custody.boxes.values().map(surely).max()
    }

    /// Organisations that have or had a box, or were offered one.
    pub fn parties(&self) -> BTreeSet<OrganisationId> {
        let parties = self.read.iter().flat_map(|(_, entry)| {
            let offered = match &entry.act {
                Act::Offered { to, .. } => Some(to.organisation.id),
                _ => None,
            };
            [Some(entry.by.organisation.id), offered].into_iter().flatten()
        });
        parties.collect()
    }
}

fn custody_of(read: &[(Record, Entry)]) -> Custody {
    Custody::of(read.iter().map(|(record, entry)| (record.entry, entry)))
}
