//! ThingPark's signature, with vectors of our own and, where they lie beside the project, the published ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;

use chrono::{DateTime, Utc};
use domain::sender::SharedKey;
use networks::{OtherBody, SignedQuery, signed_values};
use serde_json::Value;

const KEY: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

/// Before the port, and after it.
const QUERY: [&str; 2] = [
    "LrnDevEui=70B3D57ED00012AB&LrnFPort=",
    "&LrnInfos=TWA_100000042.7.AS-1-77&AS_ID=depot.7&Time=2026-03-01T09:30:00.250+01:00",
];

/// Name, body, port of the query, token: made with another program.
const VECTORS: &[(&str, &str, u8, &str)] = &[
    (
        "an uplink with numbers",
        r#"{"DevEUI_uplink":{"CustomerID":100000042,"DevEUI":"70B3D57ED00012AB","FPort":10,"FCntUp":4711,"payload_hex":"0AfF"}}"#,
        10,
        "2819b62c95fa8223a48e8e0a90a2471564823f1b7d2246e12aa2d4f7592ec4e2",
    ),
    (
        "an uplink with texts",
        r#"{"DevEUI_uplink":{"payload_hex":"0aff","FCntUp":"4711","FPort":"10","DevEUI":"70B3D57ED00012AB","CustomerID":"100000042"}}"#,
        10,
        "701f78843ea35cbef2dcf5063327e5a93958282dfe1d7e743a89dbcc4f9a8471",
    ),
    (
        "the same in XML",
        r#"<DevEUI_uplink xmlns="http://uri.actility.com/lora"><payload_hex>0aff</payload_hex><FCntUp>4711</FCntUp><FPort>10</FPort><DevEUI>70B3D57ED00012AB</DevEUI><CustomerID>100000042</CustomerID></DevEUI_uplink>"#,
        10,
        "701f78843ea35cbef2dcf5063327e5a93958282dfe1d7e743a89dbcc4f9a8471",
    ),
    (
        "an uplink without port and payload",
        r#"{"DevEUI_uplink":{"CustomerID":"100000042","DevEUI":"70B3D57ED00012AB","FCntUp":0}}"#,
        0,
        "f2dfbc1bd6dd6c8aae9f224bdb0c0d13d0a9afe075560c459640c3ff2637f45d",
    ),
    (
        "a downlink that was sent",
        r#"{"DevEUI_downlink_Sent":{"CustomerID":"100000042","DevEUI":"70B3D57ED00012AB","FPort":"10","FCntDn":"12","FCntUp":"4711"}}"#,
        10,
        "7af9c388338e26a27fa1f1afccc617b15915a778c9ee9484a7903e3311b16c2e",
    ),
    (
        "a location",
        r#"{"DevEUI_location":{"CustomerID":"100000042","DevEUI":"70B3D57ED00012AB","DevLAT":"45.7"}}"#,
        0,
        "ea13202929805854cdf2617d65177bf2c1c2ce522e68b112fac9c40c9f96a44d",
    ),
    (
        "a notification",
        r#"{"DevEUI_notification":{"CustomerID":"100000042","DevEUI":"70B3D57ED00012AB","Type":"join"}}"#,
        0,
        "b99174904260fb7041bd5f74217acae8047f505c09a809e227347ce00bc575e2",
    ),
];

fn query(port: u8, token: &str) -> String {
    format!("{}{port}{}&Token={token}", QUERY[0], QUERY[1])
}

fn is_signed(query: &str, body: &str, key: &str) -> bool {
    let signed = SignedQuery::read(query).unwrap();
    let values = signed_values(body.as_bytes()).unwrap().unwrap();
    signed.expected(&values, &SharedKey::new(key)) == signed.token
}

#[test]
fn every_kind_is_signed_by_its_own_values() {
    for (name, body, port, token) in VECTORS {
        assert!(is_signed(&query(*port, token), body, KEY), "{name}");
        assert!(
            is_signed(&query(*port, token), body, &KEY.to_ascii_uppercase()),
            "{name}: the key's case does not matter"
        );
    }
}

