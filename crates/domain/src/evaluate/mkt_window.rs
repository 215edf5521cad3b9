//! The worst window of the mean kinetic temperature.
//!
//! A sliding window's mean is highest where the window begins or ends with a standing, so only those are tried.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::assessment::MktWindow;
use super::mkt::{Table, Weighted};
use super::standing::Stretch;
use super::timeline::{sorted, timeline};
use crate::profile::Profile;
use crate::reading::Reading;
use crate::time::{unix, utc};

/// The worst window of [`from`, `to`): the highest, the earliest of equals. None without `[mkt]` or where no
/// window holds known time; the span itself where no other fits into it, as partial where it is shorter than the
/// window. Readings in any order; n·log n in their number.
pub fn mkt_windows(
    profile: &Profile,
    readings: &[Reading],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Vec<MktWindow> {
    let (from, to) = (unix(from), unix(to));
    let timeline = timeline(profile, &sorted(readings), from, to);
    worst_window(profile, &timeline, from, to).into_iter().collect()
}

fn worst_window(profile: &Profile, timeline: &[Stretch], from: i64, to: i64) -> Option<MktWindow> {
    let rule = profile.mkt()?;
    let window_s = rule.window.seconds();
    let known = timeline.iter().filter_map(|stretch| Some((stretch, stretch.level?.warmest)));
    let table = Table::new(rule, known.clone().map(|(_, step)| step))?;
    let series = Series::new(known.map(|(stretch, step)| (stretch.from, stretch.to, table.factor(step))));
    let length_s = window_s.min(to - from);
    let is_whole_span = length_s == to - from;
    let begins =
        if is_whole_span { BTreeSet::from([from]) } else { series.window_begins(window_s, from, to) };
    let windows = begins.into_iter().map(|begin| (begin, series.between(begin, begin + length_s)));
    let worst = windows
        .filter(|(_, weighted)| weighted.seconds > 0)
        .reduce(|worst, next| if compare_means(next.1, worst.1) == Ordering::Greater { next } else { worst });
    let (begin, weighted) = worst?;
    let mkt = table.mean(weighted)?;
    Some(MktWindow {
        from: utc(begin),
        to: utc(begin + length_s),
        mkt,
        exceeded: mkt.0 > i64::from(rule.limit.0) * 100,
        partial: length_s < window_s,
    })
}

/// The known stretches with what had added up before each.
struct Series(Vec<(i64, i64, u128, Weighted)>);

impl Series {
    fn new(known: impl Iterator<Item = (i64, i64, u128)>) -> Self {
        let mut before = Weighted::default();
        Self(
            known
                .map(|(from, to, factor)| {
                    let stretch = (from, to, factor, before);
                    before = plus(before, to - from, factor);
                    stretch
                })
                .collect(),
        )
    }

    /// Where windows within the span begin that begin or end where a reading begins or ends to stand.
    fn window_begins(&self, window_s: i64, from: i64, to: i64) -> BTreeSet<i64> {
        let edges = self.0.iter().flat_map(|(begin, end, ..)| [*begin, *end]);
        let begins = edges.flat_map(|edge| [edge, edge - window_s]);
        begins.filter(|begin| *begin >= from && *begin + window_s <= to).collect()
    }

    fn between(&self, from: i64, to: i64) -> Weighted {
        let (until_from, until_to) = (self.until(from), self.until(to));
        Weighted { seconds: until_to.seconds - until_from.seconds, sum: until_to.sum - until_from.sum }
    }

    fn until(&self, instant: i64) -> Weighted {
        let begun = self.0.partition_point(|(from, ..)| *from <= instant);
        match self.0.get(..begun).and_then(<[_]>::last) {
            Some((from, to, factor, before)) => plus(*before, instant.min(*to) - from, *factor),
            None => Weighted::default(),
        }
    }
}

fn plus(weighted: Weighted, seconds: i64, factor: u128) -> Weighted {
    Weighted {
        seconds: weighted.seconds + seconds,
        sum: weighted.sum + factor * u128::from(seconds.unsigned_abs()),
    }
}

/// Compares sum / seconds exactly: by whole parts first, so that the cross products of the rests (each less
/// than its seconds) stay small.
fn compare_means(one: Weighted, other: Weighted) -> Ordering {
    let parts = |weighted: Weighted| {
        let seconds = u128::from(weighted.seconds.unsigned_abs()).max(1);
        (weighted.sum / seconds, weighted.sum % seconds, seconds)
    };
    let (one, other) = (parts(one), parts(other));
    one.0.cmp(&other.0).then_with(|| (one.1 * other.2).cmp(&(other.1 * one.2)))
}
