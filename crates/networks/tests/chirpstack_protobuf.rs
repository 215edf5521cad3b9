//! ChirpStack's protobuf says what its JSON says.
//!
//! The messages are declared here once more and whole, as the server's interface has them, so that a wrong number on our side shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use base64::Engine as _;
use chrono::{DateTime, SecondsFormat};
use networks::downlink::Outcome;
use networks::{Event, EventKind, Network, ParseError, parse};
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value, json};

const UP: &[u8] = include_bytes!("bodies/chirpstack-up.pb");

#[derive(Clone, Copy, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct DeviceInfo {
    #[prost(string, tag = "1")]
    tenant_id: String,
    #[prost(string, tag = "2")]
    tenant_name: String,
    #[prost(string, tag = "3")]
    application_id: String,
    #[prost(string, tag = "4")]
    application_name: String,
    #[prost(string, tag = "5")]
    device_profile_id: String,
    #[prost(string, tag = "6")]
    device_profile_name: String,
    #[prost(string, tag = "7")]
    device_name: String,
    #[prost(string, tag = "8")]
    dev_eui: String,
    #[prost(btree_map = "string, string", tag = "9")]
    tags: BTreeMap<String, String>,
    #[prost(int32, tag = "10")]
    device_class_enabled: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(double, tag = "1")]
    latitude: f64,
    #[prost(double, tag = "2")]
    longitude: f64,
    #[prost(double, tag = "3")]
    altitude: f64,
    #[prost(int32, tag = "4")]
    source: i32,
    #[prost(float, tag = "5")]
    accuracy: f32,
}

#[derive(Clone, PartialEq, Message)]
struct RxInfo {
    #[prost(string, tag = "1")]
    gateway_id: String,
    #[prost(uint32, tag = "2")]
    uplink_id: u32,
    #[prost(message, optional, tag = "3")]
    gw_time: Option<Timestamp>,
    #[prost(int32, tag = "6")]
    rssi: i32,
    #[prost(float, tag = "7")]
    snr: f32,
    #[prost(uint32, tag = "8")]
    channel: u32,
    #[prost(message, optional, tag = "12")]
    location: Option<Location>,
    #[prost(bytes = "vec", tag = "13")]
    context: Vec<u8>,
    #[prost(message, optional, tag = "17")]
    ns_time: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
struct Up {
    #[prost(string, tag = "1")]
    deduplication_id: String,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(string, tag = "4")]
    dev_addr: String,
    #[prost(bool, tag = "5")]
    adr: bool,
    #[prost(uint32, tag = "6")]
    dr: u32,
    #[prost(uint32, tag = "7")]
    f_cnt: u32,
    #[prost(uint32, tag = "8")]
    f_port: u32,
    #[prost(bool, tag = "9")]
    confirmed: bool,
    #[prost(bytes = "vec", tag = "10")]
    data: Vec<u8>,
    #[prost(message, repeated, tag = "12")]
    rx_info: Vec<RxInfo>,
    #[prost(string, tag = "16")]
    region_config_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct Join {
    #[prost(string, tag = "1")]
    deduplication_id: String,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(string, tag = "4")]
    dev_addr: String,
    #[prost(string, tag = "7")]
    region_config_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct Ack {
    #[prost(string, tag = "1")]
    deduplication_id: String,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(string, tag = "4")]
    queue_item_id: String,
    #[prost(bool, tag = "5")]
    acknowledged: bool,
    #[prost(uint32, tag = "6")]
    f_cnt_down: u32,
}

#[derive(Clone, PartialEq, Message)]
struct TxAck {
    #[prost(uint32, tag = "1")]
    downlink_id: u32,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(string, tag = "4")]
    queue_item_id: String,
    #[prost(uint32, tag = "5")]
    f_cnt_down: u32,
    #[prost(string, tag = "6")]
    gateway_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct Log {
    #[prost(message, optional, tag = "1")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "2")]
    device_info: Option<DeviceInfo>,
    #[prost(int32, tag = "3")]
    level: i32,
    #[prost(int32, tag = "4")]
    code: i32,
    #[prost(string, tag = "5")]
    description: String,
    #[prost(btree_map = "string, string", tag = "6")]
    context: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "1")]
    deduplication_id: String,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(int32, tag = "5")]
    margin: i32,
    #[prost(bool, tag = "6")]
    external_power_source: bool,
    #[prost(bool, tag = "7")]
    battery_level_unavailable: bool,
    #[prost(float, tag = "8")]
    battery_level: f32,
}

