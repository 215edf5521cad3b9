//! The tracking service's side of the queue, apart from the stream of batches: dead letters, how far behind,
//! and its state. Cheap to clone; the receiver, the clock and the API each hold one.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;

use crate::backlog::{Backlog, Watermark};
use crate::error::QueueError;
use crate::rabbitmq::{Broker, Link, LinkState, Use};
use crate::receiver::Receiver;
use crate::spool::{Spool, SpoolState};

mod letters;

/// A line that its reader could not understand, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub line: Bytes,
    pub reason: String,
}

/// What the reading side's health is made of.
#[derive(Debug, Clone)]
pub enum QueueState {
    Embedded(SpoolState),
    /// Both must be up: batches come by one, dead letters go by the other.
    RabbitMq {
        consume: LinkState,
        publish: LinkState,
    },
}

#[derive(Clone)]
pub struct Queue(pub(crate) Arc<Inbound>);

pub(crate) enum Inbound {
    Embedded { spool: Spool, watermark: Watermark<u64> },
    RabbitMq(RabbitMq),
}

pub(crate) struct RabbitMq {
    pub(crate) consume: Link,
    pub(crate) publish: Link,
    pub(crate) watermark: Watermark<String>,
    /// Makes this process's marks unlike any other's.
    mark_prefix: u64,
    marks: AtomicU64,
}

impl Queue {
    /// The ingester's spool, in the same process, is the queue.
    pub fn embedded(spool: Spool) -> Self {
        Self(Arc::new(Inbound::Embedded { spool, watermark: Watermark::new() }))
    }

    /// Connects in the background, for as long as it takes. Make it inside a tokio runtime.
    pub fn rabbitmq(broker: Broker) -> Self {
        Self(Arc::new(Inbound::RabbitMq(RabbitMq {
            consume: Link::start(broker.clone(), Use::Consume),
            publish: Link::start(broker, Use::Publish),
            watermark: Watermark::new(),
            mark_prefix: RandomState::new().hash_one(std::process::id()),
            marks: AtomicU64::new(0),
        })))
    }

    /// Starts reading at what was never acknowledged. One receiver at a time: on RabbitMQ a second one waits
    /// until the first is gone; on the spool both would read everything.
    pub fn receiver(&self) -> Receiver {
        Receiver::new(self.clone())
    }

    /// Keeps a line that cannot be understood, with the reason. Acknowledge the batch it came in only after
    /// this has succeeded.
    pub async fn dead_letter(&self, line: Bytes, reason: &str) -> Result<(), QueueError> {
        match &*self.0 {
            Inbound::Embedded { spool, .. } => Ok(spool.add_dead_letter(line, reason.to_owned()).await?),
            Inbound::RabbitMq(rabbit) => letters::put(rabbit, &line, reason).await,
        }
    }

    /// The oldest dead letters; they stay where they are.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        match &*self.0 {
            Inbound::Embedded { spool, .. } => {
                let letters = spool.dead_letters(limit).await?;
                Ok(letters.into_iter().map(|(line, reason)| DeadLetter { line, reason }).collect())
            }
            Inbound::RabbitMq(rabbit) => letters::look(rabbit, limit).await,
        }
    }

    /// Sends the dead letters of this moment through the queue again and says how many. Each leaves its place
    /// only when it is durable in the other.
    pub async fn replay_dead_letters(&self) -> Result<u64, QueueError> {
        match &*self.0 {
            Inbound::Embedded { spool, .. } => Ok(spool.replay_dead_letters().await?),
            Inbound::RabbitMq(rabbit) => letters::replay(rabbit).await,
        }
    }

    /// How far behind the receiver is. Ask every few seconds: each time, if it is due, a mark is put at the end
    /// of the queue, and a later answer tells that it was reached. Covers what has reached the queue, not
    /// what still waits in an ingester's spool. While the broker is away no mark comes back, so that it falls behind.
    pub async fn backlog(&self) -> Backlog {
        match &*self.0 {
            Inbound::Embedded { spool, watermark } => {
                let (head, tail) = (spool.head(), *spool.tail().borrow());
                if watermark.is_due() {
                    watermark.put(tail);
                }
                if let Some(mark) = watermark.under_way().filter(|mark| *mark <= head) {
                    watermark.reach(&mark);
                }
                Backlog { behind: watermark.behind() }
            }
            Inbound::RabbitMq(rabbit) => rabbit.backlog().await,
        }
    }

    pub fn state(&self) -> QueueState {
        match &*self.0 {
            Inbound::Embedded { spool, .. } => QueueState::Embedded(spool.state()),
            Inbound::RabbitMq(rabbit) => {
                QueueState::RabbitMq { consume: rabbit.consume.state(), publish: rabbit.publish.state() }
            }
        }
    }
}

impl RabbitMq {
    async fn backlog(&self) -> Backlog {
        if self.watermark.is_due() {
            let mark = format!("{:x}-{}", self.mark_prefix, self.marks.fetch_add(1, Relaxed));
            // Before it is sent: it may be back sooner than its confirm.
            self.watermark.put(mark.clone());
            if letters::put_mark(self, &mark).await.is_err() {
                self.watermark.forget(&mark);
            }
        }
        Backlog { behind: self.watermark.behind() }
    }
}
