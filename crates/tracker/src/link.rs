//! Joining the network, and the data rate: chosen by what of the network is heard.

use crate::airtime::{DataRate, Region};

const HOUR_MS: u64 = 3_600_000;

/// Signal to spare above the weakest, in quarters of a dB: with more than this a faster rate, with less a slower one.
const MUCH: i32 = 48;
const LITTLE: i32 = 16;

/// Nothing heard for so long: the network is asked for an answer, which needs nobody behind it. Where so many uplinks find none, a
/// slower rate, which reaches farther.
const UNHEARD_MS: u64 = 12 * HOUR_MS;
const UNANSWERED: u32 = 6;

/// Asked and nothing heard for so long: the network may have forgotten the tracker.
const FORGOTTEN_MS: u64 = 72 * HOUR_MS;

/// From one attempt to join to the next: one minute, then twice as long each time up to an hour.
const JOIN_FIRST_MS: u64 = 60_000;
const JOIN_DOUBLINGS: u32 = 6;

#[derive(Debug, Clone, Copy)]
pub struct Link {
    region: Region,
    fastest: DataRate,
    rate: DataRate,
    joined: bool,
    /// The rate of the last attempt to join.
    tried_rate: DataRate,
    /// Attempts to join since it was last joined.
    attempts: u32,
    /// When the next attempt may be made.
    join_at_ms: u64,
    heard_at_ms: u64,
    /// Uplinks that asked for an answer since something was heard, or the rate was changed.
    unanswered: u32,
}

impl Link {
    /// Before the first attempt, which may be made after `wait_ms`. No rate is faster than `fastest`.
    pub fn new(region: Region, fastest: DataRate, now_ms: u64, wait_ms: u64) -> Self {
        let fastest = fastest.min(region.fastest());
        let rate = fastest.min(match region {
            Region::Eu868 => DataRate(3),
            Region::Us915 => DataRate(1),
        });
        let join_at_ms = now_ms + wait_ms;
        Self {
            region,
            fastest,
            rate,
            tried_rate: rate,
            joined: false,
            attempts: 0,
            join_at_ms,
            heard_at_ms: now_ms,
            unanswered: 0,
        }
    }

