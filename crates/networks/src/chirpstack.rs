//! ChirpStack v4's webhooks.
//!
//! The kind stands in the query (`event=up`); the body is the message `integration.<Kind>Event` of ChirpStack's
//! API, as [`protobuf`] or printed as JSON. Servers before 4.20 leave defaults out of the JSON, later ones write them.

mod object;
mod protobuf;

pub(crate) use self::protobuf::is_protobuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::downlink::{Outcome, Report};
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, DecodedObject, Flag, Part, Place, Receptions, Text, Time, Whole, read_object, reception,
};
use crate::{Network, ParseError};

/// The fields of all kinds together; which of them are there tells the kind where the query does not.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    device_info: Part<DeviceInfo<'a>>,
    time: Time,
    #[serde(borrow)]
    dev_addr: Text<'a>,
    dr: Option<IgnoredAny>,
    f_cnt: Whole<u32>,
    f_port: Whole<u8>,
    confirmed: Flag,
    data: Base64,
    /// Only there where the server does not have the session's key: what it hands on is encrypted then.
    join_server_context: Option<IgnoredAny>,
    #[serde(borrow)]
    object: DecodedObject<'a>,
    #[serde(borrow)]
    rx_info: Option<Receptions<RxInfo<'a>>>,
    // txack, ack
    downlink_id: Option<IgnoredAny>,
    #[serde(borrow)]
    gateway_id: Text<'a>,
    #[serde(borrow)]
    queue_item_id: Text<'a>,
    acknowledged: Option<Flag>,
    // log
    level: Option<IgnoredAny>,
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
    #[serde(borrow)]
    context: Part<Context<'a>>,
    // status
    margin: Option<IgnoredAny>,
    battery_level: Option<IgnoredAny>,
    battery_level_unavailable: Option<IgnoredAny>,
    external_power_source: Option<IgnoredAny>,
    location: Part<Place>,
    integration_name: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DeviceInfo<'a> {
    #[serde(borrow)]
    application_id: Text<'a>,
    #[serde(borrow)]
    dev_eui: Text<'a>,
}

/// The server's own words, whose names stay as they are.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow)]
    queue_item_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RxInfo<'a> {
    #[serde(borrow)]
    gateway_id: Text<'a>,
    rssi: Decimal,
    snr: Decimal,
    location: Part<Place>,
    metadata: Part<Metadata>,
}

/// What a gateway's operator says of it; Helium's say there where they stand.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    gateway_lat: Decimal,
    gateway_long: Decimal,
}

pub(crate) fn parse(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let told = word.and_then(kind_of_word);
    let (kind, body) = if is_protobuf(body) {
        protobuf::read(told, body)?
    } else {
        let body: Body<'_> = read_object(body)?;
        (told.unwrap_or_else(|| body.kind_of_shape()), body)
    };
    if kind == EventKind::Uplink && body.device_info.known().is_none() {
        return Err(ParseError::Missing { field: "deviceInfo", sender: Network::Chirpstack, kind });
    }
    let event = body.common(kind);
    Ok(match kind {
        EventKind::Uplink => body.uplink(event),
        EventKind::Location => Event {
            location: body.location.known().and_then(Place::known),
            accuracy_m: body.location.known().and_then(Place::accuracy_m),
            ..event
        },
        EventKind::Ack => Event { downlink: body.answer().map(Box::new), ..event },
        EventKind::Error => Event { downlink: body.discarded().map(Box::new), ..event },
        _ => event,
    })
}

pub(crate) fn kind_of_word(word: &str) -> Option<EventKind> {
    Some(match word {
        "up" => EventKind::Uplink,
        "join" => EventKind::Join,
        "ack" => EventKind::Ack,
        "status" => EventKind::Status,
        "location" => EventKind::Location,
        "txack" => EventKind::Downlink,
        // ChirpStack logs only what went wrong: wrong MIC, replayed counters, codecs, full queues. v3 says so itself.
        "log" | "error" => EventKind::Error,
        "integration" => EventKind::Other,
        _ => return None,
    })
}

impl Body<'_> {
    /// From the most telling field down: a txack carries an ack's fields too, every uplink a join's.
    fn kind_of_shape(&self) -> EventKind {
        if self.downlink_id.is_some() || self.gateway_id.known().is_some() {
            EventKind::Downlink
        } else if self.queue_item_id.known().is_some() || self.acknowledged.is_some() {
            EventKind::Ack
        } else if self.level.is_some() || self.code.known().is_some() || self.description.known().is_some() {
            EventKind::Error
        } else if self.integration_name.is_some() {
            EventKind::Other
        } else if self.looks_like_uplink() {
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

    fn looks_like_uplink(&self) -> bool {
        self.rx_info.is_some()
            || self.data.0.is_some()
            || self.dr.is_some()
            || self.f_cnt.0.is_some()
            || self.f_port.0.is_some()
    }

    fn looks_like_status(&self) -> bool {
        self.margin.is_some()
            || self.battery_level.is_some()
            || self.battery_level_unavailable.is_some()
            || self.external_power_source.is_some()
    }

    fn common(&self, kind: EventKind) -> Event {
        let device = self.device_info.known();
        // A txack names its gateway outside a list.
        let gateway = self.gateway_id.gateway_id().map(|id| Gateway { id: Some(id), ..Gateway::default() });
        Event {
            kind,
            dev_eui: device.and_then(|device| device.dev_eui.dev_eui()),
            application: device.and_then(|device| device.application_id.to_owned()),
            dev_addr: self.dev_addr.dev_addr(),
            received_at: self.time.0,
            gateways: gateway.into_iter().collect(),
            ..Event::default()
        }
    }

    /// Whether the device acknowledged; what is left out is "no".
    fn answer(&self) -> Option<Report> {
        let acknowledged = self.acknowledged.as_ref().and_then(|flag| flag.0);
        let outcome = if acknowledged == Some(true) { Outcome::Acknowledged } else { Outcome::Unanswered };
        Some(Report { names: vec![self.queue_item_id.to_owned()?], outcome, reason: None })
    }

    /// A downlink that the server took off its queue; what else went wrong concerns none, or it is still there.
    fn discarded(&self) -> Option<Report> {
        let outcome = match self.code.known()? {
            "EXPIRED" => Outcome::Expired,
            "DOWNLINK_PAYLOAD_SIZE" | "F_CNT_DOWN" => Outcome::Failed,
            _ => return None,
        };
        let names = vec![self.context.known()?.queue_item_id.to_owned()?];
        Some(Report { names, outcome, reason: self.description.to_owned() })
    }

    fn uplink(self, event: Event) -> Event {
        let receptions = self.rx_info.unwrap_or_default().0;
        let is_clear = self.join_server_context.is_none();
        Event {
            f_cnt: Some(self.f_cnt.or_default()),
            f_port: Some(self.f_port.or_default()),
            payload: is_clear.then(|| self.data.0.unwrap_or_default()),
            decoded: self.object.to_owned().filter(|_| is_clear),
            confirmed: self.confirmed.0,
            gateways: receptions.iter().map(RxInfo::gateway).collect(),
            ..event
        }
    }
}

impl RxInfo<'_> {
    fn gateway(&self) -> Gateway {
        // Newer servers write the 0 that older ones and protobuf leave out.
        let (rssi, snr) = (self.rssi.unset_at_zero(), self.snr.unset_at_zero());
        let heard = reception(self.gateway_id.gateway_id(), rssi.known(), &snr, &self.location);
        let told = self.metadata.known();
        let told = told.and_then(|told| Place::of(&told.gateway_lat, &told.gateway_long).known());
        Gateway { location: heard.location.or(told), ..heard }
    }
}
