//! The Things Stack v3's webhooks in JSON.
//!
//! A body is an `ApplicationUp`: what all events share, and one key that names the kind and holds the rest. The
//! operator may let the server send only some fields (a field mask), so everything may be missing, even the
//! device's ids; the operator also chooses the path below the webhook's URL that names the kind.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ParseError;
use crate::downlink::{Outcome, Report};
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, DecodedObject, Flag, Object, Part, Place, Receptions, Text, Texts, Time, Whole,
    read_object, reception,
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    end_device_ids: Part<EndDeviceIds<'a>>,
    received_at: Time,
    #[serde(borrow)]
    uplink_message: Option<Object<Uplink<'a>>>,
    #[serde(borrow)]
    uplink_normalized: Option<Object<Uplink<'a>>>,
    join_accept: Option<IgnoredAny>,
    downlink_ack: Option<Object<Downlink>>,
    downlink_nack: Option<Object<Downlink>>,
    downlink_sent: Option<Object<Downlink>>,
    downlink_queued: Option<Object<Downlink>>,
    #[serde(borrow)]
    downlink_failed: Option<Object<FailedDownlink<'a>>>,
    downlink_queue_invalidated: Option<IgnoredAny>,
    location_solved: Option<Part<LocationSolved>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EndDeviceIds<'a> {
    #[serde(borrow)]
    device_id: Text<'a>,
    #[serde(borrow)]
    application_ids: Part<ApplicationIds<'a>>,
    #[serde(borrow)]
    dev_eui: Text<'a>,
    #[serde(borrow)]
    dev_addr: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApplicationIds<'a> {
    #[serde(borrow)]
    application_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Uplink<'a> {
    f_cnt: Whole<u32>,
    f_port: Whole<u8>,
    frm_payload: Base64,
    /// Only there where the device's payloads are handed on encrypted.
    app_s_key: Option<IgnoredAny>,
    #[serde(borrow)]
    decoded_payload: DecodedObject<'a>,
    #[serde(borrow)]
    normalized_payload: DecodedObject<'a>,
    confirmed: Flag,
    received_at: Time,
    #[serde(borrow)]
    rx_metadata: Receptions<RxMetadata<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RxMetadata<'a> {
    #[serde(borrow)]
    gateway_ids: Part<GatewayIds<'a>>,
    #[serde(borrow)]
    packet_broker: Part<PacketBroker<'a>>,
    rssi: Decimal,
    channel_rssi: Decimal,
    snr: Decimal,
    location: Part<Place>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GatewayIds<'a> {
    #[serde(borrow)]
    gateway_id: Text<'a>,
    #[serde(borrow)]
    eui: Text<'a>,
}

