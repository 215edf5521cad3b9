//! Something is written into a shipment's ledger, with what follows from it: the shipment's status, who may see it, and
//! that a received shipment's trackers are its own no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::Sight;
use domain::custody::{Act, Actor, BoxNumber, Conflict, Entry, EntryHash, Ignored, Organisation};
use domain::place::{Point, Position, PositionSource};
use domain::qualification::OrganisationKind;
use domain::shipment::ShipmentStatus;
use domain::{OrganisationId, ShipmentId};
use store::{Connection, Partner, Shipment, StoreError};
use uuid::Uuid;

use crate::Service;
use crate::binding::{end_rides, lock_shipment};
use crate::hand_ins::Waiting;
use crate::ledger::Ledger;
use crate::live::{Change, OwnedChange};

/// A telephone's position is no better than this, whatever it says, in metres.
const BEST_SCAN_M: u32 = 20;

/// A shipment whose ledger is open for writing: locked until the transaction ends.
pub struct Book {
    pub owner: OrganisationId,
    pub shipment: Shipment,
    /// The numbers of its boxes.
    pub boxes: Vec<BoxNumber>,
    pub ledger: Ledger,
    /// The owner and its partners.
    pub parties: Arc<[Partner]>,
    /// For whom it is meant, as planned.
    consignee: Option<OrganisationId>,
    /// What systems handed in and what waits for the entry that it continues, the earliest first.
    pub(crate) waiting: Vec<Waiting>,
}

/// What an entry would amount to, or did.
pub struct Effect {
    pub entry: EntryHash,
    /// It changes nothing, and why.
    pub ignored: Option<Ignored>,
    /// It contradicts others.
    pub conflict: Option<Conflict>,
}

impl Book {
    /// Refused with `NotFound` where the shipment is not the owner's.
    pub async fn open(
        db: &mut Connection,
        owner: OrganisationId,
        shipment: ShipmentId,
    ) -> Result<Self, StoreError> {
        let parties = Self::parties(db, owner).await?;
        Self::open_among(db, owner, shipment, parties).await
    }

    /// As [`Book::open`], where the parties are known already.
    pub async fn open_among(
        db: &mut Connection,
        owner: OrganisationId,
        shipment: ShipmentId,
        parties: Arc<[Partner]>,
    ) -> Result<Self, StoreError> {
        let shipment = lock_shipment(db, owner, shipment).await?;
        Self::read_among(db, owner, shipment, parties).await
    }

    /// The owner and its partners, for several books of the same owner.
    pub async fn parties(db: &mut Connection, owner: OrganisationId) -> Result<Arc<[Partner]>, StoreError> {
        Ok(db.partners(Sight::of(owner, owner), None, i64::MAX).await?.into())
    }

    /// As it stands, to look at: nothing is locked.
    pub async fn read(
        db: &mut Connection,
        owner: OrganisationId,
        shipment: Shipment,
    ) -> Result<Self, StoreError> {
        let parties = Self::parties(db, owner).await?;
        Self::read_among(db, owner, shipment, parties).await
    }

    /// As [`Book::read`], where the parties are known already.
    pub async fn read_among(
        db: &mut Connection,
        owner: OrganisationId,
        shipment: Shipment,
        parties: Arc<[Partner]>,
    ) -> Result<Self, StoreError> {
        let ledger = Ledger::open(db, owner, shipment.id).await?;
        let boxes =
            db.boxes(Sight::of(owner, owner), shipment.id).await?.iter().map(|one| one.number).collect();
        let consignee = db.plan(shipment.id).await?.map(|stored| stored.plan.consignee());
        let waiting = Waiting::of(db.waiting_hand_ins(shipment.id).await?)?;
        Ok(Self { owner, shipment, boxes, ledger, parties, consignee, waiting })
    }

    /// The entry that its writer gave this id, if it has been handed in already.
    pub fn entry_of(&self, id: Uuid) -> Option<(EntryHash, &Entry)> {
        let of = self.ledger.read.iter().find(|(_, entry)| entry.id == id);
        of.map(|(record, entry)| (record.entry, entry))
    }

    /// As it was when the entry came to be written, to ask what a request with its id means. Nothing is on hold: whatever
    /// was then, the entry was let through, and says itself whether it went into quarantine.
    pub fn before(&self, entry: EntryHash) -> Self {
        Self {
            owner: self.owner,
            shipment: Shipment { hold: None, ..self.shipment.clone() },
            boxes: self.boxes.clone(),
            ledger: self.ledger.before(entry),
            parties: Arc::clone(&self.parties),
            consignee: self.consignee,
            waiting: Vec::new(),
        }
    }

    /// What the entry will amount to when it is written now.
    pub fn foresee(&self, entry: &Entry) -> Result<Effect, StoreError> {
        let text = entry
            .to_text()
            .map_err(|error| StoreError::Unreadable { what: "custody entry", reason: error.to_string() })?;
        let hash = EntryHash::of(&text);
        let mut entries = self.ledger.entries();
        entries.insert(hash, entry);
        let custody = domain::custody::Custody::of(entries);
        Ok(Effect {
            entry: hash,
            ignored: custody.ignored.get(&hash).copied(),
            conflict: custody.conflicts.into_iter().find(|conflict| conflict.answers.contains(&hash)),
        })
    }

