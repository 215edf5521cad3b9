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

/// With a gap of readings beside which these were measured; the later one came when it was measured.
fn with_gaps(gaps: &[(i64, i64)]) -> Tracker {
    let gap =
        |(after, before): &(i64, i64)| Gap { after: at(*after), before: at(*before), known_at: at(*before) };
    Tracker { gaps: gaps.iter().map(gap).collect(), ..Tracker::default() }
}

#[test]
fn a_log_is_asked_for_what_lies_between_two_readings_three_intervals_after_the_later_one_came() {
    let tracker = with_gaps(&[(-9_000, 0)]);
    assert_eq!(tracker.after(3 * INTERVAL_S - 1), []);
    assert_eq!(tracker.after(3 * INTERVAL_S), [read_log(-8_999, -1)]);
}

#[test]
fn a_downlink_asks_for_one_span_the_oldest_first() {
    let tracker = with_gaps(&[(-9_000, -5_000), (-4_000, 0)]);
    assert_eq!(tracker.after(HOUR_S), [read_log(-8_999, -5_001)]);
    let read = vec![Asked { what: span(-8_999, -5_001), at: at(HOUR_S) }];
    assert_eq!(Tracker { read, ..tracker }.after(HOUR_S + 1), [read_log(-3_999, -1)]);
}

#[test]
fn a_long_gap_is_asked_for_in_parts_also_where_the_log_has_nothing_of_the_first_one() {
    let part = i64::from(MOST_READ) * INTERVAL_S;
    let whole = |length: i64| with_gaps(&[(-length - 1, 0)]).after(HOUR_S);
    assert_eq!(whole(part), [read_log(-part, -1)]);
    assert_eq!(whole(part + 1), [read_log(-part - 1, -2)]);
    let tracker = with_gaps(&[(-2 * part - 1, 0)]);
    let asked = |hours: &[i64]| {
        let what = span(-2 * part, -part - 1);
        let read = hours.iter().map(|hours| Asked { what, at: ago(*hours) }).collect();
        Tracker { read, ..tracker.clone() }.after(HOUR_S)
    };
    assert_eq!(asked(&[]), [read_log(-2 * part, -part - 1)]);
    assert_eq!(asked(&[3]), [read_log(-2 * part, -part - 1)]);
    assert_eq!(asked(&[2]), [read_log(-part, -1)], "it is waited for");
    assert_eq!(asked(&[20, 12, 8]), [read_log(-part, -1)], "the tracker does not have it");
}

#[test]
fn what_people_want_goes_with_it_and_the_last_two_downlinks_of_a_day_are_kept_for_them() {
    let tracker = with_gaps(&[(-9_000, 0)]);
    let sent = vec![ago(23); domain::downlink::BUDGET - 2];
    assert_eq!(Tracker { sent, ..tracker }.after(HOUR_S - 1), []);
}

proptest! {
    /// A tracker measures each quarter of an hour; some uplinks are lost, and its log answers what it is asked for, when that
    /// comes. In the end all is here, nothing was asked for that was here, and a day had ten downlinks at most.
    #[test]
    fn whatever_is_lost_comes_in_the_end(
        heard in prop::collection::vec(prop::bool::weighted(0.7), 2..200),
        comes in prop::collection::vec(any::<bool>(), 600),
    ) {
        let count = i64::try_from(heard.len()).unwrap();
        let mut here: BTreeSet<i64> = heard.iter().zip(0..).filter_map(|(heard, number)| heard.then_some(number)).collect();
        here.extend([0, count - 1]);
        let (mut tracker, mut now) = (Tracker::default(), at(count * INTERVAL_S));
        for comes in comes.into_iter().chain(std::iter::repeat_n(true, 200)) {
            let gaps = here.iter().zip(here.iter().skip(1)).filter(|(one, next)| *next - *one > 1);
            tracker.gaps = gaps.map(|(one, next)| {
                let before = at(next * INTERVAL_S);
                Gap { after: at(one * INTERVAL_S), before, known_at: before }
            }).collect();
            let said = tracker.at(now);
            prop_assert!(said.len() <= 1);
            if let [Command::ReadLog(asked)] = said[..] {
                let of_log = (0..count).filter(|number| (asked.from..=asked.to).contains(&at(number * INTERVAL_S)));
                let of_log: Vec<i64> = of_log.collect();
                prop_assert!(of_log.iter().all(|number| !here.contains(number)));
                prop_assert!(of_log.len() <= usize::try_from(MOST_READ).unwrap());
                tracker.sent.push(now);
                let day = tracker.sent.iter().filter(|at| now - **at < TimeDelta::hours(24)).count();
                prop_assert!(day <= domain::downlink::BUDGET);
                if comes {
                    tracker.read.push(Asked { what: asked, at: now });
                    here.extend(of_log);
                }
            }
            now += TimeDelta::minutes(30);
        }
        prop_assert_eq!(here.len(), heard.len());
    }
}
