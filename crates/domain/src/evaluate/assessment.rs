//! What an evaluation says: the JSON of `isotherm evaluate` and of the API, field by field.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::alert::Severity;
use crate::named_enum::named_enum;
use crate::profile::Profile;
use crate::quantity::{Temperature, as_decimal, as_decimal_option};

named_enum! {
    /// The machine's assessment; what becomes of the goods is a person's decision. Ordered from good to bad.
    Verdict, "assessment" {
        /// Nothing unknown and nothing out of range.
        NoExcursion = "no_excursion",
        /// The rest: never an all-clear.
        Incomplete = "incomplete",
        /// Something known is out of range.
        Excursion = "excursion",
    }
}

/// The assessment of one span of one tracker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = SpanAssessment))]
pub struct Assessment {
    /// The span is [`from`, `to`), in whole seconds.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Distinct readings (instant and values) in the span.
    pub readings: u64,
    /// Lowest and highest of what stood in the span; Null where nothing is known.
    #[serde(rename = "min_c", with = "as_decimal_option")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub min: Option<Temperature>,
    #[serde(rename = "max_c", with = "as_decimal_option")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub max: Option<Temperature>,
    /// Weighted by time; unknown time has no weight.
    #[serde(rename = "mean_c")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub mean: Option<MeanTemperature>,
    /// Mean kinetic temperature of the span; Null without `[mkt]` too. Needs the whole series:
    /// [`super::evaluate`] fills it, a fold leaves it empty.
    #[serde(rename = "mkt_c")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>))]
    pub mkt: Option<MeanTemperature>,
    pub coverage: Coverage,
    /// By beginning, then in the profile's order. A fold that was continued holds those that are not settled.
    pub episodes: Vec<Episode>,
    /// One for each alarm, in the profile's order.
    pub exposures: Vec<ExposureTotal>,
    /// The worst window, if any; as `mkt`.
    pub mkt_windows: Vec<MktWindow>,
    #[serde(rename = "assessment")]
    pub verdict: Verdict,
}

/// Every second of the span is one of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Coverage {
    pub in_range_s: i64,
    pub out_of_range_s: i64,
    pub unknown_s: i64,
}

impl Coverage {
    /// Whether enough of the time is known for a person to consider a release; without `[coverage]` all of it must
    /// be. Says nothing of what is known, and is no all-clear.
    pub fn suffices_for_release(self, profile: &Profile) -> bool {
        let known = i128::from(self.in_range_s) + i128::from(self.out_of_range_s);
        let all = known + i128::from(self.unknown_s);
        let share = profile.coverage().map_or(10_000, |rule| rule.min_for_release);
        all > 0 && known * 10_000 >= all * i128::from(share)
    }
}

/// One uninterrupted exposure, in the best case: an unknown second ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Episode {
    /// The alarm's name in the profile.
    pub alarm: String,
    pub severity: Severity,
    pub began_at: DateTime<Utc>,
    /// When the exposure (cumulative: the total) reached the delay; later episodes of a cumulative alarm that
    /// was reached: their beginning. Null: never.
    pub alarmed_at: Option<DateTime<Utc>>,
    /// Null: it lasts until the end of the span.
    pub ended_at: Option<DateTime<Utc>>,
    /// Length of this episode.
    pub exposure_s: i64,
    /// Furthest out of what stood in it, in hundredths of the alarm's quantity: °C, or % for humidity.
    #[serde(rename = "extreme_c", serialize_with = "as_decimal::serialize")]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    pub extreme: i32,
}

/// How long an alarm's exposures were in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExposureTotal {
    pub alarm: String,
    /// Best case: an unknown second counts for nothing.
    pub total_s: i64,
    /// Worst case: an unknown second counts.
    pub total_worst_s: i64,
}

/// A window of the span and its mean kinetic temperature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MktWindow {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    #[serde(rename = "mkt_c")]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    pub mkt: MeanTemperature,
    /// Whether the figure, as written, is above the profile's limit.
    pub exceeded: bool,
    /// The span is shorter than the profile's window.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// An interval [`from`, `to`) of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Interval {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// A mean in 0.0001 °C. In JSON a number in °C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MeanTemperature(pub i64);

impl MeanTemperature {
    /// Of a sum of hundredths times seconds over `seconds` (more than none), half to even.
    pub(super) fn of_sum(sum: i64, seconds: i64) -> Self {
        let (ten_thousandths, seconds) = (i128::from(sum) * 100, i128::from(seconds));
        let (quotient, rest) = (ten_thousandths.div_euclid(seconds), ten_thousandths.rem_euclid(seconds));
        let up = match (rest * 2).cmp(&seconds) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => quotient.rem_euclid(2),
            std::cmp::Ordering::Greater => 1,
        };
        // A mean lies between values of 32 bits.
        Self((quotient + up) as i64)
    }
}

impl Serialize for MeanTemperature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Correctly rounded, so that the shortest form has the four decimals.
        serializer.serialize_f64(self.0 as f64 / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_rounded_half_to_even_at_the_fourth_decimal() {
        for (sum, seconds, expected) in [
            (250, 1, 25_000),
            (1, 200, 0),
            (3, 200, 2),
            (5, 200, 2),
            (-1, 200, 0),
            (-3, 200, -2),
            (101, 200, 50),
            (301, 600, 50),
            (800, 3, 26_667),
            (-800, 3, -26_667),
        ] {
            assert_eq!(MeanTemperature::of_sum(sum, seconds), MeanTemperature(expected), "{sum} / {seconds}");
        }
    }
}
