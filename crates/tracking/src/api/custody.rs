//! Who has the boxes of a shipment, who had them, and what was written of it.

use std::collections::{BTreeSet, HashSet};

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::ShipmentId;
use domain::access::Viewer;
use domain::custody::record::Record;
use domain::custody::{
    Act, BoxCustody, Condition, Effect, Entry, EntryHash, Exception, Holding, Ignored, Seal, Seen, Settled,
    Strength, Whereabouts,
};
use domain::evaluate::Verdict;
use domain::evidence::PublicKey;
use domain::shipment::{Disposition, HoldReason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ReadShipments};
use super::problem::{ApiError, Problem, named};
use super::unattended::{LeavingView, leaving};
use crate::Service;
use crate::ledger::Ledger;

/// The custody of a shipment.
#[derive(Serialize, ToSchema)]
#[schema(as = Custody)]
pub struct CustodyView {
    boxes: Vec<BoxView>,
    /// Answers that contradict each other. While one is open, the custodian before it stays.
    conflicts: Vec<ConflictView>,
    /// Everything that was written, in the order in which it came to be known.
    entries: Vec<EntryView>,
    /// The last row of the ledger, as the service signed it.
    head: Option<HeadView>,
    /// Where the caller's organisation may leave what it offered. Absent where it may not, and in what answers a request
    /// that writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    leaving: Option<LeavingView>,
}

/// Who has a box.
#[derive(Serialize, ToSchema)]
#[schema(as = BoxCustody)]
pub struct BoxView {
    #[serde(rename = "box")]
    number: u32,
    custodian: HoldingView,
    /// The seal that should be on it.
    seal: Option<String>,
    /// Offers that nobody has answered, by the hashes of their entries.
    offers: Vec<String>,
    /// Who had it before, the first one first.
    earlier: Vec<HoldingView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Holding)]
pub struct HoldingView {
    organisation: OrganisationRef,
    person: Option<String>,
    from: DateTime<Utc>,
    strength: Strength,
    /// Apart from what may be used.
    quarantine: bool,
    /// The entry by which it began.
    entry: String,
}

#[derive(Serialize, ToSchema)]
pub struct OrganisationRef {
    id: i32,
    name: String,
    gln: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Conflict)]
pub struct ConflictView {
    /// The custodian's entry at which the answers part.
    entry: String,
    answers: Vec<String>,
    boxes: Vec<u32>,
    settled: Settled,
}

#[derive(Serialize, ToSchema, Clone, Copy, Default)]
#[serde(rename_all = "snake_case")]
enum EntryAct {
    #[default]
    Packed,
    Sealed,
    Offered,
    Accepted,
    Refused,
    Withdrawn,
    Corrected,
    Decided,
}

/// One entry of the ledger.
#[derive(Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryView {
    hash: String,
    /// The writer's own id of it.
    id: Uuid,
    sequence: u32,
    recorded_at: DateTime<Utc>,
    /// By the writer's clock.
    at: DateTime<Utc>,
    act: EntryAct,
    by: ActorView,
    whereabouts: Option<WhereaboutsView>,
    /// The boxes that it is about.
    boxes: Vec<u32>,
    /// The hash of the entry that it continues, answers or corrects.
    link: Option<String>,
    to: Option<AddresseeView>,
    parent: Option<String>,
    exceptions: Vec<ExceptionView>,
    seals: Vec<SealView>,
    condition: Option<Condition>,
    note: Option<String>,
    /// SHA-256 of a photo of what was seen; see `/custody/photos/{sha256}`.
    photo: Option<String>,
    reason: Option<String>,
    /// Of a correction.
    effect: Option<Effect>,
    /// Of a decision.
    decision: Option<Disposition>,
    quarantine: bool,
    /// The assessment and the hold at the moment of recording.
    assessment: Option<Verdict>,
    hold: Option<HoldReason>,
    /// Why it changes nothing, in words; null: it counts.
    ignored: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorView {
    organisation: OrganisationRef,
    person: Option<String>,
    strength: Strength,
    /// Whose account it was written on, where the person has none or nobody was there: the name as it was then.
    written_on: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Addressee)]
pub struct AddresseeView {
    pub organisation: OrganisationRef,
    pub person: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[schema(as = BoxException)]
pub struct ExceptionView {
    #[serde(rename = "box")]
    pub number: u32,
    pub reason: String,
}

#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[schema(as = Seal)]
pub struct SealView {
    #[serde(rename = "box")]
    pub number: u32,
    pub seal: String,
}

/// Where something happened, as far as it is known.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[schema(as = EntryPlace)]
pub struct WhereaboutsView {
    pub place: Option<String>,
    /// Degrees, WGS 84.
    pub lat: Option<f64>,
    pub lon: Option<f64>,
    pub accuracy_m: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LedgerHead)]
pub struct HeadView {
    sequence: u32,
    /// SHA-256 of the row's text, in hex.
    hash: String,
    /// Ed25519, in hex.
    signature: String,
    /// The key that made it; see `/keys`.
    key: String,
}

