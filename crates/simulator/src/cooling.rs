//! A passive cold box: coolant that melts, walls that leak, doors that are opened.

use chrono::{DateTime, Duration, Timelike, Utc};

use crate::random::Random;

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Fine,
    /// From then on the box stands open in the warmth for some hours, and warms up to about 12 °C.
    TooWarm {
        from: DateTime<Utc>,
    },
    /// From then on the box freezes for some hours: packed with coolant that was too cold.
    Frozen {
        from: DateTime<Utc>,
    },
    /// From then on nothing is sent any more.
    Silent {
        from: DateTime<Utc>,
    },
}

/// How long a failure of the cooling lasts.
const FAILURE: Duration = Duration::hours(5);

/// Where coolant keeps the inside, and where the failures lead, in °C.
const COOLANT: f64 = 4.8;
const WARM: f64 = 12.0;
const COLD: f64 = -2.5;

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
    behaviour: Behaviour,
    /// °C.
    inside: f64,
    coolant: f64,
    door_open_until: DateTime<Utc>,
    random: Random,
}

impl ColdBox {
    pub fn packed(behaviour: Behaviour, mut random: Random, at: DateTime<Utc>) -> Self {
        let inside = COOLANT + random.normal() * 0.3;
        Self { behaviour, inside, coolant: COOLANT_DEGREE_MINUTES, door_open_until: at, random }
    }

    /// One minute passes; what a thermometer inside says then, in 0.01 °C. `latitude` in degrees.
    pub fn minute(&mut self, at: DateTime<Utc>, latitude: f64) -> i16 {
        let outside = outside(at, latitude);
        let (target, minutes) = match self.failure(at) {
            Some(target) => (target, BY_FAILURE),
            None if self.coolant > 0.0 => (COOLANT, BY_COOLANT),
            None => (outside, BY_WALLS),
        };
        self.coolant -= (outside - self.inside).max(0.0);
        self.inside += (target - self.inside) / minutes;
        if self.random.below(DOOR_EVERY) == 0 {
            self.door_open_until = at + Duration::minutes(DOOR_OPEN);
        }
        if at < self.door_open_until {
            self.inside += (outside - self.inside) / BY_DOOR;
        }
        let measured = self.inside + self.random.normal() * 0.01;
        (measured * 100.0).round() as i16
    }

    /// Half percent of relative humidity, as the wire has it.
    pub fn humidity(&mut self) -> u8 {
        92 + self.random.below(6) as u8
    }

    pub fn is_silent(&self, at: DateTime<Utc>) -> bool {
        matches!(self.behaviour, Behaviour::Silent { from } if at >= from)
    }

    fn failure(&self, at: DateTime<Utc>) -> Option<f64> {
        let (from, target) = match self.behaviour {
            Behaviour::TooWarm { from } => (from, WARM),
            Behaviour::Frozen { from } => (from, COLD),
            Behaviour::Fine | Behaviour::Silent { .. } => return None,
        };
        (at >= from && at < from + FAILURE).then_some(target)
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

    /// The temperature of each minute.
    fn run(behaviour: Behaviour, minutes: i64, seed: u64) -> Vec<i16> {
        let mut cold_box = ColdBox::packed(behaviour, Random::new(seed, 1), at(0));
        (0..minutes).map(|minute| cold_box.minute(at(minute), 48.0)).collect()
    }

    #[test]
    fn a_fine_box_stays_within_two_to_eight_degrees_for_two_days_and_not_for_a_week() {
        for seed in 0..50 {
            let values = run(Behaviour::Fine, 7 * 1440, seed);
            let two_days = values.iter().take(2 * 1440);
            assert!(two_days.clone().all(|value| (200..=800).contains(value)), "seed {seed}");
            assert!(values.last().unwrap() > &900, "the coolant has melted: seed {seed}");
        }
    }

    #[test]
    fn a_failure_shows_within_half_an_hour_and_passes() {
        for (behaviour, bad) in [
            (Behaviour::TooWarm { from: at(100) }, 900..1250),
            (Behaviour::Frozen { from: at(100) }, -260..-80),
        ] {
            let values = run(behaviour, 900, 3);
            assert!((200..=800).contains(&values[99]));
            assert!(bad.contains(&values[135]), "{behaviour:?}: {}", values[135]);
            assert!((200..=800).contains(&values[899]), "{behaviour:?}: {}", values[899]);
        }
    }

    #[test]
    fn two_runs_are_alike_and_two_boxes_are_not() {
        assert_eq!(run(Behaviour::Fine, 500, 7), run(Behaviour::Fine, 500, 7));
        assert_ne!(run(Behaviour::Fine, 500, 7), run(Behaviour::Fine, 500, 8));
    }

    #[test]
    fn a_silent_tracker_sends_up_to_its_last_minute() {
        let cold_box = ColdBox::packed(Behaviour::Silent { from: at(10) }, Random::new(1, 1), at(0));
        assert_eq!((cold_box.is_silent(at(9)), cold_box.is_silent(at(10))), (false, true));
    }
}
