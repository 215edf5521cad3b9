//! What ThingPark does that its published examples do not show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::DevEui;
use networks::decode::decode;
use networks::downlink::Outcome;
use networks::{Event, EventKind, Location, Network, ParseError, parse, signed_values};
use serde_json::{Value, json};

const UP: &[u8] = include_bytes!("bodies/actility-up.json");

fn read(body: &Value) -> Result<Event, ParseError> {
    let events = parse(Network::Actility, None, body.to_string().as_bytes())?;
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    Ok(event)
}

#[test]
fn an_uplink_is_shown_with_every_field_though_numbers_are_texts() {
    let decoded = decode(Network::Actility, None, UP).unwrap();
    assert_eq!(
        serde_json::to_value(&decoded).unwrap(),
        json!([{
            "event": "uplink",
            "dev_eui": "70b3d57ed00a0b0c",
            "application": "100000001",
            "f_cnt": 65536,
            "f_port": 11,
            "payload": "0a0b0c",
            "received_at": "2026-03-01T08:15:30.987Z",
            "confirmed": true,
            "gateways": [
                {"id": "080603DB", "rssi_dbm": -97, "snr_db": 7.5, "location": {"lat": 48.1, "lon": 11.6}},
                {"id": "080E00C8", "rssi_dbm": -118, "snr_db": -4, "location": null},
            ],
        }])
    );
    assert_eq!(decoded[0].0.dev_addr.as_deref(), Some("260babcd"));
}

#[test]
fn the_devices_key_goes_no_further() {
    let event = parse(Network::Actility, None, UP).unwrap();
    let line = serde_json::to_string(&event).unwrap();
    assert!(!line.contains("000102030405060708090a0b0c0d0e0f"), "{line}");
}

#[test]
fn the_kind_is_the_one_key_that_names_it() {
    for (key, kind) in [
        ("DevEUI_uplink", EventKind::Uplink),
        ("DevEUI_downlink_Sent", EventKind::Downlink),
        ("DevEUI_location", EventKind::Location),
        ("DevEUI_notification", EventKind::Other),
    ] {
        let event = read(&json!({ key: { "DevEUI": "00000000000000AA", "Type": "reset" } })).unwrap();
        assert_eq!((event.kind, event.dev_eui), (kind, Some(DevEui(0xaa))), "{key}");
    }
    assert_eq!(read(&json!({ "DevEUI_new": {} })).unwrap(), Event::default());
    let joined = read(&json!({ "DevEUI_notification": { "Type": "join", "DevAddr": "14718A79" } })).unwrap();
    assert_eq!((joined.kind, joined.dev_addr.as_deref()), (EventKind::Join, Some("14718a79")));
}

#[test]
fn an_uplink_that_holds_a_join_request_is_a_join() {
    let event = read(&json!({ "DevEUI_uplink": { "DevEUI": "00000000000000AA", "rawJoinRequest": "00" } }));
    assert_eq!(event.unwrap().kind, EventKind::Join);
}

#[test]
fn what_is_left_out_of_an_uplink_is_zero_and_empty() {
    let event =
        read(&json!({ "DevEUI_uplink": { "DevEUI": "00000000000000AA", "payload_hex": "" } })).unwrap();
    assert_eq!((event.f_cnt, event.f_port, event.confirmed), (Some(0), Some(0), None));
    assert_eq!((event.payload, event.gateways), (Some(Vec::new()), Vec::new()));
}

#[test]
fn without_a_list_the_best_gateway_stands_alone() {
    let body = json!({ "DevEUI_uplink": { "Lrrid": "080603DB", "LrrRSSI": -97, "LrrSNR": 0, "LrrLAT": 1, "LrrLON": 2 } });
    let [gateway] = <[_; 1]>::try_from(read(&body).unwrap().gateways).unwrap();
    assert_eq!(
        (gateway.id.as_deref(), gateway.rssi, gateway.snr),
        (Some("080603DB"), Some(-97.0), Some(0.0))
    );
    assert_eq!(gateway.location, Some(Location { lat: 1.0, lon: 2.0 }));
}

#[test]
fn a_downlink_that_was_not_delivered_is_an_error_by_its_name() {
    let sent = |status: u8| {
        let told = json!({ "DeliveryStatus": status, "CorrelationID": "0a0b", "FCntDn": "7", "FPort": "20" });
        read(&json!({ "DevEUI_downlink_Sent": told })).unwrap()
    };
    let (well, ill) = (sent(1), sent(0));
    assert_eq!((well.kind, well.downlink, well.f_cnt), (EventKind::Downlink, None, Some(7)));
    let report = ill.downlink.unwrap();
    assert_eq!(
        (ill.kind, report.outcome, report.names),
        (EventKind::Error, Outcome::Failed, vec!["0a0b".to_owned()])
    );
}

#[test]
fn a_location_is_where_and_how_good_and_when_it_was_worked_out() {
    let told = json!({ "DevLAT": "52.09", "DevLON": "5.36", "DevLocRadius": "455.5", "DevLocTime": "2026-08-19T14:18:58+02:00" });
    let event = read(&json!({ "DevEUI_location": told })).unwrap();
    assert_eq!((event.location, event.accuracy_m), (Some(Location { lat: 52.09, lon: 5.36 }), Some(455.5)));
    assert_eq!(event.received_at, Some("2026-08-19T12:18:58Z".parse().unwrap()));
}

#[test]
fn a_payload_that_is_no_hex_is_refused_with_its_place() {
    let refused = read(&json!({ "DevEUI_uplink": { "payload_hex": "0a0" } })).unwrap_err().to_string();
    assert!(refused.starts_with("line 1, column ") && refused.contains("not hex"), "{refused}");
}

