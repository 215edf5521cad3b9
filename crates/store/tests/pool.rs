//! Trackers that are overdue, of all organisations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, TimeDelta, Utc};
use domain::DevEui;
use store::{Store, TrackerSettings};
use testkit::postgres::database;

fn at(days: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::days(days)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overdue_is_who_is_out_for_too_long_and_neither_back_nor_lost() {
    let database = database(None).unwrap();
    store::migrate(&database.url()).await.unwrap();
    let store = Store::open(&database.url(), 4).unwrap();
    let mut db = store.connect().await.unwrap();
    let owner = db.ensure_organisation("Depot", at(0)).await.unwrap();
    for (number, name) in
        (1..).zip(["overdue", "in time", "back", "lost", "riding", "called off", "never out"])
    {
        let settings = TrackerSettings { name, codec: "isotherm", interval_s: 900, mapping: None };
        db.add_tracker(owner, DevEui(number), &settings, at(0)).await.unwrap();
    }
    // Each tracker's ride is over on day 1, with a shipment of its own.
    database
        .psql(
            "insert into profiles select gen_random_uuid(), id, 'p', 1, '{}', now() from organisations;
             insert into shipments (id, organisation_id, reference, profile_id, status, created_at, days_to_return)
             select gen_random_uuid(), t.organisation_id, t.name, p.id,
                 case t.name when 'called off' then 'cancelled' else 'in_transit' end, now(),
                 case t.name when 'in time' then 11 else 10 end
             from trackers t, profiles p where t.name <> 'never out' and p.name = 'p';
             insert into assignments (id, organisation_id, shipment_id, tracker_id, from_at, until_at, created_at)
             select gen_random_uuid(), t.organisation_id, s.id, t.id, to_timestamp(1790000000),
                 case t.name when 'riding' then null else to_timestamp(1790000000 + 86400) end, now()
             from trackers t join shipments s on s.reference = t.name;",
        )
        .unwrap();
    let id = async |number| store.connect().await.unwrap().tracker(owner, DevEui(number)).await.unwrap().id;
    db.note_returned(id(3).await, at(1)).await.unwrap();
    db.note_lost(id(4).await, at(2)).await.unwrap();
    let mut overdue = async |now| -> Vec<String> {
        db.overdue_trackers(now).await.unwrap().into_iter().map(|pooled| pooled.tracker.name).collect()
    };
    assert_eq!(overdue(at(11) - TimeDelta::seconds(1)).await, [""; 0]);
    assert_eq!(overdue(at(11)).await, ["overdue"]);
    assert_eq!(overdue(at(12)).await, ["overdue", "in time"]);
}
