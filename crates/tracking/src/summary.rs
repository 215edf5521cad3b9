//! What the rides of a shipment amount to, for whoever looks at it.

use chrono::{DateTime, Utc};
use domain::evaluate::{Assessment, Coverage, Interval, Verdict, evaluate, gaps};
use domain::profile::Profile;
use domain::{DevEui, Reading};
use store::{Connection, ReadingSpan, Ride, StoreError};

use crate::folds::{by_assignment, end_of, read_evaluation, standing};

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
