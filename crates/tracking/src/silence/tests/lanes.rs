//! Planned darkness: a lane's dark stretches postpone silence, and no longer than the packaging holds.

use domain::place::{Fence, Place, Point, Position, PositionSource};
use domain::plan::{DarkStretch, Lane, Leg, Plan, TimeWindow};
use domain::{Duration, LaneId, OrganisationId, PlaceId};
use store::{StoredPlace, TrackerPosition};

use super::*;

fn seconds(seconds: i64) -> Duration {
    Duration::from_seconds(seconds).unwrap()
}

fn point(lat: f64) -> Point {
    Point::from_degrees(lat, 11.5).unwrap()
}

fn place(lat: f64) -> StoredPlace {
    let id = PlaceId(Uuid::now_v7());
    StoredPlace {
        place: Place {
            id,
            name: id.to_string(),
            fence: Some(Fence::circle(point(lat), 500).unwrap()),
            opening: None,
            storage: Vec::new(),
        },
        address: None,
        gln: None,
        operator: None,
        created_at: at(0),
    }
}

/// Plans a shipment on a lane that is dark from 10 minutes to 2 hours after departure, to be picked up within the first
/// ten minutes.
async fn plan(house: &House, of: &Box, hold_time_s: Option<i64>) -> OrganisationId {
    let (from, to) = (place(48.0), place(49.0));
    let lane = Lane {
        id: LaneId(Uuid::now_v7()),
        name: "over the pass".to_owned(),
        from: from.place.id,
        to: to.place.id,
        corridor: None,
        duration: seconds(7_200),
        dark: vec![DarkStretch { from: seconds(600), to: seconds(7_200) }],
        hold_time: hold_time_s.map(seconds),
        unattended: false,
    };
    let carrier = house.partner("carrier", "Carrier");
    let leg = Leg {
        number: 1,
        lane: Some(lane.id),
        from: lane.from,
        to: lane.to,
        carrier,
        courier: None,
        pick_up: TimeWindow { from: at(0), to: at(600) },
        delivery: TimeWindow { from: at(3_600), to: at(9_000) },
    };
    let plan = Plan::new(house.owner, vec![leg], std::slice::from_ref(&lane)).unwrap();
    let mut db = house.service.store.begin().await.unwrap();
    let user = db.user_by_email("coordinator@example.org").await.unwrap().id;
    for place in [&from, &to] {
        db.add_place(house.owner, place).await.unwrap();
    }
    db.add_lane(house.owner, &lane, at(0)).await.unwrap();
    // Twice: the second takes the place of the first.
    for _ in 0..2 {
        db.set_plan(house.owner, of.shipment.id, &plan, user, at(0)).await.unwrap();
    }
    assert_eq!(db.plan(of.shipment.id).await.unwrap().unwrap().plan, plan);
    db.commit().await.unwrap();
    carrier
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_is_not_silent_in_its_lanes_dark_stretch_and_owes_its_whole_patience_after_it() {
    let house = House::new().await;
    let dark = house.ship(1, INTERVAL_S).await;
    let other = house.ship(2, INTERVAL_S).await;
    let carrier = plan(&house, &dark, None).await;
    house.hear(&dark, 0..=0, &[]).await;
    house.hear(&other, 0..=0, &[]).await;
    house.tick(PATIENCE_S).await;
    let silent: Vec<_> = house.alerts(None).await.iter().map(|alert| alert.shipment).collect();
    assert_eq!(silent, [Some(other.shipment.id)], "the one without a plan");
    // Nobody saw it leave: dark until two hours after the latest pick-up.
    let due = 600 + 7_200 + PATIENCE_S;
    house.tick(due - 1).await;
    assert_eq!(house.alerts(Some(dark.shipment.id)).await.len(), 0);
    house.tick(due).await;
    assert_eq!(house.alerts(Some(dark.shipment.id)).await.len(), 1);
    let parties = house.database.psql("select organisation_id from shipment_parties").unwrap();
    assert_eq!(parties.trim(), carrier.to_string(), "the carrier, once; the tenant sees it anyway");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn planned_darkness_ends_with_the_packagings_hold_time() {
    let house = House::new().await;
    let held = house.ship(1, INTERVAL_S).await;
    plan(&house, &held, Some(3_600)).await;
    house.hear(&held, 0..=0, &[]).await;
    house.tick(3_600 + PATIENCE_S - 1).await;
    assert_eq!(house.alerts(None).await.len(), 0);
    house.tick(3_600 + PATIENCE_S).await;
    assert_eq!(house.kinds().await, [AlertKind::Silence]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn darkness_counts_from_the_departure_that_positions_tell_of() {
    let house = House::new().await;
    let gone = house.ship(1, INTERVAL_S).await;
    plan(&house, &gone, None).await;
    house.hear(&gone, 0..=0, &[]).await;
    let position = |second, lat| TrackerPosition {
        organisation: house.owner,
        tracker: gone.tracker.id,
        position: Position {
            at: at(second),
            accuracy_m: 10,
            point: point(lat),
            source: PositionSource::Tracker,
        },
    };
    let mut db = house.service.store.connect().await.unwrap();
    // In any order, and twice.
    for _ in 0..2 {
        db.add_positions(&[position(300, 48.1), position(10, 48.0)], at(300)).await.unwrap();
    }
    assert_eq!(db.positions_of(gone.shipment.id).await.unwrap().len(), 2);
    drop(db);
    let due = 300 + 7_200 + PATIENCE_S;
    house.tick(due - 1).await;
    assert_eq!(house.alerts(None).await.len(), 0);
    house.tick(due).await;
    assert_eq!(house.kinds().await, [AlertKind::Silence]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_shipment_was_scanned_counts_for_each_tracker_that_rode_with_it_then() {
    let house = House::new().await;
    let scanned = house.ship(1, INTERVAL_S).await;
    let source = PositionSource::Scan;
    let scan = |second| Position { at: at(second), accuracy_m: 20, point: point(48.0), source };
    let mut db = house.service.store.connect().await.unwrap();
    for second in [-1, 0, 60] {
        db.add_shipment_position(scanned.shipment.id, &scan(second), at(60)).await.unwrap();
    }
    let listed = db.list_positions(scanned.shipment.id, None, 10).await.unwrap();
    let found: Vec<_> = listed.iter().map(|(_, dev_eui, position)| (*dev_eui, *position)).collect();
    let eui = scanned.tracker.dev_eui;
    assert_eq!(found, [(eui, scan(60)), (eui, scan(0))], "before its ride it is nothing of the shipment's");
    let (last, ..) = listed[0];
    assert_eq!(db.list_positions(scanned.shipment.id, Some(last), 10).await.unwrap().len(), 1);
}
