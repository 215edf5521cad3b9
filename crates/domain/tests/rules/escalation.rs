//! Escalation: at its limits, and as properties over random lists and rounds of the clock.

use std::collections::BTreeSet;

use domain::alert::{AlertKind, Severity};
use domain::escalation::{Due, MOST_STEPS, PAUSE, ROUNDS, Step, Told, Watched, concerns, escalate};
use domain::{Duration, StepId};
use proptest::prelude::*;

use crate::series::at;

fn step(number: usize, wait_s: i64, from: Severity) -> Step {
    let wait = Duration::from_seconds(wait_s).unwrap();
    Step { id: StepId(uuid::Uuid::from_u128(number as u128)), wait, from }
}

/// At once; after 15 minutes, of grave alerts alone; 15 minutes after that.
fn list() -> [Step; 3] {
    [step(1, 0, Severity::Info), step(2, 900, Severity::Critical), step(3, 900, Severity::Warning)]
}

const ROUND_S: i64 = 1800 + 1800;

fn open(severity: Severity) -> Watched {
    Watched { opened_at: at(0), severity, is_open: true }
}

fn told(due: &[Due], second: i64) -> Vec<Told> {
    let one = |due: &Due| Told { opened_at: at(0), round: due.round, step: due.step, at: at(second) };
    due.iter().map(one).collect()
}

/// Places and rounds that are told at an instant, and the next instant, in seconds.
fn at_second(alert: &Watched, told: &[Told], second: i64) -> (Vec<(usize, u32)>, Option<i64>) {
    let escalation = escalate(alert, &list(), told, at(second));
    let due = escalation.due.iter().map(|due| (due.place, due.round)).collect();
    (due, escalation.next_at.map(|next| (next - at(0)).num_seconds()))
}

#[test]
fn each_step_is_told_when_its_time_has_come_and_not_a_second_before() {
    let (critical, warning, info) = (open(Severity::Critical), open(Severity::Warning), open(Severity::Info));
    let first = [Told { opened_at: at(0), round: 1, step: list()[0].id, at: at(0) }];
    for (alert, told, second, due, next) in [
        (&critical, &[][..], -1, vec![], Some(0)),
        (&critical, &[], 0, vec![(1, 1)], Some(900)),
        (&critical, &first, 0, vec![], Some(900)),
        (&critical, &first, 899, vec![], Some(900)),
        (&critical, &first, 900, vec![(2, 1)], Some(1800)),
        // The second step is left out, and its time counts.
        (&warning, &first, 1799, vec![], Some(1800)),
        (&warning, &first, 1800, vec![(3, 1)], Some(ROUND_S)),
        (&info, &first, ROUND_S - 1, vec![], Some(ROUND_S)),
        (&info, &first, ROUND_S, vec![(1, 2)], Some(2 * ROUND_S)),
    ] {
        assert_eq!(at_second(alert, told, second), (due, next), "{:?} at {second}", alert.severity);
    }
}

#[test]
fn it_begins_again_half_an_hour_after_the_last_step_and_ends_after_the_last_round() {
    let alert = open(Severity::Critical);
    let round = |round: u32| {
        let second = |place: i64| i64::from(round - 1) * ROUND_S + place * 900;
        let one = |(place, step): (i64, Step)| Told {
            opened_at: at(0),
            round,
            step: step.id,
            at: at(second(place)),
        };
        (0..).zip(list()).map(one).collect::<Vec<_>>()
    };
    let all: Vec<Told> = (1..=ROUNDS).flat_map(round).collect();
    let before = |round: u32| all.iter().copied().filter(|told| told.round < round).collect::<Vec<_>>();
    let last = i64::from(ROUNDS - 1) * ROUND_S;
    assert_eq!(at_second(&alert, &before(2), ROUND_S - 1), (vec![], Some(ROUND_S)));
    assert_eq!(at_second(&alert, &before(2), ROUND_S), (vec![(1, 2)], Some(ROUND_S + 900)));
    assert_eq!(at_second(&alert, &before(ROUNDS), last - 1), (vec![], Some(last)));
    assert_eq!(at_second(&alert, &before(ROUNDS), last + 1800), (vec![(1, 24), (2, 24), (3, 24)], None));
    assert_eq!(at_second(&alert, &all, last + 1_000_000), (vec![], None));
    let alone = escalate(&alert, &[step(1, 0, Severity::Info)], &[], at(0)).next_at;
    assert_eq!(alone, Some(at(PAUSE.seconds())), "at least so long a round");
    assert!(i64::from(ROUNDS) * PAUSE.seconds() >= 12 * 3600, "longer than a night");
}

#[test]
fn what_was_missed_is_told_once_and_for_the_latest_round() {
    let alert = open(Severity::Critical);
    assert_eq!(at_second(&alert, &[], ROUND_S + 900).0, [(1, 2), (2, 2), (3, 1)]);
    // An instant before the one that was judged last, as of a process whose clock is behind.
    let told = told(&escalate(&alert, &list(), &[], at(ROUND_S + 900)).due, ROUND_S + 900);
    for second in [-1, 0, 900, 1800, ROUND_S + 900] {
        assert_eq!(at_second(&alert, &told, second).0, [], "{second}");
    }
}

