//! A shipment as GS1's EPCIS 2.0 and CBV 2.0 tell it: what is known of it becomes a document of events (docs/epcis.md).
//!
//! On the path of a box this is where other companies' programs learn of it. Pure: the same knowledge gives the same events
//! in the same order. What is unknown is left out, and people are not named: organisations answer. It knows no network, and
//! not who asks: the caller hands in what may be seen.

mod custody;
mod document;
mod names;
mod packing;
mod quality;
mod sensors;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

pub use self::document::{CONTEXT, Document, Event};
use self::names::Names;
use crate::custody::record::{KeyId, Record};
use crate::custody::{BoxNumber, Custody, Entry};
use crate::packing::PackedBox;
use crate::profile::Profile;
use crate::shipment::HoldReason;
use crate::{AssignmentId, DevEui, OrganisationId, Reading, ShipmentId};

/// What is known of a shipment, as far as it may be told.
pub struct Known<'a> {
    pub shipment: ShipmentId,
    pub owner: OrganisationId,
    /// The first key with which the installation signed: what tells its organisations from those of another one.
    pub installation: KeyId,
    /// Those that may be seen, with what may be seen of their contents: of others nothing is told.
    pub boxes: &'a [PackedBox],
    /// In the order in which entries came to be known.
    pub ledger: &'a [(Record, Entry)],
    /// What the ledger amounts to.
    pub custody: &'a Custody,
    /// For whom it was meant before it turned back.
    pub consignees: BTreeSet<OrganisationId>,
    pub turned_back_at: Option<DateTime<Utc>>,
    /// By which readings are judged.
    pub profile: &'a Profile,
    pub rides: Vec<Ride<'a>>,
    pub holds: Vec<HoldChange>,
}

impl Known<'_> {
    /// Of those numbers the ones that may be seen.
    fn seen(&self, numbers: &[BoxNumber]) -> Vec<BoxNumber> {
        let is_seen = |number: &&BoxNumber| self.boxes.iter().any(|one| one.number == **number);
        numbers.iter().filter(is_seen).copied().collect()
    }
}

/// A tracker's time with the shipment: [`from`, `until`), to this day where `until` is `None`.
pub struct Ride<'a> {
    pub assignment: AssignmentId,
    pub dev_eui: DevEui,
    /// The box that it rides in, where somebody said so.
    pub in_box: Option<BoxNumber>,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    /// In order of time, the one before `from` that may stand into it included.
    pub readings: &'a [Reading],
}

/// The shipment came on hold, or its hold was another one or none from then on.
pub struct HoldChange {
    /// Its place in the audit trail.
    pub number: i64,
    pub at: DateTime<Utc>,
    pub before: Option<HoldReason>,
    pub after: Option<HoldReason>,
}

/// Everything that is known of the shipment at `now`, by the time at which it happened.
pub fn document(known: &Known, now: DateTime<Utc>) -> Document {
    let names = Names::of(known);
    let mut events = custody::events(known, &names);
    events.extend(sensors::events(known, &names, now));
    events.extend(quality::holds(known, &names));
    events.sort_by_key(|event| event.event_time);
    Document::new(events, now)
}
