//! What networks do that their published examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod chirpstack_v3;
mod everynet;
mod helium;
mod kerlink;
mod lists;
mod milesight;
mod netmore;
mod odd_values;
mod orange;
mod senet;

use networks::decode::decode;
use networks::{Event, Network, parse};
use serde_json::{Value, json};

/// As `isotherm decode` shows it.
fn shown(network: Network, body: &[u8]) -> Value {
    serde_json::to_value(decode(network, None, body).unwrap()).unwrap()
}

fn read(network: Network, word: Option<&str>, body: &Value) -> Event {
    let events = parse(network, word, body.to_string().as_bytes()).unwrap();
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    event
}

fn refusal(network: Network, body: &Value) -> String {
    parse(network, None, body.to_string().as_bytes()).unwrap_err().to_string()
}

/// The uplink that all bodies tell of, with what a network says of it beside the frame.
fn uplink(application: Value, received_at: &str, confirmed: Value, gateways: Value) -> Value {
    json!({
        "event": "uplink",
        "dev_eui": "70b3d57ed00a0b0c",
        "application": application,
        "f_cnt": 65536,
        "f_port": 11,
        "payload": "0a0b0c",
        "received_at": received_at,
        "confirmed": confirmed,
        "gateways": gateways,
    })
}

/// The gateway that hears it best in most bodies.
fn roof() -> Value {
    json!({ "id": "58a0cbfffe80abcd", "rssi_dbm": -97, "snr_db": 7.5, "location": { "lat": 48.1, "lon": 11.6 } })
}

/// One that does not say where it stands.
fn ramp() -> Value {
    json!({ "id": "58a0cbfffe80abce", "rssi_dbm": -110, "snr_db": 0, "location": null })
}
