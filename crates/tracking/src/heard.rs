//! What a batch's uplinks say: readings by each tracker's codec, who was heard and through which gateways, and who is
//! not known.

use std::cmp::Ordering;
use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use domain::mapping::Mapping;
use domain::place::Position;
use domain::silence::numbers::{Run, add_to_runs};
use domain::silence::outage::HeardBy;
use domain::tracker_report::{Sensed, Status};
use domain::{DevEui, OrganisationId, TrackerId};
use networks::payload::{self, Codec, Happened, MappedPayload, Payload, UntimedReading, read_mapped};
use store::{
    KnownGateway, LogEntry, SetAside, Tracker, TrackerNews, TrackerPosition, TrackerReading, TrackerSense,
    UnknownTracker, Uplink,
};

use crate::arrived::{FARTHEST_BACK, MOST_AHEAD, Report};
use crate::links::{Gateways, Link, Nearest};
use crate::said::Said;

const NOT_DECODED: &str = "the network server sent no decoded object of at most 8 KiB, by which this tracker is read: its \
     decoder must know the tracker";

/// Also where the codec names a probe and there is none: read by another one, the same bytes may hold a temperature.
const NOT_MEASURED: &str = "its thermometer, the one that its codec names, does not measure";

/// What a batch's uplinks say of the trackers that are registered, and who else was heard.
#[derive(Default)]
pub struct Heard {
    pub readings: Vec<TrackerReading>,
    pub set_aside: Vec<SetAside>,
    pub positions: Vec<TrackerPosition>,
    /// What their logs hold beside readings.
    pub log: Vec<LogEntry>,
    /// What others' trackers tell beside readings.
    pub senses: Vec<TrackerSense>,
    /// What they say of themselves.
    pub said: Said,
    near: Vec<Near>,
    pub news: HashMap<TrackerId, (TrackerNews, Link)>,
    /// Those that heard any device, registered or not.
    pub gateways: Gateways,
    pub unknown: HashMap<(OrganisationId, DevEui), UnknownTracker>,
    pub reports: Vec<Report>,
}

/// A tracker that was heard by a gateway that says where it is.
struct Near {
    organisation: OrganisationId,
    tracker: TrackerId,
    at: DateTime<Utc>,
    gateway: Nearest,
}

/// Decodes the uplinks of registered trackers. An uplink that gives no readings keeps the reason.
pub fn decode_uplinks(
    uplinks: &mut [Uplink],
    trackers: &HashMap<(OrganisationId, DevEui), Tracker>,
) -> Heard {
    let mut heard = Heard::default();
    for uplink in uplinks {
        let (gateways, nearest) = heard.gateways.note(uplink);
        let Some(dev_eui) = uplink.dev_eui else {
            uplink.problem = Some("the network server did not say which device".to_owned());
            heard.note_nameless(uplink);
            continue;
        };
        match trackers.get(&(uplink.organisation, dev_eui)) {
            Some(tracker) => {
                heard.near.extend(nearest.map(|gateway| Near {
                    organisation: tracker.organisation,
                    tracker: tracker.id,
                    at: uplink.received_at,
                    gateway,
                }));
                let before = heard.readings.len();
                uplink.problem = heard.decode(uplink, tracker, gateways).err();
                uplink.gave_readings = heard.readings.len() > before;
                // Kept where somebody reads it, or may when this was mended.
                uplink.decoded.take_if(|_| tracker.mapping.is_none() && uplink.problem.is_none());
            }
            None => {
                uplink.problem = Some("the tracker is not registered".to_owned());
                heard.note_unknown(uplink, dev_eui);
            }
        }
    }
    heard
}

impl Heard {
    /// Takes in where the trackers were that gateways heard, which are `known` by their places.
    pub fn locate(&mut self, known: &[KnownGateway]) {
        let position = |Near { organisation, tracker, at, gateway }: Near| {
            let vehicle = gateway.place.and_then(|place| known.get(place)?.vehicle_accuracy_m);
            let position = Position::near_gateway(at, gateway.point, vehicle, gateway.rssi_dbm);
            TrackerPosition { organisation, tracker, position }
        };
        self.positions.extend(self.near.drain(..).map(position));
    }

