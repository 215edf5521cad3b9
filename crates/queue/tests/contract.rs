//! What a queue promises, held against both: the spool on disk and RabbitMQ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use queue::{Ack, OnBrokerAway, PublishError};
use support::*;

macro_rules! held_by_both {
    ($($scenario:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() { super::$scenario(super::Place::embedded()).await; })*
        }
        mod rabbitmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() { super::$scenario(super::Place::rabbitmq()).await; })*
        }
    };
}

held_by_both! {
    lines_are_received_in_the_order_of_their_submission,
    what_is_not_acknowledged_is_delivered_again_after_reopening,
    acknowledging_a_batch_acknowledges_those_before_it,
    a_hundred_concurrent_submits_travel_in_few_packs,
    a_calm_stream_of_lone_lines_is_packed,
    lone_submits_one_after_the_other_do_not_wait_for_company,
    a_batch_ends_at_max_lines_and_loses_nothing,
    an_empty_queue_gives_an_empty_batch_after_the_wait,
    a_reader_that_stops_waiting_loses_nothing,
    a_submitter_that_stops_waiting_does_not_take_the_line_with_him,
    a_poison_line_becomes_a_dead_letter_and_is_replayed,
    the_backlog_is_drained_only_when_everything_was_acknowledged,
    what_is_not_one_line_is_refused,
    closing_answers_everyone_and_refuses_the_next,
}

async fn lines_are_received_in_the_order_of_their_submission(place: Place) {
    let opened = place.open().await;
    submit_each(&opened.sender, 0..20).await;

    let received = receive(&mut opened.queue.receiver(), 20).await;
    assert_eq!(received, (0..20).collect::<Vec<_>>());
    assert_eq!(opened.sender.state().counts.lines_durable, 20);
}

async fn what_is_not_acknowledged_is_delivered_again_after_reopening(place: Place) {
    {
        let opened = place.open().await;
        let mut receiver = opened.queue.receiver();
        submit_each(&opened.sender, 0..3).await;
        assert_eq!(receive(&mut receiver, 3).await, [0, 1, 2]);

        submit_each(&opened.sender, 3..5).await;
        let taken = receiver.next_batch(2, LONG).await.unwrap();
        assert_eq!(taken.lines, [line(3), line(4)]);
        assert!(opened.sender.close(LONG).await);
    }
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    assert_eq!(receive(&mut receiver, 2).await, [3, 4], "and not 0 to 2");
    assert_nothing_waits(&mut receiver).await;
}

async fn acknowledging_a_batch_acknowledges_those_before_it(place: Place) {
    {
        let opened = place.open().await;
        let mut receiver = opened.queue.receiver();
        submit_each(&opened.sender, 0..3).await;
        let mut marks = Vec::new();
        for n in 0..3 {
            let batch = receiver.next_batch(1, LONG).await.unwrap();
            assert_eq!(batch.lines, [line(n)]);
            marks.push(batch.mark);
        }
        assert_eq!(receiver.ack(marks[1]).await.unwrap(), Ack::Taken);
        assert_eq!(receiver.ack(marks[0]).await.unwrap(), Ack::Taken, "again, and no harm");
        assert!(opened.sender.close(LONG).await);
    }
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    assert_eq!(receive(&mut receiver, 1).await, [2]);
    assert_nothing_waits(&mut receiver).await;
}

async fn a_hundred_concurrent_submits_travel_in_few_packs(place: Place) {
    let opened = place.open().await;
    submit_all(&opened.sender, 0..100).await;

    let counts = opened.sender.state().counts;
    let packs = counts.packs_confirmed + counts.packs_spooled;
    assert!((1..=10).contains(&packs), "{packs} packs for 100 lines");
    let mut received = receive(&mut opened.queue.receiver(), 100).await;
    received.sort_unstable();
    assert_eq!(received, (0..100).collect::<Vec<_>>());
}

async fn a_calm_stream_of_lone_lines_is_packed(place: Place) {
    let opened = place.open().await;
    let mut pace = tokio::time::interval(Duration::from_millis(1));
    let mut submits = tokio::task::JoinSet::new();
    for n in 0..1000 {
        pace.tick().await;
        let sender = opened.sender.clone();
        submits.spawn(async move { sender.submit(line(n), OnBrokerAway::Spool).await });
    }
    submits.join_all().await.into_iter().for_each(|durable| durable.unwrap());
    let counts = opened.sender.state().counts;
    let packs = counts.packs_confirmed + counts.packs_spooled;
    assert!(packs <= 125, "{packs} packs for 1000 lines");
}

async fn lone_submits_one_after_the_other_do_not_wait_for_company(place: Place) {
    let mut place = place;
    place.packing.linger = Duration::from_secs(1);
    let opened = place.open().await;
    let began = Instant::now();
    submit_each(&opened.sender, 0..20).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} for 20 lines", began.elapsed());
}

async fn a_batch_ends_at_max_lines_and_loses_nothing(place: Place) {
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    submit_each(&opened.sender, 0..5).await;
    let mut received = Vec::new();
    for _ in 0..2 {
        let batch = receiver.next_batch(2, LONG).await.unwrap();
        assert_eq!(batch.lines.len(), 2);
        received.extend(batch.lines);
    }
    let last = receiver.next_batch(2, SHORT).await.unwrap();
    received.extend(last.lines);
    assert_eq!(received, (0..5).map(line).collect::<Vec<_>>());

    submit_all(&opened.sender, 5..105).await;
    let mut rest = Vec::new();
    while rest.len() < 100 {
        let batch = receiver.next_batch(30, LONG).await.unwrap();
        assert!(!batch.is_empty());
        rest.extend(batch.lines.iter().map(|line| number(line)));
        receiver.ack(batch.mark).await.unwrap();
    }
    rest.sort_unstable();
    assert_eq!(rest, (5..105).collect::<Vec<_>>());
}

