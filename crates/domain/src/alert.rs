//! Alerts: what a person sees and acknowledges, one per episode.
//!
//! An episode is a result and may change with every late reading; an alert is a record with a name and an
//! acknowledgement on it, and must not multiply. [`reconcile`] holds the one against the other.

mod reconcile;

pub use self::reconcile::{AlertChange, LiveAlert, WithdrawReason, reconcile};
use crate::named_enum::named_enum;

named_enum! {
    /// How loud: who is woken, and whether at night.
    Severity, "severity" {
        Info = "info",
        Warning = "warning",
        Critical = "critical",
    }
}

named_enum! {
    /// What an alert is about.
    AlertKind, "alert kind" {
        TemperatureHigh = "temperature_high",
        TemperatureLow = "temperature_low",
        HumidityHigh = "humidity_high",
        HumidityLow = "humidity_low",
        /// Dropped, or handled roughly.
        Shock = "shock",
        /// Light in a closed box: it was opened.
        Light = "light",
        /// Loss of communication with a tracker.
        Silence = "silence",
        /// Loss of communication with a gateway, and so with the trackers that it heard.
        GatewaySilent = "gateway_silent",
        /// A tracker numbered readings that did not come.
        ReadingsMissing = "readings_missing",
        /// The planned time of a handover is over.
        TransferOverdue = "transfer_overdue",
        /// An offer waits for its answer.
        OfferUnanswered = "offer_unanswered",
        /// Somebody has a box who was not to have it.
        CustodianUnexpected = "custodian_unexpected",
        /// Somebody has a box without a valid contract or training.
        CustodianUnqualified = "custodian_unqualified",
        /// A box left its place and nobody had accepted it.
        LeftWithoutCustody = "left_without_custody",
        /// A box is outside the corridor of its lane.
        OffRoute = "off_route",
        /// A box stands outside all known places.
        StandingTooLong = "standing_too_long",
        /// A box is where it was to go, and nobody has accepted it there.
        ArrivedNotAccepted = "arrived_not_accepted",
        /// A box was accepted away from the planned place.
        AcceptedElsewhere = "accepted_elsewhere",
        /// A box was opened on its way, or was found so.
        OpenedInTransit = "opened_in_transit",
        /// A box was tilted or fell over.
        Tilt = "tilt",
        /// The seal that was found is not the one that was put on.
        SealDiffers = "seal_differs",
        /// A box changed hands while it was out of range.
        HandedOverOutOfRange = "handed_over_out_of_range",
        /// A shipment's custody ledger is not as it was written, or cannot be read: nobody watches over its custody.
        CustodyUnreadable = "custody_unreadable",
        /// A tracker did not come back from its shipment in time.
        TrackerNotReturned = "tracker_not_returned",
        /// An integration posts with a credential that is not right.
        WebhookRefused = "webhook_refused",
        /// A known sender posts what cannot be read.
        WebhookUnreadable = "webhook_unreadable",
        /// A message could not be read and is kept beside the queue.
        DeadLetter = "dead_letter",
        /// What waits in the queue has not been worked off for minutes.
        Backlog = "backlog",
        /// The ingester's spool nears its limit or its disk's watermark: past it webhooks are answered with 503.
        SpoolFull = "spool_full",
        /// Nobody could be told of another alert.
        NotificationFailed = "notification_failed",
    }
}

impl AlertKind {
    /// Whether data alone end such an alert. A measured value's and an event's stay open until a person
    /// acknowledged them, or data show that they never were.
    pub fn is_closed_by_data(self) -> bool {
        use AlertKind::{
            AcceptedElsewhere, CustodyUnreadable, HandedOverOutOfRange, HumidityHigh, HumidityLow, Light,
            OpenedInTransit, SealDiffers, Shock, TemperatureHigh, TemperatureLow, Tilt,
        };
        let is_measured = matches!(self, TemperatureHigh | TemperatureLow | HumidityHigh | HumidityLow);
        let is_event = matches!(
            self,
            AcceptedElsewhere
                | CustodyUnreadable
                | HandedOverOutOfRange
                | Light
                | OpenedInTransit
                | SealDiffers
                | Shock
                | Tilt
        );
        !is_measured && !is_event
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_travel_in_json_as_themselves() {
        for kind in AlertKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(*severity));
        }
        assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Critical);
    }

    #[test]
    fn data_close_silence_and_never_an_alert_about_a_measured_value() {
        for kind in [AlertKind::Silence, AlertKind::GatewaySilent, AlertKind::ReadingsMissing] {
            assert!(kind.is_closed_by_data());
        }
        assert!(!AlertKind::TemperatureHigh.is_closed_by_data());
        assert!(!AlertKind::HumidityLow.is_closed_by_data());
        assert!(!AlertKind::Shock.is_closed_by_data() && !AlertKind::Light.is_closed_by_data());
    }
}
