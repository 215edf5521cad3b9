//! From readings to an assessment: what was in range, out of range or unknown, who had to be woken when, and
//! the figures beside it.
//!
//! The result is a function of the set of readings, the profile and the span; in which order readings came, or
//! how often, changes nothing. It knows no clock: "now" is the end of the span. Integers decide; floats appear
//! only in the one logarithm of the mean kinetic temperature.
//!
//! [`Evaluation`] is a fold in order of `measured_at` which can be kept between batches, and again from a checkpoint
//! before a late reading; [`evaluate`] is sort, dedupe and that same fold. Mean kinetic temperatures, [`gaps`] and
//! [`flaws`] need the whole series.

mod assessment;
mod exposure;
mod flaws;
mod fold;
mod mkt;
mod mkt_window;
mod standing;
mod tally;
mod timeline;

use chrono::{DateTime, Utc};

pub use self::assessment::{
    Assessment, Coverage, Episode, ExposureTotal, Interval, MeanTemperature, MktWindow, Verdict,
};
pub use self::flaws::{Beyond, Flaw, flaws};
pub use self::fold::{Continued, Evaluation, OutOfOrder};
pub use self::mkt_window::mkt_windows;
pub use self::timeline::gaps;
use self::timeline::sorted;
use crate::profile::Profile;
use crate::reading::Reading;
use crate::time::{unix, utc};

/// Why a span cannot be assessed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    #[error("there is no reading: say where the span begins and ends (from, to)")]
    NoReading,
    #[error("the span is empty: it begins at {from:?} and ends at {to:?}")]
    Empty { from: DateTime<Utc>, to: DateTime<Utc> },
}

/// The assessment of [`from`, `to`) by readings in any order, duplicates allowed.
///
/// `from` defaults to the first reading, `to` to the end of the last one's standing.
pub fn evaluate(
    profile: &Profile,
    readings: &[Reading],
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<Assessment, SpanError> {
    let readings = sorted(readings);
    let (from, to) = span(profile, &readings, from, to)?;
    let mut evaluation = Evaluation::start(profile, from);
    for reading in readings.iter().take_while(|reading| reading.measured_at < to) {
        // Sorted above, so that none can be out of order.
        let _in_order = evaluation.push(profile, reading);
    }
    let mut assessment = evaluation.assess(profile, to);
    (assessment.mkt, assessment.mkt_windows) = mkt_window::figures(profile, &readings, from, to);
    Ok(assessment)
}

fn span(
    profile: &Profile,
    sorted: &[Reading],
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), SpanError> {
    let first = sorted.first().map(|reading| unix(reading.measured_at));
    let end = sorted.last().map(|reading| unix(reading.measured_at) + profile.max_gap().seconds());
    let from = from.map(unix).or(first).ok_or(SpanError::NoReading)?;
    let to = to.map(unix).or(end).ok_or(SpanError::NoReading)?;
    if from >= to {
        return Err(SpanError::Empty { from: utc(from), to: utc(to) });
    }
    Ok((utc(from), utc(to)))
}
