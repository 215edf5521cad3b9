//! Shipments' custody is looked at where something came or time has passed, and what is found becomes alerts.

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::AlertKind;
use domain::shipment::ShipmentStatus;
use domain::watch::{AlertChange, Finding, StandingAlert, findings, next_change, reconcile};
use domain::{AlertId, OrganisationId, TrackerId};
use store::{
    Amendment, Connection, DueWatch, EndedAlert, Ending, Episode, NewAlert, PooledTracker, Shipment,
    StoreError, Watched,
};
use uuid::Uuid;

use crate::Service;
use crate::alerting::{AlertWork, Told, instant};
use crate::situation::Gathered;

/// How many shipments one transaction looks at.
const AT_ONCE: i64 = 100;

/// A shipment that cannot be looked at, such as one whose ledger was tampered with, is tried again after this.
const PAUSE: TimeDelta = TimeDelta::hours(1);

const NOTHING: &str = "by what is known and planned now there is nothing to tell";

/// Looks at the shipments that are due.
pub async fn look(service: &Service) -> Result<(), StoreError> {
    loop {
        let now = (service.clock)();
        // First without the lock: most rounds find none.
        if service.workers.connect().await?.due_watches(now, 1).await?.is_empty() {
            return Ok(());
        }
        let mut db = service.workers.begin().await?;
        if !db.try_lock_watch().await? {
            return Ok(());
        }
        let due = db.due_watches(now, AT_ONCE).await?;
        let mut work = AlertWork::default();
        let watched = look_at(service, &mut db, &due, &mut work, now).await?;
        let changes = work.apply(&mut db, now).await?;
        db.commit().await?;
        // By itself, so that nobody who marks a shipment waits for the alerts. What is killed in between is looked at
        // again, and finds the alerts that it raised.
        service.workers.connect().await?.note_watched(&watched).await?;
        service.live.publish(changes);
        if i64::try_from(due.len()).is_ok_and(|count| count < AT_ONCE) {
            return Ok(());
        }
    }
}

async fn look_at(
    service: &Service,
    db: &mut Connection,
    due: &[DueWatch],
    work: &mut AlertWork,
    now: DateTime<Utc>,
) -> Result<Vec<Watched>, StoreError> {
    let shipments: Vec<_> = due.iter().map(|due| due.shipment).collect();
    let mut standing = db.standing_findings(&shipments).await?;
    let mut watched = Vec::with_capacity(due.len());
    for DueWatch { organisation, shipment, marks } in due.iter().copied() {
        let alerts = standing.remove(&shipment).unwrap_or_default();
        let (due_at, handed_over_at) = match Gathered::of(service, db, (organisation, shipment), now).await {
            Ok(gathered) => {
                let found = Found { gathered: &gathered, organisation, alerts: &alerts, now };
                (found.tell(work), gathered.handed_over_at())
            }
            Err(error @ StoreError::Unreadable { .. }) => {
                tracing::error!(%shipment, %error, "a shipment's custody cannot be looked at");
                (Some(now + PAUSE), None)
            }
            Err(error) => return Err(error),
        };
        watched.push(Watched { shipment, marks, due_at, handed_over_at });
    }
    Ok(watched)
}

/// What is to be told of one shipment.
struct Found<'a> {
    gathered: &'a Gathered,
    organisation: OrganisationId,
    alerts: &'a [StandingAlert],
    now: DateTime<Utc>,
}

