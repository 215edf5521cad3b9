//! Trackers that customers own already, from ChirpStack's webhook to an assessment and an alert.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod dragino;
mod mapped;

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::Network;
use e2e::warm::{bind, integrations, now};
use e2e::{Api, Installation, Part, Program, fleet, until};
use reqwest::Client;
use serde_json::{Value, json};

/// An installation that ChirpStack posts to, with one tracker that nobody has registered.
struct House {
    program: Program,
    api: Api,
    token: String,
    dev_eui: String,
}

impl House {
    async fn start(data: &std::path::Path) -> Self {
        let installation = Installation::embedded(data);
        installation.add_user("admin");
        let token = installation.add_integration("depot", "chirpstack");
        let program = installation.start(Part::Serve).await;
        let api = program.log_in("admin").await;
        integrations(&program.url, 1).await;
        Self { program, api, token, dev_eui: fleet::dev_eui(1) }
    }

    /// Registers it with these settings, and has it ride with a shipment since two hours ago; returns the shipment's id.
    async fn ship(&self, settings: &Value) -> String {
        let mut tracker = json!({ "dev_eui": self.dev_eui, "name": "logger" });
        tracker.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        self.api.post("/trackers", &tracker).await;
        let profile = self.api.post("/profiles", &fleet::profile()).await["id"].clone();
        let made = self.api.post("/shipments", &json!({ "reference": "S-1", "profile": profile })).await;
        let id = made["id"].as_str().unwrap().to_owned();
        bind(&self.api, &id, &self.dev_eui, now(&self.api).await - Duration::hours(2)).await;
        id
    }

    /// An uplink with this payload and what ChirpStack's own codec made of it.
    async fn hear(&self, f_cnt: u32, at: DateTime<Utc>, (f_port, payload): (u8, &[u8]), object: &Value) {
        let mut webhook = Network::ChirpStack.uplink(&self.dev_eui, f_cnt, at, payload);
        webhook["fPort"] = json!(f_port);
        webhook["object"] = object.clone();
        let status =
            fleet::post(&Client::new(), &self.program.url, "depot?event=up", &self.token, &webhook).await;
        assert_eq!(status, Some(204));
    }

    /// Waits until this could not be read of the uplinks, newest first.
    async fn problems<const N: usize>(&self, expected: [Option<&str>; N]) {
        let path = format!("/trackers/{}/uplinks", self.dev_eui);
        until(&format!("the uplinks have the problems {expected:?}"), async || {
            let uplinks = self.api.list(&path).await;
            let problems: Vec<_> = uplinks.iter().map(|uplink| uplink["problem"].as_str()).collect();
            (problems == expected).then_some(())
        })
        .await;
    }

    /// The temperatures of a shipment's readings with their times, once there are so many of them.
    async fn readings(&self, shipment: &str, count: usize) -> Vec<(String, f64)> {
        let path = format!("/shipments/{shipment}/readings");
        until("the readings are there", async || {
            let readings = self.api.list(&path).await;
            let one = |reading: &Value| {
                (
                    reading["measured_at"].as_str().unwrap().to_owned(),
                    reading["temperature_c"].as_f64().unwrap(),
                )
            };
            (readings.len() == count).then(|| readings.iter().map(one).collect())
        })
        .await
    }

    /// Waits for an alert of that kind.
    async fn alert(&self, shipment: &str, kind: &str) -> Value {
        let path = format!("/shipments/{shipment}/alerts?state=open");
        until(&format!("the alert {kind}"), async || {
            self.api.list(&path).await.into_iter().find(|alert| alert["kind"] == kind)
        })
        .await
    }
}
