//! How often a box may freeze and thaw.

use serde::{Deserialize, Serialize};

use super::alarm::Hundredths;
use super::field;
use crate::quantity::Temperature;
use crate::written_as::written_as;

/// The `[freeze_thaw]` of a profile: how often a box may freeze and thaw.
///
/// It is frozen when a value is below `below_c` and thawed when one is above `above_c`; in between it is what it
/// was. A freezing and a thawing, in either order, are one cycle, counted from its first half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FreezeThawDraft", into = "FreezeThawDraft")]
pub struct FreezeThawRule {
    pub at_most: u32,
    pub below: Temperature,
    pub above: Temperature,
}

impl FreezeThawRule {
    /// `None` between the two thresholds.
    pub fn is_frozen(&self, value: i32) -> Option<bool> {
        if value < self.below.0 {
            Some(true)
        } else if value > self.above.0 {
            Some(false)
        } else {
            None
        }
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = FreezeThaw))]
#[serde(deny_unknown_fields)]
struct FreezeThawDraft {
    #[serde(deserialize_with = "field::at_most")]
    at_most: u32,
    #[serde(deserialize_with = "field::below_c")]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    below_c: Hundredths,
    #[serde(deserialize_with = "field::above_c")]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    above_c: Hundredths,
}

written_as!(FreezeThawRule, FreezeThawDraft);

impl TryFrom<FreezeThawDraft> for FreezeThawRule {
    type Error = String;

    fn try_from(FreezeThawDraft { at_most, below_c, above_c }: FreezeThawDraft) -> Result<Self, String> {
        let measurable = |field: &str, Hundredths(value)| {
            Temperature::from_hundredths(value).map_err(|error| format!("freeze_thaw: {field}: {error}"))
        };
        let (below, above) = (measurable("below_c", below_c)?, measurable("above_c", above_c)?);
        if below > above {
            return Err(format!("freeze_thaw: below_c = {below} is above above_c = {above}: swap them"));
        }
        Ok(Self { at_most, below, above })
    }
}

impl From<FreezeThawRule> for FreezeThawDraft {
    fn from(FreezeThawRule { at_most, below, above }: FreezeThawRule) -> Self {
        Self { at_most, below_c: Hundredths(below.0), above_c: Hundredths(above.0) }
    }
}