#[test]
fn whatever_is_changed_on_the_way_is_seen() {
    let (_, body, port, token) = VECTORS[0];
    let good = query(port, token);
    for (what, changed) in [
        ("customer", body.replace("100000042", "100000043")),
        ("device", body.replace("70B3D57ED00012AB", "70B3D57ED00012AC")),
        ("its letters", body.replace("70B3D57ED00012AB", "70b3d57ed00012ab")),
        ("port", body.replace("\"FPort\":10", "\"FPort\":11")),
        ("counter", body.replace("4711", "4712")),
        ("payload", body.replace("0AfF", "0AfE")),
        ("its letters", body.replace("0AfF", "0aff")),
        ("kind", body.replace("uplink", "downlink_Sent")),
    ] {
        assert!(!is_signed(&good, &changed, KEY), "{what}");
    }
    for (what, changed) in [
        ("time", good.replace("09:30:00.250", "09:30:00.251")),
        ("a blank for the plus", good.replace('+', "%20")),
        ("application server", good.replace("depot.7", "depot.8")),
        ("one more", good.replace("&Token", "&x=1&Token")),
        ("one less", good.replace("&AS_ID=depot.7", "")),
        ("order", good.replace("&AS_ID=depot.7", "").replace("&Token", "&AS_ID=depot.7&Token")),
    ] {
        assert!(!is_signed(&changed, body, KEY), "{what}");
    }
    assert!(!is_signed(&good, body, "0a1b2c3d4e5f60718293a4b5c6d7e8fa"));
}

#[test]
fn a_query_is_signed_as_it_was_before_its_characters_were_escaped() {
    let (_, body, port, token) = VECTORS[0];
    let good = query(port, token);
    for escaped in [good.replace('+', "%2B"), good.replace('+', "%2b"), good.replace(':', "%3A")] {
        assert!(is_signed(&escaped, body, KEY), "{escaped}");
    }
    let first = format!("Token={token}&{}", good.replace(&format!("&Token={token}"), ""));
    assert!(is_signed(&first, body, KEY), "wherever it stands");
}

