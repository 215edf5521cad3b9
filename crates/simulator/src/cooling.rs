//! A passive cold box: coolant that melts, walls that leak, doors that are opened.

use chrono::{DateTime, Duration, Timelike, Utc};

use crate::random::Random;

/// How long a failure of the cooling lasts.
const FAILURE: Duration = Duration::hours(5);

/// Where coolant keeps the inside, and where the failures lead, in °C.
const COOLANT: f64 = 4.8;
pub const WARM: f64 = 12.0;
pub const COLD: f64 = -2.5;

/// How fast the inside follows, in minutes: coolant, a failure, the walls alone, an open door.
const BY_COOLANT: f64 = 60.0;
const BY_FAILURE: f64 = 15.0;
const BY_WALLS: f64 = 600.0;
const BY_DOOR: f64 = 120.0;

/// How long the coolant holds against 20 °C outside, in degree minutes.
const COOLANT_DEGREE_MINUTES: f64 = 72.0 * 60.0 * 15.0;

/// A door is opened once in so many minutes, for so many.
const DOOR_EVERY: u64 = 360;
const DOOR_OPEN: i64 = 2;

#[derive(Debug, Clone)]
pub struct ColdBox {
    /// Until when the cooling fails, and where to.
    failure: Option<(DateTime<Utc>, f64)>,
    /// °C.
    inside: f64,
    coolant: f64,
    door_open_until: DateTime<Utc>,
    random: Random,
}

impl ColdBox {
    pub fn packed(mut random: Random, at: DateTime<Utc>) -> Self {
        let inside = COOLANT + random.normal() * 0.3;
        Self { failure: None, inside, coolant: COOLANT_DEGREE_MINUTES, door_open_until: at, random }
    }

    /// One minute passes; what a thermometer inside says then, in 0.01 °C. `latitude` in degrees. `in_the_open` is whether it
    /// is carried through open doors.
    pub fn minute(&mut self, at: DateTime<Utc>, latitude: f64, in_the_open: bool) -> i16 {
        let outside = outside(at, latitude);
        let (target, minutes) = match self.failure {
            Some((until, target)) if at < until => (target, BY_FAILURE),
            _ if self.coolant > 0.0 => (COOLANT, BY_COOLANT),
            _ => (outside, BY_WALLS),
        };
        self.coolant -= (outside - self.inside).max(0.0);
        self.inside += (target - self.inside) / minutes;
        if self.random.below(DOOR_EVERY) == 0 {
            self.door_open_until = at + Duration::minutes(DOOR_OPEN);
        }
        if in_the_open || at < self.door_open_until {
            self.inside += (outside - self.inside) / BY_DOOR;
        }
        let measured = self.inside + self.random.normal() * 0.01;
        (measured * 100.0).round() as i16
    }

    /// Half percent of relative humidity, as the wire has it.
    pub fn humidity(&mut self) -> u8 {
        92 + self.random.below(6) as u8
    }

    /// From now on the cooling fails for some hours, towards so many °C.
    pub fn fails(&mut self, at: DateTime<Utc>, target: f64) {
        self.failure = Some((at + FAILURE, target));
    }
}

/// The air outside, in °C: warmer in the afternoon and towards the equator.
fn outside(at: DateTime<Utc>, latitude: f64) -> f64 {
    let hour = f64::from(at.num_seconds_from_midnight()) / 3600.0;
    let day = ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos() * 6.0;
    27.0 - (latitude.abs() - 25.0).max(0.0) * 0.45 + day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_000_000 / 60 * 60 + minutes * 60, 0).unwrap()
    }

    /// The temperature of each minute, with a failure after so many.
    fn run(failure: Option<(i64, f64)>, minutes: i64, seed: u64) -> Vec<i16> {
        let mut cold_box = ColdBox::packed(Random::new(seed, 1), at(0));
        let mut minute = |minute| {
            if let Some((_, target)) = failure.filter(|(from, _)| *from == minute) {
                cold_box.fails(at(minute), target);
            }
            cold_box.minute(at(minute), 48.0, false)
        };
        (0..minutes).map(&mut minute).collect()
    }

    #[test]
    fn a_fine_box_stays_within_two_to_eight_degrees_for_two_days_and_not_for_a_week() {
        for seed in 0..50 {
            let values = run(None, 7 * 1440, seed);
            let two_days = values.iter().take(2 * 1440);
            assert!(two_days.clone().all(|value| (200..=800).contains(value)), "seed {seed}");
            assert!(values.last().unwrap() > &900, "the coolant has melted: seed {seed}");
        }
    }

    #[test]
    fn a_failure_shows_within_half_an_hour_and_passes() {
        for (target, bad) in [(WARM, 900..1250), (COLD, -260..-80)] {
            let values = run(Some((100, target)), 900, 3);
            assert!((200..=800).contains(&values[99]));
            assert!(bad.contains(&values[135]), "{target}: {}", values[135]);
            assert!((200..=800).contains(&values[899]), "{target}: {}", values[899]);
        }
    }

    #[test]
    fn two_runs_are_alike_and_two_boxes_are_not() {
        assert_eq!(run(None, 500, 7), run(None, 500, 7));
        assert_ne!(run(None, 500, 7), run(None, 500, 8));
    }
}
