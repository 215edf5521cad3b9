//! Findings from entries and plan.

use domain::alert::AlertKind::{self, *};
use domain::alert::Severity;
use domain::custody::{Act, Condition, Seal, Seen, Whereabouts};
use domain::event::{Event, EventKind};
use domain::watch::Lacking;

use crate::scene::*;

const LASTS: bool = true;
const ENDED: bool = false;

#[test]
fn what_goes_as_planned_raises_nothing() {
    let (scene, _) = Scene::as_planned();
    for minute in [0, 60, 61, 200, 360, 10_000] {
        assert_eq!(scene.kinds(minute), []);
    }
    // Nor does a shipment without a plan, which nobody can miss.
    let (mut scene, _) = Scene::packed();
    scene.plan = None;
    assert_eq!(scene.kinds(10_000), []);
}

#[test]
fn a_transfer_is_overdue_from_the_end_of_its_window_until_it_is_accepted() {
    let (mut scene, packed) = Scene::packed();
    assert_eq!(scene.kinds(59), []);
    assert_eq!(scene.kinds(60), [(TransferOverdue, LASTS)]);
    assert_eq!(scene.findings(60)[0].key, "leg 1");
    let offer = scene.offer(SHIPPER, 70, packed, FIRST);
    let late = scene.accept(FIRST, 75, offer);
    let found = scene.findings(80);
    assert_eq!(found[0].ended, Some((at(75), "it was accepted")));
    // At its end it is the consignee who is late.
    scene.hand_over(FIRST, late, SECOND, 170);
    let overdue = scene.findings(360);
    assert_eq!(overdue.last().unwrap().key, "consignee");
    assert_eq!(scene.findings(359).len(), 1);
}

#[test]
fn an_acceptance_that_arrives_late_shows_that_the_transfer_was_in_time() {
    for (minute, expected) in [(60, vec![]), (61, vec![(TransferOverdue, ENDED)])] {
        let (mut scene, packed) = Scene::packed();
        assert_eq!(scene.kinds(100), [(TransferOverdue, LASTS)]);
        // Handed in at 100 from a basement without a network.
        scene.hand_over(SHIPPER, packed, FIRST, minute);
        assert_eq!(scene.kinds(100), expected, "accepted at {minute}");
    }
}

#[test]
fn one_box_that_was_not_taken_keeps_the_transfer_overdue() {
    let (mut scene, packed) = Scene::packed();
    let offer = scene.offer(SHIPPER, 40, packed, FIRST);
    scene.accept_seeing(FIRST, 50, offer, &[1], Seen::default(), None);
    assert!(scene.kinds(60).contains(&(TransferOverdue, LASTS)));
    scene.accept_seeing(FIRST, 65, offer, &[2], Seen::default(), None);
    assert!(scene.kinds(66).contains(&(TransferOverdue, ENDED)));
}

#[test]
fn an_offer_waits_for_half_an_hour() {
    let (mut scene, packed) = Scene::packed();
    let offer = scene.offer(SHIPPER, 10, packed, FIRST);
    assert_eq!(scene.kinds(39), []);
    assert_eq!(scene.kinds(40), [(OfferUnanswered, LASTS)]);
    let mut refused = scene.clone();
    refused.refuse(FIRST, 41, offer);
    assert_eq!(refused.kinds(50), [(OfferUnanswered, ENDED)]);
    // Known late, and in time: there was nothing to tell.
    let mut in_time = scene.clone();
    in_time.accept(FIRST, 40, offer);
    assert_eq!(in_time.kinds(50), []);
    scene.write(SHIPPER, 45, Act::Withdrawn { answers: offer, reason: "another truck".into() });
    assert_eq!(scene.kinds(50), [(OfferUnanswered, ENDED)]);
}

#[test]
fn an_offer_is_over_when_the_box_went_on_by_another_one() {
    let moot = "it was handed over by another offer";
    for (to, boxes, minute, expected) in [
        (SECOND, &[1, 2][..], 40, Some(None)),
        (SECOND, &[1, 2], 41, Some(Some((at(41), moot)))),
        // Offered again to whom it was offered before.
        (FIRST, &[1, 2], 41, Some(Some((at(41), moot)))),
        (SECOND, &[1], 41, None),
    ] {
        let (mut scene, packed) = Scene::packed();
        scene.plan = None;
        scene.offer(SHIPPER, 10, packed, FIRST);
        assert_eq!(scene.kinds(42), [(OfferUnanswered, LASTS)]);
        let other = scene.offer(SHIPPER, 30, packed, to);
        scene.accept_seeing(to, minute, other, boxes, Seen::default(), None);
        let found = scene.findings(42);
        let ended = expected.map_or(vec![None], |ended| ended.into_iter().map(Some).collect());
        let is: Vec<_> = found.iter().map(|finding| finding.ended).collect();
        assert_eq!(is, ended, "{boxes:?} at {minute}");
    }
}

