//! What the tests of both queues share: a place to queue in, reading until something holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use queue::{Broker, OnBrokerAway, Packing, Queue, Receiver, Sender, Spool, SpoolSettings};

pub const LONG: Duration = Duration::from_secs(20);
pub const SHORT: Duration = Duration::from_millis(200);

/// A queue that can be opened, closed and opened again.
pub struct Place {
    pub spool: SpoolSettings,
    /// None: the spool is the queue.
    pub broker: Option<Broker>,
    pub packing: Packing,
    _folder: tempfile::TempDir,
}

pub struct Opened {
    pub sender: Sender,
    pub queue: Queue,
}

impl Place {
    pub fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = SpoolSettings::new(folder.path().join("spool"));
        spool.min_free = 0;
        Self { spool, broker: None, packing: Packing::default(), _folder: folder }
    }

    /// Queues of its own on the broker at this address.
    pub fn rabbitmq_at(url: &str) -> Self {
        let prefix = testkit::rabbitmq::unique_prefix("test");
        let broker = Broker::new(url.parse().unwrap()).with_prefix(prefix);
        Self { broker: Some(broker), ..Self::embedded() }
    }

    /// On the broker that the tests share.
    pub fn rabbitmq() -> Self {
        Self::rabbitmq_at(&testkit::rabbitmq::shared_url().unwrap())
    }

    /// Opens it; with a broker, waits until it is connected.
    pub async fn open(&self) -> Opened {
        let spool = self.open_spool().await;
        let Some(broker) = &self.broker else {
            let queue = Queue::embedded(spool.clone());
            return Opened { sender: Sender::embedded(spool, self.packing), queue };
        };
        let sender = Sender::rabbitmq(broker.clone(), spool, self.packing);
        eventually("the sender is connected", || is_up(&sender)).await;
        Opened { sender, queue: Queue::rabbitmq(broker.clone()) }
    }

    /// The folder is free only when the last task of the one before has ended.
    pub async fn open_spool(&self) -> Spool {
        let deadline = Instant::now() + LONG;
        loop {
            match Spool::open(self.spool.clone()) {
                Ok(spool) => return spool,
                Err(error) if Instant::now() > deadline => panic!("{error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

/// Deletes the queues underneath whoever uses them.
pub async fn delete_queues(url: &str, broker: &Broker) -> lapin::Result<()> {
    let connection = lapin::Connection::connect(url, lapin::ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in [broker.events_queue(), broker.dead_letter_queue()] {
        channel.queue_delete(queue.into(), lapin::options::QueueDeleteOptions::default()).await?;
    }
    connection.close(200, "done".into()).await
}

pub fn is_up(sender: &Sender) -> bool {
    sender.state().broker.is_some_and(|link| link.is_up())
}

/// Waits for a condition that nothing announces.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {LONG:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn line(number: usize) -> Bytes {
    Bytes::from(format!(r#"{{"v":1,"n":{number}}}"#))
}

pub fn number(line: &[u8]) -> usize {
    let text = std::str::from_utf8(line).unwrap();
    text.trim_start_matches(r#"{"v":1,"n":"#).trim_end_matches('}').parse().expect("a line of ours")
}

/// Submits the lines one after the other.
pub async fn submit_each(sender: &Sender, numbers: std::ops::Range<usize>) {
    for n in numbers {
        sender.submit(line(n), OnBrokerAway::Spool).await.unwrap();
    }
}

/// Submits the lines together.
pub async fn submit_all(sender: &Sender, numbers: std::ops::Range<usize>) {
    let submits = numbers.map(|n| sender.submit(line(n), OnBrokerAway::Spool));
    for result in futures_util::future::join_all(submits).await {
        result.unwrap();
    }
}

/// Reads and acknowledges until as many different lines have come; gives them in the order of arrival,
/// repeats included.
pub async fn receive(receiver: &mut Receiver, count: usize) -> Vec<usize> {
    let deadline = Instant::now() + LONG;
    let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
    while seen.len() < count {
        assert!(Instant::now() < deadline, "received {} of {count} lines: {order:?}", seen.len());
        let batch = receiver.next_batch(count - seen.len(), SHORT).await.unwrap();
        for line in &batch.lines {
            order.push(number(line));
            seen.insert(number(line));
        }
        receiver.ack(batch.mark).await.unwrap();
    }
    order
}

/// Asserts that nothing waits, not even behind what takes a moment to be delivered again.
pub async fn assert_nothing_waits(receiver: &mut Receiver) {
    for _ in 0..3 {
        let batch = receiver.next_batch(10, SHORT).await.unwrap();
        assert_eq!(batch.lines, Vec::<Bytes>::new());
    }
}
