//! What AWS IoT Core for LoRaWAN does that its documentation's examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::DevEui;
use networks::decode::decode;
use networks::{Event, EventKind, Location, Network, ParseError, confirmation, parse};
use serde_json::{Value, json};

const NETWORK: Network = Network::AwsIotCore;
const CONFIRMATION: &[u8] = include_bytes!("bodies/aws-iot-core-confirmation.json");

fn read(body: &Value) -> Result<Event, ParseError> {
    let [event] = <[Event; 1]>::try_from(parse(NETWORK, None, body.to_string().as_bytes())?).unwrap();
    Ok(event)
}

/// An uplink with these fields of `LoRaWAN`.
fn up(lorawan: Value) -> Event {
    read(&json!({ "PayloadData": "AQ==", "WirelessMetadata": { "LoRaWAN": lorawan } })).unwrap()
}

#[test]
fn an_uplink_is_shown_with_every_field() {
    let decoded = decode(NETWORK, None, include_bytes!("bodies/aws-iot-core-up.json")).unwrap();
    assert_eq!(
        serde_json::to_value(&decoded).unwrap(),
        json!([{
            "event": "uplink",
            "dev_eui": "70b3d57ed00a0b0c",
            "application": null,
            "f_cnt": 65536,
            "f_port": 10,
            "payload": "10010203141516020d5b57",
            "received_at": "2026-03-01T08:15:30Z",
            "confirmed": true,
            "gateways": [
                {"id": "00800000a0000001", "rssi_dbm": -97, "snr_db": 9.75, "location": null},
                {"id": "00800000a0000002", "rssi_dbm": -110.5, "snr_db": 0, "location": null},
                {"id": "9f3c01", "rssi_dbm": -120, "snr_db": -8, "location": null},
            ],
        }])
    );
    let event = &decoded[0].0;
    assert_eq!(event.dev_addr.as_deref(), Some("01f725bb"));
    assert_eq!(event.device.as_deref(), Some("3b1e7d5a-0000-4000-8000-000000000001"));
}

#[test]
fn a_counter_that_older_messages_do_not_have_is_unknown_and_a_port_left_out_is_0() {
    let event = up(json!({ "DevEui": "00000000000000aa" }));
    assert_eq!((event.f_cnt, event.f_port, event.confirmed), (None, Some(0), None));
    assert_eq!((event.dev_eui, event.payload), (Some(DevEui(0xaa)), Some(vec![1])));
}

#[test]
fn the_port_is_spelt_in_two_ways() {
    for spelt in ["FPort", "Fport"] {
        assert_eq!(up(json!({ spelt: "136" })).f_port, Some(136), "{spelt}");
    }
}

#[test]
fn an_uplink_without_a_payload_is_empty() {
    let event =
        read(&json!({ "WirelessMetadata": { "LoRaWAN": { "MType": "UnconfirmedDataUp" } } })).unwrap();
    assert_eq!((event.payload, event.confirmed), (Some(Vec::new()), Some(false)));
}

#[test]
fn a_rule_that_leaves_the_metadata_out_is_told_so() {
    let refused = read(&json!({ "WirelessDeviceId": "x", "PayloadData": "AQ==" })).unwrap_err().to_string();
    assert_eq!(
        refused,
        "the field `WirelessMetadata.LoRaWAN` is missing, which aws-iot-core sends with every uplink"
    );
    let sidewalk = json!({ "PayloadData": "AQ==", "WirelessMetadata": { "Sidewalk": { "Seq": 1 } } });
    assert_eq!(read(&sidewalk).unwrap().kind, EventKind::Other);
}

#[test]
fn a_location_is_longitude_first() {
    let decoded = parse(NETWORK, None, include_bytes!("bodies/aws-iot-core-location.json")).unwrap();
    let [event] = <[Event; 1]>::try_from(decoded).unwrap();
    assert_eq!((event.kind, event.dev_eui), (EventKind::Location, Some(DevEui(0x70b3_d57e_d00a_0b0c))));
    assert_eq!((event.location, event.accuracy_m), (Some(Location { lat: 52.5, lon: 13.25 }), Some(34.5)));
    assert_eq!(event.received_at, Some("2026-03-01T08:16:00.5Z".parse().unwrap()));
    for odd in [json!([]), json!([1]), json!({}), json!([null, "x"]), json!([1, 91])] {
        let event = read(&json!({ "coordinates": odd })).unwrap();
        assert_eq!((event.kind, event.location), (EventKind::Location, None), "{odd}");
    }
}

#[test]
fn a_position_that_somebody_typed_in_is_exact_and_of_no_known_device() {
    let typed = json!({ "WirelessDeviceId": "w", "coordinates": [33.5, -22.25], "properties": { "horizontalAccuracy": 0 } });
    let event = read(&typed).unwrap();
    assert_eq!((event.dev_eui, event.device.as_deref(), event.accuracy_m), (None, Some("w"), None));
    assert_eq!(event.location, Some(Location { lat: -22.25, lon: 33.5 }));
}