#[test]
fn what_was_answered_is_over_by_its_answer_and_what_was_offered_after_it_went_is_none() {
    let (mut scene, packed) = Scene::packed();
    scene.plan = None;
    let offer = scene.offer(SHIPPER, 0, packed, FIRST);
    scene.accept(FIRST, 40, offer);
    assert_eq!(scene.findings(50)[0].ended, Some((at(40), "it was answered")));
    // Written without a network by who did not know that it is gone.
    scene.offer(SHIPPER, 60, packed, SECOND);
    assert_eq!(scene.kinds(200), [(OfferUnanswered, ENDED)]);
}

#[test]
fn a_custodian_who_is_not_in_the_plan_is_unexpected_until_he_hands_on() {
    let (mut scene, packed) = Scene::packed();
    let stranger = scene.hand_over(SHIPPER, packed, STRANGER, 30);
    assert_eq!(scene.kinds(31), [(CustodianUnexpected, LASTS)]);
    assert_eq!(scene.findings(31)[0].boxes, [1, 2]);
    let mut corrected = scene.clone();
    corrected.annul(32, stranger);
    assert_eq!(corrected.kinds(33), [(OfferUnanswered, LASTS); 0], "the entry was made in error");
    scene.hand_over(STRANGER, stranger, FIRST, 50);
    assert_eq!(scene.kinds(55), [(CustodianUnexpected, ENDED)]);
}

#[test]
fn another_driver_than_planned_is_unexpected() {
    let (scene, [.., second, _]) = Scene::as_planned();
    assert_eq!(scene.kinds(360), []);
    let mut other = scene.clone();
    // The same plan with another driver for the second leg.
    let mut legs = plan().legs().to_vec();
    legs[1].courier = Some(domain::UserId(uuid::Uuid::from_u128(78)));
    other.plan = Some(domain::plan::Plan::new(plan().consignee(), legs, &[]).unwrap());
    let found = other.findings(360);
    assert_eq!((found[0].kind, found[0].key.as_str()), (CustodianUnexpected, &*format!("entry {second}")));
    // Known before anybody planned it: a plan that comes later is held against it all the same.
    other.plan = None;
    assert_eq!(other.kinds(360), []);
}

#[test]
fn who_lacks_a_contract_or_a_training_is_told_of_as_long_as_he_has_it() {
    let (mut scene, [_, first, ..]) = Scene::as_planned();
    scene.lacking.insert(first, vec![Lacking::Contract, Lacking::Training]);
    let found = scene.findings(100);
    assert_eq!((found.len(), found[0].kind, found[0].ended), (1, CustodianUnqualified, None));
    assert!(found[0].detail.contains("no valid contract and no valid training"));
    assert_eq!(scene.kinds(360), [(CustodianUnqualified, ENDED)]);
    // A training that is entered later, and was valid then, takes it back.
    scene.lacking.insert(first, vec![]);
    assert_eq!(scene.kinds(360), []);
}

fn position(degrees_east: f64, accuracy_m: Option<u32>) -> Option<Whereabouts> {
    Some(Whereabouts { place: None, lat: Some(0.0), lon: Some(degrees_east), accuracy_m })
}

/// Metres to degrees on the equator.
fn east(metres: f64) -> f64 {
    1.0 + metres / 111_195.0
}

