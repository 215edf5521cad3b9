//! By The Things Stack.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::bodies::Network;
use e2e::warm::now;
use e2e::{fleet, folder};
use serde_json::json;
use wire::{Command, Range};

use crate::Loop;
use crate::stand_ins::TheThingsStack;

#[tokio::test]
async fn what_is_missing_is_asked_for_by_the_things_stack_and_its_events_are_taken_in() {
    let (folder, (stack, url)) = (folder("downlinks"), TheThingsStack::start().await);
    let house = Loop::start(&folder.path().join("d"), Network::TheThingsStack, &url).await;
    house.hear(0..=99).await;
    house.hear(105..=150).await;
    house.latest("handed_over").await;

    let taken = stack.taken();
    let [(path, authorization, body)] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(path, "/api/v3/as/applications/a/webhooks/isotherm/devices/box/down/push");
    assert_eq!(authorization, "Bearer the key");
    let downlink = &body["downlinks"][0];
    assert_eq!((&downlink["f_port"], &downlink["confirmed"]), (&json!(20), &json!(true)));
    let payload = STANDARD.decode(downlink["frm_payload"].as_str().unwrap()).unwrap();
    let commands: Vec<Command> = wire::Downlink::decode(&payload).unwrap().commands().collect();
    let held = Command::Acknowledge(Range { first: 0, last: 99 });
    assert_eq!(commands, [held, Command::Resend(Range { first: 100, last: 104 })]);

    let name = downlink["correlation_ids"][0].as_str().unwrap();
    let told = json!({ "f_port": 20, "correlation_ids": [name, "as:downlink:01"] });
    house.post("ack", &event(&house, "downlink_ack", told).await).await;
    house.latest("acknowledged").await;

    // The tracker does not have them any more; so they are no gap, and not asked for again.
    house.lose(151, 100..=104).await;
    house.hear(152..=340).await;
    let downlink = house.latest("handed_over").await;
    assert_eq!(downlink["commands"], json!([{ "kind": "acknowledge", "first": 0, "last": 340 }]));
    let log = house.api.list(&format!("/trackers/{}/log", house.dev_eui)).await;
    assert_eq!((log.len(), &log[0]["number"]), (1, &json!(151)));
    assert_eq!(log[0]["noted"], json!({ "what": "lost", "first": 100, "last": 104 }));

    let name = stack.taken()[1].2["downlinks"][0]["correlation_ids"][0].clone();
    let failed =
        json!({ "downlink": { "correlation_ids": [name] }, "error": { "message_format": "too long" } });
    house.post("failed", &event(&house, "downlink_failed", failed).await).await;
    assert_eq!(house.latest("failed").await["reason"], "too long");
}

async fn event(house: &Loop, kind: &str, told: serde_json::Value) -> serde_json::Value {
    json!({
        "end_device_ids": { "device_id": "box", "application_ids": { "application_id": "a" }, "dev_eui": house.dev_eui },
        "received_at": fleet::text(now(&house.api).await),
        kind: told,
    })
}
