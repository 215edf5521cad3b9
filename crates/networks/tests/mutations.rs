//! Every truncation and every change of one byte of every body in `bodies` ends with events or with a reason.
//!
//! A body is read as the network's whose name its file begins with; a new file takes part by lying there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use networks::{Network, parse};

/// Up to this length, a byte is made every other value in the short run, too.
const SHORT: usize = 100;

/// What JSON and XML care for, and the ends of a byte's range. Each byte's single bits are turned beside it.
const TELLING: &[u8] = b"\"{[,\\0-<\0";

struct Kept {
    file: String,
    network: Network,
    body: Vec<u8>,
}

/// `chirpstack-v3-up.json` is one of chirpstack-v3, not of chirpstack.
fn network_of(file: &str) -> Network {
    let named =
        |network: &Network| file.strip_prefix(network.name()).is_some_and(|rest| rest.starts_with('-'));
    let longest = Network::ALL.into_iter().filter(named).max_by_key(|network| network.name().len());
    longest.unwrap_or_else(|| panic!("{file} begins with no network's name"))
}

fn kept() -> Vec<Kept> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bodies");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        Kept { network: network_of(&file), body: std::fs::read(path).unwrap(), file }
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

/// Reads what became of a body, under no word for its kind.
fn try_reading(kept: &Kept, body: &[u8], change: impl Fn() -> String) {
    let file = &kept.file;
    let Ok(read) = catch_unwind(|| parse(kept.network, None, body)) else {
        panic!("{file}, {}: a panic", change());
    };
    match read {
        Ok(events) => assert!(!events.is_empty(), "{file}, {}: read as nothing", change()),
        Err(reason) => {
            let reason = reason.to_string();
            assert!((10..500).contains(&reason.len()), "{file}, {}: {reason}", change());
        }
    }
}

/// Every truncation, and every byte made each of the values that `values` chooses. Returns how many bodies that were.
fn mutate(kept: &Kept, values: impl Fn(u8) -> Vec<u8>) -> usize {
    let mut count = kept.body.len();
    for end in 0..kept.body.len() {
        try_reading(kept, &kept.body[..end], || format!("cut at {end}"));
    }
    let mut body = kept.body.clone();
    for at in 0..body.len() {
        let whole = body[at];
        for value in values(whole) {
            body[at] = value;
            try_reading(kept, &body, || format!("byte {at} made {value:#04x}"));
            count += 1;
        }
        body[at] = whole;
    }
    count
}

fn every_other(whole: u8) -> Vec<u8> {
    (0..=u8::MAX).filter(|value| *value != whole).collect()
}

fn telling(whole: u8) -> Vec<u8> {
    let mut values: Vec<u8> = (0..8).map(|bit| whole ^ (1 << bit)).chain(TELLING.iter().copied()).collect();
    values.sort_unstable();
    values.dedup();
    values.retain(|value| *value != whole);
    values
}

/// Runs all bodies, as many at once as there are processors, and says how many readings that were.
fn run(mutate: impl Fn(&Kept) -> usize + Sync) -> usize {
    let waiting = Mutex::new(kept());
    let count = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(next) = waiting.lock().unwrap().pop() else { return };
                    let done = mutate(&next);
                    *count.lock().unwrap() += done;
                }
            });
        }
    });
    let count = count.into_inner().unwrap();
    eprintln!("{count} bodies were read or refused");
    count
}

#[test]
fn every_network_has_a_body_here() {
    let kept = kept();
    for network in Network::ALL {
        assert!(kept.iter().any(|kept| kept.network == network), "no file in bodies begins with {network}-");
    }
    for Kept { file, network, body } in &kept {
        parse(*network, None, body).unwrap_or_else(|refused| panic!("{file}: {refused}"));
    }
}

#[test]
fn every_truncation_and_every_telling_change_of_a_byte_is_read_or_refused() {
    let count = run(|kept| {
        let values = if kept.body.len() <= SHORT { every_other } else { telling };
        mutate(kept, values)
    });
    assert!(count > 20_000, "only {count}");
}

#[test]
#[ignore = "takes minutes"]
fn every_truncation_and_every_change_of_a_byte_is_read_or_refused() {
    run(|kept| mutate(kept, every_other));
}
