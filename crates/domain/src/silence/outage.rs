//! One alert for a dead gateway, and not one for each tracker behind it.
//!
//! Half of a tracker's patience after its last report (for 15 minutes between two reports: 18 min 45 s) one report is
//! certainly missing: the tracker is *quiet*. A gateway is quiet for a tracker when nothing at all was heard through it
//! for as long. A tracker is *cut off* when it is quiet, every gateway that heard its latest uplink is quiet for it,
//! and none of them was heard after the tracker counted as silent: then the tracker failed, and not the gateway.
//!
//! A gateway is dead when at least [`LEAST_TRACKERS`] trackers are cut off behind it and one of them has become
//! silent. Half and not the whole of the patience, so that when the first of them becomes silent the others, whose
//! last reports lie up to one interval later, are seen to be quiet already.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};

use super::{Heard, Planned, Schedule, due_after, silent_since};
use crate::ids::{AssignmentId, GatewayId};
use crate::time::unix;

/// One quiet tracker says nothing about its gateway, and its own alert is one alert already.
pub const LEAST_TRACKERS: usize = 2;

/// Of how many gateways a tracker's state keeps.
pub const MOST_GATEWAYS: usize = 8;

/// Uplinks of a tracker that lie no further apart than this are copies of one, by several gateways.
pub const COPIES_WITHIN: Duration = Duration::seconds(10);

/// The gateways that heard a tracker's latest uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardBy<G> {
    pub at: DateTime<Utc>,
    /// Sorted, each once, at most [`MOST_GATEWAYS`].
    pub gateways: Vec<G>,
}

impl<G: Ord + Clone> HeardBy<G> {
    pub fn new(at: DateTime<Utc>, gateways: impl IntoIterator<Item = G>) -> Self {
        let mut gateways: Vec<G> = gateways.into_iter().collect();
        gateways.sort_unstable();
        gateways.dedup();
        gateways.truncate(MOST_GATEWAYS);
        Self { at, gateways }
    }

    /// Takes another uplink into account: of a later one the gateways count alone, of a copy they count too.
    pub fn join(&mut self, other: &Self) {
        if other.at > self.at + COPIES_WITHIN {
            *self = other.clone();
        } else if other.at >= self.at - COPIES_WITHIN {
            let all = self.gateways.iter().chain(&other.gateways).cloned();
            *self = Self::new(self.at.max(other.at), all);
        }
    }
}

/// A tracker on its way, as far as silence is judged on it.
#[derive(Debug, Clone)]
pub struct Ride {
    pub ride: AssignmentId,
    pub schedule: Schedule,
    pub heard: Heard,
    pub planned: Planned,
    /// Those that heard its latest uplink; empty where nobody knows.
    pub gateways: Vec<GatewayId>,
}

/// A gateway at the instant of judging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gateway {
    /// Through any device, registered or not.
    pub heard_at: DateTime<Utc>,
    /// It is known to be dead: an alert tells of it.
    pub is_out: bool,
}

/// Who is silent. Every ride is in at most one of the three.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Through their own fault, or nobody knows whose; each with the instant since which it is silent.
    pub alone: BTreeMap<AssignmentId, DateTime<Utc>>,
    /// The trackers behind a gateway that has died.
    pub dead: BTreeMap<GatewayId, BTreeMap<AssignmentId, DateTime<Utc>>>,
    /// Further ones behind a gateway that was known to be dead.
    pub further: BTreeMap<GatewayId, BTreeMap<AssignmentId, DateTime<Utc>>>,
}

/// Judges the rides that nobody was told of yet, at `now`. A gateway that is not in `gateways` counts as heard.
///
/// Where several dead gateways stand for a tracker, it counts for one that is known to be dead; otherwise for the one
/// that most trackers are cut off behind (of equals the smaller id), so that a site that lost its power is one alert.
pub fn judge(rides: &[Ride], gateways: &BTreeMap<GatewayId, Gateway>, now: DateTime<Utc>) -> Verdict {
    let silent: BTreeMap<AssignmentId, DateTime<Utc>> = rides
        .iter()
        .filter_map(|ride| Some((ride.ride, silent_since(ride.schedule, &ride.heard, &ride.planned, now)?)))
        .collect();
    let mut verdict = Verdict::default();
    let mut cut_off = BTreeMap::new();
    for ride in rides.iter().filter(|ride| is_cut_off(ride, gateways, now)) {
        let known = ride.gateways.iter().find(|id| gateways.get(id).is_some_and(|gateway| gateway.is_out));
        match known {
            Some(gateway) => insert(&mut verdict.further, *gateway, ride),
            None => {
                cut_off.insert(ride.ride, ride);
            }
        }
    }
    verdict.dead = group(cut_off, &silent);
    let grouped: BTreeSet<AssignmentId> =
        verdict.dead.values().chain(verdict.further.values()).flat_map(BTreeMap::keys).copied().collect();
    verdict.alone = silent.into_iter().filter(|(ride, _)| !grouped.contains(ride)).collect();
    verdict
}

type Groups = BTreeMap<GatewayId, BTreeMap<AssignmentId, DateTime<Utc>>>;

fn insert(groups: &mut Groups, gateway: GatewayId, ride: &Ride) {
    let since = crate::time::utc(ride.heard.quiet_since());
    groups.entry(gateway).or_default().insert(ride.ride, since);
}

fn is_cut_off(ride: &Ride, gateways: &BTreeMap<GatewayId, Gateway>, now: DateTime<Utc>) -> bool {
    let (patience_s, now) = (ride.schedule.patience_s(), unix(now));
    let quiet_after = patience_s / 2;
    let Some(listening_since) = ride.heard.listening_since.map(unix) else { return false };
    let is_quiet = due_after(quiet_after, &ride.heard, &ride.planned).is_some_and(|due| now >= due);
    let silent_from = ride.heard.quiet_since().saturating_add(patience_s);
    let is_down = |id: &GatewayId| {
        gateways.get(id).map(|gateway| unix(gateway.heard_at)).is_some_and(|heard_at| {
            now >= heard_at.max(listening_since).saturating_add(quiet_after) && heard_at < silent_from
        })
    };
    is_quiet && !ride.gateways.is_empty() && ride.gateways.iter().all(is_down)
}

/// Gives each of the cut-off rides to one gateway at most: again and again to the one that stands for most of those
/// that are left.
fn group(cut_off: BTreeMap<AssignmentId, &Ride>, silent: &BTreeMap<AssignmentId, DateTime<Utc>>) -> Groups {
    let mut left: BTreeMap<GatewayId, BTreeSet<AssignmentId>> = BTreeMap::new();
    for (id, ride) in &cut_off {
        for gateway in &ride.gateways {
            left.entry(*gateway).or_default().insert(*id);
        }
    }
    let mut groups = Groups::new();
    let is_dead = |rides: &BTreeSet<AssignmentId>| {
        rides.len() >= LEAST_TRACKERS && rides.iter().any(|ride| silent.contains_key(ride))
    };
    while let Some((_, Reverse(gateway))) = left
        .iter()
        .filter(|(_, rides)| is_dead(rides))
        .map(|(gateway, rides)| (rides.len(), Reverse(*gateway)))
        .max()
    {
        for id in left.remove(&gateway).unwrap_or_default() {
            let Some(ride) = cut_off.get(&id) else { continue };
            insert(&mut groups, gateway, ride);
            for other in &ride.gateways {
                if let Some(rides) = left.get_mut(other) {
                    rides.remove(&id);
                }
            }
        }
    }
    groups
}
