//! How ThingPark signs what it posts: the `Token` in the query, which is the SHA-256 of some values of the body, the rest of
//! the query and the AS key that both sides know (Actility, LRC-AS Tunnel Interface).

use chrono::{DateTime, Utc};
use domain::sender::SharedKey;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
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
    pub fn expected(&self, signed_values: &str, key: &SharedKey) -> [u8; 32] {
        let key = key.reveal().to_ascii_lowercase();
        Sha256::new().chain_update(signed_values).chain_update(&self.rest).chain_update(key).finalize().into()
    }
}

/// As they are written: the payload's letters may be capital, and a number may be a text.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Values<'a> {
    #[serde(borrow, rename = "CustomerID")]
    customer: Text<'a>,
    #[serde(borrow, rename = "DevEUI")]
    dev_eui: Text<'a>,
    #[serde(borrow, rename = "FPort")]
    f_port: Text<'a>,
    #[serde(borrow, rename = "FCntUp")]
    f_cnt_up: Text<'a>,
    #[serde(borrow, rename = "FCntDn")]
    f_cnt_down: Text<'a>,
    #[serde(borrow)]
    payload_hex: Text<'a>,
}

/// The values of a body that its token is made of, one after the other; None where it is of no kind that is signed.
pub fn signed_values(body: &[u8]) -> Result<Option<String>, ParseError> {
    as_json(body, |json| read_object(json).map(|body| values(&body)))
}

fn values(body: &Body<Values<'_>>) -> Option<String> {
    match body {
        Body { uplink: Some(Object(of)), .. } => Some(
            [of.customer(), of.dev_eui(), of.f_port(), known(&of.f_cnt_up), known(&of.payload_hex)].concat(),
        ),
        Body { downlink_sent: Some(Object(of)), .. } => {
            Some([of.customer(), of.dev_eui(), of.f_port(), known(&of.f_cnt_down)].concat())
        }
        // Here alone it signs another spelling than it sends.
        Body { location: Some(Object(of)), .. } => {
            Some([of.customer(), &of.dev_eui().to_ascii_lowercase()].concat())
        }
        Body { notification: Some(Object(of)), .. } => Some([of.customer(), of.dev_eui()].concat()),
        Body { .. } => None,
    }
}

impl Values<'_> {
    fn customer(&self) -> &str {
        known(&self.customer)
    }

    fn dev_eui(&self) -> &str {
        known(&self.dev_eui)
    }

    fn f_port(&self) -> &str {
        self.f_port.known().unwrap_or("0")
    }
}

fn known<'a>(text: &'a Text<'_>) -> &'a str {
    text.known().unwrap_or_default()
}
