//! A tracker joins a shipment, or leaves it; all leave it where it ends.

use chrono::{DateTime, Utc};
use domain::because::Cause;
use domain::evaluate::Evaluation;
use domain::{OrganisationId, ShipmentId};
use store::{Connection, EndedRide, Shipment, StoreError, Tracker};

use crate::Service;
use crate::alerting::AlertWork;
use crate::assess::{Fresh, reassess};
use crate::folds::write_evaluation;
use crate::live::{Change, OwnedChange};
use crate::missing::tell_missing;

/// What binding a tracker brought about.
pub struct Bound {
    pub warnings: Vec<String>,
    /// To be published after the commit.
    pub changes: Vec<OwnedChange>,
}

/// Binds a tracker and evaluates what it measured since `from`. The caller holds the intake lock.
pub async fn bind(
    service: &Service,
    db: &mut Connection,
    shipment: &Shipment,
    tracker: &Tracker,
    in_box: Option<u32>,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Bound, StoreError> {
    let stored = service.profiles.get_one(db, shipment.profile).await?;
    let profile = &stored.profile;
    let mut warnings = Vec::new();
    // A tracker that skips one uplink and comes a little late must still be within max_gap.
    if i64::from(tracker.interval_s) * 5 > profile.max_gap().seconds() * 2 {
        warnings.push(format!(
            "the tracker sends every {} s, but readings stand for {} only: gaps in coverage are likely",
            tracker.interval_s,
            profile.max_gap()
        ));
    }
    for alarm in profile.event_alarms() {
        warnings.push(format!(
            "the profile's alarm `{}` is about {}, which no tracker reports yet: it is not watched",
            alarm.name, alarm.kind
        ));
    }
    let evaluation = write_evaluation(&Evaluation::start(profile, from))?;
    let assignment = db
        .bind_tracker(tracker.organisation, shipment.id, (tracker.id, in_box), from, &evaluation, now)
        .await?;
    let states = db.lock_assignments(&[assignment]).await?;
    let fresh = Fresh::Everything(Cause::Bound, db.recording_time(now).await?);
    let mut changes = reassess(service, db, states, &fresh, now).await?;
    changes.extend(tell_missing(db, &[tracker.id], now).await?);
    db.mark_watch(tracker.organisation, shipment.id, now).await?;
    changes.push((tracker.organisation, Change::Shipment { id: shipment.id }));
    Ok(Bound { warnings, changes })
}

/// Ends a tracker's open ride with a shipment and evaluates it anew: what it measured from `until` on is not the
/// shipment's. None where there is no such ride. The caller holds the intake lock.
pub async fn unbind(
    service: &Service,
    db: &mut Connection,
    shipment: &Shipment,
    tracker: &Tracker,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Vec<OwnedChange>>, StoreError> {
    let Some(ride) = db.unbind_tracker(shipment.id, tracker.id, until).await? else { return Ok(None) };
    let ended = [EndedRide { assignment: ride, tracker: tracker.id, until }];
    Ok(Some(take_leave(service, db, (tracker.organisation, shipment.id), &ended, now).await?))
}

/// The shipment with its rows locked until the transaction ends: its rides first, as those who evaluate have it. Missing
/// where it is not the organisation's.
pub async fn lock_shipment(
    db: &mut Connection,
    organisation: OrganisationId,
    id: ShipmentId,
) -> Result<Shipment, StoreError> {
    db.shipment(organisation, id).await?;
    let rides = db.rides(&[id]).await?;
    let assignments: Vec<_> = rides.iter().map(|ride| ride.assignment).collect();
    db.lock_assignments(&assignments).await?;
    db.lock_shipment_verdicts(&[id]).await?;
    db.shipment(organisation, id).await
}

/// Ends all rides of a shipment that are still open at `at`, where it ends itself: called off, received, decided on. One
/// that began after `at` ends a second after its beginning. The caller holds the intake lock and publishes the changes
/// after the commit.
pub async fn end_rides(
    service: &Service,
    db: &mut Connection,
    organisation: OrganisationId,
    shipment: ShipmentId,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    let ended = db.end_rides(shipment, at).await?;
    take_leave(service, db, (organisation, shipment), &ended, now).await
}

/// Evaluates rides anew that have ended, and closes what they kept open.
async fn take_leave(
    service: &Service,
    db: &mut Connection,
    (organisation, shipment): (OrganisationId, ShipmentId),
    ended: &[EndedRide],
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    if ended.is_empty() {
        return Ok(Vec::new());
    }
    let mut work = AlertWork::default();
    let reason = "the tracker does not ride with the shipment any more";
    for ride in ended {
        for alert in db.close_silence_of(ride.assignment, ride.until, reason, now).await? {
            work.record_closed(organisation, alert, shipment, reason);
        }
    }
    let mut changes = work.apply(db, now).await?;
    db.mark_watch(organisation, shipment, now).await?;
    let assignments: Vec<_> = ended.iter().map(|ride| ride.assignment).collect();
    let states = db.lock_assignments(&assignments).await?;
    let fresh = Fresh::Everything(Cause::Unbound, db.recording_time(now).await?);
    changes.extend(reassess(service, db, states, &fresh, now).await?);
    let trackers: Vec<_> = ended.iter().map(|ride| ride.tracker).collect();
    changes.extend(tell_missing(db, &trackers, now).await?);
    Ok(changes)
}
