//! Downlinks: what there is to say to a tracker is planned by [`domain::downlink`], waits in the outbox, is handed over to
//! its network server, and ends with what that says of it.
//!
//! A round is idempotent and takes nothing but the present state. One downlink at most is on its way to a tracker, so
//! what is planned next knows what became of it.

mod network_server;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::downlink::{Entries, HOLDS, PAUSE, Situation, plan};
use domain::silence::numbers::Numbers;
use networks::payload::Codec;
use store::{DueDownlink, HandOver, NewDownlink, SpokenTracker, StoreError};

use self::network_server::Refusal;
pub use self::network_server::{NetworkServer, NetworkServerError, NetworkServers};
use crate::Service;
use crate::live::Change;
use crate::notify::pause_after;
use crate::watch::log_failure;

/// The pause between two rounds.
const ROUND: Duration = Duration::from_secs(2);

/// How many trackers one statement reads.
const AT_ONCE: i64 = 200;

/// A tracker to whom there is nothing to say now is looked at again after this.
const NOTHING_FOR: TimeDelta = TimeDelta::minutes(5);

/// Runs round by round until the service stops; by itself, so that nothing waits for a network server.
pub async fn run(service: &Service) {
    while service.pause(ROUND).await {
        log_failure("planning downlinks", plan_downlinks(service).await);
        log_failure("handing downlinks over", hand_over(service).await);
        log_failure("giving downlinks up", give_up(service).await);
    }
}

/// Puts what there is to say into the outbox.
pub async fn plan_downlinks(service: &Service) -> Result<(), StoreError> {
    let integrations = service.network_servers.integrations();
    let Some(listening_since) = service.listening_since().filter(|_| !integrations.is_empty()) else {
        return Ok(());
    };
    let now = (service.clock)();
    service.workers.connect().await?.note_spoken_trackers(now).await?;
    let mut after = None;
    loop {
        let found =
            service.workers.connect().await?.trackers_to_speak_to(&integrations, now, after, AT_ONCE).await?;
        for tracker in &found {
            speak(service, tracker, listening_since, now).await?;
        }
        after = found.last().map(|found| found.tracker);
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn speak(
    service: &Service,
    to: &SpokenTracker,
    listening_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (Ok(codec), Some(interval)) =
        (to.codec.parse::<Codec>(), domain::Duration::from_seconds(to.interval_s.into()))
    else {
        return Ok(());
    };
    let numbers = numbers_of(service, to).await?;
    let mut db = service.workers.begin().await?;
    let spoken = db.lock_spoken(to.tracker, now).await?;
    // Below the oldest entry of its log nothing can come any more.
    let below = spoken.oldest.and_then(|oldest| oldest.checked_sub(1)).map(|last| Entries { first: 0, last });
    let mut lost: Vec<Entries> = below.into_iter().collect();
    lost.extend(db.lost_of(to.tracker, numbers.followed.map_or(0, |followed| followed.from)).await?);
    let situation = Situation {
        interval,
        listening_since,
        numbers: &numbers,
        lost: &lost,
        acknowledged: spoken.acknowledged,
        acknowledged_at: spoken.acknowledged_at,
        asked: &spoken.asked,
        sent: &spoken.sent,
        clock: spoken.clock,
        wanted: &[],
    };
    let commands = plan(&situation, now);
    if commands.is_empty() {
        db.pause_speaking(to.tracker, now + NOTHING_FOR).await?;
        return db.commit().await;
    }
    let Some(number) = db.take_downlink_number(to.tracker).await? else {
        tracing::error!(tracker = %to.tracker, "no number is left for another downlink: replace this tracker");
        db.pause_speaking(to.tracker, now + HOLDS).await?;
        return db.commit().await;
    };
    let frame = match networks::downlink::encode(codec, number, &commands) {
        Ok(frame) => frame,
        Err(error) => {
            tracing::error!(tracker = %to.tracker, %error, "a downlink cannot be written");
            db.pause_speaking(to.tracker, now + HOLDS).await?;
            return db.commit().await;
        }
    };
    let downlink = NewDownlink {
        organisation: to.organisation,
        tracker: to.tracker,
        number,
        integration: to.integration.clone(),
        address: to.address.clone(),
        commands,
        f_port: frame.f_port,
        payload: frame.payload,
        expires_at: now + HOLDS,
    };
    db.add_downlink(&downlink, now).await?;
    db.commit().await
}

/// As of one instant: a hole that is forgotten between two looks would look like something that is held.
async fn numbers_of(service: &Service, of: &SpokenTracker) -> Result<Numbers, StoreError> {
    let mut db = service.workers.snapshot().await?;
    let followed = db.followed(&[of.tracker]).await?.first().and_then(|known| known.followed);
    let holes = db.holes_of(&[of.tracker]).await?.into_iter().map(|(_, hole)| hole).collect();
    Ok(Numbers { followed, holes })
}

/// One after the other, until none is due or the service is to stop.
pub async fn hand_over(service: &Service) -> Result<(), StoreError> {
    while !*service.shutdown.borrow() && hand_over_next(service).await? {}
    Ok(())
}

/// In a transaction of its own: after a kill this one alone may be handed over twice, and a tracker obeys a number once.
async fn hand_over_next(service: &Service) -> Result<bool, StoreError> {
    let mut db = service.workers.begin().await?;
    let Some(due) = db.lock_due_downlink((service.clock)()).await? else { return Ok(false) };
    let outcome = service.network_servers.hand_over(&due).await;
    let now = (service.clock)();
    db.note_hand_over((due.tracker, due.number), &noted(&due, outcome, now), now).await?;
    db.commit().await?;
    service.live.publish([(due.organisation, Change::Tracker { dev_eui: due.dev_eui })]);
    Ok(true)
}

fn noted(due: &DueDownlink, outcome: Result<String, Refusal>, now: DateTime<Utc>) -> HandOver {
    match outcome {
        Ok(name) => HandOver::Taken { name },
        Err(Refusal::ForNow(reason)) => {
            tracing::warn!(tracker = %due.dev_eui, %reason, "a downlink could not be handed over");
            HandOver::Again { at: now + pause_after(due.attempts), reason }
        }
        Err(Refusal::ForGood(reason)) => HandOver::Refused { reason, paused_until: now + PAUSE },
    }
}

async fn give_up(service: &Service) -> Result<(), StoreError> {
    let now = (service.clock)();
    let whose = service.workers.connect().await?.expire_downlinks(now + PAUSE, now).await?;
    let changed = |(organisation, dev_eui)| (organisation, Change::Tracker { dev_eui });
    service.live.publish(whose.into_iter().map(changed));
    Ok(())
}

#[cfg(test)]
mod tests;
