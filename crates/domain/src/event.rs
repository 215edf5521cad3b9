//! Events: what happens at an instant and does not stand, such as a shock, or light in a closed box.
//!
//! They take no part in coverage, exposures or an assessment: a box without one is not "in range", and readings
//! alone leave nothing about them unknown. What must be seen of them is who is woken.

use chrono::{DateTime, Utc};

use crate::alert::AlertKind;
use crate::evaluate::Episode;
use crate::named_enum::named_enum;
use crate::profile::{EventAlarm, Profile};
use crate::time::{unix, utc};

named_enum! {
    /// What happened.
    EventKind, "kind of event" {
        /// An acceleration, in 0.01 g.
        Shock = "shock",
        /// Illuminance, in 0.01 lux.
        Light = "light",
        /// From upright, in 0.01 degrees.
        Tilt = "tilt",
    }
}

impl EventKind {
    /// The largest value that is taken for one, in hundredths: 1000 g; 200 000 lux, which is brighter than the sun
    /// at noon; and upside down.
    pub const fn most(self) -> i32 {
        match self {
            Self::Shock => 100_000,
            Self::Light => 20_000_000,
            Self::Tilt => 18_000,
        }
    }

    /// The kind of the alert that a person sees.
    pub const fn alert(self) -> AlertKind {
        match self {
            Self::Shock => AlertKind::Shock,
            Self::Light => AlertKind::Light,
            Self::Tilt => AlertKind::Tilt,
        }
    }

    pub const fn unit(self) -> &'static str {
        match self {
            Self::Shock => "g",
            Self::Light => "lux",
            Self::Tilt => "°",
        }
    }
}

/// What a tracker noticed at one instant. Two that are equal are the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// The tracker's own time; fractions of a second are cut.
    pub at: DateTime<Utc>,
    pub kind: EventKind,
    /// In hundredths of the kind's unit.
    pub value: i32,
}

/// Events of one alarm no further apart than this are one episode: a box that falls down the stairs, or is open
/// while it is packed, is one thing to look at and to acknowledge.
pub const QUIET_S: i64 = 10 * 60;

/// The episodes of one tracker's events, in any order and with any repetitions; nothing counts before `from` plus
/// the alarm's start delay. By beginning, then in the profile's order.
///
/// An episode lasts from its first event to the second of its last one, is alarmed at once, and its `exposure_s`
/// counts the seconds in which an event was beyond the limit: between them nothing is known to have happened.
pub fn episodes(profile: &Profile, events: &[Event], from: DateTime<Utc>) -> Vec<Episode> {
    let of_alarm = |alarm| episodes_of(alarm, events, unix(from));
    let mut episodes: Vec<Episode> = profile.event_alarms().iter().flat_map(of_alarm).collect();
    // Stable, so that episodes that begin together stay in the profile's order.
    episodes.sort_by_key(|episode| episode.began_at);
    episodes
}

fn episodes_of(alarm: &EventAlarm, events: &[Event], from: i64) -> Vec<Episode> {
    let sees_from = from.saturating_add(alarm.start_delay.seconds());
    let beyond = events.iter().filter(|event| event.kind == alarm.kind && alarm.is_beyond(event.value));
    let mut seen: Vec<(i64, i32)> = beyond.map(|event| (unix(event.at), event.value)).collect();
    seen.retain(|(at, _)| *at >= sees_from);
    seen.sort_unstable();
    seen.chunk_by(|one, next| next.0 - one.0 <= QUIET_S)
        .filter_map(|together| episode(alarm, together))
        .collect()
}

/// `None` of no event.
fn episode(alarm: &EventAlarm, together: &[(i64, i32)]) -> Option<Episode> {
    let ((first, _), (last, _)) = (together.first()?, together.last()?);
    let mut seconds: Vec<i64> = together.iter().map(|(at, _)| *at).collect();
    seconds.dedup();
    Some(Episode {
        alarm: alarm.name.clone(),
        severity: alarm.severity,
        began_at: utc(*first),
        alarmed_at: Some(utc(*first)),
        ended_at: Some(utc(last.saturating_add(1))),
        exposure_s: i64::try_from(seconds.len()).unwrap_or(i64::MAX),
        extreme: together.iter().map(|(_, value)| *value).max()?,
    })
}
