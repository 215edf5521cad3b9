//! Findings from positions beside custody and plan.

use domain::alert::AlertKind::*;
use domain::place::{Ending, Opening, OpeningText, Stay};
use domain::route::Dwell;

use crate::scene::*;

const LASTS: bool = true;
const ENDED: bool = false;

#[test]
fn a_box_that_leaves_without_a_new_custodian_is_told_of_after_a_quarter_of_an_hour() {
    let (mut scene, packed) = Scene::packed();
    scene.stays = vec![(place(1), inside(-10, Some(20)))];
    assert_eq!(scene.kinds(34), []);
    assert_eq!(scene.kinds(35), [(LeftWithoutCustody, LASTS)]);
    // It comes back.
    let mut back = scene.clone();
    back.stays.push((place(1), inside(40, None)));
    assert_eq!(back.kinds(45), [(LeftWithoutCustody, ENDED)]);
    // The acceptance is known late: signed at the dock, or a minute too late on the road.
    for (minute, expected) in [(19, vec![]), (35, vec![]), (36, vec![(LeftWithoutCustody, ENDED)])] {
        let mut scene = scene.clone();
        scene.hand_over(SHIPPER, packed, FIRST, minute);
        assert_eq!(scene.kinds(45), expected, "accepted at {minute}");
    }
}

#[test]
fn positions_that_fail_and_late_ones_that_show_it_never_left_are_no_leaving() {
    let (mut scene, _) = Scene::packed();
    let lost = Stay { ending: Ending::Lost(at(20)), ..inside(-10, Some(20)) };
    scene.stays = vec![(place(1), lost)];
    assert_eq!(scene.kinds(50), []);
    scene.stays = vec![(place(1), inside(-10, None))];
    assert_eq!(scene.kinds(50), []);
    // Without any position nothing is said.
    scene.stays.clear();
    assert_eq!(scene.kinds(50), []);
}

#[test]
fn what_has_arrived_is_to_be_accepted_within_half_an_hour() {
    let arrived = |accepted: Option<i64>| {
        let (mut scene, packed) = Scene::packed();
        let first = scene.hand_over(SHIPPER, packed, FIRST, 30);
        scene.stays = vec![(place(2), inside(120, None))];
        if let Some(minute) = accepted {
            scene.hand_over(FIRST, first, SECOND, minute);
        }
        scene
    };
    assert_eq!(arrived(None).kinds(149), []);
    assert_eq!(arrived(None).kinds(150), [(ArrivedNotAccepted, LASTS)]);
    // Known late.
    assert_eq!(arrived(Some(150)).kinds(160), []);
    assert_eq!(arrived(Some(151)).kinds(160), [(ArrivedNotAccepted, ENDED)]);
    // It only passed by.
    let mut passed = arrived(None);
    passed.stays = vec![(place(2), inside(120, Some(149)))];
    assert_eq!(passed.kinds(160), []);
}

#[test]
fn a_closed_place_accepts_nothing_before_it_opens() {
    let (mut scene, packed) = Scene::packed();
    scene.hand_over(SHIPPER, packed, FIRST, 30);
    scene.stays = vec![(place(2), inside(120, None))];
    // 2026-01-01 00:00 UTC is a Thursday; it opens at 03:00.
    let text = r#"{ "zone": "UTC", "weekly": { "thu": ["03:00-12:00"] } }"#;
    let opening: OpeningText = serde_json::from_str(text).unwrap();
    scene.places[1].opening = Some(Opening::try_from(opening).unwrap());
    assert_eq!(scene.kinds(209), []);
    assert_eq!(scene.kinds(210), [(ArrivedNotAccepted, LASTS)]);
}

#[test]
fn what_lies_at_the_destination_before_it_was_picked_up_has_not_arrived() {
    let (mut scene, _) = Scene::packed();
    scene.stays = vec![(place(2), inside(0, Some(20)))];
    assert_eq!(scene.kinds(59), []);
}

#[test]
fn off_the_route_counts_after_ten_minutes_and_until_it_is_back() {
    let (mut scene, _) = Scene::as_planned();
    scene.off_route = vec![outside(50, None)];
    assert_eq!(scene.kinds(59), []);
    assert_eq!(scene.kinds(60), [(OffRoute, LASTS)]);
    scene.off_route = vec![outside(50, Some(75))];
    assert_eq!(scene.kinds(80), [(OffRoute, ENDED)]);
    // A late position shows that it was off for ten minutes only.
    scene.off_route = vec![outside(50, Some(60))];
    assert_eq!(scene.kinds(80), []);
}

#[test]
fn a_dwell_is_a_finding_until_it_moves_on() {
    let (mut scene, _) = Scene::as_planned();
    let dwell = |lasts| Dwell { from: at(50), last_at: at(115), point: point(1), lasts };
    scene.dwells = vec![dwell(true)];
    assert_eq!(scene.kinds(116), [(StandingTooLong, LASTS)]);
    scene.dwells = vec![dwell(false)];
    assert_eq!(scene.kinds(116), [(StandingTooLong, ENDED)]);
    // Late positions show that it moved meanwhile.
    scene.dwells.clear();
    assert_eq!(scene.kinds(116), []);
}
