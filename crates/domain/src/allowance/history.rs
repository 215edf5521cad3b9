//! A box's history as its trackers tell it: in each second the worst of what stood in the box.

use std::collections::BTreeMap;
use std::iter::Peekable;

use chrono::{DateTime, Utc};

use crate::ids::TrackerId;
use crate::reading::Reading;
use crate::time::unix;

/// One tracker in the box for [`from`, `until`), with its readings in any order.
///
/// What it measured at other times was not measured in this box and does not count. A ride that lasts ends at the
/// end of the time asked about.
#[derive(Debug, Clone, Copy)]
pub struct Ride<'a> {
    pub tracker: TrackerId,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub readings: &'a [Reading],
}

/// Lowest and highest of what stands, in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub lowest: i32,
    pub highest: i32,
}

impl Ends {
    fn of(reading: &Reading) -> Self {
        let (lowest, highest) = reading.ends();
        Self { lowest, highest }
    }

    fn with(self, other: Self) -> Self {
        Self { lowest: self.lowest.min(other.lowest), highest: self.highest.max(other.highest) }
    }
}

/// A stretch of time in which nothing changes, `from` before `to`, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: i64,
    pub to: i64,
    /// `None`: no tracker knows.
    pub ends: Option<Ends>,
}

/// For how long one instant's readings of one tracker say something of the box.
#[derive(Debug, Clone, Copy)]
struct Standing {
    from: i64,
    to: i64,
    ends: Ends,
    /// After its ride: it then bridges the time until another tracker speaks, and contradicts none.
    is_left_behind: bool,
}

/// The stretches of [`from`, `to`): one after another, nothing left out, neighbours differ. None of no time.
///
/// A reading stands until its own tracker's next, at most `max_gap_s`; so another tracker's milder value never
/// ends it, and when a tracker is exchanged the last one's reading stands until the next one's first.
pub(super) fn stretches(max_gap_s: i64, rides: &[Ride], from: i64, to: i64) -> Vec<Stretch> {
    if from >= to {
        return Vec::new();
    }
    let mut by_tracker: BTreeMap<TrackerId, Vec<&Ride>> = BTreeMap::new();
    for ride in rides {
        by_tracker.entry(ride.tracker).or_default().push(ride);
    }
    let series: Vec<Vec<Standing>> = by_tracker.values().map(|rides| standings(max_gap_s, rides)).collect();
    let mut edges: Vec<i64> =
        series.iter().flatten().flat_map(|standing| [standing.from, standing.to]).collect();
    edges.retain(|edge| (from..to).contains(edge));
    edges.extend([from, to]);
    edges.sort_unstable();
    edges.dedup();

    let mut series: Vec<Peekable<_>> =
        series.into_iter().map(|standings| standings.into_iter().peekable()).collect();
    let mut stretches: Vec<Stretch> = Vec::new();
    for (from, to) in edges.iter().copied().zip(edges.iter().copied().skip(1)) {
        let ends = ends_at(&mut series, from);
        match stretches.last_mut() {
            Some(last) if last.ends == ends => last.to = to,
            _ => stretches.push(Stretch { from, to, ends }),
        }
    }
    stretches
}

/// What stands at an instant; instants must be asked for in order.
fn ends_at(series: &mut [Peekable<std::vec::IntoIter<Standing>>], instant: i64) -> Option<Ends> {
    let (mut riding, mut left_behind) = (None::<Ends>, None::<Ends>);
    for standings in series {
        while standings.next_if(|standing| standing.to <= instant).is_some() {}
        if let Some(standing) = standings.peek().filter(|standing| standing.from <= instant) {
            let known = if standing.is_left_behind { &mut left_behind } else { &mut riding };
            *known = Some(known.map_or(standing.ends, |ends| ends.with(standing.ends)));
        }
    }
    riding.or(left_behind)
}

/// Of one tracker, in order of time and without overlaps.
fn standings(max_gap_s: i64, rides: &[&Ride]) -> Vec<Standing> {
    let aboard = joined(rides);
    let ride_end = |instant: i64| {
        let (_, until) = aboard.iter().find(|(from, until)| (*from..*until).contains(&instant))?;
        Some(*until)
    };
    let mut instants: BTreeMap<i64, (Ends, i64)> = BTreeMap::new();
    for reading in rides.iter().flat_map(|ride| ride.readings) {
        let measured_at = unix(reading.measured_at);
        let Some(until) = ride_end(measured_at) else { continue };
        let ends = Ends::of(reading);
        instants.entry(measured_at).and_modify(|known| known.0 = known.0.with(ends)).or_insert((ends, until));
    }
    let nexts = instants.keys().copied().skip(1).chain([i64::MAX]);
    let standing = |((from, (ends, until)), next): ((&i64, &(Ends, i64)), i64)| {
        let to = next.min(from.saturating_add(max_gap_s));
        let left = to.min(*until);
        [
            Standing { from: *from, to: left, ends: *ends, is_left_behind: false },
            Standing { from: left, to, ends: *ends, is_left_behind: true },
        ]
    };
    instants.iter().zip(nexts).flat_map(standing).filter(|standing| standing.from < standing.to).collect()
}

/// The intervals in which the tracker was in the box, in order; those that touch are one.
fn joined(rides: &[&Ride]) -> Vec<(i64, i64)> {
    let mut intervals: Vec<(i64, i64)> =
        rides.iter().map(|ride| (unix(ride.from), unix(ride.until))).collect();
    intervals.retain(|(from, until)| from < until);
    intervals.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, until) in intervals {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((from, until)),
        }
    }
    joined
}
