//! The tracker's own alarm: too warm or too cold for longer than a delay.

use wire::{Event, EventKind, Thresholds};

const ENDED: Event = Event { kind: EventKind::AlarmEnded, value: 0 };

/// Where a temperature lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    Low,
    #[default]
    Within,
    High,
}

impl Side {
    /// The limits themselves are within.
    pub const fn of(temperature: i16, thresholds: &Thresholds) -> Self {
        if temperature < thresholds.low {
            Self::Low
        } else if temperature > thresholds.high {
            Self::High
        } else {
            Self::Within
        }
    }
}

/// How long the temperature has been where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alarm {
    pub side: Side,
    /// Samples beyond the limit after the first, which are minutes, until it is raised.
    pub minutes: u8,
    /// Whether it stands.
    pub raised: bool,
}

impl Alarm {
    /// Nothing is measured any more: what stood is over.
    pub fn end(&mut self) -> Option<Event> {
        core::mem::take(self).raised.then_some(ENDED)
    }

    /// Takes a sample, one a minute; returns what is to be written down.
    pub fn sample(&mut self, temperature: i16, thresholds: &Thresholds) -> Option<Event> {
        let side = Side::of(temperature, thresholds);
        if side != self.side {
            self.minutes = 0;
            self.side = side;
            if core::mem::take(&mut self.raised) {
                // Straight from one side to the other is the end of the one; its other side has its delay before it.
                return Some(ENDED);
            }
        } else if side != Side::Within && !self.raised {
            self.minutes = self.minutes.saturating_add(1);
        }
        let (kind, delay, limit) = match side {
            Side::Within => return None,
            Side::Low => (EventKind::AlarmLow, thresholds.low_delay, thresholds.low),
            Side::High => (EventKind::AlarmHigh, thresholds.high_delay, thresholds.high),
        };
        if self.raised || self.minutes < delay {
            return None;
        }
        self.raised = true;
        let tenths = temperature.abs_diff(limit) / 10;
        Some(Event { kind, value: u8::try_from(tenths).unwrap_or(u8::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Thresholds = Thresholds { low: 200, high: 800, low_delay: 0, high_delay: 3 };

    /// The minutes in which something happened, and what.
    fn events(temperatures: &[i16]) -> std::vec::Vec<(usize, EventKind, u8)> {
        let mut alarm = Alarm::default();
        let sample = |(minute, temperature): (usize, &i16)| {
            let event = alarm.sample(*temperature, &LIMITS)?;
            Some((minute, event.kind, event.value))
        };
        temperatures.iter().enumerate().filter_map(sample).collect()
    }

    #[test]
    fn it_is_raised_when_the_delay_is_over_and_ends_within() {
        assert_eq!(events(&[801, 801, 801]), []);
        assert_eq!(
            events(&[800, 801, 801, 801, 855, 900, 800]),
            [(4, EventKind::AlarmHigh, 5), (6, EventKind::AlarmEnded, 0)]
        );
        assert_eq!(events(&[801, 801, 801, 800, 801, 801, 801]), [], "an interruption begins it anew");
        assert_eq!(
            events(&[200, 199, 199, 201]),
            [(1, EventKind::AlarmLow, 0), (3, EventKind::AlarmEnded, 0)]
        );
        assert_eq!(events(&[-27_000]), [(0, EventKind::AlarmLow, 255)]);
    }

    #[test]
    fn from_one_side_to_the_other_is_an_end() {
        assert_eq!(
            events(&[100, 900, 900, 900, 900]),
            [(0, EventKind::AlarmLow, 10), (1, EventKind::AlarmEnded, 0), (4, EventKind::AlarmHigh, 10)]
        );
    }
}
