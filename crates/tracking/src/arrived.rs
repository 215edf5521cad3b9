//! From messages to kinds: uplinks, other events, unreadable bodies, and reports of the ingesters about themselves.

use chrono::{DateTime, Duration, Utc};
use domain::alert::AlertKind;
use domain::downlink::DownlinkState;
use domain::place::{NETWORK_ACCURACY_M, Point, Position, PositionSource};
use domain::{DevEui, OrganisationId};
use networks::downlink::Outcome;
use networks::message::{Body, Message, Source};
use networks::{Event, EventKind};
use sha2::{Digest, Sha256};
use store::{DeviceEvent, DownlinkAnswer, NetworkAddress, Question, UnreadableBody, Uplink};

use crate::refusals;

/// A reception may lie this far ahead of its arrival, and a reading ahead of its reception; clocks drift, but not by
/// more.
pub const MOST_AHEAD: Duration = Duration::minutes(10);

/// What lies further back is not believed: trackers keep a month, and whoever writes such times has no clock.
pub const FARTHEST_BACK: Duration = Duration::days(400);

/// Everything in a batch, by kind.
#[derive(Default)]
pub struct Arrived {
    pub uplinks: Vec<Uplink>,
    pub events: Vec<DeviceEvent>,
    /// What networks say of downlinks; each is an event, too.
    pub answers: Vec<DownlinkAnswer>,
    /// What networks worked out; each is an event, too.
    pub located: Vec<Located>,
    pub unreadable: Vec<UnreadableBody>,
    pub reports: Vec<Report>,
    /// Whether networks may post here, with whose integration it is.
    pub questions: Vec<(Source, Question)>,
}

/// Where a network believes a device to have been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Located {
    pub organisation: OrganisationId,
    pub dev_eui: DevEui,
    pub position: Position,
}

/// Something about the installation itself that a person must hear of.
#[derive(Debug, Clone)]
pub enum Report {
    Refused {
        source: Option<Source>,
        reason: String,
        count: u64,
        at: DateTime<Utc>,
    },
    Unreadable {
        source: Source,
        at: DateTime<Utc>,
    },
    /// Uplinks that do not say of which device.
    Nameless {
        organisation: OrganisationId,
        integration: String,
        at: DateTime<Utc>,
    },
    SpoolAlarm {
        reason: String,
        at: DateTime<Utc>,
    },
    /// A message of this batch cannot be used.
    DeadLetter {
        at: DateTime<Utc>,
    },
}

impl Report {
    /// Whose alert of which kind it becomes, about what, since when. What is no organisation's own concerns `operator`,
    /// who runs the installation.
    pub fn alert(&self, operator: OrganisationId) -> (OrganisationId, AlertKind, String, DateTime<Utc>) {
        match self {
            Self::Refused { source: Some(source), reason, at, .. } => {
                let subject = refusals::subject(&source.integration, reason);
                (source.organisation, AlertKind::WebhookRefused, subject, *at)
            }
            Self::Refused { source: None, at, .. } => {
                (operator, AlertKind::WebhookRefused, "an unknown integration".to_owned(), *at)
            }
            Self::Unreadable { source, at } => {
                let subject = format!("integration {}", source.integration);
                (source.organisation, AlertKind::WebhookUnreadable, subject, *at)
            }
            Self::Nameless { organisation, integration, at } => {
                let subject = format!("integration {integration}: uplinks that do not say of which device");
                (*organisation, AlertKind::WebhookUnreadable, subject, *at)
            }
            Self::SpoolAlarm { reason, at } => {
                (operator, AlertKind::SpoolFull, format!("spool: {reason}"), *at)
            }
            Self::DeadLetter { at } => (operator, AlertKind::DeadLetter, "the queue".to_owned(), *at),
        }
    }
}

impl Arrived {
    /// How many messages these are.
    pub fn messages(&self) -> usize {
        // An unreadable body is a report, too.
        self.uplinks.len() + self.events.len() + self.reports.len() + self.questions.len()
    }

    /// Sorts a message by kind.
    pub fn add(&mut self, message: Message) {
        let at = message.arrived_at;
        match message.body {
            Body::Event { source, event } if event.kind == EventKind::Uplink => {
                self.uplinks.push(uplink(source, event, at));
            }
            Body::Event { source, event } => {
                self.located.extend(located(source.organisation, &event, at));
                self.answers.extend(answer(&source, &event));
                self.events.push(device_event(source, &event, at));
            }
            Body::Unreadable { source, reason, body } => {
                self.unreadable.push(unreadable(&source, &reason, body, at));
                self.reports.push(Report::Unreadable { source, at });
            }
            Body::Refused { source, reason, count } => {
                self.reports.push(Report::Refused { source, reason, count, at });
            }
            Body::Confirm { source, url } => {
                self.questions.push((source, Question { url: text(&url), asked_at: at }));
            }
            Body::SpoolAlarm { reason, .. } => self.reports.push(Report::SpoolAlarm { reason, at }),
        }
    }
}

