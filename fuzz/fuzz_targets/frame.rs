//! Any bytes as a frame: refused, or exactly what its readings write.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Frame, MAX_LEN, encode};

fuzz_target!(|bytes: &[u8]| {
    let Ok(frame) = Frame::decode(bytes) else { return };
    let mut room = [0; MAX_LEN];
    let length = encode(&frame.newest(), frame.battery(), frame.samples().skip(1), &mut room);
    assert_eq!(length.map(|length| room.get(..length)), Ok(Some(bytes)));
});
