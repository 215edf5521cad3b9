//! Any bytes as a line of the queue: refused, or a message that is written and read back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use networks::message::Message;

fuzz_target!(|line: &[u8]| {
    let Ok(message) = Message::from_line(line) else { return };
    let written = message.to_line().expect("a message can be written");
    assert!(!written.contains(&b'\n'), "a message is one line");
    assert_eq!(Message::from_line(&written).expect("what was written can be read"), message);
});
