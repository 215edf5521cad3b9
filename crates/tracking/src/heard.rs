//! From messages to what they say: uplinks with their readings, other events, reports of the ingesters.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::{DevEui, OrganisationId};
use networks::message::{Body, Message, Source};
use networks::payload::{self, Codec};
use networks::{Event, EventKind};
use sha2::{Digest, Sha256};
use store::{
    DeviceEvent, SetAside, Tracker, TrackerNews, TrackerReading, UnknownTracker, UnreadableBody, Uplink,
};

/// A reading may be this far ahead of its reception, and a reception of its arrival; clocks drift, but not by more.
const MOST_AHEAD: Duration = Duration::minutes(10);

/// A reading older than this at its reception is not one: trackers keep a month.
const OLDEST: Duration = Duration::days(400);

/// Everything in a batch, by kind.
#[derive(Default)]
pub struct Arrived {
    pub uplinks: Vec<Uplink>,
    pub events: Vec<DeviceEvent>,
    pub unreadable: Vec<UnreadableBody>,
    pub reports: Vec<Report>,
}

/// What an ingester says about itself.
pub enum Report {
    Refused {
        source: Option<Source>,
        at: DateTime<Utc>,
    },
    Unreadable {
        source: Source,
        at: DateTime<Utc>,
    },
    SpoolAlarm {
        reason: String,
        at: DateTime<Utc>,
    },
    /// A message of this batch cannot be read.
    DeadLetter {
        at: DateTime<Utc>,
    },
}

/// What a batch's uplinks say of the trackers that are registered, and who else was heard.
#[derive(Default)]
pub struct Heard {
    pub readings: Vec<TrackerReading>,
    pub set_aside: Vec<SetAside>,
    pub news: HashMap<domain::TrackerId, TrackerNews>,
    pub unknown: HashMap<(OrganisationId, DevEui), UnknownTracker>,
}

impl Arrived {
    /// How many messages these are.
    pub fn messages(&self) -> usize {
        // An unreadable body is a report, too.
        self.uplinks.len() + self.events.len() + self.reports.len()
    }

    /// Sorts a message by kind. `line` is the message as it came.
    pub fn add(&mut self, message: Message, line: &[u8]) {
        let at = message.arrived_at;
        match message.body {
            // One without payload repeats another that has it, in a normalised form.
            Body::Event { source, event } if event.kind == EventKind::Uplink && event.payload.is_some() => {
                self.uplinks.push(uplink(source, event, at));
            }
            Body::Event { source, event } => self.events.push(device_event(source, &event, at)),
            Body::Unreadable { source, reason, body } => {
                self.unreadable.push(UnreadableBody {
                    sha256: Sha256::digest(line).to_vec(),
                    organisation: source.organisation,
                    integration: text(&source.integration),
                    arrived_at: at,
                    reason: text(&reason),
                    body,
                });
                self.reports.push(Report::Unreadable { source, at });
            }
            Body::Refused { source, .. } => self.reports.push(Report::Refused { source, at }),
            Body::SpoolAlarm { reason, .. } => self.reports.push(Report::SpoolAlarm { reason, at }),
        }
    }
}

/// PostgreSQL's text cannot hold U+0000, which JSON can.
fn text(input: &str) -> String {
    input.replace('\0', "\u{fffd}")
}

/// The network's receive time; one that cannot be true counts as missing. One that lies ahead would hide a tracker's
/// silence until it has come.
fn received_at(event: &Event, arrived_at: DateTime<Utc>) -> DateTime<Utc> {
    let plausible = |at: &DateTime<Utc>| (-MOST_AHEAD..=OLDEST).contains(&(arrived_at - *at));
    event.received_at.filter(plausible).unwrap_or(arrived_at)
}

