//! One alarm's exposures: best case with its episodes, and worst case.

use serde::{Deserialize, Serialize};

use super::assessment::{Episode, ExposureTotal};
use super::standing::Stretch;
use crate::profile::{AlarmRule, ExposureRule};
use crate::time::utc;

/// Where one alarm stands after the time tallied so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AlarmTally {
    total_s: i64,
    worst_s: i64,
    /// Whether the worst case is within an exposure. The best case is if its last exposure has no end.
    worst_exposed: bool,
    exposures: Vec<Exposure>,
}

/// An uninterrupted exposure; instants in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Exposure {
    began: i64,
    ended: Option<i64>,
    /// What the alarm's earlier exposures add up to.
    total_before_s: i64,
    /// In hundredths of the alarm's quantity.
    extreme: i32,
}

impl AlarmTally {
    /// Adds the stretch that follows what was tallied so far; `sees_from` is when the alarm's start delay is over.
    pub fn add(&mut self, alarm: &AlarmRule, sees_from: i64, stretch: &Stretch) {
        let from = stretch.from.max(sees_from);
        let seconds = stretch.to - from;
        if seconds <= 0 {
            return;
        }
        let value = stretch.level.and_then(|level| level.worst_for(alarm));
        // Most of the time nothing is wrong.
        if !self.worst_exposed && value.is_some_and(|value| !alarm.continues(value)) && !self.is_exposed() {
            return;
        }
        self.worst_exposed = match value {
            Some(value) if self.worst_exposed => alarm.continues(value),
            Some(value) => alarm.begins(value),
            None => true,
        };
        if self.worst_exposed {
            self.worst_s += seconds;
        }
        self.add_best_case(alarm, value, from, seconds);
    }

    /// In the best case.
    fn is_exposed(&self) -> bool {
        self.exposures.last().is_some_and(|exposure| exposure.ended.is_none())
    }

    fn add_best_case(&mut self, alarm: &AlarmRule, value: Option<i32>, from: i64, seconds: i64) {
        let open = self.exposures.last_mut().filter(|exposure| exposure.ended.is_none());
        match (open, value) {
            (Some(exposure), Some(value)) if alarm.continues(value) => {
                if alarm.is_worse(value, exposure.extreme) {
                    exposure.extreme = value;
                }
                self.total_s += seconds;
            }
            (Some(exposure), _) => exposure.ended = Some(from),
            (None, Some(value)) if alarm.begins(value) => {
                self.exposures.push(Exposure {
                    began: from,
                    ended: None,
                    total_before_s: self.total_s,
                    extreme: value,
                });
                self.total_s += seconds;
            }
            (None, _) => {}
        }
    }

    pub fn total(&self, alarm: &AlarmRule) -> ExposureTotal {
        ExposureTotal { alarm: alarm.name.clone(), total_s: self.total_s, total_worst_s: self.worst_s }
    }

    /// The episodes of a span that ends at `to`, which is where the tally stands.
    pub fn episodes<'a>(&'a self, alarm: &'a AlarmRule, to: i64) -> impl Iterator<Item = Episode> + 'a {
        self.exposures.iter().map(move |exposure| {
            let exposure_s = exposure.ended.unwrap_or(to) - exposure.began;
            let needed_s = exposure.needed_s(alarm);
            Episode {
                alarm: alarm.name.clone(),
                severity: alarm.severity,
                began_at: utc(exposure.began),
                alarmed_at: (exposure_s >= needed_s).then(|| utc(exposure.began + needed_s)),
                ended_at: exposure.ended.map(utc),
                exposure_s,
                extreme: exposure.extreme,
            }
        })
    }

    /// Lets go of the exposures that are over and returns them as episodes; `to` is where the tally stands.
    pub fn settle(&mut self, alarm: &AlarmRule, to: i64) -> Vec<Episode> {
        let lasting = self.exposures.pop_if(|exposure| exposure.ended.is_none());
        let settled = self.episodes(alarm, to).collect();
        self.exposures.clear();
        self.exposures.extend(lasting);
        settled
    }

    /// When the exposure that lasts reaches the alarm's delay if it goes on, in Unix seconds. May be past.
    pub fn ripens_at(&self, alarm: &AlarmRule) -> Option<i64> {
        let open = self.exposures.last().filter(|exposure| exposure.ended.is_none())?;
        Some(open.began + open.needed_s(alarm))
    }
}

impl Exposure {
    /// How long this exposure must last to raise the alarm.
    fn needed_s(&self, alarm: &AlarmRule) -> i64 {
        match alarm.exposure {
            ExposureRule::Single => alarm.delay.seconds(),
            ExposureRule::Cumulative => (alarm.delay.seconds() - self.total_before_s).max(0),
        }
    }
}