#[derive(Clone, PartialEq, Message)]
struct Solved {
    #[prost(string, tag = "1")]
    deduplication_id: String,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(message, optional, tag = "4")]
    location: Option<Location>,
}

#[derive(Clone, PartialEq, Message)]
struct OfIntegration {
    #[prost(string, tag = "1")]
    deduplication_id: String,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfo>,
    #[prost(string, tag = "4")]
    integration_name: String,
    #[prost(string, tag = "5")]
    event_type: String,
}

/// The server prints them with nanoseconds and `+00:00`.
fn time_json(time: &Option<Timestamp>) -> Value {
    let at = time.map(|time| DateTime::from_timestamp(time.seconds, time.nanos.try_into().unwrap()).unwrap());
    json!(at.map(|at| at.to_rfc3339_opts(SecondsFormat::Nanos, false)))
}

fn device_json(device: &Option<DeviceInfo>) -> Value {
    let Some(device) = device else { return Value::Null };
    json!({
        "tenantId": device.tenant_id, "tenantName": device.tenant_name, "applicationId": device.application_id,
        "applicationName": device.application_name, "deviceProfileId": device.device_profile_id,
        "deviceProfileName": device.device_profile_name, "deviceName": device.device_name, "devEui": device.dev_eui,
        "deviceClassEnabled": "CLASS_A", "tags": device.tags,
    })
}

/// An `f32` in its own shortest digits, as the server's printer has it.
fn float_json(number: f32) -> Value {
    serde_json::from_str(&number.to_string()).unwrap()
}

fn location_json(location: &Option<Location>) -> Value {
    let Some(at) = location else { return Value::Null };
    json!({
        "latitude": at.latitude, "longitude": at.longitude, "altitude": at.altitude, "source": "GPS",
        "accuracy": float_json(at.accuracy),
    })
}

fn up_json(up: &Up) -> Value {
    let heard = |rx: &RxInfo| {
        json!({
            "gatewayId": rx.gateway_id, "uplinkId": rx.uplink_id, "gwTime": time_json(&rx.gw_time),
            "nsTime": time_json(&rx.ns_time), "rssi": rx.rssi, "snr": float_json(rx.snr), "channel": rx.channel,
            "location": location_json(&rx.location), "context": "AAAA",
        })
    };
    json!({
        "deduplicationId": up.deduplication_id, "time": time_json(&up.time), "deviceInfo": device_json(&up.device_info),
        "devAddr": up.dev_addr, "adr": up.adr, "dr": up.dr, "fCnt": up.f_cnt, "fPort": up.f_port,
        "confirmed": up.confirmed, "data": base64::engine::general_purpose::STANDARD.encode(&up.data),
        "rxInfo": up.rx_info.iter().map(heard).collect::<Vec<_>>(), "regionConfigId": up.region_config_id,
    })
}

fn read(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let [event] = <[Event; 1]>::try_from(parse(Network::Chirpstack, word, body)?).unwrap();
    Ok(event)
}

fn time() -> Option<Timestamp> {
    Some(Timestamp { seconds: 1_772_352_930, nanos: 123_456_789 })
}

fn device() -> Option<DeviceInfo> {
    let tags = BTreeMap::from([("site".to_owned(), "nord".to_owned())]);
    let dev_eui = "70b3d57ed00a0b0c".to_owned();
    Some(DeviceInfo { application_id: "9b1d6a6e".to_owned(), dev_eui, tags, ..DeviceInfo::default() })
}

fn uuid() -> String {
    "6d3f0a52-7b0e-4b6c-9a51-2f1c8f3f2c11".to_owned()
}

/// Reads both, with the sender's word and without one.
fn both(word: &str, message: &impl Message, json: &Value) -> Event {
    let protobuf = message.encode_to_vec();
    let event = read(Some(word), json.to_string().as_bytes()).unwrap();
    assert_eq!(read(Some(word), &protobuf).unwrap(), event, "{word}");
    assert_eq!(read(None, &protobuf).unwrap(), event, "{word} by its shape");
    event
}

fn location() -> impl Strategy<Value = Option<Location>> {
    let degrees = prop_oneof![Just(0.0), -180.0..180.0_f64];
    prop::option::of((degrees.clone(), degrees, 0.0..5e5_f32).prop_map(|(latitude, longitude, accuracy)| {
        Location { latitude, longitude, altitude: 34.5, source: 1, accuracy }
    }))
}

