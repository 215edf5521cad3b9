use networks::{EventKind, Network, parse};
use serde_json::{Value, json};

use crate::{roof, shown, uplink};

const UP: &[u8] = include_bytes!("../bodies/everynet-up.json");

fn read(body: &Value) -> networks::Event {
    crate::read(Network::Everynet, None, body)
}

#[test]
fn an_uplink_is_shown_with_every_field_and_the_time_to_the_microsecond() {
    let expected =
        uplink(json!("70b3d57ed0009999"), "2026-03-01T08:15:30.987654Z", json!(true), json!([roof()]));
    assert_eq!(shown(Network::Everynet, UP), json!([expected]));
}

/// Where duplicates are wanted.
#[test]
fn each_gateways_reception_is_an_event_of_its_own_with_the_same_frame() {
    let mut other: Value = serde_json::from_slice(UP).unwrap();
    other["params"]["duplicate"] = json!(true);
    other["meta"]["gateway"] = json!("58a0cbfffe80abce");
    let (first, second) = (parse(Network::Everynet, None, UP).unwrap().swap_remove(0), read(&other));
    let key =
        |event: &networks::Event| (event.dev_eui, event.dev_addr.clone(), event.f_cnt, event.payload.clone());
    assert_eq!((second.kind, key(&second)), (EventKind::Uplink, key(&first)));
    assert_eq!(second.gateways[0].id.as_deref(), Some("58a0cbfffe80abce"));
}

#[test]
fn a_time_in_seconds_keeps_what_a_float_has_of_it() {
    for (time, shown) in [
        (json!(1772352930.987654), Some("2026-03-01T08:15:30.987654Z")),
        (json!(1772352930), Some("2026-03-01T08:15:30Z")),
        (json!("1772352930.123"), Some("2026-03-01T08:15:30.123Z")),
        (json!(0), None),
        (json!(-1.5), None),
        (json!(1772352930987654.0_f64), None),
        (json!("soon"), None),
    ] {
        let event = read(&json!({ "type": "uplink", "params": { "rx_time": time } }));
        assert_eq!(event.received_at, shown.map(|shown| shown.parse().unwrap()), "{time}");
    }
}

#[test]
fn without_a_time_of_reception_the_messages_own_stands() {
    let event = read(&json!({ "type": "join_request", "meta": { "time": 1772352931.25 }, "params": {} }));
    assert_eq!(event.received_at, Some("2026-03-01T08:15:31.25Z".parse().unwrap()));
}

#[test]
fn the_kind_is_the_type() {
    for (word, kind) in [
        ("uplink", EventKind::Uplink),
        ("join_request", EventKind::Join),
        ("downlink", EventKind::Downlink),
        ("downlink_request", EventKind::Downlink),
        ("downlink_response", EventKind::Downlink),
        ("status_response", EventKind::Status),
        ("error", EventKind::Error),
        ("warning", EventKind::Error),
        ("info", EventKind::Other),
        ("", EventKind::Other),
    ] {
        let body = json!({ "type": word, "meta": { "device": "70b3d57ed00a0b0c" }, "params": { "counter_down": 3 } });
        let event = read(&body);
        assert_eq!((event.kind, event.dev_eui.is_some()), (kind, true), "{word}");
        assert_eq!(event.f_cnt, Some(if kind == EventKind::Uplink { 0 } else { 3 }), "{word}");
    }
}

#[test]
fn what_is_still_encrypted_is_not_known_and_nothing_is_empty() {
    let payload = |params: Value| read(&json!({ "type": "uplink", "params": params })).payload;
    assert_eq!(payload(json!({ "encrypted_payload": "8PHy" })), None);
    assert_eq!(payload(json!({})), Some(Vec::new()));
}

#[test]
fn a_header_says_whether_an_acknowledgement_is_asked_for_and_nothing_says_nothing() {
    let confirmed = |lora: Value| read(&json!({ "type": "uplink", "params": { "lora": lora } })).confirmed;
    assert_eq!(confirmed(json!({ "header": { "confirmed": false } })), Some(false));
    assert_eq!(confirmed(json!(null)), None);
}
