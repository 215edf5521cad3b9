//! The webhooks of Actility's ThingPark, which KPN and others run, in JSON or, from old servers, in [`xml`].
//!
//! A body has one key, which names the kind and holds the rest; old servers write numbers as texts. It may hold the device's
//! AppSKey, which is never read.

mod token;
mod xml;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ParseError;
use crate::downlink::{Outcome, Report};
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Decimal, Hex, Object, Part, Place, Receptions, Text, Time, Whole, read_object, reception, without_mark,
};

pub use self::token::{OtherBody, SignedQuery, SignedValues, signed_values};

/// MType of an uplink that asks for an acknowledgement (LoRaWAN 1.0.4, 4.2.1).
const CONFIRMED: u8 = 4;

/// A message with the fields that `T` reads.
#[derive(Deserialize)]
struct Body<T> {
    #[serde(rename = "DevEUI_uplink")]
    uplink: Option<Object<T>>,
    #[serde(rename = "DevEUI_downlink_Sent")]
    downlink_sent: Option<Object<T>>,
    #[serde(rename = "DevEUI_location")]
    location: Option<Object<T>>,
    #[serde(rename = "DevEUI_notification")]
    notification: Option<Object<T>>,
}

/// What is told of a device, in the fields of all kinds together.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told<'a> {
    #[serde(borrow, rename = "DevEUI")]
    dev_eui: Text<'a>,
    #[serde(borrow, rename = "DevAddr")]
    dev_addr: Text<'a>,
    #[serde(borrow, rename = "CustomerID")]
    customer: Text<'a>,
    #[serde(rename = "Time")]
    time: Time,
    #[serde(rename = "FPort")]
    f_port: Whole<u8>,
    #[serde(rename = "FCntUp")]
    f_cnt_up: Whole<u32>,
    #[serde(rename = "FCntDn")]
    f_cnt_down: Whole<u32>,
    #[serde(rename = "MType")]
    m_type: Whole<u8>,
    payload_hex: Hex,
    #[serde(rename = "rawJoinRequest")]
    join_request: Option<IgnoredAny>,
    /// The gateways, of which the one that heard it best stands beside them as well.
    #[serde(borrow, rename = "Lrrs")]
    gateways: Part<Gateways<'a>>,
    #[serde(borrow, rename = "Lrrid")]
    gateway: Text<'a>,
    #[serde(rename = "LrrRSSI")]
    rssi: Decimal,
    #[serde(rename = "LrrSNR")]
    snr: Decimal,
    #[serde(rename = "LrrLAT")]
    gateway_latitude: Decimal,
    #[serde(rename = "LrrLON")]
    gateway_longitude: Decimal,
    // DevEUI_downlink_Sent
    #[serde(rename = "DeliveryStatus")]
    delivered: Whole<u8>,
    #[serde(borrow, rename = "CorrelationID")]
    correlation: Text<'a>,
    // DevEUI_location
    #[serde(rename = "DevLAT")]
    latitude: Decimal,
    #[serde(rename = "DevLON")]
    longitude: Decimal,
    #[serde(rename = "DevLocRadius")]
    radius_m: Decimal,
    #[serde(rename = "DevLocTime")]
    located_at: Time,
    // DevEUI_notification
    #[serde(borrow, rename = "Type")]
    notified: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Gateways<'a> {
    #[serde(borrow, rename = "Lrr")]
    list: Receptions<Lrr<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lrr<'a> {
    #[serde(borrow, rename = "Lrrid")]
    id: Text<'a>,
    #[serde(rename = "LrrRSSI")]
    rssi: Decimal,
    #[serde(rename = "LrrSNR")]
    snr: Decimal,
}

/// The kind stands in the body; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Event, ParseError> {
    as_json(body, |json| read_object(json).map(event))
}

/// Has a body read as JSON, whichever of the two it is.
fn as_json<R>(body: &[u8], read: impl FnOnce(&[u8]) -> Result<R, ParseError>) -> Result<R, ParseError> {
    let body = without_mark(body);
    if xml::is_xml(body) {
        return read(xml::to_json(body)?.as_bytes()).map_err(xml::odd_value);
    }
    read(body)
}

fn event(body: Body<Told<'_>>) -> Event {
    match body {
        // A join that nobody accepted comes as an uplink.
        Body { uplink: Some(Object(told)), .. } if told.join_request.is_some() => {
            told.common(EventKind::Join)
        }
        Body { uplink: Some(Object(told)), .. } => told.uplink(),
        Body { downlink_sent: Some(Object(told)), .. } => told.downlink(),
        Body { location: Some(Object(told)), .. } => told.location(),
        Body { notification: Some(Object(told)), .. } => {
            let joined = told.notified.known() == Some("join");
            told.common(if joined { EventKind::Join } else { EventKind::Other })
        }
        Body { .. } => Event::default(),
    }
}

impl Told<'_> {
    fn common(&self, kind: EventKind) -> Event {
        Event {
            kind,
            dev_eui: self.dev_eui.dev_eui(),
            application: self.customer.to_owned(),
            dev_addr: self.dev_addr.dev_addr(),
            f_cnt: self.f_cnt_down.0,
            f_port: self.f_port.0,
            received_at: self.time.0,
            ..Event::default()
        }
    }

    fn uplink(self) -> Event {
        let event = self.common(EventKind::Uplink);
        Event {
            f_cnt: Some(self.f_cnt_up.or_default()),
            f_port: Some(self.f_port.or_default()),
            confirmed: self.m_type.0.map(|m_type| m_type == CONFIRMED),
            gateways: self.receptions(),
            payload: Some(self.payload_hex.0.unwrap_or_default()),
            ..event
        }
    }

    /// Where none is listed, the best one stands alone.
    fn receptions(&self) -> Vec<Gateway> {
        let best = self.gateway.gateway_id();
        let place = Place::of(&self.gateway_latitude, &self.gateway_longitude).known();
        let located = |gateway: Gateway| {
            let is_best = gateway.id.is_some() && gateway.id == best;
            Gateway { location: place.filter(|_| is_best), ..gateway }
        };
        let listed = self.gateways.known().map(|gateways| gateways.list.0.as_slice()).unwrap_or_default();
        if listed.is_empty() && best.is_some() {
            return vec![located(reception(best.clone(), self.rssi.known(), &self.snr, &Part::default()))];
        }
        let one =
            |lrr: &Lrr<'_>| reception(lrr.id.gateway_id(), lrr.rssi.known(), &lrr.snr, &Part::default());
        listed.iter().map(one).map(located).collect()
    }

    /// What was not delivered is an error, by the name that it was sent under.
    fn downlink(self) -> Event {
        let failed = self.delivered.0 == Some(0);
        let report = self.correlation.to_owned().filter(|_| failed).map(|name| Report {
            names: vec![name],
            outcome: Outcome::Failed,
            reason: None,
        });
        let kind = if failed { EventKind::Error } else { EventKind::Downlink };
        Event { downlink: report.map(Box::new), ..self.common(kind) }
    }

    fn location(self) -> Event {
        let place = Place::of(&self.latitude, &self.longitude);
        let accuracy_m = self.radius_m.known().filter(|metres| *metres > 0.0);
        let event = self.common(EventKind::Location);
        Event {
            received_at: event.received_at.or(self.located_at.0),
            location: place.known(),
            accuracy_m,
            ..event
        }
    }
}
