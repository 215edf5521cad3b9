//! What is looked at when, and what is not.

use super::*;

impl Way {
    fn due_at(&self) -> String {
        let sql = "select coalesce(extract(epoch from due_at)::bigint::text, 'never') from watches";
        self.house.database.psql(sql).unwrap().trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_is_looked_at_again_when_time_changes_something_and_not_before() {
    let way = Way::new().await;
    way.look(1).await;
    assert_eq!(way.due_at(), at(600).timestamp().to_string(), "its first handover is due");
    let first = way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    way.look(11).await;
    assert_eq!(way.due_at(), at(12_000).timestamp().to_string(), "the next one is");
    let second = way.hand_over(way.first, first, way.second, 20).await;
    way.hand_over(way.second, second, way.pharmacy, 30).await;
    way.look(31).await;
    assert_eq!(way.due_at(), "never");
    assert_eq!(way.kinds(1_000_000).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_somebody_looks_is_looked_at_afterwards() {
    let way = Way::new().await;
    let mut db = way.house.service.store.connect().await.unwrap();
    let due = db.due_watches(at(0), 10).await.unwrap();
    let [due] = due[..] else { panic!("{due:?}") };
    db.mark_watch(due.organisation, due.shipment, at(0)).await.unwrap();
    let watched = Watched { shipment: due.shipment, marks: due.marks, due_at: None };
    db.note_watched(&[watched]).await.unwrap();
    let again = db.due_watches(at(0), 10).await.unwrap();
    assert_eq!(again, [DueWatch { marks: due.marks + 1, ..due }]);
    db.note_watched(&[Watched { marks: due.marks + 1, ..watched }]).await.unwrap();
    assert_eq!(db.due_watches(at(0), 10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_alone_looks_at_a_time() {
    let way = Way::new().await;
    let mut other = way.house.service.store.begin().await.unwrap();
    assert!(other.try_lock_watch().await.unwrap());
    assert_eq!(way.kinds(600).await, []);
    other.commit().await.unwrap();
    assert_eq!(way.kinds(601).await, open(AlertKind::TransferOverdue));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_that_ends_ends_what_was_told_of_its_way() {
    for (status, reason) in
        [("cancelled", "the shipment was called off"), ("closed", "the shipment is closed")]
    {
        let way = Way::new().await;
        assert_eq!(way.kinds(600).await, open(AlertKind::TransferOverdue));
        let mut db = way.house.service.store.connect().await.unwrap();
        db.set_status(way.of.shipment.id, status.parse().unwrap()).await.unwrap();
        db.mark_watch(way.house.owner, way.of.shipment.id, at(700)).await.unwrap();
        let alerts = way.look(700).await;
        assert_eq!((alerts.len(), alerts[0].closed_reason.as_deref()), (1, Some(reason)));
        assert_eq!((alerts[0].episode.ended_at, way.due_at().as_str()), (Some(at(700)), "never"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_was_tampered_with_keeps_no_other_shipment_from_being_looked_at() {
    let way = Way::new().await;
    let database = &way.house.database;
    database.psql("alter table custody_records disable trigger custody_records_append_only").unwrap();
    database.psql("update custody_records set entry = replace(entry, 'S-1', 'S-9')").unwrap();
    let other = way.house.ship(2, 900).await;
    let mut db = way.house.service.store.connect().await.unwrap();
    let plan = db.plan(way.of.shipment.id).await.unwrap().unwrap().plan;
    let user = db.user_by_email("coordinator@example.org").await.unwrap().id;
    db.set_plan(way.house.owner, other.shipment.id, &plan, user, at(0)).await.unwrap();
    let mut book_db = way.house.service.store.begin().await.unwrap();
    let mut book = Book::open(&mut book_db, way.house.owner, other.shipment.id).await.unwrap();
    let organisation = Organisation { id: way.house.owner, name: "Depot".to_owned(), gln: None };
    let by = Actor {
        organisation,
        person: None,
        user: None,
        badge: None,
        written_on: None,
        strength: Strength::Account,
    };
    book.pack(&way.house.service, &mut book_db, by, (at(0), at(0))).await.unwrap();
    book_db.commit().await.unwrap();
    let alerts = way.look(600).await;
    let about: Vec<_> = alerts.iter().map(|alert| (alert.kind, alert.shipment)).collect();
    let tampered = (AlertKind::CustodyUnreadable, Some(way.of.shipment.id));
    assert_eq!(about, [tampered, (AlertKind::TransferOverdue, Some(other.shipment.id))]);
    assert_eq!(way.look(600 + 3_600).await.len(), 2, "tried again, and told once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_that_should_be_back_is_told_of_until_it_is() {
    let house = House::new().await;
    let of = house.ship(1, 900).await;
    let mut db = house.service.store.connect().await.unwrap();
    db.set_status(of.shipment.id, ShipmentStatus::InTransit).await.unwrap();
    db.unbind_tracker(of.shipment.id, of.tracker.id, at(100)).await.unwrap();
    let due = 100 + 14 * 86_400;
    let look = async |second| {
        house.set(second);
        for _ in 0..2 {
            look_for_trackers(&house.service).await.unwrap();
        }
        house.alerts(None).await
    };
    assert_eq!(look(due - 1).await.len(), 0);
    let alerts = look(due).await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.severity), (AlertKind::TrackerNotReturned, domain::watch::NOT_RETURNED));
    assert_eq!((alert.shipment, alert.dev_eui), (Some(of.shipment.id), Some(of.tracker.dev_eui)));
    assert_eq!((alert.episode.began_at, alert.closed_as.as_deref()), (at(due), None));
    let told = house.told("n.body");
    assert!(told.contains("tracker 1 was to be back by"), "{told}");
    // Late: somebody writes down that it has been back for a week.
    db.note_returned(of.tracker.id, at(due - 7 * 86_400)).await.unwrap();
    let alerts = look(due + 60).await;
    assert_eq!((alerts.len(), alerts[0].closed_as.as_deref()), (1, Some("closed")));
    assert_eq!(look(due + 86_400).await.len(), 1);
}
