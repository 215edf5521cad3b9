//! What waits to be sent.

mod transmit;

use wire::{Entry, MAX_LEN, Position, Range, What, encode};

pub use self::transmit::{STOPPED_MS, Transmission};
use crate::airtime::DataRate;

const MINUTE_MS: u64 = 60_000;

/// An alarm is sent again after 1, 4 and 16 minutes.
const URGENT_TRIES: u32 = 4;

/// How many ranges of what was asked for are remembered. What is forgotten is asked for again.
const ASKED: usize = 8;

/// An application payload.
#[derive(Clone, Copy)]
pub struct Payload {
    bytes: [u8; MAX_LEN],
    length: usize,
}

impl Payload {
    fn of(bytes: &[u8]) -> Self {
        let mut payload = Self { bytes: [0; MAX_LEN], length: bytes.len().min(MAX_LEN) };
        payload.bytes.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
        payload
    }

    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl core::fmt::Debug for Payload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.as_slice().fmt(f)
    }
}

/// An uplink to send.
#[derive(Debug, Clone, Copy)]
pub struct Send {
    /// The network is to answer (a confirmed uplink), so that the tracker knows that it is heard. Nothing is sent again for want of
    /// the answer.
    pub confirmed: bool,
    /// 0, with an empty payload: only the answers that the MAC has for the network, which must not take the room of a reading.
    pub port: u8,
    pub rate: DataRate,
    pub payload: Payload,
}

/// What was handed over to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InFlight {
    Mac,
    Readings {
        newest: u32,
        entries: u32,
        is_urgent: bool,
    },
    /// An urgent entry alone, or with those before it.
    Urgent,
    Asked {
        newest: u32,
        entries: u32,
    },
    Status,
    Setup,
    Clock,
    Position,
}

/// What waits to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    /// Every entry below was sent at least once, or is asked for.
    sent_below: u32,
    /// When the next readings are due.
    readings_at_ms: Option<u64>,
    /// The minutes of the reading that was due last.
    due_minutes: Option<u32>,
    urgent: Option<Urgent>,
    asked: [Option<Range>; ASKED],
    setup: bool,
    status_at_ms: u64,
    clock_at_ms: u64,
    clock_tries: u32,
    /// The last one that was not sent, and when it may be.
    position: Option<Position>,
    position_at_ms: u64,
    /// The MAC has answers for the network.
    mac_pending: bool,
    /// They went alone last time: now it is something else's turn.
    mac_sent: bool,
    pause_until_ms: u64,
    /// For that kind of uplink, and those behind it, too little air is left until then. Making a frame again each minute would
    /// cost more than waiting; what comes before it is as urgent as ever.
    poor: Option<(usize, u64)>,
    in_flight: Option<InFlight>,
    /// The network was asked to answer it.
    in_flight_confirmed: bool,
}

#[derive(Debug, Clone, Copy)]
struct Urgent {
    /// The event that is urgent.
    sequence: u32,
    tries: u32,
    at_ms: u64,
}

impl Outbox {
    pub const fn new(next: u32, now_ms: u64) -> Self {
        Self {
            sent_below: next,
            readings_at_ms: None,
            due_minutes: None,
            urgent: None,
            asked: [None; ASKED],
            setup: true,
            status_at_ms: now_ms,
            clock_at_ms: now_ms,
            clock_tries: 0,
            position: None,
            position_at_ms: now_ms,
            mac_pending: false,
            mac_sent: false,
            pause_until_ms: 0,
            poor: None,
            in_flight: None,
            in_flight_confirmed: false,
        }
    }

    pub fn say_setup(&mut self) {
        self.setup = true;
    }

    pub fn say_status(&mut self, now_ms: u64) {
        self.status_at_ms = now_ms;
    }

    /// In place of an older one.
    pub fn say_position(&mut self, position: Position) {
        self.position = Some(position);
    }

    pub fn clock_was_set(&mut self) {
        self.clock_tries = 0;
    }

