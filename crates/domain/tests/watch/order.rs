//! Findings are a function of what is known: in which order it came, and how often, changes nothing.

use domain::custody::Seen;
use domain::event::{Event, EventKind};
use domain::route::Dwell;
use proptest::prelude::*;

use crate::scene::*;

/// Handovers at random minutes, some to strangers, some not answered, some refused, some corrected.
fn scene(steps: &[(u8, u8)]) -> Scene {
    let (mut scene, packed) = Scene::packed();
    let (mut holder, mut link, mut minute) = (SHIPPER, packed, 0);
    for (to, what) in steps {
        let to = [FIRST, SECOND, STRANGER, PHARMACY][usize::from(to % 4)];
        minute += i64::from(*what);
        let offer = scene.offer(holder, minute, link, to);
        match what % 5 {
            0 => drop(scene.refuse(to, minute + 20, offer)),
            1 => {}
            2 => drop(scene.accept_seeing(to, minute + 5, offer, &[1], Seen::default(), None)),
            other => {
                let accepted = scene.accept(to, minute + i64::from(*what), offer);
                if other == 3 {
                    (holder, link) = (to, accepted);
                } else {
                    scene.annul(minute + 60, accepted);
                }
            }
        }
    }
    scene
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_order_in_which_things_come_to_be_known_changes_no_finding(
        steps in proptest::collection::vec((any::<u8>(), 1..50_u8), 0..8),
        events in proptest::collection::vec(0..400_i64, 0..4),
        seed in any::<u64>(),
        now in 0..1_000_i64,
    ) {
        let mut scene = scene(&steps);
        scene.events = events.iter().map(|minute| Event { at: at(*minute), kind: EventKind::Light, value: 500 }).collect();
        scene.stays = vec![
            (place(1), inside(-10, Some(15))),
            (place(2), lost(130, 150)),
            (place(2), inside(300, Some(400))),
        ];
        scene.dwells = vec![Dwell { from: at(20), last_at: at(120), point: point(5), lasts: false }];
        let whole = scene.findings(now);
        let mut other = scene.clone();
        let count = other.entries.len();
        for index in 0..count {
            let with = (seed.rotate_left(index as u32) as usize) % count;
            other.entries.swap(index, with);
        }
        other.entries.push(scene.entries[(seed as usize) % count].clone());
        other.stays.reverse();
        prop_assert_eq!(other.findings(now), whole.clone());
        for finding in &whole {
            prop_assert!(finding.alarmed_at >= finding.began_at && finding.alarmed_at <= at(now));
            prop_assert!(finding.ended.is_none_or(|(ended, _)| ended >= finding.began_at && ended <= at(now)));
        }
    }
}

proptest! {
    // Each looks at every minute.
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_changes_by_time_alone_before_the_next_change_and_something_at_it(
        steps in proptest::collection::vec((any::<u8>(), 1..50_u8), 0..8),
        now in -20..800_i64,
    ) {
        let mut scene = scene(&steps);
        scene.stays = vec![
            (place(1), inside(-10, Some(15))),
            (place(2), lost(130, 150)),
            (place(2), inside(300, Some(400))),
        ];
        scene.dwells = vec![Dwell { from: at(20), last_at: at(120), point: point(5), lasts: false }];
        scene.off_route = vec![outside(40, Some(90))];
        let next = scene.next_change(now).map(|next| (next - at(0)).num_minutes());
        let findings = scene.findings(now);
        for minute in now..next.unwrap_or(1_000) {
            prop_assert_eq!(scene.findings(minute), findings.clone(), "at {}", minute);
        }
        if let Some(next) = next {
            prop_assert_ne!(scene.findings(next), findings, "at {}", next);
        }
    }
}
