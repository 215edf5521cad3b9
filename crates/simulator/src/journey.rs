//! Where a box is and how warm it is inside, at any time.

use std::f64::consts::TAU;

use chrono::{DateTime, Duration, Utc};
use geo::{Haversine, InterpolatePoint, Point};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct City {
    pub name: &'static str,
    /// Degrees, WGS 84.
    pub lat: f64,
    pub lon: f64,
}

impl City {
    fn point(self) -> Point {
        Point::new(self.lon, self.lat)
    }
}

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Fine,
    /// From then on the box warms up to about 12 °C for some hours.
    TooWarm {
        from: DateTime<Utc>,
    },
    /// From then on the box freezes for some hours.
    Frozen {
        from: DateTime<Utc>,
    },
    /// From then on nothing is sent any more.
    Silent {
        from: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, Copy)]
pub struct Journey {
    pub from: City,
    pub to: City,
    pub departs_at: DateTime<Utc>,
    pub takes: Duration,
    pub behaviour: Behaviour,
}

/// How long a failure of the cooling lasts, and how long the box takes to follow it and to recover.
const FAILURE: Duration = Duration::hours(5);
const DRIFT: Duration = Duration::minutes(40);

impl Journey {
    /// Along the great circle; before departure and after arrival, in the city. Latitude, longitude.
    pub fn position(&self, at: DateTime<Utc>) -> (f64, f64) {
        let done = ratio(at - self.departs_at, self.takes).clamp(0.0, 1.0);
        let point = Haversine.point_at_ratio_between(self.from.point(), self.to.point(), done);
        (point.y(), point.x())
    }

    /// What the tracker with that number measures, in 0.01 °C.
    pub fn temperature(&self, number: u64, at: DateTime<Utc>) -> i16 {
        let minutes = at.timestamp() / 60;
        let phase = spread(number) * TAU;
        let compressor = (minutes as f64 / 180.0 * TAU + phase).sin() * 0.7;
        let noise = (spread(number ^ minutes.cast_unsigned().rotate_left(17)) - 0.5) * 0.3;
        let cooled = 4.8 + spread(number.rotate_left(9)) - 0.5 + compressor + noise;
        let celsius = match self.behaviour {
            Behaviour::TooWarm { from } => cooled + (12.0 - cooled) * failure(from, at),
            Behaviour::Frozen { from } => cooled + (-2.5 - cooled) * failure(from, at),
            Behaviour::Fine | Behaviour::Silent { .. } => cooled,
        };
        (celsius * 100.0).round() as i16
    }

    /// In half percent, as the frame carries it.
    pub fn humidity(&self, number: u64, at: DateTime<Utc>) -> u8 {
        let swing = (at.timestamp() as f64 / 7200.0 + spread(number) * TAU).sin();
        (96.0 + swing * 12.0).round() as u8
    }

    pub fn is_silent(&self, at: DateTime<Utc>) -> bool {
        matches!(self.behaviour, Behaviour::Silent { from } if at >= from)
    }
}

/// How far the box has followed the failed cooling: 0 not at all, 1 fully.
fn failure(from: DateTime<Utc>, at: DateTime<Utc>) -> f64 {
    let falling = ratio(at - from, DRIFT).clamp(0.0, 1.0);
    let recovering = ratio(at - from - FAILURE, DRIFT).clamp(0.0, 1.0);
    falling - recovering
}

fn ratio(part: Duration, whole: Duration) -> f64 {
    part.num_seconds() as f64 / whole.num_seconds().max(1) as f64
}

/// A number spread evenly over [0, 1), the same for the same input (the finaliser of SplitMix64).
fn spread(input: u64) -> f64 {
    let mut z = input.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASEL: City = City { name: "Basel", lat: 47.56, lon: 7.59 };
    const VIENNA: City = City { name: "Vienna", lat: 48.21, lon: 16.37 };

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap()
    }

    fn journey(behaviour: Behaviour) -> Journey {
        Journey { from: BASEL, to: VIENNA, departs_at: at(0), takes: Duration::hours(10), behaviour }
    }

    #[test]
    fn a_box_leaves_one_city_and_arrives_in_the_other() {
        let journey = journey(Behaviour::Fine);
        let close = |(lat, lon): (f64, f64), city: City| {
            (lat - city.lat).abs() < 1e-6 && (lon - city.lon).abs() < 1e-6
        };
        assert!(close(journey.position(at(-60)), BASEL));
        assert!(close(journey.position(at(2000)), VIENNA));
        let (_, halfway) = journey.position(at(300));
        assert!((11.5..12.5).contains(&halfway), "{halfway}");
    }

    #[test]
    fn a_fine_box_never_leaves_two_to_eight_degrees() {
        let journey = journey(Behaviour::Fine);
        for number in 0..200 {
            for minutes in (0..3000).step_by(7) {
                let value = journey.temperature(number, at(minutes));
                assert!((250..=750).contains(&value), "tracker {number} at {minutes}: {value}");
            }
        }
    }

    #[test]
    fn a_failure_shows_within_its_drift_and_passes() {
        for (behaviour, bad) in [
            (Behaviour::TooWarm { from: at(100) }, 1100..1300),
            (Behaviour::Frozen { from: at(100) }, -350..-150),
        ] {
            let journey = journey(behaviour);
            assert!((250..=750).contains(&journey.temperature(3, at(100))));
            assert!(bad.contains(&journey.temperature(3, at(200))));
            assert!((250..=750).contains(&journey.temperature(3, at(500))));
        }
    }

    #[test]
    fn a_silent_tracker_sends_up_to_its_last_minute() {
        let journey = journey(Behaviour::Silent { from: at(10) });
        assert!(!journey.is_silent(at(9)));
        assert!(journey.is_silent(at(10)));
    }
}
