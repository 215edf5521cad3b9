//! What somebody with boxes in hand needs in one answer: what there is to take over, what he has, to whom it goes, and
//! which codes the boxes bear. A page that has got it knows what a scan means without asking again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use domain::custody::{Act, BoxCustody, BoxNumber, Entry, EntryHash, Organisation};
use domain::gs1::Sscc;
use domain::packing::ParentKind;
use domain::watch::next_handover;
use domain::{OrganisationId, PlaceId, ShipmentId};
use serde::Serialize;
use store::{Connection, Parent, ShipmentFilter, StoredPlan};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, TransferCustody};
use super::custody::{AddresseeView, ExceptionView, excepted, organisation as organisation_ref};
use super::page::{Page, PageQuery, cursor_before};
use super::problem::{ApiError, Problem};
use super::shipments::{Shipment, show};
use crate::Service;
use crate::ledger::Ledger;

/// So many shipments are looked at for one page.
const MOST_SHIPMENTS: i64 = 200;

/// A shipment with what the caller's organisation has to do with its boxes.
#[derive(Serialize, ToSchema)]
pub struct Handover {
    shipment: Shipment,
    /// All of its boxes, with the codes on them.
    boxes: Vec<CodedBox>,
    /// The pallets, roll cages and manifests in which boxes of it are.
    parents: Vec<InParent>,
    /// Open offers to the caller's organisation.
    to_take: Vec<OpenOffer>,
    /// Boxes that the caller's organisation has and has offered to nobody, by the handover by which it got them.
    held: Vec<HeldBoxes>,
    /// Open offers by the caller's organisation.
    offered: Vec<OpenOffer>,
    /// Its ledger is not as it was written: nothing can be handed over until that is looked into.
    unreadable: bool,
}

#[derive(Serialize, ToSchema)]
pub struct CodedBox {
    r#box: u32,
    sscc: Option<String>,
}

#[derive(Serialize, ToSchema, Clone)]
pub struct InParent {
    id: Uuid,
    kind: ParentKind,
    sscc: Option<String>,
    reference: Option<String>,
    /// Boxes of this shipment that are in it.
    boxes: Vec<u32>,
}

#[derive(Serialize, ToSchema)]
pub struct OpenOffer {
    /// The hash of its entry: what an answer names.
    entry: String,
    by: AddresseeView,
    to: AddresseeView,
    at: DateTime<Utc>,
    boxes: Vec<u32>,
    exceptions: Vec<ExceptionView>,
    note: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct HeldBoxes {
    boxes: Vec<u32>,
    since: DateTime<Utc>,
    quarantine: bool,
    next: Option<NextStop>,
}

/// The handover that the plan has next.
#[derive(Serialize, ToSchema)]
pub struct NextStop {
    /// The id of who is to take over.
    to: i32,
    name: String,
    place: Option<String>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// What the caller's organisation is to take over, has, and has offered, the newest shipments first. A page looks at up to
/// 200 shipments under way, and leaves out those with which there is nothing to do: it may be short and not the last.
#[utoipa::path(tag = "custody", params(PageQuery),
    responses((status = 200, body = Page<Handover>), (status = 400, body = Problem)))]
#[get("/handovers")]
pub async fn list_handovers(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit.map_or(Ok(MOST_SHIPMENTS), |_| page.limit())?.min(MOST_SHIPMENTS);
    let before = page.before()?.map(|(at, id)| (at, ShipmentId(id)));
    let filter = ShipmentFilter { under_way: true, before, ..ShipmentFilter::default() };
    let mut db = service.store.connect().await?;
    let rows = db.shipments(caller.sight(), &filter, limit + 1).await?;
    let page = Page::of(rows, limit, |s| cursor_before(s.created_at, s.id.0), |shipment| shipment);
    let ids: Vec<ShipmentId> = page.items.iter().map(|shipment| shipment.id).collect();
    let mut ledgers = Ledger::open_all(&mut db, caller.tenant, &ids).await?;
    ledgers.retain(|_, ledger| ledger.as_ref().map_or(true, |ledger| concerns(ledger, caller.organisation)));
    let mut shipments = page.items;
    shipments.retain(|shipment| ledgers.contains_key(&shipment.id));
    let around = Around::read(&mut db, caller.tenant, &shipments, (service.clock)()).await?;
    let shown = show(&service, &mut db, (caller.sight(), caller.role), shipments, &[]).await?;
    let items = shown.into_iter().map(|shipment| {
        let ledger = ledgers.get(&ShipmentId(shipment.id()))?;
        Some(around.handover(shipment, ledger.as_ref().ok(), caller.organisation))
    });
    Ok(HttpResponse::Ok().json(Page { items: items.flatten().collect::<Vec<_>>(), next: page.next }))
}

/// Whether the organisation has a box, or was offered one.
fn concerns(ledger: &Ledger, own: OrganisationId) -> bool {
    let entries = ledger.entries();
    ledger.custody.boxes.values().any(|one| {
        one.present.organisation.id == own
            || one.offers.iter().any(|offer| addressee(&entries, offer) == Some(own))
    })
}

fn addressee(entries: &BTreeMap<EntryHash, &Entry>, offer: &EntryHash) -> Option<OrganisationId> {
    match &entries.get(offer)?.act {
        Act::Offered { to, .. } => Some(to.organisation.id),
        _ => None,
    }
}

