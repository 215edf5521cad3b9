//! What to send next: the network's own answers, alarms, what the tracker says of itself, readings, and what was asked for.

use embedded_storage::nor_flash::NorFlash;
use wire::{
    CLOCK_PORT, LOG_PORT, LOST_MAX, MAX_LEN, MAX_SEQUENCE, POSITION_PORT, Range, SETUP_PORT, STATUS_PORT,
    Setup, Status, What, encode,
};

use super::{InFlight, MINUTE_MS, Payload, Send};
use crate::machine::Sent;
use crate::saved::Stage;
use crate::tracker::Tracker;

const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// From the end of one uplink to the next, at least: its two receive windows and the network's pace.
const PAUSE_MS: u64 = 8_000;

/// Any entry fits alone into so many bytes, but for a humidity beside a wide spread, which is not urgent.
const SHORTEST_ROOM: usize = 11;

/// The longest answers of the MAC that go beside a payload (LoRaWAN's FOpts), in bytes.
const MAC_ANSWERS: usize = 15;

/// Until the clock is set, it is asked for after so many minutes, each time twice as many, up to a day.
const CLOCK_FIRST_MS: u64 = 10 * MINUTE_MS;

/// From one position to the next, at least.
const POSITION_AGAIN_MS: u64 = HOUR_MS;

/// A tracker that takes no readings says what it still holds this often.
pub const HAND_OVER_MS: u64 = HOUR_MS;

/// The first so many kinds of uplinks are considered however little air is left: what is urgent, and the MAC's answers.
const KINDS_WITH_AIR: usize = 2;

/// When something can be sent.
#[expect(clippy::large_enum_variant, reason = "there is no allocator")]
pub enum Transmission {
    Now(Send),
    At(u64),
}

impl<L: NorFlash, S: NorFlash> Tracker<L, S> {
    /// The most urgent thing that may be sent now, or when there will be one.
    pub(crate) fn transmission(&mut self, now_ms: u64) -> Transmission {
        if now_ms < self.outbox.pause_until_ms {
            return Transmission::At(self.outbox.pause_until_ms);
        }
        let kinds = [
            Self::mac,
            Self::urgent,
            Self::setup,
            Self::clock,
            Self::readings,
            Self::status,
            Self::position,
            Self::asked,
        ];
        let (considered, poor_until_ms) = match self.outbox.poor {
            Some((kind, until_ms)) if now_ms < until_ms => (kind, until_ms),
            _ => (kinds.len(), u64::MAX),
        };
        let mut next = poor_until_ms;
        for (place, kind) in kinds.into_iter().enumerate().take(considered) {
            match kind(self, now_ms) {
                Due::Now { port, payload, in_flight, reserve_ms } => {
                    let on_air_ms = self.on_air_ms(payload.length);
                    let needed = on_air_ms + reserve_ms;
                    if self.budget.has(needed) {
                        self.outbox.in_flight_ms = on_air_ms;
                        self.take_air(on_air_ms);
                        let (confirmed, rate) = (self.link.asks(now_ms), self.link.rate());
                        (self.outbox.in_flight, self.outbox.in_flight_confirmed) =
                            (Some(in_flight), confirmed);
                        return Transmission::Now(Send { confirmed, port, rate, payload });
                    }
                    let until_ms = self.budget.has_at_ms(needed);
                    next = next.min(until_ms);
                    // An alarm has some air of its own, however poor the rest is.
                    if place >= KINDS_WITH_AIR {
                        self.outbox.poor = Some((place, until_ms));
                        return Transmission::At(next);
                    }
                }
                Due::At(at_ms) => next = next.min(at_ms),
                Due::Never => {}
            }
        }
        Transmission::At(next)
    }

    fn on_air_ms(&self, bytes: usize) -> u64 {
        self.parts.region.time_on_air_ms(self.link.rate(), bytes)
    }

