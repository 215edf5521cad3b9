//! One webhook, right or wrong, with the answer that it must get and what must be stored of it.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use e2e::bodies::{Field, Network, frame, minute};
use e2e::fleet::text;

use crate::connection::Post;

/// What stands in `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    Own,
    Nothing,
    Basic,
    Wrong,
    Empty,
    AnotherIntegrations,
    /// Authentication schemes are written in either case (RFC 9110, section 11.1).
    LowerCase,
}

/// How many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stored {
    pub uplinks: usize,
    /// Of these, those whose receive time is that of their arrival.
    pub untimed: usize,
    pub readings: usize,
    pub set_aside: usize,
    pub events: usize,
    pub unreadable: usize,
}

type Change = Box<dyn Fn(&mut Value, Network, DateTime<Utc>)>;

pub struct Case {
    pub name: &'static str,
    /// Behind `/webhooks/`; `{}` is the integration.
    address: &'static str,
    credential: Credential,
    content_type: Option<&'static str>,
    changes: Vec<Change>,
    raw: fn(Vec<u8>) -> Vec<u8>,
    missing: usize,
    only: Option<Network>,
    /// Whether its tracker is known.
    pub registered: bool,
    pub status: u16,
    /// A part of the problem's `detail`.
    pub detail: &'static str,
    /// Whether the connection may end with the answer.
    pub may_close: bool,
    pub stored: Stored,
}

impl Case {
    /// An uplink as it should be.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            address: "{}?event=up",
            credential: Credential::Own,
            content_type: Some("application/json"),
            changes: Vec::new(),
            raw: |body| body,
            missing: 0,
            only: None,
            registered: true,
            status: 204,
            detail: "",
            may_close: false,
            stored: Stored { uplinks: 1, readings: 1, ..Stored::default() },
        }
    }

    pub fn to(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    pub fn with(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    pub fn of_type(self, content_type: Option<&'static str>) -> Self {
        Self { content_type, ..self }
    }

    fn changed(mut self, change: impl Fn(&mut Value, Network, DateTime<Utc>) + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    pub fn set(self, field: Field, value: Value) -> Self {
        self.changed(move |body, network, _| put(body, network.pointer(field), value.clone()))
    }

    pub fn without(self, field: Field) -> Self {
        self.changed(move |body, network, _| {
            let (parent, key) = network.pointer(field).rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        })
    }

    /// Received by the network so long after now.
    pub fn received(self, ahead: Duration) -> Self {
        self.changed(move |body, network, now| {
            put(body, network.pointer(Field::Time), json!(text(now + ahead)));
        })
    }

    /// Measured so long after it was received.
    pub fn measured(self, ahead: Duration) -> Self {
        self.payload(move |now| frame(0, minute(now) + ahead, 500))
    }

    pub fn payload(self, payload: impl Fn(DateTime<Utc>) -> Vec<u8> + 'static) -> Self {
        use base64::Engine as _;
        let encode = move |now| base64::engine::general_purpose::STANDARD.encode(payload(now));
        self.changed(move |body, network, now| put(body, network.pointer(Field::Payload), json!(encode(now))))
    }

    /// The body's bytes made into others.
    pub fn raw(self, raw: fn(Vec<u8>) -> Vec<u8>) -> Self {
        Self { raw, ..self }
    }

    /// The connection ends before the body does.
    pub fn cut_off(self) -> Self {
        Self { missing: 10, may_close: true, ..self }
    }

    /// The body is longer than anybody reads.
    pub fn too_long(self) -> Self {
        Self { may_close: true, ..self }
    }

    pub fn is_of(&self, network: Network) -> bool {
        self.only.is_none_or(|only| only == network)
    }

    /// Only one network has this.
    pub fn only(self, network: Network) -> Self {
        Self { only: Some(network), ..self }
    }

    pub fn unregistered(self) -> Self {
        Self { registered: false, ..self }
    }

    /// Nothing is kept.
    pub fn refused(self, status: u16, detail: &'static str) -> Self {
        Self { status, detail, stored: Stored::default(), ..self }
    }

    /// What is kept of its body is what is kept of another's, and the same is kept once.
    pub fn kept_as_anothers(mut self) -> Self {
        self.stored.unreadable = 0;
        self
    }

    /// The body is kept for inspection.
    pub fn unreadable(self, detail: &'static str) -> Self {
        let stored = Stored { unreadable: 1, ..Stored::default() };
        Self { status: 400, detail, stored, ..self }
    }

    pub fn stores(self, stored: Stored) -> Self {
        Self { stored, ..self }
    }

    /// The uplink is kept and gives no reading.
    pub fn without_reading(self) -> Self {
        self.stores(Stored { uplinks: 1, ..Stored::default() })
    }

    /// Received when it arrived, since the network's time is none.
    pub fn untimed(self) -> Self {
        self.stores(Stored { uplinks: 1, untimed: 1, readings: 1, ..Stored::default() })
    }

    /// The request, from the network's integration and those of the tokens.
    pub fn post(&self, uplink: &Uplink<'_>) -> Post {
        let Uplink { network, dev_eui, f_cnt, sequence, now, own, other } = *uplink;
        let mut body = network.uplink(dev_eui, f_cnt, minute(now), &frame(sequence, minute(now), 500));
        for change in &self.changes {
            change(&mut body, network, now);
        }
        let token = match self.credential {
            Credential::Nothing => None,
            Credential::Own => Some(format!("Bearer {own}")),
            Credential::Basic => Some(format!("Basic {own}")),
            Credential::Wrong => Some(format!("Bearer {}", "0".repeat(own.len()))),
            Credential::Empty => Some("Bearer ".to_owned()),
            Credential::LowerCase => Some(format!("bearer {own}")),
            Credential::AnotherIntegrations => Some(format!("Bearer {other}")),
        };
        let mut headers: Vec<_> = token.map(|token| ("authorization", token)).into_iter().collect();
        headers.extend(self.content_type.map(|content_type| ("content-type", content_type.to_owned())));
        let path = format!("/webhooks/{}", self.address.replace("{}", network.name()));
        Post { path, headers, body: (self.raw)(body.to_string().into_bytes()), missing: self.missing }
    }
}

/// Of which tracker, sent when, and with whose tokens.
#[derive(Debug, Clone, Copy)]
pub struct Uplink<'a> {
    pub network: Network,
    pub dev_eui: &'a str,
    pub f_cnt: u32,
    pub sequence: u32,
    pub now: DateTime<Utc>,
    pub own: &'a str,
    pub other: &'a str,
}

fn put(body: &mut Value, pointer: &str, value: Value) {
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[key] = value;
        }
    }
}
