//! What LORIOT does that its published examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::DevEui;
use networks::decode::decode;
use networks::{Event, EventKind, Network, ParseError, parse};
use serde_json::{Value, json};

const GW: &[u8] = include_bytes!("bodies/loriot-gw.json");

fn read(body: &Value) -> Result<Event, ParseError> {
    let events = parse(Network::Loriot, None, body.to_string().as_bytes())?;
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    Ok(event)
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    assert_eq!(
        serde_json::to_value(decode(Network::Loriot, None, GW).unwrap()).unwrap(),
        json!([{
            "event": "uplink",
            "dev_eui": "70b3d57ed00a0b0c",
            "application": null,
            "f_cnt": 65536,
            "f_port": 11,
            "payload": "0a0b0c",
            "received_at": "2026-03-01T08:15:30.987Z",
            "confirmed": null,
            "gateways": [
                {"id": "58a0cbfffe80abcd", "rssi_dbm": -97, "snr_db": 7.5, "location": {"lat": 48.1, "lon": 11.6}},
                {"id": "58a0cbfffe80abce", "rssi_dbm": -110, "snr_db": 0, "location": null},
            ],
        }])
    );
}

#[test]
fn the_kind_is_the_command() {
    for (command, kind) in [
        ("rx", EventKind::Uplink),
        ("gw", EventKind::Uplink),
        ("txd", EventKind::Downlink),
        ("join", EventKind::Join),
        ("something new", EventKind::Other),
        ("", EventKind::Other),
    ] {
        let event = read(&json!({ "cmd": command, "EUI": "00000000000000AA", "ts": 1000 })).unwrap();
        assert_eq!((event.kind, event.dev_eui), (kind, Some(DevEui(0xaa))), "{command}");
        assert_eq!(event.received_at.map(|at| at.timestamp()), Some(1), "{command}");
    }
}

#[test]
fn an_uplink_without_gateways_says_itself_how_it_was_heard() {
    let event =
        read(&json!({ "cmd": "rx", "rssi": -97, "snr": 7.5, "confirmed": true, "data": "00" })).unwrap();
    assert_eq!(event.confirmed, Some(true));
    assert_eq!(event.gateways.len(), 1);
    assert_eq!((event.gateways[0].rssi, event.gateways[0].snr), (Some(-97.0), Some(7.5)));
}

#[test]
fn what_is_still_encrypted_is_not_known_and_nothing_is_empty() {
    assert_eq!(read(&json!({ "cmd": "rx", "encdata": "0a0b" })).unwrap().payload, None);
    assert_eq!(read(&json!({ "cmd": "rx", "data": "" })).unwrap().payload, Some(Vec::new()));
}

#[test]
fn a_name_before_the_eui_is_read_over() {
    let event = read(&json!({ "cmd": "gw", "EUI": "ELSYS-A81758FFFE03CFE0" })).unwrap();
    assert_eq!(event.dev_eui, Some(DevEui(0xa817_58ff_fe03_cfe0)));
}

#[test]
fn a_time_that_is_none_is_unknown() {
    for ts in [json!(0), json!(-5), json!(1e18), json!("soon"), json!(null)] {
        assert_eq!(read(&json!({ "cmd": "rx", "ts": ts })).unwrap().received_at, None, "{ts}");
    }
}
