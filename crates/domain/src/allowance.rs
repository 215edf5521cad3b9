//! Stability budgets: how much of what the manufacturer permits beyond the label's range a box has spent, on all
//! its legs and with all its trackers.
//!
//! The balance belongs to the box. What it had spent before it came to us is unknown unless the supplier states
//! it, and then nothing is ever "kept": see [`Balance`]. Unknown time counts as outside in the worst case. The
//! result is a function of the set of readings and rides; their order, repetitions, and where a ride is cut in
//! two change nothing. It knows no clock, clears nothing and wakes nobody.

mod cycles;
mod history;
mod statement;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::cycles::Cycles;
pub use self::history::Ride;
use self::history::{Stretch, stretches};
pub use self::statement::{AllowanceLine, AllowanceState, CyclesLine, NeverAllowedLine, Statement};
use crate::duration::Duration;
use crate::profile::{Band, Profile, Range};
use crate::time::unix;

/// Seconds or cycles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What is known to be spent.
    pub best: i64,
    /// What is spent if all unknown time was outside; `None`: no bound is known.
    pub worst: Option<i64>,
}

impl Spent {
    pub const NOTHING: Self = Self { best: 0, worst: Some(0) };
    pub const UNKNOWN: Self = Self { best: 0, worst: None };

    fn add(&mut self, seconds: i64, is_known: bool) {
        if is_known {
            self.best = self.best.saturating_add(seconds);
        }
        self.worst = self.worst.map(|worst| worst.saturating_add(seconds));
    }

    fn merged(self, other: Self) -> Self {
        let worst = self.worst.zip(other.worst).map(|(one, other)| one.max(other));
        Self { best: self.best.max(other.best), worst }
    }
}

/// What a box has spent so far; serialised, what is kept of it between legs.
///
/// Allowances go by their names, so that a balance outlives a profile's version; one that it does not name is
/// unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Seconds.
    allowances: BTreeMap<String, Spent>,
    /// Seconds beyond everything that is allowed.
    never_allowed: Spent,
    cycles: Cycles,
}

impl Balance {
    /// Of a box whose past nobody stated.
    pub fn unknown() -> Self {
        Self { allowances: BTreeMap::new(), never_allowed: Spent::UNKNOWN, cycles: Cycles::UNKNOWN }
    }

    /// Of a box that was never out: straight from its manufacturer.
    pub fn unspent(profile: &Profile) -> Self {
        let names = profile.allowances().iter().map(|rule| (rule.name.clone(), Duration::ZERO));
        Self::stated(names, Some(0))
    }

    /// What a supplier states: for each allowance the time that is spent, and the cycles (`None`: not stated). It
    /// also says that the box was never beyond all allowances, or it could not have been supplied.
    pub fn stated(spent: impl IntoIterator<Item = (String, Duration)>, cycles: Option<u32>) -> Self {
        let known = |seconds| Spent { best: seconds, worst: Some(seconds) };
        Self {
            allowances: spent.into_iter().map(|(name, spent)| (name, known(spent.seconds()))).collect(),
            never_allowed: Spent::NOTHING,
            cycles: cycles.map_or(Cycles::UNKNOWN, Cycles::known),
        }
    }

    /// The balances of the parts that a box is split into: each inherits the whole, since each has lived through
    /// all of it.
    pub fn split(self, parts: usize) -> impl Iterator<Item = Self> {
        std::iter::repeat_n(self, parts)
    }

    /// The worst of the parts that become one box; `None` without a part.
    pub fn merged(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().reduce(|one, other| {
            let names: Vec<String> = one.allowances.keys().chain(other.allowances.keys()).cloned().collect();
            let merged = |name: String| {
                let spent = one.spent(&name).merged(other.spent(&name));
                (name, spent)
            };
            Self {
                allowances: names.into_iter().map(merged).collect(),
                never_allowed: one.never_allowed.merged(other.never_allowed),
                cycles: one.cycles.merged(other.cycles),
            }
        })
    }

    /// Seconds spent of the allowance of that name.
    pub fn spent(&self, allowance: &str) -> Spent {
        self.allowances.get(allowance).copied().unwrap_or(Spent::UNKNOWN)
    }

    /// The balance at `to` of a box that had this one at `from`. Rides may overlap, repeat and come in any order;
    /// time of [`from`, `to`) in which none of them knows anything is unknown, with or without a tracker.
    #[must_use]
    pub fn after(&self, profile: &Profile, rides: &[Ride], from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let max_gap_s = profile.max_gap().seconds();
        let (bands, allowed) = (profile.bands().collect::<Vec<_>>(), profile.outermost());
        let mut balance = self.counted_by(profile);
        for stretch in stretches(max_gap_s, rides, unix(from), unix(to)) {
            balance.add_time(&bands, allowed, &stretch);
            match profile.freeze_thaw() {
                Some(rule) => balance.cycles.add(rule, max_gap_s, &stretch),
                None => balance.cycles.leave_uncounted(),
            }
        }
        balance
    }

    /// What the profile does not name is not counted from now on, so it must not be handed on as known.
    fn counted_by(&self, profile: &Profile) -> Self {
        let names = profile.allowances().iter().map(|rule| &rule.name);
        let allowances = names.map(|name| (name.clone(), self.spent(name))).collect();
        Self { allowances, ..self.clone() }
    }

    fn add_time(&mut self, bands: &[Band], allowed: Range, stretch: &Stretch) {
        let seconds = stretch.to - stretch.from;
        let is_known = stretch.ends.is_some();
        for band in bands {
            let is_reached = stretch.ends.is_none_or(|ends| band.is_reached_by(ends.lowest, ends.highest));
            if let Some(spent) = self.allowances.get_mut(&band.rule.name).filter(|_| is_reached) {
                spent.add(seconds, is_known);
            }
        }
        let is_beyond = match stretch.ends {
            Some(ends) => {
                allowed.min_c.is_some_and(|min| ends.lowest < min.0)
                    || allowed.max_c.is_some_and(|max| ends.highest > max.0)
            }
            None => allowed.min_c.or(allowed.max_c).is_some(),
        };
        if is_beyond {
            self.never_allowed.add(seconds, is_known);
        }
    }
}
