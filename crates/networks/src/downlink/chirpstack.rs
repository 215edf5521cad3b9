//! ChirpStack v4's API, as far as it takes downlinks: `api.DeviceService/Enqueue`.
//!
//! Declared from api/proto/api/device.proto; a message may leave out what it does not use.

use chrono::{DateTime, Utc};
use domain::DevEui;
use prost::Message;

use super::Frame;

/// The method's path in gRPC.
pub const ENQUEUE: &str = "/api.DeviceService/Enqueue";

#[derive(Clone, PartialEq, Message)]
pub struct EnqueueRequest {
    #[prost(message, optional, tag = "1")]
    pub queue_item: Option<QueueItem>,
}

#[derive(Clone, PartialEq, Message)]
pub struct QueueItem {
    /// 16 hexadecimal digits.
    #[prost(string, tag = "2")]
    pub dev_eui: String,
    /// Whether the device is to say that it came.
    #[prost(bool, tag = "3")]
    pub confirmed: bool,
    #[prost(uint32, tag = "4")]
    pub f_port: u32,
    #[prost(bytes = "vec", tag = "5")]
    pub data: Vec<u8>,
    /// Servers before 4.9 do not know it, and keep the item.
    #[prost(message, optional, tag = "10")]
    pub expires_at: Option<Timestamp>,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct EnqueueResponse {
    /// By this name the events speak of it.
    #[prost(string, tag = "1")]
    pub id: String,
}

/// A downlink that the device is to acknowledge, in whole seconds.
pub fn enqueue(dev_eui: DevEui, frame: Frame, expires_at: DateTime<Utc>) -> EnqueueRequest {
    EnqueueRequest {
        queue_item: Some(QueueItem {
            dev_eui: dev_eui.to_string(),
            confirmed: true,
            f_port: frame.f_port.into(),
            data: frame.payload,
            expires_at: Some(Timestamp { seconds: expires_at.timestamp(), nanos: 0 }),
        }),
    }
}
