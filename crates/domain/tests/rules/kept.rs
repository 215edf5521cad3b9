//! A kept evaluation with its checkpoints, as a service keeps them: batches in any order end as one full replay.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Reading;
use domain::alert::LiveAlert;
use domain::evaluate::{Assessment, Continued, Episode, Evaluation, evaluate};
use domain::profile::Profile;
use proptest::prelude::*;

use crate::alerts::{Ledger, after_one_application};
use crate::series::{any_profile, any_series, at, reading, second};

/// Between two batches only text is kept, as in a database.
struct Kept {
    readings: Vec<Reading>,
    evaluation: String,
    checkpoints: BTreeMap<DateTime<Utc>, String>,
    alerts: Ledger,
    checkpoint_every: u32,
    /// Readings folded so far.
    folded: usize,
}

fn read(text: &str) -> Evaluation {
    serde_json::from_str(text).unwrap()
}

fn write(evaluation: &Evaluation) -> String {
    serde_json::to_string(evaluation).unwrap()
}

impl Kept {
    fn start(profile: &Profile, from: i64, checkpoint_every: u32) -> Self {
        Self {
            readings: Vec::new(),
            evaluation: write(&Evaluation::start(profile, at(from))),
            checkpoints: BTreeMap::new(),
            alerts: Ledger::default(),
            checkpoint_every,
            folded: 0,
        }
    }

    fn take(&mut self, profile: &Profile, from: i64, batch: &[Reading], now: i64) {
        let mut fresh: Vec<Reading> =
            batch.iter().filter(|reading| !self.readings.contains(reading)).copied().collect();
        fresh.sort();
        fresh.dedup();
        self.readings.extend(&fresh);
        self.readings.sort();
        let Some(first) = fresh.first().copied() else { return };
        let evaluation = read(&self.evaluation);
        if evaluation.last().is_none_or(|last| first >= *last) {
            self.fold(profile, evaluation, &fresh, now);
            return;
        }
        self.checkpoints.retain(|at, _| *at < first.measured_at);
        let checkpoint = self.checkpoints.last_key_value().map(|(_, text)| read(text));
        let start = checkpoint.unwrap_or_else(|| Evaluation::start(profile, at(from)));
        let seen = start.last().copied();
        let again: Vec<Reading> = self
            .readings
            .iter()
            .filter(|reading| seen.is_none_or(|seen| **reading > seen))
            .copied()
            .collect();
        self.fold(profile, start, &again, now);
    }

    fn fold(&mut self, profile: &Profile, start: Evaluation, readings: &[Reading], now: i64) {
        self.folded += readings.len();
        let settled_before = start.settled_until();
        let continued = start.continue_with(profile, readings, self.checkpoint_every).unwrap();
        self.alerts.reconcile_unsettled(&continued.assess(profile, at(now)).episodes, settled_before);
        let Continued { evaluation, checkpoints, .. } = continued;
        for checkpoint in checkpoints {
            self.checkpoints.insert(checkpoint.last_measured_at().unwrap(), write(&checkpoint));
        }
        self.evaluation = write(&evaluation);
    }

    fn assess(&self, profile: &Profile, now: i64) -> Assessment {
        read(&self.evaluation).assess(profile, at(now))
    }
}

