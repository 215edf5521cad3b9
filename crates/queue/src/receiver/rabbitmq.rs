//! Reading RabbitMQ: one consumer on its own channel, a new one whenever the connection was.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::{Ack, Batch, MAX_BYTES, Mark, Place};
use crate::inbound::RabbitMq;
use crate::pack;
use crate::rabbitmq::{Link, Live, Refusal, away};

/// Packs the broker may deliver ahead of the acknowledgement: a few batches of a thousand lines at a calm
/// pace (some 20 lines a pack), and at worst 128 MiB, since a pack takes no further line past 512 KiB.
const PREFETCH: u16 = 256;

/// A queue that elects its leader may take seconds; one that takes longer is tried on a new connection.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Consumption {
    session: Option<Session>,
    sessions: u64,
    joining: Option<JoinHandle<Option<Session>>>,
    /// Gathered and not handed out yet: a dropped future leaves it here.
    lines: Vec<Bytes>,
    bytes: usize,
    /// The pack that did not fit into the last batch.
    held: Option<Delivery>,
}

struct Session {
    id: u64,
    live: Arc<Live>,
    channel: Channel,
    consumer: Consumer,
    /// The last delivery's tag, the last handed out, and the last acknowledged. Tags count from 1.
    seen: u64,
    handed: u64,
    acknowledged: u64,
    /// A mark that came back, and its tag.
    mark: Option<(String, u64)>,
}

impl Consumption {
    pub(super) async fn next_batch(&mut self, rabbit: &RabbitMq, max_lines: usize, until: Instant) -> Batch {
        // Elapsed: hand out what there is.
        let _ = timeout_at(until, self.gather(rabbit, max_lines)).await;
        let Some(session) = &mut self.session else { return Batch::default() };
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        if lines.is_empty() {
            // Marks and probes alone: nobody will acknowledge them for us.
            if session.handed == session.acknowledged && session.seen > session.acknowledged {
                let (id, tag) = (session.id, session.seen);
                session.handed = tag;
                self.ack(rabbit, id, tag).await;
            }
            return Batch::default();
        }
        session.handed = session.seen;
        Batch { lines, mark: Mark(Place::RabbitMq { session: session.id, tag: session.seen }) }
    }

    /// Gathers until there are enough lines; otherwise for ever.
    async fn gather(&mut self, rabbit: &RabbitMq, max_lines: usize) {
        while self.lines.len() < max_lines && self.bytes < MAX_BYTES {
            if !self.is_current(rabbit) {
                self.leave("");
                self.join(rabbit).await;
                continue;
            }
            let Some(session) = &mut self.session else { continue };
            let delivery = match self.held.take() {
                Some(held) => held,
                None => match session.consumer.next().await {
                    Some(Ok(delivery)) => delivery,
                    Some(Err(error)) => {
                        self.leave(&error.to_string());
                        continue;
                    }
                    None => {
                        self.leave("the broker ended the consumer");
                        continue;
                    }
                },
            };
            if !self.take(rabbit, delivery, max_lines) {
                return;
            }
        }
    }

    /// Adds a delivery to the batch; false: it does not fit and is held for the next one.
    fn take(&mut self, rabbit: &RabbitMq, mut delivery: Delivery, max_lines: usize) -> bool {
        let Some(session) = &mut self.session else { return true };
        let before = self.lines.len();
        let pack = Bytes::from(std::mem::take(&mut delivery.data));
        pack::split_into(&pack, &mut self.lines);
        if before > 0 && self.lines.len() > max_lines {
            self.lines.truncate(before);
            delivery.data = pack.into();
            self.held = Some(delivery);
            return false;
        }
        self.bytes += pack.len();
        session.seen = delivery.delivery_tag;
        let name = delivery.properties.message_id().as_ref().map(ToString::to_string);
        if let Some(mark) = name.filter(|name| rabbit.watermark.under_way().as_ref() == Some(name)) {
            session.mark = Some((mark, session.seen));
        }
        true
    }

    pub(super) async fn ack(&mut self, rabbit: &RabbitMq, id: u64, tag: u64) -> Ack {
        if !self.is_current(rabbit) {
            return Ack::Stale;
        }
        let Some(session) = self.session.as_mut().filter(|session| session.id == id) else {
            return Ack::Stale;
        };
        if tag <= session.acknowledged {
            return Ack::Taken;
        }
        let options = BasicAckOptions { multiple: true };
        if let Err(error) = session.channel.basic_ack(tag, options).await {
            self.leave(&error.to_string());
            return Ack::Stale;
        }
        session.acknowledged = tag;
        if let Some((mark, _)) = session.mark.take_if(|(_, at)| *at <= tag) {
            rabbit.watermark.reach(&mark);
        }
        Ack::Taken
    }

    fn is_current(&self, rabbit: &RabbitMq) -> bool {
        match (&self.session, rabbit.consume.live()) {
            (Some(session), Ok(live)) => Arc::ptr_eq(&session.live, &live),
            _ => false,
        }
    }

    /// Forgets the session and what came through it: the broker delivers it again.
    fn leave(&mut self, reason: &str) {
        self.lines.clear();
        self.bytes = 0;
        self.held = None;
        if let Some(session) = self.session.take()
            && !reason.is_empty()
        {
            session.live.mark_broken(reason);
        }
    }

    /// Starts a consumer on the connection of now. A task of its own, which the next call finds: a broker that
    /// takes longer than one call's wait must not be asked again and again.
    async fn join(&mut self, rabbit: &RabbitMq) {
        rabbit.consume.wait_until_up().await;
        let joining = self.joining.get_or_insert_with(|| {
            self.sessions += 1;
            tokio::spawn(Session::begin(rabbit.consume.clone(), self.sessions))
        });
        let joined = joining.await;
        self.joining = None;
        self.session = joined.ok().flatten();
    }
}

impl Drop for Consumption {
    fn drop(&mut self) {
        if let Some(joining) = &self.joining {
            joining.abort();
        }
    }
}

impl Session {
    /// None: the connection is of no use, which its link now knows.
    async fn begin(link: Link, id: u64) -> Option<Self> {
        let live = link.live().ok()?;
        let consume = async {
            let channel = live.channel().await?;
            channel.basic_qos(PREFETCH, BasicQosOptions::default()).await.map_err(away)?;
            let (queue, options) = (link.broker().events_queue(), BasicConsumeOptions::default());
            let consumer =
                channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await;
            Ok::<_, Refusal>((channel, consumer.map_err(away)?))
        };
        let begun = tokio::time::timeout(BEGIN_WITHIN, consume).await;
        match begun.unwrap_or_else(|_| Err(Refusal::Away(format!("no consumer within {BEGIN_WITHIN:?}")))) {
            Ok((channel, consumer)) => {
                Some(Self { id, live, channel, consumer, seen: 0, handed: 0, acknowledged: 0, mark: None })
            }
            Err(refusal) => {
                live.mark_broken(&refusal.to_string());
                // Its link hears of it before it is asked for a connection again.
                tokio::task::yield_now().await;
                None
            }
        }
    }
}