fn heard() -> impl Strategy<Value = RxInfo> {
    let id = prop_oneof![Just(String::new()), "[0-9a-f]{16}", "roof \"[a-zé]{0,9}"];
    (id, -140..1, prop_oneof![Just(0.0), (-250..150).prop_map(|tenths| tenths as f32 / 10.0)], location())
        .prop_map(|(gateway_id, rssi, snr, location)| RxInfo {
            gateway_id,
            uplink_id: 7,
            gw_time: time(),
            rssi,
            snr,
            channel: 3,
            location,
            context: vec![0; 3],
            ns_time: None,
        })
}

prop_compose! {
    fn up()(
        seconds in 1..4_000_000_000_i64, nanos in 0..1_000_000_000, known in any::<bool>(),
        dev_eui in "[0-9A-Fa-f]{16}|", dev_addr in "[0-9A-Fa-f]{8}", f_cnt in any::<u32>(), f_port in 0..256_u32,
        confirmed in any::<bool>(), data in prop::collection::vec(any::<u8>(), 0..243),
        rx_info in prop::collection::vec(heard(), 1..4),
    ) -> Up {
        Up {
            deduplication_id: uuid(),
            time: known.then_some(Timestamp { seconds, nanos }),
            device_info: Some(DeviceInfo { dev_eui, ..device().unwrap() }),
            dev_addr, adr: true, dr: 5, f_cnt, f_port, confirmed, data, rx_info,
            region_config_id: "eu868".to_owned(),
        }
    }
}

proptest! {
    #[test]
    fn an_uplink_is_the_same_event_in_json_and_in_protobuf(up in up()) {
        both("up", &up, &up_json(&up));
    }
}

#[test]
fn what_a_server_without_the_sessions_key_hands_on_is_not_known() {
    // Field 15, a message.
    let encrypted = [UP, &[0x7a, 2, 0x0a, 0]].concat();
    let event = read(Some("up"), &encrypted).unwrap();
    assert_eq!(event, Event { payload: None, decoded: None, ..read(Some("up"), UP).unwrap() });
}

