//! Whatever a sender posts, parsing ends with events or a reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use networks::decode::decode;
use networks::message::{Body, Message, Source};
use networks::payload::{self, Codec};
use networks::{Network, parse};
use proptest::prelude::*;

const BODIES: [(Network, &[u8]); 21] = [
    (Network::Chirpstack, include_bytes!("bodies/chirpstack-up.json")),
    (Network::ChirpstackV3, include_bytes!("bodies/chirpstack-v3-up.json")),
    (Network::ChirpstackV3, include_bytes!("bodies/chirpstack-v3-up-hex.json")),
    (Network::TheThingsStack, include_bytes!("bodies/the-things-stack-up.json")),
    (Network::Actility, include_bytes!("bodies/actility-up.json")),
    (Network::Loriot, include_bytes!("bodies/loriot-gw.json")),
    (Network::Helium, include_bytes!("bodies/helium-console.json")),
    (Network::Helium, include_bytes!("bodies/chirpstack-up.json")),
    (Network::Milesight, include_bytes!("bodies/milesight-up.json")),
    (Network::Milesight, include_bytes!("bodies/milesight-platform.json")),
    (Network::Netmore, include_bytes!("bodies/netmore-up.json")),
    (Network::Everynet, include_bytes!("bodies/everynet-up.json")),
    (Network::Kerlink, include_bytes!("bodies/kerlink-up.json")),
    (Network::Senet, include_bytes!("bodies/senet-up.json")),
    (Network::Orange, include_bytes!("bodies/orange-up.json")),
    (Network::Chirpstack, include_bytes!("bodies/chirpstack-up.pb")),
    (Network::Chirpstack, include_bytes!("bodies/chirpstack-up-object.pb")),
    (Network::Actility, include_bytes!("bodies/actility-up.xml")),
    (Network::AwsIotCore, include_bytes!("bodies/aws-iot-core-up.json")),
    (Network::AwsIotCore, include_bytes!("bodies/aws-iot-core-location.json")),
    (Network::AwsIotCore, include_bytes!("bodies/aws-iot-core-confirmation.json")),
];

/// What was read can be shown, queued and read again.
fn parse_and_follow(network: Network, word: Option<&str>, body: &[u8]) {
    let Ok(events) = parse(network, word, body) else { return };
    let may_be_none = matches!(network, Network::Netmore | Network::Milesight);
    assert!(may_be_none || !events.is_empty(), "a body without events");
    serde_json::to_string(&decode(network, word, body).unwrap()).unwrap();
    for event in events {
        let source = Source { organisation: domain::ids::OrganisationId(1), integration: "lns".to_owned() };
        let arrived_at = chrono::DateTime::UNIX_EPOCH;
        let message = Message { arrived_at, body: Body::Event { source, event } };
        assert_eq!(Message::from_line(&message.to_line().unwrap()).unwrap(), message);
    }
}

fn word() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop_oneof![Just("up".to_owned()), Just("txack".to_owned()), ".{0,12}"])
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        body in prop::collection::vec(any::<u8>(), 0..300), word in word(),
    ) {
        for network in Network::ALL {
            parse_and_follow(network, word.as_deref(), &body);
        }
    }

    #[test]
    fn a_body_with_changed_bytes_is_read_or_refused(
        which in 0..BODIES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        word in word(),
    ) {
        let (network, body) = BODIES[which];
        let mut body = body.to_vec();
        for (index, byte) in changes {
            let position = index.index(body.len());
            body[position] = byte;
        }
        parse_and_follow(network, word.as_deref(), &body);
        parse_and_follow(network, word.as_deref(), &body[..cut.index(body.len())]);
    }

    #[test]
    fn a_field_with_any_json_value_is_read_or_refused(
        field in prop::sample::select(vec![
            "deviceInfo", "time", "devAddr", "fCnt", "fPort", "data", "rxInfo", "location", "gatewayId", "confirmed",
            "end_device_ids", "received_at", "uplink_message", "location_solved", "downlink_failed",
            "DevEUI_uplink", "DevEUI_location", "cmd", "EUI", "ts", "fcnt", "gws", "devEUI", "publishedAt",
            "dev_eui", "hotspots", "reported_at", "eventType", "webhookPushEvent", "payload", "gateways", "type",
            "meta", "params", "endDevice", "encodingType", "recvTime", "gwInfo", "pdu", "txtime", "metadata", "value",
        ]),
        value in prop::sample::select(vec![
            "null", "true", "0", "-1", "1e400", "1e15", "0.1", "18446744073709551615", "\"\"", "\"a\"", "\"1e9\"",
            "[]", "[{}]", "[null]", "{}", "{\"latitude\":1e9}", "{\"rx_metadata\":[{}]}", "\"\\ud800\"",
        ]),
        word in word(),
    ) {
        let body = format!("{{\"{field}\":{value}}}");
        for network in Network::ALL {
            parse_and_follow(network, word.as_deref(), body.as_bytes());
        }
    }

    #[test]
    fn any_payload_is_read_or_refused(
        codec in prop::sample::select(Codec::ALL.to_vec()),
        f_port in prop::option::of(prop_oneof![0..20_u8, any::<u8>()]),
        bytes in prop::collection::vec(any::<u8>(), 0..250),
        received_at in prop::option::of(Just(chrono::DateTime::UNIX_EPOCH)),
    ) {
        let _ = payload::decode(codec, f_port, &bytes, received_at);
    }
}