/// Who has the boxes, since when and by what proof; who had them; and everything that was written of it. A supplier sees
/// what concerns the boxes that hold its products.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustodyView), (status = 404, body = Problem)))]
#[get("/shipments/{id}/custody")]
pub async fn show_custody(
    service: web::Data<Service>,
    caller: Caller<ReadShipments>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let id = ShipmentId(id.into_inner());
    let mut db = service.store.connect().await?;
    let sight = caller.sight();
    db.shipment_seen_by(sight, id).await.map_err(named("shipment"))?;
    let ledger = Ledger::open(&mut db, caller.tenant, id).await?;
    if let Viewer::Supplier(_) = sight.viewer {
        let own = db.boxes(sight, id).await?.iter().map(|one| one.number).collect();
        return Ok(HttpResponse::Ok().json(only_of(view(&ledger), &own)));
    }
    let leaving = leaving(&mut db, caller.tenant, id, caller.organisation).await?;
    Ok(HttpResponse::Ok().json(CustodyView { leaving, ..view(&ledger) }))
}

/// The keys with which the service signed and signs.
#[derive(Serialize, ToSchema)]
pub struct Keys {
    /// The present one first.
    keys: Vec<KeyView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    id: String,
    #[schema(example = "Ed25519")]
    algorithm: &'static str,
    /// 32 bytes in hex.
    public_key: String,
    first_used_at: DateTime<Utc>,
}

/// The public keys of the installation: what `isotherm verify --key` takes.
#[utoipa::path(tag = "custody", security(()), responses((status = 200, body = Keys)))]
#[get("/keys")]
pub async fn list_keys(service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let present = &service.ledger_key.id;
    let mut keys = db.keys().await?;
    if !keys.iter().any(|key| key.id == *present) {
        keys.insert(0, service.ledger_key.public((service.clock)()));
    }
    keys.sort_by_key(|key| key.id != *present);
    Ok(HttpResponse::Ok().json(Keys { keys: keys.iter().map(key).collect() }))
}

fn key(key: &PublicKey) -> KeyView {
    KeyView {
        id: key.id.0.clone(),
        algorithm: "Ed25519",
        public_key: hex::encode(key.bytes),
        first_used_at: key.first_used_at,
    }
}

pub(super) fn view(ledger: &Ledger) -> CustodyView {
    let custody = &ledger.custody;
    let conflict = |conflict: &domain::custody::Conflict| ConflictView {
        entry: conflict.link.to_string(),
        answers: conflict.answers.iter().map(ToString::to_string).collect(),
        boxes: conflict.boxes.clone(),
        settled: conflict.settled,
    };
    let head = ledger.rows.last().map(|row| HeadView {
        sequence: row.sequence,
        hash: EntryHash::of(&row.record).to_string(),
        signature: hex::encode(row.signature),
        key: row.key.0.clone(),
    });
    CustodyView {
        boxes: custody.boxes.iter().map(|(number, one)| of_box(*number, one)).collect(),
        conflicts: custody.conflicts.iter().map(conflict).collect(),
        entries: ledger
            .read
            .iter()
            .map(|(record, entry)| of_entry(record, entry, custody.ignored.get(&record.entry).copied()))
            .collect(),
        head,
        leaving: None,
    }
}

/// What is written of these boxes or of the shipment as a whole. Of an entry that is about further boxes, these stay out.
fn only_of(mut custody: CustodyView, own: &BTreeSet<u32>) -> CustodyView {
    let mut seen: HashSet<String> = HashSet::new();
    custody.boxes.retain(|one| own.contains(&one.number));
    custody.entries.retain(|entry| {
        // What names no box is about the entry that it names, or about the shipment.
        let is_seen = match (&entry.boxes[..], &entry.link) {
            ([], link) => link.as_ref().is_none_or(|link| seen.contains(link)),
            (boxes, _) => boxes.iter().any(|number| own.contains(number)),
        };
        is_seen && seen.insert(entry.hash.clone())
    });
    for entry in &mut custody.entries {
        entry.boxes.retain(|number| own.contains(number));
        entry.exceptions.retain(|one| own.contains(&one.number));
        entry.seals.retain(|one| own.contains(&one.number));
    }
    custody.conflicts.iter_mut().for_each(|one| one.boxes.retain(|number| own.contains(number)));
    custody.conflicts.retain(|one| !one.boxes.is_empty());
    custody
}

fn of_box(number: u32, one: &BoxCustody) -> BoxView {
    BoxView {
        number,
        custodian: of_holding(&one.present),
        seal: one.seal.clone(),
        offers: one.offers.iter().map(ToString::to_string).collect(),
        earlier: one.earlier.iter().map(of_holding).collect(),
    }
}

fn of_holding(holding: &Holding) -> HoldingView {
    HoldingView {
        organisation: organisation(&holding.organisation),
        person: holding.person.clone(),
        from: holding.from,
        strength: holding.strength,
        quarantine: holding.quarantine,
        entry: holding.link.to_string(),
    }
}

