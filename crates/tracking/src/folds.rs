//! The kept evaluations of rides, continued by new readings: from where they stand, from the nearest checkpoint
//! before a late reading, or from the start.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::because::{Because, Cause};
use domain::evaluate::{Continued, Evaluation};
use domain::profile::Profile;
use domain::{AssignmentId, Reading, TrackerId};
use store::{AssignmentState, Checkpoint, Connection, ReadingSpan, StoreError};

/// A day of a tracker that reports every 11 minutes: small enough to fold again in microseconds, and few rows.
pub const INSTANTS_A_CHECKPOINT: u32 = 128;

/// Which readings are new to the given assignments.
pub enum Fresh {
    /// None: only time has passed.
    Nothing,
    /// These, in their order, of these trackers; and when they became known.
    Readings(HashMap<TrackerId, Vec<Reading>>, DateTime<Utc>),
    /// Nobody knows: fold everything that is known by then again.
    Everything(Cause, DateTime<Utc>),
}

impl Fresh {
    /// Until when everything recorded is taken in afterwards, for a ride that had taken in everything until
    /// `known_at`.
    pub fn known_at(&self, known_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        match self {
            Self::Nothing => known_at,
            Self::Readings(_, recorded_at) | Self::Everything(_, recorded_at) => Some(*recorded_at),
        }
    }
}

