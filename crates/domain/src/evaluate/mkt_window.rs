//! The worst window of the mean kinetic temperature.
//!
//! A sliding window's mean is highest where the window begins or ends with a standing, so only those are tried.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::assessment::{MeanTemperature, MktWindow};
use super::mkt::{Table, Weighted};
use super::timeline::{sorted, timeline};
use crate::profile::{MktRule, Profile};
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
    figures(profile, &sorted(readings), from, to).1
}

/// The mean kinetic temperature of the whole span and the worst window, by sorted readings.
pub(super) fn figures(
    profile: &Profile,
    sorted: &[Reading],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> (Option<MeanTemperature>, Vec<MktWindow>) {
    let (from, to) = (unix(from), unix(to));
    let Some(rule) = profile.mkt() else { return (None, Vec::new()) };
    let known = timeline(profile, sorted, from, to)
        .filter_map(|stretch| Some((stretch.from, stretch.to, stretch.level?.warmest)));
    let Some(table) = Table::new(rule, known.clone().map(|(_, _, step)| step)) else {
        return (None, Vec::new());
    };
    let series = Series::new(&table, known);
    let windows = worst_window(rule, &table, &series, from, to).into_iter().collect();
    (table.mean(series.between(&table, from, to)), windows)
}

fn worst_window(rule: &MktRule, table: &Table, series: &Series, from: i64, to: i64) -> Option<MktWindow> {
    let window_s = rule.window.seconds();
    let length_s = window_s.min(to - from);
    let begins = if length_s == to - from { vec![from] } else { series.window_begins(window_s, from, to) };
    let windows = begins.into_iter().map(|begin| (begin, series.between(table, begin, begin + length_s)));
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
struct Series(Vec<Known>);

struct Known {
    from: i64,
    to: i64,
    step: i32,
    before: Weighted,
}

impl Series {
    fn new(table: &Table, known: impl Iterator<Item = (i64, i64, i32)>) -> Self {
        let mut before = Weighted::default();
        let with_sum = |(from, to, step)| {
            let stretch = Known { from, to, step, before };
            before = plus(before, to - from, table.factor(step));
            stretch
        };
        Self(known.map(with_sum).collect())
    }

    /// Where windows within the span begin that begin or end where a reading begins or ends to stand.
    fn window_begins(&self, window_s: i64, from: i64, to: i64) -> Vec<i64> {
        let edges = self.0.iter().flat_map(|known| [known.from, known.to]);
        let begins = edges.flat_map(|edge| [edge, edge - window_s]);
        let mut begins: Vec<i64> = begins.filter(|begin| *begin >= from && *begin + window_s <= to).collect();
        begins.sort_unstable();
        begins.dedup();
        begins
    }

    fn between(&self, table: &Table, from: i64, to: i64) -> Weighted {
        let (until_from, until_to) = (self.until(table, from), self.until(table, to));
        Weighted { seconds: until_to.seconds - until_from.seconds, sum: until_to.sum - until_from.sum }
    }

    fn until(&self, table: &Table, instant: i64) -> Weighted {
        let begun = self.0.partition_point(|known| known.from <= instant);
        match self.0.get(..begun).and_then(<[_]>::last) {
            Some(known) => plus(known.before, instant.min(known.to) - known.from, table.factor(known.step)),
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
