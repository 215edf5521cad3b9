//! Silence, outages and missing readings on a real database and on a clock that the test sets, step by step.

mod kept;
mod lanes;
mod reports;

use domain::DevEui;
use domain::silence::numbers::{Hole, Numbers, Run};
use domain::silence::outage::HeardBy;
use store::AlertView;

use super::*;
use crate::binding::{bind, unbind};
use crate::house::{Box, House, at};
use crate::missing::find_overdue;

/// Of 15 minutes between two reports.
const INTERVAL_S: i32 = 900;
const PATIENCE_S: i64 = 2_250;

impl House {
    /// Sets the clock and does what the clock does, twice: a round changes nothing that the one before has not.
    async fn tick(&self, second: i64) {
        self.set(second);
        for _ in 0..2 {
            end_outages(&self.service).await.unwrap();
            raise_silence(&self.service).await.unwrap();
            find_overdue(&self.service).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_trackers_behind_a_dead_gateway_are_one_alert_and_each_recipient_is_told_once() {
    let mut house = House::new().await;
    let mut boxes = Vec::new();
    for number in 0..50 {
        boxes.push(house.ship(number, INTERVAL_S).await);
    }
    // One report every 18 seconds; the gateway dies after the last one.
    for (number, of) in (0..).zip(&boxes) {
        house.tick(number * 18).await;
        house.hear(of, 0..=0, &["roof"]).await;
    }
    house.tick(PATIENCE_S - 1).await;
    assert_eq!(house.kinds().await, [], "not a second before the first one is due");
    house.tick(PATIENCE_S).await;
    house.tick(PATIENCE_S + 20 * 60).await;

    let alerts = house.alerts(None).await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(
        (alert.kind, alert.severity, alert.closed_at),
        (AlertKind::GatewaySilent, Severity::Warning, None)
    );
    assert_eq!(alert.subject.as_deref(), Some("gateway roof (integration depot)"));
    assert_eq!(alert.episode.alarmed_at, at(PATIENCE_S));
    // To the minute: the gateway's row is not written for each uplink.
    let began = (alert.episode.began_at - at(0)).num_seconds();
    assert!((49 * 18 - 60..=49 * 18).contains(&began), "{began}");
    assert_eq!((alert.rides, alert.affected.len()), (Some(50), 50));
    for of in &boxes {
        let seen: Vec<_> = house.alerts(Some(of.shipment.id)).await.iter().map(|alert| alert.id).collect();
        assert_eq!(seen, [alert.id]);
        let mut db = house.service.store.connect().await.unwrap();
        assert_eq!(db.shipment(house.owner, of.shipment.id).await.unwrap().open_alerts, 1);
    }
    let recipients = house.told("string_agg(u.email, ' ' order by u.email)");
    assert_eq!(recipients.trim(), "admin@example.org coordinator@example.org quality@example.org");
    let mail = house.told("n.body");
    assert!(mail.contains("Silent with it: 50 trackers") && mail.contains("S-00, S-01,"), "{mail}");
    assert!(mail.contains("and 30 more"), "{mail}");

    house.restart();
    house.tick(PATIENCE_S + 7_000).await;
    assert_eq!(house.kinds().await.len(), 1, "a restart raises none");

    // The gateway is back; all but one of its trackers are heard.
    let back = PATIENCE_S + 10_000;
    house.tick(back).await;
    for of in &boxes[1..] {
        house.hear(of, 1..=1, &["roof"]).await;
    }
    house.tick(back + 1).await;
    let closed = &house.alerts(None).await[0];
    assert_eq!(closed.closed_reason.as_deref(), Some("the gateway was heard again"));
    assert_eq!((closed.closed_as.as_deref(), closed.episode.ended_at), (Some("closed"), Some(at(back))));
    assert_eq!(house.audited(closed), "alert.raised alert.closed");
    for of in &boxes[1..] {
        house.hear(of, 2..=2, &["roof"]).await;
    }
    house.tick(back + 1 + PATIENCE_S - 1).await;
    assert_eq!(house.kinds().await.len(), 1, "the one that is not heard owes its report from then on");
    for of in &boxes[1..] {
        house.hear(of, 3..=3, &["roof"]).await;
    }
    house.tick(back + 1 + PATIENCE_S).await;
    let alerts = house.alerts(None).await;
    assert_eq!(alerts.len(), 2);
    let own = &alerts[1];
    assert_eq!((own.kind, own.shipment), (AlertKind::Silence, Some(boxes[0].shipment.id)));
    assert_eq!((own.episode.began_at, own.dev_eui), (at(0), Some(DevEui(0))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn further_trackers_join_the_alert_of_their_gateway_and_leave_it_one_by_one() {
    let house = House::new().await;
    let (first, second) = (house.ship(1, INTERVAL_S).await, house.ship(2, INTERVAL_S).await);
    let slow = house.ship(3, 3_600).await;
    for of in [&first, &second, &slow] {
        house.hear(of, 0..=0, &["roof"]).await;
    }
    house.tick(PATIENCE_S).await;
    assert_eq!(house.alerts(None).await[0].rides, Some(2), "the slow one may still be heard");
    house.tick(9_000).await;
    let alerts = house.alerts(None).await;
    assert_eq!((alerts.len(), alerts[0].rides), (1, Some(3)));
    assert_eq!(house.audited(&alerts[0]), "alert.raised alert.updated");
    assert_eq!(house.told("count(*)").trim(), "3", "nobody is told again");

    // One was carried to where another gateway hears it, another one leaves its shipment.
    house.hear(&first, 1..=1, &["yard"]).await;
    let mut db = house.service.store.begin().await.unwrap();
    unbind(&house.service, &mut db, &second.shipment, &second.tracker, house.now(), house.now())
        .await
        .unwrap();
    db.commit().await.unwrap();
    house.tick(9_001).await;
    let alert = &house.alerts(None).await[0];
    let silent = alert.affected.iter().filter(|ride| ride.until.is_none());
    assert_eq!(silent.map(|ride| ride.dev_eui).collect::<Vec<_>>(), [DevEui(3)]);
    assert_eq!((alert.closed_at, alert.rides), (None, Some(3)), "who was affected stays on record");

    house.hear(&slow, 1..=1, &["yard"]).await;
    house.tick(9_002).await;
    let alert = &house.alerts(None).await[0];
    let reason = "its trackers are heard by others or ride no longer";
    assert_eq!((alert.closed_reason.as_deref(), alert.closed_at), (Some(reason), Some(at(9_002))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trackers_with_a_living_gateway_are_silent_each_by_itself() {
    let house = House::new().await;
    let boxes = [house.ship(1, INTERVAL_S).await, house.ship(2, INTERVAL_S).await];
    let living = house.ship(3, INTERVAL_S).await;
    for of in &boxes {
        house.hear(of, 0..=0, &["roof", "yard"]).await;
    }
    house.tick(PATIENCE_S - 100).await;
    house.hear(&living, 0..=0, &["yard"]).await;
    house.tick(PATIENCE_S).await;
    assert_eq!(house.kinds().await, [AlertKind::Silence; 2]);
    house.hear(&boxes[0], 1..=1, &["yard"]).await;
    let alerts = house.alerts(None).await;
    let reasons: Vec<_> = alerts.iter().map(|alert| alert.closed_reason.as_deref()).collect();
    assert_eq!(reasons, [Some("it reports again"), None]);
}

/// The reading of that number is measured and heard.
async fn hear_each(house: &House, of: &Box, numbers: &[u32]) {
    for number in numbers {
        house.set(i64::from(*number) * 900);
        house.hear(of, *number..=*number, &["roof"]).await;
    }
}

fn numbers_of(alert: &AlertView) -> (i32, i32, i32) {
    let missing = alert.missing.unwrap();
    (missing.first, missing.last, missing.readings)
}

fn ended(alert: &AlertView) -> (Option<&str>, Option<&str>) {
    (alert.closed_as.as_deref(), alert.closed_reason.as_deref())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_readings_are_one_alert_until_all_of_them_have_arrived() {
    let house = House::new().await;
    let of = house.ship(1, INTERVAL_S).await;
    // The frames of 2 and 3 are lost, and that of 5.
    hear_each(&house, &of, &[0, 1, 4, 6, 7, 8]).await;
    let waited = 4 * 900 + 2 * PATIENCE_S;
    house.tick(waited - 1).await;
    assert_eq!(house.kinds().await, [], "a hole may still fill");
    house.tick(waited).await;
    let alerts = house.alerts(None).await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.severity), (AlertKind::ReadingsMissing, Severity::Warning));
    assert_eq!(numbers_of(alert), (2, 3, 2));
    assert_eq!((alert.episode.began_at, alert.episode.ended_at), (at(900), Some(at(4 * 900))));
    assert_eq!(house.told("string_agg(u.role, ' ' order by u.role)").trim(), "coordinator quality");
    assert!(house.told("n.body").contains("2 readings are missing: numbers 2 to 3"));
    assert!(!house.told("n.body").contains("Do not use"));

    // The second hole is overdue, too; then a part of the first one comes, then all.
    hear_each(&house, &of, &[9, 10]).await;
    house.tick(6 * 900 + 2 * PATIENCE_S).await;
    assert_eq!(numbers_of(&house.alerts(None).await[0]), (2, 5, 3));
    house.hear_late(&of, 3..=3, at(3 * 900), &["roof"]).await;
    assert_eq!(numbers_of(&house.alerts(None).await[0]), (2, 5, 2));
    house.hear_late(&of, 1..=5, at(5 * 900), &["roof"]).await;
    let alert = &house.alerts(None).await[0];
    assert_eq!(ended(alert), (Some("closed"), Some("the missing readings arrived")));
    assert_eq!(numbers_of(alert), (2, 5, 2), "what it said last stays on record");
    assert_eq!(house.audited(alert), "alert.raised alert.updated alert.updated alert.closed");
    assert_eq!(house.told("count(*)").trim(), "2", "nobody is told of what is amended");
    assert_eq!(house.database.psql("select count(*) from missing_readings").unwrap().trim(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_a_hole_is_waited_for_anew() {
    let mut house = House::new().await;
    let of = house.ship(1, INTERVAL_S).await;
    hear_each(&house, &of, &[0, 1, 4, 5, 6, 7]).await;
    house.restart();
    hear_each(&house, &of, &[8, 9, 10, 11]).await;
    house.tick(7 * 900 + 2 * PATIENCE_S - 1).await;
    assert_eq!(house.kinds().await, []);
    house.tick(7 * 900 + 2 * PATIENCE_S).await;
    assert_eq!(house.kinds().await, [AlertKind::ReadingsMissing]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_readings_are_the_matter_of_the_ride_in_which_they_were_measured() {
    let house = House::new().await;
    let of = house.ship(1, INTERVAL_S).await;
    hear_each(&house, &of, &[0, 4]).await;
    let leave = async |second: i64| {
        let mut db = house.service.store.begin().await.unwrap();
        db.lock_intake().await.unwrap();
        unbind(&house.service, &mut db, &of.shipment, &of.tracker, at(second), house.now()).await.unwrap();
        db.commit().await.unwrap();
    };
    leave(1_000).await;
    house.tick(4 * 900 + 2 * PATIENCE_S).await;
    assert_eq!(house.kinds().await, [AlertKind::ReadingsMissing], "number 1 was measured in it");

    house.database.psql("update assignments set until_at = null").unwrap();
    leave(800).await;
    let alert = &house.alerts(None).await[0];
    let reason = "the missing readings were measured outside the ride";
    assert_eq!(ended(alert), (Some("withdrawn"), Some(reason)));

    // The next shipment's tracker was packed before it was bound.
    let mut db = house.service.store.begin().await.unwrap();
    db.lock_intake().await.unwrap();
    let (now, shipment) = (house.now(), house.draft(2).await);
    bind(&house.service, &mut db, &shipment, &of.tracker, None, at(1_700), now).await.unwrap();
    db.commit().await.unwrap();
    let alert = &house.alerts(Some(shipment.id)).await[0];
    assert_eq!((alert.kind, alert.closed_at), (AlertKind::ReadingsMissing, None), "2 and 3 are");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_that_leaves_hole_after_hole_costs_a_bounded_number_of_rows() {
    let house = House::new().await;
    let of = house.ship(1, INTERVAL_S).await;
    for number in (0..200).step_by(2) {
        house.hear(&of, number..=number, &["roof"]).await;
    }
    let kept = house.database.psql("select count(*), min(first_number) from missing_readings").unwrap();
    assert_eq!(kept.trim(), "64|71");
    let state = house.database.psql("select holes, followed_from, followed_to from tracker_states").unwrap();
    assert_eq!(state.trim(), "64|70|198");
}
