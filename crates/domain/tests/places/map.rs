//! A little map to test on: a warehouse, and positions so many metres away from it.

use chrono::{DateTime, Utc};
use domain::place::{Fence, Point, Position, PositionSource, Positions};

pub const WAREHOUSE: (f64, f64) = (52.5, 13.4);
const DEGREE_M: f64 = 111_195.08;

pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000 + minute * 60, 0).unwrap()
}

/// So far east and north of the warehouse.
pub fn point(east_m: f64, north_m: f64) -> Point {
    let (lat, lon) = WAREHOUSE;
    let east = east_m / (DEGREE_M * lat.to_radians().cos());
    Point::from_degrees(lat + north_m / DEGREE_M, lon + east).unwrap()
}

/// Its fence, a circle.
pub fn fence(radius_m: u32) -> Fence {
    Fence::circle(point(0.0, 0.0), radius_m).unwrap()
}

pub fn fix(minute: i64, east_m: f64, accuracy_m: u32) -> Position {
    let source = PositionSource::Tracker;
    Position { at: at(minute), accuracy_m, point: point(east_m, 0.0), source }
}

pub fn set(positions: &[Position]) -> Positions {
    positions.iter().copied().collect()
}
