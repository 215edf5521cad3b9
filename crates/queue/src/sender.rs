//! The ingester's side: a line goes in, and the answer comes when it is durable.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::error::PublishError;
use crate::pack;
use crate::packer::{Packer, Packing, Post, Waiting};
use crate::rabbitmq::{Broker, Link, LinkState, Use};
use crate::spool::{Spool, SpoolState};
use crate::stats::{Counters, Counts};

mod drain;

/// What becomes of a line while the broker is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBrokerAway {
    /// Onto the ingester's own disk: right for senders that post once.
    #[default]
    Spool,
    /// Refuse it: right for senders that try again.
    Refuse,
}

/// What a sender's health is made of.
#[derive(Debug, Clone)]
pub struct SenderState {
    /// None in the embedded installation, which has no broker.
    pub broker: Option<LinkState>,
    pub spool: SpoolState,
    pub counts: Counts,
}

/// Lines waiting to be gathered; a submitter beyond this waits for room.
const MAILBOX: usize = 4096;

/// Takes lines and makes them durable. Cheap to clone; all clones share one packer. Make it inside a tokio
/// runtime that outlives it; lines may be submitted from any runtime.
#[derive(Clone)]
pub struct Sender {
    posts: mpsc::Sender<Post>,
    outlet: Arc<Outlet>,
    _tasks: Arc<Tasks>,
}

/// Ends the drain when the last sender is gone. The packer ends by itself, after its last pack.
struct Tasks(Option<AbortHandle>);

impl Drop for Tasks {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Sender {
    /// The spool is the queue.
    pub fn embedded(spool: Spool, packing: Packing) -> Self {
        Self::start(Outlet { broker: None, spool, counters: Counters::default() }, packing)
    }

    /// RabbitMQ is the queue, and the spool stands in while it is away. Connecting goes on in the background
    /// for as long as it takes: this never fails, and lines are accepted from the first moment.
    pub fn rabbitmq(broker: Broker, spool: Spool, packing: Packing) -> Self {
        let link = Link::start(broker, Use::Publish);
        Self::start(Outlet { broker: Some(link), spool, counters: Counters::default() }, packing)
    }

    fn start(outlet: Outlet, packing: Packing) -> Self {
        let outlet = Arc::new(outlet);
        let drain = outlet
            .broker
            .as_ref()
            .map(|link| tokio::spawn(drain::run(Arc::clone(&outlet), link.clone())).abort_handle());
        let (posts, mailbox) = mpsc::channel(MAILBOX);
        tokio::spawn(Packer::new(mailbox, packing, Arc::clone(&outlet)).run());
        Self { posts, outlet, _tasks: Arc::new(Tasks(drain)) }
    }

    /// Resolves when the line is durable: confirmed by the broker, or on this machine's disk.
    ///
    /// Takes up to [`Packing::linger`] to find company, then a confirm or a sync; at most that and
    /// [`Broker::confirm_within`] while the broker goes away, and no more than a sync while it is known to be
    /// away. Dropping the future gives up the answer, not the line.
    pub async fn submit(&self, line: impl Into<Bytes>, away: OnBrokerAway) -> Result<(), PublishError> {
        let line = line.into();
        if !pack::is_one_line(&line) {
            return Err(PublishError::NotOneLine);
        }
        let (answer, answered) = oneshot::channel();
        let post = Post::Line(Waiting { line, away, answer });
        self.posts.send(post).await.map_err(|_| PublishError::Closed)?;
        answered.await.unwrap_or(Err(PublishError::Closed))
    }

    pub fn state(&self) -> SenderState {
        SenderState {
            broker: self.outlet.broker.as_ref().map(Link::state),
            spool: self.outlet.spool.state(),
            counts: self.outlet.counters.read(),
        }
    }

    /// Answers everything that was submitted, then takes nothing more (`Closed`). Returns false when that
    /// took longer than `within`.
    pub async fn close(&self, within: Duration) -> bool {
        let (done, closed) = oneshot::channel();
        let close = async {
            // Fails only where it is closed already.
            if self.posts.send(Post::Close(done)).await.is_ok() {
                let _ = closed.await;
            }
        };
        tokio::time::timeout(within, close).await.is_ok()
    }
}

/// Where packs go.
pub(crate) struct Outlet {
    broker: Option<Link>,
    spool: Spool,
    counters: Counters,
}

/// Lines of one pack and what became of them.
pub(crate) struct Settled {
    lines: Vec<Waiting>,
    outcome: Result<(), PublishError>,
}

impl Outlet {
    /// Makes a pack durable, as far as its submitters wish; nobody is answered yet.
    pub(crate) async fn deliver(&self, lines: Vec<Waiting>) -> Vec<Settled> {
        let Some(link) = &self.broker else { return vec![self.to_spool(lines).await] };
        let refusal = match link.publish_pack(&join(&lines)).await {
            Ok(()) => {
                Counters::add(&self.counters.packs_confirmed, 1);
                return vec![Settled { lines, outcome: Ok(()) }];
            }
            Err(refusal) => refusal,
        };
        Counters::add(&self.counters.packs_not_confirmed, 1);
        let (spool, refuse): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|waiting| waiting.away == OnBrokerAway::Spool);
        let outcome = Err(PublishError::BrokerAway(refusal.to_string()));
        let mut settled = vec![Settled { lines: refuse, outcome }];
        if !spool.is_empty() {
            settled.push(self.to_spool(spool).await);
        }
        settled
    }

    async fn to_spool(&self, lines: Vec<Waiting>) -> Settled {
        let stored = self.spool.append(join(&lines), lines.len() as u64).await;
        if stored.is_ok() {
            Counters::add(&self.counters.packs_spooled, 1);
        }
        Settled { lines, outcome: stored.map_err(PublishError::from) }
    }

    pub(crate) fn answer(&self, settled: Vec<Settled>) {
        for Settled { lines, outcome } in settled {
            let durable = outcome.is_ok();
            let counter = if durable { &self.counters.lines_durable } else { &self.counters.lines_refused };
            Counters::add(counter, lines.len());
            for waiting in lines {
                // A submitter who no longer waits has no need of the answer.
                let _ = waiting.answer.send(outcome.clone());
            }
        }
    }
}

fn join(lines: &[Waiting]) -> Bytes {
    let capacity = lines.iter().map(|waiting| waiting.line.len() + 1).sum();
    pack::join(lines.iter().map(|waiting| &waiting.line), capacity)
}
