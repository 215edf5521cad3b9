//! LORIOT's webhooks in JSON.
//!
//! `cmd` names the kind. An uplink may come twice: `rx` says what it was, `gw` the same once more with its gateways.

use serde::Deserialize;

use crate::ParseError;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Decimal, Flag, Hex, Millis, Part, Place, Receptions, Text, Whole, read_object, reception,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    cmd: Text<'a>,
    #[serde(borrow, rename = "EUI")]
    eui: Text<'a>,
    #[serde(borrow)]
    devaddr: Text<'a>,
    ts: Millis,
    fcnt: Whole<u32>,
    port: Whole<u8>,
    data: Hex,
    /// The payload as it was on the air, where the server does not have the key.
    #[serde(borrow)]
    encdata: Text<'a>,
    confirmed: Option<Flag>,
    rssi: Decimal,
    snr: Decimal,
    #[serde(borrow)]
    gws: Receptions<Heard<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Heard<'a> {
    #[serde(borrow)]
    gweui: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
    lat: Decimal,
    lon: Decimal,
}

/// The kind stands in the body; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Event, ParseError> {
    let body: Body<'_> = read_object(body)?;
    Ok(match body.cmd.known() {
        Some("rx" | "gw") => body.uplink(),
        Some("txd") => body.common(EventKind::Downlink),
        Some("join") => body.common(EventKind::Join),
        _ => body.common(EventKind::Other),
    })
}

impl Body<'_> {
    fn common(&self, kind: EventKind) -> Event {
        // Some put a name before the EUI.
        let eui = self.eui.known().and_then(|text| text.rsplit('-').next()?.parse().ok());
        Event {
            kind,
            dev_eui: eui,
            dev_addr: self.devaddr.dev_addr(),
            received_at: self.ts.0,
            ..Event::default()
        }
    }

    fn uplink(self) -> Event {
        let event = self.common(EventKind::Uplink);
        // What is still encrypted is not known; nothing at all is an empty payload.
        let payload = self.data.0.or_else(|| self.encdata.known().is_none().then(Vec::new));
        let mut gateways: Vec<Gateway> = self.gws.0.iter().map(Heard::gateway).collect();
        if gateways.is_empty() && self.rssi.known().is_some() {
            gateways.push(reception(None, self.rssi.known(), &self.snr, &Part::default()));
        }
        Event {
            f_cnt: Some(self.fcnt.or_default()),
            f_port: Some(self.port.or_default()),
            payload,
            confirmed: self.confirmed.and_then(|flag| flag.0),
            gateways,
            ..event
        }
    }
}

impl Heard<'_> {
    fn gateway(&self) -> Gateway {
        let place = Place::of(&self.lat, &self.lon).into();
        reception(self.gweui.gateway_id(), self.rssi.known(), &self.snr, &place)
    }
}
