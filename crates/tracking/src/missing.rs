//! Missing readings: holes become overdue by the clock, and the alert of each ride says what it misses now.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::alert::{AlertKind, Severity};
use domain::silence::missing::{
    ARRIVED, LiveMissing, Missing, MissingChange, NOT_OF_THE_RIDE, OF_ANOTHER_LOG, Span, overdue_at,
    reconcile,
};
use domain::silence::numbers::Hole;
use domain::silence::{Planned, Schedule};
use domain::{AlertId, OrganisationId, TrackerId};
use store::{
    Amendment, Connection, EndedAlert, Ending, Episode, MissingRide, NewAlert, StoreError, WaitingHole,
};
use uuid::Uuid;

use crate::Service;
use crate::alerting::{AlertWork, Told};
use crate::live::OwnedChange;

/// How many holes one statement reads.
const AT_ONCE: i64 = 500;

/// Finds the holes that were waited for long enough, and tells of them.
pub async fn find_overdue(service: &Service) -> Result<(), StoreError> {
    let Some(listening_since) = service.listening_since() else { return Ok(()) };
    let now = (service.clock)();
    // First without a lock: most rounds find nothing, and need not hold up a batch.
    if overdue_holes(service, &mut service.workers.connect().await?, listening_since, now).await?.is_empty() {
        return Ok(());
    }
    let mut db = service.workers.begin().await?;
    // Alone: a batch that is being stored at this moment may fill them.
    db.lock_intake().await?;
    let overdue = overdue_holes(service, &mut db, listening_since, now).await?;
    db.mark_overdue(&overdue).await?;
    let trackers: BTreeSet<TrackerId> = overdue.iter().map(|hole| hole.tracker).collect();
    let changes = tell_missing(&mut db, &Vec::from_iter(trackers), now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}

async fn overdue_holes(
    service: &Service,
    db: &mut Connection,
    listening_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<WaitingHole>, StoreError> {
    let (mut overdue, mut after) = (Vec::new(), None);
    loop {
        let waiting = db.waiting_holes(now, listening_since, after, AT_ONCE).await?;
        after = waiting.last().map(|hole| (hole.tracker, hole.first));
        let planned = planned_of(service, db, &waiting, now).await?;
        let is_overdue = |hole: &WaitingHole| {
            let schedule =
                domain::Duration::from_seconds(hole.interval_s.into()).map(|interval| Schedule { interval });
            let nothing = Planned::default();
            let planned = planned.get(&hole.tracker).unwrap_or(&nothing);
            let due = schedule.map(|s| overdue_at(s, hole.known_at, listening_since, planned));
            due.is_some_and(|due| due <= now)
        };
        overdue.extend(waiting.into_iter().filter(is_overdue));
        if after.is_none() {
            return Ok(overdue);
        }
    }
}

/// The darkness that is planned for the trackers of holes, by the shipments that they ride with.
async fn planned_of(
    service: &Service,
    db: &mut Connection,
    holes: &[WaitingHole],
    now: DateTime<Utc>,
) -> Result<HashMap<TrackerId, Planned>, StoreError> {
    let trackers: BTreeSet<TrackerId> = holes.iter().map(|hole| hole.tracker).collect();
    let riding = db.shipments_of_trackers(&Vec::from_iter(trackers), now).await?;
    let shipments = riding.iter().map(|(_, organisation, shipment)| (*organisation, *shipment));
    let dark = service.darkness.of(db, shipments, now).await?;
    let planned = riding
        .iter()
        .filter_map(|(tracker, _, shipment)| Some((*tracker, Planned::new(dark.get(shipment)?, &[]))));
    Ok(planned.collect())
}

/// Makes the alerts of the given trackers' rides say what is missing of them now. The caller holds the intake lock, or
/// the trackers' rows.
pub async fn tell_missing(
    db: &mut Connection,
    trackers: &[TrackerId],
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    if trackers.is_empty() {
        return Ok(Vec::new());
    }
    let mut holes: BTreeMap<TrackerId, Vec<Hole>> =
        trackers.iter().map(|tracker| (*tracker, Vec::new())).collect();
    for (tracker, hole) in db.holes_of(trackers).await? {
        holes.entry(tracker).or_default().push(hole);
    }
    let since: Vec<_> = holes.iter().map(|(tracker, holes)| (*tracker, missing_since(holes))).collect();
    let mut rides: BTreeMap<TrackerId, Vec<MissingRide>> = BTreeMap::new();
    for ride in db.rides_missing(&since).await? {
        rides.entry(ride.tracker).or_default().push(ride);
    }
    let (mut work, mut said) = (AlertWork::default(), Vec::new());
    for (tracker, rides) in &rides {
        let spans: Vec<Span> = rides.iter().map(|ride| ride.span).collect();
        let alerts: Vec<LiveMissing> = rides.iter().filter_map(|ride| ride.alert).collect();
        let followed_from = rides.first().map_or(0, |ride| ride.followed_from);
        let holes = holes.get(tracker).map(Vec::as_slice).unwrap_or_default();
        for change in reconcile(&spans, holes, followed_from, &alerts) {
            said.extend(add_change(&mut work, rides, change, now));
        }
    }
    let changes = work.apply(db, now).await?;
    db.set_missing(&said).await?;
    Ok(changes)
}

/// Forgets the numbers of a tracker's log, since it is read as one without them: nothing of it is missing. The caller holds
/// the intake lock.
pub async fn forget_numbers(
    db: &mut Connection,
    tracker: TrackerId,
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    let mut work = AlertWork::default();
    for ride in db.rides_missing(&[(tracker, None)]).await? {
        let Some(LiveMissing { alert: id, .. }) = ride.alert else { continue };
        let reason = OF_ANOTHER_LOG.to_owned();
        let ended = EndedAlert { id, ending: Ending::Withdrawn, ended_at: None, reason };
        work.end(ride.organisation, Some(ride.shipment), ended);
    }
    db.forget_numbers(tracker, now).await?;
    work.apply(db, now).await
}

/// From when on rides may miss something; `None`: nothing is overdue. A hole without a beginning reaches back for ever.
fn missing_since(holes: &[Hole]) -> Option<DateTime<Utc>> {
    let overdue = holes.iter().filter(|hole| hole.overdue);
    overdue.map(|hole| hole.before_at.unwrap_or(DateTime::UNIX_EPOCH)).min()
}

/// What the alert says from now on, where it stays.
fn add_change(
    work: &mut AlertWork,
    rides: &[MissingRide],
    change: MissingChange,
    now: DateTime<Utc>,
) -> Option<(OrganisationId, AlertId, Missing)> {
    let of_alert = |id: AlertId| rides.iter().find(|ride| ride.alert.is_some_and(|live| live.alert == id));
    let mut end = |id: AlertId, ending: Ending, reason: &str| {
        let ride = of_alert(id)?;
        let reason = reason.to_owned();
        work.end(ride.organisation, Some(ride.shipment), EndedAlert { id, ending, ended_at: None, reason });
        None
    };
    match change {
        MissingChange::Close { alert } => end(alert, Ending::Closed, ARRIVED),
        MissingChange::Withdraw { alert } => end(alert, Ending::Withdrawn, NOT_OF_THE_RIDE),
        MissingChange::Raise { ride, missing } => {
            let ride = rides.iter().find(|known| known.span.ride == ride)?;
            let id = AlertId(Uuid::now_v7());
            let reference = Some(ride.shipment_reference.clone());
            work.add(
                new_alert(id, ride, &missing, now),
                Told { reference, lines: vec![sentence(&missing)], ..Told::default() },
            );
            Some((ride.organisation, id, missing))
        }
        MissingChange::Amend { alert, before, missing } => {
            let ride = of_alert(alert)?;
            let amendment = Amendment {
                id: alert,
                severity: SEVERITY,
                episode: episode(&missing, now),
                reopen: false,
                detail: None,
            };
            let because = format!("{}; before: {}", sentence(&missing), sentence(&before));
            work.change(ride.organisation, Some(ride.shipment), amendment, &because);
            Some((ride.organisation, alert, missing))
        }
    }
}

/// A gap is somebody's matter, but no warmth.
const SEVERITY: Severity = Severity::Warning;

fn new_alert(id: AlertId, ride: &MissingRide, missing: &Missing, now: DateTime<Utc>) -> NewAlert {
    NewAlert {
        id,
        organisation: ride.organisation,
        shipment: Some(ride.shipment),
        assignment: Some(ride.span.ride),
        tracker: Some(ride.tracker),
        subject: None,
        finding: None,
        detail: None,
        kind: AlertKind::ReadingsMissing,
        alarm: None,
        severity: SEVERITY,
        episode: episode(missing, now),
    }
}

/// From the reading before the first that is missing to the one after the last.
fn episode(missing: &Missing, alarmed_at: DateTime<Utc>) -> Episode {
    Episode { began_at: missing.from, alarmed_at, ended_at: missing.to, exposure_s: None, extreme: None }
}

fn sentence(missing: &Missing) -> String {
    match missing.readings {
        1 => format!("1 reading is missing: number {}", missing.first),
        readings => format!("{readings} readings are missing: numbers {} to {}", missing.first, missing.last),
    }
}
