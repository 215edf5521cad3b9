//! Loss of communication, on a clock that runs fast: a tracker under way that is never heard raises one alert, and
//! being heard closes it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::{DateTime, Duration, Utc};
use e2e::warm::{Target, bind, integrations, now};
use e2e::{Api, Installation, fleet, folder, program, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

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
    assert_eq!((&first["state"], &first["closed_reason"]), (&json!("closed"), &json!("heard again")));
    assert_eq!(
        (time(first, "ended_at"), time(second, "began_at")),
        (heard, heard),
        "silent since it was heard"
    );
    assert!(time(second, "alarmed_at") >= heard + Duration::seconds(PATIENCE_S), "{second}");
}
