//! How much of the time must be known before a person may release.

use serde::{Deserialize, Serialize};

use super::alarm::Hundredths;
use super::field;
use crate::written_as::written_as;

/// The `[coverage]` of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CoverageDraft", into = "CoverageDraft")]
pub struct CoverageRule {
    /// The smallest share of known time, in 0.01 %: 1 to 10 000.
    pub min_for_release: i32,
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = CoverageRule))]
#[serde(deny_unknown_fields)]
struct CoverageDraft {
    #[serde(deserialize_with = "field::min_for_release_pct")]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    min_for_release_pct: Hundredths,
}

written_as!(CoverageRule, CoverageDraft);

impl TryFrom<CoverageDraft> for CoverageRule {
    type Error = String;

    fn try_from(draft: CoverageDraft) -> Result<Self, String> {
        let min_for_release = draft.min_for_release_pct.0;
        if !(1..=10_000).contains(&min_for_release) {
            let given = f64::from(min_for_release) / 100.0;
            return Err(format!("coverage: min_for_release_pct = {given} is no share: write 0.01 to 100"));
        }
        Ok(Self { min_for_release })
    }
}

impl From<CoverageRule> for CoverageDraft {
    fn from(rule: CoverageRule) -> Self {
        Self { min_for_release_pct: Hundredths(rule.min_for_release) }
    }
}
