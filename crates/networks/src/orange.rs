//! The data messages of Orange's Live Objects in JSON, as far as they come by LoRaWAN.

use serde::Deserialize;

use crate::ParseError;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{Decimal, Hex, MOST_RECEPTIONS, Part, Text, Time, Whole, read_object, reception};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    stream_id: Text<'a>,
    timestamp: Time,
    #[serde(borrow)]
    metadata: Part<Metadata<'a>>,
}

/// What a frame carried. Other networks' messages have values of their own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Carried {
    value: Part<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Value {
    payload: Hex,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    network: Part<Network<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Network<'a> {
    #[serde(borrow)]
    lora: Part<Lora<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Lora<'a> {
    #[serde(borrow, rename = "devEUI")]
    dev_eui: Text<'a>,
    #[serde(borrow)]
    message_type: Text<'a>,
    fcnt: Whole<u32>,
    port: Whole<u8>,
    /// Of the gateway that heard it best; of the others there is only the number.
    rssi: Decimal,
    snr: Decimal,
    gateway_cnt: Decimal,
}

/// The kind stands in the body; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Event, ParseError> {
    let told: Body<'_> = read_object(body)?;
    let event =
        Event { application: told.stream_id.to_owned(), received_at: told.timestamp.0, ..Event::default() };
    let network = told.metadata.known().and_then(|metadata| metadata.network.known());
    let Some(lora) = network.and_then(|network| network.lora.known()) else { return Ok(event) };
    let event = lora.common(event);
    let confirmed = match lora.message_type.known() {
        Some("CONFIRMED_DATA_UP") => Some(true),
        Some("UNCONFIRMED_DATA_UP") => Some(false),
        Some("JOIN_REQUEST") => return Ok(Event { kind: EventKind::Join, ..event }),
        Some(word) if word.ends_with("_DATA_DOWN") => {
            return Ok(Event { kind: EventKind::Downlink, ..event });
        }
        Some(_) => return Ok(event),
        None => None,
    };
    let carried: Carried = read_object(body)?;
    Ok(Event {
        kind: EventKind::Uplink,
        f_cnt: Some(lora.fcnt.or_default()),
        f_port: Some(lora.port.or_default()),
        payload: Some(carried.value.known().and_then(|value| value.payload.0.clone()).unwrap_or_default()),
        confirmed,
        ..event
    })
}

impl Lora<'_> {
    fn common(&self, event: Event) -> Event {
        Event { dev_eui: self.dev_eui.dev_eui(), gateways: self.receptions(), ..event }
    }

    fn receptions(&self) -> Vec<Gateway> {
        let count = self.gateway_cnt.known().unwrap_or_default().clamp(0.0, MOST_RECEPTIONS as f64) as usize;
        let mut gateways = vec![Gateway::default(); count];
        if let Some(best) = gateways.first_mut() {
            *best = reception(None, self.rssi.known(), &self.snr, &Part::default());
        }
        gateways
    }
}
