//! The clock as an input: alarms that ripen without a reading, readings that stand no longer, trackers that fall
//! silent, those on call who are to be told, partitions that will be needed.
//!
//! Each round is idempotent and takes nothing but the present state, so that a missed or doubled one is harmless.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use domain::alert::AlertKind;
use store::StoreError;

use crate::Service;
use crate::alerting::AlertWork;
use crate::assess::{Fresh, reassess};
use crate::escalate::escalate;
use crate::missing::find_overdue;
use crate::refusals::end_refusals;
use crate::silence::{end_outages, raise_silence};

/// The pause between two rounds.
const ROUND: Duration = Duration::from_secs(1);

/// How many assignments one transaction takes.
const AT_ONCE: i64 = 500;

/// A queue that is not worked off for so long is somebody's matter.
const BEHIND_FOR: Duration = Duration::from_secs(5 * 60);

/// Runs a round a second until the service stops.
pub async fn run(service: &Service) {
    let mut caught_up = Instant::now();
    while service.pause(ROUND).await {
        note_backlog(service).await;
        if service.is_caught_up() {
            caught_up = Instant::now();
        } else if caught_up.elapsed() >= BEHIND_FOR {
            match raise_backlog(service).await {
                Ok(()) => caught_up = Instant::now(),
                failed => log_failure("telling of the backlog", failed),
            }
        }
        // Each by itself: one that fails must not keep the others from being done.
        log_failure(
            "making partitions ahead",
            service.workers.make_partitions_ahead((service.clock)()).await,
        );
        log_failure("evaluating what is due", ripen(service).await);
        log_failure("looking for outages that are over", end_outages(service).await);
        log_failure("looking for silence", raise_silence(service).await);
        log_failure("looking for missing readings", find_overdue(service).await);
        log_failure("looking for refusals that are over", end_refusals(service).await);
        log_failure("telling those on call", escalate(service).await);
    }
}

/// Learns once a second who counts no more. Apart from the other rounds: however slow these are, nobody is let in for it.
pub async fn learn(service: &Service) {
    while service.pause(ROUND).await {
        log_failure("looking for users that were disabled", service.learn_disabled_users().await);
        log_failure("looking for keys", service.learn_api_keys().await);
        service.limits.forget();
    }
}

pub fn log_failure(what: &str, outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "{what} failed; the next round makes up for it");
    }
}

/// Notes since when nothing waits in the queue: before that, nobody can tell who is silent.
async fn note_backlog(service: &Service) {
    let drained = service.queue.backlog().await.is_drained();
    let mut listening_since = service.listening_since.lock().unwrap_or_else(PoisonError::into_inner);
    match (drained, *listening_since) {
        (true, None) => *listening_since = Some((service.clock)()),
        (false, Some(_)) => *listening_since = None,
        _ => {}
    }
}

/// Told directly: a message would wait behind all the others.
async fn raise_backlog(service: &Service) -> Result<(), StoreError> {
    let now = (service.clock)();
    let mut db = service.workers.begin().await?;
    let operator = db.first_organisation().await?;
    let mut work = AlertWork::default();
    work.raise_about(operator, AlertKind::Backlog, "the queue".to_owned(), now);
    let changes = work.apply(&mut db, now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}

/// Evaluates the assignments whose next change has come.
async fn ripen(service: &Service) -> Result<(), StoreError> {
    loop {
        let now = (service.clock)();
        let mut db = service.workers.begin().await?;
        let due = db.lock_due_assignments(now, AT_ONCE).await?;
        let more = i64::try_from(due.len()).is_ok_and(|count| count == AT_ONCE);
        let changes = reassess(service, &mut db, due, &Fresh::Nothing, now).await?;
        db.commit().await?;
        service.live.publish(changes);
        if !more {
            return Ok(());
        }
    }
}
