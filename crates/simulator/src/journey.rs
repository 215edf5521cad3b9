//! Where a box is, at any time.

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
    pub(crate) fn point(self) -> Point {
        Point::new(self.lon, self.lat)
    }
}

/// From one city to another. The box waits before it departs and after it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Journey {
    pub from: City,
    pub to: City,
    pub departs_at: DateTime<Utc>,
    pub takes: Duration,
}

impl Journey {
    /// Along the great circle; before departure and after arrival, in the city.
    pub fn position(&self, at: DateTime<Utc>) -> Point {
        let part = (at - self.departs_at).num_seconds() as f64 / self.takes.num_seconds().max(1) as f64;
        self.point(part.clamp(0.0, 1.0))
    }

    /// So much of the way done, 0 to 1.
    pub(crate) fn point(&self, part: f64) -> Point {
        Haversine.point_at_ratio_between(self.from.point(), self.to.point(), part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_leaves_one_city_and_arrives_in_the_other() {
        let at = |minutes: i64| DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap();
        let from = City { name: "Basel", lat: 47.56, lon: 7.59 };
        let to = City { name: "Vienna", lat: 48.21, lon: 16.37 };
        let journey = Journey { from, to, departs_at: at(0), takes: Duration::hours(10) };
        let close = |point: Point, city: City| {
            (point.y() - city.lat).abs() < 1e-6 && (point.x() - city.lon).abs() < 1e-6
        };
        assert!(close(journey.position(at(-60)), from));
        assert!(close(journey.position(at(2000)), to));
        let halfway = journey.position(at(300)).x();
        assert!((11.5..12.5).contains(&halfway), "{halfway}");
    }
}