    /// Some answers are pending until a downlink is heard: they must not keep everything else waiting. Where they and an alarm
    /// have room in one frame, they leave it its air.
    fn mac(&mut self, _: u64) -> Due {
        if !self.outbox.mac_pending || self.outbox.mac_sent {
            return Due::Never;
        }
        let is_wide = self.parts.region.room(self.link.rate()) >= SHORTEST_ROOM + MAC_ANSWERS;
        Due::now(0, &[], InFlight::Mac, if is_wide { self.alarm_reserve_ms() } else { 0 })
    }

    /// The newest entries back to the most urgent one. Where they do not reach it, or there is too little air for them, it goes
    /// alone.
    fn urgent(&mut self, now_ms: u64) -> Due {
        let urgent = loop {
            match self.outbox.most_urgent(now_ms) {
                Ok(urgent) if self.log.get(urgent.sequence).is_some() => break urgent,
                // It made room, or cannot be read: what is said of it is that it is lost.
                Ok(gone) => self.outbox.forget_urgent(gone.sequence),
                Err(at_ms) => return at_ms.map_or(Due::Never, Due::At),
            }
        };
        let behind = self.log.next().saturating_sub(urgent.sequence);
        // Copies of all else leave an alarm its air, and take turns with the readings.
        let is_copy = urgent.tries > 0 && !urgent.is_alarm;
        let readings_wait = self.outbox.readings_at_ms.is_some_and(|at_ms| at_ms <= now_ms);
        if is_copy && readings_wait && self.outbox.urgent_sent {
            return Due::Never;
        }
        let reserve_ms = if is_copy { self.alarm_reserve_ms() } else { 0 };
        let due = self.newest(behind, true, reserve_ms);
        if let Due::Now { payload, in_flight: InFlight::Readings { entries, .. }, .. } = &due
            && (*entries < behind || !self.budget.has(self.on_air_ms(payload.length) + reserve_ms))
            && let Some((payload, _)) = self.frame(urgent.sequence, 1, SHORTEST_ROOM)
        {
            let in_flight = InFlight::Urgent { sequence: urgent.sequence };
            return Due::Now { port: LOG_PORT, payload, in_flight, reserve_ms };
        }
        due
    }

    fn readings(&mut self, now_ms: u64) -> Due {
        match self.outbox.readings_at_ms {
            None => Due::Never,
            Some(at_ms) if at_ms > now_ms => Due::At(at_ms),
            Some(_) => self.newest(0, false, self.alarm_reserve_ms()),
        }
    }

    fn setup(&mut self, _: u64) -> Due {
        if !self.outbox.setup {
            return Due::Never;
        }
        let setup = Setup {
            command: self.saved.command,
            calibration: self.parts.calibration,
            step: self.pace.step,
            per_uplink: u8::try_from(self.pace.per_uplink).unwrap_or(32).min(32),
            thresholds: self.saved.thresholds.sum(),
        };
        let reserve = self.alarm_reserve_ms();
        setup.encode().map_or(Due::Never, |bytes| Due::now(SETUP_PORT, &bytes, InFlight::Setup, reserve))
    }

    fn clock(&mut self, now_ms: u64) -> Due {
        if !self.clock.is_doubtful(now_ms) {
            return Due::Never;
        }
        if self.outbox.clock_at_ms > now_ms {
            return Due::At(self.outbox.clock_at_ms);
        }
        let request = self.clock.request(now_ms).encode();
        Due::now(CLOCK_PORT, &request, InFlight::Clock, self.alarm_reserve_ms())
    }

    fn status(&mut self, now_ms: u64) -> Due {
        if self.outbox.status_at_ms > now_ms {
            return Due::At(self.outbox.status_at_ms);
        }
        let status = Status {
            firmware: self.parts.firmware,
            battery_pct: self.battery_pct,
            reset_cause: self.parts.reset_cause,
            faulty: self.is_broken(),
            mode: self.mode(),
            // The last number of all has none behind it.
            next: self.log.next().min(MAX_SEQUENCE),
            held: u16::try_from(self.log.next() - self.log.oldest()).unwrap_or(u16::MAX),
            clock_within_s: self.clock.within_s(now_ms),
        };
        let reserve = self.alarm_reserve_ms();
        status.encode().map_or(Due::Never, |bytes| Due::now(STATUS_PORT, &bytes, InFlight::Status, reserve))
    }