async fn an_empty_queue_gives_an_empty_batch_after_the_wait(place: Place) {
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    let began = Instant::now();
    let batch = receiver.next_batch(10, SHORT).await.unwrap();
    assert!(batch.is_empty());
    assert!(began.elapsed() >= SHORT && began.elapsed() < SHORT * 5, "{:?}", began.elapsed());
    assert_eq!(receiver.ack(batch.mark).await.unwrap(), Ack::Taken);
}

async fn a_reader_that_stops_waiting_loses_nothing(place: Place) {
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    submit_each(&opened.sender, 0..10).await;
    // Gathers the ten and goes on waiting for the eleventh, when it is dropped.
    let dropped = tokio::time::timeout(Duration::from_secs(1), receiver.next_batch(11, LONG)).await;
    assert!(dropped.is_err());

    let batch = receiver.next_batch(10, LONG).await.unwrap();
    assert_eq!(batch.lines, (0..10).map(line).collect::<Vec<_>>());
}

async fn a_submitter_that_stops_waiting_does_not_take_the_line_with_him(place: Place) {
    let opened = place.open().await;
    let mut impatient = Box::pin(opened.sender.submit(line(0), OnBrokerAway::Spool));
    // Polled once: the line is with the packer.
    assert!(futures_util::poll!(&mut impatient).is_pending());
    drop(impatient);
    opened.sender.submit(line(1), OnBrokerAway::Spool).await.unwrap();

    assert_eq!(receive(&mut opened.queue.receiver(), 2).await, [0, 1]);
}

async fn a_poison_line_becomes_a_dead_letter_and_is_replayed(place: Place) {
    let opened = place.open().await;
    let (queue, mut receiver) = (&opened.queue, opened.queue.receiver());
    submit_each(&opened.sender, 0..3).await;
    let batch = receiver.next_batch(3, LONG).await.unwrap();
    queue.dead_letter(batch.lines[1].clone(), "frame version 9 is unknown").await.unwrap();
    queue.dead_letter(batch.lines[2].clone(), "too short: ä").await.unwrap();
    receiver.ack(batch.mark).await.unwrap();

    for _look in 0..2 {
        let letters = queue.dead_letters(10).await.unwrap();
        let mut letters: Vec<_> =
            letters.iter().map(|letter| (number(&letter.line), &*letter.reason)).collect();
        letters.sort_unstable();
        assert_eq!(letters, [(1, "frame version 9 is unknown"), (2, "too short: ä")]);
    }
    assert_eq!(queue.dead_letters(1).await.unwrap().len(), 1);
    assert_nothing_waits(&mut receiver).await;

    assert_eq!(queue.replay_dead_letters().await.unwrap(), 2);
    let mut replayed = receive(&mut receiver, 2).await;
    // In any order: RabbitMQ puts back what was looked at in its own.
    replayed.sort_unstable();
    assert_eq!(replayed, [1, 2]);
    assert_eq!(queue.dead_letters(10).await.unwrap(), []);
    assert_eq!(queue.replay_dead_letters().await.unwrap(), 0);
}

async fn the_backlog_is_drained_only_when_everything_was_acknowledged(place: Place) {
    let opened = place.open().await;
    let (queue, mut receiver) = (&opened.queue, opened.queue.receiver());
    submit_each(&opened.sender, 0..3).await;
    let before = queue.backlog().await;
    assert!(!before.is_drained(), "{before:?}");

    let batch = receiver.next_batch(3, LONG).await.unwrap();
    assert_eq!(batch.lines.len(), 3);
    for _ in 0..3 {
        assert!(receiver.next_batch(1, SHORT).await.unwrap().is_empty());
        let meanwhile = queue.backlog().await;
        assert!(!meanwhile.is_drained(), "not acknowledged yet: {meanwhile:?}");
    }
    receiver.ack(batch.mark).await.unwrap();
    let deadline = Instant::now() + LONG;
    loop {
        assert!(receiver.next_batch(1, SHORT).await.unwrap().is_empty());
        let after = queue.backlog().await;
        if after.is_drained() {
            break;
        }
        assert!(Instant::now() < deadline, "{after:?}");
    }
}

async fn what_is_not_one_line_is_refused(place: Place) {
    let opened = place.open().await;
    for not_a_line in ["", "a\nb", "a\n"] {
        let refused = opened.sender.submit(Bytes::from(not_a_line), OnBrokerAway::Spool).await;
        assert!(matches!(refused, Err(PublishError::NotOneLine)), "{not_a_line:?}: {refused:?}");
    }
}

async fn closing_answers_everyone_and_refuses_the_next(place: Place) {
    let opened = place.open().await;
    let sender = opened.sender.clone();
    let submits = tokio::spawn(async move { submit_all(&sender, 0..50).await });
    eventually("a line is durable", || opened.sender.state().counts.lines_durable > 0).await;
    assert!(opened.sender.close(LONG).await);
    submits.await.unwrap();

    let late = opened.sender.submit(line(50), OnBrokerAway::Spool).await;
    assert!(matches!(late, Err(PublishError::Closed)), "{late:?}");
    assert!(opened.sender.close(LONG).await, "closing twice is no harm");
    receive(&mut opened.queue.receiver(), 50).await;
}
