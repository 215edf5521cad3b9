//! Paths: lines on the map, and where a position lies beside them.

use geo::{Distance, Euclidean, Line, LineLocatePoint};
use serde::{Deserialize, Serialize};

use crate::place::{FlatMap, Point};

pub const MOST_POINTS: usize = 2_000;

/// No corridor is wider, from its path to an edge.
pub const MOST_WIDTH_M: u32 = 100_000;

/// A line through points in the order in which it is driven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Point>", into = "Vec<Point>")]
pub struct Path(Vec<Point>);

/// Why something is no path, or no corridor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path has {0} points: write 2 to 2000, no two of them equal that follow each other")]
    Points(usize),
    #[error("the corridor's width is {0} m: write 50 to 100000, from the path to either edge")]
    Width(u32),
}

/// Where a point lies along a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnPath {
    /// Metres from the path.
    pub beside_m: f64,
    /// Metres from the path's beginning to where it comes nearest.
    pub along_m: f64,
}

impl TryFrom<Vec<Point>> for Path {
    type Error = PathError;

    fn try_from(points: Vec<Point>) -> Result<Self, PathError> {
        let stands_still = points.iter().zip(points.iter().skip(1)).any(|(one, next)| one == next);
        if (2..=MOST_POINTS).contains(&points.len()) && !stands_still {
            Ok(Self(points))
        } else {
            Err(PathError::Points(points.len()))
        }
    }
}

impl From<Path> for Vec<Point> {
    fn from(path: Path) -> Self {
        path.0
    }
}

impl Path {
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    fn legs(&self) -> impl Iterator<Item = (Point, Point)> {
        self.0.iter().copied().zip(self.0.iter().copied().skip(1))
    }

    pub fn length_m(&self) -> f64 {
        self.legs().map(|(from, to)| from.distance_m(to)).sum()
    }

    /// Where the path comes nearest to a point, for the first time where it does so twice.
    pub fn nearest(&self, point: Point) -> OnPath {
        let mut nearest = OnPath { beside_m: f64::INFINITY, along_m: 0.0 };
        let mut before_m = 0.0;
        for (from, to) in self.legs() {
            let length_m = from.distance_m(to);
            // A map of its own for each leg, true at the point: what is near the point is measured truly.
            let map = FlatMap::new(from, point);
            let (line, place) = (Line::new(map.place(from), map.place(to)), map.place(point).into());
            let beside_m = Euclidean.distance(&place, &line);
            if beside_m < nearest.beside_m {
                let part = line.line_locate_point(&place).unwrap_or(0.0);
                nearest = OnPath { beside_m, along_m: before_m + part * length_m };
            }
            before_m += length_m;
        }
        nearest
    }
}
