//! The queue between the ingester and the tracking service: one contract, two implementations.
//!
//! It carries *lines*: opaque UTF-8 without a newline, one event each, versioned by whoever writes and
//! reads them. Lines that wait together travel as one *pack* (lines joined by a newline), so that a calm
//! thousand webhooks a second do not cost a thousand confirmed messages.
//!
//! * [`Sender`] stands at the end of the webhook's path: [`Sender::submit`] resolves only when the line is
//!   durable, and that is what lets the ingester answer 2xx.
//! * [`Queue`] and its [`Receiver`] stand at the head of the tracking service: batches of lines, acknowledged
//!   after the commit, dead letters beside them.
//!
//! In the embedded installation the [`Spool`] on disk is the queue. In the split installation RabbitMQ is,
//! and the spool behind the sender takes over while the broker is away.
//!
//! Delivery is at least once and in no promised order: a pack whose confirm was lost is sent again, and what
//! was spooled arrives after what was sent directly later. The reader must not care (it removes duplicates by
//! key and evaluates sets, not sequences).
//!
//! What this crate must not know: what a line says, which device or integration it is from, any database, any
//! wall clock. It is the only user of lapin, and it writes no password to any log or error.

mod backlog;
mod error;
mod inbound;
mod pack;
mod packer;
mod rabbitmq;
mod receiver;
mod sender;
mod spool;
mod stats;

pub use backlog::Backlog;
pub use error::{Full, PublishError, QueueError, SpoolError};
pub use inbound::{DeadLetter, Queue, QueueState};
pub use packer::Packing;
pub use rabbitmq::{AmqpUrl, AmqpUrlError, Broker, LinkState};
pub use receiver::{Ack, Batch, Mark, Receiver};
pub use sender::{OnBrokerAway, Sender, SenderState};
pub use spool::{FreeSpace, Spool, SpoolSettings, SpoolState};
pub use stats::Counts;
