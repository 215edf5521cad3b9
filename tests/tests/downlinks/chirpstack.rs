//! By ChirpStack.

use chrono::DateTime;
use e2e::bodies::Network;
use e2e::warm::now;
use e2e::{fleet, folder};
use serde_json::json;
use wire::{Command, Range};

use crate::Loop;
use crate::stand_ins::ChirpStack;

#[tokio::test]
async fn what_is_missing_is_asked_for_by_chirpstack_and_what_is_held_is_acknowledged_with_it() {
    let (folder, (chirpstack, url)) = (folder("downlinks"), ChirpStack::start().await);
    let house = Loop::start(&folder.path().join("d"), Network::ChirpStack, &url).await;
    // Too few for an acknowledgement of their own.
    house.hear(0..=99).await;
    house.hear(105..=150).await;
    let downlink = house.latest("handed_over").await;
    assert_eq!(downlink["number"], 1);
    let said = json!([
        { "kind": "acknowledge", "first": 0, "last": 99 },
        { "kind": "resend", "first": 100, "last": 104 },
    ]);
    assert_eq!(downlink["commands"], said);

    let taken = chirpstack.taken();
    let [(authorization, request)] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(authorization, "Bearer the key");
    let item = request.queue_item.clone().unwrap();
    assert_eq!((item.dev_eui.as_str(), item.confirmed, item.f_port), (house.dev_eui.as_str(), true, 20));
    let expires_at = DateTime::from_timestamp(item.expires_at.unwrap().seconds, 0).unwrap();
    assert_eq!(downlink["expires_at"].as_str().unwrap()[..19], fleet::text(expires_at)[..19]);
    let decoded = wire::Downlink::decode(&item.data).unwrap();
    let commands: Vec<Command> = decoded.commands().collect();
    assert_eq!(decoded.number(), 1);
    assert_eq!(
        commands,
        [
            Command::Acknowledge(Range { first: 0, last: 99 }),
            Command::Resend(Range { first: 100, last: 104 }),
        ]
    );

    // The tracker says that it came, and sends what was asked for, and more than is acknowledged by itself.
    house.post("ack", &answer(&house, &ChirpStack::id(0), true).await).await;
    assert_eq!(house.latest("acknowledged").await["number"], 1);
    house.hear(100..=104).await;
    house.hear(151..=340).await;
    let downlink = house.latest("handed_over").await;
    assert_eq!(downlink["number"], 2);
    assert_eq!(downlink["commands"], json!([{ "kind": "acknowledge", "first": 0, "last": 340 }]));

    // This one the network sent in vain.
    house.post("ack", &answer(&house, &ChirpStack::id(1), false).await).await;
    assert_eq!(house.latest("unanswered").await["number"], 2);
}

async fn answer(house: &Loop, id: &str, acknowledged: bool) -> serde_json::Value {
    json!({
        "deduplicationId": "b2c3", "time": fleet::text(now(&house.api).await),
        "deviceInfo": { "applicationId": "a", "devEui": house.dev_eui },
        "queueItemId": id, "acknowledged": acknowledged, "fCntDown": 4,
    })
}
