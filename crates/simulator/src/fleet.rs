//! The fleet: sends what each tracker has to send, when a clock says so.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::tracker::Tracker;
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

/// Sends until `stop` becomes true. What was due before the clock's present is sent at once, in order of time.
/// `speed` is how fast that clock runs.
pub async fn run(
    mut trackers: Vec<Tracker>,
    target: Target,
    clock: Clock,
    speed: u32,
    mut stop: watch::Receiver<bool>,
) {
    let client = reqwest::Client::new();
    loop {
        let Some(tracker) = trackers.iter_mut().min_by_key(|tracker| tracker.next_at) else { return };
        let ahead = (tracker.next_at - clock()).to_std().unwrap_or_default() / speed.max(1);
        tokio::select! {
            () = tokio::time::sleep(ahead) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Some(uplink) = tracker.sample() {
            post(&client, &target, &webhook::body(tracker, &uplink)).await;
        }
    }
}

/// Network servers try once; so does this one.
async fn post(client: &reqwest::Client, target: &Target, body: &serde_json::Value) {
    let request = client
        .post(&target.url)
        .query(&[("event", "up")])
        .bearer_auth(&target.token)
        .timeout(Duration::from_secs(5))
        .json(body);
    match request.send().await {
        Ok(answer) if answer.status().is_success() => {}
        Ok(answer) => tracing::warn!(status = %answer.status(), "a webhook was refused"),
        Err(error) => tracing::warn!(%error, "a webhook was not answered"),
    }
}
