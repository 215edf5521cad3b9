//! Reading anew: what was kept of a tracker and gave no readings, since nobody had registered it or it was read in another
//! way.
//!
//! It is done page by page behind the request that asks for it, each page decoded before its transaction and stored as a
//! batch is: no batch waits for more than one page, and what a stop interrupts goes on after it. What gave readings stays as
//! it was read, also where not all of it could be: of one instant there would be two values otherwise.

use std::time::Duration;

use chrono::{DateTime, Utc};
use networks::payload::Codec;
use store::{Connection, Rereading, StoreError, Tracker, TrackerSettings};

use crate::Service;
use crate::consume::{Taken, Trackers, days_of, take_heard};
use crate::heard::decode_uplinks;
use crate::live::{Change, OwnedChange};
use crate::missing::forget_numbers;

/// How many uplinks one transaction takes; those that were received at one instant stay together.
const PAGE: i64 = 500;

/// The pause where nothing waits.
const ROUND: Duration = Duration::from_secs(1);

/// Changes what people say of a tracker. The caller holds the intake lock.
pub async fn change_settings(
    db: &mut Connection,
    before: &Tracker,
    settings: &TrackerSettings<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    let tracker = db.change_tracker(before.id, settings).await?;
    let mut changes = vec![(tracker.organisation, Change::Tracker { dev_eui: tracker.dev_eui })];
    if before.codec == Codec::Isotherm.name() && tracker.codec != before.codec {
        changes.extend(forget_numbers(db, tracker.id, now).await?);
    }
    if (&tracker.codec, &tracker.mapping) != (&before.codec, &before.mapping) {
        db.begin_rereading(&tracker).await?;
    }
    Ok(changes)
}

/// Reads anew until the service stops.
pub async fn run(service: &Service) {
    let mut pause = ROUND;
    while service.pause(pause).await {
        pause = match read_pages(service).await {
            Ok(true) => Duration::ZERO,
            Ok(false) => ROUND,
            Err(error) => {
                tracing::error!(%error, "looking for what is to be read anew failed; the next round makes up for it");
                ROUND
            }
        };
    }
}

/// A page of each tracker that waits. Returns whether there may be more; one that fails waits for the next round, and keeps
/// none of the others.
async fn read_pages(service: &Service) -> Result<bool, StoreError> {
    let waiting = service.workers.connect().await?.rereadings().await?;
    let mut more = false;
    for rereading in &waiting {
        match read_page(service, rereading).await {
            Ok(left) => more |= left,
            Err(error) => {
                let tracker = rereading.tracker.dev_eui;
                tracing::error!(%tracker, %error, "what was kept of a tracker could not be read anew; it is tried again");
            }
        }
    }
    Ok(more)
}

/// Returns whether there may be more.
async fn read_page(service: &Service, rereading: &Rereading) -> Result<bool, StoreError> {
    let Rereading { tracker, done_until } = rereading;
    let mut db = service.workers.connect().await?;
    let mut uplinks = db.kept_uplinks(tracker.organisation, tracker.dev_eui, *done_until, PAGE).await?;
    drop(db);
    let trackers = Trackers::from([((tracker.organisation, tracker.dev_eui), tracker.clone())]);
    let mut heard = decode_uplinks(&mut uplinks, &trackers);
    service.workers.ensure_partitions(&days_of(&[], &heard.readings)).await?;
    let mut db = service.workers.begin().await?;
    db.share_intake().await?;
    if !db.lock_rereading(rereading).await? {
        return Ok(true);
    }
    let now = (service.clock)();
    let recorded_at = db.recording_time(now).await?;
    db.update_uplink_problems(&uplinks).await?;
    // What they told of the tracker before was read in another way. As by a batch, its state is locked first.
    db.lock_tracker_state(tracker.id).await?;
    let received: Vec<_> = uplinks.iter().map(|uplink| uplink.received_at).collect();
    db.take_back_senses(tracker.id, &received).await?;
    let ended = heard.said.store(&mut db, now).await?;
    let Taken { mut changes, earliest, .. } =
        take_heard(service, &mut db, (&mut heard, &trackers), recorded_at, now).await?;
    changes.extend(ended.into_iter().map(|(owner, dev_eui)| (owner, Change::Tracker { dev_eui })));
    db.mark_heard(&heard.positions, &earliest, now).await?;
    db.note_reread(tracker, received.last().copied()).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(!received.is_empty())
}

#[cfg(test)]
mod tests;
