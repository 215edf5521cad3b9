//! What was measured, as JSON: of each figure the least, the middle and the greatest of the rounds.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::time::Duration;

use serde::Serialize;

use crate::alerts;
use crate::servers::Spent;

/// One round.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// CPU time in microseconds a reading.
    ingest: f64,
    consumer: f64,
    broker: f64,
    database: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// Readings a second, from the first webhook to the last commit.
    rate: f64,
}

impl Measured {
    pub fn new(
        before: Spent,
        after: Spent,
        readings: u32,
        took: Duration,
        mut answers: Vec<Duration>,
    ) -> Self {
        answers.sort_unstable();
        let each = |before: Duration, after: Duration| {
            after.saturating_sub(before).as_secs_f64() * 1e6 / f64::from(readings)
        };
        Self {
            ingest: each(before.ingest, after.ingest),
            consumer: each(before.consumer, after.consumer),
            broker: each(before.broker, after.broker),
            database: each(before.database, after.database),
            p50_ms: percentile(&answers, 0.5),
            p99_ms: percentile(&answers, 0.99),
            rate: f64::from(readings) / took.as_secs_f64(),
        }
    }

    fn total(&self) -> f64 {
        self.ingest + self.consumer + self.broker + self.database
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} µs (ingest {:.1}, consumer {:.1}, broker {:.1}, database {:.1}), p50 {:.1} ms, p99 {:.1} ms, {:.0}/s",
            self.total(),
            self.ingest,
            self.consumer,
            self.broker,
            self.database,
            self.p50_ms,
            self.p99_ms,
            self.rate
        )
    }
}

/// In milliseconds; of nothing, 0.
pub fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).map_or(0.0, |time| round(time.as_secs_f64() * 1e3))
}

/// The rounds of one mode; those of one index ran one after the other.
#[derive(Default)]
pub struct Figures {
    pub ours: Vec<Measured>,
    pub reference: Vec<Measured>,
}

#[derive(Serialize)]
struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().map_or(0.0, round);
        Self { min: at(0), median: at(values.len() / 2), max: at(values.len().saturating_sub(1)) }
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[derive(Serialize)]
struct Part {
    ingest: Spread,
    consumer: Spread,
    broker: Spread,
    database: Spread,
    total: Spread,
    p50_ms: Spread,
    p99_ms: Spread,
    rate: Spread,
}

impl Part {
    fn of(rounds: &[Measured]) -> Self {
        let spread = |value: fn(&Measured) -> f64| Spread::of(rounds.iter().map(value));
        Self {
            ingest: spread(|round| round.ingest),
            consumer: spread(|round| round.consumer),
            broker: spread(|round| round.broker),
            database: spread(|round| round.database),
            total: spread(Measured::total),
            p50_ms: spread(|round| round.p50_ms),
            p99_ms: spread(|round| round.p99_ms),
            rate: spread(|round| round.rate),
        }
    }
}

#[derive(Serialize)]
struct ModeReport {
    connections: usize,
    readings_a_round: u32,
    rounds: usize,
    ours: Part,
    reference: Part,
    ratio_total: Spread,
}

#[derive(Default, Serialize)]
pub struct Report {
    modes: BTreeMap<String, ModeReport>,
    /// From the webhook to the alert on the page, at the pace.
    pub alerts: Option<alerts::Times>,
}

impl Report {
    pub fn add(&mut self, mode: &str, connections: usize, readings_a_round: u32, figures: &Figures) {
        let Figures { ours, reference } = figures;
        let ratio_total =
            Spread::of(ours.iter().zip(reference).map(|(ours, other)| ours.total() / other.total()));
        eprintln!(
            "· {mode}: {:.2} times the reference ({:.2} to {:.2})",
            ratio_total.median, ratio_total.min, ratio_total.max
        );
        let report = ModeReport {
            connections,
            readings_a_round,
            rounds: ours.len(),
            ours: Part::of(ours),
            reference: Part::of(reference),
            ratio_total,
        };
        self.modes.insert(mode.to_owned(), report);
    }

    pub fn print(&self) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        Ok(writeln!(std::io::stdout(), "{text}")?)
    }
}
