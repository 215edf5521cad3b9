//! One odd value must not cost a frame: most senders post it once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::DevEui;
use networks::{Event, EventKind, Network, parse};

fn read(network: Network, word: Option<&str>, body: &str) -> Event {
    let events = parse(network, word, body.as_bytes()).unwrap_or_else(|refused| panic!("{refused}: {body}"));
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    event
}

fn chirpstack(body: &str) -> Event {
    read(Network::Chirpstack, Some("up"), body)
}

/// An uplink's body with one field more.
fn chirpstack_with(field: &str) -> Event {
    chirpstack(&format!(r#"{{"deviceInfo":{{"devEui":"00000000000000aa"}},{field}}}"#))
}

fn the_things_stack(body: &str) -> Event {
    read(Network::TheThingsStack, None, body)
}

/// Of every type in JSON.
const OF_A_TYPE: [&str; 9] =
    ["true", "-7", "1.5", r#""-""#, r#""true""#, "[]", r#"["x",null]"#, "{}", r#"{"x":[{}]}"#];
/// What JSON allows and no Rust type holds.
const UNREADABLE: [&str; 2] = ["1e400", r#""\ud800""#];

fn odd_scalars() -> impl Iterator<Item = &'static str> {
    OF_A_TYPE.into_iter().chain(UNREADABLE)
}

#[test]
fn an_odd_value_from_chirpstack_is_unknown_and_costs_no_frame() {
    for odd in odd_scalars() {
        for field in
            ["time", "devAddr", "dr", "deduplicationId", "object", "gatewayId", "downlinkId", "level"]
        {
            let event = chirpstack_with(&format!(r#""fCnt":7,"data":"AQ==","{field}":{odd}"#));
            assert_eq!((event.f_cnt, event.payload), (Some(7), Some(vec![1])), "{field}: {odd}");
            assert_eq!((event.received_at, event.dev_addr), (None, None), "{field}: {odd}");
        }
        let confirmed = chirpstack_with(&format!(r#""confirmed":{odd}"#)).confirmed;
        assert_eq!(confirmed, (odd == "true").then_some(true), "{odd}");
        let device = format!(r#"{{"deviceInfo":{{"devEui":{odd},"applicationId":"a"}},"fCnt":7}}"#);
        let event = chirpstack(&device);
        assert_eq!((event.dev_eui, event.application.as_deref(), event.f_cnt), (None, Some("a"), Some(7)));
        let device = format!(r#"{{"deviceInfo":{{"devEui":"00000000000000aa","applicationId":{odd}}}}}"#);
        assert_eq!(chirpstack(&device).dev_eui, Some(DevEui(0xaa)), "{odd}");
    }
    for odd in OF_A_TYPE {
        for field in ["rxInfo", "location"] {
            let event = chirpstack_with(&format!(r#""fCnt":7,"{field}":{odd}"#));
            assert_eq!((event.f_cnt, event.gateways), (Some(7), Vec::new()), "{field}: {odd}");
        }
    }
}

#[test]
fn an_odd_value_of_a_reception_leaves_the_rest_of_it() {
    let gateways = |list: &str| chirpstack_with(&format!(r#""rxInfo":{list}"#)).gateways;
    assert_eq!(gateways(r#"[null,7,"x",[],{"gatewayId":"b"}]"#).len(), 1);
    for odd in odd_scalars().filter(|odd| !matches!(*odd, "-7" | "1.5")) {
        let rssi = gateways(&format!(r#"[{{"gatewayId":"b","rssi":{odd},"snr":7.5}}]"#));
        assert_eq!((rssi[0].id.as_deref(), rssi[0].rssi, rssi[0].snr), (Some("b"), None, Some(7.5)), "{odd}");
        // What was written, but not as a number, is no default that was left out.
        let snr = gateways(&format!(r#"[{{"gatewayId":"b","rssi":-97,"snr":{odd}}}]"#));
        assert_eq!((snr[0].rssi, snr[0].snr), (Some(-97.0), None), "{odd}");
        let place =
            gateways(&format!(r#"[{{"rssi":-97,"location":{{"latitude":52.5,"longitude":{odd}}}}}]"#));
        assert_eq!((place[0].rssi, place[0].location), (Some(-97.0), None), "{odd}");
    }
    assert_eq!(gateways(r#"[{"gatewayId":["x"],"rssi":"-97","location":[1,2]}]"#)[0].rssi, Some(-97.0));
    assert_eq!(gateways(r#"{"gatewayId":"b"}"#), []);
}

#[test]
fn an_odd_value_from_the_things_stack_is_unknown_and_costs_no_frame() {
    for odd in OF_A_TYPE {
        let body = format!(
            r#"{{"end_device_ids":{odd},"received_at":{odd},"uplink_message":{{"f_cnt":7,"f_port":10,
            "frm_payload":"AQ==","confirmed":{odd},"received_at":{odd},"rx_metadata":[{odd},{{
            "gateway_ids":{odd},"packet_broker":{odd},"rssi":{odd},"snr":{odd},"location":{odd}}}]}}}}"#
        );
        let event = the_things_stack(&body);
        assert_eq!((event.f_cnt, event.f_port, event.payload), (Some(7), Some(10), Some(vec![1])), "{odd}");
        assert_eq!((event.dev_eui, event.received_at), (None, None), "{odd}");
        assert_eq!(event.confirmed, (odd == "true").then_some(true), "{odd}");
        let ids = format!(
            r#"{{"end_device_ids":{{"dev_eui":{odd},"dev_addr":{odd},"application_ids":{odd}}},"uplink_message":{{}}}}"#
        );
        let event = the_things_stack(&ids);
        assert_eq!((event.dev_eui, event.dev_addr, event.application), (None, None, None), "{odd}");
    }
    let empty = the_things_stack(r#"{"uplink_message":{"rx_metadata":"x"}}"#);
    assert_eq!((empty.f_cnt, empty.gateways), (Some(0), Vec::new()));
    let place = the_things_stack(r#"{"location_solved":{"location":"x"}}"#);
    assert_eq!((place.kind, place.location), (EventKind::Location, None));
}

/// ChirpStack's, of which two bytes are a reception without anything in it.
const MESSAGE: &[u8] = include_bytes!("bodies/chirpstack-up.pb");

#[test]
fn xml_that_would_fill_the_memory_is_refused_by_its_length() {
    let of_length = |length: usize| {
        let (begin, end) = ("<DevEUI_uplink><DevEUI>00000000000000AA</DevEUI>", "</DevEUI_uplink>");
        let elements = "<a/>".repeat((length - begin.len() - end.len()) / 4);
        let body = format!("{begin}{elements}{end}");
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let read = |length| parse(Network::Actility, None, of_length(length).as_bytes());
    assert_eq!(read(64 * 1024).unwrap()[0].kind, EventKind::Uplink);
    for length in [64 * 1024 + 1, 1024 * 1024] {
        let refused = read(length).unwrap_err().to_string();
        assert_eq!(refused, format!("in the XML: it has {length} bytes, and no message has more than 65536"));
    }
}

#[test]
fn a_message_that_would_fill_the_memory_is_refused_by_its_length() {
    let with_empty_receptions = |length: usize| {
        let mut body = MESSAGE.to_vec();
        body.extend([0x62, 0].repeat((length - MESSAGE.len()) / 2));
        body.resize(length, 0x62);
        body
    };
    let read = |word, body: &[u8]| parse(Network::Chirpstack, word, body);
    let longest = with_empty_receptions(64 * 1024 - MESSAGE.len() % 2);
    assert_eq!(read(None, &longest).unwrap()[0].gateways.len(), 64);
    for word in [None, Some("up"), Some("log")] {
        let refused = read(word, &with_empty_receptions(64 * 1024 + 1)).unwrap_err().to_string();
        assert!(refused.ends_with("it has 65537 bytes, and no event has more than 65536"), "{refused}");
    }
}

#[test]
fn of_a_value_that_stands_twice_the_last_one_counts_as_protobuf_has_it_and_json_is_refused() {
    let read = |body: &[u8]| parse(Network::Chirpstack, Some("up"), body);
    let twice = [MESSAGE, &[0x38, 1, 0x38, 2]].concat();
    assert_eq!(read(&twice).unwrap()[0].f_cnt, Some(2));
    let refused = read(br#"{"deviceInfo":{},"fCnt":1,"fCnt":2}"#).unwrap_err().to_string();
    assert!(refused.contains("duplicate field `fCnt`"), "{refused}");
}
