//! Lines of the queue: what was written by one release must be read by the next.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::DevEui;
use domain::ids::OrganisationId;
use networks::downlink::{Outcome, Report};
use networks::message::{Body, Message, MessageError, Source};
use networks::{Event, EventKind, Gateway, Location};
use proptest::option;
use proptest::prelude::*;

fn source() -> Source {
    Source { organisation: OrganisationId(7), integration: "lns".to_owned() }
}

fn message(body: Body) -> Message {
    Message { arrived_at: "2026-03-01T08:00:00.25Z".parse().unwrap(), body }
}

fn event() -> Event {
    Event {
        kind: EventKind::Uplink,
        dev_eui: Some(DevEui(0xaa)),
        application: Some("boxes".to_owned()),
        dev_addr: Some("260babcd".to_owned()),
        f_cnt: Some(3),
        f_port: Some(10),
        payload: Some(vec![1, 0xff]),
        decoded: None,
        received_at: Some("2026-03-01T08:00:00.123456789Z".parse().unwrap()),
        confirmed: Some(false),
        gateways: vec![Gateway {
            id: Some("gw".to_owned()),
            rssi: Some(-97.0),
            snr: Some(7.5),
            location: Some(Location { lat: 48.5, lon: 11.5 }),
        }],
        location: None,
        accuracy_m: None,
        device: None,
        downlink: None,
    }
}

/// These bytes are waiting in queues: a release that cannot read them loses them to the dead letters.
#[test]
fn lines_of_version_1_stay_readable_to_the_byte() {
    for (body, line) in [
        (
            Body::Event { source: source(), event: event() },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"event":{"s":{"o":7,"i":"lns"},"e":{"k":"uplink","e":"00000000000000aa","a":"boxes","d":"260babcd","c":3,"p":10,"b":"01ff","r":"2026-03-01T08:00:00.123456789Z","x":false,"g":[{"i":"gw","r":-97,"s":7.5,"l":{"lat":48.5,"lon":11.5}}]}}}}"#,
        ),
        (
            Body::Event {
                source: source(),
                event: Event { decoded: Some("{\"t\":\n5.0}".to_owned()), ..Event::default() },
            },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"event":{"s":{"o":7,"i":"lns"},"e":{"k":"other","o":"{\"t\":\n5.0}"}}}}"#,
        ),
        (
            Body::Event { source: source(), event: Event::default() },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"event":{"s":{"o":7,"i":"lns"},"e":{"k":"other"}}}}"#,
        ),
        (
            Body::Unreadable { source: source(), reason: "line 1".to_owned(), body: b"{\"\n".to_vec() },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"unreadable":{"s":{"o":7,"i":"lns"},"reason":"line 1","b":"eyIK"}}}"#,
        ),
        (
            Body::Refused { source: None, reason: "unknown integration".to_owned(), count: 3 },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"refused":{"reason":"unknown integration","count":3}}}"#,
        ),
        (
            Body::Confirm { source: source(), url: "https://iot.eu-central-1.amazonaws.com/c/A".to_owned() },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"confirm":{"s":{"o":7,"i":"lns"},"url":"https://iot.eu-central-1.amazonaws.com/c/A"}}}"#,
        ),
        (
            Body::SpoolAlarm { reason: "free space".to_owned(), spooled_bytes: 10, free_bytes: 20 },
            r#"{"v":1,"t":"2026-03-01T08:00:00.250Z","b":{"spool_alarm":{"reason":"free space","spooled_bytes":10,"free_bytes":20}}}"#,
        ),
    ] {
        let message = message(body);
        assert_eq!(String::from_utf8(message.to_line().unwrap()).unwrap(), line);
        assert_eq!(Message::from_line(line.as_bytes()).unwrap(), message);
    }
}

