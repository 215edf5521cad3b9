//! The tracker as a machine: what it is asked and told, and what it keeps.

use embedded_storage::nor_flash::NorFlash;
use wire::{Broken, Entry, Event, EventKind, Mode, What};

use crate::airtime::Budget;
use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::link::Link;
use crate::log::{Log, LogError};
use crate::machine::{Action, Light, Parts, Sent};
use crate::obey::{flight_hours, flight_ms};
use crate::outbox::{HAND_OVER_MS, Outbox, Transmission, is_urgent};
use crate::pace::{Pace, pace};
use crate::sampling::Interval;
use crate::saved::{AIR_STEP_MS, Memory, Saved, Stage};

/// The longest time that uplinks and joins of trackers that began together are kept apart.
pub const JITTER_MS: u64 = 50_000;

/// How many of the last entries are looked through after a reset: more than half a day of readings every five minutes.
const RECENT: u32 = 200;

/// A self-test that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// After a reset: nobody wants to know that all is as before.
    Quiet,
    /// Somebody wants to know.
    Told,
}

/// A tracker over the flash of its log and the flash of what it remembers. Times are uptimes in milliseconds, which go on
/// while it sleeps.
pub struct Tracker<L, S> {
    pub(crate) parts: Parts,
    pub(crate) log: Log<L>,
    memory: Memory<S>,
    pub(crate) saved: Saved,
    pub(crate) clock: Clock,
    pub(crate) alarm: Alarm,
    pub(crate) interval: Interval,
    pub(crate) budget: Budget,
    pub(crate) link: Link,
    pub(crate) pace: Pace,
    pub(crate) outbox: Outbox,
    pub(crate) next_sample_ms: u64,
    pub(crate) sensor_failed: bool,
    pub(crate) test: Option<Test>,
    /// What the last self-test found.
    pub(crate) broken: Broken,
    pub(crate) battery_pct: Option<u8>,
    pub(crate) flight_until_ms: Option<u64>,
    pub(crate) identify_until_ms: u64,
    pub(crate) restart: bool,
    /// The last shock that was written: when, and its peak.
    pub(crate) shock: Option<(u64, u8)>,
    random: u32,
    pub(crate) fault: Option<LogError>,
}

impl<L: NorFlash, S: NorFlash> Tracker<L, S> {
    /// Goes on from what the flash holds.
    pub fn start(parts: Parts, log: L, memory: S, now_ms: u64) -> Result<Self, LogError> {
        let (memory, saved) = Memory::open(memory)?;
        let log = Log::open(log, parts.log_pages, saved.acknowledged)?;
        let link = Link::new(parts.region, parts.fastest, now_ms, u64::from(parts.seed) % JITTER_MS);
        let mut tracker = Self {
            parts,
            clock: Clock::new(saved.clock_setting),
            alarm: saved.alarm,
            interval: Interval::default(),
            budget: Budget::with(parts.region, u64::from(saved.air) * AIR_STEP_MS, now_ms),
            link,
            pace: pace(parts.region, link.rate(), saved.step, saved.per_uplink),
            outbox: Outbox::new(log.next(), now_ms),
            log,
            memory,
            saved,
            next_sample_ms: now_ms,
            sensor_failed: false,
            test: Some(Test::Quiet),
            broken: Broken::NOTHING,
            battery_pct: None,
            flight_until_ms: None,
            identify_until_ms: 0,
            restart: false,
            shock: None,
            // Xorshift never leaves 0.
            random: parts.seed | 1,
            fault: None,
        };
        // How much of the hour was over is not known: rather silent for too long than heard in an aircraft.
        let hours = Some(saved.flight_hours).filter(|hours| *hours > 0);
        tracker.flight_until_ms = hours.map(|hours| now_ms + flight_ms(hours));
        if saved.stage != Stage::Shelf {
            // The service may still answer what was asked by the clock that is gone.
            tracker.clock = Clock::new(saved.clock_setting.wrapping_add(1));
            tracker.save(Saved { clock_setting: tracker.clock.setting(), ..saved });
            tracker.hurry_unacknowledged(now_ms);
            let told = tracker.log.tell_lost(tracker.clock.stamp(now_ms));
            tracker.check(told);
            tracker.note_event(EventKind::Restarted, parts.reset_cause as u8, now_ms);
        }
        Ok(tracker)
    }

    /// Events that were urgent before the reset, and perhaps did not reach anybody.
    fn hurry_unacknowledged(&mut self, now_ms: u64) {
        let next = self.log.next();
        for sequence in self.log.acknowledged().max(next.saturating_sub(RECENT))..next {
            if let Some(entry) = self.log.get(sequence).filter(|entry| is_urgent(&entry.what)) {
                self.outbox.hurry_once(sequence, &entry.what, now_ms);
            }
        }
    }

    /// What to do now.
    pub fn next(&mut self, now_ms: u64) -> Action {
        if self.restart {
            return Action::Restart;
        }
        let sample_ms = match self.saved.stage {
            Stage::Shelf => return Action::Sleep { until_ms: u64::MAX },
            Stage::Running | Stage::Stopped if self.test.is_some() => return Action::Test,
            Stage::Running if now_ms >= self.next_sample_ms => return Action::Sample,
            Stage::Running => self.next_sample_ms,
            Stage::Stopped => u64::MAX,
        };
        let until_ms = match self.radio(now_ms) {
            Ok(action) => return action,
            Err(at_ms) => at_ms.min(sample_ms),
        };
        Action::Sleep { until_ms }
    }

