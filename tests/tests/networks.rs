//! One simulated tracker behind each network server, in a world that loses, repeats and reorders: the same readings and the same assessment.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use domain::DevEui;
use e2e::warm::{integrations, now};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use simulator::{City, Fleet, Gateway, Incident, Leg, Plan, Region, Report, Sender, Uplink, World, dev_eui};
use wire::ResetCause;

/// Requests of one device under way at the same time, as network servers have them.
const AT_ONCE: usize = 12;

const HOURS: i64 = 36;

/// What a network reports of a tracker in one and a half days: uplinks that come twice, a reset with another join, and hours in the warmth.
fn reports(begins: DateTime<Utc>) -> Vec<Report> {
    let city = City { name: "Lyon", lat: 45.76, lon: 4.84 };
    let after = |minutes: i64| begins + Duration::minutes(minutes);
    let incidents =
        vec![(after(300), Incident::Reset(ResetCause::Watchdog)), (after(700), Incident::TooWarm)];
    let leg = Leg { from: city, to: city, departs_at: begins, takes: Duration::hours(1) };
    let plan = Plan { number: 1, journey: leg.into(), starts_at: begins, fastest: None, incidents };
    let point = geo::Point::new(city.lon, city.lat);
    let gateways = [1, 2].map(|eui| Gateway { eui, point, fails: None }).to_vec();
    let world = World { lost_permille: 100, doubled_permille: 200, ..World::new(7, Region::Eu868, gateways) };
    let mut reports = Vec::new();
    let mut fleet = Fleet::new(world, &[plan]).unwrap();
    fleet.run_until(begins + Duration::hours(HOURS), &mut |report| reports.push(report));
    reports
}

/// The same of another device.
fn of(dev_eui: DevEui, report: &Report) -> Report {
    match report {
        Report::Uplink(uplink) => Report::Uplink(Uplink { dev_eui, ..uplink.clone() }),
        Report::Joined { dev_addr, at, .. } => Report::Joined { dev_eui, dev_addr: *dev_addr, at: *at },
        Report::Downlink { .. } => panic!("nobody sends any"),
    }
}

/// Posts in disorder, each twice.
async fn post(program: &Program, integration: &str, token: &str, posts: Vec<(&str, Value)>) {
    let together = posts.into_iter().map(|(event, body)| json!({ "event": event, "body": body })).collect();
    let client = reqwest::Client::new();
    let one = |post: Value| {
        let path = match post["event"].as_str().unwrap() {
            "" => integration.to_owned(),
            event => format!("{integration}?event={event}"),
        };
        let client = &client;
        async move { fleet::post(client, &program.url, &path, token, &post["body"]).await }
    };
    let answers = stream::iter(fleet::twice_in_disorder(together)).map(one).buffer_unordered(AT_ONCE);
    let answers: BTreeSet<_> = answers.collect().await;
    assert_eq!(answers, BTreeSet::from([Some(204)]), "{integration}");
}

/// Everything but names and numbers of rows.
fn nameless(mut value: Value) -> Value {
    const NAMES: [&str; 9] = [
        "id",
        "shipment",
        "tracker",
        "dev_eui",
        "digest",
        "received_at",
        "recorded_at",
        "reference",
        "shipment_reference",
    ];
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !NAMES.contains(&name.as_str()));
            fields.values_mut().for_each(|field| *field = nameless(field.take()));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| *element = nameless(element.take())),
        _ => {}
    }
    value
}

/// A shipment with a tracker that rides along for the whole time.
async fn ship(api: &Api, tracker: DevEui, profile: &Value, (from, until): (&str, &str)) -> String {
    let dev_eui = tracker.to_string();
    api.post("/trackers", &json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm" })).await;
    let made = api.post("/shipments", &json!({ "reference": dev_eui, "profile": profile })).await;
    let shipment = format!("/shipments/{}", made["id"].as_str().unwrap());
    api.post(&format!("{shipment}/trackers"), &json!({ "dev_eui": dev_eui, "from": from })).await;
    api.post(&format!("{shipment}/trackers/{dev_eui}/unbind"), &json!({ "until": until })).await;
    shipment
}

#[tokio::test]
async fn a_tracker_ends_in_the_same_assessment_by_every_network() {
    let folder = folder("networks");
    let installation = Installation::embedded(&folder.path().join("i"));
    installation.add_user("admin");
    let tokens = Sender::ALL.map(|sender| installation.add_integration(sender.name(), sender.name()));
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    integrations(&program.url, tokens.len()).await;

    let ends = now(&api).await - Duration::hours(1);
    let (begins, profile) = (ends - Duration::hours(HOURS), fleet::profile());
    let profile = api.post("/profiles", &profile).await["id"].clone();
    let (from, until_then) = (fleet::text(begins), fleet::text(ends));
    let reports = reports(begins);
    let uplinks = reports.iter().filter_map(|report| match report {
        Report::Uplink(uplink) => Some((uplink.dev_addr, uplink.f_cnt)),
        _ => None,
    });
    let uplinks = uplinks.collect::<BTreeSet<_>>().len();

    let mut outcomes = Vec::new();
    for (place, (sender, token)) in Sender::ALL.into_iter().zip(&tokens).enumerate() {
        let tracker = DevEui(dev_eui(1).0 + ((place as u64 + 1) << 24));
        let shipment = ship(&api, tracker, &profile, (&from, &until_then)).await;
        let posts = reports.iter().flat_map(|report| sender.posts(&of(tracker, report), Region::Eu868));
        post(&program, sender.name(), token, posts.collect()).await;
        let shown = until(&format!("{uplinks} uplinks by {}", sender.name()), async || {
            let shown = api.list(&format!("/trackers/{tracker}/uplinks")).await.len();
            (shown >= uplinks).then_some(shown)
        })
        .await;
        until("everything is worked off", async || {
            (api.get("/status").await["caught_up"] == true).then_some(())
        })
        .await;
        assert_eq!(shown, uplinks, "{}: each once", sender.name());
        let readings = api.list(&format!("{shipment}/readings")).await;
        let assessment = api.get(&format!("{shipment}/assessment")).await;
        let mut alerts = api.list(&format!("{shipment}/alerts")).await;
        // How the disorder looked meanwhile is another story each time.
        alerts.retain(|alert| alert["state"] != "merged" && alert["state"] != "withdrawn");
        outcomes.push(nameless(json!({ "readings": readings, "assessment": assessment, "alerts": alerts })));
    }
    let [first, others @ ..] = &outcomes[..] else { panic!("no network") };
    assert_eq!(first["assessment"]["assessment"], "excursion", "the hours in the warmth");
    assert!(first["readings"].as_array().unwrap().len() > 300, "a reading each five minutes, but for losses");
    for (sender, other) in Sender::ALL[1..].iter().zip(others) {
        for what in ["readings", "assessment", "alerts"] {
            assert_eq!(other[what], first[what], "{what} by {}", sender.name());
        }
    }
    eprintln!("{uplinks} uplinks, {} readings", first["readings"].as_array().unwrap().len());
}
