//! What The Things Stack v3 does that its documentation's examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::DevEui;
use networks::decode::decode;
use networks::{Event, EventKind, Network, ParseError, parse};
use serde_json::json;

const UP: &[u8] = include_bytes!("bodies/the-things-stack-up.json");

fn read(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let events = parse(Network::TheThingsStack, word, body)?;
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    Ok(event)
}

#[test]
fn what_is_handed_on_encrypted_is_not_known() {
    let encrypted = json!({ "uplink_message": {
        "f_port": 2, "frm_payload": "AQID", "app_s_key": { "key": "AAAAAAAAAAAAAAAAAAAAAA==" },
    } });
    let event = read(None, encrypted.to_string().as_bytes()).unwrap();
    assert_eq!((event.kind, event.f_port, event.payload), (EventKind::Uplink, Some(2), None));
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    let decoded = decode(Network::TheThingsStack, None, UP).unwrap();
    assert_eq!(
        serde_json::to_value(&decoded).unwrap(),
        json!([{
            "event": "uplink",
            "dev_eui": "70b3d57ed00a0b0c",
            "application": "boxes",
            "f_cnt": 65536,
            "f_port": 10,
            "payload": "10010203141516020d5b57",
            "received_at": "2026-03-01T08:15:30.987654321Z",
            "confirmed": false,
            "gateways": [
                {"id": "58a0cbfffe80abcd", "rssi_dbm": -97, "snr_db": 7.5, "location": {"lat": 48.1, "lon": 11.6}},
                {"id": "58a0cbfffe80abce", "rssi_dbm": -110, "snr_db": 0, "location": null},
                {"id": "gw-3", "rssi_dbm": -111, "snr_db": -3.5, "location": null},
            ],
        }])
    );
    assert_eq!(decoded[0].0.dev_addr.as_deref(), Some("260babcd"));
}

#[test]
fn the_kind_is_the_one_key_that_names_it() {
    for (key, kind) in [
        ("uplink_message", EventKind::Uplink),
        ("uplink_normalized", EventKind::Uplink),
        ("join_accept", EventKind::Join),
        ("downlink_ack", EventKind::Ack),
        ("downlink_nack", EventKind::Ack),
        ("downlink_sent", EventKind::Downlink),
        ("downlink_queued", EventKind::Downlink),
        ("downlink_queue_invalidated", EventKind::Downlink),
        ("downlink_failed", EventKind::Error),
        ("location_solved", EventKind::Location),
        ("service_data", EventKind::Other),
        ("something_new", EventKind::Other),
    ] {
        let body = format!(r#"{{"end_device_ids":{{"dev_eui":"00000000000000AA"}},"{key}":{{}}}}"#);
        let event = read(None, body.as_bytes()).unwrap();
        assert_eq!((event.kind, event.dev_eui), (kind, Some(DevEui(0xaa))), "{key}");
    }
}

#[test]
fn under_a_field_mask_the_path_may_be_all_that_tells_the_kind() {
    for (word, kind) in [
        ("up", EventKind::Uplink),
        ("uplink-message", EventKind::Uplink),
        ("join", EventKind::Join),
        ("join_accept", EventKind::Join),
        ("ack", EventKind::Ack),
        ("down/nack", EventKind::Ack),
        ("downlink_sent", EventKind::Downlink),
        ("downlink-queue-invalidated", EventKind::Downlink),
        ("down/failed", EventKind::Error),
        ("location", EventKind::Location),
        ("service-data", EventKind::Other),
    ] {
        let event = read(Some(word), b"{}").unwrap();
        assert_eq!(event, Event { kind, ..Event::default() }, "{word}: what the mask hides is unknown");
    }
    assert_eq!(read(Some("a-path-of-our-own"), UP).unwrap().kind, EventKind::Uplink);
}

#[test]
fn an_uplink_under_a_field_mask_is_kept_without_its_device() {
    let event = read(None, br#"{"uplink_message":{"frm_payload":"AQ=="}}"#).unwrap();
    assert_eq!((event.dev_eui, event.application, event.received_at), (None, None, None));
    assert_eq!((event.f_cnt, event.f_port, event.payload), (Some(0), Some(0), Some(vec![1])));
}

#[test]
fn an_uplink_without_payload_is_empty_but_a_normalized_one_is_unknown() {
    assert_eq!(read(None, br#"{"uplink_message":{}}"#).unwrap().payload, Some(Vec::new()));
    let normalized = read(None, br#"{"uplink_normalized":{"f_cnt":3,"normalized_payload":{}}}"#).unwrap();
    assert_eq!((normalized.f_cnt, normalized.payload), (Some(3), None));
}

#[test]
fn the_receive_time_of_the_uplink_goes_before_that_of_the_forwarding() {
    let both =
        br#"{"received_at":"2026-03-01T08:00:09Z","uplink_message":{"received_at":"2026-03-01T08:00:01Z"}}"#;
    assert_eq!(read(None, both).unwrap().received_at.unwrap().timestamp(), 1_772_352_001);
    let outer = br#"{"received_at":"2026-03-01T08:00:09Z","uplink_message":{}}"#;
    assert_eq!(read(None, outer).unwrap().received_at.unwrap().timestamp(), 1_772_352_009);
}

#[test]
fn a_failed_downlink_is_shown_with_what_was_to_be_sent() {
    let body =
        br#"{"downlink_failed":{"downlink":{"f_port":11,"f_cnt":2,"frm_payload":"AQ==","confirmed":true},
                    "error":{"message_format":"too late"}}}"#;
    let event = read(None, body).unwrap();
    assert_eq!((event.kind, event.f_port, event.f_cnt), (EventKind::Error, Some(11), Some(2)));
    assert_eq!((event.payload, event.confirmed), (Some(vec![1]), Some(true)));
}

#[test]
fn a_solved_location_is_kept_with_the_event() {
    let body = br#"{"location_solved":{"service":"gls","location":{"latitude":37.5,"longitude":23.5,"accuracy":10}}}"#;
    let event = read(None, body).unwrap();
    let location = event.location.unwrap();
    assert_eq!((location.lat, location.lon, event.accuracy_m), (37.5, 23.5, Some(10.0)));
}

#[test]
fn the_operators_downlink_key_cannot_get_into_an_event() {
    let body = br#"{"end_device_ids":{"dev_eui":"00000000000000AA"},"uplink_message":{"f_port":1},
                    "x_downlink_apikey":"NNSXS.SECRET","X-Downlink-Apikey":"NNSXS.SECRET"}"#;
    let event = serde_json::to_string(&read(None, body).unwrap()).unwrap();
    assert!(!event.contains("SECRET"), "{event}");
}

#[test]
fn a_body_that_cannot_be_read_says_where() {
    for (body, place) in [
        (
            &b"{\"uplink_message\":{\"frm_payload\":\"***\"}}"[..],
            "line 1, column 38: the payload is not base64",
        ),
        (b"{\"uplink_message\":{\"f_port\":300}}", "line 1, column 31: invalid value: integer `300`"),
        (b"{\"uplink_message\":", "line 1, column 18: EOF"),
        (b"[{}]", "line 1, column "),
        (b"{\"uplink_message\":\"x\"}", "line 1, column 21: invalid type: string \"x\", expected an object"),
        (b"{\"uplink_message\":[1]}", "line 1, column 18: invalid type: sequence, expected an object"),
        (b"{\"uplink_message\":{\"f_cnt\":{}}}", "line 1, column 29: invalid type: map"),
    ] {
        let refused = read(None, body).unwrap_err().to_string();
        assert!(refused.starts_with(place), "{:?}: {refused}", String::from_utf8_lossy(body));
    }
}
