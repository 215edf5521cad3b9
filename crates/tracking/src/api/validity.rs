//! For how long something holds, as clients write and read it; and how it is ended, with a reason.

use chrono::{DateTime, Datelike, SubsecRound, Utc};
use domain::qualification::Validity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::ApiError;
use super::text::{happened, non_empty};

/// No contract and no badge is of another time.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

#[derive(Serialize, ToSchema)]
#[schema(as = Validity)]
pub struct ValidityView {
    /// It holds from then on.
    from: DateTime<Utc>,
    /// And until just before; null: without an end.
    until: Option<DateTime<Utc>>,
    /// It was ended or revoked, whatever had been agreed.
    ended_at: Option<DateTime<Utc>>,
    ended_reason: Option<String>,
    /// Whether it holds now.
    valid: bool,
}

impl ValidityView {
    pub fn of(validity: Validity, ended_reason: Option<String>, now: DateTime<Utc>) -> Self {
        let Validity { from, until, ended_at } = validity;
        Self { from, until, ended_at, ended_reason, valid: validity.holds_at(now) }
    }
}

/// Whole seconds, as instants are here; the end behind the beginning.
pub fn span(
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>), ApiError> {
    let (from, until) = (from.trunc_subsecs(0), until.map(|until| until.trunc_subsecs(0)));
    for (field, at) in [("from", Some(from)), ("until", until)] {
        if at.is_some_and(|at| !YEARS.contains(&at.year())) {
            return Err(ApiError::Unprocessable(format!("{field}: write a time of the years 1970 to 2200")));
        }
    }
    if until.is_some_and(|until| until <= from) {
        return Err(ApiError::Unprocessable("until: write a time after `from`".into()));
    }
    Ok((from, until))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewEnd)]
pub struct EndRequest {
    /// Kept with it.
    #[schema(example = "Carrier changed")]
    reason: String,
    /// Since when it holds no longer; now where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<Utc>>,
}

impl EndRequest {
    /// When, and why.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(DateTime<Utc>, String), ApiError> {
        if let Some(at) = self.at {
            happened("at", at, now)?;
        }
        Ok((self.at.unwrap_or(now).trunc_subsecs(0), non_empty("reason", &self.reason, 500)?))
    }
}
