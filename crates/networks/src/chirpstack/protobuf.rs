//! The same events as protobuf messages: what ChirpStack sends where its HTTP integration is set to Protobuf.
//!
//! Declared from api/proto/integration/integration.proto, api/proto/gw/gw.proto and api/proto/common/common.proto with the fields
//! that are used. A message becomes the same [`Body`] that the JSON is read into, so that both end as the same event.

use std::collections::BTreeMap;

use prost::Message;
use serde::de::IgnoredAny;

use super::{Body, Context, DeviceInfo, Metadata, RxInfo, object};
use crate::downlink::chirpstack::Timestamp;
use crate::event::EventKind;
use crate::fields::{Base64, Decimal, DecodedObject, Flag, Part, Place, Receptions, Text, Time, Whole};
use crate::keys::is_binary;
use crate::{ParseError, fields};

#[derive(Clone, PartialEq, Message)]
struct UplinkEvent {
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(string, tag = "4")]
    dev_addr: String,
    #[prost(uint32, tag = "7")]
    f_cnt: u32,
    #[prost(uint32, tag = "8")]
    f_port: u32,
    #[prost(bool, tag = "9")]
    confirmed: bool,
    #[prost(bytes = "vec", tag = "10")]
    data: Vec<u8>,
    /// A message that is read by itself.
    #[prost(bytes = "vec", tag = "11")]
    object: Vec<u8>,
    #[prost(message, repeated, tag = "12")]
    rx_info: Vec<UplinkRxInfo>,
    /// A message that is not read into.
    #[prost(bytes = "vec", optional, tag = "15")]
    join_server_context: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct DeviceInfoMessage {
    #[prost(string, tag = "3")]
    application_id: String,
    #[prost(string, tag = "8")]
    dev_eui: String,
}

#[derive(Clone, PartialEq, Message)]
struct UplinkRxInfo {
    #[prost(string, tag = "1")]
    gateway_id: String,
    #[prost(int32, tag = "6")]
    rssi: i32,
    #[prost(float, tag = "7")]
    snr: f32,
    #[prost(message, optional, tag = "12")]
    location: Option<Location>,
    #[prost(btree_map = "string, string", tag = "15")]
    metadata: BTreeMap<String, String>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Location {
    #[prost(double, tag = "1")]
    latitude: f64,
    #[prost(double, tag = "2")]
    longitude: f64,
    #[prost(float, tag = "5")]
    accuracy: f32,
}

#[derive(Clone, PartialEq, Message)]
struct JoinEvent {
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(string, tag = "4")]
    dev_addr: String,
}

#[derive(Clone, PartialEq, Message)]
struct AckEvent {
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(string, tag = "4")]
    queue_item_id: String,
    #[prost(bool, tag = "5")]
    acknowledged: bool,
    #[prost(uint32, tag = "6")]
    f_cnt_down: u32,
}

#[derive(Clone, PartialEq, Message)]
struct TxAckEvent {
    #[prost(uint32, tag = "1")]
    downlink_id: u32,
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(string, tag = "6")]
    gateway_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct LogEvent {
    #[prost(message, optional, tag = "1")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "2")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(int32, tag = "3")]
    level: i32,
    #[prost(int32, tag = "4")]
    code: i32,
    #[prost(string, tag = "5")]
    description: String,
    #[prost(btree_map = "string, string", tag = "6")]
    context: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
struct StatusEvent {
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(int32, tag = "5")]
    margin: i32,
    #[prost(bool, tag = "6")]
    external_power_source: bool,
    #[prost(bool, tag = "7")]
    battery_level_unavailable: bool,
    #[prost(float, tag = "8")]
    battery_level: f32,
}

#[derive(Clone, PartialEq, Message)]
struct LocationEvent {
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
    #[prost(message, optional, tag = "4")]
    location: Option<Location>,
}

/// What the events have in common, but for `LogEvent`.
#[derive(Clone, PartialEq, Message)]
struct AnyEvent {
    #[prost(message, optional, tag = "2")]
    time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    device_info: Option<DeviceInfoMessage>,
}

