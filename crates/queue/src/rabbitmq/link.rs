//! A connection that mends itself, outside the path of any request: whoever publishes finds it up or down,
//! and never waits for it to come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::Broker;
use super::live::{Live, Refusal};

/// What a connection is for. Publishing and consuming go apart, because a broker short of memory stops reading
/// from connections that publish, and acknowledgements must still reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Publish,
    Consume,
}

impl Use {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Publish => "publisher",
            Self::Consume => "consumer",
        }
    }
}

/// Whether the broker is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    Up {
        for_: Duration,
    },
    /// Down since the start or since the connection broke; why is in people's words, without any password.
    Down {
        for_: Duration,
        reason: String,
    },
}

impl LinkState {
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }
}

#[derive(Clone)]
enum Condition {
    Up { since: Instant, live: Arc<Live> },
    Down { since: Instant, reason: String },
}

#[derive(Clone)]
pub(crate) struct Link {
    broker: Arc<Broker>,
    condition: watch::Receiver<Condition>,
    _keeper: Arc<Keeper>,
}

/// Ends the task with the last handle.
struct Keeper(AbortHandle);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

impl Link {
    /// Starts connecting in the background.
    pub(crate) fn start(broker: Broker, purpose: Use) -> Self {
        let reason = "not connected yet".to_owned();
        let (tell, condition) = watch::channel(Condition::Down { since: Instant::now(), reason });
        let broker = Arc::new(broker);
        let keeper = tokio::spawn(keep(Arc::clone(&broker), purpose, tell)).abort_handle();
        Self { broker, condition, _keeper: Arc::new(Keeper(keeper)) }
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The connection, or why there is none. Answers at once.
    pub(crate) fn live(&self) -> Result<Arc<Live>, Refusal> {
        match &*self.condition.borrow() {
            Condition::Up { live, .. } => Ok(Arc::clone(live)),
            Condition::Down { reason, .. } => Err(Refusal::Away(reason.clone())),
        }
    }

    pub(crate) async fn wait_until_up(&self) {
        let mut condition = self.condition.clone();
        // The keeper lives as long as this link, so the wait cannot fail.
        let _ = condition.wait_for(|now| matches!(now, Condition::Up { .. })).await;
    }

    /// Publishes a pack to the queue of events; fails at once while the link is down.
    pub(crate) async fn publish_pack(&self, pack: &[u8]) -> Result<(), Refusal> {
        let live = self.live()?;
        live.publish(&self.broker.events_queue(), pack, lapin::BasicProperties::default()).await
    }

    pub(crate) fn state(&self) -> LinkState {
        match &*self.condition.borrow() {
            Condition::Up { since, .. } => LinkState::Up { for_: since.elapsed() },
            Condition::Down { since, reason } => {
                LinkState::Down { for_: since.elapsed(), reason: reason.clone() }
            }
        }
    }
}

/// Connects, waits for the connection to break, and again. Never ends by itself.
async fn keep(broker: Arc<Broker>, purpose: Use, tell: watch::Sender<Condition>) {
    let mut pause = FIRST_PAUSE;
    // An outage is told once, however many attempts it takes.
    let mut told = false;
    loop {
        let opened = tokio::time::timeout(CONNECT_WITHIN, Live::open(&broker, purpose)).await;
        let reason = match opened {
            Ok(Ok(live)) => {
                tracing::info!(broker = %broker.url, purpose = purpose.name(), "connected to RabbitMQ");
                (pause, told) = (FIRST_PAUSE, false);
                let live = Arc::new(live);
                tell.send_replace(Condition::Up { since: Instant::now(), live: Arc::clone(&live) });
                let reason = live.broken().await;
                tokio::spawn(live.close());
                reason
            }
            Ok(Err(refusal)) => refusal.to_string(),
            Err(_) => format!("no answer within {CONNECT_WITHIN:?}"),
        };
        go_down(&tell, &reason);
        if !std::mem::replace(&mut told, true) {
            tracing::warn!(broker = %broker.url, purpose = purpose.name(), reason, "RabbitMQ is away");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The time since when it is down stays; the reason is the latest.
fn go_down(tell: &watch::Sender<Condition>, reason: &str) {
    tell.send_modify(|condition| {
        let since = match condition {
            Condition::Down { since, .. } => *since,
            Condition::Up { .. } => Instant::now(),
        };
        *condition = Condition::Down { since, reason: reason.to_owned() };
    });
}
