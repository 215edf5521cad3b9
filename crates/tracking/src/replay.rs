//! Proof that assessments can be reproduced: each one that was kept is made anew from the readings that it knew.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::evaluate::{Assessment, Evaluation};
use domain::profile::Profile;
use domain::{AssignmentId, OrganisationId, Reading, ShipmentId};
use serde::Serialize;
use serde_json::Value;
use store::{Connection, PastAssessment, ReadingSpan, RecordedReading, Ride, StoreError};

use crate::folds::{read_evaluation, standing};

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
    let rides = db.rides(&[shipment.id]).await?;
    let mut past: HashMap<AssignmentId, Vec<PastAssessment>> = HashMap::new();
    for assessment in all_past(db, shipment.id).await? {
        past.entry(assessment.assignment).or_default().push(assessment);
    }
    let mut assessments = Vec::new();
    for ride in &rides {
        let span = ReadingSpan {
            assignment: ride.assignment,
            tracker: ride.tracker,
            from: ride.from - standing(&profile),
            until: None,
        };
        let readings = db.recorded_readings(&span).await?;
        for past in past.remove(&ride.assignment).unwrap_or_default() {
            assessments.push(replay_past(&profile, ride, &readings, &past)?);
        }
        assessments.push(replay_kept(&profile, ride, &readings)?);
    }
    let reproduced = assessments.iter().all(|replayed| replayed.reproduced);
    Ok(Replay { shipment: shipment.id, reference: shipment.reference, reproduced, assessments })
}

/// In the order in which they were recorded.
async fn all_past(db: &mut Connection, shipment: ShipmentId) -> Result<Vec<PastAssessment>, StoreError> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = db.past_assessments(shipment, before, PAGE).await?;
        before = page.last().map(|last| last.id);
        all.extend(page);
        if before.is_none() {
            all.reverse();
            return Ok(all);
        }
    }
}

fn replay_past(
    profile: &Profile,
    ride: &Ride,
    readings: &[RecordedReading],
    past: &PastAssessment,
) -> Result<Replayed, StoreError> {
    let unreadable =
        |field| StoreError::Unreadable { what: "assessment", reason: format!("{field}: no time") };
    let time = |field: &'static str| {
        let text = past.assessment.get(field).and_then(Value::as_str);
        text.and_then(|text| text.parse::<DateTime<Utc>>().ok()).ok_or_else(|| unreadable(field))
    };
    // The ride may have been shortened since: what it was judged by is the span that was stored.
    let (from, to) = (time("from")?, time("to")?);
    let known = known_readings(readings, past.known_at, to);
    let mut anew = from_the_start(profile, from, &known)?.assess(profile, to);
    anew.episodes.retain(|episode| {
        episode.ended_at.is_none_or(|ended| past.settled_until.is_none_or(|settled| ended >= settled))
    });
    let differences = differences(&past.assessment, &to_json(&anew)?);
    Ok(Replayed {
        dev_eui: ride.dev_eui.to_string(),
        recorded_at: Some(past.recorded_at),
        because: Some(past.because.to_string()),
        readings: known.len(),
        assessment: past.verdict.to_string(),
        reproduced: differences.is_empty(),
        differences,
    })
}

/// The evaluation as it is kept, with all that it must know by now.
fn replay_kept(profile: &Profile, ride: &Ride, readings: &[RecordedReading]) -> Result<Replayed, StoreError> {
    let kept = read_evaluation(&ride.evaluation)?;
    let to = ride.until.unwrap_or_else(|| kept.last_measured_at().unwrap_or(ride.from) + standing(profile));
    let known = known_readings(readings, ride.known_at, to);
    let mut anew = from_the_start(profile, ride.from, &known)?.assess(profile, to);
    anew.episodes.retain(|episode| {
        episode.ended_at.is_none_or(|ended| kept.settled_until().is_none_or(|settled| ended >= settled))
    });
    let kept = kept.assess(profile, to);
    let differences = differences(&to_json(&kept)?, &to_json(&anew)?);
    Ok(Replayed {
        dev_eui: ride.dev_eui.to_string(),
        recorded_at: None,
        because: None,
        readings: known.len(),
        assessment: kept.verdict.to_string(),
        reproduced: differences.is_empty(),
        differences,
    })
}

fn known_readings(
    readings: &[RecordedReading],
    known_at: Option<DateTime<Utc>>,
    to: DateTime<Utc>,
) -> Vec<Reading> {
    let known = |recorded: &&RecordedReading| {
        known_at.is_some_and(|known_at| recorded.recorded_at <= known_at) && recorded.reading.measured_at < to
    };
    readings.iter().filter(known).map(|recorded| recorded.reading).collect()
}

fn from_the_start(
    profile: &Profile,
    from: DateTime<Utc>,
    readings: &[Reading],
) -> Result<Evaluation, StoreError> {
    let mut evaluation = Evaluation::start(profile, from);
    for reading in readings {
        evaluation
            .push(profile, reading)
            .map_err(|error| StoreError::Unreadable { what: "series", reason: error.to_string() })?;
    }
    Ok(evaluation)
}

fn to_json(assessment: &Assessment) -> Result<Value, StoreError> {
    serde_json::to_value(assessment)
        .map_err(|error| StoreError::Unreadable { what: "assessment", reason: error.to_string() })
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
