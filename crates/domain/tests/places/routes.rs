//! Off the route, and standing where nobody expects it.

use chrono::{DateTime, Utc};
use domain::Duration;
use domain::place::{Margins, Point, Position};
use domain::route::{
    Corridor, Dwell, MOST_WIDTH_M, Monitoring, Path, PathError, Standing, dwells, off_route,
};

use crate::map::{at, fence, fix, point, set};

/// Twenty kilometres east from the warehouse.
fn road() -> Path {
    Path::try_from(vec![point(0.0, 0.0), point(10_000.0, 0.0), point(20_000.0, 0.0)]).unwrap()
}

fn beside(minute: i64, east_m: f64, north_m: f64, accuracy_m: u32) -> Position {
    Position { point: point(east_m, north_m), ..fix(minute, 0.0, accuracy_m) }
}

fn minutes(time: DateTime<Utc>) -> i64 {
    (time - at(0)).num_minutes()
}

#[test]
fn a_path_has_two_to_two_thousand_points_and_a_corridor_a_width() {
    let points = |count: i32| (0..count).map(|place| point(f64::from(place), 0.0)).collect::<Vec<Point>>();
    for (count, is_path) in [(0, false), (1, false), (2, true), (2_000, true), (2_001, false)] {
        assert_eq!(Path::try_from(points(count)).is_ok(), is_path, "{count}");
    }
    let stands = vec![point(0.0, 0.0), point(0.0, 0.0)];
    assert_eq!(Path::try_from(stands), Err(PathError::Points(2)));
    for (width_m, is_corridor) in [(49, false), (50, true), (MOST_WIDTH_M, true), (MOST_WIDTH_M + 1, false)] {
        assert_eq!(Corridor::new(road(), width_m).is_ok(), is_corridor, "{width_m}");
    }
}

#[test]
fn the_nearest_place_of_a_path_is_found_on_its_legs_and_at_its_ends() {
    assert!((road().length_m() - 20_000.0).abs() < 20.0, "{}", road().length_m());
    for (east_m, north_m, beside_m, along_m) in [
        (5_000.0, 300.0, 300.0, 5_000.0),
        (15_000.0, -80.0, 80.0, 15_000.0),
        (-400.0, 300.0, 500.0, 0.0),
        (20_300.0, 400.0, 500.0, 20_000.0),
    ] {
        let found = road().nearest(point(east_m, north_m));
        assert!((found.beside_m - beside_m).abs() < 2.0, "{east_m} {north_m}: {found:?}");
        assert!((found.along_m - along_m).abs() < 20.0, "{east_m} {north_m}: {found:?}");
    }
}

#[test]
fn a_path_across_the_antimeridian_is_short() {
    let degrees = |lon: f64| Point::from_degrees(-17.0, lon).unwrap();
    let path = Path::try_from(vec![degrees(179.9), degrees(-179.9)]).unwrap();
    assert!((path.length_m() - 21_268.0).abs() < 50.0, "{}", path.length_m());
    let found = path.nearest(Point::from_degrees(-17.01, 180.0).unwrap());
    assert!((found.beside_m - 1_112.0).abs() < 5.0 && (found.along_m - 10_634.0).abs() < 30.0, "{found:?}");
}

#[test]
fn a_box_is_off_its_route_only_outside_by_more_than_accuracy_and_margin_and_back_when_surely_within() {
    let corridor = Corridor::new(road(), 500).unwrap();
    let off = |positions: &[Position]| -> Vec<(i64, Option<i64>)> {
        let now = positions.last().unwrap().at;
        let stays = off_route(&set(positions), Margins::default(), now, &corridor, &[]);
        stays.iter().map(|stay| (minutes(stay.from), stay.until().map(minutes))).collect()
    };
    for (north_m, accuracy_m, is_off) in
        [(400.0, 10, false), (598.0, 0, false), (602.0, 0, true), (648.0, 50, false), (652.0, 50, true)]
    {
        let found = off(&[beside(0, 1_000.0, 0.0, 10), beside(15, 5_000.0, north_m, accuracy_m)]);
        assert_eq!(!found.is_empty(), is_off, "{north_m} ± {accuracy_m}");
    }
    let detour = [
        beside(0, 1_000.0, 0.0, 10),
        beside(15, 3_000.0, 2_000.0, 10),
        beside(30, 5_000.0, 520.0, 10),
        beside(45, 7_000.0, 495.0, 10),
        beside(60, 9_000.0, 480.0, 10),
    ];
    assert_eq!(off(&detour), [(15, Some(60))]);
    assert_eq!(off(&[beside(0, 5_000.0, 9_000.0, 30_000)]), [], "a gateway within hearing is no detour");
}

