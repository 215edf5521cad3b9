//! A network server that repeats what got no 2xx, and finds the program wherever it answers after a restart.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use reqwest::Client;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{PATIENCE, fleet};

/// Webhooks under way at the same time.
const CONNECTIONS: usize = 64;

/// The pause before a webhook is sent again.
const BEFORE_REPETITION: Duration = Duration::from_millis(50);

/// Sends webhooks to `/webhooks/{path}`.
pub struct Sender {
    client: Client,
    program_url: Mutex<String>,
    path: String,
    token: String,
    pace_ms: AtomicU64,
    accepted: AtomicUsize,
    repeated: AtomicUsize,
}

impl Sender {
    pub fn new(program_url: &str, path: &str, token: &str) -> Arc<Self> {
        Arc::new(Self {
            client: Client::new(),
            program_url: Mutex::new(program_url.to_owned()),
            path: path.to_owned(),
            token: token.to_owned(),
            pace_ms: AtomicU64::new(0),
            accepted: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
        })
    }

    /// The program answers there from now on.
    pub fn follow(&self, program_url: &str) {
        program_url.clone_into(&mut self.program_url.lock().unwrap());
    }

    /// The time between two webhooks, in whole milliseconds; zero: as fast as they are taken.
    pub fn set_pace(&self, pace: Duration) {
        self.pace_ms.store(pace.as_millis().try_into().unwrap(), Relaxed);
    }

    /// How many webhooks got their 2xx.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Relaxed)
    }

    /// How often a webhook got no answer, or another one, and was sent again.
    pub fn repeated(&self) -> usize {
        self.repeated.load(Relaxed)
    }

    /// Begins to send all of these; the task ends when each has got its 2xx.
    pub fn start(self: &Arc<Self>, webhooks: Vec<Value>) -> JoinHandle<()> {
        let sender = Arc::clone(self);
        tokio::spawn(async move {
            let paced = stream::iter(webhooks).then(async |webhook| {
                match sender.pace_ms.load(Relaxed) {
                    0 => {}
                    pace => tokio::time::sleep(Duration::from_millis(pace)).await,
                }
                webhook
            });
            paced.for_each_concurrent(CONNECTIONS, async |webhook| sender.deliver(&webhook).await).await;
        })
    }

    async fn deliver(&self, webhook: &Value) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let url = self.program_url.lock().unwrap().clone();
            let status = fleet::post(&self.client, &url, &self.path, &self.token, webhook).await;
            if status.is_some_and(|status| (200..300).contains(&status)) {
                self.accepted.fetch_add(1, Relaxed);
                return;
            }
            assert!(Instant::now() < deadline, "a webhook was never accepted, lastly {status:?}");
            self.repeated.fetch_add(1, Relaxed);
            tokio::time::sleep(BEFORE_REPETITION).await;
        }
    }
}
