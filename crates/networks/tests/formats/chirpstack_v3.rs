use networks::{EventKind, Location, Network, parse};
use serde_json::{Value, json};

use crate::{ramp, refusal, roof, shown, uplink};

const BASE64: &[u8] = include_bytes!("../bodies/chirpstack-v3-up.json");
const HEX: &[u8] = include_bytes!("../bodies/chirpstack-v3-up-hex.json");

fn read(word: Option<&str>, body: &Value) -> networks::Event {
    crate::read(Network::ChirpstackV3, word, body)
}

#[test]
fn an_uplink_of_the_protobuf_marshaler_is_shown_with_every_field() {
    let gateways = json!([roof(), ramp()]);
    let expected = uplink(json!("7"), "2026-03-01T08:15:31.000000001Z", json!(true), gateways);
    assert_eq!(shown(Network::ChirpstackV3, BASE64), json!([expected]));
    assert_eq!(
        parse(Network::ChirpstackV3, Some("up"), BASE64).unwrap()[0].dev_addr.as_deref(),
        Some("260babcd")
    );
}

#[test]
fn an_uplink_of_the_older_marshaler_has_its_euis_in_hex_and_the_time_of_the_earliest_gateway() {
    let gateways = json!([ramp(), roof()]);
    let expected = uplink(json!("7"), "2026-03-01T08:15:30.987654321Z", json!(false), gateways);
    assert_eq!(shown(Network::ChirpstackV3, HEX), json!([expected]));
}

#[test]
fn an_eui_in_base64_or_hex_is_what_it_can_be() {
    for (text, eui) in [
        ("AgICAgICAgI=", Some("0202020202020202")),
        ("AgICAgICAgI", Some("0202020202020202")),
        ("_v7-_v7-_v4=", Some("fefefefefefefefe")),
        ("0A0B0C0D0E0F1011", Some("0a0b0c0d0e0f1011")),
        // Base64 of seven bytes, of nine, and neither.
        ("AgICAgICAg==", None),
        ("AgICAgICAgIC", None),
        ("tracker 12", None),
        ("", None),
    ] {
        let event = read(Some("up"), &json!({ "devEUI": text }));
        assert_eq!(event.dev_eui.map(|eui| eui.to_string()).as_deref(), eui, "{text}");
    }
}

#[test]
fn a_gateways_name_stays_as_it_is() {
    let body = json!({ "devEUI": "AgICAgICAgI=", "fPort": 1, "rxInfo": [{ "gatewayID": "Roof 7" }] });
    assert_eq!(read(None, &body).gateways[0].id.as_deref(), Some("Roof 7"));
}

#[test]
fn without_any_time_it_is_unknown() {
    let body =
        json!({ "devEUI": "AgICAgICAgI=", "fPort": 1, "publishedAt": null, "rxInfo": [{ "time": null }] });
    assert_eq!(read(None, &body).received_at, None);
}

#[test]
fn the_kind_is_the_senders_word() {
    for (word, kind) in [
        ("up", EventKind::Uplink),
        ("join", EventKind::Join),
        ("ack", EventKind::Ack),
        ("error", EventKind::Error),
        ("status", EventKind::Status),
        ("location", EventKind::Location),
        ("txack", EventKind::Downlink),
        ("integration", EventKind::Other),
        ("made up", EventKind::Other),
    ] {
        assert_eq!(read(Some(word), &json!({ "devEUI": "AgICAgICAgI=" })).kind, kind, "{word}");
    }
}

#[test]
fn without_a_word_the_kind_is_the_shape() {
    let place = json!({ "latitude": 48.1, "longitude": 11.6, "accuracy": 40 });
    for (mut body, kind) in [
        (
            json!({ "fCnt": 3, "fPort": 1, "data": "AQ==", "rxInfo": [], "devAddr": "JgurzQ==" }),
            EventKind::Uplink,
        ),
        (json!({ "fPort": 0, "data": null }), EventKind::Uplink),
        (json!({ "devAddr": "JgurzQ==", "rxInfo": [{}], "dr": 5 }), EventKind::Join),
        (json!({ "acknowledged": false, "fCnt": 3 }), EventKind::Ack),
        (json!({ "type": "UPLINK_MIC", "error": "invalid MIC", "fCnt": 3 }), EventKind::Error),
        (json!({ "margin": 7, "batteryLevel": 75.5 }), EventKind::Status),
        (json!({ "fCnt": 3, "location": place, "uplinkIDs": [] }), EventKind::Location),
        (json!({ "gatewayID": "WKDL//6Aq80=", "txInfo": {} }), EventKind::Downlink),
        (json!({ "integrationName": "x", "eventType": "y", "objectJSON": "{}" }), EventKind::Other),
        (json!({}), EventKind::Other),
    ] {
        body["devEUI"] = json!("AgICAgICAgI=");
        assert_eq!(read(None, &body).kind, kind, "{body}");
    }
}

#[test]
fn a_location_is_where_and_how_good() {
    let place = json!({ "latitude": 48.1, "longitude": 11.6, "accuracy": 40 });
    let event = read(Some("location"), &json!({ "devEUI": "AgICAgICAgI=", "location": place }));
    assert_eq!((event.location, event.accuracy_m), (Some(Location { lat: 48.1, lon: 11.6 }), Some(40.0)));
}

#[test]
fn an_error_says_of_which_frame() {
    let event = read(None, &json!({ "devEUI": "AgICAgICAgI=", "type": "OTAA", "error": "x", "fCnt": 7887 }));
    assert_eq!(
        (event.kind, event.f_cnt, event.f_port, event.payload),
        (EventKind::Error, Some(7887), None, None)
    );
}

#[test]
fn a_txack_names_its_gateway_outside_a_list() {
    let event = read(Some("txack"), &json!({ "devEUI": "AgICAgICAgI=", "gatewayID": "WKDL//6Aq80=" }));
    assert_eq!(event.gateways[0].id.as_deref(), Some("58a0cbfffe80abcd"));
}

#[test]
fn an_uplink_without_the_field_for_its_device_is_none_of_this_server() {
    let refused = refusal(
        Network::ChirpstackV3,
        &json!({ "deviceInfo": { "devEui": "70b3d57ed00a0b0c" }, "fPort": 1 }),
    );
    assert!(refused.contains("`devEUI`") && refused.contains("chirpstack-v3"), "{refused}");
}
