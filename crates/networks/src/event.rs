//! One thing that a network server reports about a device, in one shape for all of them.
//!
//! An event travels on the queue, so it serialises short: one-letter keys, and what is unknown is left out.
//! A field that is added later must have a default, because lines written before it are still waiting.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::DevEui;
use serde::{Deserialize, Serialize};

use crate::downlink::Report;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// The device sent something.
    Uplink,
    /// The device joined and has a new DevAddr.
    Join,
    /// The device acknowledged a downlink, or the network gave up waiting for that.
    Ack,
    /// The device answered with its battery and link margin, or the network says whether it can be reached.
    Status,
    /// The network worked out where the device is.
    Location,
    /// A downlink was queued, sent or dropped from the queue.
    Downlink,
    /// The network reports that something went wrong.
    Error,
    /// Well-formed, and none of these.
    #[default]
    #[serde(other)]
    Other,
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Uplink => "uplink",
            Self::Join => "join",
            Self::Ack => "ack",
            Self::Status => "status",
            Self::Location => "location",
            Self::Downlink => "downlink",
            Self::Error => "error",
            Self::Other => "other",
        })
    }
}

/// An event with what is known of it. `None` is unknown; a sender's default is already filled in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Event {
    #[serde(rename = "k")]
    pub kind: EventKind,
    /// None also where the sender's text is no EUI.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub dev_eui: Option<DevEui>,
    /// The sender's id of the application that the device belongs to.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// 8 lower-case hex digits. It changes with every join, so with the counter it tells two uplinks apart.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub dev_addr: Option<String>,
    /// The frame counter, 32 bits wide whatever the device counts in.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub f_cnt: Option<u32>,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub f_port: Option<u8>,
    /// The application payload, decrypted.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none", with = "hex_option")]
    pub payload: Option<Vec<u8>>,
    /// What the network server's own decoder made of the payload: the JSON text of an object that is not empty, of at
    /// most 8 KiB.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub decoded: Option<String>,
    /// When the network received it, by the network's clock.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<DateTime<Utc>>,
    /// Whether the device (or for a downlink the sender) asked for an acknowledgement.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// The gateways that heard it.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<Gateway>,
    /// The network's own name of the device, where downlinks need it beside the DevEUI and the application.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What became of a downlink: rare, so that it does not make every event larger.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub downlink: Option<Box<Report>>,
    /// Where the network believes the device to be; only with [`EventKind::Location`].
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// How good the network says that is, in metres.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub accuracy_m: Option<f64>,
}

/// One reception by one gateway.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Gateway {
    /// An EUI in lower case, or the name that the sender has for it.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// dBm.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub rssi: Option<f64>,
    /// dB.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none", serialize_with = "number")]
    pub snr: Option<f64>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// A place in degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// −90 to 90.
    pub lat: f64,
    /// −180 to 180.
    pub lon: f64,
}

/// Whole numbers without a decimal point, as every sender writes them.
pub(crate) fn number<S: serde::Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e9 => serializer.serialize_i64(*value as i64),
        Some(value) => serializer.serialize_f64(*value),
        None => serializer.serialize_none(),
    }
}

mod hex_option {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&hex::encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| hex::decode(text).map_err(de::Error::custom)).transpose()
    }
}
