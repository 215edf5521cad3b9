//! What waits to be sent.

mod transmit;

use core::cmp::Reverse;
use core::ops::RangeInclusive;

use wire::{Entry, MAX_LEN, Position, Range, What, encode};

pub use self::transmit::{HAND_OVER_MS, Transmission};
use crate::airtime::DataRate;

const MINUTE_MS: u64 = 60_000;

/// An alarm is sent again after 1, 4 and 16 minutes.
const URGENT_TRIES: u32 = 4;

/// How many urgent events are remembered, each with its own tries.
const URGENT: usize = 8;

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
    /// An urgent entry alone.
    Urgent {
        sequence: u32,
    },
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
    urgent: [Option<Urgent>; URGENT],
    /// One went alone since readings were sent.
    urgent_sent: bool,
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
    /// What was taken of the air for it.
    in_flight_ms: u64,
}

#[derive(Debug, Clone, Copy)]
struct Urgent {
    /// The event that is urgent.
    sequence: u32,
    /// It tells of an alarm of the temperature, or that nothing is known of it.
    is_alarm: bool,
    tries: u32,
    at_ms: u64,
}

impl Urgent {
    /// Alarms before all else, then what was sent least often, and of that the newest.
    fn rank(&self) -> (bool, Reverse<u32>, u32) {
        (self.is_alarm, Reverse(self.tries), self.sequence)
    }
}

impl Outbox {
    pub const fn new(next: u32, now_ms: u64) -> Self {
        Self {
            sent_below: next,
            readings_at_ms: None,
            due_minutes: None,
            urgent: [None; URGENT],
            urgent_sent: false,
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
            in_flight_ms: 0,
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

    /// An urgent event was written.
    pub fn hurry(&mut self, sequence: u32, what: &What, now_ms: u64) {
        self.hurry_again(sequence, what, 0, now_ms);
    }

    /// An urgent event from before a reset, of which nobody knows how often it was sent: at least once more.
    pub fn hurry_once(&mut self, sequence: u32, what: &What, now_ms: u64) {
        self.hurry_again(sequence, what, URGENT_TRIES - 1, now_ms);
    }

    /// Where too many wait, it takes the place of the least urgent one.
    fn hurry_again(&mut self, sequence: u32, what: &What, tries: u32, now_ms: u64) {
        let urgent = Urgent { sequence, is_alarm: is_alarm(what), tries, at_ms: now_ms };
        // A free place comes before all others.
        if let Some(place) = self.urgent.iter_mut().min_by_key(|place| place.map(|known| known.rank())) {
            *place = Some(urgent);
        }
        self.poor = None;
    }

    fn forget_urgent(&mut self, sequence: u32) {
        for urgent in &mut self.urgent {
            *urgent = urgent.filter(|urgent| urgent.sequence != sequence);
        }
    }

    /// The most urgent event that is due, or else when one will be.
    fn most_urgent(&self, now_ms: u64) -> Result<Urgent, Option<u64>> {
        let waiting = || self.urgent.iter().flatten();
        let due = waiting().filter(|urgent| urgent.at_ms <= now_ms).max_by_key(|urgent| urgent.rank());
        due.copied().ok_or_else(|| waiting().map(|urgent| urgent.at_ms).min())
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
        for urgent in &mut self.urgent {
            *urgent = urgent.filter(|urgent| urgent.sequence >= next);
        }
    }

    /// Urgent entries among these were sent, and are sent again later, each time much later.
    fn tried_urgent(&mut self, sent: RangeInclusive<u32>, now_ms: u64) {
        for place in &mut self.urgent {
            if let Some(urgent) = place.as_mut().filter(|urgent| sent.contains(&urgent.sequence)) {
                urgent.at_ms = now_ms + (MINUTE_MS << (2 * urgent.tries));
                urgent.tries += 1;
            }
            *place = place.filter(|urgent| urgent.tries < URGENT_TRIES);
        }
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

/// What of the urgent comes first: the temperature is beyond a limit, or not known.
fn is_alarm(entry: &What) -> bool {
    use wire::EventKind as Kind;
    let What::Event(event) = entry else { return false };
    matches!(
        event.kind,
        Kind::AlarmHigh | Kind::AlarmLow | Kind::AlarmEnded | Kind::SensorFailed | Kind::SensorBack
    )
}

/// Whether an entry fits alone into what the slowest data rate leaves.
pub fn fits_alone(entry: Entry, room: usize) -> bool {
    let mut bytes = [0; MAX_LEN];
    let room = bytes.get_mut(..room.min(MAX_LEN)).unwrap_or_default();
    encode([entry].into_iter(), wire::Step::Minutes1, room).is_ok()
}
