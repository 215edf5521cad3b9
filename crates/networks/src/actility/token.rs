//! How ThingPark signs what it posts: the `Token` in the query, which is the SHA-256 of some values of the body, the rest of
//! the query and the AS key that both sides know (Actility, LRC-AS Tunnel Interface).
//!
//! Nothing stands between the values, so that a digit may be moved from one to its neighbour, and most of the body is not signed
//! at all. So what the query says of the device and its port is held against the body, and whoever checks a token remembers
//! which body it proved.

use chrono::{DateTime, Utc};
use domain::sender::SharedKey;
use percent_encoding::percent_decode_str;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{Body, as_json};
use crate::ParseError;
use crate::fields::{Object, Text, read_object};

/// What the query of a signed webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedQuery {
    /// The `Token`.
    pub token: [u8; 32],
    /// When it was made, by the sender's clock.
    pub at: Option<DateTime<Utc>>,
    /// The query without it, as it was before anybody escaped a character of it.
    rest: String,
}

impl SignedQuery {
    /// Reads a query as it stands in the address. None where it has no `Token`, or one that is no SHA-256 in hex.
    pub fn read(query: &str) -> Option<Self> {
        let mut token = [0; 32];
        hex::decode_to_slice(query.split('&').find_map(|pair| pair.strip_prefix("Token="))?, &mut token)
            .ok()?;
        let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("Token=")).collect();
        // A `+` is not a space here: it stands before the offset of `Time`.
        let rest = percent_decode_str(&rest.join("&")).decode_utf8().ok()?.into_owned();
        let time = rest.split('&').find_map(|pair| pair.strip_prefix("Time="));
        let at = time.and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        Some(Self { token, at: at.map(|at| at.to_utc()), rest })
    }

    /// The token that it should have, with a body of which [`signed_values`] are these.
    pub fn expected(&self, values: &SignedValues, key: &SharedKey) -> [u8; 32] {
        let key = key.reveal().to_ascii_lowercase();
        let signed = Sha256::new().chain_update(&values.joined).chain_update(&self.rest);
        signed.chain_update(key).finalize().into()
    }

    /// Whether it is about the device and the port that the body is about.
    pub fn is_about(&self, values: &SignedValues) -> Result<(), OtherBody> {
        let said = |name: &str| self.rest.split('&').find_map(|pair| pair.strip_prefix(name));
        let device = said("LrnDevEui=").unwrap_or_default();
        if device.is_empty() || !device.eq_ignore_ascii_case(&values.dev_eui) {
            return Err(OtherBody::Device);
        }
        let port = said("LrnFPort=").filter(|port| !port.is_empty()).unwrap_or(NO_PORT);
        match &values.f_port {
            Some(signed) if signed != port => Err(OtherBody::Port),
            _ => Ok(()),
        }
    }
}

/// What a query says that its body does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtherBody {
    #[error("`LrnDevEui` in the query is not the body's `DevEUI`")]
    Device,
    #[error("`LrnFPort` in the query is not the body's `FPort`")]
    Port,
}

/// What a body says that its token is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedValues {
    /// One after the other.
    joined: String,
    dev_eui: String,
    /// None where this kind is signed without it.
    f_port: Option<String>,
}

/// The port of a frame without one.
const NO_PORT: &str = "0";

/// A text, or the digits of a whole number. Anything else would be signed as something else than it is read as.
#[derive(Default)]
struct Signed<'a>(Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Signed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = <&'de RawValue>::deserialize(deserializer)?.get();
        let text: Text<'de> = serde_json::from_str(value).map_err(D::Error::custom)?;
        if text.known().is_none() && !matches!(value, "null" | "\"\"") {
            return Err(D::Error::custom("what is signed is a text or a whole number"));
        }
        Ok(Self(text))
    }
}

/// As they are written: the payload's letters may be capital, and a number may be a text.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Values<'a> {
    #[serde(borrow, rename = "CustomerID")]
    customer: Signed<'a>,
    #[serde(borrow, rename = "DevEUI")]
    dev_eui: Signed<'a>,
    #[serde(borrow, rename = "FPort")]
    f_port: Signed<'a>,
    #[serde(borrow, rename = "FCntUp")]
    f_cnt_up: Signed<'a>,
    #[serde(borrow, rename = "FCntDn")]
    f_cnt_down: Signed<'a>,
    #[serde(borrow)]
    payload_hex: Signed<'a>,
}

/// The values of a body that its token is made of; None where it is of no kind that is signed.
pub fn signed_values(body: &[u8]) -> Result<Option<SignedValues>, ParseError> {
    as_json(body, |json| read_object(json).map(|body| values(&body)))
}

fn values(body: &Body<Values<'_>>) -> Option<SignedValues> {
    match body {
        Body { uplink: Some(Object(of)), .. } => {
            Some(of.with_port(&[of.f_cnt_up.known(), of.payload_hex.known()]))
        }
        Body { downlink_sent: Some(Object(of)), .. } => Some(of.with_port(&[of.f_cnt_down.known()])),
        // Here alone it signs another spelling than it sends.
        Body { location: Some(Object(of)), .. } => {
            Some(of.without_port(&of.dev_eui.known().to_ascii_lowercase()))
        }
        Body { notification: Some(Object(of)), .. } => Some(of.without_port(of.dev_eui.known())),
        Body { .. } => None,
    }
}

impl Values<'_> {
    fn with_port(&self, rest: &[&str]) -> SignedValues {
        let port = self.f_port.0.known().unwrap_or(NO_PORT);
        let device = self.without_port(self.dev_eui.known());
        let joined = [&[device.joined.as_str(), port], rest].concat().concat();
        SignedValues { joined, f_port: Some(port.to_owned()), ..device }
    }

    fn without_port(&self, dev_eui: &str) -> SignedValues {
        let joined = [self.customer.known(), dev_eui].concat();
        SignedValues { joined, dev_eui: dev_eui.to_owned(), f_port: None }
    }
}

impl Signed<'_> {
    fn known(&self) -> &str {
        self.0.known().unwrap_or_default()
    }
}
