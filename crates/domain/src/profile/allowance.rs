//! Stability data: what the manufacturer permits in all beyond the label's range, for one box on all its ways.
//!
//! Not the range (any second beyond it is an excursion) and not an alarm (who is woken): an allowance wakes
//! nobody and clears nothing, it is the budget that quality holds an excursion against.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::alarm::Hundredths;
use super::{Range, field};
use crate::duration::Duration;
use crate::quantity::Temperature;
use crate::written_as::written_as;

/// One `[[allowance]]`: time beyond the range, but no further than `edge`, for at most `total` in all.
///
/// A warmer hour is at least as harmful as a milder one, so it counts for every allowance on its side whose band
/// it has reached or passed: "up to 25 °C for 72 h" beside "up to 30 °C for 24 h" means 72 h outside in all, of
/// which 24 h above 25 °C. What lies beyond the furthest edge of a side is never allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AllowanceDraft", into = "AllowanceDraft")]
pub struct AllowanceRule {
    pub name: String,
    pub edge: Edge,
    pub total: AllowedTotal,
}

/// How far from the range; exactly the edge is still inside the allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    UpTo(Temperature),
    DownTo(Temperature),
}

/// How long in all. Exactly this long is still allowed.
///
/// Written as a duration, or as `"unlimited"`: who forgets the field must not allow everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedTotal {
    AtMost(Duration),
    Unlimited,
}

impl AllowedTotal {
    /// `None` is without limit.
    pub fn seconds(self) -> Option<i64> {
        match self {
            Self::AtMost(duration) => Some(duration.seconds()),
            Self::Unlimited => None,
        }
    }
}

const UNLIMITED: &str = "unlimited";

impl fmt::Display for AllowedTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(duration) => duration.fmt(f),
            Self::Unlimited => f.write_str(UNLIMITED),
        }
    }
}

impl Serialize for AllowedTotal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AllowedTotal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = AllowedTotal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration in quotes such as \"24h\", or \"unlimited\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AllowedTotal, E> {
                if text == UNLIMITED {
                    return Ok(AllowedTotal::Unlimited);
                }
                match text.parse() {
                    Ok(Duration::ZERO) => Err(E::custom("must be longer than 0s: leave the allowance out")),
                    Ok(duration) => Ok(AllowedTotal::AtMost(duration)),
                    Err(error) => Err(E::custom(format_args!("{error}, or \"{UNLIMITED}\""))),
                }
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The time beyond `inner`, up to and including the allowance's edge.
#[derive(Debug, Clone, Copy)]
pub struct Band<'a> {
    pub rule: &'a AllowanceRule,
    /// The next milder edge of that side, or the range's end; exactly this is not yet in the band.
    pub inner: Temperature,
}

impl Band<'_> {
    /// Whether a second with these ends (hundredths) counts: it does beyond the band too.
    pub fn is_reached_by(&self, lowest: i32, highest: i32) -> bool {
        match self.rule.edge {
            Edge::UpTo(_) => highest > self.inner.0,
            Edge::DownTo(_) => lowest < self.inner.0,
        }
    }
}

/// In the profile's order.
pub(super) fn bands(range: Option<Range>, rules: &[AllowanceRule]) -> impl Iterator<Item = Band<'_>> {
    rules.iter().filter_map(move |rule| {
        let inner = match rule.edge {
            Edge::UpTo(edge) => up_to(rules).filter(|other| *other < edge).max().or(range?.max_c)?,
            Edge::DownTo(edge) => down_to(rules).filter(|other| *other > edge).min().or(range?.min_c)?,
        };
        Some(Band { rule, inner })
    })
}

/// The range with everything that an allowance adds to it; a side where both are silent has no end.
pub(super) fn outermost(range: Option<Range>, rules: &[AllowanceRule]) -> Range {
    Range {
        min_c: down_to(rules).min().or(range.and_then(|range| range.min_c)),
        max_c: up_to(rules).max().or(range.and_then(|range| range.max_c)),
    }
}

fn up_to(rules: &[AllowanceRule]) -> impl Iterator<Item = Temperature> + '_ {
    rules.iter().filter_map(|rule| match rule.edge {
        Edge::UpTo(edge) => Some(edge),
        Edge::DownTo(_) => None,
    })
}

fn down_to(rules: &[AllowanceRule]) -> impl Iterator<Item = Temperature> + '_ {
    rules.iter().filter_map(|rule| match rule.edge {
        Edge::DownTo(edge) => Some(edge),
        Edge::UpTo(_) => None,
    })
}

