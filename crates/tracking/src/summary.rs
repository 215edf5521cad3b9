//! What the rides of a shipment amount to, for whoever looks at it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::allowance::{Balance, Statement};
use domain::evaluate::{Assessment, Coverage, Flaw, Interval, Verdict, evaluate, flaws, gaps};
use domain::profile::Profile;
use domain::shipment::{JudgedRide, unwatched_s, verdict_of};
use domain::{AssignmentId, DevEui, Reading};
use store::{Connection, ReadingSpan, Ride, StoreError};

use crate::folds::{by_assignment, end_of, read_evaluation, standing};

/// A shipment as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Overall {
    pub verdict: Verdict,
    pub coverage: Coverage,
}

/// A ride's assessment over its whole series, the times of which nothing is known, and all that is wrong.
pub struct AssessedRide {
    pub assessment: Assessment,
    pub gaps: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub flaws: Vec<Flaw>,
}

/// Of rides as they are judged; None of none. Coverage adds up over the trackers, so that two in one box count twice;
/// time between two rides, in which none watched, is unknown.
pub fn overall<'a>(rides: impl Iterator<Item = (&'a Ride, Verdict, Coverage)> + Clone) -> Option<Overall> {
    let judged = |(ride, verdict, _): (&Ride, Verdict, Coverage)| JudgedRide {
        from: ride.from,
        until: ride.until,
        verdict,
    };
    let judged: Vec<JudgedRide> = rides.clone().map(judged).collect();
    let mut coverage = Coverage {
        unknown_s: unwatched_s(judged.iter().map(|ride| (ride.from, ride.until))),
        ..Coverage::default()
    };
    for (_, _, of_ride) in rides {
        coverage.in_range_s += of_ride.in_range_s;
        coverage.out_of_range_s += of_ride.out_of_range_s;
        coverage.unknown_s += of_ride.unknown_s;
    }
    Some(Overall { verdict: verdict_of(&judged)?, coverage })
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
    let mut judged = Vec::with_capacity(rides.len());
    let mut latest: Option<(DevEui, Reading)> = None;
    for ride in rides {
        let Ok(evaluation) = read_evaluation(&ride.evaluation) else {
            // What was said of it last stands until it is evaluated anew; its seconds are not known here.
            tracing::warn!(assignment = %ride.assignment, "a kept evaluation cannot be read");
            let verdict = ride.verdict.unwrap_or(Verdict::Incomplete).max(Verdict::Incomplete);
            judged.push((ride, verdict, Coverage::default()));
            continue;
        };
        let assessment = evaluation.assess(profile, end_of(ride.until, now));
        judged.push((ride, assessment.verdict, assessment.coverage));
        let later = |reading: &&Reading| latest.is_none_or(|(_, latest)| **reading > latest);
        if let Some(reading) = evaluation.latest().filter(later) {
            latest = Some((ride.dev_eui, *reading));
        }
    }
    Summary { overall: overall(judged.into_iter()), latest }
}

/// Each ride evaluated anew over all of its readings, and what the box has spent on all of them.
pub async fn assess_rides(
    db: &mut Connection,
    profile: &Profile,
    rides: &[Ride],
    now: DateTime<Utc>,
) -> Result<(Vec<AssessedRide>, Option<Statement>), StoreError> {
    let series = series(db, profile, rides).await?;
    let readings_of = |ride: &Ride| series.get(&ride.assignment).map(Vec::as_slice).unwrap_or_default();
    let mut assessed = Vec::with_capacity(rides.len());
    for ride in rides {
        let readings = readings_of(ride);
        let to = end_of(ride.until, now).max(ride.from + chrono::Duration::seconds(1));
        let assessment = evaluate(profile, readings, Some(ride.from), Some(to))
            .map_err(|error| StoreError::Unreadable { what: "span", reason: error.to_string() })?;
        let gaps = gaps(profile, readings, assessment.from, assessment.to);
        let gaps = gaps.into_iter().map(|Interval { from, to }| (from, to)).collect();
        let flaws = flaws(profile, readings, assessment.from, assessment.to);
        assessed.push(AssessedRide { assessment, gaps, flaws });
    }
    Ok((assessed, spent(profile, rides, readings_of, now)))
}

/// All readings of each ride in order of time, those included that may stand into it.
pub async fn series(
    db: &mut Connection,
    profile: &Profile,
    rides: &[Ride],
) -> Result<HashMap<AssignmentId, Vec<Reading>>, StoreError> {
    let span = |ride: &Ride| ReadingSpan {
        assignment: ride.assignment,
        tracker: ride.tracker,
        from: ride.from - standing(profile),
        until: ride.until,
    };
    let spans: Vec<ReadingSpan> = rides.iter().map(span).collect();
    Ok(by_assignment(db.readings_in(&spans).await?))
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
