//! A box that is too warm, by the clock of the program under test: the shortest way to an alert.

use chrono::{DateTime, Duration, Utc};
use reqwest::Client;
use serde_json::{Value, json};

use crate::bodies::{Network, frame};
use crate::{Api, fleet, until};

/// Where webhooks go.
#[derive(Debug, Clone)]
pub struct Target {
    pub url: String,
    /// An integration of ChirpStack's.
    pub integration: String,
    pub token: String,
}

/// The program's own clock.
pub async fn now(api: &Api) -> DateTime<Utc> {
    api.get("/status").await["now"].as_str().unwrap().parse().unwrap()
}

/// Waits until the ingester at an address knows so many integrations.
pub async fn integrations(url: &str, count: usize) {
    until("the integrations are known", async || {
        let answer: Value =
            Client::new().get(format!("{url}/readyz")).send().await.ok()?.json().await.ok()?;
        // A program with both services tells of each by itself.
        let ingester = answer.get("ingest").unwrap_or(&answer);
        (ingester["integrations"] == count).then_some(())
    })
    .await;
}

impl Target {
    /// Posts a reading in 0.01 °C, received when it was measured; the program must take it.
    pub async fn send(&self, dev_eui: &str, sequence: u32, at: DateTime<Utc>, temperature: i16) {
        let webhook = Network::ChirpStack.uplink(dev_eui, sequence, at, &frame(sequence, at, temperature));
        let path = format!("{}?event=up", self.integration);
        let status = fleet::post(&Client::new(), &self.url, &path, &self.token, &webhook).await;
        assert_eq!(status, Some(204));
    }

    /// Four readings of 9.05 °C in the last hour.
    pub async fn send_warm(&self, api: &Api, dev_eui: &str) {
        let now = now(api).await;
        for (sequence, minutes_ago) in [(0, 60), (1, 45), (2, 30), (3, 15)] {
            self.send(dev_eui, sequence, now - Duration::minutes(minutes_ago), 905).await;
        }
    }
}

/// Makes a shipment of the fleet's profile, registers a tracker and binds it since two hours ago; returns the
/// shipment's id.
pub async fn ship(api: &Api, reference: &str, dev_eui: &str) -> String {
    let profile = api.post("/profiles", &fleet::profile()).await["id"].clone();
    let made = api.post("/shipments", &json!({ "reference": reference, "profile": profile })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    api.post("/trackers", &json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm" })).await;
    bind(api, &id, dev_eui, now(api).await - Duration::hours(2)).await;
    id
}

/// Binds a tracker to a shipment from an instant on.
pub async fn bind(api: &Api, shipment: &str, dev_eui: &str, from: DateTime<Utc>) {
    let body = json!({ "dev_eui": dev_eui, "from": fleet::text(from) });
    api.post(&format!("/shipments/{shipment}/trackers"), &body).await;
}
