//! What a release covers, and what a hold is a function of.

use domain::evaluate::{Coverage, Flaw, Verdict, evaluate, flaws};
use domain::profile::Profile;
use domain::shipment::{Disposition, Flaws, HoldReason, hold, hold_after};
use domain::{AssignmentId, Reading};
use proptest::prelude::*;
use uuid::Uuid;

use crate::CASES;
use crate::series::{any_profile, any_series, any_span, at};

fn known(profile: &Profile, readings: &[Reading], (from, to): (i64, i64)) -> Flaws {
    let span = (at(from), Some(at(to)));
    Flaws::of([(AssignmentId(Uuid::nil()), span, flaws(profile, readings, at(from), at(to)))])
}

/// By its definition: the worst of the seconds that were not known to be as bad.
fn second_by_second(now: &Flaws, then: &Flaws, (from, to): (i64, i64)) -> Verdict {
    let ride = AssignmentId(Uuid::nil());
    let of = |flaws: &Flaws, second: i64| -> Option<Flaw> {
        let holds = |flaw: &&Flaw| flaw.from <= at(second) && at(second) < flaw.to;
        flaws.rides[&ride].iter().find(holds).copied()
    };
    let worse = |second: i64| {
        let now = of(now, second)?;
        let is_covered = of(then, second).is_some_and(|then| then.is_as_bad_as(&now));
        (!is_covered).then(|| now.beyond.map_or(Verdict::Incomplete, |_| Verdict::Excursion))
    };
    (from..to).filter_map(worse).max().unwrap_or(Verdict::NoExcursion)
}

/// What may happen to a shipment's hold.
#[derive(Debug, Clone, Copy)]
enum Event {
    Assessed(Verdict),
    Decided(Disposition),
    Recalled,
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => proptest::sample::select(Verdict::ALL).prop_map(Event::Assessed),
        2 => Just(Event::Decided(Disposition::Release)),
        1 => proptest::sample::select(Disposition::ALL).prop_map(Event::Decided),
        1 => Just(Event::Recalled),
    ]
}

/// The hold as a function of what happened since the last release: not of the order in which it did, but for the last
/// assessment.
fn in_one_look(events: &[Event]) -> Option<HoldReason> {
    let is_final = |event: &&Event| matches!(event, Event::Decided(decided) if decided.is_final());
    if events.iter().any(|event| is_final(&event)) {
        return Some(HoldReason::Decision);
    }
    let released = events.iter().rposition(|event| matches!(event, Event::Decided(Disposition::Release)));
    let since = released.map_or(events, |last| &events[last + 1..]);
    if since.iter().any(|event| matches!(event, Event::Recalled)) {
        return Some(HoldReason::Recall);
    }
    let verdicts = || {
        since
            .iter()
            .filter_map(|event| if let Event::Assessed(verdict) = event { Some(*verdict) } else { None })
    };
    match (verdicts().max(), verdicts().next_back()) {
        (Some(Verdict::Excursion), _) => Some(HoldReason::Excursion),
        (_, Some(Verdict::Incomplete)) => Some(HoldReason::Incomplete),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES / 4))]

    #[test]
    fn flaws_are_what_coverage_counts_in_any_order_of_readings(
        profile in any_profile(),
        (series, shuffled) in any_series().prop_flat_map(|series| (Just(series.clone()), Just(series).prop_shuffle())),
        (from, to) in any_span(),
    ) {
        let all = flaws(&profile, &series, at(from), at(to));
        prop_assert_eq!(&flaws(&profile, &shuffled, at(from), at(to)), &all);
        prop_assert!(all.windows(2).all(|pair| pair[0].to <= pair[1].from), "{:?}", all);
        let Coverage { out_of_range_s, unknown_s, .. } =
            evaluate(&profile, &series, Some(at(from)), Some(at(to))).unwrap().coverage;
        let seconds = |is_unknown: bool| -> i64 {
            let those = all.iter().filter(|flaw| flaw.beyond.is_none() == is_unknown);
            those.map(|flaw| (flaw.to - flaw.from).num_seconds()).sum()
        };
        prop_assert_eq!((seconds(false), seconds(true)), (out_of_range_s, unknown_s));
    }

    #[test]
    fn a_release_covers_each_second_that_was_known_to_be_as_bad(
        profile in any_profile(),
        series in any_series(),
        late in any_series(),
        (from, to) in any_span(),
        later in 0_i64..500,
    ) {
        let to = to.min(from + 4000);
        let then = known(&profile, &series, (from, to));
        let all: Vec<Reading> = series.iter().chain(&late).copied().collect();
        let now = known(&profile, &all, (from, to + later));
        prop_assert_eq!(now.verdict_beyond(&then), second_by_second(&now, &then, (from, to + later)));
        prop_assert_eq!(then.verdict_beyond(&then), Verdict::NoExcursion);
        // As the database keeps it.
        let kept: Flaws = serde_json::from_value(serde_json::to_value(&then).unwrap()).unwrap();
        prop_assert_eq!(kept, then);
    }

    #[test]
    fn a_hold_is_a_function_of_what_happened_since_the_last_release(events in proptest::collection::vec(any_event(), 0..12)) {
        let (mut on_hold, mut decided, mut happened) = (None, None, Vec::new());
        for event in events {
            match event {
                Event::Assessed(verdict) => on_hold = hold(on_hold, verdict),
                Event::Decided(next) if !next.may_follow(decided) => continue,
                Event::Decided(next) => {
                    decided = Some(next);
                    on_hold = hold_after(next, Verdict::NoExcursion);
                }
                // A decision against use outlives a recall.
                Event::Recalled if on_hold == Some(HoldReason::Decision) => {}
                Event::Recalled => on_hold = Some(HoldReason::Recall),
            }
            happened.push(event);
            prop_assert_eq!(on_hold, in_one_look(&happened), "{:?}", happened);
        }
    }
}
