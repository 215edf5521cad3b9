//! What time it is, as far as the tracker knows.

use wire::{ClockRequest, MAX_MINUTES, Stamp};

/// How far a clock crystal may be off, in millionths: 20 of its own and as many by temperature.
const DRIFT_PPM: u64 = 40;

/// What a correction leaves open: the whole seconds of both sides, and the way through the network.
const CORRECTED_WITHIN_MS: u64 = 3_000;

const MINUTE_MS: u64 = 60_000;

/// What the MAC's time leaves open: its answer is of the moment at which the uplink ended, in whole seconds here.
const TOLD_WITHIN_MS: u64 = 1_000;

/// Uncertain by more than this, the tracker asks again.
const ASK_BEYOND_S: u64 = 30;

/// Uptimes are milliseconds since the tracker's start, which go on while it sleeps.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    setting: u8,
    fix: Option<Fix>,
}

#[derive(Debug, Clone, Copy)]
struct Fix {
    uptime_ms: u64,
    /// Seconds since 2024 at that time.
    seconds: u32,
    within_ms: u64,
}

impl Clock {
    /// Not set since the tracker's start; `setting` goes on from what was saved.
    pub const fn new(setting: u8) -> Self {
        Self { setting, fix: None }
    }

    pub const fn is_set(&self) -> bool {
        self.fix.is_some()
    }

    /// How often the clock was set, or lost by a reset, modulo 256.
    pub const fn setting(&self) -> u8 {
        self.setting
    }

    /// Seconds since 2024, or since the start where the time is not known.
    pub fn seconds(&self, now_ms: u64) -> u32 {
        let (since, base) = self.fix.map_or((0, 0), |fix| (fix.uptime_ms, fix.seconds));
        let elapsed = now_ms.saturating_sub(since) / 1000;
        base.saturating_add(u32::try_from(elapsed).unwrap_or(u32::MAX))
    }

    pub fn stamp(&self, now_ms: u64) -> Stamp {
        let minutes = (self.seconds(now_ms) / 60).min(MAX_MINUTES);
        if self.is_set() { Stamp::Utc(minutes) } else { Stamp::SinceStart(minutes) }
    }

    /// The uptime at which the next minute begins.
    pub fn next_minute_ms(&self, now_ms: u64) -> u64 {
        let (since, base) = self.fix.map_or((0, 0), |fix| (fix.uptime_ms, fix.seconds));
        let into_minute = u64::from(base) * 1000 + now_ms.saturating_sub(since);
        now_ms + MINUTE_MS - into_minute % MINUTE_MS
    }

    /// How wrong it may be, in seconds: 254 for more, none where it was never set.
    pub fn within_s(&self, now_ms: u64) -> Option<u8> {
        let fix = self.fix?;
        let elapsed = now_ms.saturating_sub(fix.uptime_ms);
        let within = (fix.within_ms + elapsed / 1_000_000 * DRIFT_PPM).div_ceil(1000);
        Some(u8::try_from(within).unwrap_or(254).min(254))
    }

    pub fn is_doubtful(&self, now_ms: u64) -> bool {
        self.within_s(now_ms).is_none_or(|within| u64::from(within) > ASK_BEYOND_S)
    }

    pub fn request(&self, now_ms: u64) -> ClockRequest {
        ClockRequest { seconds: self.seconds(now_ms), setting: self.setting, within_s: self.within_s(now_ms) }
    }

    /// Takes a correction; returns how far the clock moved, none where it speaks of another setting.
    pub fn correct(&mut self, setting: u8, forward_s: i32, now_ms: u64) -> Option<Moved> {
        if setting != self.setting {
            return None;
        }
        let seconds = self.seconds(now_ms).saturating_add_signed(forward_s);
        let first = self.fix.is_none();
        self.setting = self.setting.wrapping_add(1);
        self.fix = Some(Fix { uptime_ms: now_ms, seconds, within_ms: CORRECTED_WITHIN_MS });
        Some(if first { Moved::First } else { Moved::By(forward_s) })
    }

    /// Takes the time that the LoRaWAN MAC was told (DeviceTimeAns): seconds since 2024, good to a second.
    pub fn set(&mut self, seconds: u32, now_ms: u64) -> Moved {
        let moved = match self.fix {
            None => Moved::First,
            Some(_) => {
                let by = i64::from(seconds) - i64::from(self.seconds(now_ms));
                Moved::By(i32::try_from(by).unwrap_or(i32::MAX))
            }
        };
        self.setting = self.setting.wrapping_add(1);
        self.fix = Some(Fix { uptime_ms: now_ms, seconds, within_ms: TOLD_WITHIN_MS });
        moved
    }
}

/// What a correction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    First,
    /// Seconds forward.
    By(i32),
}

impl Moved {
    /// As [`ClockSet`](wire::EventKind::ClockSet) has it.
    pub fn told(self) -> u8 {
        match self {
            Self::First => u8::MAX,
            Self::By(seconds) => u8::try_from(seconds.unsigned_abs()).unwrap_or(u8::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_from_the_start_until_it_is_told() {
        let mut clock = Clock::new(7);
        assert_eq!((clock.stamp(119_999), clock.within_s(0)), (Stamp::SinceStart(1), None));
        assert!(clock.is_doubtful(0));
        assert_eq!(clock.correct(6, 5, 0), None, "of another setting");
        assert_eq!(clock.correct(7, 79_000_000, 60_000), Some(Moved::First));
        assert_eq!((clock.seconds(61_000), clock.setting()), (79_000_061, 8));
        assert_eq!(clock.stamp(61_000), Stamp::Utc(79_000_061 / 60));
        assert_eq!(clock.correct(8, -3, 90_000), Some(Moved::By(-3)));
        assert_eq!(clock.seconds(90_000), 79_000_087);
        assert_eq!(clock.correct(8, -3, 90_000), None, "once only");
    }

    #[test]
    fn its_doubt_grows_by_3_5_seconds_a_day() {
        let mut clock = Clock::new(0);
        clock.correct(0, 1000, 0);
        assert_eq!(clock.within_s(0), Some(3));
        let day = 86_400_000;
        assert_eq!(clock.within_s(day), Some(7));
        assert!(!clock.is_doubtful(7 * day));
        assert!(clock.is_doubtful(8 * day));
        assert_eq!(clock.within_s(1000 * day), Some(254));
    }
}
