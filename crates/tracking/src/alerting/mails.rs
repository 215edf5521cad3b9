//! What is written in mails about alerts.

use domain::OrganisationId;
use domain::alert::{AlertKind, LiveAlert};
use domain::watch::StandingAlert;
use store::{AssignmentState, NewAlert, NewNotification};

use super::Told;

/// What is told of an alert, without its runbook.
pub fn notification(alert: &NewAlert, told: &Told) -> NewNotification {
    let about = match (&told.reference, &alert.subject) {
        (Some(reference), _) => format!("shipment {reference}"),
        (None, Some(subject)) => subject.clone(),
        (None, None) => "the installation".to_owned(),
    };
    let what = in_words(alert.kind);
    let mut body = format!("{about}: {what}\n\n");
    if let Some(alarm) = &alert.alarm {
        body.push_str(&format!("Alarm: {alarm} ({})\n", alert.severity));
    }
    body.push_str(&format!("Began: {}\n", alert.episode.began_at.format("%Y-%m-%d %H:%M:%S UTC")));
    body.push_str(&format!("Alarmed: {}\n", alert.episode.alarmed_at.format("%Y-%m-%d %H:%M:%S UTC")));
    if let Some(extreme) = alert.episode.extreme {
        let unit = match alert.kind {
            AlertKind::HumidityHigh | AlertKind::HumidityLow => "%",
            AlertKind::Shock => "g",
            AlertKind::Light => "lux",
            _ => "°C",
        };
        body.push_str(&format!("Worst so far: {} {unit}\n", domain::Temperature(extreme)));
    }
    for line in &told.lines {
        body.push_str(line);
        body.push('\n');
    }
    if told.is_held {
        body.push_str("\nDo not use until quality has decided.\n");
    }
    NewNotification {
        organisation: alert.organisation,
        alert: alert.id,
        subject: format!("{about}: {what}"),
        body,
    }
}

pub(super) fn withdrawal(
    state: &AssignmentState,
    alert: &LiveAlert,
    kind: AlertKind,
    reason: &str,
) -> NewNotification {
    let subject = format!("shipment {}: {}, withdrawn", state.shipment_reference, in_words(kind));
    let began = alert.began_at.format("%Y-%m-%d %H:%M:%S UTC");
    let body = format!(
        "{subject}\n\nAlarm: {} ({})\nBegan: {began}\nWithdrawn: {reason}\n\nA shipment that is on hold stays so until quality has decided.\n",
        alert.alarm, alert.severity
    );
    NewNotification { organisation: state.organisation, alert: alert.id, subject, body }
}

/// Of an alert about custody.
pub(super) fn withdrawn(
    organisation: OrganisationId,
    reference: &str,
    alert: &StandingAlert,
    reason: &str,
) -> NewNotification {
    let subject = format!("shipment {reference}: {}, withdrawn", in_words(alert.kind));
    let began = alert.began_at.format("%Y-%m-%d %H:%M:%S UTC");
    let body = format!("{subject}\n\nBegan: {began}\nWithdrawn: {reason}\n");
    NewNotification { organisation, alert: alert.id, subject, body }
}

fn in_words(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::TemperatureHigh => "too warm",
        AlertKind::TemperatureLow => "too cold",
        AlertKind::HumidityHigh => "too humid",
        AlertKind::HumidityLow => "too dry",
        AlertKind::Shock => "a shock",
        AlertKind::Light => "light in a closed box",
        AlertKind::Silence => "no readings come from the tracker",
        AlertKind::GatewaySilent => "silent, and the trackers that it heard",
        AlertKind::ReadingsMissing => "readings are missing",
        AlertKind::TransferOverdue => "the handover is overdue",
        AlertKind::OfferUnanswered => "an offer is not answered",
        AlertKind::CustodianUnexpected => "somebody has it who was not to have it",
        AlertKind::CustodianUnqualified => "its custodian has no valid contract or training",
        AlertKind::LeftWithoutCustody => "it left and nobody has accepted it",
        AlertKind::OffRoute => "it is off its route",
        AlertKind::StandingTooLong => "it stands outside all known places",
        AlertKind::ArrivedNotAccepted => "it has arrived and was not accepted",
        AlertKind::AcceptedElsewhere => "it was accepted away from the planned place",
        AlertKind::OpenedInTransit => "it was opened on its way",
        AlertKind::Tilt => "it was tilted",
        AlertKind::SealDiffers => "its seal is another one than was put on",
        AlertKind::HandedOverOutOfRange => "it was handed over while out of range",
        AlertKind::CustodyUnreadable => "its custody ledger is not as it was written, or cannot be read",
        AlertKind::TrackerNotReturned => "its tracker was not returned",
        AlertKind::WebhookRefused => "webhooks are refused",
        AlertKind::WebhookUnreadable => "webhooks cannot be read",
        AlertKind::DeadLetter => "a message could not be read and is kept as a dead letter",
        AlertKind::Backlog => "what was received is not worked off: alarms are late",
        AlertKind::SpoolFull => "the spool is filling: when it is full, webhooks are refused",
        AlertKind::NotificationFailed => "a notification cannot be delivered",
    }
}
