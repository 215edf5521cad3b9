//! Downlinks: their bytes, how networks are handed them, and what networks say of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::DateTime;
use domain::downlink::{Command, Entries, Span};
use domain::{DevEui, Temperature};
use networks::downlink::the_things_stack::{Device, push, push_path};
use networks::downlink::{CommandError, Frame, Outcome, Report, chirpstack, encode};
use networks::payload::Codec;
use networks::{Network, parse};
use prost::Message;

const HELD: Command = Command::Acknowledge(Entries { first: 1, last: 66_051 });

fn thresholds(low: i32, high: i32) -> Command {
    let (low, high) = (Temperature(low), Temperature(high));
    Command::Thresholds { low, high, low_delay_min: 0, high_delay_min: 20 }
}

#[test]
fn a_downlink_is_as_the_wire_format_has_it() {
    let said = [HELD, Command::Intervals { minutes: 15, per_uplink: 2 }];
    let frame = encode(Codec::Isotherm, 658_188, &said).unwrap();
    assert_eq!((frame.f_port, hex::encode(frame.payload).as_str()), (20, "0a0b0c010000010102030481"));
}

#[test]
fn each_command_is_as_long_as_it_is_planned_with() {
    let entries = Entries { first: 3, last: 4 };
    for command in [
        HELD,
        Command::Resend(entries),
        thresholds(200, 800),
        Command::Intervals { minutes: 60, per_uplink: 32 },
        Command::Clock { setting: 255, forward_s: -1 },
        Command::Flight { hours: 255 },
        Command::Identify { seconds: 5 },
        Command::Restart,
    ] {
        let written = encode(Codec::Isotherm, 1, &[command]).unwrap().payload;
        assert_eq!(written.len(), wire::NUMBER_LEN + command.length(), "{command:?}");
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    let refused = |command| encode(Codec::Isotherm, 1, &[command]).unwrap_err();
    assert_eq!(refused(Command::Intervals { minutes: 7, per_uplink: 1 }), CommandError::Interval(7));
    assert_eq!(refused(thresholds(200, 32_768)), CommandError::Limit(32_768));
    for command in [thresholds(800, 800), Command::Intervals { minutes: 5, per_uplink: 33 }] {
        assert_eq!(refused(command), CommandError::Wire(wire::EncodeError::Value), "{command:?}");
    }
    assert_eq!(encode(Codec::Isotherm, 1, &[]).unwrap_err(), CommandError::Wire(wire::EncodeError::Nothing));
}

fn read_log(from: i64, to: i64) -> Command {
    let [from, to] = [from, to].map(|second| DateTime::from_timestamp(second, 0).unwrap());
    Command::ReadLog(Span { from, to })
}

/// Example: manual of the LHT65N (2.6.4), but for the pause between two answers.
#[test]
fn a_dragino_is_asked_for_the_log_of_a_time_as_its_maker_says() {
    let asked = read_log(0x5fc5_f350, 0x5fc6_0160);
    for codec in Codec::WITH_LOG {
        let frame = encode(codec, 7, &[asked]).unwrap();
        assert_eq!((frame.f_port, hex::encode(&frame.payload).as_str()), (2, "315fc5f3505fc60160ff"));
        assert_eq!(frame.payload.len(), asked.length());
        for said in [&[][..], &[HELD], &[Command::Restart], &[asked, asked], &[HELD, asked]] {
            assert_eq!(encode(codec, 7, said).unwrap_err(), CommandError::Unknown(codec), "{said:?}");
        }
        let beyond = [read_log(-1, 0), read_log(0, 1 << 32)];
        assert!(
            beyond.iter().all(|beyond| matches!(encode(codec, 7, &[*beyond]), Err(CommandError::Time(_))))
        );
    }
}

#[test]
fn trackers_of_others_are_told_nothing_else() {
    for codec in Codec::ALL.into_iter().filter(|codec| !Codec::WITH_LOG.contains(codec)) {
        let others = if codec == Codec::Isotherm { vec![] } else { vec![HELD, Command::Restart] };
        for command in others.into_iter().chain([read_log(0, 1)]) {
            let refused = encode(codec, 1, &[command]).unwrap_err();
            assert_eq!(refused, CommandError::Unknown(codec));
        }
    }
    let said = CommandError::Unknown(Codec::DraginoLht52).to_string();
    assert_eq!(said, "a tracker with the codec dragino-lht52 cannot be told this");
}

/// By the field numbers of ChirpStack's api/proto/api/device.proto.
#[test]
fn chirpstack_is_handed_a_message_of_these_bytes() {
    let frame = Frame { f_port: 20, payload: vec![0xaa, 0xbb] };
    let expires_at = DateTime::from_timestamp(300, 0).unwrap();
    let request = chirpstack::enqueue(DevEui(0x0102_0304_0506_0708), frame, expires_at);
    let dev_eui = hex::encode("0102030405060708");
    let item = format!("1210{dev_eui}180120142a02aabb520308ac02");
    assert_eq!(hex::encode(request.encode_to_vec()), format!("0a{:02x}{item}", item.len() / 2));
    let answer = chirpstack::EnqueueResponse::decode(&b"\x0a\x03abc"[..]).unwrap();
    assert_eq!(answer.id, "abc");
}

#[test]
fn the_things_stack_is_handed_this_json_at_the_webhooks_address() {
    let frame = Frame { f_port: 20, payload: vec![0xbe, 0xef] };
    let expected = serde_json::json!({ "downlinks": [{
        "f_port": 20, "frm_payload": "vu8=", "confirmed": true, "priority": "NORMAL",
        "correlation_ids": ["isotherm:1:2"], "confirmed_retry": { "max_attempts": 1 },
    }] });
    assert_eq!(serde_json::to_value(push(&frame, "isotherm:1:2")).unwrap(), expected);
    let device = Device { application: "app1", device: "dev1" };
    let path = "/api/v3/as/applications/app1/webhooks/wh1/devices/dev1/down/push";
    assert_eq!(push_path(device, "wh1").as_deref(), Some(path));
    for odd in ["", "a/b", "..", "a?b", "a%2fb", &"a".repeat(37)] {
        assert_eq!(push_path(Device { device: odd, ..device }, "wh1"), None, "{odd}");
        assert_eq!(push_path(device, odd), None, "{odd}");
    }
}

fn said(network: Network, word: &str, body: &str) -> Option<Report> {
    let [event] = parse(network, Some(word), body.as_bytes()).unwrap().try_into().unwrap();
    event.downlink.map(|report| *report)
}

#[test]
fn chirpstack_says_what_became_of_a_downlink() {
    let ack = |rest: &str| said(Network::Chirpstack, "ack", &format!(r#"{{"queueItemId":"q-1"{rest}}}"#));
    let report = |outcome, reason: Option<&str>| {
        Some(Report { names: vec!["q-1".to_owned()], outcome, reason: reason.map(str::to_owned) })
    };
    assert_eq!(ack(r#","acknowledged":true"#), report(Outcome::Acknowledged, None));
    assert_eq!(ack(r#","acknowledged":false"#), report(Outcome::Unanswered, None));
    assert_eq!(ack(""), report(Outcome::Unanswered, None), "servers before 4.20 leave it out");
    assert_eq!(said(Network::Chirpstack, "ack", r#"{"acknowledged":true}"#), None, "of which downlink?");
    let log = |code: &str| {
        let body = format!(
            r#"{{"level":"ERROR","code":"{code}","description":"discarded","context":{{"queue_item_id":"q-1"}}}}"#
        );
        said(Network::Chirpstack, "log", &body)
    };
    assert_eq!(log("EXPIRED"), report(Outcome::Expired, Some("discarded")));
    assert_eq!(log("DOWNLINK_PAYLOAD_SIZE"), report(Outcome::Failed, Some("discarded")));
    assert_eq!(log("F_CNT_DOWN"), report(Outcome::Failed, Some("discarded")));
    assert_eq!(log("UPLINK_MIC"), None);
    assert_eq!(said(Network::Chirpstack, "log", r#"{"code":"EXPIRED"}"#), None);
}

#[test]
fn the_things_stack_says_what_became_of_a_downlink() {
    let told = |body: &str| said(Network::TheThingsStack, "", body);
    let names = vec!["isotherm:1:2".to_owned(), "as:downlink:01".to_owned()];
    let report = |outcome, reason: Option<&str>| {
        Some(Report { names: names.clone(), outcome, reason: reason.map(str::to_owned) })
    };
    let downlink = r#"{"f_port":20,"correlation_ids":["isotherm:1:2",7.5,"as:downlink:01"]}"#;
    assert_eq!(told(&format!(r#"{{"downlink_ack":{downlink}}}"#)), report(Outcome::Acknowledged, None));
    assert_eq!(told(&format!(r#"{{"downlink_nack":{downlink}}}"#)), report(Outcome::Unanswered, None));
    let failed =
        format!(r#"{{"downlink_failed":{{"downlink":{downlink},"error":{{"message_format":"too long"}}}}}}"#);
    assert_eq!(told(&failed), report(Outcome::Failed, Some("too long")));
    for kind in ["downlink_sent", "downlink_queued"] {
        assert_eq!(told(&format!(r#"{{"{kind}":{downlink}}}"#)), None, "{kind} is no end");
    }
}