    fn decode(&mut self, uplink: &Uplink, tracker: &Tracker, gateways: Vec<usize>) -> Result<(), String> {
        let heard_by = HeardBy::new(uplink.received_at, gateways);
        let (news, link) = self.news.entry(tracker.id).or_insert_with(|| {
            let (heard_by, runs) = (heard_by.clone(), Vec::new());
            (silent_news(tracker, uplink.received_at), Link { heard_by, runs, oldest: None })
        });
        news.heard_at = news.heard_at.max(uplink.received_at);
        link.heard_by.join(&heard_by);
        let (decoded, problem) = read_payload(uplink, tracker)?;
        let failed = decoded.readings.is_empty()
            && decoded.sensed.iter().any(|sensed| sensed.sensor_failed == Some(true));
        let problem = problem.or_else(|| failed.then(|| NOT_MEASURED.to_owned()));
        note_numbers(&mut link.runs, &decoded, uplink.received_at);
        link.oldest = link.oldest.max(decoded.status.as_ref().and_then(Status::oldest));
        self.said.note(&decoded, tracker, uplink.received_at);
        self.log.extend(decoded.happened.iter().map(|happened| log_entry(happened, tracker, uplink)));
        self.senses.extend(decoded.sensed.iter().filter_map(|sensed| sense(sensed, tracker, uplink)));
        self.set_aside.extend(decoded.untimed.iter().map(|untimed| without_time(untimed, tracker, uplink)));
        if measures_nothing(tracker) {
            news.reported_at = news.reported_at.max(Some(uplink.received_at));
        }
        let mut implausibly = None;
        for decoded_reading in decoded.readings {
            let reading = TrackerReading {
                organisation: tracker.organisation,
                tracker: tracker.id,
                sequence: decoded_reading.sequence.and_then(|sequence| i32::try_from(sequence).ok()),
                received_at: uplink.received_at,
                reading: decoded_reading.reading,
            };
            match implausible(reading.reading.measured_at, uplink.received_at) {
                Some(reason) => {
                    implausibly = Some(reason);
                    self.set_aside.push(set_aside(reading, reason));
                }
                None => {
                    note_latest(news, &reading);
                    self.readings.push(reading);
                }
            }
        }
        decoded.position.map_or(Ok(()), |position| self.note_fix(position, tracker, uplink))?;
        // What the mapping may be the reason for is read anew with another one.
        let implausibly = implausibly.filter(|_| tracker.mapping.is_some());
        let problem = problem.or_else(|| implausibly.map(|reason| format!("the reading was {reason}")));
        problem.map_or(Ok(()), Err)
    }

    fn note_fix(&mut self, position: Position, tracker: &Tracker, uplink: &Uplink) -> Result<(), String> {
        if let Some(reason) = implausible(position.at, uplink.received_at) {
            return Err(format!("the position was {reason}"));
        }
        let organisation = tracker.organisation;
        self.positions.push(TrackerPosition { organisation, tracker: tracker.id, position });
        Ok(())
    }

