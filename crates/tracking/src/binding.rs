//! A tracker joins a shipment, or leaves it.

use chrono::{DateTime, Utc};
use domain::because::Cause;
use domain::evaluate::Evaluation;
use store::{Connection, Shipment, StoreError, Tracker};

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
    let assignment =
        db.bind_tracker(tracker.organisation, shipment.id, tracker.id, from, &evaluation, now).await?;
    let states = db.lock_assignments(&[assignment]).await?;
    let fresh = Fresh::Everything(Cause::Bound, db.recording_time(now).await?);
    let mut changes = reassess(service, db, states, &fresh, now).await?;
    changes.extend(tell_missing(db, &[tracker.id], now).await?);
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
    let mut work = AlertWork::default();
    let reason = "the tracker does not ride with the shipment any more";
    for alert in db.close_silence_of(ride, until, reason, now).await? {
        work.record_closed(tracker.organisation, alert, shipment.id, reason);
    }
    let mut changes = work.apply(db, now).await?;
    let states = db.lock_assignments(&[ride]).await?;
    let fresh = Fresh::Everything(Cause::Unbound, db.recording_time(now).await?);
    changes.extend(reassess(service, db, states, &fresh, now).await?);
    changes.extend(tell_missing(db, &[tracker.id], now).await?);
    Ok(Some(changes))
}
