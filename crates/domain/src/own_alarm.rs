//! What a tracker made of temperatures of which the service has an alert: both judge, each by limits of its own.

use crate::alert::AlertKind;
use crate::named_enum::named_enum;
use crate::tracker_report::Limits;
use crate::{Duration, Temperature};

named_enum! {
    /// What a tracker made of what the service has a temperature alert about.
    OwnAlarm, "tracker's own judgement" {
        /// It raised its own alarm, too.
        Raised = "raised",
        /// It raised none: its limits are wider, or its delay is longer than the time outside.
        WithinItsLimits = "within_its_limits",
        /// It raised none, and its limits do not explain that, or are not known.
        NotRaised = "not_raised",
    }
}

/// What a service's temperature alert comes to.
#[derive(Debug, Clone, Copy)]
pub struct Excursion {
    pub kind: AlertKind,
    /// The worst value.
    pub extreme: Option<Temperature>,
    /// From its beginning to its end.
    pub lasted: Duration,
}

impl OwnAlarm {
    /// `raised`: whether the tracker raised an alarm of that kind at that time. `limits`: in force with it, where they are
    /// known. The service counts a time as outside until a reading lies clearly within, so it may be longer than the tracker's.
    pub fn of(raised: bool, excursion: &Excursion, limits: Option<&Limits>) -> Self {
        let explains = |limits: &Limits| {
            let (is_within, delay_min) = match excursion.kind {
                AlertKind::TemperatureLow => {
                    (excursion.extreme.is_some_and(|extreme| extreme >= limits.low), limits.low_delay_min)
                }
                _ => (excursion.extreme.is_some_and(|extreme| extreme <= limits.high), limits.high_delay_min),
            };
            is_within || excursion.lasted.seconds() <= i64::from(delay_min) * 60
        };
        if raised {
            Self::Raised
        } else if limits.is_some_and(explains) {
            Self::WithinItsLimits
        } else {
            Self::NotRaised
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_alarm_is_explained_by_wider_limits_or_by_a_longer_delay() {
        use AlertKind::{TemperatureHigh as High, TemperatureLow as Low};
        let limits = Limits::MADE_WITH;
        for (kind, extreme, minutes, expected) in [
            (High, 800, 600, OwnAlarm::WithinItsLimits),
            (High, 801, 600, OwnAlarm::NotRaised),
            (High, 801, 30, OwnAlarm::WithinItsLimits),
            (High, 801, 31, OwnAlarm::NotRaised),
            (Low, 200, 600, OwnAlarm::WithinItsLimits),
            (Low, 199, 600, OwnAlarm::NotRaised),
            (Low, 199, 10, OwnAlarm::WithinItsLimits),
            (Low, 199, 11, OwnAlarm::NotRaised),
        ] {
            let lasted = Duration::from_seconds(minutes * 60).unwrap();
            let excursion = Excursion { kind, extreme: Some(Temperature(extreme)), lasted };
            let judged = |raised, limits| OwnAlarm::of(raised, &excursion, limits);
            assert_eq!(judged(false, Some(&limits)), expected, "{kind} {extreme} {minutes} min");
            assert_eq!(judged(true, Some(&limits)), OwnAlarm::Raised);
            assert_eq!(judged(false, None), OwnAlarm::NotRaised, "limits that are not known explain nothing");
        }
    }
}