    fn position(&mut self, now_ms: u64) -> Due {
        let Some(position) = self.outbox.position else { return Due::Never };
        if self.outbox.position_at_ms > now_ms {
            return Due::At(self.outbox.position_at_ms);
        }
        let reserve = self.alarm_reserve_ms();
        let encoded = position.encode();
        encoded.map_or(Due::Never, |bytes| Due::now(POSITION_PORT, &bytes, InFlight::Position, reserve))
    }

    fn asked(&mut self, now_ms: u64) -> Due {
        let reserve = self.alarm_reserve_ms() * 3 / 2;
        while let Some(place) = self.outbox.asked.iter().position(Option::is_some) {
            let Some(range) = self.outbox.asked.get(place).copied().flatten() else { break };
            let held = self.log.oldest().max(self.log.acknowledged());
            if range.first < held {
                self.answer_lost(place, range, held, now_ms);
                continue;
            }
            let most = (range.last - range.first + 1) as usize;
            if let Some((payload, entries)) = self.frame(range.last, most, MAX_LEN) {
                let in_flight = InFlight::Asked { newest: range.last, entries };
                return Due::Now { port: LOG_PORT, payload, in_flight, reserve_ms: reserve };
            }
            // What cannot be read of the flash is lost; what lies before it may be sound.
            self.note(What::Lost { first: range.last, count: 1 }, now_ms);
            if let Some(asked) = self.outbox.asked.get_mut(place) {
                let rest = range.last.checked_sub(1).map(|last| Range { last, ..range });
                *asked = rest.filter(|rest| rest.first <= rest.last);
            }
        }
        Due::Never
    }

    /// What was asked for and is not held any more below `held`: acknowledged ones were heard, others are lost.
    fn answer_lost(&mut self, place: usize, range: Range, held: u32, now_ms: u64) {
        if let Some(asked) = self.outbox.asked.get_mut(place) {
            *asked = Some(Range { first: held, ..range }).filter(|rest| rest.first <= rest.last);
        }
        // The newest of them that can be said; the rest was told of when it made room.
        let (first, end) = (range.first.max(self.log.acknowledged()), held.min(range.last + 1));
        let count = end.saturating_sub(first).min(LOST_MAX);
        if count > 0 && self.log.next() - end < LOST_MAX {
            self.note(What::Lost { first: end - count, count }, now_ms);
        }
    }

    /// The newest entries: all that were never sent, and earlier ones that nobody has acknowledged, as the pace has it.
    fn newest(&mut self, at_least: u32, is_urgent: bool, reserve_ms: u64) -> Due {
        let next = self.log.next();
        let new = next - self.outbox.sent_below.min(next);
        let unacknowledged = next - self.log.acknowledged().max(self.log.oldest()).min(next);
        let most = self.pace.entries.max(new.max(at_least) as usize).min(unacknowledged as usize);
        let Some(newest) = next.checked_sub(1).filter(|_| most > 0) else {
            self.outbox.readings_at_ms = None;
            return Due::Never;
        };
        match self.frame(newest, most, MAX_LEN) {
            Some((payload, entries)) => {
                let in_flight = InFlight::Readings { newest, entries, is_urgent };
                Due::Now { port: LOG_PORT, payload, in_flight, reserve_ms }
            }
            None => Due::Never,
        }
    }

    /// A frame that begins with that entry and goes back for at most so many, in at most so many bytes.
    fn frame(&self, newest: u32, most: usize, room: usize) -> Option<(Payload, u32)> {
        let log = &self.log;
        let entries = (0..=newest).rev().take(most).map_while(|sequence| log.get(sequence));
        let room = self.parts.region.room(self.link.rate()).min(room);
        let mut payload = Payload { bytes: [0; MAX_LEN], length: 0 };
        let written = encode(entries, self.pace.step, payload.bytes.get_mut(..room)?).ok()?;
        payload.length = written.length;
        Some((payload, u32::try_from(written.entries).ok()?))
    }

