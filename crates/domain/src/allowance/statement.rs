//! A balance held against a profile: spent, remaining, and whether each allowance is kept.

use serde::Serialize;

use super::{Balance, Spent};
use crate::named_enum::named_enum;
use crate::profile::Profile;

named_enum! {
    /// Whether an allowance is kept. Ordered from good to bad; the machine's figure, never a release.
    AllowanceState, "allowance state" {
        /// Even if all unknown time was outside.
        Kept = "kept",
        /// Neither is certain: time is unknown, or what was spent before.
        NotKnown = "not_known",
        /// By what is known.
        Exceeded = "exceeded",
    }
}

impl AllowanceState {
    /// `at_most` is in the unit of `spent`; `None` is without limit. Exactly the limit is kept.
    fn of(spent: Spent, at_most: Option<i64>) -> Self {
        let at_most = at_most.unwrap_or(i64::MAX);
        match spent.worst {
            _ if spent.best > at_most => Self::Exceeded,
            Some(worst) if worst <= at_most => Self::Kept,
            _ => Self::NotKnown,
        }
    }
}

/// What a box has spent of everything that its profile allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = AllowanceStatement))]
pub struct Statement {
    /// In the profile's order.
    pub allowances: Vec<AllowanceLine>,
    pub never_allowed: NeverAllowedLine,
    /// Null if the profile does not ask.
    pub freeze_thaw: Option<CyclesLine>,
    /// The worst of all lines.
    pub state: AllowanceState,
}

/// One allowance, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AllowanceLine {
    pub allowance: String,
    /// Null is without limit; nothing is then said to remain.
    pub total_s: Option<i64>,
    pub spent_best_s: i64,
    /// Null: what was spent before is unknown, so that no bound is.
    pub spent_worst_s: Option<i64>,
    /// Never less than none.
    pub remaining_best_s: Option<i64>,
    pub remaining_worst_s: Option<i64>,
    pub state: AllowanceState,
}

/// Time beyond everything that is allowed: none is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NeverAllowedLine {
    pub spent_best_s: i64,
    pub spent_worst_s: Option<i64>,
    pub state: AllowanceState,
}

/// Freezings and thawings, in cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CyclesLine {
    pub at_most: u32,
    pub cycles_best: i64,
    pub cycles_worst: Option<i64>,
    pub remaining_best: i64,
    pub remaining_worst: Option<i64>,
    pub state: AllowanceState,
}

impl Balance {
    pub fn statement(&self, profile: &Profile) -> Statement {
        let allowances: Vec<AllowanceLine> = profile
            .allowances()
            .iter()
            .map(|rule| allowance_line(&rule.name, rule.total.seconds(), self.spent(&rule.name)))
            .collect();
        let Spent { best, worst } = self.never_allowed;
        let never_allowed = NeverAllowedLine {
            spent_best_s: best,
            spent_worst_s: worst,
            state: AllowanceState::of(self.never_allowed, Some(0)),
        };
        let freeze_thaw = profile.freeze_thaw().map(|rule| cycles_line(rule.at_most, self.cycles.spent()));
        let states = allowances.iter().map(|line| line.state).chain(freeze_thaw.map(|line| line.state));
        let state = states.fold(never_allowed.state, AllowanceState::max);
        Statement { allowances, never_allowed, freeze_thaw, state }
    }
}

fn allowance_line(name: &str, total_s: Option<i64>, spent: Spent) -> AllowanceLine {
    AllowanceLine {
        allowance: name.to_owned(),
        total_s,
        spent_best_s: spent.best,
        spent_worst_s: spent.worst,
        remaining_best_s: total_s.map(|total| remaining(total, spent.best)),
        remaining_worst_s: total_s.zip(spent.worst).map(|(total, spent)| remaining(total, spent)),
        state: AllowanceState::of(spent, total_s),
    }
}

fn cycles_line(at_most: u32, spent: Spent) -> CyclesLine {
    let total = i64::from(at_most);
    CyclesLine {
        at_most,
        cycles_best: spent.best,
        cycles_worst: spent.worst,
        remaining_best: remaining(total, spent.best),
        remaining_worst: spent.worst.map(|spent| remaining(total, spent)),
        state: AllowanceState::of(spent, Some(total)),
    }
}

fn remaining(total: i64, spent: i64) -> i64 {
    total.saturating_sub(spent).max(0)
}
