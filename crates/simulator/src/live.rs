//! A fleet that posts to a service, as fast as a clock runs.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tracker::Region;

use crate::fleet::{Fleet, Report};
use crate::webhook;

/// Where webhooks go.
#[derive(Clone)]
pub struct Target {
    /// Such as `http://127.0.0.1:8080/webhooks/demo`.
    pub url: String,
    pub token: String,
}

/// Tells the time that the trackers live in.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Posts until `stop` becomes true. What was due before the clock's present is posted at once, in order of time. `speed`
/// is how fast that clock runs.
pub async fn run(
    mut fleet: Fleet,
    region: Region,
    target: Target,
    clock: Clock,
    speed: u32,
    mut stop: watch::Receiver<bool>,
) {
    let client = reqwest::Client::new();
    while let Some(next_at) = fleet.next_at() {
        let ahead = (next_at - clock()).to_std().unwrap_or_default() / speed.max(1);
        tokio::select! {
            () = tokio::time::sleep(ahead) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let mut reports = Vec::new();
        fleet.run_until(next_at + chrono::Duration::milliseconds(1), &mut |report| reports.push(report));
        for report in reports {
            post(&client, &target, &report, region).await;
        }
    }
}

/// Network servers try once; so does this one.
async fn post(client: &reqwest::Client, target: &Target, report: &Report, region: Region) {
    let (event, body) = webhook::body(report, region);
    let request = client
        .post(&target.url)
        .query(&[("event", event)])
        .bearer_auth(&target.token)
        .timeout(Duration::from_secs(5))
        .json(&body);
    match request.send().await {
        Ok(answer) if answer.status().is_success() => {}
        Ok(answer) => tracing::warn!(status = %answer.status(), "a webhook was refused"),
        Err(error) => tracing::warn!(%error, "a webhook was not answered"),
    }
}