#[test]
fn the_fences_at_its_ends_belong_to_a_route() {
    let corridor = Corridor::new(road(), 100).unwrap();
    let positions = set(&[beside(0, 0.0, 400.0, 10)]);
    let off = |fences: &[&domain::place::Fence]| {
        off_route(&positions, Margins::default(), at(0), &corridor, fences).len()
    };
    assert_eq!((off(&[]), off(&[&fence(500)])), (1, 0));
}

fn standing() -> Standing {
    Standing { radius_m: 250, at_least: Duration::from_seconds(45 * 60).unwrap() }
}

fn dwelt(positions: &[Position], now_min: i64) -> Vec<Dwell> {
    dwells(&set(positions), Margins::default(), standing(), at(now_min), &[&fence(500)])
}

#[test]
fn standing_for_exactly_so_long_is_a_dwell_and_a_minute_less_is_not() {
    let stand = |until| [fix(0, 5_000.0, 10), fix(20, 5_100.0, 10), fix(until, 4_900.0, 10)];
    assert_eq!(dwelt(&stand(44), 50), []);
    let found = dwelt(&stand(45), 50);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].from, found[0].last_at, found[0].lasts), (at(0), at(45), true));
    let moved_on = [&stand(45)[..], &[fix(60, 9_000.0, 10)]].concat();
    assert!(!dwelt(&moved_on, 60)[0].lasts);
    assert!(!dwelt(&stand(45), 45 + 121)[0].lasts, "after the longest gap nobody knows");
}

#[test]
fn slow_driving_a_known_place_and_a_gateway_are_no_dwell() {
    let creeping: Vec<_> = (0..10).map(|place| fix(place * 10, 5_000.0 + place as f64 * 260.0, 10)).collect();
    assert_eq!(dwelt(&creeping, 100), []);
    let at_home: Vec<_> = (0..10).map(|place| fix(place * 10, 505.0, 10)).collect();
    assert_eq!(dwelt(&at_home, 100), [], "it may be within the fence");
    let heard: Vec<_> = (0..10).map(|place| fix(place * 10, 50_000.0, 30_000)).collect();
    assert_eq!(dwelt(&heard, 100), [], "whoever is heard by one gateway may be driving");
}

#[test]
fn a_coarse_position_elsewhere_ends_a_dwell_and_one_nearby_does_not() {
    let stand = [fix(0, 50_000.0, 10), fix(50, 50_000.0, 10)];
    let with = |coarse: Position| [&stand[..], &[coarse]].concat();
    assert!(dwelt(&with(fix(60, 79_000.0, 30_000)), 60)[0].lasts);
    assert!(!dwelt(&with(fix(60, 81_000.0, 30_000)), 60)[0].lasts);
}

#[test]
fn without_a_position_nothing_is_monitored_and_an_old_one_is_lost() {
    let of = |positions: &[Position], now| Monitoring::of(&set(positions), Margins::default(), now);
    assert_eq!(of(&[], at(0)), Monitoring::NotMonitored);
    assert_eq!(of(&[fix(5, 0.0, 10)], at(4)), Monitoring::NotMonitored);
    let coarse = [fix(0, 0.0, 30_000)];
    assert_eq!(of(&coarse, at(120)), Monitoring::Monitored { last_at: at(0) });
    assert_eq!(of(&coarse, at(121)), Monitoring::Lost { last_at: at(0) });
}
