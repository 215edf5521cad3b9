//! Netmore's webhooks in JSON: lists of uplinks, where numbers may be texts, and answers about downlinks, one alone.

use serde::Deserialize;

use crate::ParseError;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{Decimal, Hex, Part, Receptions, Text, Time, Whole, read_objects, reception};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    message_type: Text<'a>,
    #[serde(borrow)]
    dev_eui: Text<'a>,
    timestamp: Time,
    f_cnt_up: Whole<u32>,
    f_port: Whole<u8>,
    /// Its name was written large once.
    #[serde(alias = "Payload")]
    payload: Option<Hex>,
    #[serde(borrow)]
    gateways: Receptions<Heard<'a>>,
    /// One of the gateways, which need not be the first; it stands alone where none is listed.
    #[serde(borrow)]
    gateway_identifier: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
    /// What became of a downlink.
    #[serde(borrow)]
    delivery_status: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Heard<'a> {
    #[serde(borrow)]
    gw_eui: Text<'a>,
    #[serde(borrow)]
    gateway_identifier: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
}

/// The kind stands in the body; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Event>, ParseError> {
    let bodies: Vec<Body<'_>> = read_objects(body)?;
    Ok(bodies.into_iter().map(Body::event).collect())
}

impl Body<'_> {
    fn kind(&self) -> EventKind {
        match self.message_type.known() {
            _ if self.delivery_status.known().is_some() => EventKind::Downlink,
            Some(word) if word.starts_with("payload") => EventKind::Uplink,
            Some(word) if word.starts_with("join") => EventKind::Join,
            None if self.payload.is_some() || self.f_cnt_up.0.is_some() => EventKind::Uplink,
            _ => EventKind::Other,
        }
    }

    fn event(self) -> Event {
        let event = Event {
            kind: self.kind(),
            dev_eui: self.dev_eui.dev_eui(),
            received_at: self.timestamp.0,
            gateways: self.receptions(),
            ..Event::default()
        };
        if event.kind != EventKind::Uplink {
            return event;
        }
        Event {
            f_cnt: Some(self.f_cnt_up.or_default()),
            f_port: Some(self.f_port.or_default()),
            payload: Some(self.payload.and_then(|payload| payload.0).unwrap_or_default()),
            ..event
        }
    }

    fn receptions(&self) -> Vec<Gateway> {
        let listed: Vec<Gateway> = self.gateways.0.iter().map(Heard::gateway).collect();
        if !listed.is_empty() || self.gateway_identifier.known().is_none() {
            return listed;
        }
        let id = self.gateway_identifier.gateway_id();
        vec![reception(id, self.rssi.known(), &self.snr, &Part::default())]
    }
}

impl Heard<'_> {
    fn gateway(&self) -> Gateway {
        let id = self.gw_eui.gateway_id().or_else(|| self.gateway_identifier.gateway_id());
        reception(id, self.rssi.known(), &self.snr, &Part::default())
    }
}
