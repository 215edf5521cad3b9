//! Proof that assessments can be reproduced: each one that was kept is made anew from the readings that it knew.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::evaluate::Evaluation;
use domain::profile::Profile;
use domain::{OrganisationId, Reading, ShipmentId};
use serde::Serialize;
use serde_json::Value;
use store::{Connection, PastAssessment, ReadingSpan, RecordedReading, Ride, StoreError};

use crate::folds::{INSTANTS_A_CHECKPOINT, read_evaluation, standing};

/// How many past assessments are read at once.
const PAGE: i64 = 500;

/// A shipment's assessments beside what its readings say anew.
#[derive(Debug, Serialize)]
pub struct Replay {
    pub shipment: ShipmentId,
    pub reference: String,
    /// Whether every one of them was reproduced.
    pub reproduced: bool,
    /// By tracker, then in the order in which they were recorded; the last of a tracker is the one that is kept now.
    pub assessments: Vec<Replayed>,
}

#[derive(Debug, Serialize)]
pub struct Replayed {
    pub dev_eui: String,
    /// None: the evaluation that is kept now.
    pub recorded_at: Option<DateTime<Utc>>,
    pub because: Option<String>,
    /// The readings that it knew.
    pub readings: usize,
    pub assessment: String,
    pub reproduced: bool,
    /// Each field that differs, as it is stored and as it is made anew.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub differences: BTreeMap<String, [Value; 2]>,
}

/// Makes all assessments of a shipment anew, each from the readings that were recorded when it was made.
pub async fn replay(
    db: &mut Connection,
    organisation: OrganisationId,
    shipment: ShipmentId,
) -> Result<Replay, StoreError> {
    let shipment = db.shipment(organisation, shipment).await?;
    let profile = db.profile(organisation, shipment.profile).await?.profile;
    let mut assessments = Vec::new();
    for ride in &db.rides(&[shipment.id]).await? {
        let readings = recorded(db, &profile, ride).await?;
        let mut replayer = Replayer::start(&profile, ride, &readings);
        let mut after = None;
        loop {
            let page = db.assessments_of(ride.assignment, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for past in &page {
                assessments.push(replayer.replay(past)?);
            }
        }
        assessments.push(replay_kept(&profile, ride, &readings)?);
    }
    let reproduced = assessments.iter().all(|replayed| replayed.reproduced);
    Ok(Replay { shipment: shipment.id, reference: shipment.reference, reproduced, assessments })
}

/// All readings that any assessment of the ride can have known, in the order in which they became known. A ride that
/// was cut short later had known more.
async fn recorded(
    db: &mut Connection,
    profile: &Profile,
    ride: &Ride,
) -> Result<Vec<RecordedReading>, StoreError> {
    let assessed_to = db.last_assessed_to(ride.assignment).await?;
    let until = ride.until.map(|until| assessed_to.map_or(until, |to| until.max(to)));
    let span = ReadingSpan {
        assignment: ride.assignment,
        tracker: ride.tracker,
        from: ride.from - standing(profile),
        until,
    };
    let mut readings = db.recorded_readings(&span).await?;
    readings.sort_unstable_by_key(|recorded| (recorded.recorded_at, recorded.reading));
    Ok(readings)
}

/// Goes through a ride's assessments as they were recorded, knowing what was known.
struct Replayer<'a> {
    profile: &'a Profile,
    ride: &'a Ride,
    unknown: &'a [RecordedReading],
    known: Vec<Reading>,
    evaluation: Evaluation,
}

impl<'a> Replayer<'a> {
    fn start(profile: &'a Profile, ride: &'a Ride, readings: &'a [RecordedReading]) -> Self {
        let evaluation = Evaluation::start(profile, ride.from);
        Self { profile, ride, unknown: readings, known: Vec::new(), evaluation }
    }

