//! The spool on disk: its limits, and what a killed process leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use queue::{FreeSpace, Full, OnBrokerAway, PublishError, Spool, SpoolError};
use support::*;

#[tokio::test]
async fn spool_is_full_at_its_byte_limit_and_takes_again_after_an_acknowledgement() {
    let mut place = Place::embedded();
    place.spool.max_bytes = 1000;
    let opened = place.open().await;
    let big = |n: usize| Bytes::from(format!("{n:0600}"));
    for n in 0..2 {
        opened.sender.submit(big(n), OnBrokerAway::Spool).await.unwrap();
    }
    let refused = opened.sender.submit(big(2), OnBrokerAway::Spool).await;
    let Err(PublishError::Full(full)) = refused else { panic!("{refused:?}") };
    assert_eq!((full.bytes, full.max_bytes), (1200, 1000));
    let state = opened.sender.state();
    assert!(state.spool.full_for.is_some());
    assert_eq!((state.spool.packs, state.spool.lines, state.spool.bytes), (2, 2, 1200));
    assert_eq!(state.counts.lines_refused, 1);

    let mut receiver = opened.queue.receiver();
    let batch = receiver.next_batch(1, LONG).await.unwrap();
    assert_eq!(batch.lines, [big(0)]);
    receiver.ack(batch.mark).await.unwrap();
    opened.sender.submit(big(3), OnBrokerAway::Spool).await.unwrap();
    assert_eq!(opened.sender.state().spool.bytes, 1200);
}

#[tokio::test]
async fn spool_is_full_below_the_free_space_watermark_and_says_since_when() {
    let free = Arc::new(AtomicU64::new(1_000));
    let mut place = Place::embedded();
    (place.spool.min_free, place.spool.free_space) = (1_000, FreeSpace::Given(Arc::clone(&free)));
    let opened = place.open().await;
    submit_each(&opened.sender, 0..1).await;
    assert_eq!(opened.sender.state().spool.full_for, None);

    free.store(999, Relaxed);
    let refused = opened.sender.submit(line(1), OnBrokerAway::Spool).await;
    let Err(PublishError::Full(full)) = &refused else { panic!("{refused:?}") };
    assert_eq!(*full, Full { bytes: full.bytes, max_bytes: 8 << 30, free: 999, min_free: 1_000 });
    let state = opened.sender.state().spool;
    assert!(state.full_for.is_some() && state.free == Some(999));

    free.store(1_000, Relaxed);
    opened.sender.submit(line(2), OnBrokerAway::Spool).await.unwrap();
    assert_eq!(opened.sender.state().spool.full_for, None);
    assert_eq!(receive(&mut opened.queue.receiver(), 2).await, [0, 2]);
}

#[tokio::test]
async fn spool_keeps_its_accounts_over_a_restart() {
    let place = Place::embedded();
    let before = {
        let opened = place.open().await;
        submit_all(&opened.sender, 0..40).await;
        submit_each(&opened.sender, 40..45).await;
        let mut receiver = opened.queue.receiver();
        let first = receiver.next_batch(1, LONG).await.unwrap();
        receiver.ack(first.mark).await.unwrap();
        opened.queue.dead_letter(line(99), "no such codec").await.unwrap();
        assert!(opened.sender.close(LONG).await);
        opened.sender.state().spool
    };
    assert!(before.packs >= 5 && before.bytes > 0 && before.dead_letters == 1);

    let after = place.open().await.sender.state().spool;
    let accounts = |state: &queue::SpoolState| (state.packs, state.lines, state.bytes, state.dead_letters);
    assert_eq!(accounts(&after), accounts(&before));
}

#[tokio::test]
async fn folder_in_use_is_refused_in_one_clear_line() {
    let place = Place::embedded();
    let _opened = place.open().await;
    let Err(SpoolError::Open { path, reason }) = Spool::open(place.spool.clone()) else {
        panic!("opened twice")
    };
    assert_eq!((path, reason.as_str()), (place.spool.dir.clone(), "another process has it open"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_worked_off_gives_its_disk_space_back() {
    let place = Place::embedded();
    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    // Text that hardly compresses; twice what the store keeps of its journal goes through.
    let filler: String =
        (0..70_000_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    for n in 0..130 {
        let line = Bytes::from(format!("{n} {filler}"));
        opened.sender.submit(line, OnBrokerAway::Spool).await.unwrap();
        let batch = receiver.next_batch(1, LONG).await.unwrap();
        assert_eq!(batch.lines.len(), 1);
        receiver.ack(batch.mark).await.unwrap();
    }
    let bytes = |state: &queue::SpoolState| state.bytes;
    assert_eq!(bytes(&opened.sender.state().spool), 0);
    // The store gives it back in the background, a while after the last removal.
    let small = || (folder_size(&place.spool.dir) < 112 << 20).then_some(());
    testkit::until("an empty spool is small on the disk", LONG * 3, small).unwrap();
}

fn folder_size(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => folder_size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

const FOLDER: &str = "ISOTHERM_TEST_SPOOL_FOLDER";

/// Not a test: the process that the next one kills. Submits for ever and tells each line that is durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by killed_process_keeps_every_acknowledged_line"]
async fn helper_that_appends_until_it_is_killed() {
    let mut place = Place::embedded();
    place.spool.dir = std::env::var_os(FOLDER).expect("only that test starts this one").into();
    let opened = place.open().await;
    let submitters = (0..8).map(|k| {
        let sender = opened.sender.clone();
        tokio::spawn(async move {
            for n in (k..).step_by(8) {
                sender.submit(line(n), OnBrokerAway::Spool).await.unwrap();
                println!("\ndurable {n}");
            }
        })
    });
    futures_util::future::join_all(submitters).await;
}

#[tokio::test]
async fn killed_process_keeps_every_acknowledged_line() {
    let place = Place::embedded();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_that_appends_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, &place.spool.dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut durable = BTreeSet::new();
    for text in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        durable.extend(text.strip_prefix("durable ").and_then(|n| n.parse::<usize>().ok()));
        if durable.len() == 500 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(durable.len() >= 500, "the helper ended early: {} lines", durable.len());

    let opened = place.open().await;
    let mut receiver = opened.queue.receiver();
    let mut found = BTreeSet::new();
    loop {
        let batch = receiver.next_batch(1000, SHORT).await.unwrap();
        if batch.is_empty() {
            break;
        }
        found.extend(batch.lines.iter().map(|line| number(line)));
    }
    let lost: Vec<_> = durable.difference(&found).collect();
    assert!(lost.is_empty(), "told durable, and gone: {lost:?}");
}