pub(super) fn organisation(organisation: &domain::custody::Organisation) -> OrganisationRef {
    OrganisationRef { id: organisation.id.0, name: organisation.name.clone(), gln: organisation.gln.clone() }
}

/// What differs from act to act.
#[derive(Default)]
struct Particulars {
    act: EntryAct,
    to: Option<AddresseeView>,
    parent: Option<String>,
    exceptions: Vec<ExceptionView>,
    seen: Seen,
    seals: Vec<Seal>,
    reason: Option<String>,
    effect: Option<Effect>,
    decision: Option<Disposition>,
    quarantine: bool,
}

pub(super) fn excepted(exceptions: &[Exception]) -> Vec<ExceptionView> {
    let one = |one: &Exception| ExceptionView { number: one.number, reason: one.reason.clone() };
    exceptions.iter().map(one).collect()
}

fn particulars(act: &Act) -> Particulars {
    let plain = |act| Particulars { act, ..Particulars::default() };
    match act.clone() {
        Act::Packed { seals, .. } => Particulars { seals, ..plain(EntryAct::Packed) },
        Act::Sealed { seal, reason, boxes, .. } => {
            let seals = boxes.into_iter().map(|number| Seal { number, seal: seal.clone() }).collect();
            Particulars { seals, reason: Some(reason), ..plain(EntryAct::Sealed) }
        }
        Act::Offered { exceptions: but, parent, to, seen, .. } => {
            let to = AddresseeView { organisation: organisation(&to.organisation), person: to.person };
            Particulars { to: Some(to), parent, exceptions: excepted(&but), seen, ..plain(EntryAct::Offered) }
        }
        Act::Accepted { exceptions: but, quarantine, seen, .. } => {
            Particulars { exceptions: excepted(&but), quarantine, seen, ..plain(EntryAct::Accepted) }
        }
        Act::Refused { reason, seen, .. } => {
            Particulars { reason: Some(reason), seen, ..plain(EntryAct::Refused) }
        }
        Act::Withdrawn { reason, .. } => Particulars { reason: Some(reason), ..plain(EntryAct::Withdrawn) },
        Act::Corrected { effect, reason, .. } => {
            Particulars { effect: Some(effect), reason: Some(reason), ..plain(EntryAct::Corrected) }
        }
        Act::Decided { decision, reason, .. } => {
            Particulars { decision: Some(decision), reason: Some(reason), ..plain(EntryAct::Decided) }
        }
    }
}

fn of_entry(record: &Record, entry: &Entry, ignored: Option<Ignored>) -> EntryView {
    let what = particulars(&entry.act);
    let seals = if what.seals.is_empty() { what.seen.seals } else { what.seals };
    EntryView {
        hash: record.entry.to_string(),
        id: entry.id,
        sequence: record.sequence,
        recorded_at: record.recorded_at,
        at: entry.at,
        act: what.act,
        by: ActorView {
            organisation: organisation(&entry.by.organisation),
            person: entry.by.person.clone(),
            strength: entry.by.strength,
            written_on: entry.by.written_on.as_ref().map(|account| account.person.clone()),
        },
        whereabouts: entry.whereabouts.as_ref().map(whereabouts),
        boxes: entry.boxes().to_vec(),
        link: entry.link().map(|link| link.to_string()),
        to: what.to,
        parent: what.parent,
        exceptions: what.exceptions,
        seals: seals.into_iter().map(|seal| SealView { number: seal.number, seal: seal.seal }).collect(),
        condition: what.seen.condition,
        note: what.seen.note,
        photo: what.seen.photo.map(|photo| photo.to_string()),
        reason: what.reason,
        effect: what.effect,
        decision: what.decision,
        quarantine: what.quarantine,
        assessment: record.assessment,
        hold: record.hold,
        ignored: ignored.map(|why| in_words(why).to_owned()),
    }
}

fn whereabouts(whereabouts: &Whereabouts) -> WhereaboutsView {
    WhereaboutsView {
        place: whereabouts.place.clone(),
        lat: whereabouts.lat,
        lon: whereabouts.lon,
        accuracy_m: whereabouts.accuracy_m,
    }
}

pub(super) fn in_words(ignored: Ignored) -> &'static str {
    match ignored {
        Ignored::Waiting => "the entry that it names has not arrived yet",
        Ignored::WrongLink => "it names an entry that it cannot continue or answer",
        Ignored::OtherShipment => "it belongs to another shipment",
        Ignored::PackedBefore => "the boxes were packed before",
        Ignored::NotCustodian => "whoever wrote it was not the custodian by the entry that it names",
        Ignored::NotAddressed => "the offer was made to somebody else",
        Ignored::NotOfferer => "only who made an offer can take it back",
        Ignored::NotConsignor => "only the consignor corrects entries",
        Ignored::Annulled => "a correction took it out",
    }
}
