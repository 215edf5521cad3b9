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
fn what_stands_at_the_dock_stands_there_where_positions_fail() {
    let arrived = |stays: Vec<(u128, Stay)>| {
        let (mut scene, packed) = Scene::packed();
        scene.hand_over(SHIPPER, packed, FIRST, 30);
        scene.stays = stays.into_iter().map(|(number, stay)| (place(number), stay)).collect();
        let found = scene.findings(2_000).into_iter().filter(|finding| finding.kind == ArrivedNotAccepted);
        found.map(|finding| (finding.began_at, finding.ended.map(|(ended, _)| ended))).collect::<Vec<_>>()
    };
    let seen = || (2, lost(120, 125));
    for (stays, expected) in [
        (vec![seen()], vec![(at(120), None)]),
        // Heard again hours later.
        (vec![seen(), (2, inside(400, None))], vec![(at(120), None)]),
        (vec![seen(), (2, inside(400, Some(500)))], vec![(at(120), Some(at(500)))]),
        (vec![seen(), (2, lost(400, 410)), (2, inside(800, Some(900)))], vec![(at(120), Some(at(900)))]),
        // It was seen to leave.
        (
            vec![(2, inside(120, Some(300))), (2, inside(400, None))],
            vec![(at(120), Some(at(300))), (at(400), None)],
        ),
        // At another place: within half an hour, and a minute later.
        (vec![seen(), (3, inside(150, None))], vec![]),
        (vec![seen(), (3, inside(151, None))], vec![(at(120), Some(at(151)))]),
        (
            vec![seen(), (3, inside(300, None)), (2, inside(400, None))],
            vec![(at(120), Some(at(300))), (at(400), None)],
        ),
        // Where fences overlap it is at both.
        (vec![seen(), (3, inside(125, None))], vec![(at(120), None)]),
        (vec![seen(), (3, inside(400, None)), (2, inside(400, None))], vec![(at(120), None)]),
        // There before it was picked up: from then on.
        (vec![(2, inside(0, None))], vec![(at(30), None)]),
        (vec![(2, lost(-200, -90))], vec![]),
    ] {
        let mut reversed = stays.clone();
        reversed.reverse();
        assert_eq!(arrived(reversed), expected, "{stays:?}");
        assert_eq!(arrived(stays.clone()), expected, "{stays:?}");
    }
}

#[test]
fn a_closed_place_accepts_nothing_before_it_opens() {
    // It arrives at 02:00 UTC on 2026-01-01, a Thursday.
    for (opens, closed, alarmed) in [
        ("03:00", vec![], 210),
        ("03:07", vec![], 217),
        ("01:00", vec![], 150),
        ("03:00", vec!["2026-01-01"], 7 * 1_440 + 210),
        // In more than two weeks only: somebody must look.
        ("03:00", vec!["2026-01-01", "2026-01-08"], 150),
        ("01:59", vec!["2026-01-01", "2026-01-08"], 14 * 1_440 + 149),
    ] {
        let (mut scene, packed) = Scene::packed();
        scene.hand_over(SHIPPER, packed, FIRST, 30);
        scene.stays = vec![(place(2), inside(120, None))];
        let text = serde_json::json!({
            "zone": "UTC", "weekly": { "thu": [format!("{opens}-12:00")] }, "closed": closed,
        });
        let opening: OpeningText = serde_json::from_value(text).unwrap();
        scene.places[1].opening = Some(Opening::try_from(opening).unwrap());
        let arrived = |minute| scene.kinds(minute).contains(&(ArrivedNotAccepted, LASTS));
        assert!(!arrived(alarmed - 1) && arrived(alarmed), "{opens} {closed:?}");
    }
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
fn off_the_route_counts_while_somebody_carries_it() {
    let (mut scene, packed) = Scene::packed();
    scene.off_route = vec![outside(0, None)];
    assert_eq!(scene.kinds(59), [], "nobody has fetched it");
    let first = scene.hand_over(SHIPPER, packed, FIRST, 30);
    assert_eq!(scene.kinds(39), []);
    assert_eq!(scene.kinds(40), [(OffRoute, LASTS)]);
    scene.hand_over(FIRST, first, PHARMACY, 50);
    assert_eq!(scene.findings(51)[0].ended, Some((at(50), "it was accepted")));
    for (from, expected) in [(39, vec![(OffRoute, ENDED)]), (40, vec![]), (60, vec![])] {
        scene.off_route = vec![outside(from, None)];
        assert_eq!(scene.kinds(100), expected, "from {from}");
    }
}

#[test]
fn a_dwell_is_a_finding_until_it_moves_on() {
    let (mut scene, _) = Scene::as_planned();
    let dwell = |last, lasts| Dwell { from: at(50), last_at: at(last), point: point(1), lasts };
    scene.dwells = vec![dwell(115, true)];
    assert_eq!(scene.kinds(116), [(StandingTooLong, LASTS)]);
    let alarmed_at = scene.findings(116)[0].alarmed_at;
    assert_eq!(alarmed_at, at(110), "when it had stood for an hour, whenever its positions came");
    scene.dwells = vec![dwell(130, true)];
    assert_eq!(scene.findings(131)[0].alarmed_at, alarmed_at);
    for last in [110, 115] {
        scene.dwells = vec![dwell(last, false)];
        assert_eq!(scene.kinds(116), [(StandingTooLong, ENDED)]);
    }
    // Late positions show that it moved meanwhile.
    scene.dwells.clear();
    assert_eq!(scene.kinds(116), []);
}

#[test]
fn standing_counts_while_somebody_carries_it() {
    let dwell = |from, last| Dwell { from: at(from), last_at: at(last), point: point(1), lasts: true };
    let (packed, _) = Scene::packed();
    let (carried, _) = Scene::as_planned();
    let mut own = packed.clone();
    own.plan = Some(planned(&[SHIPPER, SECOND], PHARMACY));
    for (what, scene, (from, last), now, expected) in [
        ("at the shipper's", &packed, (-10, 55), 56, vec![]),
        ("the shipper drives it", &own, (-10, 55), 56, vec![(StandingTooLong, LASTS)]),
        ("a minute less than an hour after it was fetched", &carried, (0, 89), 89, vec![]),
        ("an hour after it was fetched", &carried, (0, 90), 90, vec![(StandingTooLong, LASTS)]),
        ("accepted an hour later", &carried, (290, 400), 401, vec![(StandingTooLong, ENDED)]),
        ("accepted sooner", &carried, (291, 400), 401, vec![]),
        ("at the pharmacy's", &carried, (350, 500), 501, vec![]),
    ] {
        let mut scene = scene.clone();
        scene.dwells = vec![dwell(from, last)];
        assert_eq!(scene.kinds(now), expected, "{what}");
    }
}
