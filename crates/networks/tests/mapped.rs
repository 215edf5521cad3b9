//! Trackers that are read by what their network server's decoder makes of the payload.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::mapping::Mapping;
use domain::tracker_report::Battery;
use domain::{Humidity, Temperature};
use networks::payload::{Codec, MappedPayload, Payload, PayloadError, decode, read_mapped};
use networks::{Network, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

fn received_at() -> DateTime<Utc> {
    "2026-03-01T08:15:30Z".parse().unwrap()
}

fn read(mapping: Value, decoded: &str) -> MappedPayload {
    let mapping: Mapping = serde_json::from_value(mapping).unwrap();
    assert_eq!(mapping.check(), Ok(()));
    read_mapped(&mapping, decoded, received_at())
}

fn temperature_of(unit: &str, value: &str) -> Option<i32> {
    let mapping = json!({ "temperature": { "pointer": "/t", "unit": unit } });
    let read = read(mapping, &format!(r#"{{"t":{value}}}"#));
    assert_eq!(read.payload.readings.len() + read.problems.len(), 1, "{unit} {value}");
    read.payload.readings.first().map(|decoded| decoded.reading.temperature.0)
}

#[test]
fn a_temperature_is_exact_to_the_hundredth_from_every_unit() {
    for (unit, value, hundredths) in [
        ("celsius", "21.5", Some(2_150)),
        ("celsius", r#""21.50""#, Some(2_150)),
        ("celsius", r#"" -3.25 ""#, Some(-325)),
        ("celsius", "29.995", Some(3_000)),
        ("celsius", "29.985", Some(2_998)),
        ("celsius", r#""29.995""#, Some(3_000)),
        ("celsius", "4.35", Some(435)),
        ("celsius", "1e1", Some(1_000)),
        ("celsius_tenths", "53", Some(530)),
        ("celsius_tenths", "-1", Some(-10)),
        ("celsius_hundredths", "-1850", Some(-1_850)),
        ("celsius_hundredths", "0.5", Some(0)),
        ("celsius_hundredths", "1.5", Some(2)),
        ("fahrenheit", "32", Some(0)),
        ("fahrenheit", "46.4", Some(800)),
        ("fahrenheit", "-40", Some(-4_000)),
        ("fahrenheit", "32.009", Some(0)),
        // 0.005 °C, a tie.
        ("fahrenheit", "32.027", Some(2)),
        ("fahrenheit", "72.5", Some(2_250)),
        ("fahrenheit", "71", Some(2_167)),
        ("kelvin", "273.15", Some(0)),
        ("kelvin", "281.155", Some(800)),
        ("kelvin", "73.15", Some(-20_000)),
        ("celsius", "150", Some(15_000)),
        // Nothing measures these; the last is a decoder's word for a probe that is not there.
        ("kelvin", "73.14", None),
        ("celsius", "150.01", None),
        ("celsius", "327.67", None),
        ("kelvin", "0", None),
        ("kelvin", "-0.01", None),
        ("celsius", "1000.01", None),
        ("celsius", "1e300", None),
        // No numbers.
        ("celsius", r#""21,5""#, None),
        ("celsius", r#""""#, None),
        ("celsius", "true", None),
        ("celsius", "null", None),
        ("celsius", "[21.5]", None),
        ("celsius", r#"{"v":21.5}"#, None),
    ] {
        assert_eq!(temperature_of(unit, value), hundredths, "{unit} {value}");
    }
}

#[test]
fn whether_the_thermometer_measures_is_told_by_what_stands_where_its_temperature_does() {
    let mapping = json!({ "temperature": { "pointer": "/t", "unit": "celsius" },
        "humidity": { "pointer": "/h", "unit": "percent" }, "battery": { "pointer": "/b", "unit": "percent" } });
    for (temperature, humidity, failed) in [
        (r#""t":5"#, "50", Some(false)),
        (r#""t":327.67"#, "50", Some(true)),
        (r#""t":-200.01"#, "50", Some(true)),
        // No number says nothing of the sensor, nor does what stands elsewhere.
        (r#""t":null"#, "50", None),
        (r#""T":5"#, "327.67", None),
    ] {
        let decoded = format!(r#"{{{temperature},"h":{humidity},"b":87}}"#);
        let MappedPayload { payload, .. } = read(mapping.clone(), &decoded);
        let sensed = payload.sensed[0];
        assert_eq!((sensed.sensor_failed, sensed.battery), (failed, Some(Battery::Percent(87))), "{decoded}");
        assert_eq!(payload.readings.is_empty(), failed != Some(false), "{decoded}");
    }
}

#[test]
fn everything_that_a_mapping_names_is_read() {
    let mapping = json!({
        "temperature": { "pointer": "/data/0/value", "unit": "celsius" },
        "humidity": { "pointer": "/Hum_SHT", "unit": "fraction" },
        "battery": { "pointer": "/BatV", "unit": "volt" },
        "latitude": { "pointer": "/a~1b/lat", "unit": "degrees" },
        "longitude": { "pointer": "/a~1b/lon", "unit": "microdegrees" },
        "measured_at": { "pointer": "/time", "unit": "unix_milliseconds" },
    });
    let decoded = r#"{"data":[{"value":5.25}],"Hum_SHT":0.5137,"BatV":3.0475,
        "a/b":{"lat":"48.1374123","lon":11575490},"time":1772353000999}"#;
    let MappedPayload { payload, problems } = read(mapping, decoded);
    assert_eq!(problems, []);
    let at = DateTime::from_timestamp(1_772_353_000, 0).unwrap();
    let reading = payload.readings[0].reading;
    assert_eq!((reading.measured_at, reading.temperature), (at, Temperature(525)));
    assert_eq!((reading.humidity, payload.readings[0].sequence), (Some(Humidity(5_137)), None));
    assert_eq!(payload.sensed[0].battery, Some(Battery::Millivolts(3_048)), "half to even");
    let position = payload.position.unwrap();
    assert_eq!((position.at, position.point.lat(), position.point.lon()), (at, 48.1374123, 11.57549));
}

#[test]
fn a_time_is_read_as_it_is_said_to_be_written_and_else_there_is_no_reading() {
    let at = "2026-03-01T08:15:30Z".parse::<DateTime<Utc>>().unwrap();
    for (unit, value, expected) in [
        ("unix_seconds", at.timestamp().to_string(), Some(at)),
        ("unix_seconds", format!("\"{}.9\"", at.timestamp()), Some(at)),
        ("unix_milliseconds", at.timestamp_millis().to_string(), Some(at)),
        ("rfc3339", "\"2026-03-01T09:15:30.75+01:00\"".to_owned(), Some(at)),
        ("rfc3339", "\"2026-03-01T09:15:30\"".to_owned(), None),
        ("rfc3339", at.timestamp().to_string(), None),
        ("unix_seconds", "\"2026-03-01T09:15:30Z\"".to_owned(), None),
        ("unix_seconds", "1e20".to_owned(), None),
    ] {
        let mapping = json!({ "temperature": { "pointer": "/t", "unit": "celsius" },
            "measured_at": { "pointer": "/at", "unit": unit } });
        let MappedPayload { payload, problems } = read(mapping, &format!(r#"{{"t":5,"at":{value}}}"#));
        let found = payload.readings.first().map(|decoded| decoded.reading.measured_at);
        assert_eq!((found, problems.is_empty()), (expected, expected.is_some()), "{unit} {value}");
    }
}

#[test]
fn what_is_not_there_or_no_number_is_a_problem_with_the_pointer_and_what_was_found() {
    let mapping = json!({
        "temperature": { "pointer": "/TempC", "unit": "celsius" },
        "humidity": { "pointer": "/list/01", "unit": "percent" },
        "battery": { "pointer": "/bat", "unit": "percent" },
    });
    let read = read(mapping, r#"{"TempC":5.0,"list":[1,2],"bat":"three quarters"}"#);
    assert_eq!(
        read.payload.readings[0].reading.temperature,
        Temperature(500),
        "the others count all the same"
    );
    let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "humidity: the pointer /list/01 points to nothing in the decoded object",
            "battery: the pointer /bat points to \"three quarters\", which is no battery in percent",
        ]
    );
}

#[test]
fn a_position_without_a_fix_is_none_and_one_off_the_globe_a_problem() {
    let mapping = json!({
        "temperature": { "pointer": "/t", "unit": "celsius" },
        "latitude": { "pointer": "/lat", "unit": "degrees" },
        "longitude": { "pointer": "/lon", "unit": "degrees" },
    });
    for (lat, lon, position, problems) in
        [("0", "0.0", false, 0), ("91", "8", false, 1), ("-90", "180", true, 0)]
    {
        let read = read(mapping.clone(), &format!(r#"{{"t":5,"lat":{lat},"lon":{lon}}}"#));
        assert_eq!(
            (read.payload.position.is_some(), read.problems.len()),
            (position, problems),
            "{lat} {lon}"
        );
        assert_eq!(read.payload.readings.len(), 1);
    }
}

#[test]
fn the_bytes_alone_say_nothing_of_such_a_tracker() {
    assert_eq!(decode(Codec::Mapped, Some(2), &[1], None), Err(PayloadError::Undecoded));
    assert_eq!(decode(Codec::Mapped, Some(0), &[], None), Ok(Payload::default()));
}

/// The decoded object of an event.
fn decoded_of(network: Network, body: &str) -> Option<String> {
    parse(network, None, body.as_bytes()).unwrap().remove(0).decoded
}

#[test]
fn the_decoded_object_travels_with_the_event_as_it_was_written() {
    let chirpstack = |object: &str| {
        decoded_of(Network::Chirpstack, &format!(r#"{{"deviceInfo":{{}},"fCnt":1,"object":{object}}}"#))
    };
    let object = "{ \"t\":\n29.995, \"t\":1, \"n\":[{\"u\":\"\\u0000\"}]}";
    assert_eq!(chirpstack(object).as_deref(), Some(object));
    for none in ["{}", "{ \n }", "null", "[1]", "5", "\"{\\\"t\\\":5}\""] {
        assert_eq!(chirpstack(none), None, "{none}");
    }
    let largest = format!(r#"{{"t":"{}"}}"#, "x".repeat(8 * 1024 - 8));
    assert_eq!(chirpstack(&largest).as_deref(), Some(&*largest));
    assert_eq!(chirpstack(&largest.replacen('x', "xx", 1)), None, "one byte more than 8 KiB");

    let v3 = r#"{"devEUI":"00000000000000aa","fPort":1,"object":{"t":5}}"#;
    assert_eq!(decoded_of(Network::ChirpstackV3, v3).as_deref(), Some(r#"{"t":5}"#));
    let in_text = |text: &str| {
        let body = json!({ "devEUI": "00000000000000aa", "fPort": 1, "object": null, "objectJSON": text });
        decoded_of(Network::ChirpstackV3, &body.to_string())
    };
    assert_eq!(in_text(" {\"t\":\"\\\"\"} ").as_deref(), Some(r#"{"t":"\""}"#));
    for none in ["", "{}", "[5]", "5", "{\"t\":", "{\"t\":5}}"] {
        assert_eq!(in_text(none), None, "{none}");
    }
    let kept = decoded_of(Network::ChirpstackV3, include_str!("bodies/chirpstack-v3-up.json"));
    assert_eq!(kept.as_deref(), Some(r#"{"temperature":[{"c":4.5}],"note":"\"}"}"#));
    let platform = |data: &str| {
        format!(r#"[{{"eventType":"DEVICE_DATA","data":{{"type":"{data},"payload":{{"t":5}}}}}}]"#)
    };
    assert_eq!(decoded_of(Network::Milesight, &platform("PROPERTY\"")).as_deref(), Some(r#"{"t":5}"#));
    assert_eq!(decoded_of(Network::Milesight, &platform("ONLINE\"")), None);
    let wrapped = format!(r#"{{"webhookPushEvent":{}}}"#, platform("PROPERTY\""));
    assert_eq!(decoded_of(Network::Milesight, &wrapped).as_deref(), Some(r#"{"t":5}"#));

    let stack = |uplink: &str| decoded_of(Network::TheThingsStack, uplink);
    let raw = r#"{"uplink_message":{"frm_payload":"AQ==","decoded_payload":{"t":5},"normalized_payload":[{"t":6}]}}"#;
    assert_eq!(stack(raw).as_deref(), Some(r#"{"t":5}"#));
    let normalized = r#"{"uplink_normalized":{"normalized_payload":{"air":{"temperature":5.5}}}}"#;
    assert_eq!(stack(normalized).as_deref(), Some(r#"{"air":{"temperature":5.5}}"#));
}

const PROTOBUF: &[u8] = include_bytes!("bodies/chirpstack-up-object.pb");

#[test]
fn a_decoded_object_in_protobuf_is_the_one_in_json() {
    let [event] = <[_; 1]>::try_from(parse(Network::Chirpstack, Some("up"), PROTOBUF).unwrap()).unwrap();
    let decoded = event.decoded.unwrap();
    let json = json!({
        "TempC_SHT": 4.56, "at": 1_772_352_930, "BatV": 3.05, "door": false, "none": null, "nan": null, "text": "\"}",
        "list": [{ "t": -0.25 }, 8, []], "large": 1e300,
    });
    assert_eq!(serde_json::from_str::<Value>(&decoded).unwrap(), json, "{decoded}");
    let read = read(
        json!({
            "temperature": { "pointer": "/TempC_SHT", "unit": "celsius" },
            "measured_at": { "pointer": "/at", "unit": "unix_seconds" },
        }),
        &decoded,
    );
    assert_eq!(read.problems, []);
    assert_eq!(read.payload.readings[0].reading.temperature, Temperature(456));
}

#[test]
fn an_odd_object_in_protobuf_does_not_cost_the_frame() {
    let plain = parse(Network::Chirpstack, Some("up"), include_bytes!("bodies/chirpstack-up.pb")).unwrap();
    for odd in [&[][..], &[0x0a], &[0x0a, 2, 0x0a, 9], &[0x0a, 3, 0x0a, 1, 0xff], &[0x08, 1]] {
        let length = u8::try_from(odd.len()).unwrap();
        let body = [include_bytes!("bodies/chirpstack-up.pb"), &[0x5a, length][..], odd].concat();
        let [event] = <[_; 1]>::try_from(parse(Network::Chirpstack, Some("up"), &body).unwrap()).unwrap();
        assert_eq!(event, networks::Event { decoded: None, ..plain[0].clone() }, "{odd:?}");
    }
}

proptest! {
    #[test]
    fn every_hundredth_that_a_sensor_can_measure_survives_as_number_and_as_string(hundredths in -20_000..=15_000_i32) {
        let text = Temperature(hundredths).to_string();
        prop_assert_eq!(temperature_of("celsius", &text), Some(hundredths));
        prop_assert_eq!(temperature_of("celsius", &format!("\"{text}\"")), Some(hundredths));
    }

    #[test]
    fn no_object_and_no_pointer_is_too_odd(object in ".{0,40}", pointer in "(/[a-c0-2~]{0,3}){1,4}", value in "[-0-9.eE\"]{1,8}") {
        let mapping = json!({ "temperature": { "pointer": pointer.replace('~', "~0"), "unit": "fahrenheit" } });
        let _ = read(mapping.clone(), &object);
        let _ = read(mapping, &format!(r#"{{"a":[{value},{{"b":{value}}}],"b":{value}}}"#));
    }
}
