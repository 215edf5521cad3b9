//! A profile: the label's range, who is woken when, what the manufacturer permits in all, and the figures asked
//! for, as a person wrote them in TOML or sent them as JSON.
//!
//! Everything is checked here, once; behind this module a profile is valid. It knows no reading: what the
//! rules make of one is `evaluate`'s business.

mod alarm;
mod allowance;
mod coverage;
mod field;
mod freeze_thaw;
mod mkt;
mod text;
mod written_alarm;

use serde::{Deserialize, Serialize};

pub use self::alarm::{AlarmRule, EventAlarm, ExposureRule, Limit, Quantity};
pub use self::allowance::{AllowanceRule, AllowedTotal, Band, Edge};
pub use self::coverage::CoverageRule;
pub use self::freeze_thaw::FreezeThawRule;
pub use self::mkt::MktRule;
pub use self::text::Measured;
use self::written_alarm::WrittenAlarm;
use crate::duration::Duration;
use crate::quantity::{Temperature, as_decimal_option};
use crate::written_as::written_as;

/// Alarms beyond this many are a mistake in whatever wrote the file; allowances too.
const MOST_ALARMS: usize = 64;

/// The rules by which a series of readings is judged. One version of it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Draft", into = "Draft")]
pub struct Profile {
    name: String,
    description: Option<String>,
    source: Option<String>,
    measured: Option<Measured>,
    max_gap: Duration,
    range: Option<Range>,
    coverage: Option<CoverageRule>,
    alarms: Vec<AlarmRule>,
    event_alarms: Vec<EventAlarm>,
    allowances: Vec<AllowanceRule>,
    freeze_thaw: Option<FreezeThawRule>,
    mkt: Option<MktRule>,
}

/// The label's storage range, ends inside. One end may be missing ("store below 25 °C").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ProfileRange))]
#[serde(try_from = "RangeDraft")]
pub struct Range {
    #[serde(with = "as_decimal_option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, nullable = false))]
    pub min_c: Option<Temperature>,
    #[serde(with = "as_decimal_option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<f64>, nullable = false))]
    pub max_c: Option<Temperature>,
}

/// Why a text is no profile: where, what is wrong, and what to write instead, on one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct ProfileError {
    /// From 1; a fault of the whole file stands at its beginning.
    pub line: usize,
    pub column: usize,
    pub reason: String,
}

impl Profile {
    /// Reads the TOML of a profile.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        toml::from_str(text).map_err(|error| {
            let (line, column) = position(text, error.span().map_or(0, |span| span.start));
            let reason = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            ProfileError { line, column, reason }
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// For whom and for what it is, as people read it.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where its numbers come from: a standard, a manufacturer's letter.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Where the sensor must sit for these limits to mean something; recorded, and judged by nobody.
    pub fn measured(&self) -> Option<Measured> {
        self.measured
    }

    /// A reading stands until the next one, but no longer than this; after that the state is unknown.
    pub fn max_gap(&self) -> Duration {
        self.max_gap
    }

    /// Without one, coverage goes by the limits of the alarms.
    pub fn range(&self) -> Option<Range> {
        self.range
    }

    /// How much of the time must be known for a release; without one, all of it.
    pub fn coverage(&self) -> Option<CoverageRule> {
        self.coverage
    }

    /// Those about readings, in the order of the file. Names are distinct, those of event alarms included.
    pub fn alarms(&self) -> &[AlarmRule] {
        &self.alarms
    }

    /// Those about events, in the order of the file; written again, they follow those about readings.
    pub fn event_alarms(&self) -> &[EventAlarm] {
        &self.event_alarms
    }

    /// One about readings.
    pub fn alarm(&self, name: &str) -> Option<&AlarmRule> {
        self.alarms.iter().find(|alarm| alarm.name == name)
    }

    /// In the order of the file; names and edges are distinct, and the further an edge, the shorter its total.
    pub fn allowances(&self) -> &[AllowanceRule] {
        &self.allowances
    }

