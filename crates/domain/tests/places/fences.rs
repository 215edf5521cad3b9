//! Fences: what is one, and how far from its edge a point lies.

use domain::place::{Fence, FenceError, MOST_CORNERS, MOST_RADIUS_M, Point};

use crate::map::{fence, point};

fn square(half_m: f64) -> Fence {
    let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    Fence::polygon(corners.map(|(x, y)| point(x * half_m, y * half_m)).to_vec()).unwrap()
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 0.5 + expected.abs() * 1e-3
}

#[test]
fn a_circle_has_a_radius_of_one_metre_to_a_hundred_kilometres() {
    for (radius_m, is_fence) in [(0, false), (1, true), (MOST_RADIUS_M, true), (MOST_RADIUS_M + 1, false)] {
        assert_eq!(Fence::circle(point(0.0, 0.0), radius_m).is_ok(), is_fence, "{radius_m}");
    }
}

#[test]
fn a_polygon_has_three_to_a_hundred_corners_and_does_not_cross_itself() {
    let ring = |count: usize| -> Vec<Point> {
        let angle = |corner: usize| corner as f64 / count as f64 * std::f64::consts::TAU;
        (0..count).map(|corner| point(1e3 * angle(corner).cos(), 1e3 * angle(corner).sin())).collect()
    };
    for (count, is_fence) in
        [(0, false), (2, false), (3, true), (MOST_CORNERS, true), (MOST_CORNERS + 1, false)]
    {
        assert_eq!(Fence::polygon(ring(count)).is_ok(), is_fence, "{count}");
    }
    let bow = [(0.0, 0.0), (100.0, 100.0), (100.0, 0.0), (0.0, 100.0)].map(|(x, y)| point(x, y)).to_vec();
    let line = [(0.0, 0.0), (100.0, 0.0), (200.0, 0.0)].map(|(x, y)| point(x, y)).to_vec();
    let twice = [(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 0.0)].map(|(x, y)| point(x, y)).to_vec();
    for corners in [bow, line, twice] {
        assert!(matches!(Fence::polygon(corners.clone()), Err(FenceError::NotSimple(_))), "{corners:?}");
    }
    let reversed: Vec<Point> = ring(5).into_iter().rev().collect();
    assert!(Fence::polygon(reversed).is_ok(), "either way round");
    let far = [(0.0, 0.0), (100_500.0, 0.0), (0.0, 1000.0)].map(|(x, y)| point(x, y)).to_vec();
    assert_eq!(Fence::polygon(far), Err(FenceError::TooLarge));
    let pole =
        [(85.1, 0.0), (84.9, 1.0), (84.9, 0.0)].map(|(lat, lon)| Point::from_degrees(lat, lon).unwrap());
    assert_eq!(Fence::polygon(pole.to_vec()), Err(FenceError::Polar));
}

#[test]
fn metres_from_the_edge_are_negative_inside_and_true_on_every_side() {
    let shapes = [("circle", fence(500)), ("square", square(500.0))];
    for (shape, fence) in &shapes {
        for (east_m, north_m, edge_m) in [
            (0.0, 0.0, -500.0),
            (499.0, 0.0, -1.0),
            (501.0, 0.0, 1.0),
            (0.0, -501.0, 1.0),
            (-700.0, 0.0, 200.0),
            (0.0, 20_000.0, 19_500.0),
        ] {
            let found = fence.edge_m(point(east_m, north_m));
            assert!(near(found, edge_m), "{shape} {east_m} {north_m}: {found} instead of {edge_m}");
        }
        assert!(near(fence.room_m(), 500.0), "{shape} {}", fence.room_m());
    }
}

#[test]
fn a_fence_lies_across_the_antimeridian_as_anywhere_else() {
    let degrees = |lat: f64, lon: f64| Point::from_degrees(lat, lon).unwrap();
    let corners = [(-17.1, 179.9), (-17.1, -179.9), (-16.9, -179.9), (-16.9, 179.9)];
    let polygon = Fence::polygon(corners.map(|(lat, lon)| degrees(lat, lon)).to_vec()).unwrap();
    let circle = Fence::circle(degrees(-17.0, 180.0), 10_000).unwrap();
    for (lon, is_inside) in [(179.95, true), (-179.95, true), (180.0, true), (179.8, false), (-179.8, false)]
    {
        for fence in [&polygon, &circle] {
            assert_eq!(fence.edge_m(degrees(-17.0, lon)) < 0.0, is_inside, "{lon} {fence:?}");
        }
    }
    assert!(polygon.edge_m(degrees(-17.0, 0.0)) > 1e6, "on the other side of the earth");
}

#[test]
fn a_notch_of_a_polygon_is_outside() {
    let corners = [(0.0, 0.0), (300.0, 0.0), (300.0, 300.0), (150.0, 100.0), (0.0, 300.0)];
    let notched = Fence::polygon(corners.map(|(x, y)| point(x, y)).to_vec()).unwrap();
    assert!(notched.edge_m(point(150.0, 90.0)) < 0.0);
    assert!(notched.edge_m(point(150.0, 110.0)) > 0.0);
}

#[test]
fn a_fence_reads_back_as_written_and_a_wrong_one_is_refused_in_json_too() {
    for fence in [fence(500), square(200.0)] {
        let text = serde_json::to_string(&fence).unwrap();
        assert_eq!(serde_json::from_str::<Fence>(&text).unwrap(), fence, "{text}");
    }
    let refused = serde_json::from_str::<Fence>(r#"{"circle":{"centre":{"lat":1,"lon":1},"radius_m":0}}"#);
    assert!(refused.unwrap_err().to_string().contains("radius is 0 m"));
}
