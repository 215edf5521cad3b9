//! From new readings, or from the clock alone, to assessments, alerts and holds: within the caller's transaction.
//!
//! Each ride of a tracker with a shipment is evaluated for itself, so that one tracker's good value never hides the
//! other's bad one; a shipment's verdict is the worst of its rides'. What the rules are is the domain's to say.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::alert::{AlertChange, LiveAlert, reconcile};
use domain::evaluate::{Assessment, Coverage, Evaluation, Interval, Verdict, evaluate, gaps};
use domain::profile::Profile;
use domain::{AlertId, AssignmentId, DevEui, OrganisationId, Reading, ShipmentId, TrackerId};
use store::{
    AssignmentState, AuditEntry, Connection, EvaluatedAssignment, ReadingSpan, Ride, Shipment, StoreError,
    StoredProfile, Tracker,
};

use crate::Service;
use crate::alerting::AlertWork;
use crate::live::{Change, OwnedChange};

/// A shipment as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Overall {
    pub verdict: Verdict,
    pub coverage: Coverage,
}

/// A ride's assessment over its whole series, and the times of which nothing is known.
pub struct AssessedRide {
    pub assessment: Assessment,
    pub gaps: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

/// The worst verdict and the summed coverage of several rides; None of none.
pub fn worst_of<'a>(rides: impl Iterator<Item = &'a Assessment>) -> Option<Overall> {
    rides.map(|ride| Overall { verdict: ride.verdict, coverage: ride.coverage }).reduce(|a, b| Overall {
        verdict: a.verdict.max(b.verdict),
        coverage: Coverage {
            in_range_s: a.coverage.in_range_s + b.coverage.in_range_s,
            out_of_range_s: a.coverage.out_of_range_s + b.coverage.out_of_range_s,
            unknown_s: a.coverage.unknown_s + b.coverage.unknown_s,
        },
    })
}

/// What the kept folds of a shipment's rides say.
pub struct Summary {
    /// None without a ride.
    pub overall: Option<Overall>,
    /// The latest reading of them all, and whose it is. A tracker's own latest may be another shipment's already.
    pub latest: Option<(DevEui, Reading)>,
}

/// A shipment at `now`.
pub fn summarise(profile: &Profile, rides: &[Ride], now: DateTime<Utc>) -> Summary {
    let mut assessments = Vec::with_capacity(rides.len());
    let mut latest: Option<(DevEui, Reading)> = None;
    for ride in rides {
        let Ok(evaluation) = read_evaluation(&ride.evaluation) else {
            // The clock makes it anew; until then nothing is said of it.
            tracing::warn!(assignment = %ride.assignment, "a kept evaluation cannot be read");
            continue;
        };
        assessments.push(evaluation.assess(profile, end_of(ride.until, now)));
        let later = |reading: &&Reading| latest.is_none_or(|(_, latest)| **reading > latest);
        if let Some(reading) = evaluation.latest().filter(later) {
            latest = Some((ride.dev_eui, *reading));
        }
    }
    Summary { overall: worst_of(assessments.iter()), latest }
}

/// Each ride evaluated anew over all of its readings.
pub async fn assess_rides(
    db: &mut Connection,
    profile: &Profile,
    rides: &[Ride],
    now: DateTime<Utc>,
) -> Result<Vec<AssessedRide>, StoreError> {
    let span = |ride: &Ride| ReadingSpan {
        assignment: ride.assignment,
        tracker: ride.tracker,
        from: ride.from - standing(profile),
        until: ride.until,
    };
    let spans: Vec<ReadingSpan> = rides.iter().map(span).collect();
    let mut series = by_assignment(db.readings_in(&spans).await?);
    let mut assessed = Vec::with_capacity(rides.len());
    for ride in rides {
        let readings = series.remove(&ride.assignment).unwrap_or_default();
        let to = end_of(ride.until, now).max(ride.from + chrono::Duration::seconds(1));
        let assessment = evaluate(profile, &readings, Some(ride.from), Some(to))
            .map_err(|error| StoreError::Unreadable { what: "span", reason: error.to_string() })?;
        let gaps = gaps(profile, &readings, assessment.from, assessment.to);
        let gaps = gaps.into_iter().map(|Interval { from, to }| (from, to)).collect();
        assessed.push(AssessedRide { assessment, gaps });
    }
    Ok(assessed)
}

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
    let evaluation = write_evaluation(&Evaluation::start(profile, from))?;
    let assignment =
        db.bind_tracker(tracker.organisation, shipment.id, tracker.id, from, &evaluation, now).await?;
    let states = db.lock_assignments(&[assignment]).await?;
    let mut changes = reassess(service, db, states, &Fresh::Everything, now).await?;
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
    changes.extend(reassess(service, db, states, &Fresh::Everything, now).await?);
    Ok(Some(changes))
}