    pub fn hurry(&mut self, sequence: u32, now_ms: u64) {
        // With an earlier one that nobody may have heard.
        let sequence = self.urgent.map_or(sequence, |before| before.sequence.min(sequence));
        self.urgent = Some(Urgent { sequence, tries: 0, at_ms: now_ms });
        self.poor = None;
    }

    /// A reading was written that was due at that minute. Uplinks keep their distance, and trackers keep theirs by
    /// `jitter_ms`.
    pub fn reading_due(&mut self, minutes: u32, distance: u32, now_ms: u64, jitter_ms: u64) {
        let is_due = self.due_minutes.is_none_or(|last| minutes < last || minutes - last >= distance);
        if is_due {
            self.due_minutes = Some(minutes);
            self.readings_at_ms.get_or_insert(now_ms + jitter_ms);
        }
    }

    /// What waits goes then, if not before.
    pub fn send_by(&mut self, at_ms: u64) {
        self.readings_at_ms.get_or_insert(at_ms);
    }

    /// Remembers what was asked for, together with what it overlaps or continues.
    pub fn ask(&mut self, range: Range) {
        let overlaps = |asked: &Range| asked.first <= range.last + 1 && range.first <= asked.last + 1;
        let place = self.asked.iter().position(|asked| asked.as_ref().is_some_and(overlaps));
        let free = || self.asked.iter().position(Option::is_none);
        if let Some(asked) = place.or_else(free).and_then(|place| self.asked.get_mut(place)) {
            let whole = asked.map_or(range, |known| Range {
                first: known.first.min(range.first),
                last: known.last.max(range.last),
            });
            *asked = Some(whole);
        }
    }

    /// Nothing below that number needs to be sent again.
    pub fn acknowledged(&mut self, next: u32) {
        for asked in &mut self.asked {
            *asked = asked.filter(|range| range.last >= next);
            if let Some(range) = asked {
                range.first = range.first.max(next);
            }
        }
        self.urgent = self.urgent.filter(|urgent| urgent.sequence >= next);
    }

    /// The urgent entry was sent, and is sent again later, each time much later.
    fn tried_urgent(&mut self, now_ms: u64) {
        if let Some(urgent) = &mut self.urgent {
            urgent.tries += 1;
            urgent.at_ms = now_ms + (MINUTE_MS << (2 * (urgent.tries - 1)));
        }
        self.urgent = self.urgent.filter(|urgent| urgent.tries < URGENT_TRIES);
    }

    /// So many entries back from that one were sent as they had been asked for.
    pub fn note_asked(&mut self, newest: u32, entries: u32) {
        for asked in &mut self.asked {
            if let Some(range) = asked.filter(|range| range.last == newest) {
                let last = (newest + 1).saturating_sub(entries).checked_sub(1);
                *asked = last.map(|last| Range { last, ..range }).filter(|rest| rest.first <= rest.last);
                return;
            }
        }
    }
}

/// Whether an event is sent at once.
pub fn is_urgent(entry: &What) -> bool {
    use wire::EventKind as Kind;
    let What::Event(event) = entry else { return false };
    match event.kind {
        Kind::AlarmHigh
        | Kind::AlarmLow
        | Kind::AlarmEnded
        | Kind::CaseOpened
        | Kind::Light
        | Kind::Shock
        | Kind::Started
        | Kind::Stopped
        | Kind::BatteryLow
        | Kind::SensorFailed
        | Kind::SensorBack
        | Kind::SelfTest => true,
        Kind::CaseClosed
        | Kind::Dark
        | Kind::Turned
        | Kind::Restarted
        | Kind::FlightBegan
        | Kind::FlightEnded
        | Kind::ClockSet
        | Kind::SettingsChanged => false,
    }
}

/// Whether an entry fits alone into what the slowest data rate leaves.
pub fn fits_alone(entry: Entry, room: usize) -> bool {
    let mut bytes = [0; MAX_LEN];
    let room = bytes.get_mut(..room.min(MAX_LEN)).unwrap_or_default();
    encode([entry].into_iter(), wire::Step::Minutes1, room).is_ok()
}
