use networks::{EventKind, Network, parse};
use serde_json::{Value, json};

use crate::{ramp, read, shown, uplink};

const UP: &[u8] = include_bytes!("../bodies/netmore-up.json");

#[test]
fn a_list_is_events_in_its_order_though_numbers_are_texts() {
    let gateways = json!([ramp(), { "id": "4711", "rssi_dbm": -97, "snr_db": 7.5, "location": null }]);
    let first = uplink(Value::Null, "2026-03-01T08:15:30.987Z", Value::Null, gateways);
    let shown = shown(Network::Netmore, UP);
    assert_eq!(shown[0], first);
    let second = parse(Network::Netmore, None, UP).unwrap().swap_remove(1);
    assert_eq!((second.f_cnt, second.payload, second.gateways), (Some(7), Some(Vec::new()), Vec::new()));
}

#[test]
fn without_a_list_the_gateway_beside_it_stands_alone() {
    let body = json!([{ "messageType": "payload", "gatewayIdentifier": "4711", "rssi": "-97", "snr": "0" }]);
    let [gateway] = <[_; 1]>::try_from(read(Network::Netmore, None, &body).gateways).unwrap();
    assert_eq!((gateway.id.as_deref(), gateway.rssi, gateway.snr), (Some("4711"), Some(-97.0), Some(0.0)));
}

#[test]
fn an_answer_about_a_downlink_is_an_object_without_a_time() {
    let body =
        json!({ "requestId": "r-12", "deliveryStatus": "DOWNLINK_SENT", "devEui": "70B3D57ED00A0B0C" });
    let event = read(Network::Netmore, None, &body);
    assert_eq!((event.kind, event.received_at, event.f_cnt), (EventKind::Downlink, None, None));
    assert_eq!(event.dev_eui.map(|eui| eui.to_string()).as_deref(), Some("70b3d57ed00a0b0c"));
}

#[test]
fn the_kind_is_the_type_of_the_message() {
    for (body, kind) in [
        (json!([{ "messageType": "payload" }]), EventKind::Uplink),
        (json!([{ "messageType": "payload.Payload", "Payload": "01" }]), EventKind::Uplink),
        (json!([{ "messageType": "join" }]), EventKind::Join),
        (json!([{ "messageType": "something new", "payload": "01" }]), EventKind::Other),
        (json!([{ "payload": "01" }]), EventKind::Uplink),
        (json!([{ "devEui": "70B3D57ED00A0B0C" }]), EventKind::Other),
    ] {
        assert_eq!(read(Network::Netmore, None, &body).kind, kind, "{body}");
    }
}
