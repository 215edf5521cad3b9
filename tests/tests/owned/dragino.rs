//! A Dragino LHT65N, read by its codec.

use chrono::Duration;
use e2e::warm::now;
use e2e::{fleet, folder, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::House;

/// 3.062 V, and of 0.01 °C and 0.1 % so many; no probe is to be there.
fn values(hundredths: u16, tenths: u16) -> (u8, Vec<u8>) {
    let mut payload = vec![0xcb, 0xf6];
    payload.extend(hundredths.to_be_bytes());
    payload.extend(tenths.to_be_bytes());
    payload.extend([0, 0x7f, 0xff, 0x7f, 0xff]);
    (2, payload)
}

/// Its battery alone, 2.9 V.
const DEVICE_STATUS: (u8, &[u8]) = (5, &[0x0b, 0x01, 0x56, 0x01, 0xff, 0x0b, 0x54]);

#[tokio::test]
async fn a_dragino_is_read_by_its_codec_from_the_webhook_to_the_alert() {
    let folder = folder("owned");
    let house = House::start(&folder.path().join("d")).await;
    let now = now(&house.api).await;
    let at = |minutes_ago: i64| now - Duration::minutes(minutes_ago);
    let send = async |f_cnt, minutes_ago, hundredths| {
        let (port, payload) = values(hundredths, 513);
        house.hear(f_cnt, at(minutes_ago), (port, &payload), &json!({})).await;
    };
    send(1, 60, 905).await;
    house.problems([Some("the tracker is not registered")]).await;
    let shipment = house.ship(&json!({ "codec": "dragino-lht65n", "interval_s": 1200 })).await;
    // In whatever order they come, and one of them twice: a gateway was late.
    for (f_cnt, minutes_ago) in [(4, 15), (2, 45), (3, 30), (2, 45)] {
        send(f_cnt, minutes_ago, 905).await;
    }
    let text = |minutes_ago| fleet::text(at(minutes_ago))[..19].to_owned() + "Z";
    let expected = [60, 45, 30, 15].map(|minutes_ago| (text(minutes_ago), 9.05));
    assert_eq!(house.readings(&shipment, 4).await, expected);
    assert_eq!(house.alert(&shipment, "temperature_high").await["extreme_c"], 9.05);

    let path = format!("/trackers/{}", house.dev_eui);
    let tracker = house.api.get(&path).await;
    assert_eq!(
        (&tracker["sensed"]["battery_v"], &tracker["sensed"]["sensor_failed"]),
        (&json!(3.062), &json!(false))
    );
    assert_eq!((&tracker["status"], &tracker["setup"]), (&Value::Null, &Value::Null));

    // Of a message that tells its battery alone nobody knows how its thermometer is.
    house.hear(7, at(55), DEVICE_STATUS, &json!({})).await;
    // 327.67 °C is what it writes where its thermometer does not measure: no reading, and something to look after.
    send(5, 10, 0x7fff).await;
    house.hear(8, at(8), DEVICE_STATUS, &json!({})).await;
    until("its thermometer does not measure", async || {
        let sensed = house.api.get(&path).await["sensed"].take();
        (sensed["battery_v"] == 2.9).then(|| assert_eq!(sensed["sensor_failed"], true))
    })
    .await;
    send(6, 5, 905).await;
    let sensings = until("both changes are there", async || {
        let sensings = house.api.list(&format!("{path}/sensings")).await;
        (sensings.len() == 2).then_some(sensings)
    })
    .await;
    let told = [("sensor_back", text(5)), ("sensor_failed", text(10))];
    for (sensing, (what, at)) in sensings.iter().zip(told) {
        assert_eq!((&sensing["what"], &sensing["at"]), (&json!(what), &json!(at)), "{sensing}");
    }
    assert_eq!(house.readings(&shipment, 5).await.len(), 5);

    // What is about the numbers of a log is not about this tracker.
    assert_eq!(house.api.list(&format!("{path}/log")).await, [Value::Null; 0]);
    let restart = json!({ "commands": [{ "kind": "restart" }] });
    let refused = house.api.send(Method::POST, &format!("{path}/commands"), Some(&restart)).await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    let alerts = house.api.list(&format!("/shipments/{shipment}/alerts?state=open")).await;
    let kinds: Vec<_> = alerts.iter().map(|alert| alert["kind"].as_str().unwrap()).collect();
    assert!(!kinds.contains(&"readings_missing") && !kinds.contains(&"silence"), "{kinds:?}");
}
