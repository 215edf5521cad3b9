//! Shipments' custody is looked at where something came or time has passed, and what is found becomes alerts.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::{AlertKind, Severity};
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
use crate::watch::log_failure;
use crate::whereabouts::KnownPlaces;

/// The pause between two rounds.
const ROUND: Duration = Duration::from_secs(1);

/// Trackers are given days to come back, and all of them are looked at.
const TRACKERS_EVERY: Duration = Duration::from_secs(60);

/// How many shipments one transaction looks at.
const AT_ONCE: i64 = 100;

/// A shipment that cannot be looked at, such as one whose ledger was tampered with, is tried again after this.
const PAUSE: TimeDelta = TimeDelta::hours(1);

const NOTHING: &str = "by what is known and planned now there is nothing to tell";

/// Runs a round a second until the service stops; by itself, so that no alarm about a temperature waits for it.
pub async fn run(service: &Service) {
    let mut looked_for_trackers: Option<Instant> = None;
    while service.pause(ROUND).await {
        log_failure("looking at custody", look(service).await);
        if looked_for_trackers.is_none_or(|at| at.elapsed() >= TRACKERS_EVERY) {
            log_failure("looking for trackers that should be back", look_for_trackers(service).await);
            looked_for_trackers = Some(Instant::now());
        }
    }
}

/// Looks at the shipments that are due, until none is or the service is to stop.
async fn look(service: &Service) -> Result<(), StoreError> {
    while !*service.shutdown.borrow() && look_once(service).await? {}
    Ok(())
}

/// Looks at some of those that are due; whether more may be.
async fn look_once(service: &Service) -> Result<bool, StoreError> {
    let now = (service.clock)();
    // First without the lock: most rounds find none.
    if service.workers.connect().await?.due_watches(now, 1).await?.is_empty() {
        return Ok(false);
    }
    let mut db = service.workers.begin().await?;
    if !db.try_lock_watch().await? {
        return Ok(false);
    }
    let due = db.due_watches(now, AT_ONCE).await?;
    let mut work = AlertWork::default();
    let watched = look_at(service, &mut db, &due, &mut work, now).await?;
    let changes = work.apply(&mut db, now).await?;
    db.commit().await?;
    service.live.publish(changes);
    // By itself, so that nobody who marks a shipment waits for the alerts. What is killed in between is looked at again,
    // and finds the alerts that it raised.
    service.workers.connect().await?.note_watched(&watched).await?;
    Ok(i64::try_from(due.len()).is_ok_and(|count| count == AT_ONCE))
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
    let mut places = KnownPlaces::default();
    let mut watched = Vec::with_capacity(due.len());
    for DueWatch { organisation, shipment, marks } in due.iter().copied() {
        let alerts = standing.remove(&shipment).unwrap_or_default();
        let shipment = db.shipment(organisation, shipment).await?;
        let told = Telling { shipment: &shipment, organisation, alerts: &alerts, now };
        let due_at = match told.of_its_custody(service, db, &mut places, work).await {
            Err(error @ (StoreError::Unreadable { .. } | StoreError::NotFound)) => {
                tracing::error!(shipment = %shipment.id, %error, "a shipment's custody cannot be looked at");
                work.add(told.unreadable(), Told::about(&shipment, error.to_string()));
                Some(now + PAUSE)
            }
            looked => looked?,
        };
        watched.push(Watched { shipment: shipment.id, marks, due_at });
    }
    Ok(watched)
}

/// What is to be told of one shipment.
struct Telling<'a> {
    shipment: &'a Shipment,
    organisation: OrganisationId,
    alerts: &'a [StandingAlert],
    now: DateTime<Utc>,
}

impl Telling<'_> {
    /// Returns when the shipment has to be looked at again, if nothing comes.
    async fn of_its_custody(
        &self,
        service: &Service,
        db: &mut Connection,
        places: &mut KnownPlaces,
        work: &mut AlertWork,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if let Some(reason) = over(self.shipment) {
            self.end_all(reason, work);
            return Ok(None);
        }
        let gathered =
            Gathered::of(service, db, (self.organisation, self.shipment), places, self.now).await?;
        for change in reconcile(self.alerts, &gathered.ask(self.now, findings)) {
            self.add(change, work);
        }
        let next = gathered.ask(self.now, next_change);
        Ok([next, gathered.positions_fail_at()].into_iter().flatten().min())
    }

    fn add(&self, change: AlertChange, work: &mut AlertWork) {
        let shipment = Some(self.shipment.id);
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
                    work.tell_withdrawn(self.organisation, &self.shipment.reference, before, NOTHING);
                }
            }
        }
    }

    /// Whoever has the boxes now is nobody's matter any more; what was done to them stays until a person has seen it.
    fn end_all(&self, reason: &str, work: &mut AlertWork) {
        for alert in self.alerts.iter().filter(|alert| !alert.closed && alert.kind.is_closed_by_data()) {
            let (ended_at, reason) = (Some(alert.ended_at.unwrap_or(self.now)), reason.to_owned());
            let ended = EndedAlert { id: alert.id, ending: Ending::Closed, ended_at, reason };
            work.end(self.organisation, Some(self.shipment.id), ended);
        }
    }

    fn alert(&self, finding: &Finding) -> NewAlert {
        NewAlert {
            id: AlertId(Uuid::now_v7()),
            organisation: self.organisation,
            shipment: Some(self.shipment.id),
            assignment: None,
            tracker: None,
            subject: None,
            finding: Some(finding.key.clone()),
            detail: Some(finding.in_words()),
            kind: finding.kind,
            alarm: None,
            severity: finding.severity,
            episode: episode(finding),
        }
    }

    fn told(&self, finding: &Finding) -> Told {
        let over = finding.ended.filter(|_| finding.kind.is_closed_by_data());
        Told { over, ..Told::about(self.shipment, finding.in_words()) }
    }

    /// Its ledger is not as it was written, or something else of it cannot be read: nobody watches over its custody.
    fn unreadable(&self) -> NewAlert {
        NewAlert {
            id: AlertId(Uuid::now_v7()),
            organisation: self.organisation,
            shipment: Some(self.shipment.id),
            assignment: None,
            tracker: None,
            // One at a time, however often it is tried.
            subject: Some(format!("the custody of shipment {}", self.shipment.reference)),
            finding: None,
            detail: None,
            kind: AlertKind::CustodyUnreadable,
            alarm: None,
            severity: Severity::Critical,
            episode: instant(self.now, self.now),
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
    let detail = Some(finding.in_words());
    Amendment { id, severity: finding.severity, episode: episode(finding), reopen, detail }
}

/// Tells of trackers that should be back, and ends what was told of those that are, or of which nobody waits any more.
async fn look_for_trackers(service: &Service) -> Result<(), StoreError> {
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
