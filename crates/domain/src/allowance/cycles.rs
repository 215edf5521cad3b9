//! Freezing and thawing, counted.

use serde::{Deserialize, Serialize};

use super::Spent;
use super::history::Stretch;
use crate::profile::FreezeThawRule;

/// What is known of a box's freezings and thawings.
///
/// Its coldest and its warmest place are counted each for itself and the worse counts: a place that stays frozen
/// must not hide one that thaws, nor the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cycles {
    coldest: Place,
    warmest: Place,
    /// Cycles that unknown time may have hidden; `None`: any number.
    hidden: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Freezings and thawings: two of them are a cycle.
    changes: i64,
    /// `None`: not known, so that the next value is no change.
    frozen: Option<bool>,
}

impl Cycles {
    pub const UNKNOWN: Self = Self {
        coldest: Place { changes: 0, frozen: None },
        warmest: Place { changes: 0, frozen: None },
        hidden: None,
    };

    pub fn known(cycles: u32) -> Self {
        let place = Place { changes: i64::from(cycles) * 2, frozen: None };
        Self { coldest: place, warmest: place, hidden: Some(0) }
    }

    pub fn add(&mut self, rule: FreezeThawRule, max_gap_s: i64, stretch: &Stretch) {
        match stretch.ends {
            Some(ends) => {
                self.coldest.see(rule.is_frozen(ends.lowest));
                self.warmest.see(rule.is_frozen(ends.highest));
            }
            // A reading stands for `max_gap` because nothing that matters goes unseen in that time; so a cycle
            // takes at least as long, and a hole hides no more than fit into it, the begun one included.
            None => {
                let hole_s = stretch.to - stretch.from;
                let fit = hole_s.saturating_add(max_gap_s - 1) / max_gap_s.max(1);
                self.hidden = self.hidden.map(|hidden| hidden.saturating_add(fit));
            }
        }
    }

    /// Time passed in which nobody counted.
    pub fn leave_uncounted(&mut self) {
        self.hidden = None;
    }

    pub fn spent(&self) -> Spent {
        let best = self.coldest.cycles().max(self.warmest.cycles());
        Spent { best, worst: self.hidden.map(|hidden| best.saturating_add(hidden)) }
    }

    /// The worse of two boxes that become one.
    pub fn merged(self, other: Self) -> Self {
        Self {
            coldest: self.coldest.merged(other.coldest),
            warmest: self.warmest.merged(other.warmest),
            hidden: self.hidden.zip(other.hidden).map(|(one, other)| one.max(other)),
        }
    }
}

impl Place {
    fn see(&mut self, frozen: Option<bool>) {
        if self.frozen.zip(frozen).is_some_and(|(was, is)| was != is) {
            self.changes = self.changes.saturating_add(1);
        }
        self.frozen = frozen.or(self.frozen);
    }

    fn cycles(self) -> i64 {
        self.changes / 2 + self.changes % 2
    }

    /// Where one is frozen and the other thawed, one of the two still changes to become as the other is.
    fn merged(self, other: Self) -> Self {
        let changes = self.changes.max(other.changes);
        match (self.frozen, other.frozen) {
            (Some(one), Some(other)) if one != other => {
                Self { changes: changes.saturating_add(1), frozen: None }
            }
            (one, other) => Self { changes, frozen: one.or(other) },
        }
    }
}
