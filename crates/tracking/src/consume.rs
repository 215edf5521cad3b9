//! The consumer: batches of messages become rows, assessments and alerts, and are acknowledged after the commit.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::downlink::PAUSE as PAUSE_SPEAKING;
use domain::{DevEui, OrganisationId, Reading, TrackerId};
use store::{
    Connection, KnownGateway, Partitioned, StoreError, Tracker, TrackerPosition, TrackerReading, Uplink,
    partition_day,
};

use crate::Service;
use crate::alerting::AlertWork;
use crate::arrived::{Arrived, Located, Report};
use crate::assess::{Fresh, reassess};
use crate::heard::{Heard, decode_uplinks};
use crate::links::{Stored, store_states};
use crate::live::{Change, OwnedChange};
use crate::missing::tell_missing;
use crate::pending::store_lines;
use crate::refusals;
use crate::tally::count_intake;

/// A batch is as many lines as this, or what came within `BATCH_WAIT`.
const BATCH_LINES: usize = 1000;
const BATCH_WAIT: Duration = Duration::from_millis(100);

/// The pause after a failure, before the same batch is tried again.
pub const PAUSE: Duration = Duration::from_secs(1);

/// Consumes until the service stops. What is not acknowledged then is delivered again.
pub async fn run(service: &Service) {
    let mut receiver = service.queue.receiver();
    let mut stop = service.shutdown.clone();
    loop {
        let batch = tokio::select! {
            batch = receiver.next_batch(BATCH_LINES, BATCH_WAIT) => batch,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let batch = match batch {
            Ok(batch) if batch.is_empty() => continue,
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                if service.pause(PAUSE).await { continue } else { return }
            }
        };
        if !store_lines(service, batch.lines).await {
            return;
        }
        if let Err(error) = receiver.ack(batch.mark).await {
            tracing::error!(%error, "a batch is stored but could not be acknowledged; it will come again");
        }
    }
}

/// What happens to a batch, step by step.
pub async fn consume_batch(service: &Service, arrived: &mut Arrived) -> Result<(), StoreError> {
    let mut db = service.workers.begin().await?;
    db.share_intake().await?;
    let now = (service.clock)();
    let recorded_at = db.recording_time(now).await?;
    let trackers = find_trackers(&mut db, &arrived.uplinks, &arrived.located).await?;
    let mut heard = decode_uplinks(&mut arrived.uplinks, &trackers);
    heard.positions.extend(arrived.located.iter().filter_map(|located| worked_out(located, &trackers)));
    service.workers.ensure_partitions(&days_of(&arrived.uplinks, &heard.readings)).await?;
    store_intake(&mut db, arrived).await?;
    let mut ended = heard.said.store(&mut db, now).await?;
    ended.extend(db.answer_downlinks(&arrived.answers, now + PAUSE_SPEAKING, now).await?);
    let Taken { mut changes, earliest, readings } =
        take_heard(service, &mut db, (&mut heard, &trackers), recorded_at, now).await?;
    changes.extend(ended.into_iter().map(|(owner, dev_eui)| (owner, Change::Tracker { dev_eui })));
    let reports: Vec<&Report> = arrived.reports.iter().chain(&heard.reports).collect();
    changes.extend(raise_reports(&mut db, &reports, now).await?);
    // Last: whoever evaluates has the rides first.
    db.mark_heard(&heard.positions, &earliest, now).await?;
    db.commit().await?;
    service.metrics.count_batch(arrived.messages(), readings);
    service.metrics.count_problems(&arrived.uplinks);
    service.live.publish(changes);
    Ok(())
}

/// What became of what was heard.
pub struct Taken {
    pub changes: Vec<OwnedChange>,
    /// Each tracker's first new reading.
    pub earliest: Vec<(TrackerId, DateTime<Utc>)>,
    /// How many are new.
    pub readings: usize,
}

