//! Samples, one a minute, become readings.

use wire::{OUT_OF_RANGE_MAX, Reading, SPREAD_MAX, Spread, Stamp, Step};

use crate::alarm::Side;

/// What the sensors say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// 0.01 °C.
    pub temperature: i16,
    /// Half percent, 0 to 200.
    pub humidity: Option<u8>,
}

/// The samples since the reading before.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interval {
    open: Option<Open>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    at: Stamp,
    last: Sample,
    side: Side,
    min: i16,
    max: i16,
    out_of_range: u8,
}

/// A reading and when its last sample was taken.
pub type Taken = (Stamp, Reading);

impl Interval {
    /// Takes a sample in. Returns the reading that must be written before it, because the sample lies too far from the
    /// others, on the other side of a limit, or on another scale of time; and the one that is due with it.
    pub fn add(&mut self, at: Stamp, sample: Sample, side: Side, step: Step) -> [Option<Taken>; 2] {
        let before =
            if self.open.is_some_and(|open| !open.can_take(at, sample, side)) { self.close() } else { None };
        let mut open = self.open.unwrap_or(Open {
            at,
            last: sample,
            side,
            min: sample.temperature,
            max: sample.temperature,
            out_of_range: 0,
        });
        open.at = at;
        open.last = sample;
        open.min = open.min.min(sample.temperature);
        open.max = open.max.max(sample.temperature);
        open.out_of_range += u8::from(side != Side::Within && open.out_of_range < OUT_OF_RANGE_MAX);
        self.open = Some(open);
        let due = if at.minutes().is_multiple_of(step.minutes()) { self.close() } else { None };
        [before, due]
    }

    /// The reading of what was sampled so far; none where nothing was.
    pub fn close(&mut self) -> Option<Taken> {
        let open = self.open.take()?;
        let Sample { temperature, humidity } = open.last;
        // Both distances fit: `can_take` saw to it.
        let distance = |end: i16| u8::try_from(temperature.abs_diff(end)).unwrap_or(SPREAD_MAX);
        let spread =
            Spread { below: distance(open.min), above: distance(open.max), out_of_range: open.out_of_range };
        Some((open.at, Reading { temperature, spread: Some(spread), humidity }))
    }
}

impl Open {
    fn can_take(&self, at: Stamp, sample: Sample, side: Side) -> bool {
        let spread = u16::from(SPREAD_MAX);
        let same_scale = matches!(
            (self.at, at),
            (Stamp::Utc(before), Stamp::Utc(now)) | (Stamp::SinceStart(before), Stamp::SinceStart(now))
                if before < now
        );
        same_scale
            && self.side == side
            && self.min.min(sample.temperature).abs_diff(sample.temperature) <= spread
            && self.max.max(sample.temperature).abs_diff(sample.temperature) <= spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(temperature: i16) -> Sample {
        Sample { temperature, humidity: None }
    }

    fn reading(temperature: i16, below: u8, above: u8, out_of_range: u8) -> Reading {
        Reading { temperature, spread: Some(Spread { below, above, out_of_range }), humidity: None }
    }

    /// What comes of samples from minute 1 on, with limits at 2 and 8 °C.
    fn readings(temperatures: &[i16]) -> std::vec::Vec<(u32, Reading)> {
        let mut interval = Interval::default();
        let add = |(minute, temperature): (u32, &i16)| {
            let side = match *temperature {
                ..200 => Side::Low,
                801.. => Side::High,
                _ => Side::Within,
            };
            interval.add(Stamp::Utc(minute), sample(*temperature), side, Step::Minutes5)
        };
        let taken = (1..).zip(temperatures).flat_map(add).flatten();
        taken.map(|(at, reading)| (at.minutes(), reading)).collect()
    }

    #[test]
    fn five_samples_are_a_reading_with_its_ends() {
        assert_eq!(readings(&[500, 510, 490, 505, 500]), [(5, reading(500, 10, 10, 0))]);
        assert_eq!(readings(&[500, 510, 490, 505]), []);
    }

    #[test]
    fn what_lies_too_far_apart_is_written_before() {
        assert_eq!(readings(&[500, 563, 563, 563, 563]), [(5, reading(563, 63, 0, 0))]);
        let apart = [(1, reading(500, 0, 0, 0)), (5, reading(564, 0, 0, 0))];
        assert_eq!(readings(&[500, 564, 564, 564, 564]), apart);
        // Seen from the sample that comes, not from end to end.
        assert_eq!(
            readings(&[500, 540, 460, 500, 500]),
            [(2, reading(540, 40, 0, 0)), (5, reading(500, 40, 0, 0))]
        );
    }

    #[test]
    fn a_limit_that_is_crossed_ends_the_reading_a_minute_before() {
        assert_eq!(
            readings(&[799, 800, 801, 802, 802]),
            [(2, reading(800, 1, 0, 0)), (5, reading(802, 1, 0, 3))]
        );
    }

    #[test]
    fn a_clock_that_was_set_begins_another() {
        let mut interval = Interval::default();
        let add = |interval: &mut Interval, at| interval.add(at, sample(500), Side::Within, Step::Minutes5);
        assert_eq!(add(&mut interval, Stamp::SinceStart(3)), [None, None]);
        let [before, due] = add(&mut interval, Stamp::Utc(1001));
        assert_eq!((before.map(|(at, _)| at), due), (Some(Stamp::SinceStart(3)), None));
        let [before, _] = add(&mut interval, Stamp::Utc(999));
        assert_eq!(before.map(|(at, _)| at), Some(Stamp::Utc(1001)));
    }
}
