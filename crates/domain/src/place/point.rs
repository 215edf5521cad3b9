//! Points on the earth, kept as integers, so that the same point is the same value everywhere.

use std::fmt;

use crate::written_as::written_as;
use geo::{Distance, Haversine};
use serde::{Deserialize, Serialize};

/// A point on the WGS 84 globe in steps of 1e-7 degrees, which is about a centimetre.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Degrees", into = "Degrees")]
pub struct Point {
    lat_e7: i32,
    lon_e7: i32,
}

/// Numbers that are no point.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PointError {
    #[error("latitude {0} is none: write −90 to 90 degrees, north positive")]
    Latitude(f64),
    #[error("longitude {0} is none: write −180 to 180 degrees, east positive")]
    Longitude(f64),
    #[error("latitude 0 and longitude 0 together are what senders write who do not know: write where it is")]
    Unset,
}

/// Degrees, WGS 84.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Point))]
#[serde(deny_unknown_fields)]
struct Degrees {
    lat: f64,
    lon: f64,
}

written_as!(Point, Degrees);

impl TryFrom<Degrees> for Point {
    type Error = PointError;

    fn try_from(degrees: Degrees) -> Result<Self, PointError> {
        Self::from_degrees(degrees.lat, degrees.lon)
    }
}

impl From<Point> for Degrees {
    fn from(point: Point) -> Self {
        Self { lat: point.lat(), lon: point.lon() }
    }
}

const STEPS: f64 = 1e7;

/// Half of the way round, in steps.
const HALF_TURN_E7: i64 = 1_800_000_000;

impl Point {
    /// From degrees, north and east positive; rounded to the nearest step.
    pub fn from_degrees(lat: f64, lon: f64) -> Result<Self, PointError> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(PointError::Latitude(lat));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(PointError::Longitude(lon));
        }
        // Within the bounds above both fit.
        let point = Self { lat_e7: (lat * STEPS).round() as i32, lon_e7: (lon * STEPS).round() as i32 };
        if (point.lat_e7, point.lon_e7) == (0, 0) { Err(PointError::Unset) } else { Ok(point) }
    }

    /// From steps as they are stored.
    pub fn from_e7(lat_e7: i32, lon_e7: i32) -> Result<Self, PointError> {
        Self::from_degrees(f64::from(lat_e7) / STEPS, f64::from(lon_e7) / STEPS)
    }

    pub fn lat_e7(self) -> i32 {
        self.lat_e7
    }

    pub fn lon_e7(self) -> i32 {
        self.lon_e7
    }

    /// Degrees, −90 to 90.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / STEPS
    }

    /// Degrees, −180 to 180.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / STEPS
    }

    /// Metres along the great circle, on a sphere of the earth's mean radius: within 0.6 % of the true distance.
    pub fn distance_m(self, other: Self) -> f64 {
        Haversine.distance(geo::Point::new(self.lon(), self.lat()), geo::Point::new(other.lon(), other.lat()))
    }

    /// How much further east `other` lies, in degrees: the short way round, so −180 to 180.
    pub(super) fn degrees_east(self, other: Self) -> f64 {
        let steps = i64::from(other.lon_e7) - i64::from(self.lon_e7);
        let short = (steps + HALF_TURN_E7).rem_euclid(2 * HALF_TURN_E7) - HALF_TURN_E7;
        short as f64 / STEPS
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.lat(), self.lon())
    }
}