/// Whether it can only be protobuf: JSON begins with `{`.
///
/// A line feed in front decides nothing, since it is the tag of a message's first field, too. No message has `{` behind it: no
/// first field is that long.
pub(crate) fn is_protobuf(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|first| *first != b'{') && is_binary(body)
}

/// The largest message, in bytes. What two of them say may fill a hundred in memory, and an uplink that sixty gateways heard has 8 KiB.
const LARGEST: usize = 64 * 1024;

/// Reads a message of the kind that the sender's word told, or else of the kind that it can only be.
pub(super) fn read(
    told: Option<EventKind>,
    message: &[u8],
) -> Result<(EventKind, Body<'static>), ParseError> {
    if message.len() > LARGEST {
        let reason = format!("it has {} bytes, and no event has more than {LARGEST}", message.len());
        return Err(malformed(reason));
    }
    let kind = told.unwrap_or_else(|| kind_of_shape(message));
    let body = match kind {
        EventKind::Uplink => uplink(UplinkEvent::decode(message)?)?,
        EventKind::Join => JoinEvent::decode(message)?.into(),
        EventKind::Ack => AckEvent::decode(message)?.into(),
        EventKind::Downlink => TxAckEvent::decode(message)?.into(),
        EventKind::Error => LogEvent::decode(message)?.into(),
        EventKind::Location => LocationEvent::decode(message)?.into(),
        EventKind::Status | EventKind::Other => AnyEvent::decode(message)?.into(),
    };
    // Many bytes are some protobuf message; all of ChirpStack's are about a device.
    if told.is_none() && body.device_info.known().is_none() {
        return Err(malformed("it is none of ChirpStack's events, which all name a device".to_owned()));
    }
    Ok((kind, body))
}

/// By the fields that only one kind has at their number and of their type. A status whose figures are all zero has none, and an
/// integration's own event never has.
fn kind_of_shape(message: &[u8]) -> EventKind {
    fn is<T: Message + Default>(message: &[u8], tells: impl FnOnce(&T) -> bool) -> bool {
        T::decode(message).is_ok_and(|event| tells(&event))
    }
    if is(message, |up: &UplinkEvent| !up.rx_info.is_empty() || !up.data.is_empty() || up.f_port > 0) {
        EventKind::Uplink
    } else if is(message, |sent: &TxAckEvent| sent.downlink_id > 0) {
        EventKind::Downlink
    } else if is(message, |log: &LogEvent| log.device_info.is_some()) {
        EventKind::Error
    } else if is(message, |solved: &LocationEvent| {
        solved.location.is_some_and(|at| at != Location::default())
    }) {
        EventKind::Location
    } else if is(message, |join: &JoinEvent| join.dev_addr.len() == DEV_ADDR_DIGITS) {
        EventKind::Join
    } else if is(message, |ack: &AckEvent| !ack.queue_item_id.is_empty()) {
        EventKind::Ack
    } else if is(message, StatusEvent::has_figures) {
        EventKind::Status
    } else {
        EventKind::Other
    }
}

/// A queue item's id, in the same place, is longer.
const DEV_ADDR_DIGITS: usize = 8;

impl StatusEvent {
    fn has_figures(&self) -> bool {
        self.margin != 0
            || self.external_power_source
            || self.battery_level_unavailable
            || self.battery_level != 0.0
    }
}

fn uplink(up: UplinkEvent) -> Result<Body<'static>, ParseError> {
    let f_port = up
        .f_port
        .try_into()
        .map_err(|_| malformed(format!("f_port is {}, and the highest is 255", up.f_port)))?;
    Ok(Body {
        dev_addr: Text::from(up.dev_addr),
        f_cnt: Whole(Some(up.f_cnt)),
        f_port: Whole(Some(f_port)),
        confirmed: Flag(Some(up.confirmed)),
        data: Base64(Some(fields::payload(up.data).map_err(malformed)?)),
        object: object::to_json(&up.object).map(DecodedObject::from).unwrap_or_default(),
        join_server_context: up.join_server_context.map(|_| IgnoredAny),
        rx_info: Some(Receptions::of(up.rx_info.into_iter().map(RxInfo::from))),
        ..common(up.time, up.device_info)
    })
}

