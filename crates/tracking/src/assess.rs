//! From new readings, or from the clock alone, to assessments, alerts and holds: within the caller's transaction.
//!
//! Each ride of a tracker with a shipment is evaluated for itself, so that one tracker's good value never hides the
//! other's bad one; a shipment's verdict is the worst of its rides'. What the rules are is the domain's to say.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::{AlertChange, LiveAlert, reconcile};
use domain::because::{Because, Cause};
use domain::evaluate::{Episode, Verdict};
use domain::profile::Profile;
use domain::shipment::verdict_of;
use domain::{AlertId, AssignmentId, OrganisationId, ShipmentId};
use store::{
    AssignmentState, AuditEntry, Connection, EvaluatedAssignment, JudgedShipment, NewAssessment, StoreError,
};

use crate::Service;
use crate::alerting::AlertWork;
use crate::decide::verdict_since_release;
use crate::folds::{self, Folded, end_of, fold, store_checkpoints, write_evaluation};
use crate::live::{Change, OwnedChange};

pub use folds::Fresh;

/// How many ended episodes a kept assessment lists.
const LISTED_EPISODES: usize = 16;

/// Evaluates the given assignments at `now` and stores what follows: evaluations, alerts, notifications, holds.
/// Returns what pages should hear of after the commit.
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
    let mut rides = Vec::with_capacity(states.len());
    for state in &states {
        let stored = profiles.get(&state.profile).ok_or(StoreError::NotFound)?;
        rides.push((state, &stored.profile));
    }
    let folded = fold(db, &rides, fresh).await?;
    store_checkpoints(db, &rides, &folded).await?;
    let mut live = live_alerts(db, &rides, &folded).await?;
    let mut outcome = Outcome::default();
    for ((state, profile), folded) in rides.iter().zip(folded) {
        let standing = live.remove(&state.assignment).unwrap_or_default();
        let known_at = fresh.known_at(state.known_at);
        outcome.add(profile, state, folded, &standing, known_at, now)?;
    }
    db.store_evaluations(&outcome.evaluated).await?;
    db.add_assessments(&outcome.changed, now).await?;
    let mut changes = outcome.work.apply(db, now).await?;
    update_holds(service, db, &outcome.judged_anew, now).await?;
    let concerned: HashMap<_, _> = states.iter().map(|state| (state.shipment, state.organisation)).collect();
    changes.extend(concerned.into_iter().map(|(id, organisation)| (organisation, Change::Shipment { id })));
    Ok(changes)
}

/// Those that the folds can have changed.
async fn live_alerts(
    db: &mut Connection,
    rides: &[(&AssignmentState, &Profile)],
    folded: &[Folded],
) -> Result<HashMap<AssignmentId, Vec<LiveAlert>>, StoreError> {
    let unsettled: Vec<_> = rides
        .iter()
        .zip(folded)
        .map(|((state, _), folded)| (state.assignment, folded.settled_before))
        .collect();
    let mut live: HashMap<AssignmentId, Vec<LiveAlert>> = HashMap::new();
    for (assignment, alert) in db.lock_live_alerts(&unsettled).await? {
        live.entry(assignment).or_default().push(alert);
    }
    Ok(live)
}

/// What a batch's evaluations leave to be written.
#[derive(Default)]
struct Outcome {
    evaluated: Vec<EvaluatedAssignment>,
    /// Assessments whose meaning changed.
    changed: Vec<NewAssessment>,
    work: AlertWork,
    judged_anew: BTreeMap<ShipmentId, OrganisationId>,
}

