//! A whole series as stretches of time, for what a fold cannot give: windows, and the holes to draw.

use chrono::{DateTime, Utc};

use super::assessment::Interval;
use super::standing::{State, Stretch, stretches};
use crate::profile::Profile;
use crate::reading::Reading;
use crate::time::{unix, utc};

/// The distinct readings in order of time, in whole seconds.
pub(super) fn sorted(readings: &[Reading]) -> Vec<Reading> {
    let whole = |reading: &Reading| Reading { measured_at: utc(unix(reading.measured_at)), ..*reading };
    let mut sorted: Vec<Reading> = readings.iter().map(whole).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// The stretches of [`from`, `to`) by sorted readings: one after another, none empty, nothing left out.
pub(super) fn timeline(profile: &Profile, sorted: &[Reading], from: i64, to: i64) -> Vec<Stretch> {
    let mut timeline = Vec::new();
    let mut position = from;
    let mut instant: &[Reading] = &[];
    for next in sorted.chunk_by(|one, other| one.measured_at == other.measured_at) {
        let until =
            next.first().map_or(to, |reading| unix(reading.measured_at)).clamp(position, to.max(position));
        timeline.extend(stretches(profile, instant, position, until));
        (position, instant) = (until, next);
        if until >= to {
            return timeline;
        }
    }
    timeline.extend(stretches(profile, instant, position, to));
    timeline
}

/// The longest intervals of [`from`, `to`) whose coverage is unknown, in order of time; readings in any order.
///
/// Together they last as long as the coverage's `unknown_s`.
pub fn gaps(
    profile: &Profile,
    readings: &[Reading],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<Interval> {
    let stretches = timeline(profile, &sorted(readings), unix(from), unix(to));
    let is_unknown = |stretch: &Stretch| stretch.state(profile) == State::Unknown;
    stretches
        .chunk_by(|one, other| is_unknown(one) == is_unknown(other))
        .filter_map(|alike| Some((alike.first().filter(|first| is_unknown(first))?, alike.last()?)))
        .map(|(first, last)| Interval { from: utc(first.from), to: utc(last.to) })
        .collect()
}
