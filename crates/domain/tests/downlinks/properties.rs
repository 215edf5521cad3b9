//! Whatever a tracker's radio does.

use std::collections::BTreeSet;

use super::*;
use domain::downlink::BUDGET;
use proptest::prelude::*;

/// Frames that come, in whatever order: each with its lowest number, how many more it holds, and how much later it comes.
fn frames() -> impl Strategy<Value = Vec<(u32, u32, i64)>> {
    prop::collection::vec((0_u32..2_000, 0_u32..120, 0_i64..10_000), 1..60)
}

fn numbers(entries: &Entries) -> impl Iterator<Item = u32> + use<> {
    entries.first..=entries.last
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Every round says what it may, and the tracker hears all of it: what is acknowledged has come, what is asked for has
    /// not, and neither the air nor a downlink is ever too small.
    #[test]
    fn only_what_came_is_acknowledged_and_only_what_did_not_is_asked_for(frames in frames(), lost in (0_u32..2_000, 0_u32..50)) {
        let lost = entries(lost.0, lost.0 + lost.1);
        let mut tracker = Tracker { lost: vec![lost], ..Tracker::default() };
        let (mut came, mut now, mut times) = (BTreeSet::new(), at(0), Vec::new());
        for (first, more, later) in frames {
            now += TimeDelta::seconds(later);
            tracker.hear(first, first + more, now);
            came.extend(first..=first + more);
            let said = tracker.at(now);
            if said.is_empty() {
                continue;
            }
            prop_assert!(said.iter().map(Command::length).sum::<usize>() <= 48, "{said:?}");
            for command in &said {
                match command {
                    Command::Acknowledge(held) => {
                        let is_settled = |number| came.contains(&number) || lost.holds(number);
                        prop_assert!(numbers(held).all(is_settled), "{held:?}");
                        prop_assert!(tracker.acknowledged < Some(held.last), "{held:?} is nothing new");
                        tracker.acknowledged = Some(held.last);
                    }
                    Command::Resend(missing) => {
                        prop_assert!(numbers(missing).all(|number| !came.contains(&number)), "{missing:?}");
                        prop_assert!(!missing.meets(lost), "{missing:?}");
                        tracker.asked.push(Asked { what: *missing, at: now });
                    }
                    other => prop_assert!(false, "nobody wanted {other:?}"),
                }
            }
            tracker.sent.push(now);
            times.push(now);
            let day = times.iter().filter(|at| now - **at < TimeDelta::hours(24)).count();
            prop_assert!(day <= BUDGET, "{day} within a day");
        }
    }

    /// Parts without others are what a set says.
    #[test]
    fn entries_without_others_are_the_difference_of_sets(
        whole in (0_u32..100, 0_u32..100),
        others in prop::collection::vec((0_u32..120, 0_u32..30), 0..6),
    ) {
        let whole = entries(whole.0, whole.0 + whole.1);
        let others: Vec<Entries> = others.iter().map(|(first, more)| entries(*first, first + more)).collect();
        let left: Vec<u32> = whole.without_all(&others).iter().flat_map(numbers).collect();
        let expected: Vec<u32> =
            numbers(&whole).filter(|number| !others.iter().any(|other| other.holds(*number))).collect();
        prop_assert_eq!(left, expected);
    }
}
