//! A flat map in metres, true near one latitude: what fences and routes are measured on.

use geo::Coord;

use super::Point;

/// Metres of one degree of latitude, on the sphere that [`Point::distance_m`] uses.
const DEGREE_M: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0;

/// A map around `origin` whose east-west distances are true at the latitude of `true_at`. Straight lines on it are
/// straight in degrees, whatever that latitude is; so what lies within what does not depend on it.
#[derive(Clone, Copy)]
pub(crate) struct FlatMap {
    origin: Point,
    degree_east_m: f64,
}

impl FlatMap {
    pub(crate) fn new(origin: Point, true_at: Point) -> Self {
        Self { origin, degree_east_m: DEGREE_M * true_at.lat().to_radians().cos() }
    }

    /// Metres east and north of the origin, the short way round the globe.
    pub(crate) fn place(self, point: Point) -> Coord<f64> {
        Coord {
            x: self.origin.degrees_east(point) * self.degree_east_m,
            y: (point.lat() - self.origin.lat()) * DEGREE_M,
        }
    }
}