const XML: &[u8] = include_bytes!("bodies/actility-up.xml");

/// The uplink in XML with one element more.
fn xml_with(element: &str) -> Result<Event, ParseError> {
    let body = format!("<DevEUI_uplink><DevEUI>00000000000000AA</DevEUI>{element}</DevEUI_uplink>");
    let [event] = <[Event; 1]>::try_from(parse(Network::Actility, None, body.as_bytes())?).unwrap();
    Ok(event)
}

#[test]
fn an_uplink_is_the_same_event_in_xml_and_in_json() {
    assert_eq!(parse(Network::Actility, None, XML).unwrap(), parse(Network::Actility, None, UP).unwrap());
    let marked = [b"\xef\xbb\xbf\n", XML].concat();
    assert_eq!(parse(Network::Actility, None, &marked).unwrap(), parse(Network::Actility, None, UP).unwrap());
}

#[test]
fn one_gateway_in_xml_is_a_list_of_one() {
    let one = "<Lrrs><Lrr><Lrrid>a</Lrrid><LrrRSSI>-97.0</LrrRSSI></Lrr></Lrrs>";
    let [gateway] = <[_; 1]>::try_from(xml_with(one).unwrap().gateways).unwrap();
    assert_eq!((gateway.id.as_deref(), gateway.rssi, gateway.snr), (Some("a"), Some(-97.0), Some(0.0)));
    assert_eq!(xml_with("<Lrrs/>").unwrap().gateways, []);
}

#[test]
fn an_element_that_stands_twice_is_refused_where_one_is_read() {
    for twice in [
        "<DevEUI>00000000000000AB</DevEUI>",
        "<FPort>1</FPort><FPort>1</FPort>",
        "<FPort/><n:FPort>1</n:FPort>",
        "<payload_hex>00</payload_hex><FCntUp>1</FCntUp><payload_hex>01</payload_hex>",
        "<Lrrs><Lrr/></Lrrs><Lrrs><Lrr/></Lrrs>",
        "<Lrrs><Lrr><Lrrid>a</Lrrid><Lrrid>b</Lrrid></Lrr></Lrrs>",
    ] {
        let refused = xml_with(twice).unwrap_err().to_string();
        assert!(refused.starts_with("in the XML: duplicate field `"), "{twice}: {refused}");
    }
    let two = "<DevEUI_uplink><FPort>1</FPort></DevEUI_uplink>".repeat(2);
    assert!(parse(Network::Actility, None, two.as_bytes()).is_err());
    assert!(signed_values(two.as_bytes()).is_err());
    let gateways =
        "<Lrrs><Lrr><Lrrid>a</Lrrid></Lrr><DevLrrCnt>2</DevLrrCnt><Lrr><Lrrid>b</Lrrid></Lrr></Lrrs>";
    assert_eq!(xml_with(gateways).unwrap().gateways.len(), 2);
    let unread = "<Tag>a</Tag><Tag>b</Tag><FPort>1</FPort>";
    assert_eq!(xml_with(unread).unwrap().f_port, Some(1));
}

#[test]
fn every_kind_is_known_by_its_element_in_xml_with_a_prefix_too() {
    for (name, kind) in [
        ("DevEUI_uplink", EventKind::Uplink),
        ("DevEUI_downlink_Sent", EventKind::Downlink),
        ("n:DevEUI_location", EventKind::Location),
        ("DevEUI_notification", EventKind::Other),
        ("DevEUI_new", EventKind::Other),
    ] {
        let body = format!("<{name} xmlns:n='u'><DevEUI>00000000000000AA</DevEUI></{name}>");
        let events = parse(Network::Actility, None, body.as_bytes()).unwrap();
        assert_eq!(events[0].kind, kind, "{name}");
    }
    let joined = xml_with("<rawJoinRequest>00</rawJoinRequest>").unwrap();
    assert_eq!(joined.kind, EventKind::Join);
}

#[test]
fn what_is_written_in_xmls_own_ways_is_the_same_text() {
    for customer in ["a&amp;b&#33;", "<![CDATA[a&b!]]>", " a&b&#x21; ".trim(), "a<!-- -->&amp;b!"] {
        let customer = customer.replace("a&b&", "a&amp;b&");
        let event = xml_with(&format!("<CustomerID>{customer}</CustomerID>")).unwrap();
        assert_eq!(event.application.as_deref(), Some("a&b!"), "{customer}");
    }
}

#[test]
fn xml_that_cannot_be_read_says_where_and_a_value_says_what() {
    for (body, said) in [
        ("<DevEUI_uplink>\n<a></b>", "line 2, column "),
        ("<DevEUI_uplink><a>", "line 1, column 19: the XML ends before its element does"),
        ("<?xml version='1.0'?>", "line 1, column 22: the XML ends before its element does"),
        ("<DevEUI_uplink>&who;</DevEUI_uplink>", "line 1, column 21: &who; is not known"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "line 1, column 31: a document type is not read"),
        (
            "<DevEUI_uplink>text</DevEUI_uplink>",
            "in the XML: invalid type: string \"text\", expected an object",
        ),
    ] {
        let refused = parse(Network::Actility, None, body.as_bytes()).unwrap_err().to_string();
        assert!(refused.starts_with(said), "{body}: {refused}");
    }
    let refused = xml_with("<FPort>256</FPort>").unwrap_err().to_string();
    assert!(refused.starts_with("in the XML: invalid value: "), "{refused}");
    let deep = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
    let refused = parse(Network::Actility, None, deep.as_bytes()).unwrap_err().to_string();
    assert!(refused.contains("elements lie more than 16 deep"), "{refused}");
}