#[test]
fn accepted_elsewhere_is_beyond_fence_accuracy_and_200_m() {
    let first_at = |whereabouts| {
        let (mut scene, packed) = Scene::packed();
        let offer = scene.offer(SHIPPER, 20, packed, FIRST);
        let hash = scene.accept_seeing(FIRST, 30, offer, &[1, 2], Seen::default(), whereabouts);
        (scene, hash)
    };
    for (whereabouts, expected) in [
        (None, false),
        (position(1.0, Some(10)), false),
        // 300 m of fence, 100 m of accuracy, 200 m beside.
        (position(east(595.0), Some(100)), false),
        (position(east(605.0), Some(100)), true),
        // Who says nothing of the accuracy is believed to a kilometre.
        (position(east(1_400.0), None), false),
        (position(east(1_600.0), None), true),
        // And who says that it is known worse than that, to no more.
        (position(east(1_495.0), Some(10_000_000)), false),
        (position(east(1_505.0), Some(10_000_000)), true),
    ] {
        let (scene, _) = first_at(whereabouts.clone());
        assert_eq!(
            scene.kinds(31),
            vec![(AcceptedElsewhere, LASTS); usize::from(expected)],
            "{whereabouts:?}"
        );
    }
    // A correction that is known later takes it back.
    let (mut scene, hash) = first_at(position(1.5, Some(10)));
    scene.annul(40, hash);
    assert!(!scene.kinds(41).contains(&(AcceptedElsewhere, LASTS)));
    // The place is entered without a fence: nobody can tell.
    let (mut scene, _) = first_at(position(1.5, Some(10)));
    scene.places[0].fence = None;
    assert_eq!(scene.kinds(31), []);
}

fn with_seal(seal: &str) -> Seen {
    Seen { seals: vec![Seal { number: 1, seal: seal.into() }], ..Seen::default() }
}

#[test]
fn a_seal_differs_from_the_one_that_was_on_record_when_it_was_offered() {
    let accepted_with = |seal: &str, resealed: bool| {
        let (mut scene, packed) = Scene::packed();
        if resealed {
            let reason = "new".to_owned();
            scene.write(
                SHIPPER,
                10,
                Act::Sealed { continues: packed, boxes: vec![1], seal: "S-9".into(), reason },
            );
        }
        let offer = scene.offer(SHIPPER, 20, packed, FIRST);
        scene.accept_seeing(FIRST, 30, offer, &[1, 2], with_seal(seal), None);
        scene
    };
    assert_eq!(accepted_with("S-1", false).kinds(31), []);
    let scene = accepted_with("S-2", false);
    assert_eq!(scene.kinds(31), [(SealDiffers, LASTS)]);
    assert_eq!(scene.findings(31)[0].boxes, [1]);
    assert_eq!(accepted_with("S-1", true).kinds(31), [(SealDiffers, LASTS)]);
    assert_eq!(accepted_with("S-9", true).kinds(31), []);
    // The entry of the new seal arrives last: the seal was right.
    let mut scene = accepted_with("S-9", true);
    let sealed = scene.entries.remove(1);
    assert_eq!(scene.kinds(31), [(SealDiffers, LASTS)]);
    scene.entries.push(sealed);
    assert_eq!(scene.kinds(31), []);
}

#[test]
fn what_is_found_opened_or_sees_light_under_way_was_opened() {
    let (mut scene, packed) = Scene::packed();
    let offer = scene.offer(SHIPPER, 20, packed, FIRST);
    let seen = |condition| Seen { condition: Some(condition), ..Seen::default() };
    let mut opened = scene.clone();
    opened.accept_seeing(FIRST, 30, offer, &[1, 2], seen(Condition::Opened), None);
    assert_eq!(opened.kinds(31), [(OpenedInTransit, LASTS)]);
    let first = scene.accept_seeing(FIRST, 30, offer, &[1, 2], seen(Condition::Intact), None);
    assert_eq!(scene.kinds(31), []);
    let light = |minute| Event { at: at(minute), kind: EventKind::Light, value: 10_000 };
    // At the consignor's it is being packed.
    scene.events = vec![light(29)];
    assert_eq!(scene.kinds(40), []);
    scene.events = vec![light(30)];
    assert_eq!(scene.kinds(40), [(OpenedInTransit, LASTS)]);
    // It arrives late, and after the delivery; what happened at the consignee's does not count.
    let second = scene.hand_over(FIRST, first, SECOND, 170);
    scene.hand_over(SECOND, second, PHARMACY, 350);
    assert_eq!(scene.kinds(400), [(OpenedInTransit, LASTS)]);
    scene.events = vec![light(350)];
    assert_eq!(scene.kinds(400), []);
}

