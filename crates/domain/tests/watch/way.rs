//! Who takes over what part of the way.

use domain::alert::AlertKind::*;
use domain::custody::Custody;
use domain::watch::{Finding, next_handover};

use crate::scene::*;

fn scene(carriers: &[i32], consignee: i32, handovers: &[(i32, i64)]) -> Scene {
    let (mut scene, packed) = Scene::packed();
    scene.plan = Some(planned(carriers, consignee));
    let (mut holder, mut link) = (SHIPPER, packed);
    for (to, minute) in handovers {
        link = scene.hand_over(holder, link, *to, *minute);
        holder = *to;
    }
    scene
}

/// What is overdue and lasts.
fn overdue(scene: &Scene, minute: i64) -> Vec<String> {
    let is_overdue = |finding: &Finding| finding.kind == TransferOverdue && finding.ended.is_none();
    scene.findings(minute).into_iter().filter(is_overdue).map(|finding| finding.key).collect()
}

#[test]
fn each_part_of_the_way_is_taken_over_after_the_one_before_it() {
    type Case<'a> = (&'a str, &'a [i32], i32, &'a [(i32, i64)], i64, &'a str);
    let cases: &[Case] = &[
        ("back to the first", &[FIRST, SECOND, FIRST], PHARMACY, &[(FIRST, 30)], 240, "leg 2"),
        ("and its last leg", &[FIRST, SECOND, FIRST], PHARMACY, &[(FIRST, 30), (SECOND, 200)], 420, "leg 3"),
        (
            "and its end",
            &[FIRST, SECOND, FIRST],
            PHARMACY,
            &[(FIRST, 30), (SECOND, 200), (FIRST, 400)],
            540,
            "consignee",
        ),
        ("the shipper drives the last leg", &[FIRST, SHIPPER], PHARMACY, &[(FIRST, 30)], 240, "leg 2"),
        ("and has it again", &[FIRST, SHIPPER], PHARMACY, &[(FIRST, 30), (SHIPPER, 200)], 360, "consignee"),
        ("the shipper alone has packed it", &[FIRST, SHIPPER], PHARMACY, &[], 60, "leg 1"),
        (
            "it comes back to the shipper",
            &[FIRST, SECOND],
            SHIPPER,
            &[(FIRST, 30), (SECOND, 200)],
            360,
            "consignee",
        ),
        ("the shipper drives the first leg", &[SHIPPER, SECOND], PHARMACY, &[], 240, "leg 2"),
        ("and all of it, to itself", &[SHIPPER], SHIPPER, &[], 180, "consignee"),
        ("one carrier for two legs", &[FIRST, FIRST, SECOND], PHARMACY, &[(FIRST, 30)], 420, "leg 3"),
        ("the first leg is left out", &[FIRST, SECOND], PHARMACY, &[(SECOND, 50)], 360, "consignee"),
        ("left out on the way back", &[FIRST, SECOND, FIRST], PHARMACY, &[(SECOND, 50)], 420, "leg 3"),
        (
            "a stranger takes it nowhere",
            &[FIRST, SECOND],
            PHARMACY,
            &[(FIRST, 30), (STRANGER, 60)],
            240,
            "leg 2",
        ),
    ];
    for (what, carriers, consignee, handovers, due, key) in cases {
        let scene = scene(carriers, *consignee, handovers);
        assert_eq!(overdue(&scene, due - 1), [""; 0], "{what}");
        assert_eq!(overdue(&scene, *due), [*key], "{what}");
    }
}

#[test]
fn who_received_it_as_planned_is_late_nowhere() {
    for (carriers, consignee, handovers) in [
        (
            &[FIRST, SECOND, FIRST][..],
            PHARMACY,
            &[(FIRST, 30), (SECOND, 200), (FIRST, 400), (PHARMACY, 500)][..],
        ),
        (&[FIRST, SHIPPER], PHARMACY, &[(FIRST, 30), (SHIPPER, 200), (PHARMACY, 350)]),
        (&[FIRST, SECOND], SHIPPER, &[(FIRST, 30), (SECOND, 200), (SHIPPER, 350)]),
        (&[SHIPPER, SECOND], PHARMACY, &[(SECOND, 200), (PHARMACY, 350)]),
        (&[FIRST, PHARMACY], PHARMACY, &[(FIRST, 30), (PHARMACY, 200)]),
        (&[FIRST, SECOND], PHARMACY, &[(PHARMACY, 50)]),
    ] {
        let scene = scene(carriers, consignee, handovers);
        assert_eq!(scene.kinds(10_000), [], "{carriers:?}");
    }
}

#[test]
fn who_carried_it_before_has_not_accepted_it_where_it_arrives_nor_where_it_leaves() {
    let mut scene = scene(&[FIRST, SECOND, FIRST], PHARMACY, &[(FIRST, 30), (SECOND, 200)]);
    scene.stays = vec![(place(3), inside(300, None))];
    assert_eq!(scene.kinds(329), []);
    assert_eq!(scene.kinds(330), [(ArrivedNotAccepted, true)]);
    scene.stays = vec![(place(3), inside(300, Some(310)))];
    assert_eq!(scene.kinds(324), []);
    assert_eq!(scene.kinds(325), [(LeftWithoutCustody, true)]);
}

#[test]
fn the_handover_that_follows_is_the_next_of_the_plan() {
    let next = |carriers: &[i32], handovers: &[(i32, i64)]| {
        let scene = scene(carriers, PHARMACY, handovers);
        let custody = Custody::of(scene.entries.iter().map(|(hash, entry)| (*hash, entry)));
        let next = next_handover(&planned(carriers, PHARMACY), &custody.boxes[&1]);
        next.map(|next| (next.to.0, next.at, next.window.from))
    };
    for (carriers, handovers, expected) in [
        // Where the first leg begins, and then where each ends.
        (&[FIRST, SECOND][..], &[][..], Some((FIRST, place(1), at(0)))),
        (&[FIRST, SECOND], &[(FIRST, 30)], Some((SECOND, place(2), at(120)))),
        (&[FIRST, SECOND], &[(FIRST, 30), (SECOND, 200)], Some((PHARMACY, place(3), at(300)))),
        (&[FIRST, SECOND], &[(FIRST, 30), (SECOND, 200), (PHARMACY, 400)], None),
        // Legs in a row are one, and the shipper's own need no handover.
        (&[FIRST, FIRST, SECOND], &[(FIRST, 30)], Some((SECOND, place(3), at(300)))),
        (&[SHIPPER, SECOND], &[], Some((SECOND, place(2), at(120)))),
        (&[FIRST, SECOND, FIRST], &[(FIRST, 30), (SECOND, 200)], Some((FIRST, place(3), at(300)))),
        (&[FIRST, SECOND], &[(SECOND, 50)], Some((PHARMACY, place(3), at(300)))),
    ] {
        assert_eq!(next(carriers, handovers), expected, "{carriers:?} {handovers:?}");
    }
}
