use networks::{EventKind, Network};
use serde_json::{Value, json};

use crate::{shown, uplink};

const UP: &[u8] = include_bytes!("../bodies/orange-up.json");

fn read(lora: Value) -> networks::Event {
    let body = json!({ "streamId": "s", "metadata": { "network": { "lora": lora } } });
    crate::read(Network::Orange, None, &body)
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    let best = json!({ "id": null, "rssi_dbm": -97, "snr_db": 7.5, "location": null });
    let other = json!({ "id": null, "rssi_dbm": null, "snr_db": null, "location": null });
    let stream = json!("urn:lo:nsid:lora:70B3D57ED00A0B0C");
    let expected = uplink(stream, "2026-03-01T08:15:30.987Z", json!(true), json!([best, other]));
    assert_eq!(shown(Network::Orange, UP), json!([expected]));
}

#[test]
fn gateways_are_as_many_as_are_counted_and_none_has_a_name() {
    for (count, gateways) in
        [(json!(0), 0), (json!("3"), 3), (json!(null), 0), (json!(-7), 0), (json!(1e300), 64)]
    {
        let event = read(json!({ "gatewayCnt": count, "rssi": -99, "snr": 0 }));
        assert_eq!(event.gateways.len(), gateways, "{count}");
        assert!(event.gateways.iter().all(|gateway| gateway.id.is_none()), "{count}");
        assert!(event.gateways.iter().skip(1).all(|gateway| gateway.rssi.is_none()), "{count}");
    }
}

#[test]
fn the_kind_is_the_type_of_the_message() {
    for (word, kind, confirmed) in [
        ("CONFIRMED_DATA_UP", EventKind::Uplink, Some(true)),
        ("UNCONFIRMED_DATA_UP", EventKind::Uplink, Some(false)),
        ("JOIN_REQUEST", EventKind::Join, None),
        ("UNCONFIRMED_DATA_DOWN", EventKind::Downlink, None),
        ("PROPRIETARY", EventKind::Other, None),
        ("", EventKind::Uplink, None),
    ] {
        let event = read(json!({ "devEUI": "70B3D57ED00A0B0C", "messageType": word }));
        assert_eq!((event.kind, event.confirmed, event.dev_eui.is_some()), (kind, confirmed, true), "{word}");
    }
}

#[test]
fn what_comes_by_another_network_is_of_another_kind() {
    for metadata in [json!({ "connector": "mqtt" }), json!({ "network": {} }), json!(null)] {
        let body = json!({ "streamId": "s", "value": { "payload": "door open" }, "metadata": metadata });
        let event = crate::read(Network::Orange, None, &body);
        assert_eq!((event.kind, event.application.as_deref()), (EventKind::Other, Some("s")), "{metadata}");
    }
}

#[test]
fn a_payload_that_is_no_hex_is_refused_with_its_place() {
    let mut body: Value = serde_json::from_slice(UP).unwrap();
    body["value"]["payload"] = json!("door open");
    let refused = crate::refusal(Network::Orange, &body);
    assert!(refused.starts_with("line 1, column ") && refused.contains("not hex"), "{refused}");
}
