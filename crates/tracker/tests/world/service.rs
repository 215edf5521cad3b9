//! The other side, as simply as it can be: it keeps what came, acknowledges it, and asks for what is missing.

use std::collections::BTreeMap;

use wire::{ClockRequest, Command, Entry, Range, Status, Uplink, What, encode_commands};

/// 2026-01-01T00:00Z, in seconds since 2024.
pub const START_S: u64 = 731 * 86_400;

/// The longest downlink at EU868 DR0.
const ROOM: usize = 51;

#[derive(Default)]
pub struct Service {
    pub entries: BTreeMap<u32, Entry>,
    /// By the number that tells of it.
    pub lost: BTreeMap<u32, Range>,
    pub status: Option<Status>,
    /// One more than the highest number that it knows of.
    pub next: u32,
    pub number: u32,
    clock: Option<(ClockRequest, u64)>,
    /// When it said something last.
    said_at_ms: u64,
    pub copies: u64,
}

impl Service {
    /// An uplink that arrives now.
    pub fn hear(&mut self, now_ms: u64, port: u8, payload: &[u8]) {
        match Uplink::decode(port, payload).expect("a tracker sends what can be read") {
            Uplink::Log(frame) => frame.entries().for_each(|entry| self.take(entry)),
            Uplink::Status(status) => {
                self.next = self.next.max(status.next);
                self.status = Some(status);
            }
            Uplink::Clock(request) => self.clock = Some((request, now_ms)),
            Uplink::Setup(setup) => assert!(setup.command <= self.number),
            Uplink::Position(_) => {}
        }
    }

    fn take(&mut self, entry: Entry) {
        self.copies += 1;
        self.next = self.next.max(entry.sequence + 1);
        if let What::Lost { first, count } = entry.what {
            self.lost.insert(entry.sequence, Range { first, last: first + count - 1 });
        }
        let known = *self.entries.entry(entry.sequence).or_insert(entry);
        assert_eq!(known, entry, "one number, two entries");
    }

    /// What it does not have and was not told that it is lost.
    pub fn holes(&self) -> Vec<Range> {
        let mut here = vec![false; self.next as usize];
        self.entries.keys().for_each(|sequence| here[*sequence as usize] = true);
        for range in self.lost.values() {
            here[range.first as usize..=range.last as usize].fill(true);
        }
        let mut holes: Vec<Range> = Vec::new();
        for (sequence, _) in (0..).zip(&here).filter(|(_, here)| !**here) {
            match holes.last_mut() {
                Some(hole) if hole.last + 1 == sequence => hole.last = sequence,
                _ => holes.push(Range { first: sequence, last: sequence }),
            }
        }
        holes
    }

    /// What it has to say: at once to set the clock, else every few hours.
    pub fn answer(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        let mut commands = Vec::new();
        if let Some((request, at_ms)) = self.clock.take() {
            let off = i64::try_from(START_S + at_ms / 1000).unwrap() - i64::from(request.seconds);
            commands
                .push(Command::Clock { setting: request.setting, forward_s: i32::try_from(off).unwrap() });
        }
        if now_ms >= self.said_at_ms + 4 * 3_600_000 {
            self.said_at_ms = now_ms;
            let holes = self.holes();
            let first_hole = holes.first().map_or(self.next, |hole| hole.first);
            if let Some(last) = first_hole.checked_sub(1) {
                commands.push(Command::Acknowledge(Range { first: 0, last }));
            }
            commands.extend(holes.into_iter().map(Command::Resend));
        }
        let mut length = 3;
        commands.retain(|command| {
            length += command.length();
            length <= ROOM
        });
        self.say(&commands)
    }

    pub fn say(&mut self, commands: &[Command]) -> Option<Vec<u8>> {
        let mut room = [0; ROOM];
        let length = encode_commands(self.number + 1, commands, &mut room).ok()?;
        self.number += 1;
        Some(room[..length].to_vec())
    }
}