/// What stands around the ledgers of several shipments.
struct Around {
    boxes: HashMap<ShipmentId, Vec<(BoxNumber, Option<Sscc>)>>,
    parents: HashMap<ShipmentId, Vec<InParent>>,
    /// Those that still say where a shipment goes.
    plans: HashMap<ShipmentId, StoredPlan>,
    names: HashMap<OrganisationId, String>,
    places: HashMap<PlaceId, String>,
}

impl Around {
    async fn read(
        db: &mut Connection,
        tenant: OrganisationId,
        shipments: &[store::Shipment],
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let ids: Vec<ShipmentId> = shipments.iter().map(|shipment| shipment.id).collect();
        let mut plans = db.plans_of(&ids).await?;
        // What has turned back goes where nobody has planned it yet.
        let turned_back = |one: &store::Shipment| Some((one.id, one.turned_back.as_ref()?.at));
        let turned_back: HashMap<ShipmentId, DateTime<Utc>> =
            shipments.iter().filter_map(turned_back).collect();
        plans.retain(|id, stored| turned_back.get(id).is_none_or(|at| *at < stored.planned_at));
        let (mut parties, mut stops) = (BTreeSet::new(), BTreeSet::new());
        for StoredPlan { plan, .. } in plans.values() {
            parties.extend(plan.parties());
            stops.extend(plan.legs().iter().flat_map(|leg| [leg.from, leg.to]));
        }
        let names = db.circle_names(tenant, &Vec::from_iter(parties)).await?;
        let places = db.places_of(tenant, &Vec::from_iter(stops)).await?;
        let mut parents: HashMap<ShipmentId, Vec<InParent>> = HashMap::new();
        for (shipment, parent, boxes) in db.parents_of(&ids, now).await? {
            parents.entry(shipment).or_default().push(InParent::of(parent, boxes));
        }
        Ok(Self {
            boxes: db.box_codes(&ids).await?,
            parents,
            plans,
            names,
            places: places.into_iter().map(|stored| (stored.place.id, stored.place.name)).collect(),
        })
    }

    fn handover(&self, shipment: Shipment, ledger: Option<&Ledger>, own: OrganisationId) -> Handover {
        let id = ShipmentId(shipment.id());
        let boxes = self.boxes.get(&id).map(Vec::as_slice).unwrap_or_default();
        let mut handover = Handover {
            shipment,
            boxes: boxes
                .iter()
                .map(|(number, sscc)| CodedBox { r#box: *number, sscc: sscc.map(|sscc| sscc.to_string()) })
                .collect(),
            parents: self.parents.get(&id).cloned().unwrap_or_default(),
            to_take: Vec::new(),
            held: Vec::new(),
            offered: Vec::new(),
            unreadable: ledger.is_none(),
        };
        if let Some(ledger) = ledger {
            let (to_take, offered) = open_offers(ledger, own);
            (handover.to_take, handover.offered) = (to_take, offered);
            handover.held = self.held(id, ledger, own);
        }
        handover
    }

    fn held(&self, id: ShipmentId, ledger: &Ledger, own: OrganisationId) -> Vec<HeldBoxes> {
        let mut by_link: BTreeMap<EntryHash, HeldBoxes> = BTreeMap::new();
        for (number, one) in &ledger.custody.boxes {
            if one.present.organisation.id != own || !one.offers.is_empty() {
                continue;
            }
            let held = by_link.entry(one.present.link).or_insert_with(|| HeldBoxes {
                boxes: Vec::new(),
                since: one.present.from,
                quarantine: one.present.quarantine,
                next: self.next_stop(id, one),
            });
            held.boxes.push(*number);
        }
        by_link.into_values().collect()
    }

    fn next_stop(&self, id: ShipmentId, one: &BoxCustody) -> Option<NextStop> {
        let next = next_handover(&self.plans.get(&id)?.plan, one)?;
        Some(NextStop {
            to: next.to.0,
            name: self.names.get(&next.to)?.clone(),
            place: self.places.get(&next.at).cloned(),
            from: next.window.from,
            until: next.window.to,
        })
    }
}

/// The open offers to the organisation, and those by it.
fn open_offers(ledger: &Ledger, own: OrganisationId) -> (Vec<OpenOffer>, Vec<OpenOffer>) {
    let entries = ledger.entries();
    let mut open: BTreeMap<EntryHash, Vec<BoxNumber>> = BTreeMap::new();
    for (number, one) in &ledger.custody.boxes {
        for offer in &one.offers {
            open.entry(*offer).or_default().push(*number);
        }
    }
    let (mut to_take, mut offered) = (Vec::new(), Vec::new());
    for (hash, boxes) in open {
        let Some(entry) = entries.get(&hash) else { continue };
        let Act::Offered { to, exceptions, seen, .. } = &entry.act else { continue };
        let offer = OpenOffer {
            entry: hash.to_string(),
            by: named(&entry.by.organisation, &entry.by.person),
            to: named(&to.organisation, &to.person),
            at: entry.at,
            boxes,
            exceptions: excepted(exceptions),
            note: seen.note.clone(),
        };
        if to.organisation.id == own {
            to_take.push(offer);
        } else if entry.by.organisation.id == own {
            offered.push(offer);
        }
    }
    (to_take, offered)
}

fn named(organisation: &Organisation, person: &Option<String>) -> AddresseeView {
    AddresseeView { organisation: organisation_ref(organisation), person: person.clone() }
}

impl InParent {
    fn of(parent: Parent, boxes: Vec<u32>) -> Self {
        Self {
            id: parent.id.0,
            kind: parent.kind,
            sscc: parent.sscc.map(|sscc| sscc.to_string()),
            reference: parent.reference,
            boxes,
        }
    }
}