/// Digits may be moved to a neighbour, since nothing stands between the values.
#[test]
fn a_body_is_held_against_the_device_and_the_port_of_its_query() {
    let about = |query: &str, body: &str| {
        let values = signed_values(body.as_bytes()).unwrap().unwrap();
        SignedQuery::read(query).unwrap().is_about(&values)
    };
    for (name, body, port, token) in VECTORS {
        assert_eq!(about(&query(*port, token), body), Ok(()), "{name}");
        let other = query(*port, token).replace("LrnDevEui=70B3D57ED00012AB", "LrnDevEui=70B3D57ED00012AC");
        assert_eq!(about(&other, body), Err(OtherBody::Device), "{name}");
        let unnamed = query(*port, token).replace("LrnDevEui=", "ffLrnDevEui=");
        assert_eq!(about(&unnamed, body), Err(OtherBody::Device), "{name}");
        let is_port_signed = !name.contains("location") && !name.contains("notification");
        let other = about(&query(*port + 1, token), body);
        assert_eq!(other, if is_port_signed { Err(OtherBody::Port) } else { Ok(()) }, "{name}");
    }
    let (_, body, port, token) = VECTORS[0];
    let moved = body.replace(r#""FPort":10,"FCntUp":4711"#, r#""FPort":104,"FCntUp":711"#);
    assert!(is_signed(&query(port, token), &moved, KEY));
    assert_eq!(about(&query(port, token), &moved), Err(OtherBody::Port));
    let (_, without_port, port, token) = VECTORS[3];
    for none in ["&LrnFPort=", ""] {
        let query = query(port, token).replace("&LrnFPort=0", none);
        assert_eq!(about(&query, without_port), Ok(()), "{none}");
    }
}

#[test]
fn what_would_be_signed_as_something_else_than_it_is_read_as_is_refused() {
    for odd in ["2.0", "2.5", "2e0", "1e400", "true", "[2]", "{}", r#""\ud800""#] {
        for field in ["CustomerID", "DevEUI", "FPort", "FCntUp", "FCntDn", "payload_hex"] {
            let body = format!(r#"{{"DevEUI_uplink":{{"{field}":{odd}}}}}"#);
            let refused = signed_values(body.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains("what is signed is a text or a whole number"), "{body}: {refused}");
        }
    }
    for absent in ["null", "\"\""] {
        let body = format!(r#"{{"DevEUI_uplink":{{"FPort":{absent}}}}}"#);
        assert_eq!(signed_values(body.as_bytes()), signed_values(br#"{"DevEUI_uplink":{"FPort":"0"}}"#));
    }
}

#[test]
fn a_query_says_when_it_was_signed() {
    let at = |query: &str| SignedQuery::read(query).unwrap().at;
    let (token, time) = ("00".repeat(32), "2026-03-01T08:30:00.250Z".parse::<DateTime<Utc>>().unwrap());
    for (query, said) in [
        (format!("Time=2026-03-01T09:30:00.250+01:00&Token={token}"), Some(time)),
        (format!("Time=2026-03-01T09:30:00.250%2B01:00&Token={token}"), Some(time)),
        (format!("Time=2026-03-01T08:30:00.250Z&Token={token}"), Some(time)),
        (format!("Time=now&Token={token}"), None),
        (format!("Token={token}"), None),
    ] {
        assert_eq!(at(&query), said, "{query}");
    }
}

#[test]
fn what_is_not_signed_is_none() {
    let token = "00".repeat(32);
    let short = &token[1..];
    for query in [
        "",
        "event=up",
        "Token=",
        &format!("Token={short}"),
        &format!("token={token}"),
        &format!("Token={token}&x=%ff"),
    ] {
        assert_eq!(SignedQuery::read(query), None, "{query}");
    }
    assert!(SignedQuery::read(&format!("Token={}", "AB".repeat(32))).is_some());
    assert_eq!(signed_values(br#"{"DevEUI_carrier_pigeon":{}}"#).unwrap(), None);
    assert!(signed_values(b"{").is_err());
}

/// The AS keys that their publishers name beside the examples.
const PUBLISHED: &[(&str, &str)] = &[
    ("actility/04-token-vector-kpn-2016-3gw.json", "00112233445566778899aabbccddeeff"),
    ("actility/05-token-vector-actility-2021.json", "f3203a20a2e8dfaf6686b621f56d05e3"),
];

#[test]
fn the_published_vectors_are_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/webhooks");
    if !folder.is_dir() {
        eprintln!("skipped: {} is absent", folder.display());
        return;
    }
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    for (file, key) in PUBLISHED {
        let messages = manifest["messages"].as_array().unwrap();
        let query = messages.iter().find(|message| message["file"] == *file).unwrap()["http"]["query"]
            .as_str()
            .unwrap();
        let body = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(is_signed(query, &body, key), "{file}");
        let values = signed_values(body.as_bytes()).unwrap().unwrap();
        assert_eq!(SignedQuery::read(query).unwrap().is_about(&values), Ok(()), "{file}");
        assert!(!is_signed(query, &body, KEY), "{file} with another key");
    }
}

#[test]
fn the_kind_is_not_signed_so_that_an_uplink_without_a_payload_may_pass_for_a_downlink() {
    let values = |kind: &str, rest: &str| {
        let body =
            format!(r#"{{"{kind}":{{"CustomerID":"7","DevEUI":"70B3D57ED00012AB","FPort":1,{rest}}}}}"#);
        signed_values(body.as_bytes()).unwrap().unwrap()
    };
    let uplink = values("DevEUI_uplink", r#""FCntUp":12,"payload_hex":"""#);
    let sent = r#""FCntDn":12,"DeliveryStatus":1,"CorrelationID":"5""#;
    assert_eq!(uplink, values("DevEUI_downlink_Sent", sent));
}
