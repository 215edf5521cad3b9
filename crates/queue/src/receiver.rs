//! The head of the tracking service: batches of lines, and the acknowledgement after the commit.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::error::QueueError;
use crate::inbound::{Inbound, Queue};

mod rabbitmq;
mod spool;

/// A batch takes no further pack when it has as many bytes: a database has a bound for one statement.
const MAX_BYTES: usize = 16 << 20;

use rabbitmq::Consumption;
use spool::Cursor;

/// Lines to work on together, and what to acknowledge them with.
#[derive(Debug, Default)]
pub struct Batch {
    pub lines: Vec<Bytes>,
    pub mark: Mark,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// Names a delivery: this batch and every one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark(Place);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nothing,
    Spool {
        through: u64,
    },
    RabbitMq {
        session: u64,
        tag: u64,
    },
}

/// What became of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// Everything up to the mark will not be delivered again, unless the process or the broker dies now.
    Taken,
    /// The connection that delivered it is gone: all of it will be delivered again.
    Stale,
}

/// Reads the queue. Dropping it gives back what was not acknowledged.
pub struct Receiver {
    source: Source,
    // After the source, which needs the queue's connection to leave in order.
    queue: Queue,
}

enum Source {
    Spool(Cursor),
    RabbitMq(Box<Consumption>),
}

impl Receiver {
    pub(crate) fn new(queue: Queue) -> Self {
        let source = match &*queue.0 {
            Inbound::Embedded { spool, .. } => Source::Spool(Cursor::new(spool)),
            Inbound::RabbitMq(_) => Source::RabbitMq(Box::default()),
        };
        Self { source, queue }
    }

    /// The next lines: returns when there are `max_lines`, or after `max_wait` with what there is, which may be
    /// nothing. Packs stay whole, so a batch exceeds `max_lines` only where a single pack does. Very long lines make
    /// a batch of fewer.
    ///
    /// While the broker is away batches are empty; the connection comes back by itself. Dropping the future
    /// loses nothing.
    pub async fn next_batch(&mut self, max_lines: usize, max_wait: Duration) -> Result<Batch, QueueError> {
        let deadline = Instant::now() + max_wait;
        match (&mut self.source, &*self.queue.0) {
            (Source::Spool(cursor), Inbound::Embedded { spool, .. }) => {
                cursor.next_batch(spool, max_lines, deadline).await
            }
            (Source::RabbitMq(consumption), Inbound::RabbitMq(rabbit)) => {
                Ok(consumption.next_batch(rabbit, max_lines, deadline).await)
            }
            // The source is made from the queue, so the two are of a kind.
            _ => Ok(Batch::default()),
        }
    }

    /// After the commit: the batch of this mark and all before it are done.
    pub async fn ack(&mut self, mark: Mark) -> Result<Ack, QueueError> {
        match (mark.0, &mut self.source, &*self.queue.0) {
            (Place::Spool { through }, _, Inbound::Embedded { spool, .. }) => {
                spool.remove_through(through).await?;
                Ok(Ack::Taken)
            }
            (Place::RabbitMq { session, tag }, Source::RabbitMq(consumption), Inbound::RabbitMq(rabbit)) => {
                Ok(consumption.ack(rabbit, session, tag).await)
            }
            (Place::Nothing, ..) => Ok(Ack::Taken),
            _ => Ok(Ack::Stale),
        }
    }
}
