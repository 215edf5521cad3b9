//! One alert an episode, which follows the findings.

use domain::AlertId;
use domain::alert::AlertKind::*;
use domain::custody::Seen;
use domain::watch::{AlertChange, Finding, StandingAlert, reconcile};
use uuid::Uuid;

use crate::scene::*;

pub fn standing(number: u128, finding: &Finding, closed: bool) -> StandingAlert {
    StandingAlert {
        id: AlertId(Uuid::from_u128(number)),
        kind: finding.kind,
        key: finding.key.clone(),
        severity: finding.severity,
        began_at: finding.began_at,
        alarmed_at: finding.alarmed_at,
        ended_at: finding.ended.map(|(at, _)| at),
        detail: finding.in_words(),
        acknowledged: false,
        closed,
    }
}

#[test]
fn a_finding_is_raised_once_closed_by_data_and_not_raised_again() {
    let (mut scene, packed) = Scene::packed();
    let overdue = scene.findings(60);
    assert_eq!(reconcile(&[], &overdue), [AlertChange::Raise { finding: overdue[0].clone() }]);
    let alert = standing(1, &overdue[0], false);
    assert_eq!(reconcile(std::slice::from_ref(&alert), &overdue), []);
    scene.hand_over(SHIPPER, packed, FIRST, 75);
    let ended = scene.findings(80);
    let changes = reconcile(std::slice::from_ref(&alert), &ended);
    let (amend, close) = (&changes[0], &changes[1]);
    assert!(matches!(amend, AlertChange::Amend { reopened: false, .. }));
    assert_eq!(*close, AlertChange::Close { alert: alert.id, at: at(75), reason: "it was accepted" });
    let closed = standing(1, &ended[0], true);
    assert_eq!(reconcile(&[closed], &ended), []);
}

#[test]
fn what_late_data_take_back_is_withdrawn_and_a_closed_one_stays() {
    let (scene, _) = Scene::packed();
    let alert = standing(1, &scene.findings(60)[0], false);
    assert_eq!(reconcile(std::slice::from_ref(&alert), &[]), [AlertChange::Withdraw { alert: alert.id }]);
    assert_eq!(reconcile(&[StandingAlert { closed: true, ..alert }], &[]), []);
}

#[test]
fn what_begins_again_is_a_new_alert() {
    let (mut scene, packed) = Scene::packed();
    let late = scene.hand_over(SHIPPER, packed, FIRST, 75);
    let closed = standing(1, &scene.findings(80)[0], true);
    // The acceptance is corrected away: it is overdue again, and still.
    scene.annul(90, late);
    let overdue = |scene: &Scene, minute| -> Vec<Finding> {
        scene.findings(minute).into_iter().filter(|finding| finding.kind == TransferOverdue).collect()
    };
    let again = overdue(&scene, 95);
    assert_eq!(
        reconcile(std::slice::from_ref(&closed), &again),
        [AlertChange::Raise { finding: again[0].clone() }]
    );
    // And it is over again: what goes on until then is the second one, whatever became of the first.
    let second = standing(2, &again[0], false);
    assert_eq!(reconcile(&[closed.clone(), second.clone()], &again), []);
    scene.hand_over(SHIPPER, packed, FIRST, 110);
    let ended = overdue(&scene, 120);
    let changes = reconcile(&[closed.clone(), second.clone()], &ended);
    assert!(
        matches!(&changes[..], [
        AlertChange::Amend { alert, .. },
        AlertChange::Close { alert: other, reason: "it was accepted", .. },
    ] if (*alert, *other) == (second.id, second.id)),
        "{changes:?}"
    );
    assert_eq!(reconcile(&[closed, standing(2, &ended[0], true)], &ended), []);
}

