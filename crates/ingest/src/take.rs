//! One body from a sender that is known: parse, make durable. However it came.

use bytes::Bytes;
use futures_util::future::try_join_all;
use networks::ParseError;
use networks::message::{Body, Message, MessageError};
use queue::PublishError;

use crate::Ingester;
use crate::integrations::Integration;

/// How much of an unreadable body is kept.
const KEPT: usize = 64 * 1024;

/// Why nothing of a body was taken (but for one that cannot be read: that is kept for inspection).
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Sending it again does not help.
    #[error("the body cannot be read: {0}")]
    Unreadable(#[from] ParseError),
    /// Nor here.
    #[error("the event cannot be written: {0}")]
    NotWritten(#[from] MessageError),
    #[error("the event cannot be stored: {0}")]
    NotStored(#[from] PublishError),
}

/// Returns when all events of the body are on a disk. `event` is the sender's word for their kind. The body is let go as soon as it
/// is read: the disk, or the broker's confirm, may take a while, and many wait for theirs.
pub async fn take(
    ingester: &Ingester,
    integration: &Integration,
    event: Option<&str>,
    body: Bytes,
) -> Result<(), NotTaken> {
    match networks::parse(integration.network, event, &body) {
        Ok(events) => {
            drop(body);
            store(ingester, integration, events).await
        }
        Err(error) => {
            let kept = networks::without_keys(body.get(..KEPT).unwrap_or(&body));
            drop(body);
            // What could not be kept is not refused for good: a later release may read it.
            keep_unreadable(ingester, integration, &error, kept).await?;
            Err(error.into())
        }
    }
}

async fn store(
    ingester: &Ingester,
    integration: &Integration,
    events: Vec<networks::Event>,
) -> Result<(), NotTaken> {
    let arrived_at = (ingester.clock)();
    let submissions = events.into_iter().map(|event| {
        ingester
            .metrics
            .events
            .with_label_values(&[integration.network.name(), &event.kind.to_string()])
            .inc();
        submit(
            ingester,
            integration,
            Message { arrived_at, body: Body::Event { source: integration.source.clone(), event } },
        )
    });
    try_join_all(submissions).await.map(drop)
}

async fn keep_unreadable(
    ingester: &Ingester,
    integration: &Integration,
    error: &ParseError,
    body: Vec<u8>,
) -> Result<(), NotTaken> {
    let body = Body::Unreadable { source: integration.source.clone(), reason: error.to_string(), body };
    submit(ingester, integration, Message { arrived_at: (ingester.clock)(), body }).await
}

pub async fn submit(
    ingester: &Ingester,
    integration: &Integration,
    message: Message,
) -> Result<(), NotTaken> {
    let line = message.to_line()?;
    drop(message);
    Ok(ingester.sender.submit(line, integration.away).await?)
}
