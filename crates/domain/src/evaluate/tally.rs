//! The sums of a span: coverage, extremes, the mean, and each alarm's exposures.

use serde::{Deserialize, Serialize};

use super::assessment::{Coverage, MeanTemperature, Verdict};
use super::exposure::AlarmTally;
use super::standing::{Level, Standing, State, Stretch, stretches};
use crate::profile::Profile;
use crate::quantity::Temperature;

/// Everything about a span from its beginning up to `position`. Integers only, and small enough (64 bits) for
/// any JSON that keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    from: i64,
    pub position: i64,
    pub coverage: Coverage,
    lowest: Option<i32>,
    highest: Option<i32>,
    known_s: i64,
    /// Of hundredths times seconds.
    sum: i64,
    /// In the profile's order.
    pub alarms: Vec<AlarmTally>,
}

impl Tally {
    pub fn start(profile: &Profile, from: i64) -> Self {
        Self {
            from,
            position: from,
            coverage: Coverage::default(),
            lowest: None,
            highest: None,
            known_s: 0,
            sum: 0,
            alarms: vec![AlarmTally::default(); profile.alarms().len()],
        }
    }

    /// Adds the time up to `to`, in which no reading came, given what the last instant says.
    pub fn advance(&mut self, profile: &Profile, standing: Option<&Standing>, to: i64) {
        for stretch in stretches(profile, standing, self.position, to) {
            self.add(profile, &stretch);
        }
    }

    fn add(&mut self, profile: &Profile, stretch: &Stretch) {
        let seconds = stretch.seconds();
        match stretch.state(profile) {
            State::InRange => self.coverage.in_range_s += seconds,
            State::OutOfRange => self.coverage.out_of_range_s += seconds,
            State::Unknown => self.coverage.unknown_s += seconds,
        }
        if let Some(level) = &stretch.level {
            self.add_known(level, seconds);
        }
        for (tally, alarm) in self.alarms.iter_mut().zip(profile.alarms()) {
            tally.add(alarm, self.from + alarm.start_delay.seconds(), stretch);
        }
        self.position = stretch.to;
    }

    fn add_known(&mut self, level: &Level, seconds: i64) {
        self.lowest = Some(self.lowest.map_or(level.lowest, |lowest| lowest.min(level.lowest)));
        self.highest = Some(self.highest.map_or(level.highest, |highest| highest.max(level.highest)));
        self.known_s += seconds;
        // Saturates beyond any temperature and span that exist (1000 °C for 2.9 million years).
        self.sum = self.sum.saturating_add(i64::from(level.warmest).saturating_mul(seconds));
    }

    pub fn verdict(&self) -> Verdict {
        if self.coverage.out_of_range_s > 0 {
            Verdict::Excursion
        } else if self.coverage.unknown_s > 0 || self.position <= self.from {
            // Of a span without a second nothing is known either.
            Verdict::Incomplete
        } else {
            Verdict::NoExcursion
        }
    }

    pub fn min(&self) -> Option<Temperature> {
        self.lowest.map(Temperature)
    }

    pub fn max(&self) -> Option<Temperature> {
        self.highest.map(Temperature)
    }

    pub fn mean(&self) -> Option<MeanTemperature> {
        (self.known_s > 0).then(|| MeanTemperature::of_sum(self.sum, self.known_s))
    }
}