fn uplink(source: Source, event: Event, arrived_at: DateTime<Utc>) -> Uplink {
    Uplink {
        received_at: received_at(&event, arrived_at),
        organisation: source.organisation,
        integration: text(&source.integration),
        dev_eui: event.dev_eui,
        dev_addr: event.dev_addr.as_deref().map(text),
        f_cnt: i64::from(event.f_cnt.unwrap_or_default()),
        f_port: i32::from(event.f_port.unwrap_or_default()),
        gateways: networks::decode::gateways_json(&event.gateways).unwrap_or_else(|_| "[]".to_owned()),
        payload: event.payload.unwrap_or_default(),
        confirmed: event.confirmed.unwrap_or_default(),
        arrived_at,
        problem: None,
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

/// Decodes the uplinks of registered trackers. An uplink that gives no readings keeps the reason.
pub fn decode_uplinks(
    uplinks: &mut [Uplink],
    trackers: &HashMap<(OrganisationId, DevEui), Tracker>,
) -> Heard {
    let mut heard = Heard::default();
    for uplink in uplinks {
        let Some(dev_eui) = uplink.dev_eui else {
            uplink.problem = Some("the network server did not say which device".to_owned());
            continue;
        };
        match trackers.get(&(uplink.organisation, dev_eui)) {
            Some(tracker) => uplink.problem = heard.decode(uplink, tracker).err(),
            None => {
                uplink.problem = Some("the tracker is not registered".to_owned());
                heard.note_unknown(uplink, dev_eui);
            }
        }
    }
    heard
}

impl Heard {
    fn decode(&mut self, uplink: &Uplink, tracker: &Tracker) -> Result<(), String> {
        let codec: Codec = tracker.codec.parse().map_err(|error| format!("{error}"))?;
        let port = u8::try_from(uplink.f_port).ok();
        let news = self.news.entry(tracker.id).or_insert_with(|| silent_news(tracker, uplink.received_at));
        news.heard_at = news.heard_at.max(uplink.received_at);
        let decoded = payload::decode(codec, port, &uplink.payload, Some(uplink.received_at))
            .map_err(|error| error.to_string())?;
        for untimed in decoded.untimed {
            self.set_aside.push(SetAside {
                organisation: tracker.organisation,
                tracker: tracker.id,
                measured_at: None,
                received_at: uplink.received_at,
                sequence: untimed.sequence.and_then(|sequence| i32::try_from(sequence).ok()),
                temperature: untimed.temperature,
                humidity: untimed.humidity,
                reason: "the tracker did not know the time".to_owned(),
            });
        }
        for decoded_reading in decoded.readings {
            let reading = TrackerReading {
                organisation: tracker.organisation,
                tracker: tracker.id,
                sequence: decoded_reading.sequence.and_then(|sequence| i32::try_from(sequence).ok()),
                received_at: uplink.received_at,
                reading: decoded_reading.reading,
            };
            match implausible(&reading) {
                Some(reason) => self.set_aside.push(set_aside(reading, reason)),
                None => {
                    note_latest(news, &reading, decoded.battery_pct);
                    self.readings.push(reading);
                }
            }
        }
        Ok(())
    }

    fn note_unknown(&mut self, uplink: &Uplink, dev_eui: DevEui) {
        let at = uplink.received_at;
        let unknown = self.unknown.entry((uplink.organisation, dev_eui)).or_insert_with(|| UnknownTracker {
            dev_eui,
            integration: uplink.integration.clone(),
            first_heard_at: at,
            last_heard_at: at,
        });
        unknown.first_heard_at = unknown.first_heard_at.min(at);
        unknown.last_heard_at = unknown.last_heard_at.max(at);
    }
}

fn silent_news(tracker: &Tracker, heard_at: DateTime<Utc>) -> TrackerNews {
    TrackerNews {
        tracker: tracker.id,
        organisation: tracker.organisation,
        heard_at,
        measured_at: None,
        temperature: None,
        humidity: None,
        battery_pct: None,
        sequence: None,
    }
}

/// The latest state is that of the greatest measured_at; of two values at one instant the warmer.
fn note_latest(news: &mut TrackerNews, reading: &TrackerReading, battery_pct: Option<u8>) {
    let (at, temperature) = (reading.reading.measured_at, reading.reading.temperature);
    if (news.measured_at, news.temperature) <= (Some(at), Some(temperature)) {
        news.measured_at = Some(at);
        news.temperature = Some(temperature);
        news.humidity = reading.reading.humidity;
        news.battery_pct = battery_pct.map(i32::from);
        news.sequence = reading.sequence;
    }
}

fn implausible(reading: &TrackerReading) -> Option<&'static str> {
    let age = reading.received_at - reading.reading.measured_at;
    if age < -MOST_AHEAD {
        return Some("measured more than 10 minutes after it was received");
    }
    (age > OLDEST).then_some("measured more than 400 days before it was received")
}

fn set_aside(reading: TrackerReading, reason: &str) -> SetAside {
    SetAside {
        organisation: reading.organisation,
        tracker: reading.tracker,
        measured_at: Some(reading.reading.measured_at),
        received_at: reading.received_at,
        sequence: reading.sequence,
        temperature: reading.reading.temperature,
        humidity: reading.reading.humidity,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
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
}
