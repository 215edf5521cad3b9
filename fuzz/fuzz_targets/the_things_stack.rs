//! Any bytes as a webhook's body from this network.
#![no_main]

use libfuzzer_sys::fuzz_target;
use networks::Network;

mod webhook;

const WORDS: &[&str] = &["up", "join", "ack", "nack", "sent", "failed", "queued", "location"];

fuzz_target!(|body: &[u8]| webhook::parse_and_queue(Network::TheThingsStack, WORDS, body));