#[test]
fn a_tilt_under_way_is_told_and_one_at_home_is_not() {
    let (mut scene, _) = Scene::as_planned();
    let tilt = |minute| Event { at: at(minute), kind: EventKind::Tilt, value: 9_000 };
    scene.events = vec![tilt(29), tilt(351)];
    assert_eq!(scene.kinds(400), []);
    scene.events.push(tilt(100));
    assert_eq!(scene.kinds(400), [(Tilt, LASTS)]);
    // A shock is a matter of the profile's alarms, wherever the box is.
    scene.events = vec![Event { at: at(100), kind: EventKind::Shock, value: 9_000 }];
    assert_eq!(scene.kinds(400), []);
}

#[test]
fn handed_over_out_of_range_counts_the_instant_of_the_acceptance() {
    let (mut scene, _) = Scene::as_planned();
    for (from, to, expected) in [
        (20, Some(30), vec![]),
        (20, Some(31), vec![(HandedOverOutOfRange, LASTS)]),
        (30, None, vec![(HandedOverOutOfRange, LASTS); 3]),
        (31, Some(170), vec![]),
    ] {
        // Readings that arrive late tell it as those that were there at once.
        scene.out_of_range = vec![(at(from), to.map(at))];
        assert_eq!(scene.kinds(400), expected, "{from} to {to:?}");
    }
}

#[test]
fn severity_follows_kind_product_and_time_left() {
    let overdue = |product, holds_until: Option<i64>| {
        let (mut scene, _) = Scene::packed();
        (scene.product, scene.holds_until) = (product, holds_until.map(at));
        scene.findings(60)[0].severity
    };
    assert_eq!(overdue(Severity::Critical, None), Severity::Warning);
    assert_eq!(overdue(Severity::Info, None), Severity::Info);
    // Two hours left are not short; a minute less is.
    assert_eq!(overdue(Severity::Critical, Some(180)), Severity::Warning);
    assert_eq!(overdue(Severity::Critical, Some(179)), Severity::Critical);
    assert_eq!(overdue(Severity::Info, Some(179)), Severity::Warning);
    let stranger = |product| {
        let (mut scene, packed) = Scene::packed();
        scene.product = product;
        scene.hand_over(SHIPPER, packed, STRANGER, 30);
        scene.findings(31)[0].severity
    };
    assert_eq!(
        (stranger(Severity::Critical), stranger(Severity::Info)),
        (Severity::Critical, Severity::Warning)
    );
}

#[test]
fn data_close_what_was_late_and_a_person_what_was_done_to_the_box() {
    let by_data: Vec<AlertKind> = [
        TransferOverdue,
        OfferUnanswered,
        CustodianUnexpected,
        CustodianUnqualified,
        LeftWithoutCustody,
        OffRoute,
        StandingTooLong,
        ArrivedNotAccepted,
        TrackerNotReturned,
    ]
    .to_vec();
    let by_people = [AcceptedElsewhere, OpenedInTransit, SealDiffers, HandedOverOutOfRange, Shock, Tilt];
    assert!(by_data.iter().all(|kind| kind.is_closed_by_data()));
    assert!(!by_people.iter().any(|kind| kind.is_closed_by_data()));
}

#[test]
fn what_comes_late_has_five_minutes_for_its_answer_to_come_too() {
    let (mut scene, packed) = Scene::packed();
    let offer = scene.offer(SHIPPER, 0, packed, FIRST);
    scene.known_at.insert(offer, at(50));
    scene.planned_at = Some(at(90));
    let open = |kind| (kind, true);
    let is_missing = |minute| scene.kinds(minute);
    assert_eq!(is_missing(54), []);
    assert_eq!(is_missing(55), [open(AlertKind::OfferUnanswered)]);
    assert_eq!(
        is_missing(94),
        [open(AlertKind::OfferUnanswered)],
        "planned when its window was over already"
    );
    assert_eq!(is_missing(95), [open(AlertKind::OfferUnanswered), open(AlertKind::TransferOverdue)]);
    // What was answered late is on record, whenever it came.
    scene.accept(FIRST, 70, offer);
    let closed = |kind| (kind, false);
    let both = [closed(AlertKind::OfferUnanswered), closed(AlertKind::TransferOverdue)];
    assert_eq!(scene.kinds(92), both);
    let times: Vec<_> = scene.findings(92).iter().map(|finding| finding.alarmed_at).collect();
    assert_eq!(times, [at(30), at(60)]);
}
