//! What the rides of a shipment amount to, for whoever looks at it.

use chrono::{DateTime, Utc};
use domain::allowance::{Balance, Statement};
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

/// Each ride evaluated anew over all of its readings, and what the box has spent on all of them.
pub async fn assess_rides(
    db: &mut Connection,
    profile: &Profile,
    rides: &[Ride],
    now: DateTime<Utc>,
) -> Result<(Vec<AssessedRide>, Option<Statement>), StoreError> {
    let span = |ride: &Ride| ReadingSpan {
        assignment: ride.assignment,
        tracker: ride.tracker,
        from: ride.from - standing(profile),
        until: ride.until,
    };
    let spans: Vec<ReadingSpan> = rides.iter().map(span).collect();
    let series = by_assignment(db.readings_in(&spans).await?);
    let readings_of = |ride: &Ride| series.get(&ride.assignment).map(Vec::as_slice).unwrap_or_default();
    let mut assessed = Vec::with_capacity(rides.len());
    for ride in rides {
        let readings = readings_of(ride);
        let to = end_of(ride.until, now).max(ride.from + chrono::Duration::seconds(1));
        let assessment = evaluate(profile, readings, Some(ride.from), Some(to))
            .map_err(|error| StoreError::Unreadable { what: "span", reason: error.to_string() })?;
        let gaps = gaps(profile, readings, assessment.from, assessment.to);
        let gaps = gaps.into_iter().map(|Interval { from, to }| (from, to)).collect();
        assessed.push(AssessedRide { assessment, gaps });
    }
    Ok((assessed, spent(profile, rides, readings_of, now)))
}

/// What the box has spent of its profile's allowances since its first tracker was bound; `None` where the profile has
/// none. What it had spent before is unknown until somebody states it.
fn spent<'a>(
    profile: &Profile,
    rides: &[Ride],
    readings_of: impl Fn(&Ride) -> &'a [Reading],
    now: DateTime<Utc>,
) -> Option<Statement> {
    if profile.allowances().is_empty() && profile.freeze_thaw().is_none() {
        return None;
    }
    let from = rides.iter().map(|ride| ride.from).min()?;
    let to = rides.iter().map(|ride| end_of(ride.until, now)).max()?;
    let in_box: Vec<domain::allowance::Ride> = rides
        .iter()
        .map(|ride| domain::allowance::Ride {
            tracker: ride.tracker,
            from: ride.from,
            until: end_of(ride.until, now),
            readings: readings_of(ride),
        })
        .collect();
    Some(Balance::unknown().after(profile, &in_box, from, to).statement(profile))
}
