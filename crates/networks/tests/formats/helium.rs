use networks::{EventKind, Location, Network, parse};
use serde_json::{Value, json};

use crate::{read, shown, uplink};

const CONSOLE: &[u8] = include_bytes!("../bodies/helium-console.json");
const CHIRPSTACK: &[u8] = include_bytes!("../bodies/chirpstack-up.json");

#[test]
fn an_uplink_of_the_first_console_is_shown_with_every_field() {
    let gateways = json!([
        { "id": "11abCDefGH", "rssi_dbm": -97, "snr_db": 7.5, "location": { "lat": 48.1, "lon": 11.6 } },
        { "id": "11abCDefGJ", "rssi_dbm": -110, "snr_db": 0, "location": null },
    ]);
    let expected = uplink(Value::Null, "2026-03-01T08:15:30.987Z", Value::Null, gateways);
    assert_eq!(shown(Network::Helium, CONSOLE), json!([expected]));
    assert_eq!(parse(Network::Helium, None, CONSOLE).unwrap()[0].dev_addr.as_deref(), Some("260babcd"));
}

#[test]
fn the_consoles_key_for_downlinks_goes_no_further() {
    let line = serde_json::to_string(&parse(Network::Helium, None, CONSOLE).unwrap()).unwrap();
    assert!(!line.contains("key-of-downlinks"), "{line}");
}

#[test]
fn its_chirpstack_is_read_as_chirpstack() {
    for word in [None, Some("up"), Some("status")] {
        assert_eq!(
            parse(Network::Helium, word, CHIRPSTACK).unwrap(),
            parse(Network::Chirpstack, word, CHIRPSTACK).unwrap()
        );
    }
}

#[test]
fn a_gateways_place_is_in_its_metadata_as_texts_and_its_own_place_goes_first() {
    let place = |told: Value| {
        let body = json!({ "deviceInfo": { "devEui": "70b3d57ed00a0b0c" }, "fPort": 11, "rxInfo": [told] });
        read(Network::Helium, Some("up"), &body).gateways[0].location
    };
    let metadata = json!({ "gateway_lat": "51.99268007459026", "gateway_long": "4.357505731116153" });
    let told = Some(Location { lat: 51.99268007459026, lon: 4.357505731116153 });
    assert_eq!(place(json!({ "metadata": metadata })), told);
    assert_eq!(place(json!({ "metadata": metadata, "location": {} })), told);
    let own = json!({ "latitude": 48.1, "longitude": 11.6 });
    assert_eq!(
        place(json!({ "metadata": metadata, "location": own })),
        Some(Location { lat: 48.1, lon: 11.6 })
    );
    for none in [json!({}), json!(null), json!("x"), json!({ "gateway_lat": "unknown", "gateway_long": "1" })]
    {
        assert_eq!(place(json!({ "metadata": none })), None, "{none}");
    }
}

#[test]
fn the_kind_of_the_console_is_its_type() {
    for (word, kind) in [("uplink", EventKind::Uplink), ("join", EventKind::Join), ("new", EventKind::Other)]
    {
        let body = json!({ "type": word, "dev_eui": "70B3D57ED00A0B0C", "hotspots": [] });
        assert_eq!(read(Network::Helium, None, &body).kind, kind, "{word}");
    }
    let untyped = read(Network::Helium, None, &json!({ "dev_eui": "70B3D57ED00A0B0C" }));
    assert_eq!(
        (untyped.kind, untyped.f_cnt, untyped.payload),
        (EventKind::Uplink, Some(0), Some(Vec::new()))
    );
}
