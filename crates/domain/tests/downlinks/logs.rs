//! Logs that are asked for by time: at each limit, and as a property over random radio.

use std::collections::BTreeSet;

use domain::downlink::plan::MOST_READ;
use proptest::prelude::*;

use super::*;

fn span(from: i64, to: i64) -> Span {
    Span { from: at(from), to: at(to) }
}

fn read_log(from: i64, to: i64) -> Command {
    Command::ReadLog(span(from, to))
}

/// With gaps between readings that were measured at these seconds, the latest gap first.
fn with_gaps(gaps: &[(i64, i64)]) -> Tracker {
    let gap = |(after, before): &(i64, i64)| Gap { after: at(*after), before: at(*before) };
    Tracker { gaps: gaps.iter().map(gap).collect(), ..Tracker::default() }
}

fn asked(span: Span, ats: &[DateTime<Utc>]) -> Vec<Asked<Span>> {
    ats.iter().map(|at| Asked { what: span, at: *at }).collect()
}

const PART_S: i64 = MOST_READ as i64 * INTERVAL_S;

#[test]
fn a_log_is_asked_for_what_lies_between_two_readings_three_intervals_after_the_later_one() {
    let tracker = with_gaps(&[(-9_000, 0)]);
    assert_eq!(tracker.after(3 * INTERVAL_S - 1), []);
    assert_eq!(tracker.after(3 * INTERVAL_S), [read_log(-8_999, -1)]);
}

#[test]
fn the_latest_gap_is_asked_for_first_and_with_it_what_lies_close_before() {
    let with_older = |from: i64| with_gaps(&[(-4_000, 0), (from, from + 2_000)]).after(HOUR_S);
    assert_eq!(with_older(-9_000), [read_log(-8_999, -1)]);
    assert_eq!(with_older(-PART_S - 1), [read_log(-PART_S, -1)]);
    assert_eq!(with_older(-PART_S - 2), [read_log(-3_999, -1)], "more than is asked for at once");
}

#[test]
fn a_long_gap_is_asked_for_in_parts_from_its_end_on() {
    let whole = |length: i64| with_gaps(&[(-length - 1, 0)]).after(HOUR_S);
    assert_eq!(whole(PART_S), [read_log(-PART_S, -1)]);
    assert_eq!(whole(PART_S + 1), [read_log(-PART_S, -1)]);
    let tracker = with_gaps(&[(-PART_S - 2, 0)]);
    let read = asked(span(-PART_S, -1), &[ago(20), ago(12), ago(8)]);
    assert_eq!(Tracker { read, ..tracker }.after(HOUR_S), [read_log(-PART_S - 1, -PART_S - 1)]);
}

#[test]
fn while_an_answer_may_be_on_its_way_nothing_else_is_asked_for_and_three_times_are_enough() {
    let after = |gaps: &[(i64, i64)], asked_at: &[DateTime<Utc>], seconds: i64| {
        let read = asked(span(-8_999, -1), asked_at);
        Tracker { read, ..with_gaps(gaps) }.after(seconds)
    };
    let gap = [(-9_000, 0)];
    assert_eq!(after(&gap, &[ago(3)], HOUR_S - 1), []);
    assert_eq!(
        after(&[(HOUR_S - 9_000, HOUR_S - 3_000)], &[ago(3)], HOUR_S - 1),
        [],
        "another gap waits, too"
    );
    assert_eq!(after(&gap, &[ago(3)], HOUR_S), [read_log(-8_999, -1)]);
    assert_eq!(after(&gap, &[ago(20), ago(12), ago(8)], HOUR_S), [], "the tracker does not have it");
    // The first half has come: it is a part of what was asked for three times.
    assert_eq!(after(&[(-5_000, 0)], &[ago(20), ago(12), ago(8)], HOUR_S), []);
}

#[test]
fn the_last_two_downlinks_of_a_day_are_kept_for_people() {
    let tracker = with_gaps(&[(-9_000, 0)]);
    let sent = vec![ago(23); domain::downlink::BUDGET - 2];
    assert_eq!(Tracker { sent, ..tracker }.after(HOUR_S - 1), []);
}

#[test]
fn what_was_asked_for_less_often_comes_before_what_is_later() {
    let gaps = [(-9_000, 0), (-2 * PART_S - 9_000, -2 * PART_S)];
    let read = asked(span(-8_999, -1), &[ago(4)]);
    let tracker = Tracker { read, ..with_gaps(&gaps) };
    assert_eq!(tracker.after(HOUR_S), [read_log(-2 * PART_S - 8_999, -2 * PART_S - 1)]);
}

proptest! {
    /// A tracker measures each quarter of an hour; some uplinks are lost, and so are some of those that answer, one reading in
    /// each; a request ends the answer before it. In the end all is here, and nothing was asked for twice within four hours.
    #[test]
    fn whatever_is_lost_comes_in_the_end(
        heard in prop::collection::vec(prop::bool::weighted(0.7), 2..200),
        comes in prop::collection::vec(prop::bool::weighted(0.6), 400),
    ) {
        let count = i64::try_from(heard.len()).unwrap();
        let mut here: BTreeSet<i64> = heard.iter().zip(0..).filter_map(|(heard, number)| heard.then_some(number)).collect();
        here.extend([0, count - 1]);
        let mut tracker = Tracker::default();
        let mut now = at(count * INTERVAL_S);
        let mut comes = comes.into_iter().chain(std::iter::repeat(true));
        for _ in 0..2_000 {
            let gaps = here.iter().zip(here.iter().skip(1)).filter(|(one, next)| *next - *one > 1);
            let gaps = gaps.map(|(one, next)| Gap { after: at(one * INTERVAL_S), before: at(next * INTERVAL_S) });
            tracker.gaps = gaps.collect();
            tracker.gaps.reverse();
            // What was asked for a week ago is forgotten.
            tracker.read.retain(|read| now - read.at < TimeDelta::days(7));
            if let [Command::ReadLog(wanted)] = tracker.at(now)[..] {
                prop_assert!(tracker.read.iter().all(|read| now - read.at >= TimeDelta::hours(4)));
                let length = wanted.to - wanted.from;
                prop_assert!(length < TimeDelta::seconds(PART_S));
                let of_log: Vec<i64> =
                    (0..count).filter(|number| (wanted.from..=wanted.to).contains(&at(number * INTERVAL_S))).collect();
                prop_assert!(of_log.iter().any(|number| !here.contains(number)));
                tracker.sent.push(now);
                tracker.read.push(Asked { what: wanted, at: now });
                here.extend(of_log.into_iter().filter(|_| comes.next() == Some(true)));
            }
            now += TimeDelta::minutes(30);
        }
        prop_assert_eq!(here.len(), heard.len());
    }
}
