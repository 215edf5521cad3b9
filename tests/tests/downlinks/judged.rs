//! What tracker and service make of the same temperatures.

use chrono::Duration;
use e2e::bodies::Network;
use e2e::warm::{Target, integrations, now, ship};
use e2e::{Installation, Part, fleet, folder, until};
use reqwest::Client;
use serde_json::{Value, json};
use wire::{Entry, Event, EventKind, Stamp, What};

#[tokio::test]
async fn an_alarm_of_the_tracker_that_the_service_does_not_share_is_shown() {
    let folder = folder("judged");
    let installation = Installation::embedded(&folder.path().join("d"));
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    integrations(&program.url, 1).await;
    let dev_eui = fleet::dev_eui(1);
    ship(&api, "S-1", &dev_eui).await;
    let (url, integration) = (program.url.clone(), "depot".to_owned());
    Target { url, integration, token: token.clone() }.send_warm(&api, &dev_eui).await;
    until("it is too warm", async || (!api.list("/alerts").await.is_empty()).then_some(())).await;

    // While it was too warm; and before it rode.
    let now = now(&api).await;
    for (sequence, kind, minutes_ago) in [
        (4, EventKind::AlarmHigh, 20),
        (5, EventKind::AlarmLow, 20),
        (6, EventKind::Shock, 20),
        (7, EventKind::AlarmHigh, 180),
    ] {
        let stamp = Stamp::Utc(fleet::minutes(now - Duration::minutes(minutes_ago)));
        let what = What::Event(Event { kind, value: 7 });
        let frame = fleet::log_frame(&[Entry { sequence, stamp, what }]);
        let webhook = Network::ChirpStack.uplink(&dev_eui, sequence, now, &frame);
        let status = fleet::post(&Client::new(), &program.url, "depot?event=up", &token, &webhook).await;
        assert_eq!(status, Some(204));
    }
    let path = format!("/trackers/{dev_eui}/log");
    let log = until("all are kept", async || Some(api.list(&path).await).filter(|log| log.len() == 4)).await;
    let agrees: Vec<Value> = log.iter().map(|entry| entry["agrees"].clone()).collect();
    assert_eq!(agrees, [json!(null), json!(null), json!(false), json!(true)], "the latest first");
}
