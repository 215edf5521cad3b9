//! Escalation: who on call is told of an open alert now, and when somebody is to be told next.
//!
//! A function of the clock, of the list and of what was told already. Nothing is remembered between two rounds of the
//! clock, so rounds that are missed, doubled or out of order change nothing of who is told.

use chrono::{DateTime, TimeDelta, Utc};

use crate::alert::{AlertKind, Severity};
use crate::{Duration, StepId};

/// How many steps a list may have.
pub const MOST_STEPS: usize = 20;

/// The longest that one step waits for the step before it.
pub const LONGEST_WAIT: Duration = hours(24);

/// After the last step it begins again so much later.
pub const PAUSE: Duration = minutes(30);

/// How often the list is gone through. A round takes at least [`PAUSE`], so that it goes on for at least twelve hours:
/// longer than a night without anybody in the house. Whoever has not answered two dozen mails is not woken by another.
pub const ROUNDS: u32 = 24;

/// A list that is changed holds at once for open alerts that are at most so old; nobody is woken for older ones.
pub const LOOKS_BACK: Duration = hours(24);

/// One step of an on-call list, in the list's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub id: StepId,
    /// After the step before it; of the first one after the alert was opened, or after the pause between two rounds.
    /// It counts also where the step itself is left out.
    pub wait: Duration,
    /// The step is left out where the alert is less severe.
    pub from: Severity,
}

/// What of an alert decides who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// When it was raised, or open anew since its severity rose after an acknowledgement.
    pub opened_at: DateTime<Utc>,
    pub severity: Severity,
    /// Neither acknowledged, closed, withdrawn nor merged.
    pub is_open: bool,
}

/// A step that was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// Of which opening of the alert.
    pub opened_at: DateTime<Utc>,
    /// From 1.
    pub round: u32,
    pub step: StepId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A step that is to be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// From 1 to [`ROUNDS`], and later than any in which the step was told: another list may have had shorter rounds.
    pub round: u32,
    /// The step's place in the list, from 1.
    pub place: usize,
    pub step: StepId,
}

/// What follows at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Escalation {
    /// In the order of the list.
    pub due: Vec<Due>,
    /// When the next step's time comes, as far as is known now. None: nobody further is told.
    pub next_at: Option<DateTime<Utc>>,
}

/// Whether those on call are told of such an alert. That somebody cannot be told is not told by the same means.
pub fn concerns(kind: AlertKind) -> bool {
    kind != AlertKind::NotificationFailed
}

/// Who is to be told at an instant. A step whose time came in several rounds meanwhile is told once, for the latest. What
/// was told before is held against the times of the list as it is now, since the list may have been another one then.
pub fn escalate(alert: &Watched, steps: &[Step], told: &[Told], now: DateTime<Utc>) -> Escalation {
    let mut escalation = Escalation::default();
    if !alert.is_open {
        return escalation;
    }
    let round_s = steps.iter().map(|step| step.wait.seconds()).sum::<i64>() + PAUSE.seconds();
    let elapsed = now - alert.opened_at;
    let mut offset_s = 0;
    for (place, step) in (1..).zip(steps) {
        offset_s += step.wait.seconds();
        if alert.severity < step.from {
            continue;
        }
        let known = told.iter().filter(|told| told.opened_at == alert.opened_at && told.step == step.id);
        let last = known.max_by_key(|told| told.round);
        let round = last.map_or(0, |told| told.round);
        if round >= ROUNDS {
            continue;
        }
        let time_of = |rounds: u32| {
            alert.opened_at.checked_add_signed(TimeDelta::seconds(offset_s + i64::from(rounds) * round_s))
        };
        let begun = rounds_begun(elapsed, offset_s, round_s);
        if begun > 0 && last.is_none_or(|last| time_of(begun - 1).is_some_and(|time| last.at < time)) {
            escalation.due.push(Due { round: begun.max(round + 1), place, step: step.id });
        }
        if begun < ROUNDS {
            escalation.next_at = [escalation.next_at, time_of(begun)].into_iter().flatten().min();
        }
    }
    escalation
}

/// In how many rounds the time of a step has come, at most [`ROUNDS`].
fn rounds_begun(elapsed: TimeDelta, offset_s: i64, round_s: i64) -> u32 {
    let since = elapsed - TimeDelta::seconds(offset_s);
    if since < TimeDelta::zero() {
        return 0;
    }
    u32::try_from(since.num_seconds() / round_s).map_or(ROUNDS, |rounds| rounds.saturating_add(1).min(ROUNDS))
}

const fn minutes(minutes: i64) -> Duration {
    match Duration::from_seconds(minutes * 60) {
        Some(duration) => duration,
        None => Duration::MAX,
    }
}

const fn hours(hours: i64) -> Duration {
    minutes(hours * 60)
}