    /// Writes the entry, what waited for it, and what follows from them. Returns what pages should hear of after the
    /// commit. The caller holds the intake lock, since a shipment that is received with it ends its trackers' rides.
    pub async fn write(
        &mut self,
        service: &Service,
        db: &mut Connection,
        entry: Entry,
        now: DateTime<Utc>,
    ) -> Result<Vec<OwnedChange>, StoreError> {
        let mut changes = self.write_one(service, db, entry, now).await?;
        changes.extend(self.settle(service, db, now).await?);
        Ok(changes)
    }

    /// As [`Book::write`], without what waits.
    pub(crate) async fn write_one(
        &mut self,
        service: &Service,
        db: &mut Connection,
        entry: Entry,
        now: DateTime<Utc>,
    ) -> Result<Vec<OwnedChange>, StoreError> {
        let scanned = self.scanned(&entry);
        let handed_over_at = matches!(entry.act, Act::Accepted { .. }).then_some(entry.at);
        self.ledger.append(service, db, &self.shipment, entry, now).await?;
        // What systems hand in may change nothing, and then its writer had no box in hand.
        if let Some(position) = scanned.filter(|_| self.ledger.last_counts()) {
            db.add_shipment_position(self.shipment.id, &position, now).await?;
        }
        match handed_over_at {
            Some(at) => db.mark_handed_over(self.owner, self.shipment.id, at, now).await?,
            None => db.mark_watch(self.owner, self.shipment.id, now).await?,
        }
        let mut changes = vec![(self.owner, Change::Shipment { id: self.shipment.id })];
        let is_open = !matches!(self.shipment.status, ShipmentStatus::Closed | ShipmentStatus::Cancelled);
        let stage = self.ledger.stage(&self.consignees());
        if let Some(stage) = stage.filter(|stage| is_open && *stage != self.shipment.status) {
            db.set_status(self.shipment.id, stage).await?;
            self.shipment.status = stage;
            if stage == ShipmentStatus::Received {
                // Not when the last entry says: what was measured before the offer is the shipment's, whatever the
                // receiver writes.
                let at = self.ledger.last_moved_at().unwrap_or(now);
                changes.extend(end_rides(service, db, self.owner, self.shipment.id, at, now).await?);
            }
        }
        let is_partner = |party: &OrganisationId| *party != self.owner;
        let partners: Vec<OrganisationId> = self.ledger.parties().into_iter().filter(is_partner).collect();
        db.add_parties(self.shipment.id, &partners, now).await?;
        Ok(changes)
    }

    /// Where the shipment was, by who had all of its boxes before him. Who does not say how well he knows it is not believed
    /// to the metre.
    fn scanned(&self, entry: &Entry) -> Option<Position> {
        // Who refuses need not have seen them, and nobody knows where he is to the metre.
        if !matches!(entry.act, Act::Offered { .. } | Act::Accepted { .. }) {
            return None;
        }
        let is_whole = self.boxes.iter().all(|number| entry.boxes().contains(number));
        let whereabouts = entry.whereabouts.as_ref().filter(|_| is_whole)?;
        Some(Position {
            at: entry.at,
            point: Point::from_degrees(whereabouts.lat?, whereabouts.lon?).ok()?,
            accuracy_m: whereabouts.accuracy_m.unwrap_or(domain::watch::UNSAID_ACCURACY_M).max(BEST_SCAN_M),
            source: PositionSource::Scan,
        })
    }

    /// For whom the shipment is meant: its owner once it has turned back, and otherwise for whom it was sent.
    fn consignees(&self) -> BTreeSet<OrganisationId> {
        match self.shipment.turned_back {
            Some(_) => BTreeSet::from([self.owner]),
            None => self.sent_to(),
        }
    }

    /// For whom it was sent: as planned; without a plan any consignee.
    pub fn sent_to(&self) -> BTreeSet<OrganisationId> {
        if let Some(consignee) = self.consignee {
            return BTreeSet::from([consignee]);
        }
        let is_consignee = |party: &&Partner| party.text.kind == OrganisationKind::Consignee;
        self.parties.iter().filter(is_consignee).map(|party| party.id).collect()
    }

    /// Opens a ledger that nobody has written in: the boxes were packed at `at`, and their packer is their first custodian.
    pub async fn pack(
        &mut self,
        service: &Service,
        db: &mut Connection,
        by: Actor,
        (at, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Vec<OwnedChange>, StoreError> {
        let entry = Entry {
            shipment: self.shipment.id,
            id: Uuid::now_v7(),
            at,
            by,
            whereabouts: None,
            act: Act::Packed { boxes: self.boxes.clone(), seals: Vec::new() },
        };
        self.write(service, db, entry, now).await
    }

    /// The owner or a partner as it is called now; none of another organisation.
    pub fn party(&self, id: OrganisationId) -> Option<Organisation> {
        let party = self.parties.iter().find(|party| party.id == id)?;
        let (name, gln) = (party.text.name.clone(), party.text.gln.map(|gln| gln.to_string()));
        Some(Organisation { id, name, gln })
    }
}
