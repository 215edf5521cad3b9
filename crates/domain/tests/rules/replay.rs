//! Readings as they arrive in life: late, twice, in batches, with the process killed in between. What is kept is the
//! readings and checkpoints of the fold; the assessment must be the one that the whole set gives.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::Reading;
use domain::evaluate::{Assessment, Evaluation, evaluate};
use domain::profile::Profile;
use proptest::prelude::*;
use serde_json::Value;

use crate::CASES;
use crate::properties::without_whole_series;
use crate::series::{any_profile, any_series, any_span, at, second};

/// What a database would hold between two batches.
#[derive(Default)]
struct Kept {
    readings: BTreeSet<Reading>,
    /// The fold after each of some readings, in order of time: its instant, and itself as JSON.
    checkpoints: Vec<(DateTime<Utc>, Value)>,
}

impl Kept {
    /// The newest evaluation that has seen nothing of `instant` and after, with the later checkpoints gone.
    fn evaluation_until(
        &mut self,
        profile: &Profile,
        from: DateTime<Utc>,
        instant: DateTime<Utc>,
    ) -> Evaluation {
        self.checkpoints.retain(|(last, _)| *last < instant);
        match self.checkpoints.last() {
            Some((_, json)) => serde_json::from_value(json.clone()).unwrap(),
            None => Evaluation::start(profile, from),
        }
    }

    /// Folds everything from `earliest` on again, putting the state away and reading it back after every reading.
    fn replay(&mut self, profile: &Profile, from: DateTime<Utc>, earliest: DateTime<Utc>) -> Evaluation {
        let mut evaluation = self.evaluation_until(profile, from, earliest);
        let seen = evaluation.last_measured_at();
        let readings =
            self.readings.iter().filter(|reading| seen.is_none_or(|seen| reading.measured_at > seen));
        for reading in readings {
            evaluation.push(profile, reading).unwrap();
            let json = serde_json::to_value(&evaluation).unwrap();
            evaluation = serde_json::from_value(json.clone()).unwrap();
            self.checkpoints.push((reading.measured_at, json));
        }
        evaluation
    }
}

/// Readings of a batch, and whether the process dies once they are stored and before they are evaluated.
type Batch = (Vec<Reading>, bool);

/// All readings in some order, every other one twice, cut anywhere.
fn any_deliveries() -> impl Strategy<Value = Vec<Batch>> {
    let doubled = |series: Vec<Reading>| -> Vec<Reading> {
        series.iter().chain(series.iter().step_by(2)).copied().collect()
    };
    let arrivals = any_series().prop_flat_map(move |series| Just(doubled(series)).prop_shuffle());
    (arrivals, proptest::collection::vec((1..9_usize, any::<bool>()), 40)).prop_map(|(arrivals, cuts)| {
        let mut rest = arrivals.as_slice();
        let mut batches = Vec::new();
        for (length, dies) in cuts {
            let (batch, later) = rest.split_at(length.min(rest.len()));
            batches.push((batch.to_vec(), dies));
            rest = later;
        }
        batches
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn any_arrival_and_any_interruption_end_in_the_full_replay(
        profile in any_profile(),
        deliveries in any_deliveries(),
        (from, to) in any_span(),
    ) {
        let (begin, mut kept, mut pending) = (at(from), Kept::default(), None::<DateTime<Utc>>);
        let last = deliveries.len() - 1;
        for (index, (batch, dies)) in deliveries.iter().enumerate() {
            let batch = batch.iter().filter(|reading| reading.measured_at < at(to));
            pending = batch.clone().map(|reading| reading.measured_at).chain(pending).min();
            kept.readings.extend(batch);
            let Some(earliest) = pending.take_if(|_| !dies || index == last) else { continue };
            let evaluation = kept.replay(&profile, begin, earliest);
            let now = evaluation.last_measured_at().map_or(from, second).max(from) + 1;
            let stored: Vec<Reading> = kept.readings.iter().copied().collect();
            for end in [now, to.max(now)] {
                let expected = evaluate(&profile, &stored, Some(begin), Some(at(end))).unwrap();
                let given: Assessment = evaluation.assess(&profile, at(end));
                prop_assert_eq!(without_whole_series(given), without_whole_series(expected));
            }
        }
    }
}
