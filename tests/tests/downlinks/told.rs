//! By people.

use chrono::Duration;
use e2e::bodies::Network;
use e2e::warm::now;
use e2e::{fleet, folder};
use reqwest::Method;
use serde_json::{Value, json};
use wire::{Command, Entry, Event, EventKind, Stamp, Step, Thresholds, What};

use crate::Loop;
use crate::stand_ins::ChirpStack;

#[tokio::test]
async fn people_tell_a_tracker_what_it_is_to_do() {
    let (folder, (chirpstack, url)) = (folder("downlinks"), ChirpStack::start().await);
    let house = Loop::start(&folder.path().join("d"), Network::ChirpStack, &url).await;
    let path = format!("/trackers/{}/commands", house.dev_eui);
    let tell = async |commands: Value| {
        let body = json!({ "commands": commands });
        let answer = house.api.send(Method::POST, &path, Some(&body)).await;
        (answer.status, answer.json())
    };
    let limits = json!({ "kind": "thresholds", "low_c": 2.0, "high_c": 8.0, "low_delay_min": 0, "high_delay_min": 20 });
    let (status, problem) = tell(json!([limits])).await;
    assert_eq!(
        (status, &problem["detail"]),
        (409, &json!("it was never heard by a network, so nobody can reach it"))
    );

    house.hear(0..=9).await;
    let heard = format!("/trackers/{}", house.dev_eui);
    e2e::until("it is heard", async || (!house.api.get(&heard).await["heard_at"].is_null()).then_some(()))
        .await;
    for wrong in [
        json!([]),
        json!([{ "kind": "intervals", "minutes": 7, "per_uplink": 1 }]),
        json!([{ "kind": "thresholds", "low_c": 8.0, "high_c": 2.0, "low_delay_min": 0, "high_delay_min": 0 }]),
        json!([{ "kind": "thresholds", "low_c": 2.0, "high_c": 8.0, "low_delay_min": 0, "high_delay_min": 241 }]),
        json!([{ "kind": "explode" }]),
    ] {
        assert_eq!(tell(wrong.clone()).await.0, 422, "{wrong}");
    }
    let pace = json!({ "kind": "intervals", "minutes": 5, "per_uplink": 3 });
    let (status, said) = tell(json!([limits, pace, { "kind": "restart" }])).await;
    assert_eq!((status, &said["state"]), (201, &json!("queued")));
    // Nothing was acknowledged yet, so that goes with it.
    let held = json!({ "kind": "acknowledge", "first": 0, "last": 9 });
    assert_eq!(said["commands"], json!([limits, pace, { "kind": "restart" }, held]));
    let (status, problem) = tell(json!([{ "kind": "restart" }])).await;
    assert_eq!(status, 409, "{problem}");

    house.latest("handed_over").await;
    let item = chirpstack.taken()[0].1.queue_item.clone().unwrap();
    let commands: Vec<Command> = wire::Downlink::decode(&item.data).unwrap().commands().take(3).collect();
    let limits = Thresholds { low: 200, high: 800, low_delay: 0, high_delay: 20 };
    let limits_sum = limits.sum();
    let pace = Command::Intervals { step: Step::Minutes5, per_uplink: 3 };
    assert_eq!(commands, [Command::Thresholds(limits), pace, Command::Restart]);

    // It obeys, and says so; later it turns out that other limits are in force.
    let number = u32::try_from(said["number"].as_u64().unwrap()).unwrap();
    for (second, thresholds, as_told) in [(0, limits_sum, true), (1, limits_sum ^ 1, false)] {
        let setup =
            wire::Setup { command: number, calibration: 0, step: Step::Minutes5, per_uplink: 3, thresholds };
        let now = now(&house.api).await + Duration::seconds(i64::from(second));
        let mut webhook = house.network.uplink(&house.dev_eui, 10 + second, now, &setup.encode().unwrap());
        webhook["fPort"] = json!(wire::SETUP_PORT);
        house.post("up", &webhook).await;
        e2e::until("the setup is heard", async || {
            let setup = house.api.get(&heard).await["setup"].clone();
            (setup["limits_as_told"] == as_told && setup["limits"].is_null() != as_told).then_some(())
        })
        .await;
    }
    house.latest("acknowledged").await;

    let unknown = format!("/trackers/{}/commands", fleet::dev_eui(2));
    let body = json!({ "commands": [{ "kind": "restart" }] });
    assert_eq!(house.api.send(Method::POST, &unknown, Some(&body)).await.status, 404);
}

#[tokio::test]
async fn a_tracker_says_how_it_is_and_what_is_in_force() {
    let folder = folder("status");
    let house = Loop::start(&folder.path().join("d"), Network::ChirpStack, "http://127.0.0.1:1").await;
    let path = format!("/trackers/{}", house.dev_eui);
    let unheard = house.api.get(&path).await;
    assert_eq!((&unheard["status"], &unheard["setup"]), (&json!(null), &json!(null)));

    let status = wire::Status {
        firmware: wire::Firmware { major: 1, minor: 2, patch: 3 },
        battery_pct: Some(9),
        reset_cause: wire::ResetCause::Watchdog,
        mode: wire::Mode::Measuring,
        faulty: true,
        next: 31,
        held: 30,
        clock_within_s: None,
    };
    let made_with = Thresholds { low: 200, high: 800, low_delay: 10, high_delay: 30 }.sum();
    let setup = wire::Setup {
        command: 0,
        calibration: 8_000,
        step: Step::Minutes5,
        per_uplink: 3,
        thresholds: made_with,
    };
    let restarted = What::Event(Event { kind: EventKind::Restarted, value: 2 });
    let restarted = Entry { sequence: 30, stamp: Stamp::SinceStart(0), what: restarted };
    let now = now(&house.api).await;
    for (number, port, payload) in [
        (1, wire::STATUS_PORT, status.encode().unwrap().to_vec()),
        (2, wire::SETUP_PORT, setup.encode().unwrap().to_vec()),
        (3, wire::LOG_PORT, fleet::log_frame(&[restarted])),
    ] {
        let mut webhook = house.network.uplink(&house.dev_eui, number, now, &payload);
        webhook["fPort"] = json!(port);
        house.post("up", &webhook).await;
    }
    let heard = e2e::until("all is heard", async || {
        let tracker = house.api.get(&path).await;
        (!tracker["status"]["restart_received_at"].is_null() && !tracker["setup"].is_null())
            .then_some(tracker)
    })
    .await;
    let at = fleet::text(now);
    assert_eq!(
        heard["status"],
        json!({
            "received_at": at, "firmware": "1.2.3", "battery_pct": 9, "mode": "measuring", "faulty": true,
            "restarted_by": "watchdog",             "restarted_at": null, "restart_received_at": at, "next": 31, "held": 30, "clock_within_s": null,
        })
    );
    let limits = json!({ "low_c": 2.0, "high_c": 8.0, "low_delay_min": 10, "high_delay_min": 30 });
    assert_eq!(
        heard["setup"],
        json!({
            "received_at": at, "downlink": 0, "calibration": 8_000, "minutes": 5, "per_uplink": 3, "limits": limits,
            "limits_as_told": null,
        })
    );
    assert_eq!(house.api.list("/trackers").await[0]["status"], heard["status"], "in the list, too");
}
