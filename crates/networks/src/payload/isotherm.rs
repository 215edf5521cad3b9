//! Our own tracker's payloads, by the frames of `wire`.

use chrono::{DateTime, Utc};
use domain::downlink::Entries;
use domain::place::{FIX_ACCURACY_M, Point, Position, PositionSource};
use domain::tracker_log::{Noted, TrackerEvent};
use domain::tracker_report::{RestartCause, Setup, Status, TrackerMode};
use domain::{Humidity, Reading, Temperature};
use wire::{Entry, EventKind, Firmware, LogFrame, Mode, ResetCause, Stamp, Uplink, What};

use super::{AskedClock, DecodedReading, Happened, Payload, PayloadError, UntimedReading};

/// Stands for more in the wire's accuracy of a position.
const MORE: u8 = 254;

pub fn read(port: u8, payload: &[u8]) -> Result<Payload, PayloadError> {
    Ok(read_uplink(&Uplink::decode(port, payload)?))
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
