//! Any bytes as a webhook's body from this network.
#![no_main]

use libfuzzer_sys::fuzz_target;
use networks::Network;

mod webhook;

fuzz_target!(|body: &[u8]| {
    webhook::parse_and_queue(Network::AwsIotCore, &[], body);
    if let Some(url) = networks::confirmation(Network::AwsIotCore, body) {
        assert!(url.starts_with("https://iot.") && url.contains(".amazonaws.com"), "{url}");
    }
});