/// Which readings are new to the given assignments.
pub enum Fresh {
    /// None: only time has passed.
    Nothing,
    /// These, in order of time, of these trackers.
    Readings(HashMap<TrackerId, Vec<Reading>>),
    /// Nobody knows: fold everything again.
    Everything,
}

/// Evaluates the given assignments at `now` and stores what follows: folds, alerts, notifications, holds. Returns
/// what pages should hear of after the commit.
pub async fn reassess(
    service: &Service,
    db: &mut Connection,
    states: Vec<AssignmentState>,
    fresh: &Fresh,
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    if states.is_empty() {
        return Ok(Vec::new());
    }
    let profile_ids: Vec<_> = states.iter().map(|state| state.profile).collect();
    let profiles = service.profiles.get(db, &profile_ids).await?;
    let profile_of = |state: &AssignmentState| profiles.get(&state.profile).ok_or(StoreError::NotFound);
    let mut folds = Vec::with_capacity(states.len());
    for state in &states {
        folds.push(fold_fresh(&profile_of(state)?.profile, state, fresh)?);
    }
    refold(db, &states, &mut folds, profile_of).await?;

    let assignments: Vec<AssignmentId> = states.iter().map(|state| state.assignment).collect();
    let mut live: HashMap<AssignmentId, Vec<LiveAlert>> = HashMap::new();
    for (assignment, alert) in db.lock_live_alerts(&assignments).await? {
        live.entry(assignment).or_default().push(alert);
    }
    let (mut evaluated, mut work) = (Vec::with_capacity(states.len()), AlertWork::default());
    let mut judged_anew = BTreeMap::new();
    for (state, fold) in states.iter().zip(folds) {
        let Some(evaluation) = fold.into_evaluation() else { continue };
        let profile = &profile_of(state)?.profile;
        let end = end_of(state.until, now);
        let assessment = evaluation.assess(profile, end);
        let over = state.until.is_some_and(|until| until <= end);
        let mut episodes = assessment.episodes;
        if over {
            // What stood at the end of the ride ends with it.
            episodes.iter_mut().for_each(|episode| episode.ended_at = episode.ended_at.or(Some(end)));
        }
        let standing = live.remove(&state.assignment).unwrap_or_default();
        for change in reconcile(&standing, &episodes) {
            add_change(&mut work, profile, state, &standing, change);
        }
        if state.verdict != Some(assessment.verdict) {
            judged_anew.insert(state.shipment, state.organisation);
        }
        evaluated.push(EvaluatedAssignment {
            assignment: state.assignment,
            evaluation: write_evaluation(&evaluation)?,
            verdict: assessment.verdict,
            next_due_at: evaluation.next_change_after(profile, end).filter(|_| !over),
        });
    }
    db.store_evaluations(&evaluated).await?;
    let mut changes = work.apply(db, now).await?;
    update_holds(db, &judged_anew, now).await?;
    let concerned: HashMap<_, _> = states.iter().map(|state| (state.shipment, state.organisation)).collect();
    changes.extend(concerned.into_iter().map(|(id, organisation)| (organisation, Change::Shipment { id })));
    Ok(changes)
}

fn add_change(
    work: &mut AlertWork,
    profile: &Profile,
    state: &AssignmentState,
    standing: &[LiveAlert],
    change: AlertChange,
) {
    let known = |id: AlertId| standing.iter().find(|alert| alert.id == id);
    match change {
        AlertChange::Raise { episode } => work.raise(profile, state, &episode),
        AlertChange::Amend { alert, episode, reopened } => {
            if let Some(before) = known(alert) {
                work.amend(state, before, &episode, reopened);
            }
        }
        AlertChange::Merge { alert, into } => work.merge(state, alert, into),
        AlertChange::Withdraw { alert, reason } => work.withdraw(state, alert, reason.text()),
    }
}

/// A fold that took the new readings, or one that must begin anew with all of them.
enum Fold {
    Current(Evaluation),
    Again(Option<Evaluation>),
}

impl Fold {
    fn into_evaluation(self) -> Option<Evaluation> {
        match self {
            Self::Current(evaluation) => Some(evaluation),
            Self::Again(evaluation) => evaluation,
        }
    }
}

