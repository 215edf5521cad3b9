//! A tracker's payload to readings, by that tracker's codec. Pure; nothing is guessed.
//!
//! Runs in the tracking service, which knows the device and so its codec; the ingester does not. A payload that
//! the codec does not understand is an error with its reason, and the uplink stays visible with its bytes.

mod abeeway;
mod bytes;
mod decimal;
mod digital_matter;
mod dragino;
mod elsys;
mod isotherm;
mod mapped;
mod measured;
mod milesight;
mod sensative;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::place::Position;
use domain::tracker_log::Noted;
use domain::tracker_report::{Sensed, Setup, Status};
use domain::{Humidity, Reading, Temperature};
use milesight::History;
use serde::{Deserialize, Serialize};

pub use self::mapped::{MappedPayload, MappingProblem, read_mapped};

/// How a tracker writes its payloads. Where the others' formats come from stands in docs/trackers-of-others.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Codec {
    /// Our own tracker, by the frames of `wire`.
    Isotherm,
    /// Any other, by what its network server's own decoder makes of the payload: [`read_mapped`].
    Mapped,
    DraginoLht65n,
    DraginoLht65nProbe,
    DraginoLht52,
    DraginoLht52Probe,
    MilesightEm300Th,
    MilesightEm320Th,
    ElsysErs,
    ElsysErsProbe,
    DigitalMatterOyster,
    AbeewayCompact,
    SensativeStrips,
}

/// Which of a tracker's thermometers gives the readings, where it has one in its case and a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thermometer {
    Case,
    Probe,
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
    /// What trackers that others made tell beside readings, oldest first.
    pub sensed: Vec<Sensed>,
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
    #[error("unknown payload: `{codec}` knows no message on port {port}")]
    Port { codec: Codec, port: u8 },
    #[error("unknown payload: the {length} bytes end inside {within}, which begins at byte {at}")]
    Ends { within: &'static str, at: usize, length: usize },
    #[error("unknown payload: at byte {at} stands 0x{found:x}, which is no {what} that is known")]
    Unknown { what: &'static str, at: usize, found: u32 },
    #[error("this tracker is read by what the network server's decoder makes of its payload")]
    Undecoded,
    #[error("the tracker tells no time, and the network did not say when it received this")]
    NoTime,
}

impl Codec {
    pub const ALL: [Self; 13] = [
        Self::Isotherm,
        Self::DraginoLht65n,
        Self::DraginoLht65nProbe,
        Self::DraginoLht52,
        Self::DraginoLht52Probe,
        Self::MilesightEm300Th,
        Self::MilesightEm320Th,
        Self::ElsysErs,
        Self::ElsysErsProbe,
        Self::DigitalMatterOyster,
        Self::AbeewayCompact,
        Self::SensativeStrips,
        Self::Mapped,
    ];

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Isotherm => "isotherm",
            Self::Mapped => "mapped",
            Self::DraginoLht65n => "dragino-lht65n",
            Self::DraginoLht65nProbe => "dragino-lht65n-probe",
            Self::DraginoLht52 => "dragino-lht52",
            Self::DraginoLht52Probe => "dragino-lht52-probe",
            Self::MilesightEm300Th => "milesight-em300-th",
            Self::MilesightEm320Th => "milesight-em320-th",
            Self::ElsysErs => "elsys-ers",
            Self::ElsysErsProbe => "elsys-ers-probe",
            Self::DigitalMatterOyster => "digital-matter-oyster",
            Self::AbeewayCompact => "abeeway-compact",
            Self::SensativeStrips => "sensative-strips",
        }
    }

    /// Of trackers that keep a log which is asked for by time. The LHT52 keeps one, too, and nobody says how it answers.
    pub const WITH_LOG: [Self; 2] = [Self::DraginoLht65n, Self::DraginoLht65nProbe];

    /// Whether it reads temperatures; of a tracker that measures none, whatever is heard is its report.
    pub const fn measures(self) -> bool {
        !matches!(self, Self::DigitalMatterOyster)
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

/// An uplink to be read by a codec of somebody else's tracker.
#[derive(Debug, Clone, Copy)]
struct Given<'a> {
    codec: Codec,
    port: u8,
    bytes: &'a [u8],
    /// By the network.
    received_at: Option<DateTime<Utc>>,
}

impl Given<'_> {
    /// The time of what has none of its own.
    fn received_at(&self) -> Result<DateTime<Utc>, PayloadError> {
        self.received_at.ok_or(PayloadError::NoTime)
    }

    const fn unknown_port(&self) -> PayloadError {
        PayloadError::Port { codec: self.codec, port: self.port }
    }
}

/// Reads the payload of one uplink.
///
/// `received_at` is the network's receive time: the time of what trackers tell without one. Our own
/// tracker always says its time, or that it does not know it. An uplink of MAC commands only (no payload, no
/// port or port 0) has no readings and is no error.
pub fn decode(
    codec: Codec,
    f_port: Option<u8>,
    payload: &[u8],
    received_at: Option<DateTime<Utc>>,
) -> Result<Payload, PayloadError> {
    let port = match f_port {
        None | Some(0) if payload.is_empty() => return Ok(Payload::default()),
        None => return Err(PayloadError::NoPort(payload.len())),
        Some(port) => port,
    };
    let given = Given { codec, port, bytes: payload, received_at };
    match codec {
        Codec::Isotherm => isotherm::read(port, payload),
        Codec::Mapped => Err(PayloadError::Undecoded),
        Codec::DraginoLht65n => dragino::read_lht65n(&given, Thermometer::Case),
        Codec::DraginoLht65nProbe => dragino::read_lht65n(&given, Thermometer::Probe),
        Codec::DraginoLht52 => dragino::read_lht52(&given, Thermometer::Case),
        Codec::DraginoLht52Probe => dragino::read_lht52(&given, Thermometer::Probe),
        Codec::MilesightEm300Th => milesight::read(&given, History::WithReserve),
        Codec::MilesightEm320Th => milesight::read(&given, History::Bare),
        Codec::ElsysErs => elsys::read(&given, Thermometer::Case),
        Codec::ElsysErsProbe => elsys::read(&given, Thermometer::Probe),
        Codec::DigitalMatterOyster => digital_matter::read_oyster(&given),
        Codec::AbeewayCompact => abeeway::read(&given),
        Codec::SensativeStrips => sensative::read(&given),
    }
}
