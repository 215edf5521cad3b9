//! What is read anew when a tracker is registered or changed, on a real database and page by page.

use domain::alert::AlertKind;
use domain::mapping::Mapping;
use domain::silence::numbers::Followed;
use networks::payload::Codec;
use serde_json::json;
use store::Uplink;

use super::*;
use crate::arrived::Arrived;
use crate::consume::consume_batch;
use crate::house::{Box, House, at};
use crate::missing::find_overdue;

fn mapping(temperature: &str, humidity: &str) -> Mapping {
    let mapped = json!({ "temperature": { "pointer": temperature, "unit": "celsius" },
        "humidity": { "pointer": humidity, "unit": "percent" } });
    serde_json::from_value(mapped).unwrap()
}

impl House {
    async fn change(&self, of: &Box, codec: Codec, mapping: Option<&Mapping>) -> Vec<OwnedChange> {
        let mut db = self.service.store.begin().await.unwrap();
        db.lock_intake().await.unwrap();
        let before = db.tracker(self.owner, of.tracker.dev_eui).await.unwrap();
        let settings = TrackerSettings { name: "17", codec: codec.name(), interval_s: 900, mapping };
        let changes = change_settings(&mut db, &before, &settings, self.now()).await.unwrap();
        db.commit().await.unwrap();
        changes
    }

    /// Until nothing waits any more.
    async fn reread(&self) {
        while read_pages(&self.service).await.unwrap() {}
        assert_eq!(self.service.store.connect().await.unwrap().rereadings().await.unwrap(), []);
    }

