//! Loss of communication, on a clock that runs fast: a tracker under way that is never heard raises one alert, and
//! being heard closes it; fifty trackers that fall silent with their gateway raise one; a hole in a tracker's numbers
//! raises one until it is filled. A demonstration begins anew at each start: what a restart must not raise is tested
//! where the clock can be set (`tracking::silence`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::{Field, Network, frame};
use e2e::warm::{Target, bind, integrations, now};
use e2e::{Api, Installation, fleet, folder, program, until};
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::postgres::psql;

/// Only a demonstration has a clock that can be made to run: two minutes a second.
struct Demo(Child);

impl Demo {
    fn start(data: &Path) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program());
        command.args(["demo", "--listen", "127.0.0.1:0", "--speed", "120", "--data"]).arg(data);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

/// The demonstration's address and the API for its admin, once it is up.
async fn log_in(data: &Path) -> (String, Api) {
    let printed = until("the demonstration comes up", async || {
        let text = std::fs::read_to_string(data.join("demo.json")).ok()?;
        let json: Value = serde_json::from_str(&text).ok()?;
        json["url"].is_string().then_some(json)
    })
    .await;
    let logins = printed["logins"].as_array().unwrap();
    let admin = logins.iter().find(|login| login["role"] == "admin").unwrap();
    let url = printed["url"].as_str().unwrap();
    let [email, password] = ["email", "password"].map(|field| admin[field].as_str().unwrap());
    (url.to_owned(), Api::new(url).log_in(email, password).await)
}

/// The shipment's alerts, oldest first, once there are so many.
async fn alerts(api: &Api, shipment: &str, count: usize) -> Vec<Value> {
    until(&format!("{count} alerts"), async || {
        let mut alerts = api.list(&format!("/shipments/{shipment}/alerts")).await;
        alerts.reverse();
        (alerts.len() == count).then_some(alerts)
    })
    .await
}

fn time(alert: &Value, field: &str) -> DateTime<Utc> {
    alert[field].as_str().unwrap().parse().unwrap()
}

/// One second between two uplinks: a second, and the five minutes that radio may always need.
const PATIENCE_S: i64 = 301;

#[tokio::test]
async fn a_tracker_that_is_never_heard_raises_one_alert_until_it_is_heard() {
    let folder = folder("silence");
    let data = folder.path().join("d");
    let _demo = Demo::start(&data);
    let (url, api) = log_in(&data).await;
    let token = Installation::embedded(&data).add_integration("depot", "chirpstack");
    let target = Target { url: url.clone(), integration: "depot".to_owned(), token };
    integrations(&url, 2).await;

    let dev_eui = fleet::dev_eui(1);
    let profile = api.post("/profiles", &fleet::profile()).await["id"].clone();
    let made = api.post("/shipments", &json!({ "reference": "S-1", "profile": profile })).await;
    let shipment = made["id"].as_str().unwrap();
    let tracker = json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm", "interval_s": 1 });
    api.post("/trackers", &tracker).await;
    let from = DateTime::from_timestamp(now(&api).await.timestamp(), 0).unwrap();
    bind(&api, shipment, &dev_eui, from).await;

    let first = alerts(&api, shipment, 1).await.remove(0);
    assert_eq!(
        (&first["kind"], &first["state"], &first["dev_eui"]),
        (&json!("silence"), &json!("open"), &json!(dev_eui))
    );
    assert_eq!(time(&first, "began_at"), from);
    assert!(time(&first, "alarmed_at") >= from + Duration::seconds(PATIENCE_S), "{first}");
    let long_after = time(&first, "alarmed_at") + Duration::seconds(2 * PATIENCE_S);
    until("it goes on", async || (now(&api).await > long_after).then_some(())).await;
    assert_eq!(alerts(&api, shipment, 1).await[0], first, "one alert, however long it lasts");

    let heard = DateTime::from_timestamp(now(&api).await.timestamp(), 0).unwrap();
    target.send(&dev_eui, 0, heard, 500).await;
    let second = alerts(&api, shipment, 2).await;
    let [first, second] = [&second[0], &second[1]];
    assert_eq!((&first["state"], &first["closed_reason"]), (&json!("closed"), &json!("it reports again")));
    assert_eq!(
        (time(first, "ended_at"), time(second, "began_at")),
        (heard, heard),
        "silent since it was heard"
    );
    assert!(time(second, "alarmed_at") >= heard + Duration::seconds(PATIENCE_S), "{second}");
}

/// The program's own time in whole seconds, as webhooks and bindings write it.
async fn second(api: &Api) -> DateTime<Utc> {
    DateTime::from_timestamp(now(api).await.timestamp(), 0).unwrap()
}

/// Posts a reading that was measured and received at an instant, heard by one gateway.
async fn heard_by(target: &Target, gateway: &str, dev_eui: &str, sequence: u32, at: DateTime<Utc>) {
    let mut webhook = Network::ChirpStack.uplink(dev_eui, sequence, at, &frame(sequence, at, 500));
    *webhook.pointer_mut(Network::ChirpStack.pointer(Field::GatewayId)).unwrap() = json!(gateway);
    let path = format!("{}?event=up", target.integration);
    let status = fleet::post(&Client::new(), &target.url, &path, &target.token, &webhook).await;
    assert_eq!(status, Some(204));
}

/// A registered tracker and a shipment that it does not ride with yet.
async fn make(api: &Api, profile: &Value, number: u64, interval_s: u32) -> (String, String) {
    let dev_eui = fleet::dev_eui(number);
    let tracker = json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm", "interval_s": interval_s });
    api.post("/trackers", &tracker).await;
    let shipment = json!({ "reference": format!("S-{number}"), "profile": profile });
    let shipment = api.post("/shipments", &shipment).await["id"].as_str().unwrap().to_owned();
    (dev_eui, shipment)
}