impl From<JoinEvent> for Body<'_> {
    fn from(join: JoinEvent) -> Self {
        Self { dev_addr: Text::from(join.dev_addr), ..common(join.time, join.device_info) }
    }
}

impl From<AckEvent> for Body<'_> {
    fn from(ack: AckEvent) -> Self {
        Self {
            queue_item_id: Text::from(ack.queue_item_id),
            acknowledged: Some(Flag(Some(ack.acknowledged))),
            ..common(ack.time, ack.device_info)
        }
    }
}

impl From<TxAckEvent> for Body<'_> {
    fn from(sent: TxAckEvent) -> Self {
        Self { gateway_id: Text::from(sent.gateway_id), ..common(sent.time, sent.device_info) }
    }
}

impl From<LogEvent> for Body<'_> {
    fn from(mut log: LogEvent) -> Self {
        let queue_item_id = Text::from(log.context.remove("queue_item_id").unwrap_or_default());
        Self {
            code: Text::from(name_of_code(log.code).to_owned()),
            description: Text::from(log.description),
            context: Context { queue_item_id }.into(),
            ..common(log.time, log.device_info)
        }
    }
}

/// As the JSON names those of `integration.LogCode` that are about a downlink.
fn name_of_code(code: i32) -> &'static str {
    match code {
        1 => "DOWNLINK_PAYLOAD_SIZE",
        10 => "F_CNT_DOWN",
        11 => "EXPIRED",
        _ => "",
    }
}

impl From<LocationEvent> for Body<'_> {
    fn from(solved: LocationEvent) -> Self {
        Self { location: place(solved.location), ..common(solved.time, solved.device_info) }
    }
}

impl From<AnyEvent> for Body<'_> {
    fn from(event: AnyEvent) -> Self {
        common(event.time, event.device_info)
    }
}

fn common(time: Option<Timestamp>, device: Option<DeviceInfoMessage>) -> Body<'static> {
    let device = device.map(|device| DeviceInfo {
        application_id: Text::from(device.application_id),
        dev_eui: Text::from(device.dev_eui),
    });
    Body {
        device_info: device.map(Part::from).unwrap_or_default(),
        time: time.map(|time| Time::at(time.seconds, time.nanos)).unwrap_or_default(),
        ..Body::default()
    }
}

impl From<UplinkRxInfo> for RxInfo<'_> {
    fn from(heard: UplinkRxInfo) -> Self {
        Self {
            gateway_id: Text::from(heard.gateway_id),
            rssi: Decimal::from(f64::from(heard.rssi)),
            snr: as_written(heard.snr),
            location: place(heard.location),
            metadata: Metadata {
                gateway_lat: Decimal::of_text(heard.metadata.get("gateway_lat")),
                gateway_long: Decimal::of_text(heard.metadata.get("gateway_long")),
            }
            .into(),
        }
    }
}

fn place(location: Option<Location>) -> Part<Place> {
    let place = |at: Location| Place {
        latitude: Decimal::from(at.latitude),
        longitude: Decimal::from(at.longitude),
        accuracy: as_written(at.accuracy),
    };
    location.map(|at| Part::from(place(at))).unwrap_or_default()
}

/// The decimal number that the JSON would say, such as 9.2, which an `f32` holds as 9.199999809….
fn as_written(value: f32) -> Decimal {
    Decimal::from(value.to_string().parse().unwrap_or(f64::from(value)))
}

fn malformed(reason: String) -> ParseError {
    ParseError::Protobuf(reason)
}

impl From<prost::DecodeError> for ParseError {
    fn from(error: prost::DecodeError) -> Self {
        malformed(error.to_string())
    }
}