    /// So that an alarm always finds some air.
    fn alarm_reserve_ms(&self) -> u64 {
        self.on_air_ms(SHORTEST_ROOM)
    }

    /// What was handed over was on the air, and nothing or something came back.
    pub(crate) fn note_sent(&mut self, now_ms: u64, sent: &Sent<'_>) {
        let was_asked = core::mem::take(&mut self.outbox.in_flight_confirmed) && sent.airtime_ms > 0;
        match sent.heard {
            Some(heard) => self.link.heard(now_ms, heard.snr_quarter_db),
            None if was_asked => self.link.unanswered(now_ms),
            None => {}
        }
        self.budget.give_back(core::mem::take(&mut self.outbox.in_flight_ms));
        self.budget.take(sent.airtime_ms);
        let jitter = self.random(2_000);
        self.outbox.pause_until_ms = now_ms + PAUSE_MS + jitter;
        self.outbox.poor = None;
        self.outbox.mac_pending = sent.mac_pending;
        let in_flight = self.outbox.in_flight.take();
        if sent.airtime_ms == 0 {
            // The radio did not send: all is due as before, but not at once. What it takes of the air is saved each time.
            self.outbox.pause_until_ms = now_ms + MINUTE_MS + jitter;
            return;
        }
        self.outbox.mac_sent = false;
        match in_flight {
            None => {}
            Some(InFlight::Mac) => self.outbox.mac_sent = true,
            Some(InFlight::Urgent { sequence }) => {
                self.outbox.urgent_sent = true;
                self.outbox.tried_urgent(sequence..=sequence, now_ms);
            }
            Some(InFlight::Setup) => self.outbox.setup = false,
            Some(InFlight::Status) => {
                let jitter = self.random(HOUR_MS);
                self.outbox.status_at_ms = now_ms + DAY_MS + jitter;
            }
            Some(InFlight::Position) => {
                self.outbox.position = None;
                self.outbox.position_at_ms = now_ms + POSITION_AGAIN_MS;
            }
            Some(InFlight::Clock) => {
                let wait = (CLOCK_FIRST_MS << self.outbox.clock_tries.min(8)).min(DAY_MS);
                self.outbox.clock_tries = self.outbox.clock_tries.saturating_add(1);
                self.outbox.clock_at_ms = now_ms + wait;
            }
            Some(InFlight::Readings { newest, entries, is_urgent }) => {
                self.note_readings(now_ms, newest, entries, is_urgent);
            }
            Some(InFlight::Asked { newest, entries }) => self.outbox.note_asked(newest, entries),
        }
    }

    fn note_readings(&mut self, now_ms: u64, newest: u32, entries: u32, is_urgent: bool) {
        let oldest = (newest + 1).saturating_sub(entries);
        // What is new and had no room goes as if it had been asked for.
        if let Some(last) = oldest.checked_sub(1).filter(|last| *last >= self.outbox.sent_below) {
            self.outbox.ask(Range { first: self.outbox.sent_below, last });
        }
        self.outbox.sent_below = newest + 1;
        (self.outbox.readings_at_ms, self.outbox.urgent_sent) = (None, false);
        if self.saved.stage == Stage::Stopped && self.log.acknowledged() < self.log.next() {
            self.outbox.send_by(now_ms + HAND_OVER_MS);
        }
        if is_urgent {
            self.outbox.tried_urgent(oldest..=newest, now_ms);
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "there is no allocator")]
enum Due {
    Now { port: u8, payload: Payload, in_flight: InFlight, reserve_ms: u64 },
    At(u64),
    Never,
}

impl Due {
    fn now(port: u8, bytes: &[u8], in_flight: InFlight, reserve_ms: u64) -> Self {
        Self::Now { port, payload: Payload::of(bytes), in_flight, reserve_ms }
    }
}
