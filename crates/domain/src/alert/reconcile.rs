//! Holding the alerts of one assignment against the episodes as they are now.
//!
//! Afterwards every alarmed episode has exactly one live alert with that episode's content, whatever order the
//! readings came in. Within one alarm, episodes in order of time each take the earliest free alert that
//! overlaps them; what is left over was merged (it overlaps an episode that another alert stands for) or is
//! withdrawn. So after a merge the earlier alert stands, and after a split the alert stays with the earlier part.
//!
//! A withdrawn or merged alert is never revived, even if still later data bring its episode back: its record
//! says what was known when, and a person may have acted on it. The episode then gets a new alert.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Severity;
use crate::because::Cause;
use crate::evaluate::Episode;
use crate::ids::AlertId;

/// An alert that stands for an episode: open or acknowledged, but neither withdrawn nor merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAlert {
    pub id: AlertId,
    /// The alarm's name in the profile.
    pub alarm: String,
    pub severity: Severity,
    pub acknowledged: bool,
    pub began_at: DateTime<Utc>,
    pub alarmed_at: DateTime<Utc>,
    /// `None` while the episode lasts.
    pub ended_at: Option<DateTime<Utc>>,
    pub exposure_s: i64,
    /// In hundredths of the alarm's quantity.
    pub extreme: i32,
}

impl LiveAlert {
    /// Whether a fold that has settled everything up to there could still change it.
    pub fn is_unsettled(&self, settled_until: Option<DateTime<Utc>>) -> bool {
        self.ended_at.is_none_or(|ended| settled_until.is_none_or(|settled| ended >= settled))
    }
}

/// What must be done to one alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertChange {
    /// A new alert for this episode, which has an `alarmed_at`.
    Raise {
        episode: Episode,
    },
    /// The same alert, with this content. `reopened`: the severity rose, so its acknowledgement is gone.
    Amend {
        alert: AlertId,
        episode: Episode,
        reopened: bool,
    },
    /// Late data showed that this alert's episode and that of `into` are one.
    Merge {
        alert: AlertId,
        into: AlertId,
    },
    Withdraw {
        alert: AlertId,
        reason: WithdrawReason,
    },
}

/// Why an alert is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WithdrawReason {
    /// There was no exposure at that time.
    NoExposure,
    /// There was one, but it did not reach the alarm's delay.
    DelayNotReached,
}

impl WithdrawReason {
    /// For the audit entry, the page and the mail. The end of a ride takes nothing back that was measured: it says
    /// that the time is not the shipment's.
    pub fn text(self, cause: Cause) -> &'static str {
        match (self, cause) {
            (Self::NoExposure, Cause::Unbound) => "the tracker's ride ended before the exposure began",
            (Self::DelayNotReached, Cause::Unbound) => {
                "the tracker's ride ended before the exposure reached the alarm's delay"
            }
            (Self::NoExposure, Cause::LateReadings) => {
                "late readings show that there was no exposure at this time"
            }
            (Self::DelayNotReached, Cause::LateReadings) => {
                "late readings show that the exposure did not reach the alarm's delay"
            }
            (Self::NoExposure, _) => "readings show that there was no exposure at this time",
            (Self::DelayNotReached, _) => "readings show that the exposure did not reach the alarm's delay",
        }
    }
}

/// The changes that make `alerts` (all live ones of one assignment, the acknowledged too) stand for `episodes`
/// (all of its assessment; those that never reached their alarm's delay have no alert).
///
/// Nothing is returned for an alert that already says what its episode says. Changes are ordered by alarm
/// name, then by time.
pub fn reconcile(alerts: &[LiveAlert], episodes: &[Episode]) -> Vec<AlertChange> {
    let mut by_alarm: BTreeMap<&str, (Vec<&LiveAlert>, Vec<&Episode>)> = BTreeMap::new();
    for alert in alerts {
        by_alarm.entry(&alert.alarm).or_default().0.push(alert);
    }
    for episode in episodes {
        by_alarm.entry(&episode.alarm).or_default().1.push(episode);
    }
    let mut changes = Vec::new();
    for (mut alerts, mut episodes) in by_alarm.into_values() {
        alerts.sort_by_key(|alert| (alert.began_at, alert.id));
        episodes.sort_by_key(|episode| episode.began_at);
        reconcile_alarm(alerts, &episodes, &mut changes);
    }
    changes
}

fn reconcile_alarm(mut free: Vec<&LiveAlert>, episodes: &[&Episode], changes: &mut Vec<AlertChange>) {
    let mut standing: Vec<(&Episode, AlertId)> = Vec::new();
    for episode in episodes.iter().filter(|episode| episode.alarmed_at.is_some()) {
        match free.iter().position(|alert| overlaps(alert, episode)) {
            Some(earliest) => {
                let alert = free.remove(earliest);
                standing.push((episode, alert.id));
                changes.extend(amend(alert, episode));
            }
            None => changes.push(AlertChange::Raise { episode: (*episode).clone() }),
        }
    }
    for alert in free {
        let taken = standing.iter().find(|(episode, _)| overlaps(alert, episode));
        let exposed = episodes.iter().any(|episode| overlaps(alert, episode));
        changes.push(match (taken, exposed) {
            (Some((_, into)), _) => AlertChange::Merge { alert: alert.id, into: *into },
            (None, true) => {
                AlertChange::Withdraw { alert: alert.id, reason: WithdrawReason::DelayNotReached }
            }
            (None, false) => AlertChange::Withdraw { alert: alert.id, reason: WithdrawReason::NoExposure },
        });
    }
}

/// Both are [began, ended); one that merely begins where the other ends is another.
fn overlaps(alert: &LiveAlert, episode: &Episode) -> bool {
    alert.ended_at.is_none_or(|ended| episode.began_at < ended)
        && episode.ended_at.is_none_or(|ended| alert.began_at < ended)
}

fn amend(alert: &LiveAlert, episode: &Episode) -> Option<AlertChange> {
    let as_it_was = (
        alert.severity,
        alert.began_at,
        Some(alert.alarmed_at),
        alert.ended_at,
        alert.exposure_s,
        alert.extreme,
    );
    let as_it_is = (
        episode.severity,
        episode.began_at,
        episode.alarmed_at,
        episode.ended_at,
        episode.exposure_s,
        episode.extreme,
    );
    (as_it_was != as_it_is).then(|| AlertChange::Amend {
        alert: alert.id,
        episode: episode.clone(),
        reopened: alert.acknowledged && episode.severity > alert.severity,
    })
}
