//! What is no JSON, or not the JSON of an event.

use e2e::bodies::{Field, Network};
use serde_json::{Value, json};

use crate::case::{Case, Stored};
use crate::requests::half;

pub fn cases() -> Vec<Case> {
    [whole(), essential(), dispensable()].into_iter().flatten().collect()
}

/// What is no object as a whole.
fn whole() -> Vec<Case> {
    let one = Case::new;
    vec![
        one("nothing").raw(|_| Vec::new()).unreadable("EOF"),
        one("no JSON").raw(|_| b"temperature=5".to_vec()).unreadable("line 1, column 1"),
        one("half a JSON").raw(half).unreadable("EOF"),
        one("something behind the JSON").raw(|body| around(b"", body, b"}")).unreadable("trailing"),
        one("a list of events").raw(|body| around(b"[", body, b"]")).unreadable("JSON object"),
        one("a text").raw(|_| b"\"up\"".to_vec()).unreadable("JSON object"),
        one("null").raw(|_| b"null".to_vec()).unreadable("JSON object"),
        one("half a protobuf message")
            .only(Network::ChirpStack)
            .raw(|_| b"\x0a\x24\x12".to_vec())
            .unreadable("as a protobuf message")
            // Nothing is kept of it, since a key may stand anywhere in it.
            .kept_as_anothers(),
        one("100 000 brackets").raw(|_| vec![b'['; 100_000]).unreadable("JSON object"),
        one("100 000 braces").raw(|_| "{\"a\":".repeat(100_000).into_bytes()).unreadable("line 1"),
    ]
}

/// Without a frame there is no event, and without a device none of ChirpStack's.
fn essential() -> Vec<Case> {
    use Field::{Device, FCnt, FPort, Payload, Uplink};
    let one = Case::new;
    let chirpstack = |name| one(name).only(Network::ChirpStack);
    let the_things_stack = |name| one(name).only(Network::TheThingsStack);
    let missing = "`deviceInfo` is missing";
    vec![
        chirpstack("no device").without(Device).unreadable(missing),
        chirpstack("a text as device").set(Device, json!("0102030400000000")).unreadable(missing),
        chirpstack("a list as device").set(Device, json!(["a", "0102030400000000"])).unreadable(missing),
        chirpstack("an empty list as device").set(Device, json!([])).unreadable(missing),
        the_things_stack("a list as uplink").set(Uplink, json!([1, 10, "AQ=="])).unreadable("line 1"),
        the_things_stack("a text as uplink").set(Uplink, json!("AQ==")).unreadable("line 1"),
        one("an object as counter").set(FCnt, json!({})).unreadable("whole number"),
        one("deep nesting as counter").set(FCnt, nested(120)).unreadable("whole number"),
        one("a list as port").set(FPort, json!([10])).unreadable("whole number"),
        one("wrong base64").set(Payload, json!("AQID*")).unreadable("not base64"),
        one("a list of bytes as payload").set(Payload, json!([1, 2])).unreadable("base64"),
    ]
}

/// Everything else is unknown where it is something else, and the frame is kept.
fn dispensable() -> Vec<Case> {
    use Field::{Decoded, DevEui, Device, FCnt, Gateways, Payload, Time, Uplink};
    let one = Case::new;
    let the_things_stack = |name| one(name).only(Network::TheThingsStack);
    let frameless = Stored { uplinks: 1, untimed: 1, ..Stored::default() };
    vec![
        the_things_stack("no device").without(Device).without_reading(),
        the_things_stack("a text as device").set(Device, json!("0102030400000000")).without_reading(),
        the_things_stack("a list as device").set(Device, json!(["a", "0102030400000000"])).without_reading(),
        the_things_stack("no uplink by a field mask").without(Uplink).to("{}/up").stores(frameless),
        one("a list as gateway").set(Gateways, json!([["0016c001f153a14c", -80]])),
        one("a gateway without a list").set(Gateways, json!({ "rssi": -80 })),
        one("deep nesting that nobody reads").set(Decoded, nested(120)),
        one("deep nesting as gateway").set(Gateways, nested(120)),
        one("an object as EUI").set(DevEui, json!({ "a": 1 })).without_reading(),
        one("an object as time").set(Time, json!({ "a": 1 })).untimed(),
        one("no EUI").without(DevEui).without_reading(),
        one("no payload").without(Payload).without_reading(),
        one("no counter").without(FCnt),
        one("no gateway").without(Gateways),
        one("no time").without(Time).untimed(),
    ]
}

fn around(before: &[u8], body: Vec<u8>, behind: &[u8]) -> Vec<u8> {
    [before, &body, behind].concat()
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}
