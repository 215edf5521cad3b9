//! Inside, outside, unknown: at the limits.

use chrono::{DateTime, Utc};
use domain::place::{Ending, Margins, Place, Position, PositionSource, Stay, stays, visits};
use domain::{Duration, PlaceId};
use uuid::Uuid;

use crate::map::{at, fence, fix, point, set};

const GAP_MIN: i64 = 120;

fn margins() -> Margins {
    Margins { leave_m: 100, longest_gap: Duration::from_seconds(GAP_MIN * 60).unwrap() }
}

fn at_warehouse(positions: &[Position], now: DateTime<Utc>) -> Vec<Stay> {
    stays(&set(positions), margins(), now, &fence(500))
}

/// The stays inside, as minutes from and until.
fn inside(positions: &[Position], now_min: i64) -> Vec<(i64, Option<i64>)> {
    let minute = |time: DateTime<Utc>| (time - at(0)).num_minutes();
    let stays = at_warehouse(positions, at(now_min));
    let stays = stays.iter().filter(|stay| stay.inside);
    stays.map(|stay| (minute(stay.from), stay.until().map(minute))).collect()
}

#[test]
fn a_box_is_inside_only_when_its_whole_accuracy_circle_is() {
    for (east_m, accuracy_m, is_inside) in
        [(0.0, 499, true), (0.0, 501, false), (450.0, 49, true), (450.0, 51, false), (501.0, 0, false)]
    {
        let found = inside(&[fix(0, east_m, accuracy_m)], 0);
        assert_eq!(!found.is_empty(), is_inside, "{east_m} ± {accuracy_m}");
    }
}

#[test]
fn a_box_has_left_only_when_it_is_outside_by_more_than_accuracy_and_margin() {
    for (east_m, accuracy_m, has_left) in [
        (599.0, 0, false),
        (601.5, 0, true),
        (649.0, 50, false),
        (651.5, 50, true),
        (30_000.0, 30_000, false),
    ] {
        let found = inside(&[fix(0, 0.0, 10), fix(15, east_m, accuracy_m)], 15);
        let expected = if has_left { Some(15) } else { None };
        assert_eq!(found, [(0, expected)], "{east_m} ± {accuracy_m}");
    }
}

#[test]
fn between_inside_and_left_nothing_changes() {
    let inside_first = [fix(0, 0.0, 10), fix(15, 540.0, 50), fix(30, 600.0, 50)];
    assert_eq!(inside(&inside_first, 30), [(0, None)]);
    let outside_first = [fix(0, 5_000.0, 10), fix(15, 480.0, 50), fix(30, 530.0, 50)];
    assert_eq!(inside(&outside_first, 30), []);
    assert_eq!(inside(&[fix(0, 480.0, 50)], 0), [], "nor is it there at first");
}

#[test]
fn a_gap_of_exactly_the_longest_leaves_it_inside_and_a_second_more_makes_it_unknown() {
    let first = fix(0, 0.0, 10);
    let limit = at(GAP_MIN);
    let one_more = limit + chrono::Duration::seconds(1);
    assert_eq!(at_warehouse(&[first], limit)[0].ending, Ending::Lasts);
    assert_eq!(at_warehouse(&[first], one_more)[0].ending, Ending::Lost(limit));
    let later = |at| Position { at, ..first };
    assert_eq!(at_warehouse(&[first, later(limit)], limit).len(), 1);
    let found = at_warehouse(&[first, later(one_more)], one_more);
    assert_eq!(found.len(), 2, "between the two nobody knows where it was");
    assert_eq!((found[0].ending, found[1].from), (Ending::Lost(limit), one_more));
}

#[test]
fn a_position_too_coarse_to_fit_can_say_outside_and_does_not_prolong_a_stay() {
    let gateway =
        |minute, east_m| Position { source: PositionSource::Gateway, ..fix(minute, east_m, 30_000) };
    let mut positions = vec![fix(0, 0.0, 10)];
    positions.extend((1..20).map(|quarter| gateway(quarter * 15, 2_000.0)));
    assert_eq!(
        inside(&positions, 300),
        [(0, Some(GAP_MIN))],
        "a gateway nearby does not say that it is still there"
    );
    let far_away = [fix(0, 0.0, 10), gateway(15, 40_000.0)];
    assert_eq!(inside(&far_away, 15), [(0, Some(15))]);
}

#[test]
fn positions_of_one_instant_that_contradict_each_other_leave_it_as_it_was() {
    let here = fix(15, 0.0, 10);
    let there = fix(15, 5_000.0, 10);
    assert_eq!(inside(&[fix(0, 0.0, 10), here, there], 15), [(0, None)]);
    assert_eq!(inside(&[fix(0, 5_000.0, 10), here, there], 15), []);
}

#[test]
fn what_is_later_than_the_question_does_not_count() {
    let positions = [fix(0, 0.0, 10), fix(15, 5_000.0, 10)];
    assert_eq!(inside(&positions, 14), [(0, None)]);
    assert_eq!(inside(&positions, 15), [(0, Some(15))]);
    assert_eq!(inside(&positions, -1), []);
}

#[test]
fn visits_name_their_places_and_places_without_a_fence_have_none() {
    let place = |number: u128, fence| Place {
        id: PlaceId(Uuid::from_u128(number)),
        name: format!("place {number}"),
        fence,
        opening: None,
        storage: Vec::new(),
    };
    let far = domain::place::Fence::circle(point(10_000.0, 0.0), 500).unwrap();
    let places = [place(1, Some(far)), place(2, Some(fence(500))), place(3, None)];
    let positions = set(&[fix(0, 0.0, 10), fix(30, 5_000.0, 10), fix(60, 10_000.0, 10)]);
    let found = visits(&positions, margins(), at(60), &places);
    let found: Vec<_> =
        found.iter().map(|(place, stay)| (place.0.as_u128(), stay.from, stay.until())).collect();
    assert_eq!(found, [(2, at(0), Some(at(30))), (1, at(60), None)]);
}
