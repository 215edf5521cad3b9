use networks::{EventKind, Network};
use serde_json::{Value, json};

use crate::{read, shown, uplink};

const UP: &[u8] = include_bytes!("../bodies/senet-up.json");

/// The one gateway does not say where it stands.
fn expected() -> Value {
    let gateway = json!({ "id": "58a0cbfffe80abcd", "rssi_dbm": -97, "snr_db": 7.5, "location": null });
    json!([uplink(Value::Null, "2026-03-01T08:15:30.987Z", Value::Null, json!([gateway]))])
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    assert_eq!(shown(Network::Senet, UP), expected());
}

#[test]
fn the_legacy_format_writes_the_same_in_large_letters() {
    let legacy = json!({
        "PDU": "0A0B0C", "FREQ": 904.3, "GW": "58A0CBFFFE80ABCD", "EUI": "70B3D57ED00A0B0C", "DataRate": 3,
        "TXTime": "2026-03-01T08:15:30.987Z", "RSSI": -97, "SeqNo": 65536, "Port": 11, "SNR": 7.5,
    });
    assert_eq!(shown(Network::Senet, legacy.to_string().as_bytes()), expected());
}

#[test]
fn what_holds_no_frame_is_of_another_kind() {
    assert_eq!(read(Network::Senet, None, &json!({ "devEui": "70b3d57ed00a0b0c" })).kind, EventKind::Other);
    for body in [json!({ "pdu": "" }), json!({ "seqno": 0 })] {
        let event = read(Network::Senet, None, &body);
        assert_eq!((event.kind, event.f_cnt, event.payload), (EventKind::Uplink, Some(0), Some(Vec::new())));
    }
}
