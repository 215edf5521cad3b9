//! Helium's webhooks in JSON: those of its first console, and those of the ChirpStack that took its place.

use serde::Deserialize;

use crate::event::{Event, EventKind, Gateway};
use crate::fields::{Base64, Decimal, Millis, Place, Receptions, Text, Whole, read_object, reception};
use crate::{ParseError, chirpstack};

/// What the first console sends. It may hold an address for downlinks with a key in it, which is never read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    dev_eui: Text<'a>,
    #[serde(borrow)]
    devaddr: Text<'a>,
    fcnt: Whole<u32>,
    port: Whole<u8>,
    payload: Base64,
    reported_at: Millis,
    #[serde(borrow)]
    hotspots: Option<Receptions<Hotspot<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Hotspot<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
    lat: Decimal,
    long: Decimal,
}

/// The first console is known by its shape; the word is ChirpStack's.
pub(crate) fn parse(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    if chirpstack::is_protobuf(body) {
        return chirpstack::parse(word, body);
    }
    let console: Body<'_> = read_object(body)?;
    if console.dev_eui.known().is_none() && console.hotspots.is_none() {
        return chirpstack::parse(word, body);
    }
    Ok(match console.kind.known() {
        Some("uplink") | None => console.uplink(),
        Some("join") => console.common(EventKind::Join),
        Some(_) => console.common(EventKind::Other),
    })
}

impl Body<'_> {
    fn common(&self, kind: EventKind) -> Event {
        Event {
            kind,
            dev_eui: self.dev_eui.dev_eui(),
            dev_addr: self.devaddr.dev_addr(),
            received_at: self.reported_at.0,
            gateways: self.hotspots.iter().flat_map(|heard| &heard.0).map(Hotspot::gateway).collect(),
            ..Event::default()
        }
    }

    fn uplink(self) -> Event {
        let event = self.common(EventKind::Uplink);
        Event {
            f_cnt: Some(self.fcnt.or_default()),
            f_port: Some(self.port.or_default()),
            payload: Some(self.payload.0.unwrap_or_default()),
            ..event
        }
    }
}

impl Hotspot<'_> {
    fn gateway(&self) -> Gateway {
        let place = Place::of(&self.lat, &self.long).into();
        reception(self.id.gateway_id(), self.rssi.known(), &self.snr, &place)
    }
}
