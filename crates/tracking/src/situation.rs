//! What custody's alerts rest on, put together for the domain's rules: ledger, plan, positions, contracts, readings.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use domain::alert::Severity;
use domain::custody::{Act, EntryHash, Holding};
use domain::evaluate::evaluate;
use domain::place::{Margins, Place, Stay};
use domain::plan::Lane;
use domain::profile::Profile;
use domain::qualification::Person;
use domain::route::Monitoring;
use domain::watch::{Delays, Lacking, Situation};
use domain::whereabouts::Whereabouts;
use domain::{OrganisationId, ShipmentId};
use store::{Connection, ReadingSpan, Ride, Shipment, StoreError, StoredPlan};

use crate::Service;
use crate::folds::{by_assignment, standing};
use crate::ledger::Ledger;
use crate::whereabouts::{KnownPlaces, Way, way};

/// Everything that is known of a shipment's way at an instant.
pub struct Gathered {
    ledger: Ledger,
    plan: Option<StoredPlan>,
    places: Vec<Place>,
    whereabouts: Whereabouts,
    off_route: Vec<Stay>,
    lacking: BTreeMap<EntryHash, Vec<Lacking>>,
    out_of_range: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    holds_until: Option<DateTime<Utc>>,
    product: Severity,
}

impl Gathered {
    pub async fn of(
        service: &Service,
        db: &mut Connection,
        (owner, shipment): (OrganisationId, &Shipment),
        places: &mut KnownPlaces,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let id = shipment.id;
        let ledger = Ledger::open(db, owner, id).await?;
        let way = way(db, (owner, id), places, now).await?;
        let stored = service.profiles.get_one(db, shipment.profile).await?;
        let lacking = lacking(db, owner, &ledger).await?;
        let out_of_range = out_of_range(db, &stored.profile, id, &ledger).await?;
        let off_route = way.whereabouts.legs.iter().flat_map(|leg| leg.off_route.clone()).collect();
        Ok(Self {
            holds_until: holds_until(&way.whereabouts, &ledger, &way.lanes),
            places: of_plan(&way),
            plan: way.plan.filter(|stored| is_current(stored, shipment)),
            whereabouts: way.whereabouts,
            product: loudest(&stored.profile),
            ledger,
            off_route,
            lacking,
            out_of_range,
        })
    }

    /// The same for the domain's rules.
    pub fn ask<T>(&self, now: DateTime<Utc>, question: impl Fn(&Situation) -> T) -> T {
        question(&Situation {
            now,
            custody: &self.ledger.custody,
            entries: &self.ledger.entries(),
            known_at: &self.ledger.recorded_at(),
            plan: self.plan.as_ref().map(|stored| &stored.plan),
            planned_at: self.plan.as_ref().map(|stored| stored.planned_at),
            places: &self.places,
            stays: &self.whereabouts.visits,
            off_route: &self.off_route,
            dwells: &self.whereabouts.dwells,
            lacking: &self.lacking,
            out_of_range: &self.out_of_range,
            // No tracker reports any yet.
            events: &[],
            holds_until: self.holds_until,
            product: self.product,
            delays: Delays::default(),
        })
    }

    /// When positions fail if none comes: stays end then.
    pub fn positions_fail_at(&self) -> Option<DateTime<Utc>> {
        match self.whereabouts.monitoring {
            Monitoring::Monitored { last_at } => {
                Some(last_at + Duration::seconds(Margins::default().longest_gap.seconds() + 1))
            }
            Monitoring::NotMonitored | Monitoring::Lost { .. } => None,
        }
    }
}

/// The places that the plan names.
fn of_plan(way: &Way) -> Vec<Place> {
    let legs = way.plan.as_ref().map(|stored| stored.plan.legs()).unwrap_or_default();
    let is_named = |place: &&Place| legs.iter().any(|leg| leg.from == place.id || leg.to == place.id);
    way.places.iter().map(|stored| &stored.place).filter(is_named).cloned().collect()
}

/// A plan to the consignee says nothing of the way back.
fn is_current(plan: &StoredPlan, shipment: &Shipment) -> bool {
    shipment.turned_back.as_ref().is_none_or(|turned| turned.at < plan.planned_at)
}

