//! The ingester and the tracking service apart, on RabbitMQ and PostgreSQL: what the one does while the other is away,
//! and what becomes of what came too early or cannot be read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use e2e::bodies::{Network, frame, minute};
use e2e::fleet::{dev_eui, post, profile, text};
use e2e::warm::{Target, bind, integrations, now, ship};
use e2e::{Api, Installation, Part, Program, folder, until};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, stream};
use queue::{Broker, OnBrokerAway, Packing, Sender, Spool, SpoolSettings};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::{Database, database};
use testkit::rabbitmq::{shared_url, unique_prefix};

/// What both are told, so that the one may ask the other.
const SECRET: &str = "a secret of ingester and tracking service";

/// An ingester counts a new integration within a second; here is patience for a busy machine.
const COUNTS_WITHIN: Duration = Duration::from_secs(3);

/// Two services with a data folder each.
struct House {
    track: Installation,
    ingest: Installation,
    amqp: String,
    prefix: String,
    _database: Database,
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        let (folder, database) = (folder("split"), database(None).unwrap());
        let (amqp, prefix) = (shared_url().unwrap(), unique_prefix("split"));
        let track = Installation::on(&folder.path().join("t"), &database.url(), &amqp, &prefix)
            .with("ISOTHERM_INGEST__TOKEN", SECRET);
        let ingest = Installation::embedded(&folder.path().join("i"))
            .with("ISOTHERM_QUEUE__URL", &amqp)
            .with("ISOTHERM_QUEUE__PREFIX", &prefix)
            .with("ISOTHERM_INGEST__TOKEN", SECRET);
        track.add_user("admin");
        Self { track, ingest, amqp, prefix, _database: database, folder }
    }

    async fn start_track(&self) -> (Program, Api) {
        let program = self.track.start(Part::Track).await;
        let api = program.log_in("admin").await;
        (program, api)
    }

    async fn start_ingest(&self, tracking_url: &str) -> Program {
        self.ingest.clone().with("ISOTHERM_INGEST__TRACKING_URL", tracking_url).start(Part::Ingest).await
    }

    /// Adds an integration of ChirpStack's, reached at an ingester.
    fn target(&self, id: &str, ingester: &Program) -> Target {
        let token = self.track.add_integration(id, "chirpstack");
        Target { url: ingester.url.clone(), integration: id.to_owned(), token }
    }
}

/// Waits until a list has so many elements.
async fn count(api: &Api, path: &str, expected: usize) -> Vec<Value> {
    until(&format!("{expected} at {path}"), async || {
        let all = api.list(path).await;
        (all.len() == expected).then_some(all)
    })
    .await
}

#[tokio::test]
async fn an_integration_counts_at_once_and_while_the_tracking_service_is_away() {
    let house = House::new();
    let (track, api) = house.start_track().await;
    let ingest = house.start_ingest(&track.url).await;
    let target = house.target("depot", &ingest);
    let added = Instant::now();
    integrations(&ingest.url, 1).await;
    assert!(added.elapsed() < COUNTS_WITHIN, "{:?}", added.elapsed());
    let shipment = ship(&api, "S-1", &dev_eui(1)).await;
    let began = now(&api).await - chrono::Duration::hours(1);
    target.send(&dev_eui(1), 0, began, 500).await;
    let readings = format!("/shipments/{shipment}/readings");
    count(&api, &readings, 1).await;

    track.kill();
    target.send(&dev_eui(1), 1, began + chrono::Duration::minutes(15), 500).await;
    ingest.kill();
    let ingest = house.start_ingest("http://127.0.0.1:1").await;
    let target = Target { url: ingest.url.clone(), ..target };
    target.send(&dev_eui(1), 2, began + chrono::Duration::minutes(30), 500).await;
    let client = Client::new();
    let refused = async |integration: &str, token: &str| {
        post(&client, &ingest.url, integration, token, &json!({})).await
    };
    assert_eq!(refused("depot", "another token").await, Some(401));
    assert_eq!(refused("yard", &target.token).await, Some(401));

    let (_track, api) = house.start_track().await;
    count(&api, &readings, 3).await;
    let refusals = async || {
        let alerts = api.list("/alerts").await;
        (alerts.iter().filter(|alert| alert["kind"] == "webhook_refused").count() == 2).then_some(())
    };
    until("both refusals are told", refusals).await;
}