#[test]
fn a_join_is_told_when_it_was_accepted() {
    let told = |kind: &str, timestamp: Value| {
        let lorawan = json!({ "DevEui": "00000000000000aa", "DevAddr": "01F725BB" });
        read(&json!({ "eventId": "e", "eventType": kind, "timestamp": timestamp, "LoRaWAN": lorawan }))
            .unwrap()
    };
    let at = Some("2026-03-01T08:15:30Z".parse().unwrap());
    for time in [
        json!("2026-03-01T08:15:30Z"),
        json!(1_772_352_930),
        json!("1772352930000"),
        json!(1_772_352_930_000_u64),
    ] {
        let event = told("join_accepted", time.clone());
        assert_eq!((event.kind, event.received_at), (EventKind::Join, at), "{time}");
        assert_eq!((event.dev_eui, event.dev_addr.as_deref()), (Some(DevEui(0xaa)), Some("01f725bb")));
    }
    for time in [json!("soon"), json!(0), json!(-1), json!("99999999999999999999"), json!(9e18)] {
        assert_eq!(told("join_accepted", time.clone()).received_at, None, "{time}");
    }
    for kind in ["join_req_received", "rejoin_req_0_received", "connected", "disconnected"] {
        assert_eq!(told(kind, json!(null)).kind, EventKind::Other, "{kind}");
    }
}

#[test]
fn a_destination_confirmation_is_about_no_device_and_says_where_a_person_says_yes() {
    assert_eq!(parse(NETWORK, None, CONFIRMATION).unwrap(), [Event::default()]);
    assert_eq!(
        confirmation(NETWORK, CONFIRMATION).as_deref(),
        Some("https://iot.eu-central-1.amazonaws.com/confirmdestination/AYADeNotAToken-0001")
    );
    for other in Network::ALL.into_iter().filter(|network| *network != NETWORK) {
        assert_eq!(confirmation(other, CONFIRMATION), None, "{other}");
    }
}

#[test]
fn only_an_address_of_aws_iot_is_shown_to_a_person() {
    let asked = |url: &str| {
        let body = json!({ "messageType": "DestinationConfirmation", "enableUrl": url });
        confirmation(NETWORK, body.to_string().as_bytes())
    };
    for url in [
        "https://iot.us-east-1.amazonaws.com/c/A-_.~%20?x=1#y",
        "https://iot.cn-north-1.amazonaws.com.cn/c/A",
    ] {
        assert_eq!(asked(url).as_deref(), Some(url));
    }
    let long = format!("https://iot.us-east-1.amazonaws.com/{}", "a".repeat(4096));
    for url in [
        "http://iot.us-east-1.amazonaws.com/c/A",
        "https://iot.us-east-1.amazonaws.com",
        "https://iot.amazonaws.com/c/A",
        "https://iot.us-east-1.amazonaws.com.example.org/c/A",
        "https://iot.us-east-1.amazonaws.com:8443/c/A",
        "https://iot.us-east-1.amazonaws.com@example.org/c/A",
        "https://example.org/iot.us-east-1.amazonaws.com/c/A",
        "https://example.org#.iot.us-east-1.amazonaws.com/c/A",
        "https://example.org\\.iot.us-east-1.amazonaws.com/c/A",
        "https://169.254.169.254/iot.us-east-1.amazonaws.com/",
        "https://s3.us-east-1.amazonaws.com/c/A",
        "https://bucket.iot.us-east-1.amazonaws.com/c/A",
        "https://iot.bucket.s3.amazonaws.com/c/A",
        "https://iot..amazonaws.com/c/A",
        "https://iot.us-east-1.amazonaws.cn/c/A",
        "https://iot.us-east-1.amazonaws.com/c/<script>",
        "https://iot.us-east-1.amazonaws.com/c/A\nB",
        "javascript:alert(1)",
        "",
        &long,
    ] {
        assert_eq!(asked(url), None, "{url}");
    }
}

#[test]
fn what_is_no_confirmation_asks_for_nothing() {
    let url = "https://iot.us-east-1.amazonaws.com/c/A";
    for body in [
        json!({ "enableUrl": url }),
        json!({ "messageType": "destinationconfirmation", "enableUrl": url }),
        json!({ "messageType": "DestinationConfirmation", "enableUrl": [url] }),
        json!({ "messageType": "DestinationConfirmation" }),
        json!([{ "messageType": "DestinationConfirmation", "enableUrl": url }]),
    ] {
        assert_eq!(confirmation(NETWORK, body.to_string().as_bytes()), None, "{body}");
    }
    assert_eq!(confirmation(NETWORK, b"no JSON"), None);
}
