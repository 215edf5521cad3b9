//! What ChirpStack v4 does that its documentation's examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::DevEui;
use networks::decode::{Decoded, decode};
use networks::{Event, EventKind, Network, ParseError, parse};
use serde_json::json;

const UP: &[u8] = include_bytes!("bodies/chirpstack-up.json");

fn read(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let events = parse(Network::Chirpstack, word, body)?;
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    Ok(event)
}

/// An uplink's body with one field more.
fn up_with(field: &str) -> Result<Event, ParseError> {
    read(Some("up"), format!(r#"{{"deviceInfo":{{"devEui":"00000000000000aa"}},{field}}}"#).as_bytes())
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    let decoded = decode(Network::Chirpstack, None, UP).unwrap();
    assert_eq!(
        serde_json::to_value(&decoded).unwrap(),
        json!([{
            "event": "uplink",
            "dev_eui": "70b3d57ed00a0b0c",
            "application": "9b1d6a6e-0000-4000-8000-000000000002",
            "f_cnt": 70000,
            "f_port": 10,
            "payload": "1001020314151602 0d5b57".replace(' ', ""),
            "received_at": "2026-03-01T08:15:30.123456789Z",
            "confirmed": true,
            "gateways": [
                {"id": "00800000a0000001", "rssi_dbm": -97, "snr_db": -7.25, "location": {"lat": 52.5, "lon": 13.25}},
                {"id": "00800000a0000002", "rssi_dbm": -101, "snr_db": 0, "location": null},
                {"id": null, "rssi_dbm": -102, "snr_db": 0, "location": {"lat": 0.0, "lon": 9.5}},
                {"id": null, "rssi_dbm": null, "snr_db": null, "location": null},
            ],
        }])
    );
    assert_eq!(decoded[0].0.dev_addr.as_deref(), Some("01f725bb"));
}

#[test]
fn what_a_server_without_the_sessions_key_hands_on_is_not_known() {
    let context = r#""joinServerContext":{"sessionKeyId":"AXBSH1Pk"},"object":{"t":5}"#;
    let encrypted = up_with(&format!(r#""fPort":2,"data":"AQID",{context}"#)).unwrap();
    assert_eq!((encrypted.kind, encrypted.f_port), (EventKind::Uplink, Some(2)));
    assert_eq!((encrypted.payload, encrypted.decoded), (None, None));
    let clear = up_with(r#""fPort":2,"data":"AQID","joinServerContext":null"#).unwrap();
    assert_eq!(clear.payload, Some(vec![1, 2, 3]));
}

#[test]
fn keys_come_in_the_order_that_scripts_were_promised() {
    let text =
        serde_json::to_string(&decode(Network::Chirpstack, Some("integration"), b"{}").unwrap()).unwrap();
    assert_eq!(
        text,
        r#"[{"event":"other","dev_eui":null,"application":null,"f_cnt":null,"f_port":null,"payload":null,"received_at":null,"confirmed":null,"gateways":[]}]"#
    );
}

#[test]
fn defaults_left_out_written_null_or_empty_are_the_same_uplink() {
    let bare = up_with(r#""devAddr":"01f725bb""#).unwrap();
    assert_eq!((bare.f_cnt, bare.f_port, bare.confirmed), (Some(0), Some(0), Some(false)));
    assert_eq!(bare.payload, Some(Vec::new()));
    for same in [
        r#""devAddr":"01f725bb","fCnt":0,"fPort":0,"confirmed":false,"data":"","rxInfo":[]"#,
        r#""devAddr":"01f725bb","fCnt":null,"fPort":null,"confirmed":null,"data":null,"rxInfo":null"#,
        r#""devAddr":"01f725bb","fCnt":"0","fPort":"","time":"""#,
    ] {
        assert_eq!(up_with(same).unwrap(), bare, "{same}");
    }
}

#[test]
fn an_unreadable_eui_is_unknown_and_an_empty_application_absent() {
    for eui in [r#""""#, r#""0011""#, r#""00000000000000zz""#, "null", "12", r#""AAAAAAAAAKo=""#] {
        let body = format!(r#"{{"deviceInfo":{{"devEui":{eui},"applicationId":""}},"data":"AQ=="}}"#);
        let event = read(Some("up"), body.as_bytes()).unwrap();
        assert_eq!((event.dev_eui, event.application), (None, None), "{eui}");
        assert_eq!(event.payload, Some(vec![1]), "{eui}");
    }
    assert_eq!(up_with(r#""fCnt":1"#).unwrap().dev_eui, Some(DevEui(0xaa)));
}

#[test]
fn a_time_that_cannot_be_read_is_unknown_and_costs_nothing_else() {
    for time in [r#""yesterday""#, r#""""#, "null", "1700000000", r#""0001-01-01T00:00:00Z""#] {
        let event = up_with(&format!(r#""time":{time},"fCnt":7"#)).unwrap();
        assert_eq!((event.received_at, event.f_cnt), (None, Some(7)), "{time}");
    }
}

#[test]
fn a_byte_order_mark_before_the_body_is_skipped() {
    let body = b"\xef\xbb\xbf{\"deviceInfo\":{},\"fCnt\":7}";
    assert_eq!(read(Some("up"), body).unwrap().f_cnt, Some(7));
    let refused = read(Some("up"), b"\xef\xbb\xbf[1]").unwrap_err().to_string();
    assert_eq!(refused, "line 1, column 1: an event is a JSON object, which begins with {");
    assert!(read(Some("up"), b"\xef\xbb\xbf\xef\xbb\xbf{}").is_err());
}

#[test]
fn base64_is_read_with_either_alphabet_and_without_padding() {
    for (text, bytes) in [("-_8=", [0xfb, 0xff]), ("+/8=", [0xfb, 0xff]), ("+/8", [0xfb, 0xff])] {
        assert_eq!(up_with(&format!(r#""data":"{text}""#)).unwrap().payload, Some(bytes.to_vec()), "{text}");
    }
}

#[test]
fn the_kind_is_known_by_shape_where_no_word_says_it() {
    let device = r#""deviceInfo":{"devEui":"00000000000000aa"},"time":"2026-03-01T08:00:00Z""#;
    for (fields, kind) in [
        (r#""devAddr":"01f725bb","rxInfo":[]"#, EventKind::Uplink),
        (r#""devAddr":"01f725bb","data":"AQ==""#, EventKind::Uplink),
        (r#""devAddr":"01f725bb","regionConfigId":"eu868""#, EventKind::Join),
        (r#""margin":10"#, EventKind::Status),
        (r#""externalPowerSource":true"#, EventKind::Status),
        (r#""queueItemId":"x","fCntDown":4"#, EventKind::Ack),
        (
            r#""downlinkId":9,"queueItemId":"x","gatewayId":"00800000a0000001","txInfo":{}"#,
            EventKind::Downlink,
        ),
        (r#""level":"ERROR","code":"UPLINK_CODEC","description":"x","context":{}"#, EventKind::Error),
        (r#""location":{"latitude":1.5,"longitude":2.5}"#, EventKind::Location),
        (r#""integrationName":"loracloud","eventType":"x","object":{}"#, EventKind::Other),
        (r#""something":"else""#, EventKind::Other),
    ] {
        let event = read(None, format!("{{{device},{fields}}}").as_bytes()).unwrap();
        assert_eq!(event.kind, kind, "{fields}");
        assert_eq!(event.dev_eui, Some(DevEui(0xaa)), "{fields}");
        assert_eq!(event.f_cnt.is_some(), kind == EventKind::Uplink, "{fields}");
    }
}

#[test]
fn the_senders_word_decides_against_the_shape() {
    for (word, kind) in [
        ("up", EventKind::Uplink),
        ("join", EventKind::Join),
        ("status", EventKind::Status),
        ("ack", EventKind::Ack),
        ("txack", EventKind::Downlink),
        ("log", EventKind::Error),
        ("location", EventKind::Location),
        ("integration", EventKind::Other),
    ] {
        assert_eq!(read(Some(word), UP).unwrap().kind, kind, "{word}");
    }
    assert_eq!(read(Some("a-path-of-our-own"), UP).unwrap().kind, EventKind::Uplink);
    assert_eq!(read(Some(""), UP).unwrap().kind, EventKind::Uplink);
}

#[test]
fn a_txack_names_its_one_gateway_outside_a_list() {
    let body = br#"{"downlinkId":1,"time":"2026-03-01T08:00:00Z","gatewayId":"00800000A0000001"}"#;
    let [Decoded(event)] = decode(Network::Chirpstack, Some("txack"), body).unwrap().try_into().unwrap();
    let ids: Vec<_> = event.gateways.iter().map(|gateway| gateway.id.as_deref()).collect();
    assert_eq!(ids, [Some("00800000a0000001")]);
}

#[test]
fn a_solved_location_is_kept_with_the_event() {
    let body = br#"{"deviceInfo":{},"location":{"latitude":-33.5,"longitude":151.25}}"#;
    let location = read(Some("location"), body).unwrap().location.unwrap();
    assert_eq!((location.lat, location.lon), (-33.5, 151.25));
    for (accuracy, known) in [("", None), (r#","accuracy":0"#, None), (r#","accuracy":12.5"#, Some(12.5))] {
        let body = format!(r#"{{"location":{{"latitude":1,"longitude":2{accuracy}}}}}"#);
        assert_eq!(read(Some("location"), body.as_bytes()).unwrap().accuracy_m, known, "{accuracy}");
    }
    assert_eq!(read(Some("location"), br#"{"location":{}}"#).unwrap().location, None);
    assert_eq!(
        read(Some("location"), br#"{"location":{"latitude":91,"longitude":1}}"#).unwrap().location,
        None
    );
}

#[test]
fn an_uplink_without_its_device_is_refused_by_the_fields_name() {
    for body in [
        &br#"{"fCnt":1,"data":"AQ==","rxInfo":[]}"#[..],
        br#"{"deviceInfo":null,"rxInfo":[]}"#,
        br#"{"deviceInfo":["00000000000000aa"],"fCnt":1}"#,
        br#"{"deviceInfo":"x","fCnt":1}"#,
    ] {
        assert_eq!(
            read(None, body).unwrap_err().to_string(),
            "the field `deviceInfo` is missing, which chirpstack sends with every uplink"
        );
    }
    assert!(matches!(read(Some("up"), b"{}"), Err(ParseError::Missing { field: "deviceInfo", .. })));
    assert_eq!(read(None, b"{}").unwrap().kind, EventKind::Other);
}

#[test]
fn a_body_that_cannot_be_read_says_where() {
    for (body, place) in [
        (&b""[..], "line 1, column 0: EOF while parsing a value"),
        (b"{\"fCnt\":\n  1,}", "line 2, column 5: "),
        (b"{} x", "line 1, column 4: trailing characters"),
        (b"\n  [1]", "line 2, column 3: an event is a JSON object"),
        (b"[]", "line 1, column 1: an event is a JSON object"),
        (b"null", "line 1, column 1: an event is a JSON object"),
        (b"\"{}\"", "line 1, column 1: an event is a JSON object"),
        (b"{\"data\":\"not base64!\"}", "line 1, column 21: the payload is not base64: "),
        (b"{\"data\":\"A\"}", "line 1, column 11: the payload is not base64: "),
        (b"{\"data\":1234}", "line 1, column 12: invalid type: integer `1234`, expected a payload in base64"),
        (
            b"{\"fPort\":256}",
            "line 1, column 12: invalid value: integer `256`, expected a whole number of at most 8 bits",
        ),
        (b"{\"fCnt\":4294967296}", "line 1, column 18: invalid value: "),
        (b"{\"fCnt\":-1}", "line 1, column 10: invalid type: integer `-1`"),
        (b"{\"fCnt\":1.5}", "line 1, column 11: invalid value: floating point `1.5`"),
        (
            b"{\"fCnt\":{}}",
            "line 1, column 10: invalid type: map, expected a whole number of at most 32 bits",
        ),
        (b"{\"fCnt\":true}", "line 1, column 12: invalid type: boolean `true`"),
        (b"{\"fPort\":[1]}", "line 1, column 10: invalid type: sequence"),
        (b"{\"data\":[1]}", "line 1, column 9: invalid type: sequence, expected a payload in base64"),
        (b"{\"fCnt\":\"many\"}", "line 1, column 14: invalid value: string \"many\""),
        (b"{\"devAddr\":\"\xff\"}", "line 1, column 13: invalid unicode code point"),
    ] {
        let refused = read(Some("up"), body).unwrap_err().to_string();
        assert!(refused.starts_with(place), "{:?}: {refused}", String::from_utf8_lossy(body));
    }
}

#[test]
fn counters_reach_32_bits() {
    for f_cnt in [65_535, 65_536, u32::MAX] {
        assert_eq!(up_with(&format!(r#""fCnt":{f_cnt}"#)).unwrap().f_cnt, Some(f_cnt));
    }
}

#[test]
fn a_decoded_object_nested_without_end_costs_no_stack() {
    let depth = 200_000;
    for key in ["object", "code", "description"] {
        let nested = format!(r#""{key}":{}{},"fCnt":1"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(up_with(&nested).unwrap().f_cnt, Some(1), "{key}");
    }
    for key in ["rxInfo", "location", "time", "confirmed", "devAddr"] {
        let nested = format!(r#""{key}":{}{},"fCnt":1"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(up_with(&nested).unwrap().f_cnt, Some(1), "{key}");
    }
    let refused = up_with(&format!(r#""rxInfo":{}"#, "[".repeat(depth))).unwrap_err();
    assert!(matches!(refused, ParseError::Malformed { line: 1, .. }), "{refused}");
}

#[test]
fn a_leap_second_is_the_first_second_of_the_next_minute() {
    let event = up_with(r#""time":"2026-06-30T23:59:60.25Z""#).unwrap();
    assert_eq!(event.received_at, Some("2026-07-01T00:00:00.25Z".parse().unwrap()));
}

#[test]
fn what_senders_write_without_a_bound_gets_one() {
    let receptions = vec!["{}"; 65].join(",");
    assert_eq!(up_with(&format!(r#""rxInfo":[{receptions}]"#)).unwrap().gateways.len(), 64);
    let name = "ö".repeat(1000);
    let event = up_with(&format!(r#""rxInfo":[{{"gatewayId":"x{name}"}}]"#)).unwrap();
    // 256 bytes would end within a letter.
    assert_eq!(event.gateways[0].id.as_ref().unwrap().len(), 255);

    let payload = |bytes: usize| format!(r#""data":"{}""#, "AAAA".repeat(bytes / 3));
    assert_eq!(up_with(&payload(255)).unwrap().payload.unwrap().len(), 255);
    let refused = up_with(&payload(258)).unwrap_err().to_string();
    assert!(refused.contains("258 bytes"), "{refused}");
    let refused = up_with(&format!(r#""fCnt":"{name}""#)).unwrap_err().to_string();
    assert!(refused.len() < 400, "{} bytes", refused.len());
}