#[tokio::test]
async fn an_ingester_asks_by_tls_and_believes_the_authority_that_is_named_and_no_other() {
    let house = House::new();
    let tls = folder("split-tls");
    let certificate = |name: &str| {
        let out = tls.path().join(name);
        let made = house.track.admin(&["tls", "self-signed", "--out", out.to_str().unwrap()], "");
        ["cert", "key"].map(|file| made[file].as_str().unwrap().to_owned())
    };
    let ([cert, key], [other, _]) = (certificate("own"), certificate("other"));
    let by_tls = |part: &Installation| {
        part.clone().with("ISOTHERM_HTTP__TLS__CERT", &cert).with("ISOTHERM_HTTP__TLS__KEY", &key)
    };
    let track = by_tls(&house.track).start(Part::Track).await;
    assert_eq!(track.log_in("admin").await.list("/shipments").await, [Value::Null; 0]);
    house.track.add_integration("depot", "chirpstack");
    let ingest = by_tls(&house.ingest).with("ISOTHERM_INGEST__TRACKING_URL", &track.url);
    let doubting = ingest.clone().with("ISOTHERM_INGEST__TRACKING_CA", &other).start(Part::Ingest).await;
    until("it does not believe", async || {
        doubting.log().contains("cannot be brought up to date").then_some(())
    })
    .await;
    assert_eq!(doubting.ingest_readiness().await.1["integrations"], 0);
    drop(doubting);
    let ingest = ingest.with("ISOTHERM_INGEST__TRACKING_CA", &cert).start(Part::Ingest).await;
    until("it believes", async || (ingest.ingest_readiness().await.1["integrations"] == 1).then_some(()))
        .await;
}

/// How many uplinks of a tracker come before anybody knows it: more than one page of them.
const EARLY: u32 = 1200;

/// How many come while it is being registered and bound.
const MEANWHILE: u32 = 300;

/// Every five minutes; the sixth to the eleventh too warm.
async fn send_all(target: &Target, began: DateTime<Utc>, readings: std::ops::Range<u32>) {
    let (client, path) = (Client::new(), format!("{}?event=up", target.integration));
    let one = async |reading: u32| {
        let at = began + chrono::Duration::minutes(5 * i64::from(reading));
        let temperature = if (6..12).contains(&reading) { 905 } else { 500 };
        let webhook = Network::ChirpStack.uplink(&dev_eui(1), reading, at, &frame(reading, at, temperature));
        assert_eq!(post(&client, &target.url, &path, &target.token, &webhook).await, Some(204));
    };
    stream::iter(readings).for_each_concurrent(32, one).await;
}

