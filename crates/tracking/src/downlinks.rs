//! Downlinks: what there is to say to a tracker is planned by [`domain::downlink`], waits in the outbox, is handed over to
//! its network server, and ends with what that says of it.
//!
//! A round is idempotent and takes nothing but the present state. One downlink at most is on its way to a tracker, so
//! what is planned next knows what became of it.

mod network_server;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::TrackerId;
use domain::downlink::{BUDGET, Command, Entries, HOLDS, PAUSE, Situation, plan};
use domain::silence::numbers::Numbers;
use futures_util::future::join_all;
use networks::downlink::CommandError;
use networks::payload::Codec;
use store::{Connection, DueDownlink, HandOver, NewDownlink, SpokenTracker, StoreError, Tracker};

use self::network_server::Refusal;
pub use self::network_server::{NetworkServer, NetworkServerError, NetworkServers};
use crate::Service;
use crate::live::Change;
use crate::notify::pause_after;
use crate::watch::log_failure;

/// The pause between two rounds.
const ROUND: Duration = Duration::from_secs(2);

/// How many downlinks are handed to one network server at once.
const HANDS: usize = 4;

/// Longer than a network server is waited for.
const CLAIMED_FOR: TimeDelta = TimeDelta::minutes(1);

/// How many trackers one statement reads.
const AT_ONCE: i64 = 200;

/// A tracker to whom there is nothing to say now is looked at again after this.
const NOTHING_FOR: TimeDelta = TimeDelta::minutes(5);

/// Runs round by round until the service stops. Nothing waits for a network server but what is to go out by it.
pub async fn run(service: &Service) {
    let planning = async {
        while service.pause(ROUND).await {
            log_failure("planning downlinks", plan_downlinks(service).await);
            log_failure("giving downlinks up", give_up(service).await);
        }
    };
    let handing_over = service.network_servers.integrations().into_iter().map(async |integration| {
        while service.pause(ROUND).await {
            log_failure("handing downlinks over", hand_over(service, &integration).await);
        }
    });
    tokio::join!(planning, join_all(handing_over));
}

/// Puts what there is to say into the outbox.
pub async fn plan_downlinks(service: &Service) -> Result<(), StoreError> {
    let integrations = service.network_servers.integrations();
    let Some(listening_since) = service.listening_since().filter(|_| !integrations.is_empty()) else {
        return Ok(());
    };
    let now = (service.clock)();
    let with_log = Codec::WITH_LOG.map(Codec::name);
    service.workers.connect().await?.note_spoken_trackers(&with_log, now).await?;
    let mut after = None;
    loop {
        let mut db = service.workers.connect().await?;
        let found = db.trackers_to_speak_to((&integrations, &with_log), now, after, AT_ONCE).await?;
        drop(db);
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
    let numbers = numbers_of(service, to.tracker).await?;
    let mut db = service.workers.begin().await?;
    let pause = match compose(&mut db, to, (&numbers, &[]), listening_since, now).await? {
        Ok(Some(downlink)) => {
            db.add_downlink(&downlink, now).await?;
            return db.commit().await;
        }
        // Which readings a log should fill in is looked for no more often than there is one.
        Ok(None) if Codec::WITH_LOG.iter().any(|codec| codec.name() == to.codec) => {
            NOTHING_FOR.max(TimeDelta::seconds(to.interval_s.into()))
        }
        Ok(None) => NOTHING_FOR,
        Err(why) => {
            tracing::error!(tracker = %to.tracker, %why, "nothing can be said to a tracker");
            HOLDS
        }
    };
    db.pause_speaking(to.tracker, now + pause).await?;
    db.commit().await
}

/// Why a tracker cannot be told something.
#[derive(Debug, thiserror::Error)]
pub enum Untold {
    #[error("it was never heard by a network, so nobody can reach it")]
    NeverHeard,
    #[error(
        "no network server is configured for the integration {0}: its address and key stand in the configuration, \
         under downlinks.{0}"
    )]
    NoNetworkServer(String),
    #[error("a downlink is on its way to it: it can be told more when that has ended")]
    OnItsWay,
    #[error("it was told {BUDGET} times within 24 hours, which is all that the air allows")]
    Budget,
    #[error("its numbers of downlinks are used up: replace it")]
    NumbersExhausted,
    #[error(transparent)]
    Unwritable(#[from] CommandError),
    #[error("its codec {0} knows no commands")]
    Codec(String),
}