    /// Whether the next uplink asks the network for an answer.
    pub const fn asks(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.heard_at_ms) >= UNHEARD_MS
    }

    pub const fn rate(&self) -> DataRate {
        self.rate
    }

    pub const fn is_joined(&self) -> bool {
        self.joined
    }

    pub const fn join_at_ms(&self) -> u64 {
        self.join_at_ms
    }

    /// The rate of the next attempt to join: slower and slower, then from the front again.
    pub fn join_rate(&self) -> DataRate {
        let slower = u8::try_from(self.attempts % (u32::from(self.rate.0) + 1)).unwrap_or(0);
        DataRate(self.rate.0 - slower)
    }

    /// An attempt was made at that time; `jitter_ms` keeps trackers apart that began together.
    pub fn tried(&mut self, now_ms: u64, jitter_ms: u64) {
        self.tried_rate = self.join_rate();
        let wait = JOIN_FIRST_MS << self.attempts.min(JOIN_DOUBLINGS);
        self.attempts = self.attempts.saturating_add(1);
        self.join_at_ms = now_ms + wait + jitter_ms;
    }

    /// At the rate of the last attempt, which reached the network.
    pub fn joined(&mut self, now_ms: u64) {
        self.rate = self.tried_rate;
        (self.joined, self.attempts, self.unanswered, self.heard_at_ms) = (true, 0, 0, now_ms);
    }

    /// The network has no session of this tracker any more.
    pub fn lost(&mut self, now_ms: u64) {
        (self.joined, self.join_at_ms) = (false, now_ms);
    }

    /// A downlink came, so many quarters of a dB above the noise.
    pub fn heard(&mut self, now_ms: u64, snr_quarter_db: i32) {
        (self.heard_at_ms, self.unanswered) = (now_ms, 0);
        let spare = snr_quarter_db - self.region.weakest_quarter_db(self.rate);
        if spare >= MUCH && self.rate < self.fastest {
            self.rate = DataRate(self.rate.0 + 1);
        } else if spare < LITTLE && self.rate > self.region.slowest() {
            self.rate = DataRate(self.rate.0 - 1);
        }
    }

    /// An uplink that asked for an answer was sent, and nothing came back.
    pub fn unanswered(&mut self, now_ms: u64) {
        self.unanswered = self.unanswered.saturating_add(1);
        if now_ms.saturating_sub(self.heard_at_ms) >= FORGOTTEN_MS {
            self.lost(now_ms);
            self.heard_at_ms = now_ms;
        } else if self.unanswered >= UNANSWERED && self.rate > self.region.slowest() {
            self.rate = DataRate(self.rate.0 - 1);
            self.unanswered = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_to_join_go_through_the_rates_and_grow_apart() {
        let mut link = Link::new(Region::Eu868, DataRate(5), 0, 5_000);
        assert_eq!(link.join_at_ms(), 5_000);
        let mut seen = std::vec::Vec::new();
        let mut now = 5_000;
        for _ in 0..9 {
            let rate = link.join_rate();
            link.tried(now, 0);
            seen.push((rate.0, (link.join_at_ms() - now) / 60_000));
            now = link.join_at_ms();
        }
        assert_eq!(seen, [(3, 1), (2, 2), (1, 4), (0, 8), (3, 16), (2, 32), (1, 64), (0, 64), (3, 64)]);
        link.joined(now);
        assert!(link.is_joined());
        assert_eq!(link.rate(), DataRate(3), "at the rate of the attempt that was heard");
        link.tried(now, 0);
        link.tried(now, 0);
        link.joined(now);
        assert_eq!(link.rate(), DataRate(2));
    }

    #[test]
    fn the_rate_follows_what_is_heard() {
        let mut link = Link::new(Region::Eu868, DataRate(5), 0, 0);
        link.joined(0);
        // SF9 is understood down to −12.5 dB, SF8 to −10.
        link.heard(1, -50 + MUCH - 1);
        assert_eq!(link.rate(), DataRate(3));
        link.heard(1, -50 + MUCH);
        assert_eq!(link.rate(), DataRate(4));
        link.heard(1, -40 + LITTLE);
        assert_eq!(link.rate(), DataRate(4));
        link.heard(1, -40 + LITTLE - 1);
        assert_eq!(link.rate(), DataRate(3));
    }

    #[test]
    fn no_rate_is_faster_than_it_may_be() {
        let mut link = Link::new(Region::Eu868, DataRate(2), 0, 0);
        link.joined(0);
        link.heard(1, 100);
        assert_eq!(link.rate(), DataRate(2));
        assert_eq!(Link::new(Region::Us915, DataRate(15), 0, 0).fastest, DataRate(3));
    }

    #[test]
    fn who_is_not_heard_speaks_slower_and_joins_again_after_three_days() {
        let mut link = Link::new(Region::Us915, DataRate(5), 0, 0);
        link.joined(0);
        for hour in 1..12 {
            assert!(!link.asks(hour * HOUR_MS));
        }
        for hour in 12..18 {
            assert_eq!(link.rate(), DataRate(1));
            assert!(link.asks(hour * HOUR_MS));
            link.unanswered(hour * HOUR_MS);
        }
        assert_eq!((link.rate(), link.is_joined()), (DataRate(0), true));
        link.heard(18 * HOUR_MS, 0);
        assert!(!link.asks(29 * HOUR_MS) && link.asks(30 * HOUR_MS));
        link.unanswered(90 * HOUR_MS - 1);
        assert!(link.is_joined());
        link.unanswered(90 * HOUR_MS);
        assert!(!link.is_joined());
    }
}
