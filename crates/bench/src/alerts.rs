//! From a webhook with an excursion to the alert on an open page's stream.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::report::percentile;

#[derive(Deserialize)]
struct Alert {
    shipment: Option<String>,
}

/// A page that listens, and when it first heard of an alert of each shipment.
pub struct Listening(JoinHandle<()>, std::sync::Arc<std::sync::Mutex<HashMap<String, Instant>>>);

pub async fn listen(url: &str, token: &str) -> anyhow::Result<Listening> {
    let request = reqwest::Client::new().get(format!("{url}/api/v1/events")).bearer_auth(token);
    let mut stream = request.send().await?.error_for_status()?.bytes_stream();
    // The comment with which the stream begins.
    stream.next().await.context("the stream of events ended")??;
    let heard = std::sync::Arc::<std::sync::Mutex<HashMap<String, Instant>>>::default();
    let kept = std::sync::Arc::clone(&heard);
    let task = tokio::spawn(async move {
        let mut text = String::new();
        while let Some(Ok(bytes)) = stream.next().await {
            let now = Instant::now();
            text.push_str(&String::from_utf8_lossy(&bytes));
            while let Some((frame, rest)) = text.split_once("\n\n") {
                if let Some(shipment) = shipment_of(frame) {
                    let mut kept = kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    kept.entry(shipment).or_insert(now);
                }
                text = rest.to_owned();
            }
        }
    });
    Ok(Listening(task, heard))
}

fn shipment_of(frame: &str) -> Option<String> {
    let data = frame.strip_prefix("event: alert\ndata: ")?;
    serde_json::from_str::<Alert>(data).ok()?.shipment
}

impl Listening {
    /// Hears what is still on its way, and ends.
    pub async fn finish(self) -> HashMap<String, Instant> {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.0.abort();
        std::mem::take(&mut *self.1.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// Milliseconds from the webhook's scheduled sending to the event on the stream.
#[derive(Debug, Serialize)]
pub struct Times {
    alerts: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Times {
    pub fn of(
        posted: impl Iterator<Item = (u32, Instant)>,
        heard: &HashMap<String, Instant>,
        tracker_of: &HashMap<String, u32>,
    ) -> anyhow::Result<Self> {
        let by_tracker: HashMap<u32, Instant> =
            heard.iter().filter_map(|(shipment, at)| Some((*tracker_of.get(shipment)?, *at))).collect();
        let mut times = Vec::new();
        for (tracker, posted) in posted {
            let at = by_tracker.get(&tracker).context("an excursion's alert never came")?;
            times.push(at.saturating_duration_since(posted));
        }
        ensure!(!times.is_empty(), "no excursion was sent");
        times.sort_unstable();
        let of = |share| percentile(&times, share);
        Ok(Self { alerts: times.len(), p50_ms: of(0.5), p99_ms: of(0.99), max_ms: of(1.0) })
    }
}
