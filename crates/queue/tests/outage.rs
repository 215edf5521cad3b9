//! The split installation while its broker goes away and comes back. Each test has a broker of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use queue::{Ack, OnBrokerAway, PublishError, Queue, QueueState, Sender};
use support::*;
use testkit::rabbitmq::RabbitMq;

/// A confirm is awaited for two seconds; packing, a sync, and a busy machine come on top.
const FIRST: Duration = Duration::from_millis(4000);
/// A sync.
const LATER: Duration = Duration::from_millis(1000);

/// Submits during an outage: the first may take as long as a confirm, the others not.
async fn submit_during_outage(sender: &Sender, numbers: std::ops::Range<usize>) {
    for n in numbers.clone() {
        let began = Instant::now();
        sender.submit(line(n), OnBrokerAway::Spool).await.unwrap();
        let limit = if n == numbers.start { FIRST } else { LATER };
        assert!(began.elapsed() < limit, "line {n} took {:?}", began.elapsed());
    }
}

async fn assert_all_arrive(place: &Place, sender: &Sender, count: usize) {
    let queue = Queue::rabbitmq(place.broker.clone().unwrap());
    let mut received = receive(&mut queue.receiver(), count).await;
    received.sort_unstable();
    received.dedup();
    assert_eq!(received, (0..count).collect::<Vec<_>>());
    eventually("the spool is empty", || sender.state().spool.packs == 0).await;
    assert_eq!(sender.state().spool.bytes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_killed_or_hanging_broker_loses_no_line_and_holds_up_one_at_most() {
    let mut rabbit = RabbitMq::start().unwrap();
    let place = Place::rabbitmq_at(&rabbit.url());
    let sender = place.open().await.sender;
    submit_all(&sender, 0..20).await;
    assert_eq!(sender.state().counts.packs_spooled, 0);

    rabbit.stop();
    submit_during_outage(&sender, 20..30).await;
    assert!(!is_up(&sender) && sender.state().spool.lines >= 9);
    rabbit.start_again().unwrap();
    eventually("the spool is drained", || sender.state().spool.packs == 0).await;
    submit_all(&sender, 30..40).await;

    rabbit.kill();
    submit_during_outage(&sender, 40..50).await;
    rabbit.start_again().unwrap();
    eventually("the spool is drained", || sender.state().spool.packs == 0).await;

    rabbit.freeze().unwrap();
    submit_during_outage(&sender, 50..60).await;
    assert!(!is_up(&sender));
    rabbit.thaw();
    eventually("the spool is drained", || sender.state().spool.packs == 0).await;
    assert!(sender.state().counts.packs_drained >= 3);

    assert_all_arrive(&place, &sender, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sender_that_starts_without_its_broker_spools_and_outlives_its_process() {
    let mut rabbit = RabbitMq::start().unwrap();
    let place = Place::rabbitmq_at(&rabbit.url());
    rabbit.stop();
    {
        let spool = place.open_spool().await;
        let sender = Sender::rabbitmq(place.broker.clone().unwrap(), spool, place.packing);
        submit_during_outage(&sender, 0..10).await;
        assert!(sender.close(LONG).await);
    }
    rabbit.start_again().unwrap();
    let sender = place.open().await.sender;
    assert_all_arrive(&place, &sender, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusing_integration_is_told_at_once_and_its_line_is_not_spooled() {
    let mut rabbit = RabbitMq::start().unwrap();
    let place = Place::rabbitmq_at(&rabbit.url());
    let sender = place.open().await.sender;
    rabbit.kill();
    eventually("the broker is known to be away", || !is_up(&sender)).await;

    let began = Instant::now();
    let (refused, spooled) = tokio::join!(
        sender.submit(line(0), OnBrokerAway::Refuse),
        sender.submit(line(1), OnBrokerAway::Spool),
    );
    assert!(matches!(refused, Err(PublishError::BrokerAway(_))), "{refused:?}");
    spooled.unwrap();
    assert!(began.elapsed() < LATER);
    assert_eq!(sender.state().spool.lines, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reader_goes_on_after_the_brokers_restart_and_its_old_marks_are_stale() {
    let mut rabbit = RabbitMq::start().unwrap();
    let place = Place::rabbitmq_at(&rabbit.url());
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    submit_each(&opened.sender, 0..3).await;
    let batch = receiver.next_batch(3, LONG).await.unwrap();
    assert_eq!(batch.lines.len(), 3);

    rabbit.stop();
    rabbit.start_again().unwrap();
    assert_eq!(receiver.ack(batch.mark).await.unwrap(), Ack::Stale);
    assert_eq!(receive(&mut receiver, 3).await, [0, 1, 2]);
    eventually("the sender is connected", || is_up(&opened.sender)).await;
    submit_each(&opened.sender, 3..5).await;
    assert_eq!(receive(&mut receiver, 2).await, [3, 4]);
    assert_nothing_waits(&mut receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_deleted_underneath_is_an_error_and_is_declared_again() {
    let url = testkit::rabbitmq::shared_url().unwrap();
    let place = Place::rabbitmq_at(&url);
    let opened = place.open().await;
    let broker = place.broker.as_ref().unwrap();
    submit_each(&opened.sender, 0..1).await;
    // A connection that is still being made would declare the queue again.
    eventually("the reader is connected", || match opened.queue.state() {
        QueueState::RabbitMq { consume, publish } => consume.is_up() && publish.is_up(),
        QueueState::Embedded(_) => false,
    })
    .await;
    delete_queues(&url, broker).await.unwrap();
    let refused = opened.sender.submit(line(1), OnBrokerAway::Refuse).await;
    match refused {
        Err(PublishError::BrokerAway(reason)) => assert!(reason.contains("returned"), "{reason}"),
        other => panic!("{other:?}"),
    }
    eventually("the sender is connected again", || is_up(&opened.sender)).await;

    delete_queues(&url, broker).await.unwrap();
    opened.sender.submit(line(2), OnBrokerAway::Spool).await.unwrap();
    let mut receiver = opened.queue.receiver();
    assert_eq!(receive(&mut receiver, 1).await, [2], "kept by the spool and sent again");

    delete_queues(&url, broker).await.unwrap();
    opened.sender.submit(line(3), OnBrokerAway::Spool).await.unwrap();
    assert_eq!(receive(&mut receiver, 1).await, [3], "the reader finds the new queue, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn second_reader_waits_until_the_first_is_gone() {
    let place = Place::rabbitmq();
    let opened = place.open().await;
    let second_queue = Queue::rabbitmq(place.broker.clone().unwrap());
    let (mut first, mut second) = (opened.queue.receiver(), second_queue.receiver());
    submit_each(&opened.sender, 0..1).await;
    assert_eq!(receive(&mut first, 1).await, [0]);
    assert_nothing_waits(&mut second).await;

    submit_each(&opened.sender, 1..2).await;
    let unacknowledged = first.next_batch(1, LONG).await.unwrap();
    assert_eq!(unacknowledged.lines, [line(1)]);
    assert_nothing_waits(&mut second).await;
    drop(first);
    assert_eq!(receive(&mut second, 1).await, [1]);
}
