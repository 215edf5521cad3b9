//! Fences: the edge of a place on the map.

use geo::{Area, Contains, Coord, Distance, Euclidean, LineString, Validation};
use serde::{Deserialize, Serialize};

use super::flat::FlatMap;
use super::position::Said;
use super::{Point, Position};
use crate::written_as::written_as;

/// A circle is at most so large, and no corner of a polygon lies further from its first one.
pub const MOST_RADIUS_M: u32 = 100_000;

pub const MOST_CORNERS: usize = 100;

/// A degree of latitude is longer than this wherever it lies, in metres.
const LEAST_DEGREE_M: f64 = 110_000.0;

/// The poles have no fences: a degree of longitude is nothing there.
const MOST_LATITUDE: f64 = 85.0;

/// A fence that may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FenceText", into = "FenceText")]
pub struct Fence(FenceText);

/// A fence as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Fence))]
#[serde(rename_all = "snake_case")]
pub enum FenceText {
    Circle(Circle),
    Polygon(Polygon),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Circle {
    pub centre: Point,
    /// 1 to 100 000 m.
    pub radius_m: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Polygon {
    /// In order, either way round, the first one once; edges are straight on a map in degrees.
    pub corners: Vec<Point>,
}

written_as!(Fence, FenceText);

/// Why something is no fence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FenceError {
    #[error("the fence's radius is {0} m: write 1 to 100000")]
    Radius(u32),
    #[error("the fence has {0} corners: write 3 to 100, the first one only once")]
    Corners(usize),
    #[error("the fence crosses or touches itself, or has no area ({0}): write its corners in order")]
    NotSimple(String),
    #[error("a corner of the fence lies more than 100 km from the first one: make it a smaller place")]
    TooLarge,
    #[error("the fence lies beyond 85 degrees of latitude, where fences are not measured")]
    Polar,
}

impl TryFrom<FenceText> for Fence {
    type Error = FenceError;

    fn try_from(text: FenceText) -> Result<Self, FenceError> {
        let fence = Self(text);
        fence.check()?;
        Ok(fence)
    }
}

impl From<Fence> for FenceText {
    fn from(fence: Fence) -> Self {
        fence.0
    }
}

impl Fence {
    pub fn circle(centre: Point, radius_m: u32) -> Result<Self, FenceError> {
        FenceText::Circle(Circle { centre, radius_m }).try_into()
    }

    pub fn polygon(corners: Vec<Point>) -> Result<Self, FenceError> {
        FenceText::Polygon(Polygon { corners }).try_into()
    }

    pub fn as_text(&self) -> &FenceText {
        &self.0
    }

    fn check(&self) -> Result<(), FenceError> {
        let corners = self.corners();
        if corners.iter().any(|corner| corner.lat().abs() > MOST_LATITUDE) {
            return Err(FenceError::Polar);
        }
        match &self.0 {
            FenceText::Circle(Circle { radius_m, .. }) if (1..=MOST_RADIUS_M).contains(radius_m) => Ok(()),
            FenceText::Circle(Circle { radius_m, .. }) => Err(FenceError::Radius(*radius_m)),
            FenceText::Polygon(Polygon { corners }) => check_corners(corners),
        }
    }

    fn corners(&self) -> &[Point] {
        match &self.0 {
            FenceText::Circle(Circle { centre, .. }) => std::slice::from_ref(centre),
            FenceText::Polygon(Polygon { corners }) => corners,
        }
    }

    /// A point to show it at: a circle's centre, a polygon's first corner.
    pub fn anchor(&self) -> Option<Point> {
        self.corners().first().copied()
    }

    /// How far outside its edge a point lies, in metres; negative: so far inside.
    pub fn edge_m(&self, point: Point) -> f64 {
        match &self.0 {
            FenceText::Circle(Circle { centre, radius_m }) => centre.distance_m(point) - f64::from(*radius_m),
            FenceText::Polygon(Polygon { corners }) => polygon_edge_m(corners, point),
        }
    }

    /// Whether its latitude alone shows that a point lies further than `metres` outside: cheap, for most places are far away.
    pub fn is_far(&self, point: Point, metres: f64) -> bool {
        let reach_m = match &self.0 {
            FenceText::Circle(Circle { radius_m, .. }) => f64::from(*radius_m),
            FenceText::Polygon(Polygon { .. }) => f64::from(MOST_RADIUS_M),
        };
        self.anchor()
            .is_some_and(|anchor| (anchor.lat() - point.lat()).abs() * LEAST_DEGREE_M > reach_m + metres)
    }

    /// The largest accuracy, in metres, with which a position can be surely inside.
    pub fn room_m(&self) -> f64 {
        match &self.0 {
            FenceText::Circle(Circle { radius_m, .. }) => f64::from(*radius_m),
            FenceText::Polygon(Polygon { corners }) => half_breadth_m(corners),
        }
    }

    pub(crate) fn say(&self, position: &Position, margin_m: u32) -> Said {
        Said::of(self.edge_m(position.point), position.accuracy_m, margin_m, self.room_m())
    }
}

fn check_corners(corners: &[Point]) -> Result<(), FenceError> {
    let (Some(first), 3..=MOST_CORNERS) = (corners.first(), corners.len()) else {
        return Err(FenceError::Corners(corners.len()));
    };
    if corners.iter().any(|corner| corner.distance_m(*first) > f64::from(MOST_RADIUS_M)) {
        return Err(FenceError::TooLarge);
    }
    let mut distinct = corners.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let polygon = drawn(corners, *first);
    if distinct.len() < corners.len() {
        return Err(FenceError::NotSimple("a corner stands twice".to_owned()));
    }
    polygon.check_validation().map_err(|error| FenceError::NotSimple(error.to_string()))?;
    if polygon.unsigned_area() < 1.0 {
        return Err(FenceError::NotSimple("less than a square metre".to_owned()));
    }
    Ok(())
}

/// On a flat map around the first corner, in metres that are true at that latitude.
fn drawn(corners: &[Point], true_at: Point) -> geo::Polygon<f64> {
    let map = corners.first().map(|first| FlatMap::new(*first, true_at));
    let ring: Vec<Coord<f64>> =
        map.map_or_else(Vec::new, |map| corners.iter().map(|corner| map.place(*corner)).collect());
    geo::Polygon::new(LineString::new(ring), Vec::new())
}

fn polygon_edge_m(corners: &[Point], point: Point) -> f64 {
    let Some(first) = corners.first() else { return f64::INFINITY };
    let polygon = drawn(corners, point);
    let point = geo::Point::from(FlatMap::new(*first, point).place(point));
    let distance = Euclidean.distance(&point, polygon.exterior());
    if polygon.contains(&point) { -distance } else { distance }
}

/// Half of the shorter side of the box around it: no circle within it is larger.
fn half_breadth_m(corners: &[Point]) -> f64 {
    let Some(first) = corners.first() else { return 0.0 };
    let map = FlatMap::new(*first, *first);
    let breadth = |side: fn(Coord<f64>) -> f64| {
        let (least, most) = corners.iter().fold((0.0_f64, 0.0_f64), |(least, most), corner| {
            let at = side(map.place(*corner));
            (least.min(at), most.max(at))
        });
        most - least
    };
    breadth(|at| at.x).min(breadth(|at| at.y)) / 2.0
}