    fn replay(&mut self, past: &PastAssessment) -> Result<Replayed, StoreError> {
        let to = past.assessment.get("to").and_then(Value::as_str).and_then(|to| to.parse().ok());
        let to: DateTime<Utc> = to.ok_or_else(|| unreadable("assessment", "to is no time"))?;
        self.learn(past.known_at, to)?;
        let mut anew = self.evaluation.assess(self.profile, to);
        anew.episodes.retain(|episode| {
            episode.ended_at.is_none_or(|ended| past.settled_until.is_none_or(|settled| ended >= settled))
        });
        let mut differences = differences(&past.assessment, &to_json(&anew)?);
        if past.verdict != anew.verdict {
            let verdicts = [past.verdict, anew.verdict].map(|verdict| Value::from(verdict.as_str()));
            differences.insert("verdict".to_owned(), verdicts);
        }
        Ok(Replayed {
            dev_eui: self.ride.dev_eui.to_string(),
            recorded_at: Some(past.recorded_at),
            because: Some(past.because.to_string()),
            readings: self.known.len(),
            assessment: past.verdict.to_string(),
            reproduced: differences.is_empty(),
            differences,
        })
    }

    /// Takes in what became known until then. A reading out of order, or a span that ends earlier than before, makes
    /// it fold from the start.
    fn learn(&mut self, known_at: Option<DateTime<Utc>>, to: DateTime<Utc>) -> Result<(), StoreError> {
        let is_known = |recorded: &RecordedReading| known_at.is_some_and(|at| recorded.recorded_at <= at);
        let (new, unknown) = self.unknown.split_at(self.unknown.partition_point(is_known));
        let mut new: Vec<Reading> = new.iter().map(|recorded| recorded.reading).collect();
        new.sort_unstable();
        self.unknown = unknown;
        self.known.extend(&new);
        let follows = new.first().is_none_or(|first| self.evaluation.last().is_none_or(|last| first > last));
        let is_within = self.evaluation.last_measured_at().is_none_or(|last| last <= to);
        if !(follows && is_within) {
            self.evaluation = Evaluation::start(self.profile, self.ride.from);
            new.clone_from(&self.known);
            new.sort_unstable();
        }
        for reading in new.iter().filter(|reading| reading.measured_at <= to) {
            self.evaluation.push(self.profile, reading).map_err(|error| unreadable("series", error))?;
        }
        Ok(())
    }
}

/// The evaluation as it is kept, with all that it must know by now: to the bit.
fn replay_kept(profile: &Profile, ride: &Ride, readings: &[RecordedReading]) -> Result<Replayed, StoreError> {
    let kept = read_evaluation(&ride.evaluation)?;
    let mut known: Vec<Reading> = readings
        .iter()
        .filter(|recorded| ride.known_at.is_some_and(|known_at| recorded.recorded_at <= known_at))
        .map(|recorded| recorded.reading)
        .filter(|reading| ride.until.is_none_or(|until| reading.measured_at < until))
        .collect();
    known.sort_unstable();
    let anew = Evaluation::start(profile, ride.from)
        .continue_with(profile, &known, INSTANTS_A_CHECKPOINT)
        .map_err(|error| unreadable("series", error))?;
    let differences = differences(&to_json(&kept)?, &to_json(&anew.evaluation)?);
    let to = ride.until.unwrap_or_else(|| kept.last_measured_at().unwrap_or(ride.from) + standing(profile));
    Ok(Replayed {
        dev_eui: ride.dev_eui.to_string(),
        recorded_at: None,
        because: None,
        readings: known.len(),
        assessment: kept.assess(profile, to).verdict.to_string(),
        reproduced: differences.is_empty(),
        differences,
    })
}

fn unreadable(what: &'static str, reason: impl ToString) -> StoreError {
    StoreError::Unreadable { what, reason: reason.to_string() }
}

fn to_json(value: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|error| unreadable("assessment", error))
}

fn differences(stored: &Value, anew: &Value) -> BTreeMap<String, [Value; 2]> {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (stored, anew) = (fields(stored), fields(anew));
    stored
        .keys()
        .chain(anew.keys())
        .filter(|field| stored.get(*field) != anew.get(*field))
        .map(|field| {
            let value = |of: &serde_json::Map<String, Value>| of.get(field).cloned().unwrap_or_default();
            (field.clone(), [value(&stored), value(&anew)])
        })
        .collect()
}