#[test]
fn whoever_is_on_call_is_told_again_at_his_time_by_a_list_that_was_lengthened_or_shortened() {
    let alert = open(Severity::Critical);
    let mut all = run(&alert, &[step(1, 0, Severity::Info)], &[0, 1800, 3600, 5400, 7200]);
    assert_eq!(all.last().map(|told| told.round), Some(5));
    // A round now takes three hours, and the first step's second one begins at the third hour.
    let long = [step(1, 0, Severity::Info), step(2, 9000, Severity::Info)];
    let due = |all: &[Told], steps: &[Step], second: i64| {
        let due = escalate(&alert, steps, all, at(second)).due;
        (due.iter().map(|due| (due.place, due.round)).collect::<Vec<_>>(), told(&due, second))
    };
    assert_eq!(due(&all, &long, 7201).0, [], "who was told stays told");
    for (second, expected) in [(9000, (2, 1)), (10_800, (1, 6)), (19_800, (2, 2)), (21_600, (1, 7))] {
        assert_eq!(due(&all, &long, second - 1).0, [], "{second}");
        let (places, new) = due(&all, &long, second);
        assert_eq!(places, [expected], "{second}");
        all.extend(new);
    }
    // A round of half an hour again: nothing of what is past, and the clock's own rounds from there.
    let short = [step(1, 0, Severity::Info)];
    assert_eq!(due(&all, &short, 23_399).0, []);
    assert_eq!(due(&all, &short, 23_400).0, [(1, 14)]);
    // Never more often than there are rounds.
    all.push(Told { opened_at: at(0), round: ROUNDS, step: step(1, 0, Severity::Info).id, at: at(23_400) });
    assert_eq!(escalate(&alert, &short, &all, at(30_000)), escalate(&alert, &[], &[], at(30_000)));
}

#[test]
fn an_alert_that_is_open_anew_begins_anew_and_a_graver_one_reaches_those_who_were_left_out() {
    let before = told(&escalate(&open(Severity::Warning), &list(), &[], at(1800)).due, 1800);
    assert_eq!(before.len(), 2);
    let graver = open(Severity::Critical);
    assert_eq!(at_second(&graver, &before, 1801), (vec![(2, 1)], Some(ROUND_S)));
    let anew = Watched { opened_at: at(1801), ..graver };
    assert_eq!(at_second(&anew, &before, 1801), (vec![(1, 1)], Some(1801 + 900)));
}

#[test]
fn nobody_is_told_of_what_is_not_open_nor_by_mail_that_mail_fails() {
    let over = Watched { is_open: false, ..open(Severity::Critical) };
    assert_eq!(at_second(&over, &[], 10 * ROUND_S), (vec![], None));
    assert_eq!(escalate(&open(Severity::Critical), &[], &[], at(10 * ROUND_S)).next_at, None);
    for kind in AlertKind::ALL {
        assert_eq!(concerns(*kind), *kind != AlertKind::NotificationFailed);
    }
}

fn severities() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL)
}

fn lists() -> impl Strategy<Value = Vec<Step>> {
    let one = (prop::sample::select(vec![0, 1, 60, 900, 86_400]), severities());
    prop::collection::vec(one, 0..=MOST_STEPS).prop_map(|steps| {
        steps.into_iter().enumerate().map(|(number, (wait, from))| step(number, wait, from)).collect()
    })
}

/// What a run of rounds at these seconds tells.
fn run(alert: &Watched, steps: &[Step], seconds: &[i64]) -> Vec<Told> {
    let mut all = Vec::new();
    for second in seconds {
        let due = escalate(alert, steps, &all, at(*second)).due;
        all.extend(told(&due, *second));
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn who_is_told_depends_neither_on_the_order_of_rounds_nor_on_missed_ones(
        steps in lists(), severity in severities(), last in 0..200_000_i64,
        (some, others) in (prop::collection::vec(0..200_000_i64, 0..40), prop::collection::vec(0..200_000_i64, 0..40)),
    ) {
        let alert = open(severity);
        let until = |seconds: Vec<i64>| -> Vec<i64> {
            seconds.into_iter().filter(|second| *second <= last).chain([last]).collect()
        };
        let runs = [until(some), until(others)].map(|seconds| run(&alert, &steps, &seconds));
        for told in &runs {
            let each: BTreeSet<_> = told.iter().map(|told| (told.round, told.step)).collect();
            prop_assert_eq!(each.len(), told.len(), "nobody twice for the same step of a round");
        }
        let who = |told: &[Told]| told.iter().map(|told| told.step).collect::<BTreeSet<_>>();
        prop_assert_eq!(who(&runs[0]), who(&runs[1]));
        let latest = |told: &[Told], step: StepId| {
            told.iter().filter(|told| told.step == step).map(|told| told.round).max()
        };
        for step in who(&runs[0]) {
            prop_assert_eq!(latest(&runs[0], step), latest(&runs[1], step));
        }
    }

    #[test]
    fn a_round_at_each_next_instant_misses_nobody(steps in lists(), severity in severities(), last in 0..200_000_i64) {
        let alert = open(severity);
        let (mut all, mut now) = (Vec::new(), at(0));
        while now <= at(last) {
            let escalation = escalate(&alert, &steps, &all, now);
            all.extend(told(&escalation.due, (now - at(0)).num_seconds()));
            let Some(next) = escalation.next_at else { break };
            prop_assert!(next > now);
            now = next;
        }
        prop_assert_eq!(escalate(&alert, &steps, &all, at(last)).due, vec![]);
        for told in &all {
            let is_before = |one: &Told| (one.round + 1, one.step) == (told.round, told.step);
            let missed = told.round > 1 && !all.iter().any(is_before);
            prop_assert!(!missed, "every round of every step");
        }
    }

    #[test]
    fn nobody_is_told_after_an_acknowledgement(
        steps in lists(), severity in severities(), before in prop::collection::vec(0..200_000_i64, 0..10),
        after in prop::collection::vec(0..400_000_i64, 1..10),
    ) {
        let told = run(&open(severity), &steps, &before);
        let acknowledged = Watched { is_open: false, ..open(severity) };
        for second in after {
            let escalation = escalate(&acknowledged, &steps, &told, at(second));
            prop_assert_eq!((escalation.due, escalation.next_at), (vec![], None));
        }
    }
}
