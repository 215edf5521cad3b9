//! The webhooks of AWS IoT Core for LoRaWAN, which an HTTP rule posts in JSON.
//!
//! The kind shows in the body's shape. Before a rule posts anything else, AWS asks by a `DestinationConfirmation` whether it may.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, Decimals, Part, Place, Receptions, Text, Time, UnixOrText, Whole, read_object, reception,
};
use crate::{Network, ParseError};

/// The fields of all kinds together.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(borrow)]
    wireless_device_id: Text<'a>,
    payload_data: Base64,
    #[serde(borrow)]
    wireless_metadata: Part<WirelessMetadata<'a>>,
    // A position that was worked out
    #[serde(rename = "coordinates")]
    coordinates: Option<Decimals>,
    #[serde(rename = "properties")]
    properties: Part<Properties>,
    // A notification
    #[serde(borrow, rename = "eventType")]
    event_type: Text<'a>,
    #[serde(rename = "timestamp")]
    timestamp: UnixOrText,
    #[serde(borrow, rename = "LoRaWAN")]
    notified: Part<LoRaWan<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WirelessMetadata<'a> {
    #[serde(borrow, rename = "LoRaWAN")]
    lorawan: Part<LoRaWan<'a>>,
    #[serde(rename = "Sidewalk")]
    sidewalk: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct LoRaWan<'a> {
    #[serde(borrow)]
    dev_eui: Text<'a>,
    #[serde(borrow)]
    dev_addr: Text<'a>,
    #[serde(rename = "FCnt")]
    f_cnt: Whole<u32>,
    #[serde(rename = "FPort")]
    f_port: Whole<u8>,
    /// As some messages spell it.
    #[serde(rename = "Fport")]
    fport: Whole<u8>,
    #[serde(borrow, rename = "MType")]
    m_type: Text<'a>,
    timestamp: Time,
    #[serde(borrow)]
    gateways: Receptions<Heard<'a>>,
    /// Other operators' gateways.
    #[serde(borrow)]
    public_gateways: Receptions<Heard<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Heard<'a> {
    #[serde(borrow)]
    gateway_eui: Text<'a>,
    #[serde(borrow)]
    id: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    horizontal_accuracy: Decimal,
    timestamp: Time,
}

/// The kind shows in the body; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Event, ParseError> {
    let body: Body<'_> = read_object(body)?;
    let metadata = body.wireless_metadata.known();
    let of_sidewalk = metadata.is_some_and(|metadata| metadata.sidewalk.is_some());
    if body.coordinates.is_some() {
        return Ok(body.location());
    }
    if let Some(lorawan) = metadata.and_then(|metadata| metadata.lorawan.known()) {
        return Ok(body.uplink(lorawan));
    }
    if body.payload_data.0.is_some() && !of_sidewalk {
        // A rule that selects less than `*` leaves out what the event is about.
        let (sender, kind) = (Network::AwsIotCore, EventKind::Uplink);
        return Err(ParseError::Missing { field: "WirelessMetadata.LoRaWAN", sender, kind });
    }
    Ok(body.notification())
}

impl Body<'_> {
    fn common(&self, kind: EventKind, lorawan: Option<&LoRaWan<'_>>) -> Event {
        Event {
            kind,
            dev_eui: lorawan.and_then(|lorawan| lorawan.dev_eui.dev_eui()),
            dev_addr: lorawan.and_then(|lorawan| lorawan.dev_addr.dev_addr()),
            device: self.wireless_device_id.to_owned(),
            received_at: lorawan.and_then(|lorawan| lorawan.timestamp.0),
            ..Event::default()
        }
    }

    /// A counter that is left out is unknown: older messages have none.
    fn uplink(&self, lorawan: &LoRaWan<'_>) -> Event {
        let heard = lorawan.gateways.0.iter().chain(&lorawan.public_gateways.0);
        let confirmed = match lorawan.m_type.known() {
            Some("ConfirmedDataUp") => Some(true),
            Some("UnconfirmedDataUp") => Some(false),
            _ => None,
        };
        Event {
            f_cnt: lorawan.f_cnt.0,
            f_port: Some(lorawan.f_port.0.or(lorawan.fport.0).unwrap_or_default()),
            payload: Some(self.payload_data.0.clone().unwrap_or_default()),
            confirmed,
            gateways: heard.map(Heard::gateway).collect(),
            ..self.common(EventKind::Uplink, Some(lorawan))
        }
    }

    /// In GeoJSON's order: longitude, latitude, altitude.
    fn location(&self) -> Event {
        let coordinates = self.coordinates.as_ref().map(|list| list.0.as_slice()).unwrap_or_default();
        let place = match coordinates {
            [longitude, latitude, ..] => Place::of(latitude, longitude),
            _ => Place::default(),
        };
        let properties = self.properties.known();
        let accuracy = properties.and_then(|properties| properties.horizontal_accuracy.known());
        let lorawan = self.wireless_metadata.known().and_then(|metadata| metadata.lorawan.known());
        let event = self.common(EventKind::Location, lorawan);
        Event {
            location: place.known(),
            accuracy_m: accuracy.filter(|metres| *metres > 0.0),
            received_at: properties.and_then(|properties| properties.timestamp.0).or(event.received_at),
            ..event
        }
    }

    /// What an operator may have posted beside the uplinks, and what is about no device.
    fn notification(&self) -> Event {
        // Requests to join are told, too, and a gateway's connection.
        let joined = self.event_type.known() == Some("join_accepted");
        let kind = if joined { EventKind::Join } else { EventKind::Other };
        let event = self.common(kind, self.notified.known());
        Event { received_at: self.timestamp.0, ..event }
    }
}

impl Heard<'_> {
    fn gateway(&self) -> Gateway {
        let id = self.gateway_eui.gateway_id().or_else(|| self.id.gateway_id());
        reception(id, self.rssi.known(), &self.snr, &Part::default())
    }
}

/// AWS's question whether a rule may post to this address.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DestinationConfirmation<'a> {
    #[serde(borrow)]
    message_type: Text<'a>,
    #[serde(borrow)]
    enable_url: Text<'a>,
}

/// The address by which an operator says yes, where the body asks for that and the address is AWS IoT's.
pub(crate) fn confirmation(body: &[u8]) -> Option<String> {
    let asked: DestinationConfirmation<'_> = read_object(body).ok()?;
    let asks = asked.message_type.known() == Some("DestinationConfirmation");
    asked.enable_url.known().filter(|url| asks && is_of_aws_iot(url)).map(str::to_owned)
}

/// The longest address that is shown, in bytes; AWS's have about 1000.
const LONGEST_URL: usize = 4096;

/// Whether it is `https://iot.REGION.amazonaws.com/…` (in China `.com.cn`) and a person may be asked to open it.
fn is_of_aws_iot(url: &str) -> bool {
    let Some((host, path)) = url.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let domain = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    let region = domain.and_then(|domain| domain.strip_prefix("iot."));
    let in_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let shown = |sign: char| !sign.is_whitespace() && !sign.is_control() && !"\"'<>\\`".contains(sign);
    url.len() <= LONGEST_URL
        && region.is_some_and(|region| !region.is_empty() && region.bytes().all(in_region))
        && path.chars().all(shown)
}
