//! Figures for Prometheus.

use prometheus::{IntCounter, Registry, TextEncoder};
use store::Uplink;

pub struct Metrics {
    registry: Registry,
    pub lines: IntCounter,
    pub readings: IntCounter,
    pub batches: IntCounter,
    pub batches_failed: IntCounter,
    pub dead_letters: IntCounter,
    pub uplinks_without_readings: IntCounter,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        Ok(Self {
            lines: counter("isotherm_tracking_messages_total", "Messages consumed")?,
            readings: counter("isotherm_tracking_readings_total", "Readings stored, each once")?,
            batches: counter("isotherm_tracking_batches_total", "Batches committed")?,
            batches_failed: counter(
                "isotherm_tracking_batches_failed_total",
                "Batches that had to be tried again",
            )?,
            dead_letters: counter(
                "isotherm_tracking_dead_letters_total",
                "Messages put to the dead letters",
            )?,
            uplinks_without_readings: counter(
                "isotherm_tracking_uplinks_without_readings_total",
                "Uplinks that gave no readings: unknown trackers, payloads that nobody understands",
            )?,
            registry,
        })
    }

    pub fn count_batch(&self, lines: usize, readings: usize) {
        self.batches.inc();
        self.lines.inc_by(lines as u64);
        self.readings.inc_by(readings as u64);
    }

    pub fn count_problems(&self, uplinks: &[Uplink]) {
        let problems = uplinks.iter().filter(|uplink| uplink.problem.is_some()).count();
        self.uplinks_without_readings.inc_by(problems as u64);
    }

    /// Prometheus' text format.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}
