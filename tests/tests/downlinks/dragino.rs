//! A tracker of others whose log is asked for by time.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use e2e::bodies::Network;
use e2e::warm::{bind, now};
use e2e::{fleet, folder, until};
use serde_json::{Value, json};

use crate::Loop;
use crate::stand_ins::ChirpStack;

const INTERVAL_S: i64 = 2;

/// A Dragino LHT65N with a probe of 6.21 °C, the log of which holds a reading every other second.
struct Logger<'a> {
    house: &'a Loop,
    dev_eui: String,
}

impl Logger<'_> {
    async fn send(&self, number: u32, at: DateTime<Utc>, payload: &str) {
        let payload = hex::decode(payload).unwrap();
        let mut webhook = self.house.network.uplink(&self.dev_eui, number, at, &payload);
        webhook["fPort"] = json!(2);
        self.house.post("up", &webhook).await;
    }

    async fn latest(&self, state: &str) -> Value {
        let path = format!("/trackers/{}/downlinks", self.dev_eui);
        until(&format!("the downlink is {state}"), async || {
            let latest = self.house.api.list(&path).await.first().cloned()?;
            (latest["state"] == state).then_some(latest)
        })
        .await
    }
}

#[tokio::test]
async fn what_a_dragino_measured_out_of_reach_is_asked_for_and_comes() {
    let (folder, (chirpstack, url)) = (folder("dragino"), ChirpStack::start().await);
    let house = Loop::start(&folder.path().join("d"), Network::ChirpStack, &url).await;
    let tracker = Logger { house: &house, dev_eui: fleet::dev_eui(7) };
    let registered = json!({
        "dev_eui": tracker.dev_eui, "name": "fridge", "codec": "dragino-lht65n-probe", "interval_s": INTERVAL_S,
    });
    house.api.post("/trackers", &registered).await;
    let profile = house.api.post("/profiles", &fleet::profile()).await["id"].clone();
    let shipment = house.api.post("/shipments", &json!({ "reference": "LOG-1", "profile": profile })).await;
    let shipment = shipment["id"].as_str().unwrap();
    // Out of reach since the ride began, and heard again five intervals ago.
    let back = now(&house.api).await.trunc_subsecs(0) - Duration::seconds(5 * INTERVAL_S);
    let left = back - Duration::seconds(40 * INTERVAL_S);
    bind(&house.api, shipment, &tracker.dev_eui, left).await;
    tracker.send(41, back, "cbf60b0d037601026d7fff").await;
    let said = tracker.latest("handed_over").await;
    let (from, to) = (left + Duration::seconds(1), back - Duration::seconds(1));
    assert_eq!(
        said["commands"],
        json!([{ "kind": "read_log", "from": fleet::text(from), "to": fleet::text(to) }])
    );
    let item = chirpstack.taken()[0].1.queue_item.clone().unwrap();
    assert_eq!((item.dev_eui, item.confirmed, item.f_port), (tracker.dev_eui.clone(), true, 2));
    assert_eq!(hex::encode(item.data), format!("31{:08x}{:08x}ff", from.timestamp(), to.timestamp()));

    let answer = json!({
        "deduplicationId": "b2c4", "time": fleet::text(back), "deviceInfo": { "applicationId": "a", "devEui": tracker.dev_eui },
        "queueItemId": ChirpStack::id(0), "acknowledged": true, "fCntDown": 4,
    });
    house.post("ack", &answer).await;
    tracker.latest("acknowledged").await;
    let entry = |number: i64| {
        let at = left + Duration::seconds(number * INTERVAL_S);
        format!("026d0b0d037641{:08x}", at.timestamp())
    };
    let logged: String = (1..40).map(entry).collect();
    for (number, part) in (42..).zip(logged.as_bytes().chunks(22 * 22)) {
        tracker.send(number, now(&house.api).await, str::from_utf8(part).unwrap()).await;
    }
    let path = format!("/shipments/{shipment}/readings");
    until("the log has come", async || (house.api.list(&path).await.len() == 40).then_some(())).await;
}