    /// What the radio is to do now, or when to ask again.
    fn radio(&mut self, now_ms: u64) -> Result<Action, u64> {
        if let Some(until_ms) = self.flight_until_ms {
            if now_ms < until_ms {
                return Err(self.fly_on(now_ms, until_ms));
            }
            self.end_flight(now_ms);
        }
        self.budget.fill(now_ms);
        if !self.link.is_joined() {
            if now_ms < self.link.join_at_ms() {
                return Err(self.link.join_at_ms());
            }
            let Some(dev_nonce) = self.saved.dev_nonce.checked_add(1) else {
                self.check::<()>(Err(LogError::NumbersExhausted));
                return Err(u64::MAX);
            };
            let rate = self.link.join_rate();
            // A join request is as long as an uplink of ten bytes.
            let needed = self.parts.region.time_on_air_ms(rate, 10);
            if !self.budget.has(needed) {
                return Err(self.budget.has_at_ms(needed));
            }
            let jitter = self.random(JITTER_MS);
            self.link.tried(now_ms, jitter);
            self.saved.dev_nonce = dev_nonce;
            self.take_air(needed);
            return Ok(Action::Join { dev_nonce, rate });
        }
        match self.transmission(now_ms) {
            Transmission::Now(send) => Ok(Action::Send(send)),
            Transmission::At(at_ms) => Err(at_ms),
        }
    }

    /// Before it is used: a supply that fails while the radio sends must not make it free.
    pub(crate) fn take_air(&mut self, ms: u64) {
        self.budget.take(ms);
        let air = u8::try_from(self.budget.left_ms() / AIR_STEP_MS).unwrap_or(u8::MAX);
        self.save(Saved { air, ..self.saved });
    }

    pub fn joined(&mut self, now_ms: u64) {
        self.link.joined(now_ms);
        self.refresh_pace();
    }

    /// An uplink was sent, and perhaps something was heard after it.
    pub fn sent(&mut self, now_ms: u64, sent: &Sent<'_>) {
        self.note_sent(now_ms, sent);
        if let Some(heard) = sent.heard {
            self.obey(now_ms, heard.port, heard.payload);
        }
        self.refresh_pace();
    }

    /// What its light says.
    pub fn light(&self) -> Light {
        if self.saved.alarmed {
            Light::Alarm
        } else if self.is_broken() {
            Light::Broken
        } else {
            Light::Ok
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.fault.is_some() || self.broken != Broken::NOTHING
    }

    /// Whether it is to blink, so that somebody finds it.
    pub const fn is_identifying(&self, now_ms: u64) -> bool {
        now_ms < self.identify_until_ms
    }

    /// Why entries could not be written; a tracker with one must be replaced.
    pub const fn fault(&self) -> Option<LogError> {
        self.fault
    }

    /// What it remembers.
    pub const fn saved(&self) -> &Saved {
        &self.saved
    }

    /// The sequence number that the next entry will have.
    pub fn next_sequence(&self) -> u32 {
        self.log.next()
    }

    /// An entry of the log, where it is still held.
    pub fn entry(&self, sequence: u32) -> Option<Entry> {
        self.log.get(sequence)
    }

    /// How it measures and sends at present.
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(crate) fn mode(&self) -> Mode {
        match self.saved.stage {
            Stage::Shelf => Mode::Shelf,
            Stage::Stopped => Mode::Stopped,
            Stage::Running if self.flight_until_ms.is_some() => Mode::Flight,
            Stage::Running => Mode::Measuring,
        }
    }

    /// Saves each hour how many are left, and says when to do so next: resets must not keep it silent for ever.
    fn fly_on(&mut self, now_ms: u64, until_ms: u64) -> u64 {
        let flight_hours = flight_hours(until_ms - now_ms);
        if flight_hours < self.saved.flight_hours {
            self.save(Saved { flight_hours, ..self.saved });
        }
        until_ms - flight_ms(flight_hours - 1)
    }

    pub(crate) fn end_flight(&mut self, now_ms: u64) {
        if self.flight_until_ms.take().is_some() {
            self.save(Saved { flight_hours: 0, ..self.saved });
            self.note_event(EventKind::FlightEnded, 0, now_ms);
        }
    }

    pub(crate) fn note_event(&mut self, kind: EventKind, value: u8, now_ms: u64) {
        self.note(What::Event(Event { kind, value }), now_ms);
    }

    pub(crate) fn note(&mut self, what: What, now_ms: u64) {
        let written = self.log.push(self.clock.stamp(now_ms), what);
        if let Ok(sequence) = written
            && is_urgent(&what)
        {
            self.outbox.hurry(sequence, &what, now_ms);
        }
        if self.saved.stage == Stage::Stopped {
            self.outbox.send_by(now_ms + HAND_OVER_MS);
        }
        self.check(written);
    }

    /// What could not be written makes it broken, which it says at once.
    pub(crate) fn check<T>(&mut self, written: Result<T, LogError>) {
        if let Err(error) = written
            && self.fault.is_none()
        {
            self.fault = Some(error);
            self.outbox.say_status(0);
        }
    }

    pub(crate) fn save(&mut self, saved: Saved) {
        let written = self.memory.save(&saved);
        self.saved = saved;
        self.check(written);
    }

    pub(crate) fn refresh_pace(&mut self) {
        let next = pace(self.parts.region, self.link.rate(), self.saved.step, self.saved.per_uplink);
        // What was sampled at another step is written down as it was taken.
        if next.step != self.pace.step {
            self.close_interval();
        }
        self.pace = next;
    }

    /// Anything below `bound` (xorshift).
    pub(crate) fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        u64::from(self.random) % bound.max(1)
    }
}
