//! Runbooks: what to do about an alert, and who to call. Each kind has one of the house; an organisation may write its own.

mod texts;

use std::borrow::Cow;

use crate::alert::AlertKind;

/// How many characters an organisation's own texts may have.
pub const MOST_TO_DO: usize = 2000;
pub const MOST_TO_CALL: usize = 200;

/// What somebody needs who takes an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runbook {
    /// One step a line, in the order in which they are done; 1 to [`MOST_TO_DO`] characters.
    pub what_to_do: Cow<'static, str>,
    /// A role; an organisation's own may name a person and a number. One line of 1 to [`MOST_TO_CALL`] characters.
    pub who_to_call: Cow<'static, str>,
}

impl Runbook {
    /// As it stands where the organisation wrote none of its own.
    pub const fn default_for(kind: AlertKind) -> Self {
        let (what_to_do, who_to_call) = texts_for(kind);
        Self { what_to_do: Cow::Borrowed(what_to_do), who_to_call: Cow::Borrowed(who_to_call) }
    }
}

const fn texts_for(kind: AlertKind) -> texts::Texts {
    match kind {
        AlertKind::TemperatureHigh => texts::TEMPERATURE_HIGH,
        AlertKind::TemperatureLow => texts::TEMPERATURE_LOW,
        AlertKind::HumidityHigh => texts::HUMIDITY_HIGH,
        AlertKind::HumidityLow => texts::HUMIDITY_LOW,
        AlertKind::Shock => texts::SHOCK,
        AlertKind::Light => texts::LIGHT,
        AlertKind::Silence => texts::SILENCE,
        AlertKind::GatewaySilent => texts::GATEWAY_SILENT,
        AlertKind::ReadingsMissing => texts::READINGS_MISSING,
        AlertKind::TransferOverdue => texts::TRANSFER_OVERDUE,
        AlertKind::OfferUnanswered => texts::OFFER_UNANSWERED,
        AlertKind::CustodianUnexpected => texts::CUSTODIAN_UNEXPECTED,
        AlertKind::CustodianUnqualified => texts::CUSTODIAN_UNQUALIFIED,
        AlertKind::LeftWithoutCustody => texts::LEFT_WITHOUT_CUSTODY,
        AlertKind::OffRoute => texts::OFF_ROUTE,
        AlertKind::StandingTooLong => texts::STANDING_TOO_LONG,
        AlertKind::ArrivedNotAccepted => texts::ARRIVED_NOT_ACCEPTED,
        AlertKind::AcceptedElsewhere => texts::ACCEPTED_ELSEWHERE,
        AlertKind::OpenedInTransit => texts::OPENED_IN_TRANSIT,
        AlertKind::Tilt => texts::TILT,
        AlertKind::SealDiffers => texts::SEAL_DIFFERS,
        AlertKind::HandedOverOutOfRange => texts::HANDED_OVER_OUT_OF_RANGE,
        AlertKind::CustodyUnreadable => texts::CUSTODY_UNREADABLE,
        AlertKind::TrackerNotReturned => texts::TRACKER_NOT_RETURNED,
        AlertKind::WebhookRefused => texts::WEBHOOK_REFUSED,
        AlertKind::WebhookUnreadable => texts::WEBHOOK_UNREADABLE,
        AlertKind::DeadLetter => texts::DEAD_LETTER,
        AlertKind::Backlog => texts::BACKLOG,
        AlertKind::SpoolFull => texts::SPOOL_FULL,
        AlertKind::NotificationFailed => texts::NOTIFICATION_FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_two_to_four_steps_and_somebody_to_call_within_the_bounds_of_an_own_text() {
        for kind in AlertKind::ALL {
            let Runbook { what_to_do, who_to_call } = Runbook::default_for(*kind);
            let steps: Vec<_> = what_to_do.lines().collect();
            assert!((2..=4).contains(&steps.len()), "{kind}");
            for step in steps {
                assert!(step.ends_with('.') || step.ends_with('?'), "{kind}: {step}");
                assert_eq!(step.trim(), step, "{kind}");
            }
            assert!(what_to_do.chars().count() <= MOST_TO_DO, "{kind}");
            assert!((1..=MOST_TO_CALL).contains(&who_to_call.chars().count()), "{kind}");
            assert!(!who_to_call.contains('\n'), "{kind}");
        }
    }
}
