//! Single messages beside the stream: dead letters and marks, on RabbitMQ.

use bytes::Bytes;
use lapin::options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};

use super::{DeadLetter, RabbitMq};
use crate::error::QueueError;
use crate::rabbitmq::{Link, Live, REASON_HEADER, Refusal, away};

impl From<Refusal> for QueueError {
    fn from(refusal: Refusal) -> Self {
        Self::BrokerAway(refusal.to_string())
    }
}

/// The connection; waits for it a little, so that the first call after a start does not fail.
async fn live(link: &Link) -> Result<std::sync::Arc<Live>, QueueError> {
    let _ = tokio::time::timeout(link.broker().confirm_within, link.wait_until_up()).await;
    Ok(link.live()?)
}

async fn channel(rabbit: &RabbitMq) -> Result<Channel, QueueError> {
    Ok(live(&rabbit.consume).await?.channel().await?)
}

pub(super) async fn put(rabbit: &RabbitMq, line: &[u8], reason: &str) -> Result<(), QueueError> {
    let mut headers = FieldTable::default();
    headers.insert(REASON_HEADER.into(), AMQPValue::LongString(reason.into()));
    let queue = rabbit.publish.broker().dead_letter_queue();
    let properties = BasicProperties::default().with_headers(headers);
    Ok(live(&rabbit.publish).await?.publish(&queue, line, properties).await?)
}

/// Puts an empty pack with a name at the end of the queue of events.
pub(super) async fn put_mark(rabbit: &RabbitMq, mark: &str) -> Result<(), QueueError> {
    let queue = rabbit.publish.broker().events_queue();
    let properties = BasicProperties::default().with_message_id(mark.into());
    Ok(live(&rabbit.publish).await?.publish(&queue, &[], properties).await?)
}

/// Messages that wait in a queue, without those that were delivered and not acknowledged.
async fn waiting(channel: &Channel, queue: &str) -> Result<u64, QueueError> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let found = channel.queue_declare(queue.into(), options, FieldTable::default()).await.map_err(away)?;
    Ok(u64::from(found.message_count()))
}

pub(super) async fn look(rabbit: &RabbitMq, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
    let channel = channel(rabbit).await?;
    let queue = rabbit.consume.broker().dead_letter_queue();
    let mut letters = Vec::new();
    while letters.len() < limit {
        let got = channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await.map_err(away)?;
        let Some(message) = got else { break };
        let delivery = message.delivery;
        let reason = reason(&delivery.properties);
        letters.push(DeadLetter { line: Bytes::from(delivery.data), reason });
    }
    // What was looked at and not acknowledged goes back to its place when the channel closes.
    channel.close(200, "done".into()).await.map_err(away)?;
    Ok(letters)
}

fn reason(properties: &BasicProperties) -> String {
    let header = properties.headers().as_ref().and_then(|headers| headers.inner().get(REASON_HEADER));
    match header {
        Some(AMQPValue::LongString(text)) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        // One that the broker itself set aside.
        _ => "no reason given".into(),
    }
}

pub(super) async fn replay(rabbit: &RabbitMq) -> Result<u64, QueueError> {
    let channel = channel(rabbit).await?;
    let queue = rabbit.consume.broker().dead_letter_queue();
    // Only those of now: one that is not understood again comes back while this goes on.
    let there = waiting(&channel, &queue).await?;
    let mut moved = 0;
    while moved < there {
        let got = channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await.map_err(away)?;
        let Some(message) = got else { break };
        rabbit.publish.publish_pack(&message.delivery.data).await?;
        let tag = message.delivery.delivery_tag;
        channel.basic_ack(tag, BasicAckOptions::default()).await.map_err(away)?;
        moved += 1;
    }
    channel.close(200, "done".into()).await.map_err(away)?;
    Ok(moved)
}