impl Outcome {
    fn add(
        &mut self,
        profile: &Profile,
        state: &AssignmentState,
        folded: Folded,
        standing: &[LiveAlert],
        known_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Folded { continued, settled_before, because, .. } = folded;
        let end = end_of(state.until, now);
        let assessment = continued.assess(profile, end);
        let evaluation = continued.evaluation;
        let over = state.until.is_some_and(|until| until <= end);
        let mut episodes = assessment.episodes.clone();
        if over {
            // What stood at the end of the ride ends with it.
            episodes.iter_mut().for_each(|episode| episode.ended_at = episode.ended_at.or(Some(end)));
        }
        let recorded = self.work.recorded();
        for change in reconcile(standing, &episodes) {
            add_change(&mut self.work, profile, state, standing, change, (assessment.verdict, &because));
        }
        let judged_anew = state.verdict != Some(assessment.verdict);
        // Where a ride begins or ends decides, too, whether somebody watched all the time; and a release covers single
        // seconds, which another reading can change without another verdict.
        let whole = matches!(because.cause, Cause::Bound | Cause::Unbound);
        if judged_anew || whole || state.is_released {
            self.judged_anew.insert(state.shipment, state.organisation);
        }
        if judged_anew || self.work.recorded() > recorded {
            let mut assessment = assessment.clone();
            let settled_until = keep_latest(&mut assessment.episodes, settled_before);
            self.changed.push(NewAssessment {
                organisation: state.organisation,
                shipment: state.shipment,
                assignment: state.assignment,
                known_at,
                settled_until,
                because,
                verdict: assessment.verdict,
                assessment: serde_json::to_value(&assessment).map_err(|error| StoreError::Unreadable {
                    what: "assessment",
                    reason: error.to_string(),
                })?,
            });
        }
        self.evaluated.push(EvaluatedAssignment {
            assignment: state.assignment,
            evaluation: write_evaluation(&evaluation)?,
            verdict: assessment.verdict,
            next_due_at: evaluation.next_change_after(profile, end).filter(|_| !over),
            known_at,
        });
        Ok(())
    }
}

fn add_change(
    work: &mut AlertWork,
    profile: &Profile,
    state: &AssignmentState,
    standing: &[LiveAlert],
    change: AlertChange,
    (verdict, because): (Verdict, &Because),
) {
    let known = |id: AlertId| standing.iter().find(|alert| alert.id == id);
    match change {
        AlertChange::Raise { episode } => work.raise(profile, state, &episode, verdict, because),
        AlertChange::Amend { alert, episode, reopened } => {
            if let Some(before) = known(alert) {
                work.amend(state, before, &episode, reopened, because);
            }
        }
        AlertChange::Merge { alert, into } => work.merge(state, alert, into, because),
        AlertChange::Withdraw { alert, reason } => {
            if let Some(before) = known(alert) {
                work.withdraw(profile, state, before, reason.text(because.cause), because);
            }
        }
    }
}

/// Leaves so many of the episodes that ended last, and those that last: a box that flaps for weeks changes its meaning
/// with every reading. Returns from when on those that ended are listed; `before` where all are left.
fn keep_latest(episodes: &mut Vec<Episode>, before: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    let mut ends: Vec<DateTime<Utc>> = episodes.iter().filter_map(|episode| episode.ended_at).collect();
    ends.sort_unstable();
    let Some(last_left_out) = ends.len().checked_sub(LISTED_EPISODES + 1).and_then(|place| ends.get(place))
    else {
        return before;
    };
    let since = *last_left_out + TimeDelta::seconds(1);
    episodes.retain(|episode| episode.ended_at.is_none_or(|ended| ended >= since));
    Some(since)
}

/// A hold follows from the verdicts, so it is looked at only where one of them has changed; after a release, from what is
/// worse than what it covers.
async fn update_holds(
    service: &Service,
    db: &mut Connection,
    judged_anew: &BTreeMap<ShipmentId, OrganisationId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let shipments: Vec<ShipmentId> = judged_anew.keys().copied().collect();
    let (mut changed, mut audit) = (Vec::new(), Vec::new());
    for judged in db.lock_shipment_verdicts(&shipments).await? {
        let JudgedShipment { shipment, hold: before, ref rides, is_released, .. } = judged;
        let Some(mut verdict) = verdict_of(rides) else { continue };
        if is_released && verdict > Verdict::NoExcursion {
            verdict = verdict_since_release(service, db, &judged, now).await?;
        }
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
