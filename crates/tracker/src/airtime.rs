//! What the air costs and how much of it a tracker may take.
//!
//! Times on air by Semtech's formula (AN1200.13): explicit header, CRC, 8 symbols of preamble, coding rate 4/5, 125 kHz.
//! Payloads and dwell time by LoRaWAN Regional Parameters RP002-1.0.4.

/// The bytes of a LoRaWAN frame around its application payload: MHDR, DevAddr, FCtrl, FCnt, FPort and MIC.
const OVERHEAD: usize = 13;

const DAY_S: u64 = 86_400;

/// What of the air any device may take in a day by The Things Network's fair use, in milliseconds; less than the 1 % of
/// EU868 (ETSI EN 300 220).
pub const AIR_A_DAY_MS: u64 = 30_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    Eu868,
    Us915,
}

/// A data rate of a region, as LoRaWAN numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataRate(pub u8);

impl Region {
    pub const fn slowest(self) -> DataRate {
        DataRate(0)
    }

    /// The fastest that every gateway hears on all its channels.
    pub const fn fastest(self) -> DataRate {
        match self {
            Self::Eu868 => DataRate(5),
            Self::Us915 => DataRate(3),
        }
    }

    /// SF7 to SF12.
    pub const fn spreading_factor(self, rate: DataRate) -> u32 {
        let slowest = match self {
            Self::Eu868 => 12,
            Self::Us915 => 10,
        };
        let faster = if rate.0 > self.fastest().0 { self.fastest().0 } else { rate.0 };
        slowest - faster as u32
    }

    /// What of a day's air may be taken at once, in milliseconds. The rest comes back evenly over the day, so that any 24 hours
    /// stay within [`AIR_A_DAY_MS`], and any hour far below 1 %. As little as alarms need, so that as much as can be comes
    /// back: two of the longest frames, and five of them.
    pub const fn burst_ms(self) -> u64 {
        match self {
            Self::Eu868 => 8_000,
            Self::Us915 => 2_000,
        }
    }

    /// The longest application payload, in bytes.
    pub const fn room(self, rate: DataRate) -> usize {
        match (self, rate.0) {
            (Self::Eu868, 0..=2) => 51,
            (Self::Eu868, 3) => 115,
            (Self::Eu868, _) => 222,
            (Self::Us915, 0) => 11,
            (Self::Us915, 1) => 53,
            (Self::Us915, 2) => 125,
            (Self::Us915, _) => 242,
        }
    }

    /// Milliseconds that an application payload of so many bytes is on the air, rounded up.
    pub const fn time_on_air_ms(self, rate: DataRate, bytes: usize) -> u64 {
        let factor = self.spreading_factor(rate) as u64;
        let symbol_us = (1 << factor) * 8;
        let slow = if symbol_us > 16_000 { 2 } else { 0 };
        let bits = (8 * (bytes + OVERHEAD) as u64 + 44).saturating_sub(4 * factor);
        let symbols = 8 + bits.div_ceil(4 * (factor - slow)) * 5;
        // The preamble's 12.25 symbols, in quarters.
        (symbol_us * (4 * symbols + 49)).div_ceil(4_000)
    }

    /// The weakest signal that is still understood, below the noise, in dB (Semtech SX1262 data sheet, table 6-1), in
    /// quarters.
    pub const fn weakest_quarter_db(self, rate: DataRate) -> i32 {
        // 7.5 dB below at SF7 and 2.5 dB more for each further factor.
        -30 - 10 * (self.spreading_factor(rate) as i32 - 7)
    }
}

/// What is left of the day's air.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    burst_us: u64,
    left_us: u64,
    /// Uptime in milliseconds up to which it was filled.
    filled_ms: u64,
}

impl Budget {
    /// With what was left before a reset: whoever restarts again and again must not begin with a full one each time.
    pub fn with(region: Region, left_ms: u64, now_ms: u64) -> Self {
        let burst_us = region.burst_ms() * 1000;
        Self { burst_us, left_us: burst_us.min(left_ms * 1000), filled_ms: now_ms }
    }

