//! Points and distances.

use domain::place::{Point, PointError};

fn point(lat: f64, lon: f64) -> Point {
    Point::from_degrees(lat, lon).unwrap()
}

#[test]
fn points_end_at_the_poles_and_at_the_antimeridian_and_nothing_else_is_one() {
    for (lat, lon) in [(90.0, 0.0), (-90.0, 0.0), (1.0, 180.0), (1.0, -180.0), (0.0, 1e-7), (1e-7, 0.0)] {
        assert!(Point::from_degrees(lat, lon).is_ok(), "{lat} {lon}");
    }
    assert_eq!(Point::from_degrees(90.000_000_1, 0.0), Err(PointError::Latitude(90.000_000_1)));
    assert_eq!(Point::from_degrees(0.0, -180.000_000_1), Err(PointError::Longitude(-180.000_000_1)));
    for (lat, lon) in [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::INFINITY, 0.0), (0.0, f64::NEG_INFINITY)] {
        assert!(Point::from_degrees(lat, lon).is_err(), "{lat} {lon}");
    }
}

#[test]
fn zero_zero_is_where_senders_are_who_do_not_know() {
    for (lat, lon) in [(0.0, 0.0), (-0.0, 0.0), (4e-8, -4e-8)] {
        assert_eq!(Point::from_degrees(lat, lon), Err(PointError::Unset), "{lat} {lon}");
    }
    assert_eq!(Point::from_e7(0, 0), Err(PointError::Unset));
}

#[test]
fn a_point_is_the_same_after_it_was_stored_and_after_it_was_written() {
    for (lat, lon) in [(52.520_006_6, 13.404_954), (-33.868_819_7, 151.209_295_5), (89.999_999_9, -180.0)] {
        let point = point(lat, lon);
        assert_eq!(Point::from_e7(point.lat_e7(), point.lon_e7()), Ok(point));
        let text = serde_json::to_string(&point).unwrap();
        assert_eq!(serde_json::from_str::<Point>(&text).unwrap(), point, "{text}");
    }
    let refused = serde_json::from_str::<Point>(r#"{"lat":91,"lon":0}"#).unwrap_err().to_string();
    assert!(refused.contains("latitude 91"), "{refused}");
}

#[test]
fn distances_agree_with_known_ones_and_go_the_short_way_round() {
    for (from, to, km) in [
        // Great circles on the mean sphere, computed by the law of cosines.
        ((52.52, 13.405), (48.137, 11.575), 504.4),
        ((40.641_3, -73.778_1), (51.47, -0.454_3), 5_540.0),
        ((0.0, 179.9), (0.0, -179.9), 22.24),
        ((90.0, 0.0), (-90.0, 0.0), 20_015.1),
    ] {
        let (one, other) = (point(from.0, from.1), point(to.0, to.1));
        let found = one.distance_m(other) / 1000.0;
        assert!((found - km).abs() < km * 2e-3, "{from:?} {to:?}: {found} km instead of {km}");
        assert!((one.distance_m(other) - other.distance_m(one)).abs() < 1e-6);
    }
    assert_eq!(point(1.0, 1.0).distance_m(point(1.0, 1.0)), 0.0);
}
