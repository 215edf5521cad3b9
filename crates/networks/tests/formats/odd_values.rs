//! One odd value must not cost a frame: most senders post it once.

use networks::{Network, parse};
use serde_json::{Value, json};

const BODIES: [(Network, &[u8]); 10] = [
    (Network::ChirpstackV3, include_bytes!("../bodies/chirpstack-v3-up.json")),
    (Network::ChirpstackV3, include_bytes!("../bodies/chirpstack-v3-up-hex.json")),
    (Network::Helium, include_bytes!("../bodies/helium-console.json")),
    (Network::Milesight, include_bytes!("../bodies/milesight-up.json")),
    (Network::Milesight, include_bytes!("../bodies/milesight-platform.json")),
    (Network::Netmore, include_bytes!("../bodies/netmore-up.json")),
    (Network::Everynet, include_bytes!("../bodies/everynet-up.json")),
    (Network::Kerlink, include_bytes!("../bodies/kerlink-up.json")),
    (Network::Senet, include_bytes!("../bodies/senet-up.json")),
    (Network::Orange, include_bytes!("../bodies/orange-up.json")),
];

/// What a frame is not whole without, and what says that it is one.
const THE_FRAME: [&str; 16] = [
    "fCnt",
    "fCntUp",
    "fcnt",
    "counter_up",
    "seqno",
    "fPort",
    "port",
    "data",
    "payload",
    "pdu",
    "params",
    "value",
    "type",
    "messageType",
    "eventType",
    "encrypted",
];

/// The places of all values in one, as JSON pointers.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inside {
        let place = format!("{place}/{name}");
        places(value, &place, found);
        found.push(place);
    }
}

/// Whether something else in that place leaves the frame what it was.
fn is_beside_the_frame(place: &str) -> bool {
    let last = place.rsplit('/').next().unwrap();
    // Orange's counter lies deep, and a list's element is a whole event.
    let holds_the_frame = ["/metadata", "/metadata/network", "/metadata/network/lora"].contains(&place);
    let is_an_event = place.len() == 2 || place.ends_with("/data");
    !(THE_FRAME.contains(&last) || holds_the_frame || is_an_event)
}

#[test]
fn an_odd_value_beside_the_frame_costs_no_frame() {
    let odd = [
        json!(true),
        json!(-7),
        json!(1.5),
        json!(""),
        json!("x"),
        json!([]),
        json!({ "x": [{}] }),
        json!(null),
    ];
    let mut tried = 0;
    for (network, body) in BODIES {
        let body: Value = serde_json::from_slice(body).unwrap();
        let frames = |body: &Value| {
            let events = parse(network, None, body.to_string().as_bytes())
                .unwrap_or_else(|refused| panic!("{network}: {refused}: {body}"));
            let frame = |event: networks::Event| (event.kind, event.f_cnt, event.f_port, event.payload);
            events.into_iter().map(frame).collect::<Vec<_>>()
        };
        let (whole, mut all) = (frames(&body), Vec::new());
        places(&body, "", &mut all);
        for place in all.iter().filter(|place| is_beside_the_frame(place)) {
            for odd in &odd {
                let mut changed = body.clone();
                *changed.pointer_mut(place).unwrap() = odd.clone();
                assert_eq!(frames(&changed), whole, "{network}: {place}: {odd}");
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "only {tried}");
}
