//! What is known of where shipments are, put together for the domain's rules.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use domain::place::{Margins, Place, Positions, visits};
use domain::plan::Lane;
use domain::route::Standing;
use domain::silence::Window;
use domain::whereabouts::{Known, Whereabouts};
use domain::{LaneId, OrganisationId, PlaceId, ShipmentId};
use store::{Connection, StoreError, StoredPlace, StoredPlan};

/// Where a shipment is, and what that rests on besides its positions.
pub struct Way {
    pub whereabouts: Whereabouts,
    pub plan: Option<StoredPlan>,
    /// Those that the plan names.
    pub lanes: Vec<Lane>,
    /// All of the organisation's.
    pub places: Arc<Vec<StoredPlace>>,
}

/// The places of organisations, read once each.
#[derive(Default)]
pub struct KnownPlaces(HashMap<OrganisationId, Arc<Vec<StoredPlace>>>);

impl KnownPlaces {
    pub async fn of(
        &mut self,
        db: &mut Connection,
        organisation: OrganisationId,
    ) -> Result<Arc<Vec<StoredPlace>>, StoreError> {
        if let Some(known) = self.0.get(&organisation) {
            return Ok(known.clone());
        }
        let read = Arc::new(db.places(organisation, None, i64::MAX).await?);
        self.0.insert(organisation, read.clone());
        Ok(read)
    }
}

/// The way of a shipment at `now`.
pub async fn way(
    db: &mut Connection,
    (organisation, shipment): (OrganisationId, ShipmentId),
    places: &mut KnownPlaces,
    now: DateTime<Utc>,
) -> Result<Way, StoreError> {
    let positions: Positions = db.positions_of(shipment).await?.into_iter().collect();
    let places = places.of(db, organisation).await?;
    let plan = db.plan(shipment).await?;
    let legs = plan.as_ref().map(|stored| stored.plan.legs()).unwrap_or_default();
    let lanes: Vec<LaneId> = legs.iter().filter_map(|leg| leg.lane).collect();
    let lanes = db.lanes_of(organisation, &lanes).await?;
    let bare: Vec<Place> = places.iter().map(|stored| stored.place.clone()).collect();
    let known = Known {
        plan: plan.as_ref().map(|stored| &stored.plan),
        lanes: &lanes,
        places: &bare,
        margins: Margins::default(),
        standing: Standing::default(),
    };
    Ok(Way { whereabouts: Whereabouts::of(&positions, known, now), plan, lanes, places })
}

/// When no radio is expected, by shipment; one that is not there expects it always.
pub type Darkness = HashMap<ShipmentId, Vec<Window>>;

/// So long is it good enough to know what a plan expected: who is quiet is looked at every second, and a position that
/// came meanwhile moves a window by minutes.
const KEPT: Duration = Duration::seconds(60);

/// With when they were looked at.
type Kept = HashMap<ShipmentId, (DateTime<Utc>, Vec<Window>)>;

/// What the plans of quiet shipments expected when they were last looked at.
#[derive(Default)]
pub struct KnownDarkness(Mutex<Kept>);

impl KnownDarkness {
    /// The windows that the shipments' plans expect to be dark, as far as it is known at `now` when their legs began.
    pub async fn of(
        &self,
        db: &mut Connection,
        shipments: impl Iterator<Item = (OrganisationId, ShipmentId)>,
        now: DateTime<Utc>,
    ) -> Result<Darkness, StoreError> {
        let owners: BTreeMap<ShipmentId, OrganisationId> = shipments.map(|(owner, id)| (id, owner)).collect();
        let mut unknown = owners.clone();
        let mut darkness = Darkness::new();
        for (shipment, windows) in self.fresh(now) {
            if unknown.remove(&shipment).is_some() {
                darkness.insert(shipment, windows);
            }
        }
        let looked_up = look_up(db, &unknown, now).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for shipment in unknown.into_keys() {
            let windows = looked_up.get(&shipment).cloned().unwrap_or_default();
            kept.insert(shipment, (now, windows.clone()));
            darkness.insert(shipment, windows);
        }
        Ok(darkness)
    }

    /// What is not too old; the rest is forgotten.
    fn fresh(&self, now: DateTime<Utc>) -> Vec<(ShipmentId, Vec<Window>)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (at, _)| *at <= now && now - *at < KEPT);
        kept.iter().map(|(shipment, (_, windows))| (*shipment, windows.clone())).collect()
    }
}

async fn look_up(
    db: &mut Connection,
    owners: &BTreeMap<ShipmentId, OrganisationId>,
    now: DateTime<Utc>,
) -> Result<Darkness, StoreError> {
    let ids: Vec<ShipmentId> = owners.keys().copied().collect();
    let mut darkness = Darkness::new();
    for (shipment, StoredPlan { plan, .. }) in db.plans_of(&ids).await? {
        let Some(organisation) = owners.get(&shipment) else { continue };
        let lanes: Vec<LaneId> = plan.legs().iter().filter_map(|leg| leg.lane).collect();
        let lanes = db.lanes_of(*organisation, &lanes).await?;
        // Most lanes are never dark, and then nobody need know when a box left.
        if lanes.iter().all(|lane| lane.dark.is_empty()) {
            continue;
        }
        let places: Vec<PlaceId> = plan.legs().iter().map(|leg| leg.from).collect();
        let places = db.places_of(*organisation, &places).await?;
        let places: Vec<Place> = places.into_iter().map(|stored| stored.place).collect();
        let positions: Positions = db.positions_of(shipment).await?.into_iter().collect();
        let departures = plan.departures(&visits(&positions, Margins::default(), now, &places));
        darkness.insert(shipment, plan.dark(&lanes, &departures));
    }
    Ok(darkness)
}