/// The same body of the same integration is kept once, however often it is sent.
fn unreadable(source: &Source, reason: &str, body: Vec<u8>, arrived_at: DateTime<Utc>) -> UnreadableBody {
    let identity = Sha256::new_with_prefix(&source.integration).chain_update([0]).chain_update(&body);
    UnreadableBody {
        sha256: identity.finalize().to_vec(),
        organisation: source.organisation,
        integration: text(&source.integration),
        arrived_at,
        reason: text(reason),
        body,
    }
}

/// PostgreSQL's text cannot hold U+0000, which JSON can.
fn text(input: &str) -> String {
    input.replace('\0', "\u{fffd}")
}

/// The network's receive time; one that cannot be true counts as missing. One that lies ahead would hide a tracker's
/// silence until it has come.
fn received_at(event: &Event, arrived_at: DateTime<Utc>) -> DateTime<Utc> {
    let plausible = |at: &DateTime<Utc>| (-MOST_AHEAD..=FARTHEST_BACK).contains(&(arrived_at - *at));
    event.received_at.filter(plausible).unwrap_or(arrived_at)
}

fn uplink(source: Source, event: Event, arrived_at: DateTime<Utc>) -> Uplink {
    // The application alone addresses nothing.
    let address = event.device.as_deref().map(|device| NetworkAddress {
        application: event.application.as_deref().map(text),
        device: Some(text(device)),
    });
    Uplink {
        received_at: received_at(&event, arrived_at),
        organisation: source.organisation,
        integration: text(&source.integration),
        dev_eui: event.dev_eui,
        dev_addr: event.dev_addr.as_deref().map(text),
        f_cnt: i64::from(event.f_cnt.unwrap_or_default()),
        f_port: i32::from(event.f_port.unwrap_or_default()),
        gateways: networks::decode::gateways_json(&event.gateways).unwrap_or_else(|_| "[]".to_owned()),
        payload: event.payload,
        decoded: event.decoded,
        confirmed: event.confirmed.unwrap_or_default(),
        arrived_at,
        problem: None,
        gave_readings: false,
        address: address.unwrap_or_default(),
    }
}

fn device_event(source: Source, event: &Event, arrived_at: DateTime<Utc>) -> DeviceEvent {
    DeviceEvent {
        organisation: source.organisation,
        integration: text(&source.integration),
        dev_eui: event.dev_eui,
        kind: event.kind.to_string(),
        received_at: received_at(event, arrived_at),
        arrived_at,
    }
}

/// `None` where the event says nothing of a downlink.
fn answer(source: &Source, event: &Event) -> Option<DownlinkAnswer> {
    let report = event.downlink.as_ref()?;
    Some(DownlinkAnswer {
        organisation: source.organisation,
        integration: text(&source.integration),
        names: report.names.iter().map(|name| text(name)).collect(),
        state: match report.outcome {
            Outcome::Acknowledged => DownlinkState::Acknowledged,
            Outcome::Unanswered => DownlinkState::Unanswered,
            Outcome::Failed => DownlinkState::Failed,
            Outcome::Expired => DownlinkState::Expired,
        },
        reason: report.reason.as_deref().map(text),
    })
}

/// `None` where the event does not say which device is where.
fn located(organisation: OrganisationId, event: &Event, arrived_at: DateTime<Utc>) -> Option<Located> {
    let (dev_eui, location) = (event.dev_eui?, event.location?);
    let point = Point::from_degrees(location.lat, location.lon).ok()?;
    // Rounded up, so that a position is never said to be better than it is; a number too large is the largest.
    let accuracy_m = event.accuracy_m.map_or(NETWORK_ACCURACY_M, |metres| metres.ceil() as u32);
    let (at, source) = (received_at(event, arrived_at), PositionSource::Network);
    Some(Located { organisation, dev_eui, position: Position { at, accuracy_m, point, source } })
}

#[cfg(test)]
mod tests {
    use networks::Location;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_receive_time_counts_from_400_days_before_the_arrival_to_10_minutes_after_it() {
        let arrived = at(0);
        for (offset, believed) in
            [(0, true), (600, true), (601, false), (-400 * 86_400, true), (-400 * 86_400 - 1, false)]
        {
            let event = Event { received_at: Some(at(offset)), ..Event::default() };
            let expected = if believed { at(offset) } else { arrived };
            assert_eq!(received_at(&event, arrived), expected, "{offset} s");
        }
        assert_eq!(received_at(&Event::default(), arrived), arrived);
    }

    #[test]
    fn a_networks_location_is_as_good_as_it_says_and_else_three_kilometres() {
        let place = Location { lat: 48.5, lon: 11.5 };
        let event = |dev_eui, location, accuracy_m| Event {
            dev_eui,
            location,
            accuracy_m,
            received_at: Some(at(0)),
            ..Event::default()
        };
        let owner = OrganisationId(1);
        for (said, believed) in [(None, 3_000), (Some(20.0), 20), (Some(20.1), 21), (Some(1e12), u32::MAX)] {
            let found = located(owner, &event(Some(DevEui(7)), Some(place), said), at(1)).unwrap();
            assert_eq!((found.position.at, found.position.accuracy_m), (at(0), believed), "{said:?}");
        }
        assert_eq!(located(owner, &event(None, Some(place), None), at(1)), None, "of which device?");
        assert_eq!(located(owner, &event(Some(DevEui(7)), None, None), at(1)), None);
    }
}
