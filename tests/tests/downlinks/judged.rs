//! What tracker and service make of the same temperatures.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::Network;
use e2e::warm::{Target, integrations, now, ship};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use reqwest::Client;
use serde_json::{Value, json};
use wire::{Entry, Event, EventKind, Setup, Stamp, Status, Step, Thresholds, What};

/// A box that becomes too warm: the program, its API, where its uplinks go, its tracker and its shipment.
async fn warm_box(folder: &Path) -> (Program, Api, Target, String, String) {
    let installation = Installation::embedded(&folder.join("d"));
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    integrations(&program.url, 1).await;
    let dev_eui = fleet::dev_eui(1);
    let shipment = ship(&api, "S-1", &dev_eui).await;
    let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };
    target.send_warm(&api, &dev_eui).await;
    (program, api, target, dev_eui, shipment)
}

/// Two readings within the range.
async fn cool(target: &Target, dev_eui: &str, now: DateTime<Utc>) {
    for (sequence, minutes_ago) in [(4, 10), (5, 5)] {
        target.send(dev_eui, sequence, now - Duration::minutes(minutes_ago), 525).await;
    }
}

async fn post(target: &Target, dev_eui: &str, f_cnt: u32, now: DateTime<Utc>, port: u8, payload: &[u8]) {
    let mut webhook = Network::ChirpStack.uplink(dev_eui, f_cnt, now, payload);
    webhook["fPort"] = json!(port);
    let status = fleet::post(&Client::new(), &target.url, "depot?event=up", &target.token, &webhook).await;
    assert_eq!(status, Some(204));
}

/// What is set in a tracker as it is made.
fn made_with() -> Setup {
    let thresholds = Thresholds { low: 200, high: 800, low_delay: 10, high_delay: 30 }.sum();
    Setup { command: 0, calibration: 0, step: Step::Minutes15, per_uplink: 1, thresholds }
}

#[tokio::test]
async fn an_alarm_of_the_tracker_that_the_service_does_not_share_is_shown() {
    let folder = folder("judged");
    let (_program, api, target, dev_eui, _) = warm_box(folder.path()).await;
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
        post(&target, &dev_eui, sequence, now, wire::LOG_PORT, &frame).await;
    }
    let path = format!("/trackers/{dev_eui}/log");
    let log = until("all are kept", async || Some(api.list(&path).await).filter(|log| log.len() == 4)).await;
    let agrees: Vec<Value> = log.iter().map(|entry| entry["agrees"].clone()).collect();
    assert_eq!(agrees, [json!(null), json!(null), json!(false), json!(true)], "the latest first");
}

#[tokio::test]
async fn a_temperature_alert_says_what_the_tracker_made_of_it() {
    let folder = folder("own-alarm");
    let (_program, api, target, dev_eui, shipment) = warm_box(folder.path()).await;
    let path = format!("/shipments/{shipment}/alerts");
    let made_of_it = async |what: &str, expected: [Value; 2]| {
        until(what, async || {
            let alerts = api.list(&path).await;
            let alert = alerts.iter().find(|alert| alert["kind"] == "temperature_high")?;
            ([&alert["own_alarm"], &alert["own_limits"]] == expected.each_ref()).then_some(())
        })
        .await;
    };
    made_of_it("while it lasts nothing is said", [json!(null), json!(null)]).await;
    let now = now(&api).await;
    cool(&target, &dev_eui, now).await;
    made_of_it("its limits are not known", [json!("not_raised"), json!(null)]).await;

    post(&target, &dev_eui, 6, now, wire::SETUP_PORT, &made_with().encode().unwrap()).await;
    let limits = json!({ "low_c": 2.0, "high_c": 8.0, "low_delay_min": 10, "high_delay_min": 30 });
    made_of_it("its limits do not explain it", [json!("not_raised"), limits.clone()]).await;

    let stamp = Stamp::Utc(fleet::minutes(now - Duration::minutes(30)));
    let what = What::Event(Event { kind: EventKind::AlarmHigh, value: 10 });
    let frame = fleet::log_frame(&[Entry { sequence: 6, stamp, what }]);
    post(&target, &dev_eui, 7, now, wire::LOG_PORT, &frame).await;
    target.send(&dev_eui, 7, now, 525).await;
    made_of_it("it raised one", [json!("raised"), limits]).await;
}

#[tokio::test]
async fn the_page_says_what_the_tracker_judged_and_what_is_wrong_with_it() {
    let folder = folder("judged-page");
    let (program, api, target, dev_eui, shipment) = warm_box(folder.path()).await;
    let now = now(&api).await;
    cool(&target, &dev_eui, now).await;
    let status = Status {
        firmware: wire::Firmware { major: 1, minor: 2, patch: 3 },
        battery_pct: Some(9),
        reset_cause: wire::ResetCause::Watchdog,
        mode: wire::Mode::Measuring,
        faulty: true,
        next: 8,
        held: 6,
        clock_within_s: None,
    };
    let noted = |sequence, minutes_ago, what| {
        let stamp = Stamp::Utc(fleet::minutes(now - Duration::minutes(minutes_ago)));
        fleet::log_frame(&[Entry { sequence, stamp, what }])
    };
    let cold = What::Event(Event { kind: EventKind::AlarmLow, value: 7 });
    for (f_cnt, port, payload) in [
        (6, wire::SETUP_PORT, made_with().encode().unwrap().to_vec()),
        (7, wire::STATUS_PORT, status.encode().unwrap().to_vec()),
        (8, wire::LOG_PORT, noted(6, 3, cold)),
        (9, wire::LOG_PORT, noted(7, 2, What::Lost { first: 0, count: 2 })),
    ] {
        post(&target, &dev_eui, f_cnt, now, port, &payload).await;
    }
    until("all is kept", async || {
        let alerts = api.list(&format!("/shipments/{shipment}/alerts")).await;
        let log = api.list(&format!("/trackers/{dev_eui}/log")).await;
        (log.len() == 2 && alerts.iter().any(|alert| alert["own_alarm"] == "not_raised")).then_some(())
    })
    .await;

    let (email, password) = e2e::login_of("admin");
    let refused = "No network server is configured for the integration depot";
    let about = [("REFERENCE", "S-1"), ("TRACKER", "box"), ("REFUSED", refused)];
    e2e::walk_in_a_browser("judged", &program.url, (&email, &password), &about);
}
