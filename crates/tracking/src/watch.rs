//! The clock as an input: alarms that ripen without a reading, readings that stand no longer, trackers that fall
//! silent, partitions that will be needed.
//!
//! Each round is idempotent and takes nothing but the present state, so that a missed or doubled one is harmless.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::silence::{Heard, Schedule, silent_since};
use store::{Connection, ScheduledRide, StoreError};

use crate::Service;
use crate::alerting::AlertWork;
use crate::assess::{Fresh, reassess};

/// The pause between two rounds.
const ROUND: Duration = Duration::from_secs(1);

/// How many assignments one transaction takes.
const AT_ONCE: i64 = 500;

/// Runs a round a second until the service stops.
pub async fn run(service: &Service) {
    while service.pause(ROUND).await {
        note_backlog(service).await;
        // Each by itself: one that fails must not keep the others from being done.
        log_failure("making partitions ahead", service.store.make_partitions_ahead((service.clock)()).await);
        log_failure("evaluating what is due", ripen(service).await);
        log_failure("looking for silence", raise_silence(service).await);
    }
}

fn log_failure(what: &str, outcome: Result<(), StoreError>) {
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

/// Evaluates the assignments whose next change has come.
async fn ripen(service: &Service) -> Result<(), StoreError> {
    loop {
        let now = (service.clock)();
        let mut db = service.store.begin().await?;
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

async fn raise_silence(service: &Service) -> Result<(), StoreError> {
    let Some(listening_since) = *service.listening_since.lock().unwrap_or_else(PoisonError::into_inner)
    else {
        return Ok(());
    };
    let now = (service.clock)();
    // First without a lock: most rounds find nobody, and need not hold up a batch.
    if silent_rides(&mut service.store.connect().await?, listening_since, now).await?.is_empty() {
        return Ok(());
    }
    let mut db = service.store.begin().await?;
    // Alone: a batch that is being stored at this moment may have heard of them.
    db.lock_intake().await?;
    let mut work = AlertWork::default();
    for (ride, since) in silent_rides(&mut db, listening_since, now).await? {
        work.raise_silence(&ride, since, now);
    }
    let changes = work.apply(&mut db, now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}

/// The rides under way whose tracker is silent, and since when.
async fn silent_rides(
    db: &mut Connection,
    listening_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<(ScheduledRide, DateTime<Utc>)>, StoreError> {
    let silence = |ride: ScheduledRide| {
        let interval = domain::Duration::from_seconds(ride.interval_s.into())?;
        let heard = Heard {
            assigned_from: ride.from,
            last_received_at: ride.heard_at,
            listening_since: Some(listening_since),
        };
        silent_since(Schedule { interval }, &heard, now).map(|since| (ride, since))
    };
    Ok(db.quiet_rides(now, AT_ONCE).await?.into_iter().filter_map(silence).collect())
}
