//! A tracker's payload to readings, by that tracker's codec. Pure; nothing is guessed.
//!
//! Runs in the tracking service, which knows the device and so its codec; the ingester does not. A payload that
//! the codec does not understand is an error with its reason, and the uplink stays visible with its bytes.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::downlink::Entries;
use domain::place::{FIX_ACCURACY_M, Point, Position, PositionSource};
use domain::tracker_log::{Noted, TrackerEvent};
use domain::tracker_report::{RestartCause, Setup, Status, TrackerMode};
use domain::{Humidity, Reading, Temperature};
use serde::{Deserialize, Serialize};
use wire::{Entry, EventKind, Firmware, LogFrame, Mode, ResetCause, Stamp, Uplink, What};

/// Stands for more in the wire's accuracy of a position.
const MORE: u8 = 254;

/// How a tracker writes its payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// Our own tracker, by the frames of `wire`.
    Isotherm,
}

/// A name that is none of [`Codec::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known codec; known are {known}", known = Codec::names())]
pub struct UnknownCodec(String);

/// What a payload says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    /// Oldest first.
    pub readings: Vec<DecodedReading>,
    /// Readings of a tracker that did not know the time yet, oldest first: to be shown, never to be given a time.
    pub untimed: Vec<UntimedReading>,
    /// What else the tracker's log holds under numbers of its own, oldest first.
    pub happened: Vec<Happened>,
    /// How the tracker is.
    pub status: Option<Status>,
    /// What is in force with it.
    pub setup: Option<Setup>,
    /// Where its own receiver found it to be.
    pub position: Option<Position>,
    /// The tracker asks how far its clock is off.
    pub clock: Option<AskedClock>,
}

/// What a tracker's clock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedClock {
    /// Since 2024-01-01T00:00:00Z, or since its start where it was never set.
    pub seconds: u32,
    /// How often it was set, modulo 256.
    pub setting: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodedReading {
    pub reading: Reading,
    /// The tracker's own number of the reading, where it has one.
    pub sequence: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntimedReading {
    pub sequence: Option<u32>,
    /// Since the tracker's last start, by its own count.
    pub minutes_since_start: u32,
    pub temperature: Temperature,
    pub humidity: Option<Humidity>,
}

/// An entry of a tracker's log that is no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    pub sequence: u32,
    /// `None`: the tracker did not know the time.
    pub at: Option<DateTime<Utc>>,
    pub what: Noted,
}

/// Why a payload gives no readings. The payload is kept, and shown with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("unknown payload: there is no port to tell what the {0} bytes are")]
    NoPort(usize),
    #[error("unknown payload: {0}")]
    Wire(#[from] wire::DecodeError),
}

impl Codec {
    pub const ALL: [Self; 1] = [Self::Isotherm];

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Isotherm => "isotherm",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Self, UnknownCodec> {
        let known = Self::ALL.into_iter().find(|codec| codec.name() == name);
        known.ok_or_else(|| UnknownCodec(name.chars().take(60).collect()))
    }
}

/// Reads the payload of one uplink.
///
/// `received_at` is the network's receive time: the time of a reading from trackers that send none. Our own
/// tracker always says its time, or that it does not know it. An uplink of MAC commands only (no payload, no
/// port or port 0) has no readings and is no error.
pub fn decode(
    codec: Codec,
    f_port: Option<u8>,
    payload: &[u8],
    _received_at: Option<DateTime<Utc>>,
) -> Result<Payload, PayloadError> {
    match (codec, f_port) {
        (_, None | Some(0)) if payload.is_empty() => Ok(Payload::default()),
        (_, None) => Err(PayloadError::NoPort(payload.len())),
        (Codec::Isotherm, Some(port)) => Ok(read_uplink(&Uplink::decode(port, payload)?)),
    }
}

fn read_uplink(uplink: &Uplink<'_>) -> Payload {
    match uplink {
        Uplink::Log(frame) => read_log(frame),
        Uplink::Status(status) => Payload { status: Some(read_status(status)), ..Payload::default() },
        Uplink::Setup(setup) => Payload { setup: Some(read_setup(setup)), ..Payload::default() },
        Uplink::Clock(request) => {
            let clock = AskedClock { seconds: request.seconds, setting: request.setting };
            Payload { clock: Some(clock), ..Payload::default() }
        }
        Uplink::Position(fix) => Payload { position: read_position(fix), ..Payload::default() },
    }
}

fn read_status(status: &wire::Status) -> Status {
    let Firmware { major, minor, patch } = status.firmware;
    Status {
        firmware: format!("{major}.{minor}.{patch}"),
        battery_pct: status.battery_pct,
        restarted_by: match status.reset_cause {
            ResetCause::PowerOn => RestartCause::PowerOn,
            ResetCause::BrownOut => RestartCause::BrownOut,
            ResetCause::Watchdog => RestartCause::Watchdog,
            ResetCause::Software => RestartCause::Software,
            ResetCause::Pin => RestartCause::Pin,
            ResetCause::Fault => RestartCause::Fault,
        },
        mode: match status.mode {
            Mode::Shelf => TrackerMode::Shelf,
            Mode::Measuring => TrackerMode::Measuring,
            Mode::Flight => TrackerMode::Flight,
            Mode::Stopped => TrackerMode::Stopped,
        },
        faulty: status.faulty,
        next: status.next,
        held: status.held,
        clock_within_s: status.clock_within_s,
    }
}