/// All figures; of the episodes those that a kept evaluation still holds.
fn figures(assessment: &Assessment, settled_until: Option<DateTime<Utc>>) -> Assessment {
    let is_held =
        |episode: &Episode| episode.ended_at.is_none_or(|ended| settled_until.is_none_or(|s| ended >= s));
    Assessment {
        episodes: assessment.episodes.iter().filter(|episode| is_held(episode)).cloned().collect(),
        mkt: None,
        mkt_windows: Vec::new(),
        ..assessment.clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn late_readings_folded_in_from_a_checkpoint_equal_a_full_replay(
        profile in any_profile(),
        (series, shuffled) in any_series().prop_flat_map(|series| {
            let doubled: Vec<_> = series.iter().chain(series.iter().step_by(3)).copied().collect();
            (Just(series), Just(doubled).prop_shuffle())
        }),
        batch in 1..6_usize,
        checkpoint_every in 1..6_u32,
        from in 0..30_i64,
    ) {
        let now = 150;
        let mut kept = Kept::start(&profile, from, checkpoint_every);
        for arrived in shuffled.chunks(batch) {
            kept.take(&profile, from, arrived, now);
        }
        let replayed = evaluate(&profile, &series, Some(at(from)), Some(at(now))).unwrap();
        let settled_until = read(&kept.evaluation).settled_until();
        prop_assert_eq!(figures(&kept.assess(&profile, now), None), figures(&replayed, settled_until));
        if !series.is_empty() {
            prop_assert_eq!(kept.alerts.content(), after_one_application(&replayed.episodes));
        }
        for text in kept.checkpoints.values() {
            let checkpoint = read(text);
            let last = checkpoint.last_measured_at().unwrap();
            let until: Vec<_> = series.iter().filter(|r| r.measured_at <= last).copied().collect();
            let to = (second(last) + 1).max(from + 1);
            let expected = evaluate(&profile, &until, Some(at(from)), Some(at(to))).unwrap();
            let counted = Assessment { readings: expected.readings, ..checkpoint.assess(&profile, at(to)) };
            // A conflicting value of its very instant may have come after it; folding again takes that in.
            if until.iter().filter(|r| r.measured_at == last).count() == 1 {
                prop_assert_eq!(figures(&counted, None), figures(&expected, checkpoint.settled_until()));
            }
        }
    }
}

#[test]
fn a_late_reading_folds_from_the_nearest_checkpoint_and_not_from_the_start() {
    let profile = crate::series::profile("name = \"p\"\nmax_gap = \"40m\"\n[range]\nmax_c = 8\n");
    let series: Vec<Reading> = (0..2_880).filter(|i| *i != 2_800).map(|i| reading(i * 900, 500)).collect();
    let mut kept = Kept::start(&profile, 0, 128);
    kept.take(&profile, 0, &series, 2_880 * 900);
    assert_eq!((kept.folded, kept.checkpoints.len()), (2_879, 22));
    kept.take(&profile, 0, &[reading(2_800 * 900, 900)], 2_880 * 900);
    // The 21st checkpoint has seen 2,688 readings: the others, and the late one.
    assert_eq!(kept.folded - 2_879, 2_880 - 2_688);
    assert_eq!(kept.assess(&profile, 2_880 * 900).coverage.out_of_range_s, 900);
}

#[test]
fn a_kept_evaluation_does_not_grow_with_the_length_of_a_flapping_shipment() {
    let rule = "name = \"p\"\nmax_gap = \"40m\"\n[[alarm]]\nname = \"warm\"\nabove = 8\n";
    let profile = crate::series::profile(rule);
    let mut kept = Kept::start(&profile, 0, 128);
    let mut sizes = Vec::new();
    for (index, at) in (0..17_280_i64).map(|index| (index, index * 300)) {
        kept.evaluation = write(
            &read(&kept.evaluation)
                .continue_with(&profile, &[reading(at, 700 + (at / 300 % 2 * 200) as i32)], 128)
                .unwrap()
                .evaluation,
        );
        if index % 128 == 127 {
            sizes.push(kept.evaluation.len());
        }
    }
    let (early, late) = (sizes[1], sizes[sizes.len() - 1]);
    assert!(late < early + 60, "{early} bytes after a day and {late} after sixty");
}

#[test]
fn an_alert_that_ended_before_what_is_settled_cannot_change() {
    let ended = |ended: Option<i64>| LiveAlert { ended_at: ended.map(at), ..crate::alerts::any_alert() };
    for (ended_at, settled, expected) in [
        (None, None, true),
        (None, Some(100), true),
        (Some(99), None, true),
        (Some(99), Some(100), false),
        (Some(100), Some(100), true),
    ] {
        assert_eq!(ended(ended_at).is_unsettled(settled.map(at)), expected, "{ended_at:?} {settled:?}");
    }
}
