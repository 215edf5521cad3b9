//! Holding the alerts that people see against the findings as they are now.

use chrono::{DateTime, Utc};

use super::Finding;
use crate::AlertId;
use crate::alert::{AlertKind, Severity};

/// An alert about a shipment's custody that was raised and not withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingAlert {
    pub id: AlertId,
    pub kind: AlertKind,
    pub key: String,
    pub severity: Severity,
    pub began_at: DateTime<Utc>,
    pub alarmed_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// What it says, in words.
    pub detail: String,
    pub acknowledged: bool,
    /// Data have closed it.
    pub closed: bool,
}

/// What must be done to the alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertChange {
    /// A new alert; one that has ended already is closed with it where data close its kind.
    Raise {
        finding: Finding,
    },
    /// The same alert, with this content. `reopened`: the severity rose, so its acknowledgement is gone.
    Amend {
        alert: AlertId,
        finding: Finding,
        reopened: bool,
    },
    Close {
        alert: AlertId,
        at: DateTime<Utc>,
        reason: &'static str,
    },
    /// What is known now shows that there was nothing to tell.
    Withdraw {
        alert: AlertId,
    },
}

/// The changes that make the alerts stand for the findings. An alert that was closed stays so; what begins again later
/// is a new one. Ordered as the findings are, withdrawals last.
pub fn reconcile(alerts: &[StandingAlert], findings: &[Finding]) -> Vec<AlertChange> {
    let mut free: Vec<&StandingAlert> = alerts.iter().collect();
    let mut told: Vec<Option<&StandingAlert>> = Vec::with_capacity(findings.len());
    // The latest first: a live alert is about the latest of a thing's episodes.
    for finding in findings.iter().rev() {
        // A live one before those that are closed, and of these the one that told of it before.
        let by = |(_, alert): &(usize, &&StandingAlert)| {
            (alert.closed, alert.began_at != finding.began_at, alert.began_at, alert.id)
        };
        let own = free.iter().enumerate().filter(|(_, alert)| is_of(alert, finding)).min_by_key(by);
        told.push(own.map(|(index, _)| index).map(|index| free.remove(index)));
    }
    let mut changes = Vec::new();
    for (finding, alert) in findings.iter().zip(told.into_iter().rev()) {
        match alert {
            Some(alert) => follow(alert, finding, &mut changes),
            None => changes.push(AlertChange::Raise { finding: finding.clone() }),
        }
    }
    let is_live = |alert: &&&StandingAlert| !alert.closed;
    changes.extend(free.iter().filter(is_live).map(|alert| AlertChange::Withdraw { alert: alert.id }));
    changes
}

/// Whether the alert tells of this finding: the same thing, at a time that overlaps.
fn is_of(alert: &StandingAlert, finding: &Finding) -> bool {
    let ended = finding.ended.map(|(at, _)| at);
    let overlap = alert.began_at == finding.began_at
        || (alert.ended_at.is_none_or(|ended| finding.began_at < ended)
            && ended.is_none_or(|ended| alert.began_at < ended));
    // One that data closed does not stand for what goes on.
    let is_past = alert.closed && finding.ended.is_none();
    alert.kind == finding.kind && alert.key == finding.key && overlap && !is_past
}

fn follow(alert: &StandingAlert, finding: &Finding, changes: &mut Vec<AlertChange>) {
    if alert.closed {
        return;
    }
    let ended_at = finding.ended.map(|(at, _)| at);
    let was = (alert.severity, alert.began_at, alert.alarmed_at, alert.ended_at);
    let is = (finding.severity, finding.began_at, finding.alarmed_at, ended_at);
    if was != is || alert.detail != finding.in_words() {
        changes.push(AlertChange::Amend {
            alert: alert.id,
            finding: finding.clone(),
            reopened: alert.acknowledged && finding.severity > alert.severity,
        });
    }
    if let Some((at, reason)) = finding.ended.filter(|_| finding.kind.is_closed_by_data()) {
        changes.push(AlertChange::Close { alert: alert.id, at, reason });
    }
}
