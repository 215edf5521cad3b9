//! ChirpStack v3's webhooks in JSON, by both of its marshalers.
//!
//! One prints protobuf messages, where an EUI is base64; the older one writes EUIs in hex. The kind stands in the query
//! (`event=up`), as with v4.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::chirpstack::kind_of_word;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, DecodedObject, Flag, Part, Place, Receptions, Text, Time, Whole, read_object, reception,
};
use crate::{Network, ParseError};

/// The fields of all kinds together; which of them are there tells the kind where the query does not.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow, rename = "applicationID")]
    application: Text<'a>,
    #[serde(borrow, rename = "devEUI", deserialize_with = "written")]
    dev_eui: Option<Text<'a>>,
    #[serde(borrow)]
    dev_addr: Text<'a>,
    published_at: Time,
    /// Of an uplink, or of the downlink that an ack is about.
    f_cnt: Whole<u32>,
    f_port: Whole<u8>,
    confirmed_uplink: Flag,
    data: Option<Base64>,
    #[serde(borrow)]
    object: DecodedObject<'a>,
    /// The same, as the marshaler of protobuf messages writes it.
    #[serde(borrow, rename = "objectJSON")]
    object_json: Text<'a>,
    #[serde(borrow)]
    rx_info: Receptions<RxInfo<'a>>,
    // txack, ack, error, integration
    #[serde(borrow, rename = "gatewayID")]
    gateway: Text<'a>,
    acknowledged: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
    integration_name: Option<IgnoredAny>,
    // location, status
    location: Part<Place>,
    margin: Option<IgnoredAny>,
    battery_level: Option<IgnoredAny>,
    battery_level_unavailable: Option<IgnoredAny>,
    external_power_source: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RxInfo<'a> {
    #[serde(borrow, rename = "gatewayID")]
    gateway: Text<'a>,
    time: Time,
    rssi: Decimal,
    #[serde(rename = "loRaSNR")]
    snr: Decimal,
    location: Part<Place>,
}

/// A `null` is an unknown device; without the field it is no body of this server.
fn written<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text<'de>>, D::Error> {
    Text::deserialize(deserializer).map(Some)
}

pub(crate) fn parse(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let body: Body<'_> = read_object(body)?;
    let kind = word.and_then(kind_of_word).unwrap_or_else(|| body.kind_of_shape());
    if kind == EventKind::Uplink && body.dev_eui.is_none() {
        return Err(ParseError::Missing { field: "devEUI", sender: Network::ChirpstackV3, kind });
    }
    let event = body.common(kind);
    Ok(match kind {
        EventKind::Uplink => Event {
            f_cnt: Some(body.f_cnt.or_default()),
            f_port: Some(body.f_port.or_default()),
            payload: Some(body.data.and_then(|data| data.0).unwrap_or_default()),
            decoded: body.object.to_owned().or_else(|| DecodedObject::in_text(&body.object_json)),
            confirmed: body.confirmed_uplink.0,
            ..event
        },
        EventKind::Location => {
            let place = body.location.known();
            let (location, accuracy_m) = (place.and_then(Place::known), place.and_then(Place::accuracy_m));
            Event { location, accuracy_m, ..event }
        }
        _ => event,
    })
}

impl Body<'_> {
    /// From the most telling field down: a location carries an uplink's counter, every uplink a join's fields.
    fn kind_of_shape(&self) -> EventKind {
        if self.gateway.known().is_some() {
            EventKind::Downlink
        } else if self.acknowledged.is_some() {
            EventKind::Ack
        } else if self.error.is_some() {
            EventKind::Error
        } else if self.integration_name.is_some() {
            EventKind::Other
        } else if self.f_port.0.is_some() || self.data.is_some() {
            EventKind::Uplink
        } else if self.location.known().is_some() {
            EventKind::Location
        } else if self.looks_like_status() {
            EventKind::Status
        } else if self.dev_addr.known().is_some() {
            EventKind::Join
        } else {
            EventKind::Other
        }
    }

    fn looks_like_status(&self) -> bool {
        self.margin.is_some()
            || self.battery_level.is_some()
            || self.battery_level_unavailable.is_some()
            || self.external_power_source.is_some()
    }

    fn common(&self, kind: EventKind) -> Event {
        // Only gateways with GPS know the time, and they hear a frame at the same instant.
        let heard_at = || self.rx_info.0.iter().filter_map(|heard| heard.time.0).min();
        let mut gateways: Vec<Gateway> = self.rx_info.0.iter().map(RxInfo::gateway).collect();
        // A txack names its gateway outside a list.
        gateways.extend(gateway_id(&self.gateway).map(|id| Gateway { id: Some(id), ..Gateway::default() }));
        Event {
            kind,
            dev_eui: self.dev_eui.as_ref().and_then(|eui| eui.id_of(8)?.parse().ok()),
            application: self.application.to_owned(),
            dev_addr: self.dev_addr.id_of(4),
            f_cnt: self.f_cnt.0,
            received_at: self.published_at.0.or_else(heard_at),
            gateways,
            ..Event::default()
        }
    }
}

impl RxInfo<'_> {
    fn gateway(&self) -> Gateway {
        reception(gateway_id(&self.gateway), self.rssi.known(), &self.snr, &self.location)
    }
}

fn gateway_id(text: &Text<'_>) -> Option<String> {
    text.id_of(8).or_else(|| text.gateway_id())
}