/// Puts what people want into the outbox, with what else there is to say; returns the downlink's number.
pub async fn tell(
    service: &Service,
    db: &mut Connection,
    tracker: &Tracker,
    wanted: &[Command],
    now: DateTime<Utc>,
) -> Result<Result<u32, Untold>, StoreError> {
    let Some(to) = db.speak_to(tracker.id, now).await? else { return Ok(Err(Untold::NeverHeard)) };
    if !service.network_servers.integrations().contains(&to.integration) {
        return Ok(Err(Untold::NoNetworkServer(to.integration)));
    }
    if db.is_spoken_to(tracker.id).await? {
        return Ok(Err(Untold::OnItsWay));
    }
    let numbers = numbers_of(service, tracker.id).await?;
    // While the backlog is not worked off nothing counts as missing.
    let listening_since = service.listening_since().unwrap_or(now);
    let downlink = match compose(db, &to, (&numbers, wanted), listening_since, now).await? {
        Ok(Some(downlink)) => downlink,
        Ok(None) => return Ok(Err(Untold::Budget)),
        Err(why) => return Ok(Err(why)),
    };
    match db.add_downlink(&downlink, now).await {
        Err(error) if error.is_refused_by("downlinks_open") => Ok(Err(Untold::OnItsWay)),
        added => added.map(|()| Ok(downlink.number)),
    }
}

/// The downlink to a tracker; `None`: nothing is worth one.
async fn compose(
    db: &mut Connection,
    to: &SpokenTracker,
    (numbers, wanted): (&Numbers, &[Command]),
    listening_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Result<Option<NewDownlink>, Untold>, StoreError> {
    let (Ok(codec), Some(interval)) =
        (to.codec.parse::<Codec>(), domain::Duration::from_seconds(to.interval_s.into()))
    else {
        return Ok(Err(Untold::Codec(to.codec.clone())));
    };
    let spoken = db.lock_spoken(to.tracker, now).await?;
    // Below the oldest entry of its log nothing can come any more.
    let below = spoken.oldest.and_then(|oldest| oldest.checked_sub(1)).map(|last| Entries { first: 0, last });
    let mut lost: Vec<Entries> = below.into_iter().collect();
    lost.extend(db.lost_of(to.tracker, numbers.followed.map_or(0, |followed| followed.from)).await?);
    let has_log = Codec::WITH_LOG.contains(&codec);
    let gaps = if has_log { db.gaps_of(to.tracker, to.interval_s, now).await? } else { Vec::new() };
    let situation = Situation {
        interval,
        listening_since,
        numbers,
        lost: &lost,
        acknowledged: spoken.acknowledged,
        acknowledged_at: spoken.acknowledged_at,
        asked: &spoken.asked,
        gaps: &gaps,
        read: &spoken.read,
        sent: &spoken.sent,
        clock: spoken.clock,
        wanted,
    };
    let commands = plan(&situation, now);
    if commands.is_empty() {
        return Ok(Ok(None));
    }
    let Some(number) = db.take_downlink_number(to.tracker).await? else {
        return Ok(Err(Untold::NumbersExhausted));
    };
    Ok(networks::downlink::encode(codec, number, &commands).map_err(Untold::from).map(|frame| {
        Some(NewDownlink {
            organisation: to.organisation,
            tracker: to.tracker,
            number,
            integration: to.integration.clone(),
            address: to.address.clone(),
            commands,
            f_port: frame.f_port,
            payload: frame.payload,
            expires_at: now + HOLDS,
        })
    }))
}

/// As of one instant: a hole that is forgotten between two looks would look like something that is held.
async fn numbers_of(service: &Service, of: TrackerId) -> Result<Numbers, StoreError> {
    let mut db = service.workers.snapshot().await?;
    let followed = db.followed(&[of]).await?.first().and_then(|known| known.followed);
    let holes = db.holes_of(&[of]).await?.into_iter().map(|(_, hole)| hole).collect();
    Ok(Numbers { followed, holes })
}

/// Those of an integration, a few at once, until none is due or the service is to stop.
pub async fn hand_over(service: &Service, integration: &str) -> Result<(), StoreError> {
    let hands = (0..HANDS).map(async |_| {
        while !*service.shutdown.borrow() && hand_over_next(service, integration).await? {}
        Ok(())
    });
    join_all(hands).await.into_iter().collect()
}

/// No transaction waits for a network server. After a kill what was on its way may be handed over twice, and a tracker obeys
/// a number once.
async fn hand_over_next(service: &Service, integration: &str) -> Result<bool, StoreError> {
    let now = (service.clock)();
    let claimed =
        service.workers.connect().await?.claim_due_downlink(integration, now + CLAIMED_FOR, now).await?;
    let Some(due) = claimed else { return Ok(false) };
    let outcome = service.network_servers.hand_over(&due).await;
    let now = (service.clock)();
    let mut db = service.workers.connect().await?;
    db.note_hand_over((due.tracker, due.number), &noted(&due, outcome, now), now).await?;
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