/// Holds the allowances against the range and each other.
pub(super) fn check(range: Option<Range>, rules: &[AllowanceRule]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    if let Some(twice) = rules.iter().find(|rule| !names.insert(rule.name.as_str())) {
        return Err(format!("allowance: two have the name `{}`: give each its own", twice.name));
    }
    for rule in rules {
        check_against_range(range, rule)?;
        for other in rules {
            check_pair(rule, other)?;
        }
    }
    Ok(())
}

fn check_against_range(
    range: Option<Range>,
    AllowanceRule { name, edge, .. }: &AllowanceRule,
) -> Result<(), String> {
    let (min, max) = (range.and_then(|range| range.min_c), range.and_then(|range| range.max_c));
    match (*edge, min, max) {
        (Edge::UpTo(_), _, None) => {
            Err(format!("allowance `{name}`: up_to_c needs the label's end: write max_c in [range]"))
        }
        (Edge::DownTo(_), None, _) => {
            Err(format!("allowance `{name}`: down_to_c needs the label's end: write min_c in [range]"))
        }
        (Edge::UpTo(edge), _, Some(max)) if edge <= max => {
            Err(format!("allowance `{name}`: up_to_c = {edge} is not above the range's max_c = {max}"))
        }
        (Edge::DownTo(edge), Some(min), _) if edge >= min => {
            Err(format!("allowance `{name}`: down_to_c = {edge} is not below the range's min_c = {min}"))
        }
        _ => Ok(()),
    }
}

fn check_pair(rule: &AllowanceRule, other: &AllowanceRule) -> Result<(), String> {
    let (further, edge) = match (rule.edge, other.edge) {
        (Edge::UpTo(one), Edge::UpTo(other)) => (one > other, one == other),
        (Edge::DownTo(one), Edge::DownTo(other)) => (one < other, one == other),
        _ => return Ok(()),
    };
    if edge && rule.name != other.name {
        return Err(format!("allowance: `{}` and `{}` end at the same temperature", rule.name, other.name));
    }
    let longer = match (rule.total.seconds(), other.total.seconds()) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(one), Some(other)) => one > other,
    };
    if further && longer {
        return Err(format!(
            "allowance `{}`: reaches further than `{}` and yet lasts longer: its time counts for both, so write at \
             most {}",
            rule.name, other.name, other.total
        ));
    }
    Ok(())
}

/// What the manufacturer permits beyond the range. Exactly one of `up_to_c` and `down_to_c` is there; `total` is a
/// duration or `unlimited`.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Allowance))]
#[serde(deny_unknown_fields)]
struct AllowanceDraft {
    #[serde(deserialize_with = "field::name")]
    name: String,
    #[serde(default, deserialize_with = "field::up_to_c", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, nullable = false))]
    up_to_c: Option<Hundredths>,
    #[serde(default, deserialize_with = "field::down_to_c", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, nullable = false))]
    down_to_c: Option<Hundredths>,
    #[serde(deserialize_with = "field::total")]
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "12h"))]
    total: AllowedTotal,
}

written_as!(AllowanceRule, AllowanceDraft);

impl TryFrom<AllowanceDraft> for AllowanceRule {
    type Error = String;

    fn try_from(AllowanceDraft { name, up_to_c, down_to_c, total }: AllowanceDraft) -> Result<Self, String> {
        let measurable = |Hundredths(value)| {
            Temperature::from_hundredths(value).map_err(|error| format!("allowance `{name}`: {error}"))
        };
        let edge = match (up_to_c, down_to_c) {
            (Some(edge), None) => Edge::UpTo(measurable(edge)?),
            (None, Some(edge)) => Edge::DownTo(measurable(edge)?),
            (Some(_), Some(_)) => {
                return Err(format!(
                    "allowance `{name}`: has up_to_c and down_to_c: write two allowances, one for each"
                ));
            }
            (None, None) => {
                return Err(format!("allowance `{name}`: has no edge: write up_to_c = … or down_to_c = …"));
            }
        };
        Ok(Self { name, edge, total })
    }
}

impl From<AllowanceRule> for AllowanceDraft {
    fn from(AllowanceRule { name, edge, total }: AllowanceRule) -> Self {
        let (up_to_c, down_to_c) = match edge {
            Edge::UpTo(edge) => (Some(Hundredths(edge.0)), None),
            Edge::DownTo(edge) => (None, Some(Hundredths(edge.0))),
        };
        Self { name, up_to_c, down_to_c, total }
    }
}
