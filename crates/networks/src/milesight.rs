//! Milesight's webhooks in JSON: those of its gateways, which serve a network by themselves, and those of its platform.
//!
//! A gateway has an address for each kind, and writes no kind into the body: there its shape tells. The platform sends
//! lists of events, and nothing of the frame that they were decoded from.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ParseError;
use crate::event::{Event, EventKind, Gateway};
use crate::fields::{
    Base64, Decimal, DecodedObject, Millis, OneOrMore, Part, Place, Receptions, Seconds, Text, Time, Whole,
    is_list, read_object, read_objects, reception,
};

/// What tells the platform's objects from a gateway's.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Outside<'a> {
    event_type: Option<IgnoredAny>,
    /// The platform's events, wrapped.
    #[serde(borrow)]
    webhook_push_event: Option<OneOrMore<PlatformEvent<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PlatformEvent<'a> {
    #[serde(borrow)]
    event_type: Text<'a>,
    event_created_time: Seconds,
    #[serde(borrow)]
    data: Part<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    ts: Millis,
    #[serde(borrow)]
    payload: DecodedObject<'a>,
    #[serde(borrow)]
    device_profile: Part<DeviceProfile<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DeviceProfile<'a> {
    #[serde(borrow, rename = "devEUI")]
    dev_eui: Text<'a>,
}

/// The fields of a gateway's messages of all kinds together.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow, rename = "applicationID")]
    application: Text<'a>,
    #[serde(borrow, rename = "devEUI")]
    dev_eui: Text<'a>,
    #[serde(borrow)]
    dev_addr: Text<'a>,
    /// Some gateways write no valid one.
    time: Time,
    f_cnt: Whole<u32>,
    f_port: Whole<u8>,
    data: Option<Base64>,
    #[serde(borrow)]
    rx_info: Receptions<RxInfo<'a>>,
    acknowledged: Option<IgnoredAny>,
    /// Of the downlink that was acknowledged.
    #[serde(rename = "fcnt")]
    f_cnt_down: Whole<u32>,
    error: Option<IgnoredAny>,
    #[serde(borrow)]
    status: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RxInfo<'a> {
    #[serde(borrow)]
    mac: Text<'a>,
    rssi: Decimal,
    #[serde(rename = "loRaSNR")]
    snr: Decimal,
    latitude: Decimal,
    longitude: Decimal,
}

pub(crate) fn parse(word: Option<&str>, body: &[u8]) -> Result<Vec<Event>, ParseError> {
    if is_list(body) {
        return platform(body);
    }
    match read_object(body)? {
        Outside { webhook_push_event: Some(OneOrMore(events)), .. } => Ok(told(&events)),
        Outside { event_type: Some(_), .. } => platform(body),
        Outside { .. } => {
            let body: Body<'_> = read_object(body)?;
            let kind = word.and_then(kind_of_word).unwrap_or_else(|| body.kind_of_shape());
            Ok(vec![body.event(kind)])
        }
    }
}

fn platform(body: &[u8]) -> Result<Vec<Event>, ParseError> {
    Ok(told(&read_objects(body)?))
}

fn told(events: &[PlatformEvent<'_>]) -> Vec<Event> {
    events.iter().map(PlatformEvent::event).collect()
}

impl PlatformEvent<'_> {
    fn event(&self) -> Event {
        let data = self.data.known();
        let kind = match (self.event_type.known(), data.and_then(|data| data.kind.known())) {
            (Some("DEVICE_DATA"), Some("PROPERTY" | "EVENT")) => EventKind::Uplink,
            (Some("DEVICE_DATA"), Some("ONLINE" | "OFFLINE")) => EventKind::Status,
            _ => EventKind::Other,
        };
        let device = data.and_then(|data| data.device_profile.known());
        Event {
            kind,
            dev_eui: device.and_then(|device| device.dev_eui.dev_eui()),
            received_at: data.and_then(|data| data.ts.0).or(self.event_created_time.0),
            decoded: data.and_then(|data| data.payload.to_owned()).filter(|_| kind == EventKind::Uplink),
            ..Event::default()
        }
    }
}

/// As the gateway names its own kinds; the words in the addresses are the operator's.
fn kind_of_word(word: &str) -> Option<EventKind> {
    Some(match word {
        "up" | "uplink" => EventKind::Uplink,
        "join" => EventKind::Join,
        "ack" => EventKind::Ack,
        "error" => EventKind::Error,
        "online" | "offline" => EventKind::Status,
        _ => return None,
    })
}

impl Body<'_> {
    fn kind_of_shape(&self) -> EventKind {
        if self.acknowledged.is_some() {
            EventKind::Ack
        } else if self.error.is_some() {
            EventKind::Error
        } else if self.status.known().is_some() {
            EventKind::Status
        } else if self.data.is_some() || self.f_port.0.is_some() || self.f_cnt.0.is_some() {
            EventKind::Uplink
        } else if self.dev_addr.known().is_some() {
            EventKind::Join
        } else {
            EventKind::Other
        }
    }

    fn event(self, kind: EventKind) -> Event {
        let event = Event {
            kind,
            dev_eui: self.dev_eui.dev_eui(),
            application: self.application.to_owned(),
            dev_addr: self.dev_addr.dev_addr(),
            f_cnt: self.f_cnt.0.or(self.f_cnt_down.0),
            f_port: self.f_port.0,
            received_at: self.time.0,
            gateways: self.rx_info.0.iter().map(RxInfo::gateway).collect(),
            ..Event::default()
        };
        if kind != EventKind::Uplink {
            return event;
        }
        Event {
            f_cnt: Some(self.f_cnt.or_default()),
            f_port: Some(self.f_port.or_default()),
            payload: Some(self.data.and_then(|data| data.0).unwrap_or_default()),
            ..event
        }
    }
}

impl RxInfo<'_> {
    fn gateway(&self) -> Gateway {
        let place = Place::of(&self.latitude, &self.longitude).into();
        reception(self.mac.gateway_id(), self.rssi.known(), &self.snr, &place)
    }
}
