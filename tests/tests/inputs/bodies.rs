//! What is no JSON, or not the JSON of an event.

use e2e::bodies::{Field, Network};
use serde_json::{Value, json};

use crate::case::{Case, Stored};
use crate::requests::half;

pub fn cases() -> Vec<Case> {
    use Field::{Decoded, DevEui, Device, FCnt, Gateways, Payload, Time, Uplink};
    let one = Case::new;
    let masked = |name| one(name).only(Network::TheThingsStack);
    let strange = |name, device: Value| one(name).only(Network::ChirpStack).set(Device, device);
    let told = Stored { uplinks: 1, untimed: 1, ..Stored::default() };
    vec![
        one("nothing").raw(|_| Vec::new()).unreadable("EOF"),
        one("no JSON").raw(|_| b"temperature=5".to_vec()).unreadable("line 1, column 1"),
        one("half a JSON").raw(half).unreadable("EOF"),
        one("something behind the JSON").raw(|body| around(b"", body, b"}")).unreadable("trailing"),
        one("a list of events").raw(|body| around(b"[", body, b"]")).unreadable("JSON object"),
        one("a text").raw(|_| b"\"up\"".to_vec()).unreadable("JSON object"),
        one("null").raw(|_| b"null".to_vec()).unreadable("JSON object"),
        one("100 000 brackets").raw(|_| vec![b'['; 100_000]).unreadable("JSON object"),
        one("100 000 braces").raw(|_| "{\"a\":".repeat(100_000).into_bytes()).unreadable("line 1"),
        strange("a list as device", json!(["a", "0102030400000000"])).unreadable("`deviceInfo` is missing"),
        strange("an empty list as device", json!([])).unreadable("`deviceInfo` is missing"),
        strange("a text as device", json!("0102030400000000")).unreadable("`deviceInfo` is missing"),
        masked("a list as device, which may be missing").set(Device, json!(["a"])).without_reading(),
        masked("a text as device, which may be missing").set(Device, json!("0102")).without_reading(),
        one("a list as gateway").set(Gateways, json!([["0016c001f153a14c", -80]])),
        one("a gateway without a list").set(Gateways, json!({ "rssi": -80 })),
        one("an object as counter").set(FCnt, json!({})).unreadable("whole number"),
        one("deep nesting that nobody reads").set(Decoded, nested(120)),
        one("deep nesting as counter").set(FCnt, nested(120)).unreadable("whole number"),
        one("wrong base64").set(Payload, json!("AQID*")).unreadable("not base64"),
        one("no device").without(Device).only(Network::ChirpStack).unreadable("`deviceInfo` is missing"),
        masked("no device by a field mask").without(Device).without_reading(),
        masked("no uplink by a field mask").without(Uplink).to("{}/up").stores(told),
        one("no EUI").without(DevEui).without_reading(),
        one("no payload").without(Payload).without_reading(),
        one("no counter").without(FCnt),
        one("no time").without(Time).untimed(),
    ]
}

fn around(before: &[u8], body: Vec<u8>, behind: &[u8]) -> Vec<u8> {
    [before, &body, behind].concat()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}