impl Found<'_> {
    /// Returns when the shipment has to be looked at again, if nothing comes.
    fn tell(&self, work: &mut AlertWork) -> Option<DateTime<Utc>> {
        if let Some(reason) = over(&self.gathered.shipment) {
            self.end_all(reason, work);
            return None;
        }
        let findings = self.gathered.ask(self.now, findings);
        for change in reconcile(self.alerts, &findings) {
            self.add(change, work);
        }
        let next = self.gathered.ask(self.now, next_change);
        [next, self.gathered.positions_fail_at()].into_iter().flatten().min()
    }

    fn add(&self, change: AlertChange, work: &mut AlertWork) {
        let shipment = Some(self.gathered.shipment.id);
        match change {
            AlertChange::Raise { finding } => work.add(self.alert(&finding), self.told(&finding)),
            AlertChange::Amend { alert, finding, reopened } => {
                if let Some(before) = self.alerts.iter().find(|known| known.id == alert) {
                    work.amend_finding(
                        (self.organisation, shipment),
                        before,
                        amendment(alert, &finding, reopened),
                    );
                }
            }
            AlertChange::Close { alert, at, reason } => {
                let (ending, ended_at, reason) = (Ending::Closed, Some(at), reason.to_owned());
                work.end(self.organisation, shipment, EndedAlert { id: alert, ending, ended_at, reason });
            }
            AlertChange::Withdraw { alert } => {
                let (ending, reason) = (Ending::Withdrawn, NOTHING.to_owned());
                work.end(
                    self.organisation,
                    shipment,
                    EndedAlert { id: alert, ending, ended_at: None, reason },
                );
                if let Some(before) = self.alerts.iter().find(|known| known.id == alert) {
                    work.tell_withdrawn(
                        self.organisation,
                        &self.gathered.shipment.reference,
                        before,
                        NOTHING,
                    );
                }
            }
        }
    }

    /// Whoever has the boxes now is nobody's matter any more; what was done to them stays until a person has seen it.
    fn end_all(&self, reason: &str, work: &mut AlertWork) {
        for alert in self.alerts.iter().filter(|alert| !alert.closed && alert.kind.is_closed_by_data()) {
            let (ended_at, reason) = (Some(alert.ended_at.unwrap_or(self.now)), reason.to_owned());
            let ended = EndedAlert { id: alert.id, ending: Ending::Closed, ended_at, reason };
            work.end(self.organisation, Some(self.gathered.shipment.id), ended);
        }
    }

    fn alert(&self, finding: &Finding) -> NewAlert {
        NewAlert {
            id: AlertId(Uuid::now_v7()),
            organisation: self.organisation,
            shipment: Some(self.gathered.shipment.id),
            assignment: None,
            tracker: None,
            subject: None,
            finding: Some(finding.key.clone()),
            detail: Some(in_words(finding)),
            kind: finding.kind,
            alarm: None,
            severity: finding.severity,
            episode: episode(finding),
        }
    }

    fn told(&self, finding: &Finding) -> Told {
        Told {
            reference: Some(self.gathered.shipment.reference.clone()),
            lines: vec![in_words(finding)],
            is_held: self.gathered.shipment.hold.is_some(),
            over: finding.ended.filter(|_| finding.kind.is_closed_by_data()),
        }
    }
}

/// Why nobody watches a shipment any more.
fn over(shipment: &Shipment) -> Option<&'static str> {
    match shipment.status {
        ShipmentStatus::Cancelled => Some("the shipment was called off"),
        ShipmentStatus::Closed => Some("the shipment is closed"),
        _ => None,
    }
}

fn episode(finding: &Finding) -> Episode {
    let ended_at = finding.ended.map(|(at, _)| at);
    Episode { ended_at, ..instant(finding.began_at, finding.alarmed_at) }
}

fn amendment(id: AlertId, finding: &Finding, reopen: bool) -> Amendment {
    let detail = Some(in_words(finding));
    Amendment { id, severity: finding.severity, episode: episode(finding), reopen, detail }
}

fn in_words(finding: &Finding) -> String {
    let numbers: Vec<String> = finding.boxes.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [] => finding.detail.clone(),
        [number] => format!("box {number}: {}", finding.detail),
        numbers => format!("boxes {}: {}", numbers.join(", "), finding.detail),
    }
}

/// Tells of trackers that should be back, and ends what was told of those that are, or of which nobody waits any more.
pub async fn look_for_trackers(service: &Service) -> Result<(), StoreError> {
    let now = (service.clock)();
    let mut db = service.workers.begin().await?;
    if !db.try_lock_watch().await? {
        return Ok(());
    }
    let overdue = db.overdue_trackers(now).await?;
    let standing = db.standing_returns().await?;
    let mut work = AlertWork::default();
    let is_told = |tracker: TrackerId| standing.iter().any(|(known, ..)| *known == tracker);
    for pooled in overdue.iter().filter(|pooled| !is_told(pooled.tracker.id)) {
        let (alert, told) = not_returned(pooled, now);
        work.add(alert, told);
    }
    let is_overdue = |tracker: TrackerId| overdue.iter().any(|pooled| pooled.tracker.id == tracker);
    for (_, organisation, alert) in standing.iter().filter(|(tracker, ..)| !is_overdue(*tracker)) {
        let reason = "it is back, or rides again, or was said to be lost".to_owned();
        let ended = EndedAlert { id: alert.id, ending: Ending::Closed, ended_at: Some(now), reason };
        work.end(*organisation, None, ended);
    }
    let changes = work.apply(&mut db, now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}

fn not_returned(pooled: &PooledTracker, now: DateTime<Utc>) -> (NewAlert, Told) {
    let due = pooled.whereabouts.last_ride.and_then(|ride| ride.due_at()).unwrap_or(now);
    let (shipment, reference) = pooled.last_shipment.clone().unzip();
    let detail =
        format!("tracker {} was to be back by {}", pooled.tracker.name, due.format("%Y-%m-%d %H:%M UTC"));
    let alert = NewAlert {
        id: AlertId(Uuid::now_v7()),
        organisation: pooled.tracker.organisation,
        shipment,
        assignment: None,
        tracker: Some(pooled.tracker.id),
        subject: None,
        finding: None,
        detail: Some(detail.clone()),
        kind: AlertKind::TrackerNotReturned,
        alarm: None,
        severity: domain::watch::NOT_RETURNED,
        episode: instant(due, now),
    };
    (alert, Told { reference, lines: vec![detail], ..Told::default() })
}

#[cfg(test)]
mod tests;