    fn note_nameless(&mut self, uplink: &Uplink) {
        self.reports.push(Report::Nameless {
            organisation: uplink.organisation,
            integration: uplink.integration.clone(),
            at: uplink.received_at,
        });
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

/// What an uplink says by its tracker's codec, and what of it could not be read.
fn read_payload(uplink: &Uplink, tracker: &Tracker) -> Result<(Payload, Option<String>), String> {
    let codec: Codec = tracker.codec.parse().map_err(|error| format!("{error}"))?;
    // What has no time of its own gets this one, and readings have whole seconds.
    let received_at = uplink.received_at.trunc_subsecs(0);
    if let Some(mapping) = &tracker.mapping {
        return read_decoded(uplink, mapping, received_at);
    }
    let port = u8::try_from(uplink.f_port).ok();
    let Some(payload) = &uplink.payload else {
        return Err(
            "the network server sent no payload, but an encrypted one or only what it made of it".to_owned()
        );
    };
    let decoded = payload::decode(codec, port, payload, Some(received_at));
    decoded.map(|decoded| (decoded, None)).map_err(|error| error.to_string())
}

fn read_decoded(
    uplink: &Uplink,
    mapping: &Mapping,
    received_at: DateTime<Utc>,
) -> Result<(Payload, Option<String>), String> {
    let Some(decoded) = &uplink.decoded else {
        // MAC commands only.
        let is_empty = uplink.f_port == 0 && uplink.payload.as_ref().is_some_and(Vec::is_empty);
        return is_empty.then(Default::default).ok_or_else(|| NOT_DECODED.to_owned());
    };
    let MappedPayload { payload, problems } = read_mapped(mapping, decoded, received_at);
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Ok((payload, Some(problems.join("; ")).filter(|problems| !problems.is_empty())))
}

fn log_entry(happened: &Happened, tracker: &Tracker, uplink: &Uplink) -> LogEntry {
    LogEntry {
        organisation: tracker.organisation,
        tracker: tracker.id,
        number: happened.sequence,
        at: happened.at.filter(|at| implausible(*at, uplink.received_at).is_none()),
        received_at: uplink.received_at,
        noted: happened.what,
    }
}

/// `None`: of a time that is not believed.
fn sense(sensed: &Sensed, tracker: &Tracker, uplink: &Uplink) -> Option<TrackerSense> {
    let (organisation, received_at) = (tracker.organisation, uplink.received_at);
    let sense = TrackerSense { organisation, tracker: tracker.id, received_at, sensed: *sensed };
    implausible(sensed.at, received_at).is_none().then_some(sense)
}

fn silent_news(tracker: &Tracker, heard_at: DateTime<Utc>) -> TrackerNews {
    TrackerNews {
        tracker: tracker.id,
        organisation: tracker.organisation,
        heard_at,
        reported_at: None,
        measured_at: None,
        temperature: None,
        humidity: None,
        sequence: None,
        gateways: Vec::new(),
        run: None,
    }
}

fn measures_nothing(tracker: &Tracker) -> bool {
    tracker.codec.parse().is_ok_and(|codec: Codec| !codec.measures())
}

/// The latest state is that of the greatest measured_at; of two values at one instant the warmer, and so on, as the
/// store has it: a total order, so that it does not matter what came first. What is later than all before is a report.
fn note_latest(news: &mut TrackerNews, reading: &TrackerReading) {
    let TrackerReading { sequence, reading, received_at, .. } = *reading;
    // Of copies the first one is.
    match news.measured_at.cmp(&Some(reading.measured_at)) {
        Ordering::Less => news.reported_at = Some(received_at),
        Ordering::Equal => news.reported_at = news.reported_at.min(Some(received_at)),
        Ordering::Greater => {}
    }
    let known = (news.measured_at, news.temperature, news.humidity, news.sequence);
    let other = (Some(reading.measured_at), Some(reading.temperature), reading.humidity, sequence);
    if known < other {
        (news.measured_at, news.temperature, news.humidity, news.sequence) = other;
    }
}

/// What has come, has come: also what is set aside. But a time that is not believed is none.
fn note_numbers(runs: &mut Vec<Run>, decoded: &Payload, received_at: DateTime<Utc>) {
    let untimed = decoded.untimed.iter().filter_map(|reading| Some((reading.sequence?, None)));
    let timed = decoded.readings.iter().filter_map(|decoded| {
        let measured_at = decoded.reading.measured_at;
        let believed = implausible(measured_at, received_at).is_none();
        Some((decoded.sequence?, believed.then_some(measured_at)))
    });
    let happened = decoded.happened.iter().map(|happened| {
        let believed = happened.at.filter(|at| implausible(*at, received_at).is_none());
        (happened.sequence, believed)
    });
    // As they stood in the frame: what happened lies between the readings.
    let mut numbered: Vec<_> = untimed.chain(timed).chain(happened).collect();
    numbered.sort_by_key(|(number, _)| *number);
    add_to_runs(runs, numbered);
}

fn implausible(measured_at: DateTime<Utc>, received_at: DateTime<Utc>) -> Option<&'static str> {
    let age = received_at - measured_at;
    if age < -MOST_AHEAD {
        return Some("measured more than 10 minutes after it was received");
    }
    (age > FARTHEST_BACK).then_some("measured more than 400 days before it was received")
}

fn without_time(untimed: &UntimedReading, tracker: &Tracker, uplink: &Uplink) -> SetAside {
    SetAside {
        organisation: tracker.organisation,
        tracker: tracker.id,
        measured_at: None,
        received_at: uplink.received_at,
        sequence: untimed.sequence.and_then(|sequence| i32::try_from(sequence).ok()),
        temperature: untimed.temperature,
        humidity: untimed.humidity,
        reason: "the tracker did not know the time".to_owned(),
    }
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
mod tests;
