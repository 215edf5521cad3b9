//! The tracker as a machine: what it is asked and told, and what it keeps.

use embedded_storage::nor_flash::NorFlash;
use wire::{
    Entry, Event, EventKind, Firmware, Mode, Reading, ResetCause, SPREAD_MAX, Step, TEMPERATURE_MIN, What,
};

use crate::airtime::{Budget, DataRate, Region};
use crate::alarm::{Alarm, Side};
use crate::clock::Clock;
use crate::link::Link;
use crate::log::{Log, LogError};
use crate::obey::flight_ms;
use crate::outbox::{Outbox, STOPPED_MS, Send, Transmission, fits_alone, is_urgent};
use crate::pace::{Pace, pace};
use crate::sampling::{Interval, Sample, Taken};
use crate::saved::{Memory, Saved, Stage};

/// A battery with less than this is told of, once.
const BATTERY_LOW_PCT: u8 = 10;

/// A shock within this time is part of one that was as hard.
const SHOCK_AGAIN_MS: u64 = 300_000;

/// The smallest room of all regions, in bytes: US915 at DR0. A second reading is worth more there than a humidity.
const SMALLEST_ROOM: usize = 11;

/// The longest time that uplinks and joins of trackers that began together are kept apart.
const JITTER_MS: u64 = 50_000;

/// What a tracker is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    pub region: Region,
    pub firmware: Firmware,
    /// The number of the thermometer's calibration certificate; 0 for none.
    pub calibration: u32,
    /// Why the program began.
    pub reset_cause: ResetCause,
    /// Any number that differs from tracker to tracker, such as the lower half of the DevEUI.
    pub seed: u32,
    /// The fastest data rate that it may choose; [`Region::fastest`] where nothing speaks against it.
    pub fastest: DataRate,
    /// How many pages the log has.
    pub log_pages: usize,
}

/// What is to be done now.
#[expect(clippy::large_enum_variant, reason = "there is no allocator")]
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// Measure, and tell it by [`Tracker::sampled`].
    Sample,
    /// Ask the network to join, and tell it by [`Tracker::joined`]; where no answer comes, it is tried again later.
    Join { dev_nonce: u16, rate: DataRate },
    /// Send, listen, and tell it by [`Tracker::sent`].
    Send(Send),
    /// Nothing before that uptime, but for what is felt or pressed meanwhile. `u64::MAX`: not until then.
    Sleep { until_ms: u64 },
    /// Begin anew, with [`ResetCause::Software`].
    Restart,
}

/// What came of an uplink.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// How long the radio sent, in milliseconds; 0 where it did not.
    pub airtime_ms: u64,
    /// The MAC has answers for the network, which would take room of the next uplink.
    pub mac_pending: bool,
    pub heard: Option<Heard<'a>>,
}

/// A downlink. Whether it may be one recorded before is found out here.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub port: u8,
    pub payload: &'a [u8],
    /// Above the noise, in quarters of a dB.
    pub snr_quarter_db: i32,
}