fn read_setup(setup: &wire::Setup) -> Setup {
    Setup {
        downlink: setup.command,
        calibration: Some(setup.calibration).filter(|number| *number > 0),
        // 60 at most.
        minutes: u8::try_from(setup.step.minutes()).unwrap_or_default(),
        per_uplink: setup.per_uplink,
        limits_sum: setup.thresholds,
    }
}

/// `None`: it is no point on earth, which a decoded message does not say.
fn read_position(fix: &wire::Position) -> Option<Position> {
    let (latitude, longitude) = fix.microdegrees();
    let stamp = Stamp::Utc(fix.minutes);
    Some(Position {
        at: DateTime::from_timestamp(stamp.unix_seconds()?, 0)?,
        accuracy_m: fix.accuracy_m.filter(|metres| *metres < MORE).map_or(FIX_ACCURACY_M, u32::from),
        point: Point::from_e7(latitude.checked_mul(10)?, longitude.checked_mul(10)?).ok()?,
        source: PositionSource::Tracker,
    })
}

fn read_log(frame: &LogFrame<'_>) -> Payload {
    let mut payload = Payload::default();
    for entry in frame.entries() {
        match (entry.what, entry.stamp) {
            (What::Reading(found), Stamp::Utc(_)) => payload.readings.extend(timed(&entry, &found)),
            (What::Reading(found), Stamp::SinceStart(minutes)) => {
                payload.untimed.push(untimed(entry.sequence, minutes, &found));
            }
            (What::Event(event), _) => {
                payload
                    .happened
                    .push(happened(&entry, Noted::Event { kind: kind(event.kind), value: event.value }));
            }
            (What::Lost { first, count }, _) => {
                let last = first.saturating_add(count.saturating_sub(1));
                payload.happened.push(happened(&entry, Noted::Lost(Entries { first, last })));
            }
        }
    }
    payload.readings.reverse();
    payload.untimed.reverse();
    payload.happened.reverse();
    payload
}

fn happened(entry: &Entry, what: Noted) -> Happened {
    Happened { sequence: entry.sequence, at: at(entry), what }
}

fn kind(kind: EventKind) -> TrackerEvent {
    match kind {
        EventKind::AlarmHigh => TrackerEvent::AlarmHigh,
        EventKind::AlarmLow => TrackerEvent::AlarmLow,
        EventKind::AlarmEnded => TrackerEvent::AlarmEnded,
        EventKind::CaseOpened => TrackerEvent::CaseOpened,
        EventKind::CaseClosed => TrackerEvent::CaseClosed,
        EventKind::Light => TrackerEvent::Light,
        EventKind::Dark => TrackerEvent::Dark,
        EventKind::Shock => TrackerEvent::Shock,
        EventKind::Turned => TrackerEvent::Turned,
        EventKind::Started => TrackerEvent::Started,
        EventKind::Stopped => TrackerEvent::Stopped,
        EventKind::BatteryLow => TrackerEvent::BatteryLow,
        EventKind::Restarted => TrackerEvent::Restarted,
        EventKind::FlightBegan => TrackerEvent::FlightBegan,
        EventKind::FlightEnded => TrackerEvent::FlightEnded,
        EventKind::ClockSet => TrackerEvent::ClockSet,
        EventKind::SensorFailed => TrackerEvent::SensorFailed,
        EventKind::SensorBack => TrackerEvent::SensorBack,
        EventKind::SettingsChanged => TrackerEvent::SettingsChanged,
        EventKind::SelfTest => TrackerEvent::SelfTest,
    }
}

fn at(entry: &Entry) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(entry.stamp.unix_seconds()?, 0)
}

fn timed(entry: &Entry, found: &wire::Reading) -> Option<DecodedReading> {
    let ends = found.ends();
    let out_of_range = found.spread.map(|spread| u32::from(spread.out_of_range) * 60);
    let reading = Reading {
        measured_at: at(entry)?,
        temperature: temperature(found.temperature),
        min: ends.map(|(lowest, _)| temperature(lowest)),
        max: ends.map(|(_, highest)| temperature(highest)),
        out_of_range_s: out_of_range,
        humidity: humidity(found),
    };
    Some(DecodedReading { reading, sequence: Some(entry.sequence) })
}

fn untimed(sequence: u32, minutes_since_start: u32, found: &wire::Reading) -> UntimedReading {
    UntimedReading {
        sequence: Some(sequence),
        minutes_since_start,
        temperature: temperature(found.temperature),
        humidity: humidity(found),
    }
}

fn temperature(hundredths: i16) -> Temperature {
    Temperature(i32::from(hundredths))
}

/// The wire's steps of 0.5 % are 50 hundredths each.
fn humidity(found: &wire::Reading) -> Option<Humidity> {
    found.humidity.map(|steps| Humidity(i32::from(steps) * 50))
}
