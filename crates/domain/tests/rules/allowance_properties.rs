//! A box's balance second by second, and what must not change it.

use domain::allowance::{Balance, Ride, Statement};
use domain::profile::{Edge, Profile};
use domain::{Reading, TrackerId};
use proptest::prelude::*;

use crate::series::{any_profile, any_series, any_span, at, second};

/// One tracker in the box, and what it measured.
#[derive(Debug, Clone)]
struct Stay {
    tracker: i32,
    from: i64,
    until: i64,
    readings: Vec<Reading>,
}

/// Readings belong to the tracker, whichever of its stays lists them.
fn any_stays() -> impl Strategy<Value = Vec<Stay>> {
    let stay = (0..3_i32, -5..70_i64, 0..50_i64, any_series())
        .prop_map(|(tracker, from, length, readings)| Stay { tracker, from, until: from + length, readings });
    proptest::collection::vec(stay, 0..5)
}

fn rides(stays: &[Stay]) -> Vec<Ride<'_>> {
    let mut rides = Vec::new();
    for Stay { tracker, from, until, readings } in stays {
        rides.push(Ride { tracker: TrackerId(*tracker), from: at(*from), until: at(*until), readings });
    }
    rides
}

fn after(profile: &Profile, stays: &[Stay], from: i64, to: i64) -> Balance {
    Balance::unspent(profile).after(profile, &rides(stays), at(from), at(to))
}

/// Lowest and highest of what stands in the box in one second.
fn stood(profile: &Profile, stays: &[Stay], t: i64) -> Option<(i32, i32)> {
    let aboard =
        |tracker: i32, t: i64| stays.iter().any(|s| s.tracker == tracker && (s.from..s.until).contains(&t));
    let (mut riding, mut left_behind) = (Vec::new(), Vec::new());
    for tracker in 0..3 {
        let all = stays.iter().filter(|stay| stay.tracker == tracker).flat_map(|stay| &stay.readings);
        let counted: Vec<_> = all.filter(|r| aboard(tracker, second(r.measured_at))).collect();
        let latest = counted.iter().map(|r| second(r.measured_at)).filter(|s| *s <= t).max();
        let Some(latest) = latest.filter(|latest| t < latest + profile.max_gap().seconds()) else { continue };
        let known = if (latest..=t).all(|s| aboard(tracker, s)) { &mut riding } else { &mut left_behind };
        for reading in counted.iter().filter(|r| second(r.measured_at) == latest) {
            let ends = [Some(reading.temperature), reading.min, reading.max];
            known.extend(ends.into_iter().flatten().map(|end| end.0));
        }
    }
    let known = if riding.is_empty() { left_behind } else { riding };
    Some((*known.iter().min()?, *known.iter().max()?))
}

/// Whether a second counts for an allowance: everything beyond the milder allowances of its side does.
fn counts(profile: &Profile, edge: Edge, (lowest, highest): (i32, i32)) -> bool {
    let range = profile.range().unwrap();
    let milder = profile.allowances().iter().filter_map(|other| match (other.edge, edge) {
        (Edge::UpTo(other), Edge::UpTo(edge)) if other < edge => Some(highest > other.0),
        (Edge::DownTo(other), Edge::DownTo(edge)) if other > edge => Some(lowest < other.0),
        _ => None,
    });
    let outside = match edge {
        Edge::UpTo(_) => highest > range.max_c.unwrap().0,
        Edge::DownTo(_) => lowest < range.min_c.unwrap().0,
    };
    outside && milder.into_iter().all(|reached| reached)
}

fn is_allowed(profile: &Profile, (lowest, highest): (i32, i32)) -> bool {
    let Some(range) = profile.range() else { return true };
    let within = |value: i32| {
        let in_range = value >= range.min_c.unwrap().0 && value <= range.max_c.unwrap().0;
        let by_allowance = profile.allowances().iter().any(|rule| match rule.edge {
            Edge::UpTo(edge) => value <= edge.0 && value >= range.min_c.unwrap().0,
            Edge::DownTo(edge) => value >= edge.0 && value <= range.max_c.unwrap().0,
        });
        in_range || by_allowance
    };
    within(lowest) && within(highest)
}

fn total(flags: impl Iterator<Item = bool>) -> i64 {
    flags.filter(|flag| *flag).count() as i64
}

