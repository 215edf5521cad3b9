//! Any bytes as an uplink or a downlink, the first of them the port: refused, or what is written of it again reads
//! alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{COMMAND_PORT, Downlink, Entry, LogFrame, MAX_LEN, Step, Uplink, encode, encode_commands};

fuzz_target!(|bytes: &[u8]| {
    let Some((port, bytes)) = bytes.split_first() else { return };
    if *port == COMMAND_PORT {
        return downlink(bytes);
    }
    match Uplink::decode(*port, bytes) {
        Ok(Uplink::Log(frame)) => log(&frame),
        Ok(Uplink::Status(status)) => assert_eq!(status.encode().as_ref().map(|own| &own[..]), Ok(bytes)),
        Ok(Uplink::Setup(setup)) => assert_eq!(setup.encode().as_ref().map(|own| &own[..]), Ok(bytes)),
        Ok(Uplink::Position(place)) => assert_eq!(place.encode().as_ref().map(|own| &own[..]), Ok(bytes)),
        Ok(Uplink::Clock(request)) => assert_eq!(request.encode(), bytes),
        Err(_) => {}
    }
});

fn log(frame: &LogFrame<'_>) {
    let entries: Vec<Entry> = frame.entries().collect();
    let mut room = [0; MAX_LEN];
    let Ok(written) = encode(entries.iter().copied(), Step::Minutes5, &mut room) else {
        panic!("what was read cannot be written: {entries:?}");
    };
    let again = LogFrame::decode(room.get(..written.length).unwrap_or_default());
    let again: Vec<Entry> = again.iter().flat_map(LogFrame::entries).collect();
    // In the shortest way it may take more room than by chance; a frame at the limit then says less.
    assert_eq!(Some(&*again), entries.get(..written.entries));
    assert!(written.entries == entries.len() || written.length > MAX_LEN - 20);
}

fn downlink(bytes: &[u8]) {
    let Ok(downlink) = Downlink::decode(bytes) else { return };
    let commands: Vec<_> = downlink.commands().collect();
    let mut room = vec![0; bytes.len()];
    assert_eq!(encode_commands(downlink.number(), &commands, &mut room), Ok(bytes.len()));
    assert_eq!(room, bytes);
}
