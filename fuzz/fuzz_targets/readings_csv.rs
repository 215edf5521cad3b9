//! Any bytes as a file of readings: refused, or readings in whole seconds.
#![no_main]

use domain::readings_csv::read_csv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    for reading in read_csv(file).unwrap_or_default() {
        assert_eq!(reading.measured_at.timestamp_subsec_nanos(), 0, "{reading:?}");
    }
});