#[test]
fn a_begin_that_late_data_move_is_the_same_alert_and_a_second_time_is_another_one() {
    let (mut scene, packed) = Scene::packed();
    let kept = |scene: &Scene| -> Vec<Finding> {
        scene.findings(59).into_iter().filter(|finding| finding.kind == LeftWithoutCustody).collect()
    };
    scene.stays = vec![(place(1), inside(-10, Some(20)))];
    let alert = StandingAlert { acknowledged: true, ..standing(1, &kept(&scene)[0], false) };
    scene.stays = vec![(place(1), inside(-10, Some(18)))];
    let moved = kept(&scene);
    assert_eq!(
        reconcile(std::slice::from_ref(&alert), &moved),
        [AlertChange::Amend { alert: alert.id, finding: moved[0].clone(), reopened: false }]
    );
    scene.stays.push((place(1), inside(36, Some(40))));
    let both = kept(&scene);
    assert_eq!(both.iter().map(|finding| &*finding.key).collect::<Vec<_>>(), ["leg 1", "leg 1"]);
    let closed = standing(1, &both[0], true);
    assert_eq!(reconcile(&[closed], &both), [AlertChange::Raise { finding: both[1].clone() }]);
    // The same for what arrives.
    scene.hand_over(SHIPPER, packed, FIRST, 17);
    let mut arrived = |from| {
        scene.stays = vec![(place(2), inside(from, None))];
        scene.findings(59).remove(0)
    };
    let alert = standing(2, &arrived(25), false);
    let moved = arrived(22);
    assert_eq!(
        reconcile(std::slice::from_ref(&alert), std::slice::from_ref(&moved)),
        [AlertChange::Amend { alert: alert.id, finding: moved.clone(), reopened: false }]
    );
}

#[test]
fn what_an_alert_says_follows_what_is_known() {
    let (mut scene, packed) = Scene::packed();
    scene.stays = vec![(place(1), inside(-10, Some(20)))];
    let found = scene.findings(40);
    assert_eq!(found[0].in_words(), "it left place 1 and nobody has accepted it");
    let alert = standing(1, &found[0], false);
    scene.places[0].name = "the warehouse".into();
    let renamed = scene.findings(40);
    assert_eq!(
        reconcile(std::slice::from_ref(&alert), &renamed),
        [AlertChange::Amend { alert: alert.id, finding: renamed[0].clone(), reopened: false }]
    );
    assert_eq!(reconcile(&[standing(1, &renamed[0], false)], &renamed), []);
    // The boxes are part of what it says.
    let stranger = scene.offer(SHIPPER, 20, packed, STRANGER);
    scene.accept_seeing(STRANGER, 30, stranger, &[1], Seen::default(), None);
    let unexpected =
        scene.findings(40).into_iter().find(|finding| finding.kind == CustodianUnexpected).unwrap();
    assert_eq!(unexpected.in_words(), "box 1: organisation 7 is not in the plan");
    let both = Finding { boxes: vec![1, 2], ..unexpected.clone() };
    assert_eq!(both.in_words(), "boxes 1, 2: organisation 7 is not in the plan");
    let changes = reconcile(&[standing(2, &unexpected, false)], std::slice::from_ref(&both));
    assert!(matches!(changes[..], [AlertChange::Amend { .. }]));
}

#[test]
fn a_person_closes_what_was_done_to_a_box_and_a_louder_one_is_to_be_acknowledged_again() {
    let (mut scene, _) = Scene::as_planned();
    scene.out_of_range = vec![(at(30), Some(at(40)))];
    let found = scene.findings(400);
    let alert = StandingAlert { acknowledged: true, ..standing(1, &found[0], false) };
    assert_eq!(reconcile(std::slice::from_ref(&alert), &found), []);
    let quieter = StandingAlert { severity: domain::alert::Severity::Info, ..alert };
    assert!(matches!(reconcile(&[quieter], &found)[..], [AlertChange::Amend { reopened: true, .. }]));
}

#[test]
fn two_episodes_of_one_thing_are_two_alerts() {
    let (mut scene, _) = Scene::as_planned();
    scene.off_route = vec![outside(50, Some(75)), outside(100, None)];
    let found = scene.findings(120);
    assert_eq!(found.len(), 2);
    let first = standing(1, &found[0], true);
    assert_eq!(reconcile(&[first], &found), [AlertChange::Raise { finding: found[1].clone() }]);
}