/// The alerts of a kind, oldest first.
async fn of_kind(api: &Api, kind: &str) -> Vec<Value> {
    let mut alerts = api.list("/alerts?state=all").await;
    alerts.retain(|alert| alert["kind"] == kind);
    alerts.reverse();
    alerts
}

#[tokio::test]
async fn fifty_trackers_that_fall_silent_with_their_gateway_are_one_alert_until_it_is_heard() {
    let folder = folder("gateway");
    let data = folder.path().join("d");
    let _demo = Demo::start(&data);
    let (url, api) = log_in(&data).await;
    let installation = Installation::embedded(&data);
    let token = installation.add_integration("depot", "chirpstack");
    let target = Target { url: url.clone(), integration: "depot".to_owned(), token };
    integrations(&url, 2).await;
    let profile = api.post("/profiles", &fleet::profile()).await["id"].clone();
    let mut boxes = Vec::new();
    for number in 1..=50 {
        boxes.push(make(&api, &profile, number, 900).await);
    }
    for (dev_eui, _) in &boxes {
        heard_by(&target, "roof", dev_eui, 0, second(&api).await).await;
    }
    let from = second(&api).await;
    for (dev_eui, shipment) in &boxes {
        bind(&api, shipment, dev_eui, from).await;
    }

    let alert = until("the gateway is silent", async || of_kind(&api, "gateway_silent").await.pop()).await;
    assert_eq!(
        (&alert["subject"], &alert["severity"], &alert["state"]),
        (&json!("gateway roof (integration depot)"), &json!("warning"), &json!("open"))
    );
    // One interval plus grace after the first of them could have been heard last.
    assert!(time(&alert, "alarmed_at") >= from + Duration::seconds(900 + 1_350), "{alert}");
    let long_after = time(&alert, "alarmed_at") + Duration::seconds(600);
    until("it goes on", async || (now(&api).await > long_after).then_some(())).await;
    let own = of_kind(&api, "silence").await;
    let depots = own.iter().filter(|alert| alert["shipment_reference"].as_str().unwrap().starts_with("S-"));
    assert_eq!(depots.count(), 0, "none by itself: {own:?}");
    let alerts = of_kind(&api, "gateway_silent").await;
    assert_eq!((alerts.len(), &alerts[0]["affected_trackers"]), (1, &json!(50)));
    for (_, shipment) in &boxes {
        let seen = api.list(&format!("/shipments/{shipment}/alerts")).await;
        assert_eq!((seen.len(), &seen[0]["id"]), (1, &alert["id"]));
    }
    let told = format!(
        "select string_agg(u.role, ' ' order by u.role) from notifications n join users u on u.id = n.user_id
         where n.alert_id = '{}'",
        alert["id"].as_str().unwrap()
    );
    let told = psql(&installation.database_url(), &told).unwrap();
    assert_eq!(told.trim(), "admin coordinator quality", "each once");

    let back = second(&api).await;
    heard_by(&target, "roof", &boxes[0].0, 1, back).await;
    let closed = until("the gateway's alert is closed", async || {
        of_kind(&api, "gateway_silent").await.pop().filter(|alert| alert["state"] == "closed")
    })
    .await;
    assert_eq!(closed["closed_reason"], "the gateway was heard again");
    assert_eq!(time(&closed, "ended_at"), back);
}

#[tokio::test]
async fn a_hole_in_a_trackers_numbers_is_one_alert_until_the_readings_arrive() {
    let folder = folder("missing");
    let data = folder.path().join("d");
    let _demo = Demo::start(&data);
    let (url, api) = log_in(&data).await;
    let token = Installation::embedded(&data).add_integration("depot", "chirpstack");
    let target = Target { url: url.clone(), integration: "depot".to_owned(), token };
    integrations(&url, 2).await;
    let profile = api.post("/profiles", &fleet::profile()).await["id"].clone();
    let (dev_eui, shipment) = make(&api, &profile, 1, 60).await;
    let from = second(&api).await;
    bind(&api, &shipment, &dev_eui, from).await;
    // A frame says the minute: what is measured in the one in which the ride began counts as measured before.
    let begun = from + Duration::seconds(60);
    until("the ride's first minute is over", async || (now(&api).await >= begun).then_some(())).await;
    heard_by(&target, "roof", &dev_eui, 0, second(&api).await).await;

    // Numbers 1 and 2 are lost; what comes after them goes on, so that the tracker is never silent.
    let mut next = 3;
    let first = until("readings are missing", async || {
        heard_by(&target, "roof", &dev_eui, next, second(&api).await).await;
        next += 1;
        api.list(&format!("/shipments/{shipment}/alerts")).await.pop()
    })
    .await;
    assert_eq!((&first["kind"], &first["state"]), (&json!("readings_missing"), &json!("open")));
    let expected = json!({ "readings": 2, "first_sequence": 1, "last_sequence": 2 });
    assert_eq!(first["missing"], expected);
    // Twice a minute and the five minutes that radio may always need.
    assert!(time(&first, "alarmed_at") >= from + Duration::seconds(2 * 360), "{first}");

    heard_by(&target, "roof", &dev_eui, 1, second(&api).await).await;
    heard_by(&target, "roof", &dev_eui, 2, second(&api).await).await;
    let closed = until("it is closed", async || {
        let alert = api.list(&format!("/shipments/{shipment}/alerts")).await.pop().unwrap();
        (alert["state"] == "closed").then_some(alert)
    })
    .await;
    assert_eq!(
        (&closed["id"], &closed["closed_reason"]),
        (&first["id"], &json!("the missing readings arrived"))
    );
}
