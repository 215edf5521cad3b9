//! `isotherm decode`.

use serde_json::json;

use crate::{isotherm, printed, refused};

#[test]
fn decode_prints_one_event_with_what_the_sender_left_out_filled_in() {
    let body = r#"{"time":"2026-03-01T08:00:00.5Z","deviceInfo":{"applicationId":"app","devEui":"0102030405060708"},
        "devAddr":"00189440","data":"qg==","rxInfo":[{"gatewayId":"0016c001f153a14c","rssi":-36,"snr":10.5,
        "location":{}}]}"#;
    let output = isotherm(&["decode", "--network", "chirpstack", "--event", "up"], body);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        printed(&output),
        json!([{
            "event": "uplink", "dev_eui": "0102030405060708", "application": "app", "f_cnt": 0, "f_port": 0,
            "payload": "aa", "received_at": "2026-03-01T08:00:00.500Z", "confirmed": false,
            "gateways": [{ "id": "0016c001f153a14c", "rssi_dbm": -36, "snr_db": 10.5, "location": null }]
        }])
    );
}

#[test]
fn decode_refuses_what_cannot_be_read_and_networks_that_it_does_not_know() {
    let line =
        refused(&isotherm(&["decode", "--network", "chirpstack", "--event", "up", "-"], "{\"time\": "));
    assert!(line.contains("line 1"), "{line}");
    let line = refused(&isotherm(&["decode", "--network", "chirpstock"], "{}"));
    assert!(line.contains("chirpstock") && line.contains("the-things-stack"), "{line}");
}

#[test]
fn decode_skips_a_byte_order_mark_and_its_help_says_what_is_read() {
    let body = "\u{feff}{\"deviceInfo\":{\"devEui\":\"0102030405060708\"}}";
    let output = isotherm(&["decode", "--network", "chirpstack", "--event", "up"], body);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(printed(&output)[0]["dev_eui"], "0102030405060708");
    let help = String::from_utf8(isotherm(&["decode", "--help"], "").stdout).unwrap();
    assert!(help.contains("may be JSON or Protobuf"), "{help}");
    for network in networks::Network::ALL {
        assert!(help.contains(network.name()), "{network}: {help}");
    }
}
