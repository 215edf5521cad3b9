//! A fleet that posts to a service, as fast as a clock runs, and takes its downlinks.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::fleet::Fleet;
use crate::network_server::{Enqueue, NetworkServer};
use crate::webhook::Sender;

/// Webhooks under way at the same time. Network servers do not wait either, so that they may overtake each other.
const AT_ONCE: usize = 32;

/// So much of the fleet's time passes without a look at downlinks.
const AT_A_TIME: chrono::Duration = chrono::Duration::minutes(1);

/// Where webhooks go.
#[derive(Clone)]
pub struct Target {
    /// Such as `http://127.0.0.1:8080/webhooks/demo`.
    pub url: String,
    pub token: String,
}

/// Tells the time that the trackers live in.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What is around a fleet.
pub struct Live {
    pub target: Target,
    /// As which it posts.
    pub sender: Sender,
    pub network_server: NetworkServer,
    pub clock: Clock,
    /// How fast that clock runs.
    pub speed: u32,
}

/// What became of the webhooks.
#[derive(Debug, Clone, Default)]
pub struct Posts {
    pub taken: u64,
    /// Refused, or not answered.
    pub refused: u64,
    /// Why the last one was not taken; none: it was.
    pub problem: Option<String>,
}

/// Posts until `stop` becomes true; what there is then is returned. What was due before the clock's present is posted at once,
/// in order of time. `seen` looks at the fleet whenever something has happened.
pub async fn run(
    mut fleet: Fleet,
    live: Live,
    mut stop: watch::Receiver<bool>,
    mut seen: impl FnMut(&Fleet, &Posts),
) -> (Fleet, Posts) {
    let Live { target, sender, network_server, clock, speed } = live;
    let (mut requests, server) = network_server.serve();
    let (client, region) = (reqwest::Client::new(), fleet.region());
    let (mut posting, mut posts) = (JoinSet::new(), Posts::default());
    while let Some(next_at) = fleet.next_at() {
        let ahead = (next_at - clock()).to_std().unwrap_or_default() / speed.max(1);
        tokio::select! {
            // Where webhooks are late, downlinks are not to wait for them.
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            Some(request) = requests.recv() => take(&mut fleet, request),
            Some(outcome) = posting.join_next() => posts.note(outcome),
            () = tokio::time::sleep(ahead), if posting.len() < AT_ONCE => {
                // What is late is done at once, but for downlinks that may have come meanwhile.
                let until = clock().min(next_at + AT_A_TIME).max(next_at + chrono::Duration::milliseconds(1));
                fleet.run_until(until, &mut |report| {
                    for (event, body) in sender.posts(&report, region) {
                        posting.spawn(post(client.clone(), target.clone(), event, body));
                    }
                });
            }
        }
        seen(&fleet, &posts);
    }
    server.abort();
    while let Some(outcome) = posting.join_next().await {
        posts.note(outcome);
    }
    seen(&fleet, &posts);
    (fleet, posts)
}

impl Posts {
    fn note(&mut self, outcome: Result<Result<(), String>, JoinError>) {
        match outcome.map_err(|error| error.to_string()).flatten() {
            Ok(()) => {
                self.taken += 1;
                self.problem = None;
            }
            Err(problem) => {
                self.refused += 1;
                // Once, not for each.
                if self.problem.is_none() {
                    tracing::warn!(problem, "webhooks are not taken");
                }
                self.problem = Some(problem);
            }
        }
    }
}

fn take(fleet: &mut Fleet, Enqueue { dev_eui, queued, taken }: Enqueue) {
    // Fails where whoever asked does not wait any more; then it is queued, and will be queued again.
    let _ = taken.send(fleet.enqueue(dev_eui, queued));
}

/// Network servers try once; so does this one.
async fn post(
    client: reqwest::Client,
    target: Target,
    event: &'static str,
    body: serde_json::Value,
) -> Result<(), String> {
    let word: &[_] = if event.is_empty() { &[] } else { &[("event", event)] };
    let request = client
        .post(&target.url)
        .query(word)
        .bearer_auth(&target.token)
        .timeout(Duration::from_secs(5))
        .json(&body);
    match request.send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => {
            let status = answer.status();
            let problem: Option<serde_json::Value> = answer.json().await.ok();
            let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
            Err(detail.map_or_else(|| status.to_string(), |detail| format!("{status}: {detail}")))
        }
        Err(error) => Err(format!("no answer: {error}")),
    }
}
