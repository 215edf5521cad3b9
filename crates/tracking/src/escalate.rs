//! Escalation by the clock: an alert that nobody acknowledges is told to those on call, one step after the other.
//!
//! What follows at an instant is asked of [`domain::escalation`]; here the alerts whose time has come are read, and
//! what is to be told is put into the outbox in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::escalation::{Due, ROUNDS, Step, Told as ToldStep, concerns, escalate as who_is_due};
use store::{AlertView, Connection, EscalatingAlert, NewAlert, OnCallStep, StepNotification, StoreError};

use crate::Service;
use crate::alerting::{Told, notification};
use crate::runbooks::Runbooks;

/// How many alerts one transaction takes.
const AT_ONCE: i64 = 100;

/// Tells those on call whose time has come.
pub async fn escalate(service: &Service) -> Result<(), StoreError> {
    loop {
        let now = (service.clock)();
        let mut db = service.workers.begin().await?;
        let alerts = db.lock_alerts_to_escalate(now, AT_ONCE).await?;
        tell(&mut db, &alerts, now).await?;
        db.commit().await?;
        if i64::try_from(alerts.len()).is_ok_and(|count| count < AT_ONCE) {
            return Ok(());
        }
    }
}

async fn tell(db: &mut Connection, alerts: &[EscalatingAlert], now: DateTime<Utc>) -> Result<(), StoreError> {
    let organisations: BTreeSet<OrganisationId> = alerts.iter().map(|alert| alert.organisation).collect();
    let runbooks = Runbooks::of(db, organisations.iter().copied()).await?;
    let mut lists = BTreeMap::new();
    for organisation in organisations {
        lists.insert(organisation, db.on_call(organisation).await?);
    }
    let (mut new, mut next) = (Vec::new(), Vec::new());
    for alert in alerts {
        let list = lists.get(&alert.organisation).map(Vec::as_slice).unwrap_or_default();
        let steps: Vec<Step> =
            list.iter().filter(|_| concerns(alert.kind)).map(|on_call| on_call.step).collect();
        let escalation = who_is_due(&alert.watched, &steps, &alert.told, now);
        next.push((alert.id, escalation.next_at));
        if escalation.due.is_empty() {
            continue;
        }
        let view = db.alert(alert.organisation, alert.id).await?;
        let runbook = runbooks.in_mail(alert.organisation, alert.kind);
        let mail = |due| mail_to(alert, &view, list, due, (&runbook, now));
        new.extend(escalation.due.into_iter().filter_map(mail));
    }
    db.add_step_notifications(&new, now).await?;
    db.set_escalations(&next).await
}

/// None where the user is disabled: the next step is told at its time.
fn mail_to(
    alert: &EscalatingAlert,
    view: &AlertView,
    list: &[OnCallStep],
    due: Due,
    (runbook, now): (&str, DateTime<Utc>),
) -> Option<StepNotification> {
    let on_call = list.iter().find(|on_call| on_call.step.id == due.step && !on_call.is_disabled)?;
    let told = Told {
        reference: view.shipment_reference.clone(),
        lines: view.detail.clone().into_iter().collect(),
        is_held: alert.is_held,
        over: None,
    };
    let mail = notification(&as_raised(alert, view), &told);
    let Due { round, place, step } = due;
    let (steps, since) = (list.len(), alert.watched.opened_at.format("%Y-%m-%d %H:%M:%S UTC"));
    let body = format!(
        "Nobody has acknowledged this alert, which is open since {since}.\nYou are step {place} of {steps} of those on \
         call, in round {round} of at most {ROUNDS}. Who acknowledges it ends this.\n\n{}{runbook}",
        mail.body
    );
    Some(StepNotification {
        organisation: alert.organisation,
        alert: alert.id,
        user: on_call.user,
        subject: format!("{} (on call, step {place} of {steps})", mail.subject),
        body,
        told: ToldStep { opened_at: alert.watched.opened_at, round, step, at: now },
        place: i32::try_from(place).ok()?,
        steps: i32::try_from(steps).ok()?,
    })
}

fn as_raised(alert: &EscalatingAlert, view: &AlertView) -> NewAlert {
    NewAlert {
        id: alert.id,
        organisation: alert.organisation,
        shipment: view.shipment,
        assignment: None,
        tracker: None,
        subject: view.subject.clone(),
        finding: None,
        detail: view.detail.clone(),
        kind: view.kind,
        alarm: view.alarm.clone(),
        severity: view.severity,
        episode: view.episode,
    }
}

#[cfg(test)]
mod tests;
