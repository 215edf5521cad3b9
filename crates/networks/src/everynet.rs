//! Everynet's webhooks in JSON.
//!
//! `type` names the kind. Where duplicates are wanted, each gateway's reception is a message of its own.

use serde::Deserialize;

use crate::ParseError;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, Flag, Object, Part, Place, Seconds, Text, Whole, read_object, reception,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    meta: Part<Meta<'a>>,
    #[serde(borrow)]
    params: Option<Object<Params<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    device: Text<'a>,
    #[serde(borrow)]
    device_addr: Text<'a>,
    #[serde(borrow)]
    application: Text<'a>,
    #[serde(borrow)]
    gateway: Text<'a>,
    time: Seconds,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Params<'a> {
    rx_time: Seconds,
    counter_up: Whole<u32>,
    counter_down: Whole<u32>,
    port: Whole<u8>,
    payload: Base64,
    /// The payload as it was on the air, where the server does not have the key.
    #[serde(borrow)]
    encrypted_payload: Text<'a>,
    radio: Part<Radio>,
    lora: Part<Lora>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Radio {
    hardware: Part<Hardware>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Hardware {
    rssi: Decimal,
    snr: Decimal,
    gps: Part<Gps>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Gps {
    lat: Decimal,
    lng: Decimal,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Lora {
    header: Part<Header>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    confirmed: Flag,
}

/// The kind stands in the body; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Event, ParseError> {
    let body: Body<'_> = read_object(body)?;
    let kind = match body.kind.known().unwrap_or_default() {
        "uplink" => EventKind::Uplink,
        "error" | "warning" => EventKind::Error,
        word if word.starts_with("join_") => EventKind::Join,
        word if word.starts_with("downlink") => EventKind::Downlink,
        word if word.starts_with("status_") => EventKind::Status,
        _ => EventKind::Other,
    };
    Ok(body.event(kind))
}

impl Body<'_> {
    fn event(self, kind: EventKind) -> Event {
        let params = self.params.map(|Object(params)| params).unwrap_or_default();
        let meta = self.meta.known();
        let event = Event {
            kind,
            dev_eui: meta.and_then(|meta| meta.device.dev_eui()),
            application: meta.and_then(|meta| meta.application.to_owned()),
            dev_addr: meta.and_then(|meta| meta.device_addr.dev_addr()),
            f_cnt: params.counter_down.0,
            received_at: params.rx_time.0.or_else(|| meta?.time.0),
            gateways: params.reception(meta.and_then(|meta| meta.gateway.gateway_id())).into_iter().collect(),
            ..Event::default()
        };
        if kind == EventKind::Uplink { params.uplink(event) } else { event }
    }
}

impl Params<'_> {
    fn reception(&self, gateway: Option<String>) -> Option<Gateway> {
        let hardware = self.radio.known().and_then(|radio| radio.hardware.known());
        let Some(hardware) = hardware else {
            return gateway.map(|id| Gateway { id: Some(id), ..Gateway::default() });
        };
        let place = hardware.gps.known().map(|gps| Place::of(&gps.lat, &gps.lng).into()).unwrap_or_default();
        Some(reception(gateway, hardware.rssi.known(), &hardware.snr, &place))
    }

    fn uplink(self, event: Event) -> Event {
        let header = self.lora.known().and_then(|lora| lora.header.known());
        let confirmed = header.and_then(|header| header.confirmed.0);
        // What is still encrypted is not known; nothing at all is an empty payload.
        let empty = || self.encrypted_payload.known().is_none().then(Vec::new);
        Event {
            f_cnt: Some(self.counter_up.or_default()),
            f_port: Some(self.port.or_default()),
            payload: self.payload.0.or_else(empty),
            confirmed,
            ..event
        }
    }
}
