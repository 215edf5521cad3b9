//! One line of the queue between ingester and tracking service: an event, or what the ingester has to report.
//!
//! The ingester writes lines, the tracking service reads them, perhaps days later and in another release: a line
//! says its version, a reader refuses a version that it does not know (the line is then kept as poison), and
//! fields are only ever added with a default. The queue in between does not look inside.
//!
//! It must not hold: anything from the request's headers, among which senders put secrets.

use chrono::{DateTime, Utc};
pub use domain::ids::OrganisationId;
pub use domain::refusal::RefusalReason;
use serde::{Deserialize, Serialize};

use crate::event::Event;

/// The version of lines that this release writes.
pub const VERSION: u32 = 1;

/// Bytes of an uplink's line with one or two receptions.
const USUAL_LINE: usize = 512;

/// What travels.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// When it arrived at our ingester, by our clock. Not when anything was measured.
    pub arrived_at: DateTime<Utc>,
    pub body: Body,
}

/// Whose webhook it came by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    #[serde(rename = "o")]
    pub organisation: OrganisationId,
    /// The integration's id, as in its URL.
    #[serde(rename = "i")]
    pub integration: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// One event of a webhook that was read.
    Event {
        #[serde(rename = "s")]
        source: Source,
        #[serde(rename = "e")]
        event: Event,
    },
    /// A body from a known sender that can never be read, kept for inspection.
    Unreadable {
        #[serde(rename = "s")]
        source: Source,
        reason: String,
        #[serde(rename = "b", with = "base64_bytes")]
        body: Vec<u8>,
    },
    /// Webhooks that were turned away since the last such message: the network will not send them again.
    Refused {
        /// None where no known integration was named.
        #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        reason: String,
        count: u64,
    },
    /// The network asks whether it may post here, perhaps before it has a credential: anybody may have written this. A person
    /// says yes by opening the address, which is one of the network's own.
    Confirm {
        #[serde(rename = "s")]
        source: Source,
        url: String,
    },
    /// The ingester's disk is filling; soon it must answer 503.
    SpoolAlarm { reason: String, spooled_bytes: u64, free_bytes: u64 },
}

/// Why a line is not a message. The line stays as it is and goes to the dead letters.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("the message has version {found}, and this release reads only version {VERSION}")]
    UnknownVersion { found: u32 },
    #[error("not a message: {0}")]
    Malformed(#[source] serde_json::Error),
}

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    t: DateTime<Utc>,
    b: &'a Body,
}

#[derive(Deserialize)]
struct Read {
    v: u32,
    t: DateTime<Utc>,
    b: Body,
}

#[derive(Deserialize)]
struct OnlyVersion {
    v: u32,
}

impl Message {
    /// The line, UTF-8 JSON without a newline in it.
    ///
    /// The error is the serialiser's and does not happen with the fields above; it is passed on so that a later
    /// field cannot turn into a lost message.
    pub fn to_line(&self) -> Result<Vec<u8>, MessageError> {
        let written = Written { v: VERSION, t: self.arrived_at, b: &self.body };
        let mut line = Vec::with_capacity(USUAL_LINE);
        serde_json::to_writer(&mut line, &written).map_err(MessageError::Malformed)?;
        Ok(line)
    }

    /// Reads a line that any release wrote with a version known here.
    pub fn from_line(line: &[u8]) -> Result<Self, MessageError> {
        match serde_json::from_slice::<Read>(line) {
            Ok(Read { v: VERSION, t, b }) => Ok(Self { arrived_at: t, body: b }),
            Ok(Read { v: found, .. }) => Err(MessageError::UnknownVersion { found }),
            Err(error) => Err(reason_of(line, error)),
        }
    }
}

/// A line of another version rarely has this one's fields: then the version is the better reason.
fn reason_of(line: &[u8], error: serde_json::Error) -> MessageError {
    match serde_json::from_slice::<OnlyVersion>(line) {
        Ok(OnlyVersion { v: found }) if found != VERSION => MessageError::UnknownVersion { found },
        _ => MessageError::Malformed(error),
    }
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