    /// The allowances with where each begins, in the order of the file.
    pub fn bands(&self) -> impl Iterator<Item = Band<'_>> {
        allowance::bands(self.range, &self.allowances)
    }

    /// The range with everything that an allowance adds to it. What lies beyond is never allowed; a side where
    /// range and allowances are silent has no end.
    pub fn outermost(&self) -> Range {
        allowance::outermost(self.range, &self.allowances)
    }

    pub fn freeze_thaw(&self) -> Option<FreezeThawRule> {
        self.freeze_thaw
    }

    pub fn mkt(&self) -> Option<&MktRule> {
        self.mkt.as_ref()
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// A profile as it is written. Durations are texts such as `40m`.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ProfileDefinition))]
#[serde(deny_unknown_fields)]
struct Draft {
    #[serde(deserialize_with = "field::name")]
    name: String,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, deserialize_with = "field::description", skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, deserialize_with = "field::source", skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, deserialize_with = "field::measured", skip_serializing_if = "Option::is_none")]
    measured: Option<Measured>,
    #[serde(deserialize_with = "field::max_gap")]
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "40m"))]
    max_gap: Duration,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageRule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alarm: Vec<WrittenAlarm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowance: Vec<AllowanceRule>,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    freeze_thaw: Option<FreezeThawRule>,
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mkt: Option<MktRule>,
}

written_as!(Profile, Draft);

impl TryFrom<Draft> for Profile {
    type Error = String;

    fn try_from(draft: Draft) -> Result<Self, String> {
        for (kind, count) in [("alarm", draft.alarm.len()), ("allowance", draft.allowance.len())] {
            if count > MOST_ALARMS {
                return Err(format!("{kind}: {count} are too many: at most {MOST_ALARMS}"));
            }
        }
        let mut names = std::collections::BTreeSet::new();
        if let Some(twice) = draft.alarm.iter().find(|alarm| !names.insert(alarm.name())) {
            return Err(format!("alarm: two have the name `{}`: give each its own", twice.name()));
        }
        let (mut alarms, mut event_alarms) = (Vec::new(), Vec::new());
        for alarm in draft.alarm {
            match alarm {
                WrittenAlarm::Reading(alarm) => alarms.push(alarm),
                WrittenAlarm::Event(alarm) => event_alarms.push(alarm),
            }
        }
        if draft.range.is_none() && alarms.is_empty() && draft.mkt.is_none() {
            return Err(
                "a profile without [range], [mkt] or an [[alarm]] about temperature or humidity judges \
                        nothing: write one of them"
                    .to_owned(),
            );
        }
        allowance::check(draft.range, &draft.allowance)?;
        Ok(Self {
            name: draft.name,
            description: draft.description,
            source: draft.source,
            measured: draft.measured,
            max_gap: draft.max_gap,
            range: draft.range,
            coverage: draft.coverage,
            alarms,
            event_alarms,
            allowances: draft.allowance,
            freeze_thaw: draft.freeze_thaw,
            mkt: draft.mkt,
        })
    }
}

impl From<Profile> for Draft {
    fn from(profile: Profile) -> Self {
        let readings = profile.alarms.into_iter().map(WrittenAlarm::Reading);
        let events = profile.event_alarms.into_iter().map(WrittenAlarm::Event);
        Self {
            name: profile.name,
            description: profile.description,
            source: profile.source,
            measured: profile.measured,
            max_gap: profile.max_gap,
            range: profile.range,
            coverage: profile.coverage,
            alarm: readings.chain(events).collect(),
            allowance: profile.allowances,
            freeze_thaw: profile.freeze_thaw,
            mkt: profile.mkt,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeDraft {
    #[serde(default, deserialize_with = "field::min_c")]
    min_c: Option<Temperature>,
    #[serde(default, deserialize_with = "field::max_c")]
    max_c: Option<Temperature>,
}

impl TryFrom<RangeDraft> for Range {
    type Error = String;

    fn try_from(RangeDraft { min_c, max_c }: RangeDraft) -> Result<Self, String> {
        match (min_c, max_c) {
            (None, None) => {
                Err("range: has no end: write min_c, max_c or both, or leave [range] out".to_owned())
            }
            (Some(min), Some(max)) if min > max => {
                Err(format!("range: min_c = {min} is above max_c = {max}: swap them"))
            }
            _ => Ok(Self { min_c, max_c }),
        }
    }
}
