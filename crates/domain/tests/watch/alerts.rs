//! One alert an episode, which follows the findings.

use domain::AlertId;
use domain::alert::AlertKind::*;
use domain::watch::{AlertChange, Finding, StandingAlert, reconcile};
use uuid::Uuid;

use crate::scene::*;

fn standing(number: u128, finding: &Finding, closed: bool) -> StandingAlert {
    StandingAlert {
        id: AlertId(Uuid::from_u128(number)),
        kind: finding.kind,
        key: finding.key.clone(),
        severity: finding.severity,
        began_at: finding.began_at,
        alarmed_at: finding.alarmed_at,
        ended_at: finding.ended.map(|(at, _)| at),
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
    let again: Vec<Finding> =
        scene.findings(95).into_iter().filter(|finding| finding.kind == TransferOverdue).collect();
    assert_eq!(reconcile(&[closed], &again), [AlertChange::Raise { finding: again[0].clone() }]);
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
