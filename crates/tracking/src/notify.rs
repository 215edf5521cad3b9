//! The notifier: sends what stands in the outbox by e-mail, and tries again until it is sent.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::alert::AlertKind;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Tokio1Executor};
use store::{Connection, DueNotification, Outcome, StoreError};

use crate::Service;
use crate::alerting::AlertWork;
use crate::live::{Change, OwnedChange};

const ROUND: Duration = Duration::from_secs(1);

/// The failed attempt that raises an alert: two and a half minutes after the first.
const ESCALATED_AT: i32 = 5;

/// A mail server that does not answer must not hold up the others for long.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest pause between two attempts.
const LONGEST_PAUSE_S: i64 = 3600;

/// Where e-mail goes out.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error("smtp.url cannot be used: {0}")]
    Url(#[source] lettre::transport::smtp::Error),
    #[error("smtp.from is no e-mail address: {0}")]
    From(#[source] lettre::address::AddressError),
}

impl Mailer {
    /// `url` such as `smtps://user:password@host` or `smtp://host:25`.
    pub fn new(url: &str, from: &str) -> Result<Self, MailerError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(MailerError::Url)?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        Ok(Self { transport, from: from.parse().map_err(MailerError::From)? })
    }

    /// What the mail server said to it, where it took it and where it did not.
    async fn send(&self, notification: &DueNotification) -> Result<String, String> {
        let to: Mailbox =
            notification.email.parse().map_err(|error| format!("{}: {error}", notification.email))?;
        let message = MessageBuilder::new()
            .from(self.from.clone())
            .to(to)
            // The same for each attempt, so that a mail system can tell a repetition.
            .message_id(Some(format!("<{}@isotherm>", notification.id)))
            .subject(&notification.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(notification.body.clone())
            .map_err(|error| error.to_string())?;
        // The library's own limit is for the connection alone.
        let sent = tokio::time::timeout(SMTP_TIMEOUT, self.transport.send(message)).await;
        let sent = sent.map_err(|_| format!("no answer within {} s", SMTP_TIMEOUT.as_secs()))?;
        let answer = sent.map_err(|error| in_full(&error))?;
        Ok(format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
    }
}

/// Runs a round a second until the service stops. Without a mailer notifications wait in the outbox, where the
/// status shows them.
pub async fn run(service: &Service) {
    let Some(mailer) = service.mailer.clone() else { return };
    while service.pause(ROUND).await {
        if let Err(error) = send_due(service, &mailer).await {
            tracing::error!(%error, "notifications cannot be read; the next round makes up for it");
        }
    }
}

/// One after the other, until none is due or the service is to stop.
pub async fn send_due(service: &Service, mailer: &Mailer) -> Result<(), StoreError> {
    while !*service.shutdown.borrow() && send_next(service, mailer).await? {}
    Ok(())
}

/// Sends the notification that is due first, if any, in a transaction of its own: after a kill at most this one is
/// sent twice.
async fn send_next(service: &Service, mailer: &Mailer) -> Result<bool, StoreError> {
    let mut db = service.workers.begin().await?;
    let due = db.lock_due_notifications((service.clock)(), 1).await?;
    let mut changes = Vec::new();
    for notification in &due {
        changes.extend(attempt(service, &mut db, mailer, notification).await?);
    }
    db.commit().await?;
    service.live.publish(changes);
    Ok(!due.is_empty())
}

/// Puts on record what became of it, in any case.
async fn attempt(
    service: &Service,
    db: &mut Connection,
    mailer: &Mailer,
    notification: &DueNotification,
) -> Result<Vec<OwnedChange>, StoreError> {
    let seen = Change::Alert { id: notification.alert, shipment: notification.shipment };
    let mut changes = vec![(notification.organisation, seen)];
    if notification.is_late {
        // To be woken for what somebody has in hand would teach people not to look.
        let why = "the alert is no longer open";
        db.note_attempt(notification.id, Outcome::CalledOff, why, (service.clock)()).await?;
        return Ok(changes);
    }
    let outcome = mailer.send(notification).await;
    let now = (service.clock)();
    match outcome {
        Ok(words) => db.note_attempt(notification.id, Outcome::Delivered, &words, now).await?,
        Err(reason) => changes.extend(note_failure(db, notification, &reason, now).await?),
    }
    Ok(changes)
}

/// Plans the next attempt; after some in vain, the page says that this person is not reached.
async fn note_failure(
    db: &mut Connection,
    notification: &DueNotification,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    tracing::warn!(notification = %notification.id, %reason, "a notification could not be sent");
    let outcome = Outcome::Failed { next_attempt_at: now + pause_after(notification.attempts) };
    db.note_attempt(notification.id, outcome, reason, now).await?;
    let mut work = AlertWork::default();
    if notification.attempts + 1 == ESCALATED_AT {
        let subject = format!("e-mail to {}", notification.email);
        work.raise_about(notification.organisation, AlertKind::NotificationFailed, subject, now);
    }
    work.apply(db, now).await
}

/// An error with what it was caused by, which the library leaves out of its own words.
pub fn in_full(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !words.contains(&further) {
            words = format!("{words}: {further}");
        }
        cause = error.source();
    }
    words
}

/// Doubles from 10 seconds to an hour.
pub fn pause_after(attempts: i32) -> chrono::Duration {
    let doublings = u32::try_from(attempts).unwrap_or_default().min(16);
    chrono::Duration::seconds((10_i64 << doublings).min(LONGEST_PAUSE_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_rarer_up_to_one_an_hour() {
        let seconds = |attempts| pause_after(attempts).num_seconds();
        assert_eq!([0, 1, 2, 8, 9, 100].map(seconds), [10, 20, 40, 2560, 3600, 3600]);
    }
}
