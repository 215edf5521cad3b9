//! One tracker, two shipments, one after the other: each keeps what was measured while the tracker rode with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::fleet::{dev_eui, measured_at, post, profile, ship, text, webhook};
use e2e::{Api, Installation, Part, until};
use reqwest::Method;
use serde_json::{Value, json};

const FINE: i16 = 500;
const WARM: i16 = 1200;

/// The tracker leaves the first shipment between readings 4 and 5.
const LEAVES: u32 = 5;

async fn kinds(api: &Api, shipment: &str) -> Vec<String> {
    let alerts = api.list(&format!("/shipments/{shipment}/alerts?state=open")).await;
    alerts.iter().map(|alert| alert["kind"].as_str().unwrap().to_owned()).collect()
}

async fn readings(api: &Api, shipment: &str) -> usize {
    api.list(&format!("/shipments/{shipment}/readings")).await.len()
}

fn last_reading(shipment: &Value) -> (Value, Value) {
    (shipment["last_reading"]["measured_at"].clone(), shipment["last_reading"]["temperature_c"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_shipment_keeps_what_the_tracker_measured_on_its_ride() {
    let folder = e2e::folder("rides");
    let database = testkit::postgres::database(None).unwrap();
    let installation =
        Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
    let program = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let api = program.log_in("admin").await;
    let profile = api.post("/profiles", &profile()).await;
    let first = ship(&api, 1, &profile["id"]).await;
    let client = reqwest::Client::new();
    let send = async |reading: u32, temperature: i16| {
        let event = webhook(1, reading, temperature);
        until("the webhook is taken", async || {
            (post(&client, &program.url, "depot?event=up", &token, &event).await == Some(204)).then_some(())
        })
        .await;
    };
    for reading in 0..LEAVES {
        send(reading, FINE).await;
    }
    let all_of_first = LEAVES as usize;
    until("the first shipment has its readings", async || {
        (readings(&api, &first).await == all_of_first).then_some(())
    })
    .await;

    let (eui, leaves) = (dev_eui(1), text(measured_at(LEAVES)));
    let unbind = format!("/shipments/{first}/trackers/{eui}/unbind");
    let ended = api.post(&unbind, &json!({ "until": leaves })).await;
    assert_eq!(ended["trackers"][0]["until"], leaves);
    let again = api.send(Method::POST, &unbind, Some(&json!({ "until": leaves }))).await;
    assert_eq!(again.status, 409, "{again:?}");

    let second = api.post("/shipments", &json!({ "reference": "S-next", "profile": profile["id"] })).await;
    let second = second["id"].as_str().unwrap().to_owned();
    let far = (text(chrono::DateTime::<chrono::Utc>::MAX_UTC), "-262000-01-01T00:00:00Z".to_owned());
    for wrong in [far.0, far.1, text(measured_at(100_000))] {
        let bind = json!({ "dev_eui": eui, "from": wrong });
        let refused = api.send(Method::POST, &format!("/shipments/{second}/trackers"), Some(&bind)).await;
        assert!([400, 422].contains(&refused.status), "{wrong}: {refused:?}");
    }
    let two_lines = json!({ "reference": "S\nnext", "profile": profile["id"] });
    assert_eq!(api.send(Method::POST, "/shipments", Some(&two_lines)).await.status, 422);
    let bind = json!({ "dev_eui": eui, "from": leaves });
    api.post(&format!("/shipments/{second}/trackers"), &bind).await;
    // The next ride goes wrong, which is nothing to the first shipment.
    send(LEAVES, WARM).await;
    send(LEAVES + 2, WARM).await;
    until("the second shipment has its readings", async || {
        (readings(&api, &second).await == 2).then_some(())
    })
    .await;
    assert!(kinds(&api, &second).await.contains(&"temperature_high".to_owned()));
    assert_eq!(readings(&api, &first).await, all_of_first);
    // Its ride ended weeks ago, so that the tracker should have been back before it rode again.
    let mut of_first = kinds(&api, &first).await;
    of_first.retain(|kind| kind != "tracker_not_returned");
    assert_eq!(of_first, [""; 0]);
    let shown = api.get(&format!("/shipments/{first}")).await;
    assert_eq!(last_reading(&shown), (json!(text(measured_at(LEAVES - 1))), json!(5.0)));
    // Of the minutes before its first reading nothing is known.
    assert_eq!(shown["hold_reason"], "incomplete");
    let shown = api.get(&format!("/shipments/{second}")).await;
    assert_eq!(last_reading(&shown), (json!(text(measured_at(LEAVES + 2))), json!(12.0)));
    assert_eq!(shown["hold_reason"], "excursion");
}
