//! A whole series as stretches of time, for what a fold cannot give: windows, and the holes to draw.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::assessment::Interval;
use super::standing::{Standing, State, Stretch, stretches};
use crate::profile::Profile;
use crate::reading::Reading;
use crate::time::{unix, utc};

/// The distinct readings in order of time, in whole seconds; borrowed where they are that already.
pub(super) fn sorted(readings: &[Reading]) -> Cow<'_, [Reading]> {
    let is_whole = |reading: &Reading| reading.measured_at.timestamp_subsec_nanos() == 0;
    if readings.iter().all(is_whole) && readings.is_sorted_by(|one, other| one < other) {
        return Cow::Borrowed(readings);
    }
    let mut sorted: Vec<Reading> = readings.iter().map(Reading::in_whole_seconds).collect();
    sorted.sort_unstable();
    sorted.dedup();
    Cow::Owned(sorted)
}

/// The stretches of [`from`, `to`) by sorted readings: one after another, none empty, nothing left out. None of a span
/// that ends before it begins.
pub(super) fn timeline<'a>(
    profile: &'a Profile,
    sorted: &'a [Reading],
    from: i64,
    to: i64,
) -> impl Iterator<Item = Stretch> + Clone + 'a {
    let to = to.max(from);
    let instants = || sorted.chunk_by(|one, other| one.measured_at == other.measured_at);
    let begins = instants().filter_map(|instant| Some((unix(instant.first()?.measured_at), instant)));
    let ends = begins.clone().map(|(begin, _)| begin).chain([i64::MAX]);
    let nothing: (i64, &[Reading]) = (i64::MIN, &[]);
    [nothing]
        .into_iter()
        .chain(begins)
        .zip(ends)
        .map(move |((begin, instant), end)| (begin.clamp(from, to), end.clamp(from, to), instant))
        .filter(|(begin, end, _)| begin < end)
        .flat_map(move |(begin, end, instant)| stretches(profile, Standing::of(instant).as_ref(), begin, end))
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
    let readings = sorted(readings);
    let stretches: Vec<Stretch> = timeline(profile, &readings, unix(from), unix(to)).collect();
    let is_unknown = |stretch: &Stretch| stretch.state(profile) == State::Unknown;
    stretches
        .chunk_by(|one, other| is_unknown(one) == is_unknown(other))
        .filter_map(|alike| Some((alike.first().filter(|first| is_unknown(first))?, alike.last()?)))
        .map(|(first, last)| Interval { from: utc(first.from), to: utc(last.to) })
        .collect()
}
