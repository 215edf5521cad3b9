//! The demonstration's shipments: a dozen between real cities, most of them fine.

use chrono::{DateTime, Duration, Timelike, Utc};
use serde_json::{Value, json};
use simulator::{City, DataRate, Fleet, Gateway, Incident, LANES, Leg, Plan, Region, Target, World, dev_eui};
use store::{Integration, Store};
use tracking::credentials::new_credential;

use super::couriers::{Way, way};
use super::people::Login;
use crate::api::id_of;

pub const INTEGRATION: &str = "demo";

/// Before the demonstration begins the boxes have been on the way for this long.
const UNDER_WAY: Duration = Duration::hours(6);

/// As long before a box is packed its tracker is started: it has joined, knows the time and has measured by then.
const STARTED_BEFORE: Duration = Duration::minutes(25);

/// Along the way there is a gateway every so many metres: a good network, so that what is shown is what goes wrong on purpose.
const GATEWAY_EVERY_M: f64 = 1_500.0;

/// Each demonstration is like the others.
const SEED: u64 = 1;

/// Products: their names and GTINs.
pub const INSULIN: (&str, &str) = ("Insulin 100 IU/ml, 5 pens", "09506000134352");
const VACCINE: (&str, &str) = ("Vaccine, 10 doses", "09506000144108");

/// What happens to the three that go wrong.
fn incidents(shipment: usize, begins: DateTime<Utc>) -> Vec<(DateTime<Utc>, Incident)> {
    match shipment {
        3 => vec![(begins - Duration::minutes(30), Incident::TooWarm)],
        5 => vec![(begins + Duration::minutes(10), Incident::Frozen)],
        8 => vec![(begins + Duration::minutes(10), Incident::Silent)],
        _ => Vec::new(),
    }
}

/// Each third shipment holds insulin, and one of them a vaccine beside it.
fn boxes(shipment: usize, begins: DateTime<Utc>) -> Value {
    let expiry = (begins + Duration::days(300)).date_naive();
    let content = |(name, gtin): (&str, &str), lot: &str| json!({ "product": name, "gtin": gtin, "lot": lot, "expiry": expiry, "quantity": 20 });
    let insulin = || content(INSULIN, "DI21");
    let vaccine = || content(VACCINE, "DV07");
    let contents = match shipment {
        6 => vec![insulin(), vaccine()],
        third if third % 3 == 0 => vec![insulin()],
        _ => vec![vaccine()],
    };
    json!([{ "contents": contents }])
}

fn profile() -> Value {
    json!({
        "name": "Refrigerated, 2 to 8 °C",
        "max_gap": "40m",
        "range": { "min_c": 2.0, "max_c": 8.0 },
        "alarm": [
            { "name": "too warm", "above": 8.0, "exposure": "single", "delay": "30m", "hysteresis_c": 0.2,
              "severity": "critical" },
            { "name": "freezing", "below": 0.0, "exposure": "single", "delay": "0s", "severity": "critical" },
        ],
    })
}

/// A webhook source for the fleet.
pub async fn make_integration(store: &Store, url: &str, now: DateTime<Utc>) -> anyhow::Result<Target> {
    let mut db = store.connect().await?;
    let network = networks::Network::Chirpstack;
    let (token, credential) = new_credential(network);
    let organisation = db.first_organisation().await?;
    let integration = Integration::new(INTEGRATION, organisation, network.name(), credential);
    db.add_integration(&integration, now).await?;
    Ok(Target { url: format!("{url}/webhooks/{INTEGRATION}"), token })
}

/// Registers the trackers and makes the shipments, by the API like anybody else; quality approves their profile.
pub async fn make(
    url: &str,
    admin: &Login,
    quality: &Login,
    begins: DateTime<Utc>,
) -> anyhow::Result<(Fleet, Vec<Way>)> {
    let api = admin.log_in(url).await?;
    let profile = api.post("profiles", &profile()).await?;
    let signature = json!({ "password": quality.password, "meaning": "Approved for the demonstration" });
    let approve = format!("profiles/{}/approve", id_of(&profile)?);
    quality.log_in(url).await?.post(&approve, &signature).await?;
    let packed_at =
        (begins - UNDER_WAY).with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap_or(begins);
    let (mut plans, mut gateways, mut ways) = (Vec::new(), Vec::new(), Vec::new());
    for (shipment, (from, to, hours)) in LANES.into_iter().enumerate() {
        let number = shipment as u64 + 1;
        let leg =
            Leg { from, to, departs_at: packed_at + Duration::minutes(30), takes: Duration::hours(hours) };
        gateways.extend(Gateway::along(&leg, GATEWAY_EVERY_M, number << 16, SEED));
        plans.push(Plan {
            number,
            journey: leg.into(),
            // Not all at once.
            starts_at: packed_at - STARTED_BEFORE - Duration::seconds((number as i64 * 29) % 240),
            // Heard farther than at the fastest, and fast enough for an uplink every quarter of an hour.
            fastest: Some(DataRate(4)),
            incidents: incidents(shipment, begins),
        });
        let dev_eui = dev_eui(number);
        let name = format!("Box {number}");
        api.post(
            "trackers",
            &json!({ "dev_eui": dev_eui, "name": name, "codec": "isotherm", "interval_s": 900 }),
        )
        .await?;
        let made = api
            .post(
                "shipments",
                &json!({
                    "reference": format!("{}-{}-{number:03}", code(from), code(to)),
                    "profile": id_of(&profile)?, "origin": from.name, "destination": to.name,
                    "boxes": boxes(shipment, begins),
                }),
            )
            .await?;
        ways.push(way(&made, (from, to), packed_at + Duration::minutes(30), Duration::hours(hours))?);
        let id = id_of(&made)?;
        api.post(&format!("shipments/{id}/trackers"), &json!({ "dev_eui": dev_eui, "from": packed_at }))
            .await?;
    }
    let world = World { doubled_permille: 20, ..World::new(SEED, Region::Eu868, gateways) };
    let fleet =
        Fleet::new(world, &plans).map_err(|error| anyhow::anyhow!("the trackers do not start: {error:?}"))?;
    Ok((fleet, ways))
}

/// The first three letters of a city, as a reference shows them.
fn code(city: City) -> String {
    city.name.chars().take(3).collect::<String>().to_uppercase()
}
