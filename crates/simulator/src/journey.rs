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

/// Before it departs and after it arrived, a box is carried through doors that stand open for so long.
const HANDOVER: Duration = Duration::minutes(10);

/// From one city to another.
#[derive(Debug, Clone, Copy)]
pub struct Leg {
    pub from: City,
    pub to: City,
    pub departs_at: DateTime<Utc>,
    pub takes: Duration,
}

impl Leg {
    pub fn arrives_at(&self) -> DateTime<Utc> {
        self.departs_at + self.takes
    }

    /// Along the great circle; before departure and after arrival, in the city.
    fn position(&self, at: DateTime<Utc>) -> Point {
        let part = (at - self.departs_at).num_seconds() as f64 / self.takes.num_seconds().max(1) as f64;
        self.point(part.clamp(0.0, 1.0))
    }

    /// So much of the way done, 0 to 1.
    pub(crate) fn point(&self, part: f64) -> Point {
        Haversine.point_at_ratio_between(self.from.point(), self.to.point(), part)
    }
}

/// A journey: leg after leg, and a stay where one ends until the next departs.
#[derive(Debug, Clone)]
pub struct Journey {
    first: Leg,
    /// In order.
    further: Vec<Leg>,
}

impl From<Leg> for Journey {
    fn from(first: Leg) -> Self {
        Self { first, further: Vec::new() }
    }
}

impl Journey {
    /// Goes on from where it has ended.
    pub fn then(mut self, to: City, departs_at: DateTime<Utc>, takes: Duration) -> Self {
        self.further.push(Leg { from: self.last().to, to, departs_at, takes });
        self
    }

    fn last(&self) -> &Leg {
        self.further.last().unwrap_or(&self.first)
    }

    pub fn arrives_at(&self) -> DateTime<Utc> {
        self.last().arrives_at()
    }

    pub fn legs(&self) -> impl DoubleEndedIterator<Item = &Leg> {
        std::iter::once(&self.first).chain(&self.further)
    }

    pub fn position(&self, at: DateTime<Utc>) -> Point {
        self.legs().rev().find(|leg| leg.departs_at <= at).unwrap_or(&self.first).position(at)
    }

    /// Whether somebody carries the box out or in.
    pub(crate) fn is_handed_over(&self, at: DateTime<Utc>) -> bool {
        self.legs().any(|leg| {
            let out = leg.departs_at - HANDOVER..leg.departs_at;
            let into = leg.arrives_at()..leg.arrives_at() + HANDOVER;
            out.contains(&at) || into.contains(&at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_stays_in_each_city_between_its_legs_and_is_carried_through_doors() {
        let at = |minutes: i64| DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap();
        let from = City { name: "Basel", lat: 47.56, lon: 7.59 };
        let to = City { name: "Vienna", lat: 48.21, lon: 16.37 };
        let hub = City { name: "Linz", lat: 48.31, lon: 14.29 };
        let first = Leg { from, to: hub, departs_at: at(0), takes: Duration::hours(8) };
        let journey = Journey::from(first).then(to, at(600), Duration::hours(3));
        let close = |point: Point, city: City| {
            (point.y() - city.lat).abs() < 1e-6 && (point.x() - city.lon).abs() < 1e-6
        };
        for (minutes, city) in [(-60, from), (0, from), (480, hub), (599, hub), (780, to), (2000, to)] {
            assert!(close(journey.position(at(minutes)), city), "{minutes} {}", city.name);
        }
        let halfway = journey.position(at(240)).x();
        assert!((10.5..11.5).contains(&halfway), "{halfway}");
        let open: Vec<i64> = (-20..800).filter(|minute| journey.is_handed_over(at(*minute))).collect();
        let doors = [-10..0, 480..490, 590..600, 780..790];
        assert_eq!(open, doors.into_iter().flatten().collect::<Vec<_>>());
    }
}