#[test]
fn the_kept_message_says_what_the_kept_json_says() {
    let json = include_bytes!("bodies/chirpstack-up.json");
    // What the server's decoder made of it differs.
    let decoded = Some(r#"{"deep":"x"}"#.to_owned());
    let said = |word, network| {
        let events = parse(network, word, json).unwrap().into_iter();
        events.map(|event| Event { decoded: decoded.clone(), ..event }).collect::<Vec<_>>()
    };
    for word in [None, Some("up")] {
        for network in [Network::Chirpstack, Network::Helium] {
            assert_eq!(parse(network, word, UP).unwrap(), said(word, network));
        }
    }
}

#[test]
fn every_other_kind_is_the_same_event_in_json_and_in_protobuf() {
    let common = |more: Value| {
        let mut body = json!({ "deduplicationId": uuid(), "time": time_json(&time()), "deviceInfo": device_json(&device()) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let (deduplication_id, queue_item_id, device_info) = (uuid(), "5f".repeat(16), device());
    let join = Join {
        deduplication_id: uuid(),
        time: time(),
        device_info: device(),
        dev_addr: "01f725bb".to_owned(),
        region_config_id: "eu868".to_owned(),
    };
    let event = both("join", &join, &common(json!({ "devAddr": "01f725bb", "regionConfigId": "eu868" })));
    assert_eq!((event.kind, event.dev_addr.as_deref()), (EventKind::Join, Some("01f725bb")));

    for acknowledged in [true, false] {
        let ack = Ack {
            deduplication_id: uuid(),
            time: time(),
            device_info: device(),
            queue_item_id: queue_item_id.clone(),
            acknowledged,
            f_cnt_down: 7,
        };
        let json =
            common(json!({ "queueItemId": queue_item_id, "acknowledged": acknowledged, "fCntDown": 7 }));
        let outcome = if acknowledged { Outcome::Acknowledged } else { Outcome::Unanswered };
        assert_eq!(both("ack", &ack, &json).downlink.unwrap().outcome, outcome);
    }

    let sent = TxAck {
        downlink_id: 9,
        time: time(),
        device_info: device(),
        queue_item_id: queue_item_id.clone(),
        f_cnt_down: 7,
        gateway_id: "00800000a0000001".to_owned(),
    };
    let event = both("txack", &sent, &common(json!({ "downlinkId": 9, "gatewayId": "00800000a0000001" })));
    assert_eq!((event.kind, event.gateways.len()), (EventKind::Downlink, 1));

    let status = Status {
        deduplication_id: deduplication_id.clone(),
        time: time(),
        device_info: device_info.clone(),
        margin: -3,
        external_power_source: false,
        battery_level_unavailable: true,
        battery_level: 0.0,
    };
    assert_eq!(both("status", &status, &common(json!({ "margin": -3 }))).kind, EventKind::Status);

    let at = Some(Location { latitude: 52.5, longitude: 13.25, accuracy: 12.3, ..Location::default() });
    let json = common(json!({ "location": location_json(&at) }));
    let solved = Solved { deduplication_id, time: time(), device_info, location: at };
    assert_eq!(both("location", &solved, &json).accuracy_m, Some(12.3));

    let own = OfIntegration {
        deduplication_id: uuid(),
        time: time(),
        device_info: device(),
        integration_name: "loracloud".to_owned(),
        event_type: "streaming".to_owned(),
    };
    assert_eq!(
        both("integration", &own, &common(json!({ "integrationName": "loracloud" }))).kind,
        EventKind::Other
    );
}

#[test]
fn a_log_speaks_of_the_same_downlink_in_json_and_in_protobuf() {
    for (code, name, outcome) in [
        (1, "DOWNLINK_PAYLOAD_SIZE", Some(Outcome::Failed)),
        (2, "UPLINK_CODEC", None),
        (6, "UPLINK_MIC", None),
        (10, "F_CNT_DOWN", Some(Outcome::Failed)),
        (11, "EXPIRED", Some(Outcome::Expired)),
    ] {
        let context = BTreeMap::from([("queue_item_id".to_owned(), uuid())]);
        let json = json!({
            "time": time_json(&time()), "deviceInfo": device_json(&device()), "level": "ERROR", "code": name,
            "description": "d", "context": context,
        });
        let description = "d".to_owned();
        let log = Log { time: time(), device_info: device(), level: 2, code, description, context };
        assert_eq!(both("log", &log, &json).downlink.map(|report| report.outcome), outcome, "{name}");
    }
}

#[test]
fn a_line_feed_in_front_may_begin_either() {
    // The time of a log is as long as a line feed's code, or a form feed's, and the tag of a first field is one.
    for nanos in [0, 1, 300, 70_000, 300_000_000] {
        let at = Some(Timestamp { seconds: 1_772_352_930, nanos });
        let log = Log { time: at, device_info: device(), ..Log::default() };
        assert_eq!(read(None, &log.encode_to_vec()).unwrap().kind, EventKind::Error, "{nanos}");
    }
    assert_eq!(read(None, b"\n\n{\"deviceInfo\":{},\"fCnt\":7}").unwrap().f_cnt, Some(7));
    let refused = read(None, b"\n  [1]").unwrap_err().to_string();
    assert!(refused.starts_with("line 2, column 3: an event is a JSON object"), "{refused}");
}

#[test]
fn bytes_that_are_neither_json_nor_a_message_are_refused_as_both() {
    for (body, reason) in [
        (&UP[..40], "buffer underflow"),
        (&UP[..UP.len() - 3], "buffer underflow"),
        (b"\x00\x01\x02", "invalid tag"),
        (b"\x08\x01", "it is none of ChirpStack's events, which all name a device"),
        (b"\x1f\x8b\x08\x00gzip", ""),
    ] {
        let refused = read(None, body).unwrap_err().to_string();
        assert!(refused.starts_with("as a protobuf message (JSON would begin with {): "), "{refused}");
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn what_no_frame_can_have_is_refused_in_protobuf_too() {
    let up = Up { deduplication_id: uuid(), time: time(), device_info: device(), ..Up::default() };
    let refused = |up: Up| read(Some("up"), &up.encode_to_vec()).unwrap_err().to_string();
    assert!(refused(Up { f_port: 256, ..up.clone() }).contains("f_port is 256"));
    assert!(refused(Up { data: vec![0; 256], ..up.clone() }).contains("256 bytes"));
    let missing = refused(Up { device_info: None, ..up.clone() });
    assert_eq!(missing, "the field `deviceInfo` is missing, which chirpstack sends with every uplink");
    let crowded = Up { rx_info: vec![RxInfo::default(); 65], ..up };
    assert_eq!(read(Some("up"), &crowded.encode_to_vec()).unwrap().gateways.len(), 64);
}