/// Stores the readings and states of what was heard, and judges what is new.
pub async fn take_heard(
    service: &Service,
    db: &mut Connection,
    (heard, trackers): (&mut Heard, &Trackers),
    recorded_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Taken, StoreError> {
    let gateways = place_heard(db, heard).await?;
    let fresh = store_readings(db, heard, recorded_at).await?;
    let readings = fresh.values().map(Vec::len).sum();
    let earliest = earliest_of(&fresh);
    let mut changes = note_heard(db, (heard, &gateways), trackers, now).await?;
    changes.extend(assess_fresh(service, db, fresh, (&earliest, recorded_at), now).await?);
    Ok(Taken { changes, earliest, readings })
}

pub type Trackers = HashMap<(OrganisationId, DevEui), Tracker>;

async fn find_trackers(
    db: &mut Connection,
    uplinks: &[Uplink],
    located: &[Located],
) -> Result<Trackers, StoreError> {
    let heard = uplinks.iter().filter_map(|uplink| Some((uplink.organisation, uplink.dev_eui?)));
    let located = located.iter().map(|located| (located.organisation, located.dev_eui));
    let devices: BTreeSet<_> = heard.chain(located).collect();
    let trackers = db.trackers_of(&devices.into_iter().collect::<Vec<_>>()).await?;
    Ok(trackers.into_iter().map(|tracker| ((tracker.organisation, tracker.dev_eui), tracker)).collect())
}

/// Of a device that is registered; nothing is kept of where others were.
fn worked_out(located: &Located, trackers: &Trackers) -> Option<TrackerPosition> {
    let tracker = trackers.get(&(located.organisation, located.dev_eui))?;
    let (organisation, position) = (located.organisation, located.position);
    Some(TrackerPosition { organisation, tracker: tracker.id, position })
}

pub fn days_of(uplinks: &[Uplink], readings: &[TrackerReading]) -> Vec<(Partitioned, chrono::NaiveDate)> {
    let uplinks = uplinks.iter().map(|uplink| (Partitioned::Uplinks, partition_day(uplink.received_at)));
    let readings =
        readings.iter().map(|reading| (Partitioned::Readings, partition_day(reading.reading.measured_at)));
    uplinks.chain(readings).collect::<BTreeSet<_>>().into_iter().collect()
}

async fn store_intake(db: &mut Connection, arrived: &Arrived) -> Result<(), StoreError> {
    let uplinks = db.insert_uplinks(&arrived.uplinks).await?;
    let events = db.insert_device_events(&arrived.events).await?;
    for body in &arrived.unreadable {
        db.insert_unreadable_body(body).await?;
    }
    for (source, question) in &arrived.questions {
        db.ask_to_confirm(source.organisation, &source.integration, question).await?;
    }
    count_intake(db, arrived, [uplinks, events]).await
}

/// Notes which gateways heard something, and says where the trackers were that they heard.
async fn place_heard(db: &mut Connection, heard: &mut Heard) -> Result<Vec<KnownGateway>, StoreError> {
    let gateways = db.note_gateways(&heard.gateways.heard).await?;
    heard.locate(&gateways);
    Ok(gateways)
}

type FreshReadings = HashMap<TrackerId, Vec<Reading>>;

/// Stores what is not stored yet and returns that, in order of time for each tracker.
async fn store_readings(
    db: &mut Connection,
    heard: &Heard,
    recorded_at: DateTime<Utc>,
) -> Result<FreshReadings, StoreError> {
    let inserted = db.insert_readings(&heard.readings, recorded_at).await?;
    db.insert_set_aside(&heard.set_aside).await?;
    db.add_positions(&heard.positions, recorded_at).await?;
    let mut fresh = FreshReadings::new();
    for reading in inserted.into_iter().filter_map(|position| heard.readings.get(position)) {
        fresh.entry(reading.tracker).or_default().push(reading.reading);
    }
    for readings in fresh.values_mut() {
        readings.sort_unstable();
    }
    Ok(fresh)
}

/// Keeps the latest states, closes the silence of those who report again, and amends what was said of missing readings.
async fn note_heard(
    db: &mut Connection,
    (heard, gateways): (&Heard, &[KnownGateway]),
    trackers: &Trackers,
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    db.add_log_entries(&heard.log).await?;
    let Stored { refilled, reported } = store_states(db, heard, gateways, now).await?;
    // Behind the states, whose locks keep two batches with one tracker apart.
    db.add_senses(&heard.senses).await?;
    let unknown: Vec<_> =
        heard.unknown.iter().map(|((owner, _), unknown)| (*owner, unknown.clone())).collect();
    let mut changes = Vec::new();
    if !heard.news.is_empty() {
        let mut work = AlertWork::default();
        for (owner, id, shipment) in db.close_silence_alerts(&reported, now).await? {
            work.record_closed(owner, id, shipment, "it reports again");
        }
        changes = work.apply(db, now).await?;
        changes.extend(tell_missing(db, &refilled, now).await?);
    }
    if !unknown.is_empty() {
        db.note_unknown_trackers(&unknown).await?;
    }
    let heard_of = trackers.values().filter(|tracker| heard.news.contains_key(&tracker.id));
    changes
        .extend(heard_of.map(|tracker| (tracker.organisation, Change::Tracker { dev_eui: tracker.dev_eui })));
    changes.extend(unknown.iter().map(|(owner, u)| (*owner, Change::Tracker { dev_eui: u.dev_eui })));
    Ok(changes)
}

/// Each tracker's first new reading.
fn earliest_of(fresh: &FreshReadings) -> Vec<(TrackerId, DateTime<Utc>)> {
    let first =
        |(tracker, readings): (&TrackerId, &Vec<Reading>)| Some((*tracker, readings.first()?.measured_at));
    fresh.iter().filter_map(first).collect()
}

async fn assess_fresh(
    service: &Service,
    db: &mut Connection,
    fresh: FreshReadings,
    (earliest, recorded_at): (&[(TrackerId, DateTime<Utc>)], DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    if earliest.is_empty() {
        return Ok(Vec::new());
    }
    let states = db.lock_assignments_of(earliest).await?;
    reassess(service, db, states, &Fresh::Readings(fresh, recorded_at), now).await
}

async fn raise_reports(
    db: &mut Connection,
    reports: &[&Report],
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    if reports.is_empty() {
        return Ok(Vec::new());
    }
    // What no integration stands for concerns whoever runs the installation.
    let operator = db.first_organisation().await?;
    let mut work = AlertWork::default();
    // One that somebody has acknowledged is as good as raised.
    let mut raised = match reports.iter().any(|report| matches!(report, Report::Refused { .. })) {
        true => refusals::acknowledged(db, now).await?,
        false => BTreeSet::new(),
    };
    for report in reports {
        let (owner, kind, subject, at) = report.alert(operator);
        if raised.insert((owner, kind, subject.clone())) {
            work.raise_about(owner, kind, subject, at);
        }
    }
    work.apply(db, now).await
}