/// A tracker over the flash of its log and the flash of what it remembers. Times are uptimes in milliseconds, which go on
/// while it sleeps.
pub struct Tracker<L, S> {
    pub(crate) parts: Parts,
    pub(crate) log: Log<L>,
    memory: Memory<S>,
    pub(crate) saved: Saved,
    pub(crate) clock: Clock,
    alarm: Alarm,
    interval: Interval,
    pub(crate) budget: Budget,
    pub(crate) link: Link,
    pub(crate) pace: Pace,
    pub(crate) outbox: Outbox,
    pub(crate) next_sample_ms: u64,
    sensor_failed: bool,
    pub(crate) battery_pct: Option<u8>,
    pub(crate) flight_until_ms: Option<u64>,
    pub(crate) identify_until_ms: u64,
    pub(crate) restart: bool,
    /// The last shock that was written: when, and its peak.
    shock: Option<(u64, u8)>,
    random: u32,
    fault: Option<LogError>,
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
            alarm: Alarm::default(),
            interval: Interval::default(),
            budget: Budget::new(parts.region, now_ms),
            link,
            pace: pace(parts.region, link.rate(), saved.step, saved.per_uplink),
            outbox: Outbox::new(log.next(), now_ms),
            log,
            memory,
            saved,
            next_sample_ms: now_ms,
            sensor_failed: false,
            battery_pct: None,
            flight_until_ms: None,
            identify_until_ms: 0,
            restart: false,
            shock: None,
            // Xorshift never leaves 0.
            random: parts.seed | 1,
            fault: None,
        };
        // How much of it was over is not known: rather silent for too long than heard in an aircraft.
        let hours = Some(saved.flight_hours).filter(|hours| *hours > 0);
        tracker.flight_until_ms = hours.map(|hours| now_ms + flight_ms(hours));
        if saved.stage != Stage::Shelf {
            let told = tracker.log.tell_lost(tracker.clock.stamp(now_ms));
            tracker.fault = told.err();
            tracker.note_event(EventKind::Restarted, parts.reset_cause as u8, now_ms);
        }
        Ok(tracker)
    }

    /// What to do now.
    pub fn next(&mut self, now_ms: u64) -> Action {
        if self.restart {
            return Action::Restart;
        }
        let sample_ms = match self.saved.stage {
            Stage::Shelf => return Action::Sleep { until_ms: u64::MAX },
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
                return Err(until_ms);
            }
            self.end_flight(now_ms);
        }
        self.budget.fill(now_ms);
        if !self.link.is_joined() {
            if now_ms < self.link.join_at_ms() {
                return Err(self.link.join_at_ms());
            }
            let rate = self.link.join_rate();
            // A join request is as long as an uplink of ten bytes.
            let needed = self.parts.region.time_on_air_ms(rate, 10);
            if !self.budget.has(needed) {
                return Err(self.budget.has_at_ms(needed));
            }
            self.budget.take(needed);
            let jitter = self.random(JITTER_MS);
            self.link.tried(now_ms, jitter);
            let dev_nonce = self.saved.dev_nonce.saturating_add(1);
            self.save(Saved { dev_nonce, ..self.saved });
            return Ok(Action::Join { dev_nonce, rate });
        }
        match self.transmission(now_ms) {
            Transmission::Now(send) => Ok(Action::Send(send)),
            Transmission::At(at_ms) => Err(at_ms),
        }
    }

    /// The thermometer answered, or it did not.
    pub fn sampled(&mut self, now_ms: u64, sample: Option<Sample>) {
        self.next_sample_ms = self.clock.next_minute_ms(now_ms);
        // Colder than can be is what a broken thermometer says; with its spread it must be sayable, too.
        let is_sound = |sample: &Sample| {
            sample.temperature >= TEMPERATURE_MIN + i16::from(SPREAD_MAX)
                && sample.temperature <= i16::MAX - i16::from(SPREAD_MAX)
        };
        let Some(sample) = sample.filter(is_sound) else {
            self.close_interval();
            if !core::mem::replace(&mut self.sensor_failed, true) {
                self.note_event(EventKind::SensorFailed, 0, now_ms);
            }
            return;
        };
        if core::mem::take(&mut self.sensor_failed) {
            self.note_event(EventKind::SensorBack, 0, now_ms);
        }
        let stamp = self.clock.stamp(now_ms);
        let side = Side::of(sample.temperature, &self.saved.thresholds);
        let [before, due] = self.interval.add(stamp, sample, side, self.pace.step);
        before.into_iter().chain(due).for_each(|taken| self.write(taken));
        if let Some((at, _)) = due {
            let distance = self.pace.per_uplink * self.pace.step.minutes();
            let jitter = self.random(JITTER_MS);
            self.outbox.reading_due(at.minutes(), distance, now_ms, jitter);
        }
        if let Some(event) = self.alarm.sample(sample.temperature, &self.saved.thresholds) {
            // The samples that raised it go with it.
            self.close_interval();
            self.note(What::Event(event), now_ms);
        }
    }

    /// Case, light, shock, orientation: `value` as [`EventKind`] has it. A shock is not written within five minutes of one that
    /// was as hard: a rattling van must not fill the log. All else tells of a state, of which the last must be known.
    pub fn felt(&mut self, now_ms: u64, kind: EventKind, value: u8) {
        if self.saved.stage == Stage::Shelf {
            return;
        }
        if kind == EventKind::Shock {
            let is_known = |(at_ms, peak): (u64, u8)| now_ms < at_ms + SHOCK_AGAIN_MS && value <= peak;
            if self.shock.is_some_and(is_known) {
                return;
            }
            self.shock = Some((now_ms, value));
        }
        self.note_event(kind, value, now_ms);
    }

    /// Somebody pressed the button: from the shelf, to begin; while it runs, to end; then to begin anew.
    pub fn pressed(&mut self, now_ms: u64) {
        let stage = match self.saved.stage {
            Stage::Shelf | Stage::Stopped => Stage::Running,
            Stage::Running => Stage::Stopped,
        };
        if self.saved.stage == Stage::Shelf {
            self.budget = Budget::full(self.parts.region, now_ms);
        }
        self.close_interval();
        self.save(Saved { stage, ..self.saved });
        self.alarm = Alarm::default();
        self.next_sample_ms = now_ms;
        let kind = if stage == Stage::Running { EventKind::Started } else { EventKind::Stopped };
        self.note_event(kind, 0, now_ms);
        self.outbox.say_status(now_ms);
    }

    /// What is left of the battery, 0 to 100 %.
    pub fn battery(&mut self, now_ms: u64, percent: u8) {
        let was_low = self.battery_pct.is_some_and(|before| before < BATTERY_LOW_PCT);
        self.battery_pct = Some(percent.min(100));
        if percent < BATTERY_LOW_PCT && !was_low && self.saved.stage != Stage::Shelf {
            self.note_event(EventKind::BatteryLow, percent, now_ms);
        }
    }

    pub fn joined(&mut self, now_ms: u64) {
        self.link.joined(now_ms);
        self.refresh_pace();
    }

    /// An uplink was sent, and perhaps something was heard after it.
    pub fn sent(&mut self, now_ms: u64, sent: &Sent<'_>) {
        self.note_sent(now_ms, sent);
        match sent.heard {
            None => self.link.unheard(now_ms),
            Some(heard) => {
                self.link.heard(now_ms, heard.snr_quarter_db);
                self.obey(now_ms, heard.port, heard.payload);
            }
        }
        self.refresh_pace();
    }

    /// The light beside OK / ALARM: an alarm stands.
    pub const fn is_alarm(&self) -> bool {
        self.alarm.is_raised()
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

    pub(crate) fn end_flight(&mut self, now_ms: u64) {
        if self.flight_until_ms.take().is_some() {
            self.save(Saved { flight_hours: 0, ..self.saved });
            self.note_event(EventKind::FlightEnded, 0, now_ms);
        }
    }

    pub(crate) fn close_interval(&mut self) {
        if let Some(taken) = self.interval.close() {
            self.write(taken);
        }
    }

    /// Writes a reading. It goes without a spread where each sample is a reading; without spread and humidity where those would
    /// take the room of another reading; and without a humidity that would keep it from travelling alone at the slowest
    /// data rate.
    fn write(&mut self, (stamp, reading): Taken) {
        let region = self.parts.region;
        let is_narrow = region.room(self.link.rate()) <= SMALLEST_ROOM;
        let spread = reading.spread.filter(|_| !is_narrow && self.pace.step != Step::Minutes1);
        let reading = Reading { spread, ..reading };
        let dry = Reading { humidity: None, ..reading };
        let whole = Entry { sequence: self.log.next(), stamp, what: What::Reading(reading) };
        let is_whole = !is_narrow && fits_alone(whole, region.room(region.slowest()));
        let written = self.log.push(stamp, What::Reading(if is_whole { reading } else { dry }));
        self.fault = self.fault.or(written.err());
    }

    pub(crate) fn note_event(&mut self, kind: EventKind, value: u8, now_ms: u64) {
        self.note(What::Event(Event { kind, value }), now_ms);
    }

    pub(crate) fn note(&mut self, what: What, now_ms: u64) {
        let written = self.log.push(self.clock.stamp(now_ms), what);
        if let Ok(sequence) = written
            && is_urgent(&what)
        {
            self.outbox.hurry(sequence, now_ms);
        }
        if self.saved.stage == Stage::Stopped {
            self.outbox.send_by(now_ms + STOPPED_MS);
        }
        self.fault = self.fault.or(written.err());
    }

    pub(crate) fn save(&mut self, saved: Saved) {
        let written = self.memory.save(&saved);
        self.saved = saved;
        self.fault = self.fault.or(written.err());
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