    /// Second, temperature and humidity of each, in order.
    fn readings(&self) -> String {
        let sql = format!(
            "select string_agg((extract(epoch from measured_at) - {})::int || ':' || temperature || ':'
                 || coalesce(humidity::text, '-'), ' ' order by measured_at, temperature) from readings",
            at(0).timestamp()
        );
        self.database.psql(&sql).unwrap()
    }

    async fn problems(&self, of: &Box) -> Vec<Option<String>> {
        let mut db = self.service.store.connect().await.unwrap();
        let uplinks = db.uplinks(self.owner, of.tracker.dev_eui, None, 100).await.unwrap();
        uplinks.into_iter().map(|(_, uplink)| uplink.problem).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_gave_a_reading_stays_as_it_was_read_and_what_gave_none_is_read_anew() {
    let house = House::new().await;
    let of = house.ship(1, 900).await;
    house.change(&of, Codec::Mapped, Some(&mapping("/t", "/nothing"))).await;
    let hear = async |second, decoded: &str| {
        let uplink = Uplink {
            decoded: Some(decoded.to_owned()),
            received_at: at(second),
            ..house.uplink(&of, 2, vec![1])
        };
        house.take_in(uplink).await
    };
    let partly = hear(0, r#"{"t":5,"T":7,"h":50}"#).await;
    let problem = "humidity: the pointer /nothing points to nothing in the decoded object";
    assert_eq!(partly.as_deref(), Some(problem));
    assert!(hear(900, r#"{"T":6,"h":51}"#).await.is_some());
    assert_eq!(house.readings(), "0:500:-");

    for temperature in ["/T", "/t", "/T"] {
        house.change(&of, Codec::Mapped, Some(&mapping(temperature, "/h"))).await;
        house.reread().await;
        assert_eq!(house.readings(), "0:500:- 900:600:5100", "{temperature}: one value at each instant");
        assert_eq!(house.problems(&of).await, [None, partly.clone()]);
    }
}

/// As The Things Stack tells one uplink twice, as it came and normalized.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uplink_that_gave_a_reading_in_one_form_gives_none_in_another() {
    let house = House::new().await;
    let of = house.ship(1, 900).await;
    house.change(&of, Codec::Mapped, Some(&mapping("/t", "/h"))).await;
    let hear = async |payload: Option<Vec<u8>>, decoded: &str| {
        let decoded = Some(decoded.to_owned());
        let uplink = Uplink { payload, decoded, received_at: at(0), ..house.uplink(&of, 2, Vec::new()) };
        house.take_in(uplink).await
    };
    assert_eq!(hear(Some(vec![1]), r#"{"t":5,"h":50}"#).await, None);
    assert!(hear(None, r#"{"n":5.3,"h":50}"#).await.is_some());
    house.change(&of, Codec::Mapped, Some(&mapping("/n", "/h"))).await;
    house.reread().await;
    assert_eq!(house.readings(), "0:500:5000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_beside_gives_way_to_what_the_new_reading_tells() {
    let house = House::new().await;
    let of = house.ship_with(1, 900, "dragino-lht65n-probe").await;
    // Nothing is in the socket, and the case has 28.29 °C.
    assert!(house.hear_problem(&of, 2, "cbf60b0d037600ffffffff", 0).await.is_some());
    let sensed = async || {
        let mut db = house.service.store.connect().await.unwrap();
        let failed =
            db.pooled_tracker(house.owner, of.tracker.dev_eui).await.unwrap().sensed.unwrap().sensor_failed;
        (failed, db.sensings(house.owner, of.tracker.id, None, 10).await.unwrap().len())
    };
    assert_eq!(sensed().await, (Some(true), 1));
    house.change(&of, Codec::DraginoLht65n, None).await;
    house.reread().await;
    assert_eq!(house.readings(), "0:2829:8860");
    assert_eq!(sensed().await, (Some(false), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_page_by_page_beside_batches_and_anew_where_it_is_changed_again() {
    let house = House::new().await;
    let of = house.ship_with(1, 900, "milesight-em300-th").await;
    let uplinks = (0..1_100_i64).map(|number| Uplink {
        f_cnt: number,
        received_at: at(number * 60),
        // 0.1 °C, by Elsys' format.
        ..house.uplink(&of, 5, vec![1, 0, 1])
    });
    house.set(1_100 * 60);
    let mut arrived = Arrived { uplinks: uplinks.collect(), ..Arrived::default() };
    consume_batch(&house.service, &mut arrived).await.unwrap();
    house.change(&of, Codec::ElsysErs, None).await;
    let mut live = house.service.live.subscribe();
    // A batch that takes its time.
    let mut batch = house.service.store.begin().await.unwrap();
    batch.share_intake().await.unwrap();
    let count = || house.database.psql("select count(*) from readings").unwrap();
    let first = house.service.store.connect().await.unwrap().rereadings().await.unwrap().remove(0);
    assert!(read_pages(&house.service).await.unwrap());
    assert_eq!(count(), PAGE.to_string());
    let told: Vec<Change> = std::iter::from_fn(|| live.try_recv().ok()).map(|(_, change)| change).collect();
    for change in [Change::Tracker { dev_eui: of.tracker.dev_eui }, Change::Shipment { id: of.shipment.id }] {
        assert!(told.contains(&change), "{change:?}: {told:?}");
    }
    assert!(read_page(&house.service, &first).await.unwrap(), "somebody else was quicker");
    assert_eq!(count(), PAGE.to_string());
    drop(batch);

    // Of what is left nothing can be read by this one, and the first page stays as it was read.
    house.change(&of, Codec::SensativeStrips, None).await;
    house.reread().await;
    assert_eq!(count(), PAGE.to_string());
    house.change(&of, Codec::ElsysErs, None).await;
    house.reread().await;
    assert_eq!(count(), "1100");
    assert!(house.problems(&of).await.iter().all(Option::is_none));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_our_own_codec_has_no_numbers_any_more() {
    let house = House::new().await;
    let of = house.ship(1, 900).await;
    house.hear(&of, 0..=0, &[]).await;
    house.set(3_600);
    house.hear(&of, 4..=4, &[]).await;
    let mut db = house.service.store.connect().await.unwrap();
    db.note_spoken_trackers(&[], at(0)).await.unwrap();
    assert_eq!(db.take_downlink_number(of.tracker.id).await.unwrap(), Some(1));
    house.database.psql("update spoken_trackers set acknowledged = 3, oldest = 2").unwrap();
    house.set(3_600 + 2 * 2_250);
    find_overdue(&house.service).await.unwrap();
    assert_eq!(house.kinds().await, [AlertKind::ReadingsMissing]);

    let changes = house.change(&of, Codec::ElsysErs, None).await;
    let alert = &house.alerts(None).await[0];
    let reason = "the tracker is read as another one now, which has no such numbers";
    assert_eq!(
        (alert.closed_as.as_deref(), alert.closed_reason.as_deref()),
        (Some("withdrawn"), Some(reason))
    );
    let told = (house.owner, Change::Alert { id: alert.id, shipment: Some(of.shipment.id) });
    assert!(changes.contains(&told), "{changes:?}");
    assert_eq!(house.audited(alert), "alert.raised alert.withdrawn");
    assert_eq!(db.holes_of(&[of.tracker.id]).await.unwrap(), []);
    let followed = db.followed(&[of.tracker.id]).await.unwrap()[0];
    assert_eq!((followed.followed, followed.holes), (None, 0));

    // Another one of ours: its log has numbers of its own, and its downlinks higher ones than any before.
    house.change(&of, Codec::Isotherm, None).await;
    house.measure(&of, 200, house.now(), 525).await;
    let followed = db.followed(&[of.tracker.id]).await.unwrap()[0].followed;
    let Some(Followed { from: 200, to: 200, .. }) = followed else { panic!("{followed:?}") };
    assert_eq!(db.holes_of(&[of.tracker.id]).await.unwrap(), []);
    let mut db = db.begin().await.unwrap();
    let spoken = db.lock_spoken(of.tracker.id, house.now()).await.unwrap();
    assert_eq!((spoken.acknowledged, spoken.oldest), (None, None));
    assert_eq!(db.take_downlink_number(of.tracker.id).await.unwrap(), Some(2));
}
