//! RabbitMQ as the queue: where the broker is, what is declared there, and a connection that mends itself.

mod link;
mod live;
mod url;

pub use link::LinkState;
pub(crate) use link::{Link, Use};
pub(crate) use live::{Live, REASON_HEADER, Refusal, away};
pub use url::{AmqpUrl, AmqpUrlError};

use std::time::Duration;

/// Where the broker is and what our queues are called.
#[derive(Debug, Clone)]
pub struct Broker {
    pub url: AmqpUrl,
    /// First part of the queues' names; installations that share a broker differ in it.
    pub prefix: String,
    /// A pack without a confirm for this long means that the broker is away.
    pub confirm_within: Duration,
}

impl Broker {
    /// Queues named `isotherm.…`, and two seconds for a confirm.
    pub fn new(url: AmqpUrl) -> Self {
        Self { url, prefix: "isotherm".into(), confirm_within: Duration::from_secs(2) }
    }

    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The queue of packs.
    pub fn events_queue(&self) -> String {
        format!("{}.events", self.prefix)
    }

    /// The queue of events that could not be understood, one a message, each with its reason.
    pub fn dead_letter_queue(&self) -> String {
        format!("{}.events.dead", self.prefix)
    }
}
