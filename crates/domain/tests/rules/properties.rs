//! Order, duplicates, batches and the clock change nothing but what they must.

use chrono::{DateTime, Utc};
use domain::Reading;
use domain::evaluate::{Assessment, Episode, Evaluation, Verdict, evaluate};
use domain::profile::Profile;
use proptest::prelude::*;

use crate::CASES;
use crate::series::{any_profile, any_series, any_span, at, second};

/// Away and back through what a database would keep.
fn put_away(evaluation: &Evaluation) -> Evaluation {
    serde_json::from_value(serde_json::to_value(evaluation).unwrap()).unwrap()
}

/// An assessment but for the figures of the whole series, which a fold does not give.
pub fn without_whole_series(assessment: Assessment) -> Assessment {
    Assessment { mkt: None, mkt_windows: Vec::new(), ..assessment }
}

type Times = (DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// What a person would notice, without the seconds that merely add up.
fn noticed(assessment: Assessment) -> (Verdict, Vec<(String, Times)>) {
    let episode = |e: Episode| (e.alarm, (e.began_at, e.alarmed_at, e.ended_at));
    (assessment.verdict, assessment.episodes.into_iter().map(episode).collect())
}

fn folded(profile: &Profile, readings: &[Reading], from: i64) -> Evaluation {
    let mut evaluation = Evaluation::start(profile, at(from));
    for reading in readings {
        evaluation.push(profile, reading).unwrap();
    }
    evaluation
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn any_order_and_any_duplicates_give_the_same_assessment(
        profile in any_profile(),
        (series, shuffled) in any_series().prop_flat_map(|series| {
            let doubled: Vec<_> = series.iter().chain(series.iter().step_by(2)).copied().collect();
            (Just(series), Just(doubled).prop_shuffle())
        }),
        span in proptest::option::of(any_span()),
    ) {
        let (from, to) = (span.map(|span| at(span.0)), span.map(|span| at(span.1)));
        let expected = evaluate(&profile, &series, from, to);
        prop_assert_eq!(expected.is_err(), series.is_empty() && span.is_none());
        prop_assert_eq!(evaluate(&profile, &shuffled, from, to), expected);
    }

    #[test]
    fn batches_with_the_state_put_away_between_them_give_the_one_shot_to_the_bit(
        profile in any_profile(),
        mut readings in any_series(),
        (from, to) in any_span(),
        cuts in proptest::collection::vec(any::<bool>(), 25),
    ) {
        readings.sort();
        readings.retain(|reading| reading.measured_at < at(to));
        let mut evaluation = Evaluation::start(&profile, at(from));
        for (index, (reading, cut)) in readings.iter().zip(&cuts).enumerate() {
            evaluation.push(&profile, reading).unwrap();
            if *cut {
                // Looking in between must change nothing either, and is itself right.
                let now = at((second(reading.measured_at) + 1).max(from + 1));
                let so_far = evaluate(&profile, &readings[..=index], Some(at(from)), Some(now)).unwrap();
                let looked = without_whole_series(evaluation.assess(&profile, now));
                prop_assert_eq!(looked, without_whole_series(so_far));
                evaluation = put_away(&evaluation);
            }
        }
        let folded = without_whole_series(evaluation.assess(&profile, at(to)));
        let one_shot = evaluate(&profile, &readings, Some(at(from)), Some(at(to))).unwrap();
        let one_shot = without_whole_series(one_shot);
        prop_assert_eq!(serde_json::to_string(&folded).unwrap(), serde_json::to_string(&one_shot).unwrap());
        prop_assert_eq!(folded, one_shot);
    }

    #[test]
    fn readings_outside_the_span_change_nothing_but_for_the_last_one_before(
        profile in any_profile(), readings in any_series(), (from, to) in any_span(),
    ) {
        let last_before = readings.iter().map(|r| r.measured_at).filter(|t| *t < at(from)).max();
        let kept: Vec<_> = readings
            .iter()
            .filter(|r| Some(r.measured_at) == last_before || (at(from)..at(to)).contains(&r.measured_at))
            .copied()
            .collect();
        let (from, to) = (Some(at(from)), Some(at(to)));
        prop_assert_eq!(evaluate(&profile, &kept, from, to), evaluate(&profile, &readings, from, to));
    }

    #[test]
    fn coverage_adds_up_and_the_best_case_is_no_worse_than_the_worst(
        profile in any_profile(), readings in any_series(), (from, to) in any_span(),
    ) {
        let assessment = evaluate(&profile, &readings, Some(at(from)), Some(at(to))).unwrap();
        let coverage = assessment.coverage;
        prop_assert_eq!(coverage.in_range_s + coverage.out_of_range_s + coverage.unknown_s, to - from);
        for exposure in &assessment.exposures {
            prop_assert!(exposure.total_s <= exposure.total_worst_s && exposure.total_worst_s <= to - from);
            let episodes = assessment.episodes.iter().filter(|episode| episode.alarm == exposure.alarm);
            prop_assert_eq!(episodes.map(|episode| episode.exposure_s).sum::<i64>(), exposure.total_s);
        }
    }

    #[test]
    fn nothing_changes_by_itself_before_the_announced_instant(
        profile in any_profile(), mut readings in any_series(), from in 0..40_i64,
    ) {
        readings.sort();
        let evaluation = folded(&profile, &readings, from);
        let (begin, end) = (from - 5, from.max(80) + 40);
        let seen: Vec<_> = (begin..end).map(|t| noticed(evaluation.assess(&profile, at(t)))).collect();
        for t in begin..end {
            let announced = evaluation.next_change_after(&profile, at(t)).map_or(end, second);
            prop_assert!(announced > t);
            let unchanged = &seen[(t - begin) as usize..(announced.min(end) - begin) as usize];
            prop_assert!(unchanged.iter().all(|later| *later == unchanged[0]), "{} to {}: {:?}", t, announced, unchanged);
        }
        prop_assert_eq!(evaluation.next_change_after(&profile, at(end)), None);
    }
}