fn seconds(statement: &Statement) -> Vec<(i64, Option<i64>)> {
    let never = (statement.never_allowed.spent_best_s, statement.never_allowed.spent_worst_s);
    statement.allowances.iter().map(|l| (l.spent_best_s, l.spent_worst_s)).chain([never]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn the_balance_agrees_with_its_definition_second_by_second(
        profile in any_profile(), stays in any_stays(), (from, to) in any_span(),
    ) {
        let statement = after(&profile, &stays, from, to).statement(&profile);
        let stood: Vec<_> = (from..to).map(|t| stood(&profile, &stays, t)).collect();
        let unknown = total(stood.iter().map(Option::is_none));
        let mut expected: Vec<(i64, Option<i64>)> = Vec::new();
        for rule in profile.allowances() {
            let best = total(stood.iter().flatten().map(|ends| counts(&profile, rule.edge, *ends)));
            expected.push((best, Some(best + unknown)));
        }
        let never = total(stood.iter().flatten().map(|ends| !is_allowed(&profile, *ends)));
        let nothing_limits = profile.range().is_none();
        expected.push((never, Some(if nothing_limits { 0 } else { never + unknown })));
        prop_assert_eq!(seconds(&statement), expected);
    }

    #[test]
    fn order_and_repetition_change_nothing(
        profile in any_profile(),
        (stays, shuffled) in any_stays().prop_flat_map(|stays| {
            let reversed = |stay: &Stay| {
                let mut stay = stay.clone();
                stay.readings.reverse();
                stay.readings.extend_from_within(..stay.readings.len() / 2);
                stay
            };
            let doubled: Vec<_> = stays.iter().map(reversed).chain(stays.iter().step_by(2).cloned()).collect();
            (Just(stays), Just(doubled).prop_shuffle())
        }),
        (from, to) in any_span(),
    ) {
        prop_assert_eq!(after(&profile, &shuffled, from, to), after(&profile, &stays, from, to));
    }

    #[test]
    fn a_ride_cut_in_two_at_any_second_changes_nothing(
        profile in any_profile(), stays in any_stays(), which in 0..5_usize, cut in -5..120_i64,
        (from, to) in any_span(), each_has_all in any::<bool>(),
    ) {
        let mut cut_in_two = stays.clone();
        let Some(which) = which.checked_rem(stays.len()) else { return Ok(()) };
        let Stay { tracker, from: begun, until, readings } = cut_in_two.remove(which);
        let cut = cut.clamp(begun, until);
        let (before, behind) = readings.iter().partition(|reading| second(reading.measured_at) < cut);
        let (first, rest) = if each_has_all { (readings.clone(), readings) } else { (before, behind) };
        cut_in_two.push(Stay { tracker, from: begun, until: cut, readings: first });
        cut_in_two.push(Stay { tracker, from: cut, until, readings: rest });
        prop_assert_eq!(after(&profile, &cut_in_two, from, to), after(&profile, &stays, from, to));
    }

    #[test]
    fn the_best_case_is_no_worse_than_the_worst_and_no_second_counts_twice(
        profile in any_profile(), stays in any_stays(), (from, to) in any_span(),
    ) {
        let statement = after(&profile, &stays, from, to).statement(&profile);
        for (best, worst) in seconds(&statement) {
            prop_assert!(best <= worst.unwrap() && worst.unwrap() <= to - from);
        }
        for line in &statement.allowances {
            prop_assert!(line.remaining_worst_s <= line.remaining_best_s);
        }
        if let Some(line) = statement.freeze_thaw {
            prop_assert!(line.cycles_best <= line.cycles_worst.unwrap());
            prop_assert!(line.remaining_worst.unwrap() <= line.remaining_best);
        }
    }

    #[test]
    fn a_second_tracker_that_says_the_same_changes_nothing(
        profile in any_profile(), stays in any_stays(), (from, to) in any_span(),
    ) {
        let beside = |stay: &Stay| Stay { tracker: stay.tracker + 10, ..stay.clone() };
        let both: Vec<_> = stays.iter().cloned().chain(stays.iter().map(beside)).collect();
        prop_assert_eq!(after(&profile, &both, from, to), after(&profile, &stays, from, to));
    }

    #[test]
    fn legs_add_up_to_the_way(
        profile in any_profile(), stays in any_stays(), (from, to) in any_span(), cut in 0..60_i64,
    ) {
        let middle = (from + cut).min(to);
        let rides = rides(&stays);
        let leg_by_leg = Balance::unspent(&profile)
            .after(&profile, &rides, at(from), at(middle))
            .after(&profile, &rides, at(middle), at(to))
            .statement(&profile);
        let at_once = after(&profile, &stays, from, to).statement(&profile);
        prop_assert_eq!(seconds(&leg_by_leg), seconds(&at_once));
        if let (Some(legs), Some(once)) = (leg_by_leg.freeze_thaw, at_once.freeze_thaw) {
            prop_assert_eq!(legs.cycles_best, once.cycles_best);
            // A hole that is cut is two holes.
            prop_assert!(legs.cycles_worst >= once.cycles_worst);
        }
    }

    #[test]
    fn a_merged_box_is_no_better_than_any_part_in_either_order(
        profile in any_profile(), one in any_stays(), other in any_stays(), (from, to) in any_span(),
        is_stated in any::<bool>(),
    ) {
        let one = after(&profile, &one, from, to);
        let opening = if is_stated { Balance::unspent(&profile) } else { Balance::unknown() };
        let other = opening.after(&profile, &rides(&other), at(from), at(to));
        let merged = Balance::merged([one.clone(), other.clone()]).unwrap();
        prop_assert_eq!(&Balance::merged([other.clone(), one.clone()]).unwrap(), &merged);
        prop_assert_eq!(&Balance::merged([merged.clone(), merged.clone()]).unwrap(), &merged);
        let whole = merged.statement(&profile);
        for part in [one, other] {
            let part = part.statement(&profile);
            prop_assert!(part.state <= whole.state || whole.state == domain::allowance::AllowanceState::Exceeded);
            for (part, whole) in seconds(&part).into_iter().zip(seconds(&whole)) {
                prop_assert!(part.0 <= whole.0);
                prop_assert!(whole.1.is_none_or(|whole| part.1.is_some_and(|part| part <= whole)));
            }
        }
    }
}