fn fold_fresh(profile: &Profile, state: &AssignmentState, fresh: &Fresh) -> Result<Fold, StoreError> {
    let readings = match fresh {
        Fresh::Everything => return Ok(Fold::Again(None)),
        Fresh::Nothing => [].as_slice(),
        Fresh::Readings(readings) => readings.get(&state.tracker).map(Vec::as_slice).unwrap_or_default(),
    };
    // A fold that this release cannot read is made anew from the readings, which it follows from.
    let mut evaluation = match read_evaluation(&state.evaluation) {
        Ok(evaluation) => evaluation,
        Err(error) => {
            tracing::warn!(assignment = %state.assignment, %error, "evaluating anew");
            return Ok(Fold::Again(None));
        }
    };
    // One from so long before the ride that it cannot stand into it says nothing about it.
    let earliest = state.from - standing(profile);
    let relevant = |reading: &&Reading| {
        reading.measured_at >= earliest && state.until.is_none_or(|until| reading.measured_at < until)
    };
    for reading in readings.iter().filter(relevant) {
        if evaluation.push(profile, reading).is_err() {
            return Ok(Fold::Again(None));
        }
    }
    Ok(Fold::Current(evaluation))
}

/// Loads all readings of the folds that must begin anew, in one statement, and folds them.
async fn refold<'a>(
    db: &mut Connection,
    states: &[AssignmentState],
    folds: &mut [Fold],
    profile_of: impl Fn(&AssignmentState) -> Result<&'a std::sync::Arc<StoredProfile>, StoreError>,
) -> Result<(), StoreError> {
    let mut spans = Vec::new();
    for (state, fold) in states.iter().zip(folds.iter()) {
        if matches!(fold, Fold::Again(_)) {
            let from = state.from - standing(&profile_of(state)?.profile);
            let (assignment, tracker, until) = (state.assignment, state.tracker, state.until);
            spans.push(ReadingSpan { assignment, tracker, from, until });
        }
    }
    let mut series = by_assignment(db.readings_in(&spans).await?);
    for (state, fold) in states.iter().zip(folds.iter_mut()) {
        let Fold::Again(again) = fold else { continue };
        let profile = &profile_of(state)?.profile;
        let mut evaluation = Evaluation::start(profile, state.from);
        for reading in series.remove(&state.assignment).unwrap_or_default() {
            // The statement orders them by time.
            let _in_order = evaluation.push(profile, &reading);
        }
        *again = Some(evaluation);
    }
    Ok(())
}

/// A hold follows from the verdicts, so it is looked at only where one of them has changed.
async fn update_holds(
    db: &mut Connection,
    judged_anew: &BTreeMap<ShipmentId, OrganisationId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let shipments: Vec<ShipmentId> = judged_anew.keys().copied().collect();
    let (mut changed, mut audit) = (Vec::new(), Vec::new());
    for (shipment, before, verdict) in db.lock_shipment_verdicts(&shipments).await? {
        let after = domain::shipment::hold(before, verdict);
        if let Some(organisation) = judged_anew.get(&shipment).filter(|_| before != after) {
            changed.push((shipment, after));
            audit.push(AuditEntry {
                organisation: *organisation,
                actor: None,
                action: "shipment.hold_changed",
                subject: shipment.to_string(),
                detail: serde_json::json!({ "hold": [before, after] }),
            });
        }
    }
    db.set_holds(&changed).await?;
    db.write_audit(&audit, now).await
}

/// The end of a ride's span at `now`.
fn end_of(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    until.map_or(now, |until| until.min(now))
}

/// How long a reading stands at most.
fn standing(profile: &Profile) -> chrono::Duration {
    chrono::Duration::seconds(profile.max_gap().seconds())
}

fn by_assignment(readings: Vec<(AssignmentId, Reading)>) -> HashMap<AssignmentId, Vec<Reading>> {
    let mut series: HashMap<AssignmentId, Vec<Reading>> = HashMap::new();
    for (assignment, reading) in readings {
        series.entry(assignment).or_default().push(reading);
    }
    series
}

fn read_evaluation(bytes: &[u8]) -> Result<Evaluation, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Unreadable { what: "evaluation", reason: error.to_string() })
}

fn write_evaluation(evaluation: &Evaluation) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(evaluation)
        .map_err(|error| StoreError::Unreadable { what: "evaluation", reason: error.to_string() })
}
