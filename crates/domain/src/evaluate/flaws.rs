//! What is wrong in a series, second by second: for a person's decision, which settles what was known and no more.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::standing::{Level, State, Stretch};
use super::timeline::{sorted, timeline};
use crate::profile::{Limit, Profile};
use crate::reading::Reading;
use crate::time::{unix, utc};

/// How far values are beyond what is allowed, in hundredths; 0 where they are not, or are exactly at a limit that is
/// itself outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beyond {
    pub below: i32,
    pub above: i32,
}

/// Seconds [`from`, `to`) that are all out of range, and equally far, or all unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// `None`: unknown.
    pub beyond: Option<Beyond>,
}

impl Flaw {
    /// Whether whoever knew this of a second knew at least as bad as the other of it. Unknown is never worse than out of
    /// range, and out of range is always worse than unknown.
    pub fn is_as_bad_as(&self, other: &Self) -> bool {
        match (self.beyond, other.beyond) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(own), Some(other)) => own.below >= other.below && own.above >= other.above,
        }
    }
}

/// The flaws of [`from`, `to`), in order of time, each as long as it can be; readings in any order.
///
/// Together they last as long as the coverage's `out_of_range_s` and `unknown_s`.
pub fn flaws(profile: &Profile, readings: &[Reading], from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Flaw> {
    let readings = sorted(readings);
    let stretches: Vec<(Stretch, Option<Option<Beyond>>)> =
        timeline(profile, &readings, unix(from), unix(to))
            .map(|stretch| (stretch, flaw(profile, &stretch)))
            .collect();
    stretches
        .chunk_by(|(_, one), (_, other)| one == other)
        .filter_map(|alike| {
            let ((first, beyond), (last, _)) = (alike.first()?, alike.last()?);
            Some(Flaw { from: utc(first.from), to: utc(last.to), beyond: (*beyond)? })
        })
        .collect()
}

fn flaw(profile: &Profile, stretch: &Stretch) -> Option<Option<Beyond>> {
    match stretch.state(profile) {
        State::InRange => None,
        State::Unknown => Some(None),
        State::OutOfRange => Some(stretch.level.map(|level| beyond(profile, &level))),
    }
}

/// By the range; without one by the alarms' bare limits, the farthest of them, whatever they are about.
fn beyond(profile: &Profile, level: &Level) -> Beyond {
    let excess = |value: i32, limit: i32| value.saturating_sub(limit).max(0);
    if let Some(range) = profile.range() {
        return Beyond {
            below: range.min_c.map_or(0, |min| excess(min.0, level.lowest)),
            above: range.max_c.map_or(0, |max| excess(level.highest, max.0)),
        };
    }
    let mut beyond = Beyond::default();
    for alarm in profile.alarms() {
        let Some(worst) = level.worst_for(alarm) else { continue };
        match alarm.limit {
            Limit::Above(limit) => beyond.above = beyond.above.max(excess(worst, limit)),
            Limit::Below(limit) => beyond.below = beyond.below.max(excess(limit, worst)),
        }
    }
    beyond
}
