//! When a box will arrive.

use domain::place::{Margins, Position};
use domain::route::{Arrival, Corridor, NoArrival, Path, arrival};

use crate::map::{at, fix, point, set};

/// Sixty kilometres east, straight.
fn corridor() -> Corridor {
    Corridor::new(Path::try_from(vec![point(0.0, 0.0), point(60_000.0, 0.0)]).unwrap(), 500).unwrap()
}

fn asked(positions: &[Position], now_min: i64) -> Result<Arrival, NoArrival> {
    arrival(&set(positions), Margins::default(), at(now_min), &corridor(), at(0))
}

#[test]
fn an_arrival_follows_from_what_is_left_and_from_the_speed_so_far() {
    // 60 km/h.
    let found = asked(&[fix(0, 100.0, 10), fix(20, 20_100.0, 10), fix(30, 30_100.0, 10)], 31).unwrap();
    let minutes = |time: chrono::DateTime<chrono::Utc>| (time - at(0)).num_seconds() as f64 / 60.0;
    assert!((minutes(found.expected) - 60.0).abs() < 1.0, "{found:?}");
    assert!((minutes(found.earliest) - 51.0).abs() < 1.0 && (minutes(found.latest) - 69.0).abs() < 1.0);
    assert!((f64::from(found.remaining_m) - 29_900.0).abs() < 100.0);
}

#[test]
fn breaks_count_and_what_was_before_the_departure_does_not() {
    let with_break = [fix(0, 100.0, 10), fix(20, 20_100.0, 10), fix(60, 20_100.0, 10)];
    let found = asked(&with_break, 60).unwrap();
    assert!(((found.expected - at(60)).num_minutes() - 120).abs() <= 1, "20 km an hour: {found:?}");
    let waited = [fix(-600, 100.0, 10), fix(0, 100.0, 10), fix(30, 30_100.0, 10)];
    assert_eq!(asked(&waited, 31), asked(&waited[1..], 31));
}

#[test]
fn an_arrival_never_comes_from_nothing() {
    for (scenario, positions, now_min, expected) in [
        ("no position", vec![], 30, NoArrival::NotMonitored),
        ("only later ones", vec![fix(40, 100.0, 10)], 30, NoArrival::NotMonitored),
        ("too old", vec![fix(0, 100.0, 10), fix(30, 30_000.0, 10)], 151, NoArrival::Lost),
        ("one", vec![fix(0, 100.0, 10)], 30, NoArrival::TooEarly),
        ("14 minutes", vec![fix(0, 100.0, 10), fix(14, 9_000.0, 10)], 14, NoArrival::TooEarly),
        ("it stands", vec![fix(0, 100.0, 10), fix(60, 2_000.0, 10)], 60, NoArrival::NotMoving),
        ("it creeps", vec![fix(0, 100.0, 10), fix(100, 5_000.0, 10)], 100, NoArrival::NotMoving),
        ("it goes back", vec![fix(0, 30_000.0, 10), fix(30, 1_000.0, 10)], 30, NoArrival::NotMoving),
        ("a gateway", vec![fix(0, 100.0, 30_000), fix(30, 30_000.0, 30_000)], 30, NoArrival::OffRoute),
        (
            "only a gateway for long",
            vec![fix(0, 100.0, 10), fix(20, 20_000.0, 10), fix(150, 30_000.0, 30_000)],
            150,
            NoArrival::OffRoute,
        ),
    ] {
        assert_eq!(asked(&positions, now_min), Err(expected), "{scenario}");
    }
    assert!(asked(&[fix(0, 100.0, 10), fix(15, 9_000.0, 10)], 15).is_ok(), "15 minutes");
}

#[test]
fn at_the_end_of_the_path_it_is_there() {
    let found = asked(&[fix(0, 100.0, 10), fix(60, 60_000.0, 10)], 61).unwrap();
    assert_eq!((found.expected, found.remaining_m), (at(60), 0));
    assert!(found.latest >= at(65), "no arrival is certain to the minute");
}
