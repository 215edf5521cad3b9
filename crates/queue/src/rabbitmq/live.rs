//! One connection that stands: it has declared what it needs and can publish with confirms. When it breaks
//! it is thrown away; the [`Link`](super::Link) makes the next one.

use futures_util::StreamExt;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Event};
use tokio::sync::watch;

use super::{Broker, Use};

/// Persistent, in AMQP's numbers.
const PERSISTENT: u8 = 2;

/// How often a message may be delivered before the broker sets it aside. Every restart of the consumer counts
/// against it, so it must never be reached: poison is found by reading it. (RabbitMQ 4 would say 20 without it.)
const DELIVERY_LIMIT: i32 = 1_000_000_000;

/// Why the broker did not take a message.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Away(String),
    #[error("it returned the message: {0}")]
    Returned(String),
    #[error("it refused the message")]
    Nacked,
}

pub(crate) struct Live {
    connection: Connection,
    publisher: Channel,
    broker: Broker,
    purpose: Use,
    broken: watch::Sender<Option<String>>,
}

impl Live {
    /// Connects, declares, and (for publishing) waits for one confirm, so that a broker that answers but
    /// takes nothing does not count as up.
    pub(super) async fn open(broker: &Broker, purpose: Use) -> Result<Self, Refusal> {
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("{} {}", broker.prefix, purpose.name()).into());
        let connection = Connection::connect_uri(broker.url.uri(), properties).await.map_err(away)?;
        let publisher = connection.create_channel().await.map_err(away)?;
        declare(&publisher, broker).await.map_err(away)?;
        publisher.confirm_select(ConfirmSelectOptions::default()).await.map_err(away)?;
        let live =
            Self { connection, publisher, broker: broker.clone(), purpose, broken: watch::Sender::new(None) };
        if purpose == Use::Publish {
            live.publish(&broker.events_queue(), &[], BasicProperties::default()).await?;
        }
        Ok(live)
    }

    /// Ends with the reason when the connection is of no more use.
    pub(super) async fn broken(&self) -> String {
        let mut events = self.connection.events_listener();
        let mut told = self.broken.subscribe();
        loop {
            tokio::select! {
                reason = told.wait_for(Option::is_some) => {
                    return reason.ok().and_then(|r| r.clone()).unwrap_or_default();
                }
                event = events.next() => match event {
                    Some(Event::Error(error)) => return error.to_string(),
                    // A publisher is of no use while the broker is short of memory or disk; a consumer must
                    // go on, since that is what helps the broker.
                    Some(Event::ConnectionBlocked(reason)) if self.purpose == Use::Publish => {
                        return format!("it accepts nothing for now: {reason}");
                    }
                    Some(_) => {}
                    None => return "the connection was closed".into(),
                },
            }
        }
    }

    /// Tells the link that this connection is of no more use.
    pub(crate) fn mark_broken(&self, reason: &str) {
        self.broken.send_if_modified(|broken| {
            let first = broken.is_none();
            broken.get_or_insert_with(|| reason.to_owned());
            first
        });
    }

    pub(crate) async fn channel(&self) -> Result<Channel, Refusal> {
        self.connection.create_channel().await.map_err(away)
    }

    /// Publishes one persistent message and waits for its confirm.
    pub(crate) async fn publish(
        &self,
        queue: &str,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<(), Refusal> {
        // Mandatory: without it a message to a queue that is gone is dropped and still confirmed.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let properties = properties.with_delivery_mode(PERSISTENT);
        let confirmed = async {
            let publisher = &self.publisher;
            publisher.basic_publish("".into(), queue.into(), options, body, properties).await?.await
        };
        let mut told = self.broken.subscribe();
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(self.broker.confirm_within, confirmed) => outcome,
            // One that waited too long speaks for all that were sent after it.
            reason = told.wait_for(Option::is_some) => {
                return Err(Refusal::Away(reason.ok().and_then(|r| r.clone()).unwrap_or_default()));
            }
        };
        let refusal = match outcome {
            Ok(Ok(Confirmation::Ack(None))) => return Ok(()),
            Ok(Ok(Confirmation::Nack(None))) => return Err(Refusal::Nacked),
            Ok(Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned)))) => {
                Refusal::Returned(returned.reply_text.to_string())
            }
            Ok(Ok(Confirmation::NotRequested)) => Refusal::Away("it does not confirm messages".into()),
            Ok(Err(error)) => away(error),
            Err(_) => Refusal::Away(format!("no confirm within {:?}", self.broker.confirm_within)),
        };
        // A returned message, too: the queue is gone, and the next connection declares it anew.
        self.mark_broken(&refusal.to_string());
        Err(refusal)
    }

    /// Says good-bye if the broker still listens.
    pub(super) async fn close(self: std::sync::Arc<Self>) {
        let good_bye = self.connection.close(200, "done".into());
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), good_bye).await;
    }
}

pub(crate) fn away(error: lapin::Error) -> Refusal {
    Refusal::Away(error.to_string())
}

/// The queues. Their arguments cannot be changed once they exist.
async fn declare(channel: &Channel, broker: &Broker) -> lapin::Result<()> {
    let text = |text: &str| AMQPValue::LongString(text.into());
    let declare = async |name: String, arguments: FieldTable| {
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(name.into(), options, arguments).await
    };
    let quorum = || {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text("quorum"));
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(DELIVERY_LIMIT));
        // Should an operator limit the length: refuse the new, never drop the old.
        arguments.insert("x-overflow".into(), text("reject-publish"));
        arguments
    };
    declare(broker.dead_letter_queue(), quorum()).await?;

    let mut events = quorum();
    events.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    events.insert("x-dead-letter-exchange".into(), text(""));
    events.insert("x-dead-letter-routing-key".into(), text(&broker.dead_letter_queue()));
    events.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    declare(broker.events_queue(), events).await?;
    Ok(())
}

/// The header that carries a dead letter's reason.
pub(crate) const REASON_HEADER: &str = "x-reason";
