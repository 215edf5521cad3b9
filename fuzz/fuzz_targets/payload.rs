//! Any bytes as a tracker's payload, the first of them the codec, the second the port: refused, or readings that can be
//! measured, oldest first, and never of another time than the tracker's own without the network's.
#![no_main]

use chrono::{DateTime, Utc};
use domain::Temperature;
use libfuzzer_sys::fuzz_target;
use networks::payload::{Codec, Payload, decode};

fuzz_target!(|bytes: &[u8]| {
    let [codec, port, bytes @ ..] = bytes else { return };
    let codec = Codec::ALL[usize::from(*codec) % Codec::ALL.len()];
    let received_at = DateTime::from_timestamp(1_772_352_000, 0);
    if let Ok(payload) = decode(codec, Some(*port), bytes, received_at) {
        sound(&payload);
    }
    if let Ok(payload) = decode(codec, Some(*port), bytes, None) {
        sound(&payload);
    }
});

fn sound(payload: &Payload) {
    let (lowest, highest) = (Temperature::MIN, Temperature::MAX);
    let temperatures = payload.readings.iter().map(|decoded| decoded.reading.temperature);
    let untimed = payload.untimed.iter().map(|untimed| untimed.temperature);
    assert!(temperatures.chain(untimed).all(|found| (lowest..=highest).contains(&found)), "{payload:?}");
    let times: Vec<DateTime<Utc>> =
        payload.readings.iter().map(|decoded| decoded.reading.measured_at).collect();
    assert!(times.is_sorted(), "{payload:?}");
    assert!(payload.sensed.is_sorted_by_key(|sensed| sensed.at), "{payload:?}");
}
