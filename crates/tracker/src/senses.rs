//! What is measured, felt and pressed.

use embedded_storage::nor_flash::NorFlash;
use wire::{Broken, Entry, EventKind, Position, Reading, SPREAD_MAX, Stamp, Step, TEMPERATURE_MIN, What};

use crate::airtime::Budget;
use crate::alarm::Side;
use crate::outbox::{HAND_OVER_MS, fits_alone};
use crate::sampling::{Sample, Taken};
use crate::saved::{Saved, Stage};
use crate::tracker::{JITTER_MS, Test, Tracker};

/// A battery with less than this is told of, once.
const BATTERY_LOW_PCT: u8 = 10;

/// A shock within this time is part of one that was as hard.
const SHOCK_AGAIN_MS: u64 = 300_000;

/// The smallest room of all regions, in bytes: US915 at DR0. A second reading is worth more there than a humidity or a spread.
const SMALLEST_ROOM: usize = 11;

impl<L: NorFlash, S: NorFlash> Tracker<L, S> {
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
            // Without readings nothing else is due that would take the rest along.
            self.outbox.send_by(now_ms + HAND_OVER_MS);
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
        self.judge(now_ms, sample.temperature);
    }

    /// Raises and ends the alarm. How long it has been out of range is saved each minute until then: a reset must not begin its
    /// delay anew.
    fn judge(&mut self, now_ms: u64, temperature: i16) {
        let event = self.alarm.sample(temperature, &self.saved.thresholds);
        if let Some(event) = event {
            // The samples that raised it go with it.
            self.close_interval();
            self.note(What::Event(event), now_ms);
        }
        let alarm = self.alarm;
        if alarm != self.saved.alarm {
            let alarmed = self.saved.alarmed || alarm.raised;
            self.save(Saved { alarm, alarmed, ..self.saved });
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
        if let Some(ended) = self.alarm.end() {
            self.note(What::Event(ended), now_ms);
        }
        let is_start = stage == Stage::Running;
        let alarmed = self.saved.alarmed && !is_start;
        self.save(Saved { stage, alarm: self.alarm, alarmed, ..self.saved });
        self.next_sample_ms = now_ms;
        if is_start {
            self.test = Some(Test::Told);
        }
        self.note_event(if is_start { EventKind::Started } else { EventKind::Stopped }, 0, now_ms);
        self.outbox.say_status(now_ms);
    }

    /// Its sensors were tried: those that it has and that do not work. Whether its log can be written it knows itself.
    pub fn tested(&mut self, now_ms: u64, broken: Broken) {
        let log = if self.fault.is_some() { Broken::LOG } else { Broken::NOTHING };
        let before = core::mem::replace(&mut self.broken, broken.and(log));
        if self.test.take() == Some(Test::Told) || self.broken != before {
            self.note_event(EventKind::SelfTest, self.broken.bits(), now_ms);
            self.outbox.say_status(now_ms);
        }
    }

    /// Where it is, from a receiver of its own: millionths of a degree, WGS 84, and metres. Nothing is sent of it while the time is
    /// not known.
    pub fn positioned(&mut self, now_ms: u64, latitude: i32, longitude: i32, accuracy_m: Option<u8>) {
        if let Stamp::Utc(minutes) = self.clock.stamp(now_ms)
            && self.saved.stage == Stage::Running
        {
            self.outbox.say_position(Position::of_microdegrees(minutes, latitude, longitude, accuracy_m));
        }
    }

    /// What is left of the battery, 0 to 100 %.
    pub fn battery(&mut self, now_ms: u64, percent: u8) {
        let was_low = self.battery_pct.is_some_and(|before| before < BATTERY_LOW_PCT);
        self.battery_pct = Some(percent.min(100));
        if percent < BATTERY_LOW_PCT && !was_low && self.saved.stage != Stage::Shelf {
            self.note_event(EventKind::BatteryLow, percent, now_ms);
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
        self.check(written);
    }
}
