//! Downlinks: what the service wants, done once and in order.

use embedded_storage::nor_flash::NorFlash;
use wire::{COMMAND_PORT, Command, Downlink, Event, EventKind, Range, What};

use crate::saved::Saved;
use crate::tracker::{Test, Tracker};

const HOUR_MS: u64 = 3_600_000;

/// The hours of a flight in milliseconds.
pub const fn flight_ms(hours: u8) -> u64 {
    hours as u64 * HOUR_MS
}

/// Hours that are not over, as a command says them.
pub fn flight_hours(ms: u64) -> u8 {
    u8::try_from(ms.div_ceil(HOUR_MS)).unwrap_or(u8::MAX)
}

impl<L: NorFlash, S: NorFlash> Tracker<L, S> {
    /// Obeys a downlink whose number is higher than all before. What it changes for good is saved before anything is done,
    /// together with its number: whatever fails after that, it is not obeyed twice.
    pub(crate) fn obey(&mut self, now_ms: u64, port: u8, bytes: &[u8]) {
        let Some(downlink) =
            Some(bytes).filter(|_| port == COMMAND_PORT).and_then(|bytes| Downlink::decode(bytes).ok())
        else {
            return;
        };
        if downlink.number() <= self.saved.command {
            return;
        }
        let moved = self.set_clock(now_ms, &downlink);
        let mut saved =
            Saved { command: downlink.number(), clock_setting: self.clock.setting(), ..self.saved };
        downlink.commands().for_each(|command| self.change(&mut saved, &command));
        let settings_changed = (saved.thresholds, saved.step, saved.per_uplink)
            != (self.saved.thresholds, self.saved.step, self.saved.per_uplink);
        self.save(saved);
        self.log.acknowledge_below(saved.acknowledged);
        self.outbox.acknowledged(self.log.acknowledged());
        if let Some(moved) = moved {
            self.note_event(EventKind::ClockSet, moved, now_ms);
        }
        if settings_changed {
            self.note_event(EventKind::SettingsChanged, 0, now_ms);
        }
        downlink.commands().for_each(|command| self.act(now_ms, &command));
        self.refresh_pace();
    }

    /// How far the clock moved, for the log. What was sampled under the old time is written down before.
    fn set_clock(&mut self, now_ms: u64, downlink: &Downlink<'_>) -> Option<u8> {
        let mut moved = None;
        for command in downlink.commands() {
            let Command::Clock { setting, forward_s } = command else { continue };
            if setting != self.clock.setting() {
                continue;
            }
            self.close_interval();
            let by = self.clock.correct(setting, forward_s, now_ms)?;
            self.follow_clock(now_ms);
            moved = Some(by.told());
        }
        moved
    }

    /// The MAC was told the time: seconds since 2024, in a downlink so many quarters of a dB above the noise. For stacks that
    /// ask the network themselves.
    pub fn told_time(&mut self, now_ms: u64, seconds: u32, snr_quarter_db: i32) {
        self.link.heard(now_ms, snr_quarter_db);
        self.refresh_pace();
        self.close_interval();
        let doubt_s = self.clock.within_s(now_ms);
        let moved = self.clock.set(seconds, now_ms);
        self.follow_clock(now_ms);
        self.save(Saved { clock_setting: self.clock.setting(), ..self.saved });
        // What lies within the doubt that it had is no news.
        if doubt_s.is_none_or(|doubt_s| moved.told() > doubt_s) {
            self.note_event(EventKind::ClockSet, moved.told(), now_ms);
        }
    }

    fn follow_clock(&mut self, now_ms: u64) {
        self.outbox.clock_was_set();
        self.next_sample_ms = self.clock.next_minute_ms(now_ms);
    }

    fn change(&self, saved: &mut Saved, command: &Command) {
        match *command {
            // What lies behind a hole stays until the hole is filled.
            Command::Acknowledge(Range { first, last }) if first <= saved.acknowledged => {
                saved.acknowledged = saved.acknowledged.max(last.saturating_add(1)).min(self.log.next());
            }
            Command::Thresholds(thresholds) => saved.thresholds = thresholds,
            Command::Intervals { step, per_uplink } => (saved.step, saved.per_uplink) = (step, per_uplink),
            Command::Flight { hours } => saved.flight_hours = hours,
            Command::Acknowledge(_)
            | Command::Resend(_)
            | Command::Clock { .. }
            | Command::Identify { .. }
            | Command::Restart => {}
        }
    }

    fn act(&mut self, now_ms: u64, command: &Command) {
        match *command {
            Command::Acknowledge(_) | Command::Clock { .. } => return,
            Command::Resend(range) => {
                let newest = self.log.next().checked_sub(1);
                let first = range.first.max(self.log.acknowledged());
                if let Some(last) = newest.map(|newest| newest.min(range.last)).filter(|last| *last >= first)
                {
                    self.outbox.ask(Range { first, last });
                }
                return;
            }
            Command::Thresholds(_) | Command::Intervals { .. } => {}
            Command::Flight { hours: 0 } => self.end_flight(now_ms),
            Command::Flight { hours } => {
                self.flight_until_ms = Some(now_ms + flight_ms(hours));
                self.note(What::Event(Event { kind: EventKind::FlightBegan, value: hours }), now_ms);
            }
            Command::Identify { seconds } => {
                self.identify_until_ms = now_ms + u64::from(seconds) * 1000;
                self.test = Some(Test::Told);
                self.outbox.say_status(now_ms);
            }
            Command::Restart => {
                self.close_interval();
                self.restart = true;
            }
        }
        self.outbox.say_setup();
    }
}