#[test]
fn a_line_of_another_version_is_refused_as_such_whatever_else_is_in_it() {
    for line in
        [r#"{"v":2}"#, r#"{"v":2,"t":"2026-03-01T08:00:00Z","b":{"refused":{"reason":"x","count":1}}}"#]
    {
        let refused = Message::from_line(line.as_bytes()).unwrap_err();
        assert!(matches!(refused, MessageError::UnknownVersion { found: 2 }), "{refused}");
    }
}

#[test]
fn a_line_that_is_no_message_is_refused() {
    for line in [
        "",
        "{}",
        r#"{"v":1}"#,
        r#"{"v":1,"t":"2026-03-01T08:00:00Z","b":{"new_kind":{}}}"#,
        r#"{"v":1,"t":"2026-03-01T08:00:00Z","b":{"event":{"e":{"k":"uplink"}}}}"#,
        r#"{"v":1,"t":"2026-03-01T08:00:00Z","b":{"event":{"s":{"o":7,"i":"lns"},"e":{"k":"uplink","b":"0"}}}}"#,
        "[1]\n",
    ] {
        let refused = Message::from_line(line.as_bytes()).unwrap_err();
        assert!(matches!(refused, MessageError::Malformed(_)), "{line}: {refused}");
    }
}

#[test]
fn an_event_of_a_kind_that_is_added_later_is_read_as_other() {
    let line = r#"{"v":1,"t":"2026-03-01T08:00:00Z","b":{"event":{"s":{"o":7,"i":"lns"},"e":{"k":"multicast","z":1}}}}"#;
    let Body::Event { event, .. } = Message::from_line(line.as_bytes()).unwrap().body else {
        panic!("no event")
    };
    assert_eq!(event, Event::default());
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4_102_444_800, 0_u32..1_000_000_000).prop_map(|(s, ns)| DateTime::from_timestamp(s, ns).unwrap())
}

fn location() -> impl Strategy<Value = Location> {
    (-90.0..=90.0, -180.0..=180.0).prop_map(|(lat, lon)| Location { lat, lon })
}

fn gateway() -> impl Strategy<Value = Gateway> {
    let signal = || option::of(-200.0..200.0);
    (option::of(".*"), signal(), signal(), option::of(location()))
        .prop_map(|(id, rssi, snr, location)| Gateway { id, rssi, snr, location })
}

fn kind() -> impl Strategy<Value = EventKind> {
    use EventKind::{Ack, Downlink, Error, Join, Location, Other, Status, Uplink};
    prop::sample::select(vec![Uplink, Join, Ack, Status, Location, Downlink, Error, Other])
}

fn report() -> impl Strategy<Value = Box<Report>> {
    use Outcome::{Acknowledged, Expired, Failed, Unanswered};
    let outcome = prop::sample::select(vec![Acknowledged, Unanswered, Failed, Expired]);
    (prop::collection::vec(".*", 0..3), outcome, option::of(".*"))
        .prop_map(|(names, outcome, reason)| Box::new(Report { names, outcome, reason }))
}

fn any_event() -> impl Strategy<Value = Event> {
    let ids = (kind(), option::of(any::<u64>()), option::of(".*"), option::of("[0-9a-f]{8}"));
    let frame = (any::<Option<u32>>(), any::<Option<u8>>(), any::<Option<Vec<u8>>>(), any::<Option<bool>>());
    let air = (option::of(time()), prop::collection::vec(gateway(), 0..4), option::of(location()));
    let air = (air, option::of(0.0..1e6));
    let down = (option::of(".*"), option::of(report()), option::of(".*"));
    (ids, frame, air, down).prop_map(|(ids, frame, ((received_at, gateways, location), accuracy_m), down)| {
        Event {
            device: down.0,
            downlink: down.1,
            kind: ids.0,
            dev_eui: ids.1.map(DevEui),
            application: ids.2,
            dev_addr: ids.3,
            f_cnt: frame.0,
            f_port: frame.1,
            payload: frame.2,
            decoded: down.2,
            confirmed: frame.3,
            received_at,
            gateways,
            location,
            accuracy_m,
        }
    })
}

fn any_source() -> impl Strategy<Value = Source> {
    (any::<i32>(), ".*")
        .prop_map(|(id, integration)| Source { organisation: OrganisationId(id), integration })
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (any_source(), any_event()).prop_map(|(source, event)| Body::Event { source, event }),
        (any_source(), ".*", any::<Vec<u8>>()).prop_map(|(source, reason, body)| Body::Unreadable {
            source,
            reason,
            body
        }),
        (option::of(any_source()), ".*", any::<u64>()).prop_map(|(source, reason, count)| Body::Refused {
            source,
            reason,
            count
        }),
        ".*".prop_map(|url| Body::Confirm { source: source(), url }),
        (".*", any::<u64>(), any::<u64>()).prop_map(|(reason, spooled_bytes, free_bytes)| Body::SpoolAlarm {
            reason,
            spooled_bytes,
            free_bytes
        }),
    ]
}

proptest! {
    #[test]
    fn every_message_is_one_line_and_reads_back_as_it_was(arrived_at in time(), body in any_body()) {
        let message = Message { arrived_at, body };
        let line = message.to_line().unwrap();
        prop_assert!(!line.contains(&b'\n'));
        prop_assert_eq!(Message::from_line(&line).unwrap(), message);
    }

    #[test]
    fn any_line_is_read_or_refused_without_a_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::from_line(&line);
    }
}
