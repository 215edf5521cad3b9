//! Any bytes as a file of handed-in events, in CSV and in JSON: refused, or events that are kept and read back the same.
#![no_main]

use domain::hand_in::{HandIn, read_csv, read_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    for lines in [read_csv(file), read_json(file)].into_iter().flatten() {
        for event in lines.into_iter().filter_map(|line| line.read.ok()) {
            let text = serde_json::to_string(&event).expect("a text");
            assert_eq!(serde_json::from_str::<HandIn>(&text).ok(), Some(event), "{text}");
        }
    }
});