/// A ride's evaluation with the new readings.
pub struct Folded {
    pub continued: Continued,
    /// Up to there nothing was folded again: what ended before cannot have changed.
    pub settled_before: Option<DateTime<Utc>>,
    pub because: Because,
    /// Where it took up: checkpoints after that are no more.
    restart: Restart,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Restart {
    /// Where the evaluation stood.
    Nowhere,
    /// At a checkpoint, or at the start.
    After(Option<DateTime<Utc>>),
}

/// Where a ride's evaluation is taken up, and which readings are to follow.
enum Start {
    Here(Box<Evaluation>, Vec<Reading>),
    /// From a checkpoint that has seen nothing of this instant and after.
    Before(DateTime<Utc>),
    Beginning,
}

/// Continues the evaluations of the given rides, whose profiles stand beside them.
pub async fn fold(
    db: &mut Connection,
    rides: &[(&AssignmentState, &Profile)],
    fresh: &Fresh,
) -> Result<Vec<Folded>, StoreError> {
    let (mut starts, mut reasons) = (Vec::with_capacity(rides.len()), Vec::with_capacity(rides.len()));
    for (state, profile) in rides {
        let (start, because) = start_of(profile, state, fresh);
        starts.push(start);
        reasons.push(because);
    }
    let taken_up = take_up(db, rides, starts).await?;
    let mut series = load_readings(db, rides, &taken_up).await?;
    let mut folded = Vec::with_capacity(rides.len());
    for (((state, profile), taken_up), because) in rides.iter().zip(taken_up).zip(reasons) {
        let TakenUp { evaluation, restart, readings } = taken_up;
        let readings = match restart {
            Restart::Nowhere => readings,
            Restart::After(_) => unseen(&evaluation, series.remove(&state.assignment).unwrap_or_default()),
        };
        let settled_before = evaluation.settled_until();
        let continued = evaluation
            .continue_with(profile, &readings, INSTANTS_A_CHECKPOINT)
            .map_err(|error| StoreError::Unreadable { what: "series", reason: error.to_string() })?;
        folded.push(Folded { continued, settled_before, because, restart });
    }
    Ok(folded)
}

/// In their order, which the statement gives only by time.
fn unseen(evaluation: &Evaluation, mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.sort_unstable();
    readings.retain(|reading| evaluation.last().is_none_or(|last| reading > last));
    readings
}

fn start_of(profile: &Profile, state: &AssignmentState, fresh: &Fresh) -> (Start, Because) {
    let none = |cause| Because::of(cause, [].into_iter());
    let readings = match fresh {
        Fresh::Everything(cause, _) => return (Start::Beginning, none(*cause)),
        Fresh::Nothing => [].as_slice(),
        Fresh::Readings(readings, _) => readings.get(&state.tracker).map(Vec::as_slice).unwrap_or_default(),
    };
    // One from so long before the ride that it cannot stand into it says nothing about it.
    let earliest = state.from - standing(profile);
    let relevant: Vec<Reading> = readings
        .iter()
        .filter(|r| r.measured_at >= earliest && state.until.is_none_or(|until| r.measured_at < until))
        .copied()
        .collect();
    let because = |cause| Because::of(cause, relevant.iter().map(|reading| reading.measured_at));
    // A fold that this release cannot read is made anew from the readings, which it follows from.
    let evaluation = match read_evaluation(&state.evaluation) {
        Ok(evaluation) => evaluation,
        Err(error) => {
            tracing::warn!(assignment = %state.assignment, %error, "evaluating anew");
            let cause = if relevant.is_empty() { Cause::Clock } else { Cause::Readings };
            return (Start::Beginning, because(cause));
        }
    };
    let Some(first) = relevant.first() else {
        return (Start::Here(Box::new(evaluation), relevant), none(Cause::Clock));
    };
    match evaluation.last() {
        Some(last) if first < last => {
            let late = relevant.partition_point(|reading| reading < last);
            let late = relevant.iter().take(late).map(|reading| reading.measured_at);
            (Start::Before(first.measured_at), Because::of(Cause::LateReadings, late))
        }
        _ => {
            let because = because(Cause::Readings);
            (Start::Here(Box::new(evaluation), relevant), because)
        }
    }
}

/// The evaluation to continue, which the readings after it are to follow.
struct TakenUp {
    evaluation: Evaluation,
    restart: Restart,
    /// Where nothing is folded again, the fresh ones.
    readings: Vec<Reading>,
}

/// Loads the nearest checkpoints of rides with late readings, in one statement.
async fn take_up(
    db: &mut Connection,
    rides: &[(&AssignmentState, &Profile)],
    starts: Vec<Start>,
) -> Result<Vec<TakenUp>, StoreError> {
    let late = |((state, _), start): (&(&AssignmentState, &Profile), &Start)| match start {
        Start::Before(first) => Some((state.assignment, *first)),
        Start::Here(..) | Start::Beginning => None,
    };
    let late: Vec<_> = rides.iter().zip(&starts).filter_map(late).collect();
    let mut found: HashMap<AssignmentId, Vec<u8>> =
        db.nearest_checkpoints(&late).await?.into_iter().collect();
    let one = |((state, profile), start): (&(&AssignmentState, &Profile), Start)| {
        if let Start::Here(evaluation, readings) = start {
            return TakenUp { evaluation: *evaluation, restart: Restart::Nowhere, readings };
        }
        // As with the evaluation itself: a checkpoint that cannot be read is no loss.
        let checkpoint = found.remove(&state.assignment).and_then(|bytes| read_evaluation(&bytes).ok());
        let evaluation = checkpoint.unwrap_or_else(|| Evaluation::start(profile, state.from));
        let restart = Restart::After(evaluation.last_measured_at());
        TakenUp { evaluation, restart, readings: Vec::new() }
    };
    Ok(rides.iter().zip(starts).map(one).collect())
}

/// What is to be folded again, in one statement.
async fn load_readings(
    db: &mut Connection,
    rides: &[(&AssignmentState, &Profile)],
    taken_up: &[TakenUp],
) -> Result<HashMap<AssignmentId, Vec<Reading>>, StoreError> {
    let mut spans = Vec::new();
    for ((state, profile), taken_up) in rides.iter().zip(taken_up) {
        if let Restart::After(at) = taken_up.restart {
            let from = at.unwrap_or_else(|| state.from - standing(profile));
            let (assignment, tracker, until) = (state.assignment, state.tracker, state.until);
            spans.push(ReadingSpan { assignment, tracker, from, until });
        }
    }
    Ok(by_assignment(db.readings_in(&spans).await?))
}

/// Keeps the checkpoints that were passed in place of those that late readings made void.
pub async fn store_checkpoints(
    db: &mut Connection,
    rides: &[(&AssignmentState, &Profile)],
    folded: &[Folded],
) -> Result<(), StoreError> {
    let (mut void, mut passed) = (Vec::new(), Vec::new());
    for ((state, _), folded) in rides.iter().zip(folded) {
        if let Restart::After(at) = folded.restart {
            void.push((state.assignment, at));
        }
        for checkpoint in &folded.continued.checkpoints {
            let Some(at) = checkpoint.last_measured_at() else { continue };
            let evaluation = write_evaluation(checkpoint)?;
            let (assignment, organisation) = (state.assignment, state.organisation);
            passed.push(Checkpoint { assignment, organisation, at, evaluation });
        }
    }
    db.drop_checkpoints_after(&void).await?;
    db.add_checkpoints(&passed).await
}

/// The end of a ride's span at `now`.
pub fn end_of(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    until.map_or(now, |until| until.min(now))
}

/// How long a reading stands at most.
pub fn standing(profile: &Profile) -> chrono::Duration {
    chrono::Duration::seconds(profile.max_gap().seconds())
}

pub fn by_assignment(readings: Vec<(AssignmentId, Reading)>) -> HashMap<AssignmentId, Vec<Reading>> {
    let mut series: HashMap<AssignmentId, Vec<Reading>> = HashMap::new();
    for (assignment, reading) in readings {
        series.entry(assignment).or_default().push(reading);
    }
    series
}

pub fn read_evaluation(bytes: &[u8]) -> Result<Evaluation, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Unreadable { what: "evaluation", reason: error.to_string() })
}

pub fn write_evaluation(evaluation: &Evaluation) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(evaluation)
        .map_err(|error| StoreError::Unreadable { what: "evaluation", reason: error.to_string() })
}
