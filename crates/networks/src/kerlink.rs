//! The webhooks of Kerlink's Wanesy in JSON.
//!
//! The address ends in the kind (`/dataUp`); behind an address that an operator chose, the body's shape tells.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ParseError;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, Flag, Hex, Millis, Part, Place, Receptions, Text, Whole, read_object, reception,
};

/// How the payload is written: in hex where nothing else is said.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Encoding<'a> {
    #[serde(borrow)]
    encoding_type: Text<'a>,
}

/// A message whose payload is a `P`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a, P> {
    #[serde(borrow)]
    end_device: Part<EndDevice<'a>>,
    recv_time: Millis,
    f_cnt_up: Whole<u32>,
    f_port: Whole<u8>,
    payload: Option<P>,
    /// Whether the payload is as it was on the air.
    encrypted: Flag,
    confirmed: Option<Flag>,
    #[serde(borrow)]
    gw_info: Option<Receptions<GwInfo<'a>>>,
    /// Of a downlink that this tells of.
    data_down_id: Option<IgnoredAny>,
    #[serde(borrow)]
    cluster_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EndDevice<'a> {
    #[serde(borrow)]
    dev_eui: Text<'a>,
    #[serde(borrow)]
    dev_addr: Text<'a>,
    #[serde(borrow)]
    cluster: Part<Cluster<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cluster<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GwInfo<'a> {
    #[serde(borrow)]
    gw_eui: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
    latitude: Decimal,
    longitude: Decimal,
}

pub(crate) fn parse(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let Encoding { encoding_type } = read_object(body)?;
    if encoding_type.known() == Some("BASE64") {
        let body: Body<'_, Base64> = read_object(body)?;
        return Ok(body.event(word, |payload| payload.0));
    }
    let body: Body<'_, Hex> = read_object(body)?;
    Ok(body.event(word, |payload| payload.0))
}

impl<P> Body<'_, P> {
    fn kind(&self, word: Option<&str>) -> EventKind {
        match word {
            Some("dataUp") => EventKind::Uplink,
            Some("dataDownEvent") => EventKind::Downlink,
            _ if self.data_down_id.is_some() => EventKind::Downlink,
            _ if self.payload.is_some() || self.f_cnt_up.0.is_some() || self.gw_info.is_some() => {
                EventKind::Uplink
            }
            _ => EventKind::Other,
        }
    }

    fn event(self, word: Option<&str>, bytes: fn(P) -> Option<Vec<u8>>) -> Event {
        let device = self.end_device.known();
        let cluster = device.and_then(|device| device.cluster.known());
        let receptions = self.gw_info.as_ref().map(|list| list.0.as_slice()).unwrap_or_default();
        let event = Event {
            kind: self.kind(word),
            dev_eui: device.and_then(|device| device.dev_eui.dev_eui()),
            application: cluster.map_or(&self.cluster_id, |cluster| &cluster.id).to_owned(),
            dev_addr: device.and_then(|device| device.dev_addr.dev_addr()),
            received_at: self.recv_time.0,
            gateways: receptions.iter().map(GwInfo::gateway).collect(),
            ..Event::default()
        };
        if event.kind != EventKind::Uplink {
            return event;
        }
        let payload = self.payload.and_then(bytes).unwrap_or_default();
        Event {
            f_cnt: Some(self.f_cnt_up.or_default()),
            f_port: Some(self.f_port.or_default()),
            payload: (self.encrypted.0 == Some(false)).then_some(payload),
            confirmed: self.confirmed.and_then(|flag| flag.0),
            ..event
        }
    }
}

impl GwInfo<'_> {
    fn gateway(&self) -> Gateway {
        let place = Place::of(&self.latitude, &self.longitude).into();
        reception(self.gw_eui.gateway_id(), self.rssi.known(), &self.snr, &place)
    }
}
