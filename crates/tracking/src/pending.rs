//! A batch of lines on its way into the database, however many tries that takes: stored together, or one by one where
//! something in it is refused, or kept as dead letters.

use std::collections::VecDeque;

use actix_web::web::Bytes;
use domain::OrganisationId;
use networks::message::Message;
use queue::QueueError;
use store::{AuditEntry, StoreError};

use crate::Service;
use crate::alerting::AlertWork;
use crate::arrived::{Arrived, Report};
use crate::consume::{PAUSE, consume_batch};

/// So often is a line tried by itself before it counts as refused although no other one was stored meanwhile.
const TRIES: u32 = 10;

/// The longest reason that is kept with a dead letter, in bytes.
const LONGEST_REASON: usize = 1000;

#[derive(Debug, thiserror::Error)]
enum PendingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Lines that are neither stored nor dead letters yet.
struct Pending {
    lines: VecDeque<Bytes>,
    tries: u32,
}

/// Stores the lines, however often it takes; false when the service stops before.
pub async fn store_lines(service: &Service, lines: Vec<Bytes>) -> bool {
    let mut pending = Pending { lines: lines.into(), tries: 0 };
    while let Err(error) = pending.store(service).await {
        pending.tries += 1;
        service.metrics.batches_failed.inc();
        tracing::error!(%error, lines = pending.lines.len(), "a batch failed and is tried again");
        if !service.pause(PAUSE).await {
            return false;
        }
    }
    true
}

impl Pending {
    /// Stores the lines together; where the database refuses something in them, one by one, so that one cannot hold up
    /// the others.
    async fn store(&mut self, service: &Service) -> Result<(), PendingError> {
        let mut arrived = self.read_messages(service).await?;
        match consume_batch(service, &mut arrived).await {
            Err(error) if !error.is_passing() => {
                tracing::error!(%error, "the database refuses something of this batch; storing line by line");
            }
            outcome => return Ok(outcome?),
        }
        // A partition may be gone.
        service.workers.forget_partitions();
        self.store_one_by_one(service).await
    }

    /// A line is refused only where another one was stored at the same time, or after many tries: otherwise it may be
    /// the database that is in trouble, which nobody's line is to blame for.
    async fn store_one_by_one(&mut self, service: &Service) -> Result<(), PendingError> {
        let (mut refused, mut stored) = (Vec::new(), 0);
        while let Some(line) = self.lines.pop_front() {
            match store_alone(service, &line).await {
                Ok(()) => stored += 1,
                Err(error) if !error.is_passing() => refused.push((line, error)),
                Err(error) => {
                    self.lines.push_front(line);
                    self.lines.extend(refused.into_iter().map(|(line, _)| line));
                    return Err(error.into());
                }
            }
        }
        // What fails from here on leaves them to be tried again.
        self.lines.extend(refused.iter().map(|(line, _)| line.clone()));
        if stored == 0 && self.tries < TRIES {
            return refused.pop().map_or(Ok(()), |(_, error)| Err(error.into()));
        }
        for (line, error) in refused {
            bury(service, &line, &error.to_string()).await?;
            self.lines.pop_front();
        }
        Ok(())
    }

    /// A line that is no message becomes a dead letter with its reason; the rest of the pack goes on.
    async fn read_messages(&mut self, service: &Service) -> Result<Arrived, PendingError> {
        let mut arrived = Arrived::default();
        let mut position = 0;
        while let Some(line) = self.lines.get(position) {
            match Message::from_line(line) {
                Ok(message) => {
                    arrived.add(message);
                    position += 1;
                }
                Err(reason) => {
                    bury(service, line, &reason.to_string()).await?;
                    self.lines.remove(position);
                }
            }
        }
        Ok(arrived)
    }
}

async fn store_alone(service: &Service, line: &Bytes) -> Result<(), StoreError> {
    let mut arrived = Arrived::default();
    if let Ok(message) = Message::from_line(line) {
        arrived.add(message);
    }
    consume_batch(service, &mut arrived).await
}

/// Keeps a line as a dead letter, and tells of it first: where the database takes not even that, the line is not to
/// blame.
async fn bury(service: &Service, line: &Bytes, reason: &str) -> Result<(), PendingError> {
    let end = (0..=LONGEST_REASON.min(reason.len())).rev().find(|end| reason.is_char_boundary(*end));
    let reason = reason.get(..end.unwrap_or_default()).unwrap_or_default();
    tracing::warn!(reason, "a message cannot be used; it is kept as a dead letter");
    tell(service, reason).await?;
    service.queue.dead_letter(line.clone(), reason).await?;
    service.metrics.dead_letters.inc();
    Ok(())
}

async fn tell(service: &Service, reason: &str) -> Result<(), StoreError> {
    let now = (service.clock)();
    let mut db = service.workers.begin().await?;
    let operator: OrganisationId = db.first_organisation().await?;
    let (owner, kind, subject, at) = Report::DeadLetter { at: now }.alert(operator);
    let mut work = AlertWork::default();
    work.raise_about(owner, kind, subject.clone(), at);
    let changes = work.apply(&mut db, now).await?;
    // Always a row, whether the alert is new or not.
    let detail = serde_json::json!({ "reason": reason.replace('\0', "\u{fffd}") });
    let entry = AuditEntry { organisation: owner, actor: None, action: "message.refused", subject, detail };
    db.write_audit(&[entry], now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}