/// A reception by another operator's gateway: `gateway_ids` then only says that it came through the broker.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PacketBroker<'a> {
    #[serde(borrow)]
    forwarder_gateway_eui: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Downlink {
    f_cnt: Whole<u32>,
    f_port: Whole<u8>,
    frm_payload: Base64,
    confirmed: Flag,
    correlation_ids: Texts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FailedDownlink<'a> {
    downlink: Option<Object<Downlink>>,
    #[serde(borrow)]
    error: Part<Failure<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure<'a> {
    #[serde(borrow)]
    message_format: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LocationSolved {
    location: Part<Place>,
}

pub(crate) fn parse(word: Option<&str>, body: &[u8]) -> Result<Event, ParseError> {
    let body: Body<'_> = read_object(body)?;
    let kind = word.and_then(kind_of_word).unwrap_or_else(|| body.kind_of_shape());
    let event = body.common(kind);
    Ok(match kind {
        EventKind::Uplink => body.uplink(event),
        EventKind::Ack | EventKind::Downlink | EventKind::Error => body.downlink(event),
        EventKind::Location => body.location(event),
        _ => event,
    })
}

/// The kind's own name, or the path that the server's console proposes for it; `-` and `_` are one.
fn kind_of_word(word: &str) -> Option<EventKind> {
    let word = word.to_ascii_lowercase().replace(['-', '/'], "_");
    let short = word.strip_prefix("downlink_").or_else(|| word.strip_prefix("down_")).unwrap_or(&word);
    Some(match short {
        "up" | "uplink" | "uplink_message" | "uplink_normalized" | "normalized" => EventKind::Uplink,
        "join" | "join_accept" => EventKind::Join,
        "ack" | "nack" => EventKind::Ack,
        "sent" | "queued" | "queue_invalidated" | "invalidated" => EventKind::Downlink,
        "failed" => EventKind::Error,
        "location" | "location_solved" => EventKind::Location,
        "service" | "service_data" => EventKind::Other,
        _ => return None,
    })
}

impl Body<'_> {
    fn kind_of_shape(&self) -> EventKind {
        if self.uplink_message.is_some() || self.uplink_normalized.is_some() {
            EventKind::Uplink
        } else if self.join_accept.is_some() {
            EventKind::Join
        } else if self.downlink_ack.is_some() || self.downlink_nack.is_some() {
            EventKind::Ack
        } else if self.downlink_failed.is_some() {
            EventKind::Error
        } else if self.downlink_sent.is_some()
            || self.downlink_queued.is_some()
            || self.downlink_queue_invalidated.is_some()
        {
            EventKind::Downlink
        } else if self.location_solved.is_some() {
            EventKind::Location
        } else {
            EventKind::Other
        }
    }

    fn common(&self, kind: EventKind) -> Event {
        let ids = self.end_device_ids.known();
        let application = ids.and_then(|ids| ids.application_ids.known());
        Event {
            kind,
            dev_eui: ids.and_then(|ids| ids.dev_eui.dev_eui()),
            application: application.and_then(|application| application.application_id.to_owned()),
            dev_addr: ids.and_then(|ids| ids.dev_addr.dev_addr()),
            device: ids.and_then(|ids| ids.device_id.to_owned()),
            received_at: self.received_at.0,
            ..Event::default()
        }
    }

    /// Without an uplink in the body the path alone says that there was one; then nothing is a default.
    fn uplink(self, event: Event) -> Event {
        let (uplink, normalized) = match (self.uplink_message, self.uplink_normalized) {
            (Some(Object(uplink)), _) => (uplink, false),
            (None, Some(Object(uplink))) => (uplink, true),
            (None, None) => return event,
        };
        // A normalized uplink repeats one that was sent raw: no payload there is unknown, not empty.
        // Beside a raw payload it is a list.
        let decoded = uplink.decoded_payload.to_owned().or_else(|| uplink.normalized_payload.to_owned());
        let is_clear = uplink.app_s_key.is_none();
        let payload = uplink.frm_payload.0.or_else(|| (!normalized).then(Vec::new)).filter(|_| is_clear);
        Event {
            f_cnt: Some(uplink.f_cnt.or_default()),
            f_port: Some(uplink.f_port.or_default()),
            payload,
            decoded,
            confirmed: uplink.confirmed.0,
            received_at: uplink.received_at.0.or(event.received_at),
            gateways: uplink.rx_metadata.0.iter().map(RxMetadata::gateway).collect(),
            ..event
        }
    }

    fn downlink(self, event: Event) -> Event {
        let (failed, reason) = match self.downlink_failed {
            Some(Object(FailedDownlink { downlink, error })) => {
                (downlink, error.known().and_then(|error| error.message_format.to_owned()))
            }
            None => (None, None),
        };
        let told = [
            (self.downlink_ack, Some(Outcome::Acknowledged)),
            (self.downlink_nack, Some(Outcome::Unanswered)),
            (self.downlink_sent, None),
            (self.downlink_queued, None),
            (failed, Some(Outcome::Failed)),
        ];
        let Some((Object(downlink), outcome)) =
            told.into_iter().find_map(|(downlink, outcome)| Some((downlink?, outcome)))
        else {
            return event;
        };
        let names = downlink.correlation_ids.0;
        Event {
            f_cnt: Some(downlink.f_cnt.or_default()),
            f_port: Some(downlink.f_port.or_default()),
            payload: Some(downlink.frm_payload.0.unwrap_or_default()),
            confirmed: downlink.confirmed.0,
            downlink: outcome.map(|outcome| Box::new(Report { names, outcome, reason })),
            ..event
        }
    }

    fn location(self, event: Event) -> Event {
        let solved = self.location_solved.as_ref().and_then(Part::known);
        let place = solved.and_then(|solved| solved.location.known());
        let (location, accuracy_m) = (place.and_then(Place::known), place.and_then(Place::accuracy_m));
        Event { location, accuracy_m, ..event }
    }
}

impl RxMetadata<'_> {
    fn gateway(&self) -> Gateway {
        let ids = self.gateway_ids.known();
        let broker = self.packet_broker.known();
        let id = ids
            .and_then(|ids| ids.eui.gateway_id())
            .or_else(|| broker.and_then(|broker| broker.forwarder_gateway_eui.gateway_id()))
            .or_else(|| ids.and_then(|ids| ids.gateway_id.gateway_id()));
        let rssi = self.rssi.known().or_else(|| self.channel_rssi.known());
        reception(id, rssi, &self.snr, &self.location)
    }
}
