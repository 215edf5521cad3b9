//! What is said to a tracker goes out by its network server, and what that answers is taken in: from a webhook to a
//! downlink and back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod chirpstack;
mod dragino;
mod judged;
mod stand_ins;
mod the_things_stack;
mod told;

use std::ops::RangeInclusive;

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::Network;
use e2e::warm::{integrations, now};
use e2e::{Api, Installation, Part, Program, fleet, until};
use reqwest::Client;
use serde_json::{Value, json};
use wire::{Entry, Reading, Stamp, What};

/// An installation that hands downlinks over to `url`, with one tracker that sends each second.
struct Loop {
    program: Program,
    api: Api,
    network: Network,
    token: String,
    /// When number 0 was measured; each further one a minute later.
    begin: DateTime<Utc>,
    dev_eui: String,
}

impl Loop {
    async fn start(data: &std::path::Path, network: Network, url: &str) -> Self {
        let installation = Installation::embedded(data)
            .with("ISOTHERM_DOWNLINKS__DEPOT__URL", url)
            .with("ISOTHERM_DOWNLINKS__DEPOT__KEY", "the key")
            .with("ISOTHERM_DOWNLINKS__DEPOT__WEBHOOK", "isotherm");
        installation.add_user("admin");
        let token = installation.add_integration("depot", network.name());
        let program = installation.start(Part::Serve).await;
        let api = program.log_in("admin").await;
        integrations(&program.url, 1).await;
        let dev_eui = fleet::dev_eui(1);
        let tracker = json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm", "interval_s": 1 });
        api.post("/trackers", &tracker).await;
        let begin = now(&api).await - Duration::hours(12);
        Self { program, api, network, token, begin, dev_eui }
    }

    /// Sends a frame with these entries.
    async fn hear(&self, numbers: RangeInclusive<u32>) {
        let first = fleet::minutes(self.begin);
        let what = What::Reading(Reading { temperature: 525, spread: None, humidity: None });
        let entry = |number| Entry { sequence: number, stamp: Stamp::Utc(first + number), what };
        let entries: Vec<Entry> = numbers.clone().rev().map(entry).collect();
        let now = now(&self.api).await;
        self.post(
            "up",
            &self.network.uplink(&self.dev_eui, *numbers.end(), now, &fleet::log_frame(&entries)),
        )
        .await;
    }

    /// Sends an entry that tells of a loss.
    async fn lose(&self, number: u32, lost: RangeInclusive<u32>) {
        let what = What::Lost { first: *lost.start(), count: lost.end() - lost.start() + 1 };
        let stamp = Stamp::Utc(fleet::minutes(self.begin) + number);
        let frame = fleet::log_frame(&[Entry { sequence: number, stamp, what }]);
        let now = now(&self.api).await;
        self.post("up", &self.network.uplink(&self.dev_eui, number, now, &frame)).await;
    }

    async fn post(&self, kind: &str, webhook: &Value) {
        let path = format!("depot?event={kind}");
        let status = fleet::post(&Client::new(), &self.program.url, &path, &self.token, webhook).await;
        assert_eq!(status, Some(204));
    }

    /// The latest downlink, once it stands so.
    async fn latest(&self, state: &str) -> Value {
        let path = format!("/trackers/{}/downlinks", self.dev_eui);
        until(&format!("the downlink is {state}"), async || {
            let latest = self.api.list(&path).await.first().cloned()?;
            (latest["state"] == state).then_some(latest)
        })
        .await
    }
}
