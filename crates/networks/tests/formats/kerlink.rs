use networks::{EventKind, Network};
use serde_json::{Value, json};

use crate::{ramp, refusal, roof, shown, uplink};

const UP: &[u8] = include_bytes!("../bodies/kerlink-up.json");

fn read(word: Option<&str>, body: &Value) -> networks::Event {
    crate::read(Network::Kerlink, word, body)
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    let expected = uplink(json!("7"), "2026-03-01T08:15:30.987Z", json!(false), json!([roof(), ramp()]));
    assert_eq!(shown(Network::Kerlink, UP), json!([expected]));
}

#[test]
fn a_payload_is_hex_or_base64_as_the_message_says_wherever_it_says_so() {
    for (body, payload) in [
        (r#"{"payload":"0a0b0c","encodingType":"HEXA"}"#, [10, 11, 12]),
        (r#"{"payload":"CgsM","encodingType":"BASE64"}"#, [10, 11, 12]),
        (r#"{"encodingType":"BASE64","payload":"CgsM"}"#, [10, 11, 12]),
        // Hex digits that are base64, too.
        (r#"{"payload":"0a0b","encodingType":"BASE64"}"#, [0xd1, 0xad, 0x1b]),
        (r#"{"payload":"0a0b0c"}"#, [10, 11, 12]),
    ] {
        let event = networks::parse(Network::Kerlink, None, body.as_bytes()).unwrap().swap_remove(0);
        assert_eq!(event.payload, Some(payload.to_vec()), "{body}");
    }
}

#[test]
fn a_payload_in_the_other_encoding_is_refused_with_its_place() {
    for (body, reason) in [
        (json!({ "payload": "CgsM", "encodingType": "HEXA" }), "not hex"),
        (json!({ "payload": "0a0b0", "encodingType": "BASE64" }), "not base64"),
    ] {
        let refused = refusal(Network::Kerlink, &body);
        assert!(refused.starts_with("line 1, column ") && refused.contains(reason), "{refused}");
    }
}

#[test]
fn what_is_still_encrypted_is_not_known_and_nothing_is_empty() {
    assert_eq!(read(None, &json!({ "payload": "0a", "encrypted": true })).payload, None);
    assert_eq!(read(None, &json!({ "payload": null, "fCntUp": 1 })).payload, Some(Vec::new()));
}

#[test]
fn the_kind_is_the_word_or_the_shape() {
    let sent = json!({ "dataDownId": "65e1", "event": "SENT", "status": "OK", "clusterId": 7 });
    for (word, body, kind) in [
        ("dataUp", json!({ "fCntUp": 3 }), EventKind::Uplink),
        ("dataUp", json!({ "gwInfo": [] }), EventKind::Uplink),
        ("dataDownEvent", sent.clone(), EventKind::Downlink),
    ] {
        for word in [Some(word), None, Some("warehouse")] {
            assert_eq!(read(word, &body).kind, kind, "{body}");
        }
    }
    assert_eq!(read(None, &sent).application.as_deref(), Some("7"));
    assert_eq!(read(None, &json!({ "endDevice": { "devEui": "70B3D57ED00A0B0C" } })).kind, EventKind::Other);
}