    /// All that may be taken at once: for a tracker that has been on the shelf.
    pub fn full(region: Region, now_ms: u64) -> Self {
        Self::with(region, region.burst_ms(), now_ms)
    }

    /// In milliseconds.
    pub const fn left_ms(&self) -> u64 {
        self.left_us / 1000
    }

    /// How much comes back in a second, in microseconds.
    const fn per_second_us(&self) -> u64 {
        (AIR_A_DAY_MS * 1000 - self.burst_us) / DAY_S
    }

    pub fn fill(&mut self, now_ms: u64) {
        let seconds = now_ms.saturating_sub(self.filled_ms) / 1000;
        self.filled_ms = self.filled_ms.saturating_add(seconds * 1000);
        self.left_us = self.left_us.saturating_add(seconds * self.per_second_us()).min(self.burst_us);
    }

    pub const fn has(&self, ms: u64) -> bool {
        self.left_us >= ms * 1000
    }

    /// Takes what was sent; what goes beyond is forgiven.
    pub fn take(&mut self, ms: u64) {
        self.left_us = self.left_us.saturating_sub(ms * 1000);
    }

    /// What was taken and not sent.
    pub fn give_back(&mut self, ms: u64) {
        self.left_us = (self.left_us + ms * 1000).min(self.burst_us);
    }

    /// Uptime in milliseconds at which it will have so much.
    pub fn has_at_ms(&self, ms: u64) -> u64 {
        let missing_us = (ms * 1000).saturating_sub(self.left_us);
        self.filled_ms + missing_us.div_ceil(self.per_second_us()) * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_on_air_are_those_of_the_formula() {
        // Bytes, then SF7 to SF12 in tenths of milliseconds.
        for (bytes, expected) in [
            (12, [617, 1132, 2058, 4116, 8233, 14_828]),
            (24, [822, 1439, 2673, 4936, 10_691, 19_743]),
            (51, [1180, 2156, 3901, 6984, 15_606, 27_935]),
        ] {
            for (faster, tenths) in (0..).zip(expected) {
                let found = Region::Eu868.time_on_air_ms(DataRate(5 - faster), bytes);
                assert!(
                    (tenths..tenths + 15).contains(&(found * 10)),
                    "{bytes} at SF{}: {found}",
                    7 + faster
                );
            }
        }
    }

    #[test]
    fn every_payload_of_us915_stays_within_the_dwell_time_of_400_ms() {
        for rate in (0..=3).map(DataRate) {
            let longest = Region::Us915.time_on_air_ms(rate, Region::Us915.room(rate));
            assert!(longest <= 400, "{rate:?}: {longest}");
        }
    }

    #[test]
    fn no_24_hours_take_more_than_a_day_may() {
        let mut budget = Budget::with(Region::Eu868, 0, 0);
        let mut sent = std::vec::Vec::new();
        for second in 0..3 * DAY_S {
            budget.fill(second * 1000);
            // As greedy as can be, after a night of saving.
            let ms = 1400;
            if second > DAY_S / 2 && budget.has(ms) {
                budget.take(ms);
                sent.push((second, ms));
            }
        }
        for (from, _) in &sent {
            let within: u64 =
                sent.iter().filter(|(at, _)| (*from..from + DAY_S).contains(at)).map(|(_, ms)| ms).sum();
            assert!(within <= AIR_A_DAY_MS, "{within}");
        }
        assert!(sent.len() > 40, "{}", sent.len());
    }

    #[test]
    fn a_budget_says_when_it_will_have_enough() {
        let mut budget = Budget::with(Region::Eu868, 0, 0);
        let at = budget.has_at_ms(1000);
        budget.fill(at - 1000);
        assert!(!budget.has(1000));
        budget.fill(at);
        assert!(budget.has(1000));
    }
}