/// Instants at which boxes were accepted.
fn accepted_at(ledger: &Ledger) -> impl Iterator<Item = DateTime<Utc>> {
    let is_accepted = |act: &Act| matches!(act, Act::Accepted { .. });
    ledger.read.iter().filter(move |(_, entry)| is_accepted(&entry.act)).map(|(_, entry)| entry.at)
}

/// What custodians after the first lacked when a box came to them. Of who is known by a code, a link or another system's
/// word nobody can look up a training: the strength says so, and it is held against nobody.
async fn lacking(
    db: &mut Connection,
    owner: OrganisationId,
    ledger: &Ledger,
) -> Result<BTreeMap<EntryHash, Vec<Lacking>>, StoreError> {
    let boxes = ledger.custody.boxes.values();
    let later: BTreeMap<EntryHash, &Holding> =
        boxes.flat_map(|one| one.holdings().skip(1)).map(|holding| (holding.link, holding)).collect();
    let entries = ledger.entries();
    let mut lacking = BTreeMap::new();
    for (link, holding) in later {
        let by = entries.get(&link).map(|entry| &entry.by);
        let person = by.and_then(|by| by.user.map(Person::User).or_else(|| by.badge.map(Person::Badge)));
        let asked = [(holding.organisation.id, person)];
        let qualified = db.qualified_at(owner, &asked, holding.from).await?;
        let Some(qualified) = qualified.first() else { continue };
        let mut missing = Vec::new();
        missing.extend((!qualified.under_contract).then_some(Lacking::Contract));
        missing.extend((person.is_some() && !qualified.trained).then_some(Lacking::Training));
        if !missing.is_empty() {
            lacking.insert(link, missing);
        }
    }
    Ok(lacking)
}

/// The seconds of acceptances in which a tracker of the shipment was known to be out of range.
async fn out_of_range(
    db: &mut Connection,
    profile: &Profile,
    shipment: ShipmentId,
    ledger: &Ledger,
) -> Result<Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>, StoreError> {
    let mut instants: Vec<DateTime<Utc>> = accepted_at(ledger).collect();
    instants.sort_unstable();
    instants.dedup();
    if instants.is_empty() {
        return Ok(Vec::new());
    }
    let rides = db.rides(&[shipment]).await?;
    let mut found = Vec::new();
    for at in instants {
        let until = at + Duration::seconds(1);
        if is_out(db, profile, &rides, (at, until)).await? {
            found.push((at, Some(until)));
        }
    }
    Ok(found)
}

/// Whether in that second one of the rides was known to be out of range. A ride that ends with the handover still says
/// how it was.
async fn is_out(
    db: &mut Connection,
    profile: &Profile,
    rides: &[Ride],
    (at, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let at_it = rides.iter().filter(|ride| ride.from <= at && ride.until.is_none_or(|end| end >= at));
    let span = |ride: &Ride| ReadingSpan {
        assignment: ride.assignment,
        tracker: ride.tracker,
        from: at - standing(profile),
        until: Some(until),
    };
    let spans: Vec<ReadingSpan> = at_it.map(span).collect();
    for readings in by_assignment(db.readings_in(&spans).await?).into_values() {
        let assessment = evaluate(profile, &readings, Some(at), Some(until))
            .map_err(|error| StoreError::Unreadable { what: "span", reason: error.to_string() })?;
        if assessment.coverage.out_of_range_s > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The shortest qualified time of the plan's lanes, from when the boxes set out: when they were seen to leave, or else
/// when somebody first took them over.
fn holds_until(whereabouts: &Whereabouts, ledger: &Ledger, lanes: &[Lane]) -> Option<DateTime<Utc>> {
    let shortest = lanes.iter().filter_map(|lane| lane.hold_time).min()?;
    let left = whereabouts.legs.first().and_then(|leg| leg.departed);
    let boxes = ledger.custody.boxes.values();
    let taken = boxes.filter_map(|one| one.holdings().nth(1)).map(|holding| holding.from).min();
    Some(left.or(taken)? + Duration::seconds(shortest.seconds()))
}

/// How loud the product's alarms are at most; without alarms nobody said that it may be quiet.
fn loudest(profile: &Profile) -> Severity {
    profile.alarms().iter().map(|alarm| alarm.severity).max().unwrap_or(Severity::Warning)
}
