//! How often a tracker may measure and send at a data rate, with each reading sent more than once.

use wire::Step;

use crate::airtime::{AIR_A_DAY_MS, DataRate, Region};

/// Of the day's air, what the uplinks of readings may take; the rest is for alarms, for what is asked for again and for what
/// the tracker says of itself.
const REGULAR_MS: u64 = AIR_A_DAY_MS * 6 / 10;

/// How often each reading is sent where there is room, and at least.
const COPIES: usize = 3;
const FEWEST_COPIES: usize = 2;

/// The coarsest reading that a slow data rate brings about, and the longest time between two uplinks, in minutes.
const COARSEST: u32 = 30;
const LONGEST: u32 = 240;

/// The bits of a frame without its entries, and of a usual entry, with a spread and without; see docs/wire-format.md.
const FRAME_BITS: usize = 76;
const SPREAD_BITS: usize = 11;
const PLAIN_BITS: usize = 6;

/// How a tracker measures and sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub step: Step,
    /// New readings in an uplink.
    pub per_uplink: u32,
    /// Entries in an uplink, the new ones and earlier ones.
    pub entries: usize,
}

/// The pace that was asked for, or the nearest slower one that the day's air allows at that data rate.
pub fn pace(region: Region, rate: DataRate, step: Step, per_uplink: u8) -> Pace {
    let capacity = |step: Step| (region.room(rate) * 8).saturating_sub(FRAME_BITS) / entry_bits(step) + 1;
    let steps = Step::ALL
        .into_iter()
        .filter(|other| *other == step || (*other > step && other.minutes() <= COARSEST));
    let asked = u32::from(per_uplink.max(1));
    let mut slowest = Pace { step, per_uplink: asked, entries: capacity(step) };
    for coarser in steps {
        // Where a coarser step is needed, a single reading is as long as several that were asked for.
        let wanted = if coarser == step { asked.min(LONGEST / step.minutes()) } else { 1 };
        for new in wanted..=LONGEST / coarser.minutes() {
            for copies in (FEWEST_COPIES..=COPIES).rev() {
                let entries = new as usize * copies;
                if entries > capacity(coarser) {
                    continue;
                }
                let found = Pace { step: coarser, per_uplink: new, entries };
                if is_affordable(region, rate, &found) {
                    return found;
                }
            }
        }
        slowest = Pace { step: coarser, per_uplink: LONGEST / coarser.minutes(), entries: capacity(coarser) };
    }
    slowest
}

const fn entry_bits(step: Step) -> usize {
    if matches!(step, Step::Minutes1) { PLAIN_BITS } else { SPREAD_BITS }
}

fn is_affordable(region: Region, rate: DataRate, pace: &Pace) -> bool {
    let bytes = (FRAME_BITS + pace.entries * entry_bits(pace.step)).div_ceil(8).min(region.room(rate));
    let minutes = u64::from(pace.step.minutes() * pace.per_uplink);
    region.time_on_air_ms(rate, bytes) * 1440 <= REGULAR_MS * minutes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(region: Region, rate: u8, step: Step, per_uplink: u8) -> (u32, u32, usize) {
        let Pace { step, per_uplink, entries } = pace(region, DataRate(rate), step, per_uplink);
        (step.minutes(), per_uplink, entries)
    }

    #[test]
    fn what_the_air_allows_of_a_reading_every_5_minutes_and_an_uplink_every_15() {
        let eu = [0, 1, 2, 3, 4, 5].map(|rate| found(Region::Eu868, rate, Step::Minutes5, 3));
        let us = [0, 1, 2, 3].map(|rate| found(Region::Us915, rate, Step::Minutes5, 3));
        assert_eq!(eu, [(15, 15, 30), (10, 11, 22), (5, 10, 20), (5, 4, 8), (5, 3, 9), (5, 3, 9)]);
        assert_eq!(us, [(30, 1, 2), (5, 4, 8), (5, 3, 9), (5, 3, 9)]);
    }

    #[test]
    fn what_was_asked_for_is_never_answered_with_more() {
        for step in Step::ALL {
            for per_uplink in 1..=32_u8 {
                for rate in (0..=5).map(DataRate) {
                    let Pace { step: found, per_uplink: new, entries } =
                        pace(Region::Eu868, rate, step, per_uplink);
                    let asked = (step.minutes() * u32::from(per_uplink)).min(LONGEST) / step.minutes();
                    assert!(found >= step && entries >= new as usize, "{step:?} {per_uplink} {rate:?}");
                    assert!(found > step || new >= asked, "{step:?} {per_uplink} {rate:?}: {new}");
                }
            }
        }
        assert_eq!(found(Region::Eu868, 5, Step::Minutes10, 32), (10, 24, 72));
        assert_eq!(found(Region::Eu868, 5, Step::Minutes60, 5), (60, 4, 12));
    }

    #[test]
    fn a_reading_a_minute_costs_few_bytes_where_the_uplink_may_wait() {
        assert_eq!(found(Region::Eu868, 3, Step::Minutes1, 32), (1, 35, 70));
        assert_eq!(found(Region::Eu868, 0, Step::Minutes60, 1), (60, 3, 9));
    }
}
