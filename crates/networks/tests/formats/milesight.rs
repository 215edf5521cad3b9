use networks::{EventKind, Network, parse};
use serde_json::{Value, json};

use crate::{ramp, roof, shown, uplink};

const UP: &[u8] = include_bytes!("../bodies/milesight-up.json");
const PLATFORM: &[u8] = include_bytes!("../bodies/milesight-platform.json");

fn read(word: Option<&str>, body: &Value) -> networks::Event {
    crate::read(Network::Milesight, word, body)
}

#[test]
fn an_uplink_of_a_gateway_is_shown_with_every_field() {
    let gateways = json!([roof(), ramp()]);
    let expected = uplink(json!("7"), "2026-03-01T08:15:30.987654Z", Value::Null, gateways);
    assert_eq!(shown(Network::Milesight, UP), json!([expected]));
}

/// The platform tells what was decoded, and nothing of the frame.
#[test]
fn the_platforms_list_is_events_in_its_order() {
    let told = |kind, eui, at| {
        json!({ "event": kind, "dev_eui": eui, "application": null, "f_cnt": null, "f_port": null, "payload": null,
                "received_at": at, "confirmed": null, "gateways": [] })
    };
    let expected = json!([
        told("uplink", "70b3d57ed00a0b0c", "2026-03-01T08:15:30.987Z"),
        told("status", "70b3d57ed00a0b0d", "2026-03-01T08:15:33Z"),
    ]);
    assert_eq!(shown(Network::Milesight, PLATFORM), expected);
}

#[test]
fn the_platforms_events_may_be_wrapped_and_one_may_stand_alone() {
    let events: Value = serde_json::from_slice(PLATFORM).unwrap();
    let both = parse(Network::Milesight, None, PLATFORM).unwrap();
    let wrapped = format!(r#"{{"webhookPushEvent":{}}}"#, String::from_utf8_lossy(PLATFORM));
    assert_eq!(parse(Network::Milesight, None, wrapped.as_bytes()).unwrap(), both);
    for one in [json!({ "webhookPushEvent": events[1] }), events[1].clone()] {
        assert_eq!(read(None, &one), both[1]);
    }
}

#[test]
fn what_the_platform_sends_of_no_device_is_known_as_that() {
    for (event, kind) in [
        (json!({ "eventType": "WEBHOOK_TEST", "data": "It works." }), EventKind::Other),
        (json!({ "eventType": "SYSTEM_MESSAGES", "data": { "message": {} } }), EventKind::Other),
        (json!({ "eventType": "DEVICE_DATA", "data": { "type": "SERVICE" } }), EventKind::Other),
        (json!({ "eventType": "DEVICE_DATA", "data": { "type": "EVENT" } }), EventKind::Uplink),
        (json!({ "eventType": "DEVICE_DATA", "data": { "type": "ONLINE" } }), EventKind::Status),
    ] {
        assert_eq!(read(None, &json!([event])).kind, kind, "{event}");
    }
}

#[test]
fn a_gateways_kind_is_its_word_or_its_shape() {
    for (word, fields, kind) in [
        (
            "uplink",
            json!({ "fCnt": 0, "fPort": 85, "data": "AQ==", "devAddr": "260babcd" }),
            EventKind::Uplink,
        ),
        ("join", json!({ "devAddr": "260babcd" }), EventKind::Join),
        ("ack", json!({ "acknowledged": false, "fcnt": 4996 }), EventKind::Ack),
        ("error", json!({ "error": "downlink error,device offline" }), EventKind::Error),
        ("online", json!({ "status": "online", "devAddr": "260babcd" }), EventKind::Status),
        ("offline", json!({ "status": "offline", "devAddr": "260babcd" }), EventKind::Status),
    ] {
        for word in [Some(word), None, Some("warehouse")] {
            assert_eq!(read(word, &fields).kind, kind, "{fields}");
        }
    }
    assert_eq!(read(None, &json!({ "devEUI": "70b3d57ed00a0b0c" })).kind, EventKind::Other);
}

#[test]
fn an_ack_says_of_which_downlink() {
    let event = read(None, &json!({ "acknowledged": true, "devEUI": "70b3d57ed00a0b0c", "fcnt": 4996 }));
    assert_eq!((event.kind, event.f_cnt, event.payload), (EventKind::Ack, Some(4996), None));
}

#[test]
fn a_malformed_time_is_unknown_and_costs_no_frame() {
    let event = read(None, &json!({ "time": "2026-0301T08:15:30.987654Z", "fPort": 85, "data": "AQ==" }));
    assert_eq!((event.received_at, event.payload), (None, Some(vec![1])));
}