#[tokio::test]
async fn a_tracker_that_was_heard_before_it_was_registered_is_taken_up() {
    let house = House::new();
    let (track, api) = house.start_track().await;
    let ingest = house.start_ingest(&track.url).await;
    let target = house.target("depot", &ingest);
    integrations(&ingest.url, 1).await;
    let began = minute(now(&api).await) - chrono::Duration::minutes(5 * i64::from(EARLY + MEANWHILE));
    send_all(&target, began, 0..EARLY).await;
    let uplinks = format!("/trackers/{}/uplinks", dev_eui(1));
    let unknown = count(&api, &uplinks, EARLY as usize).await;
    assert!(unknown.iter().all(|uplink| uplink["problem"] == "the tracker is not registered"));
    assert_eq!(api.list("/trackers?unknown=true").await[0]["dev_eui"], dev_eui(1));

    let register = async {
        let tracker = json!({ "dev_eui": dev_eui(1), "name": "box", "codec": "isotherm", "interval_s": 300 });
        api.post("/trackers", &tracker).await;
        let profile = api.post("/profiles", &profile()).await["id"].clone();
        let made = api.post("/shipments", &json!({ "reference": "S-1", "profile": profile })).await;
        let id = made["id"].as_str().unwrap().to_owned();
        bind(&api, &id, &dev_eui(1), began).await;
        id
    };
    let (shipment, ()) = tokio::join!(register, send_all(&target, began, EARLY..EARLY + MEANWHILE));
    let readings =
        count(&api, &format!("/shipments/{shipment}/readings"), (EARLY + MEANWHILE) as usize).await;
    assert_eq!(readings[0]["temperature_c"], 5.0);
    assert_eq!(api.list("/trackers?unknown=true").await, [Value::Null; 0]);
    assert!(api.list(&uplinks).await.iter().all(|uplink| uplink["problem"].is_null()));
    let alerts = count(&api, &format!("/shipments/{shipment}/alerts"), 1).await;
    let at = |minutes| text(began + chrono::Duration::minutes(minutes));
    let alert = ["kind", "alarm", "began_at", "alarmed_at", "ended_at"].map(|field| alerts[0][field].clone());
    assert_eq!(
        alert,
        [json!("temperature_high"), json!("too warm"), json!(at(30)), json!(at(50)), json!(at(60))]
    );
    let shown = api.get(&format!("/shipments/{shipment}")).await;
    assert_eq!(
        (&shown["hold_reason"], &shown["last_reading"]["dev_eui"]),
        (&json!("excursion"), &json!(dev_eui(1)))
    );
}

#[tokio::test]
async fn a_line_that_nobody_can_read_becomes_a_dead_letter_and_the_rest_goes_on() {
    let house = House::new();
    let (track, api) = house.start_track().await;
    let at = now(&api).await;
    let event = json!({ "k": "uplink", "e": dev_eui(1), "c": 7, "p": 10, "b": "1000", "r": text(at) });
    let uplink = |version: u32| {
        let body = json!({ "event": { "s": { "o": 1, "i": "depot" }, "e": event } });
        json!({ "v": version, "t": text(at), "b": body }).to_string()
    };
    let settings = SpoolSettings::new(house.folder.path().join("spool"));
    let broker = Broker::new(house.amqp.parse().unwrap()).with_prefix(house.prefix.clone());
    let sender = Sender::rabbitmq(broker, Spool::open(settings).unwrap(), Packing::default());
    let lines = ["no message".to_owned(), uplink(99), uplink(1)];
    // Together, so that they travel in one pack.
    let submitted = lines.clone().map(|line| sender.submit(line, OnBrokerAway::Spool));
    try_join_all(submitted).await.unwrap();
    let uplinks = format!("/trackers/{}/uplinks", dev_eui(1));
    count(&api, &uplinks, 1).await;
    let unreadable = async || {
        let letters = count(&api, "/dead-letters", 2).await;
        let reasons = letters.iter().map(|letter| letter["reason"].as_str().unwrap().to_owned());
        let reasons = reasons.collect::<Vec<_>>();
        assert!(reasons[0].starts_with("not a message: "), "{reasons:?}");
        assert_eq!(reasons[1], "the message has version 99, and this release reads only version 1");
        assert_eq!(
            letters.iter().map(|letter| letter["line"].as_str().unwrap()).collect::<Vec<_>>(),
            lines[..2]
        );
    };
    unreadable().await;
    let told = count(&api, "/alerts", 1).await;
    assert_eq!(told[0]["kind"], "dead_letter");

    let replayed = api.post("/dead-letters/replay", &json!({})).await;
    assert_eq!(replayed, json!({ "replayed": 2 }));
    unreadable().await;
    until("both are counted twice", async || {
        let answer = reqwest::get(format!("{}/metrics", track.url)).await.unwrap();
        answer.text().await.unwrap().contains("isotherm_tracking_dead_letters_total 4").then_some(())
    })
    .await;
    assert_eq!(
        (api.list("/alerts").await.len(), api.list(&uplinks).await.len()),
        (1, 1),
        "told once, stored once"
    );
}
