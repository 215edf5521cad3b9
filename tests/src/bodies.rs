//! The same uplink as each network server writes it, with fields that a test can reach by one name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wire::{Entry, Reading, Stamp, What};

use crate::fleet;

/// A LoRaWAN network server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    ChirpStack,
    TheThingsStack,
}

/// What a network says in words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Device,
    DevEui,
    DevAddr,
    /// A text that nobody needs.
    DeviceName,
    Application,
    Uplink,
    FCnt,
    FPort,
    Payload,
    Time,
    Gateways,
    GatewayId,
    /// What the server's own codec made of the payload.
    Decoded,
}

impl Network {
    pub const ALL: [Self; 2] = [Self::ChirpStack, Self::TheThingsStack];

    /// As `admin integration add --network` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ChirpStack => "chirpstack",
            Self::TheThingsStack => "the-things-stack",
        }
    }

    /// A JSON pointer. ChirpStack's uplink is the whole body.
    pub fn pointer(self, field: Field) -> &'static str {
        let (chirpstack, the_things_stack) = match field {
            Field::Device => ("/deviceInfo", "/end_device_ids"),
            Field::DevEui => ("/deviceInfo/devEui", "/end_device_ids/dev_eui"),
            Field::DevAddr => ("/devAddr", "/end_device_ids/dev_addr"),
            Field::DeviceName => ("/deviceInfo/deviceName", "/end_device_ids/device_id"),
            Field::Application => {
                ("/deviceInfo/applicationId", "/end_device_ids/application_ids/application_id")
            }
            Field::Uplink => ("", "/uplink_message"),
            Field::FCnt => ("/fCnt", "/uplink_message/f_cnt"),
            Field::FPort => ("/fPort", "/uplink_message/f_port"),
            Field::Payload => ("/data", "/uplink_message/frm_payload"),
            Field::Time => ("/time", "/uplink_message/received_at"),
            Field::Gateways => ("/rxInfo", "/uplink_message/rx_metadata"),
            Field::GatewayId => {
                ("/rxInfo/0/gatewayId", "/uplink_message/rx_metadata/0/gateway_ids/gateway_id")
            }
            Field::Decoded => ("/object", "/uplink_message/decoded_payload"),
        };
        match self {
            Self::ChirpStack => chirpstack,
            Self::TheThingsStack => the_things_stack,
        }
    }

    /// An uplink of one of our own trackers.
    pub fn uplink(self, dev_eui: &str, f_cnt: u32, received_at: DateTime<Utc>, payload: &[u8]) -> Value {
        let (time, data) = (fleet::text(received_at), STANDARD.encode(payload));
        match self {
            Self::ChirpStack => json!({
                "deduplicationId": format!("{dev_eui}-{f_cnt}"), "time": time,
                "deviceInfo": { "applicationId": "a", "deviceName": "box", "devEui": dev_eui },
                "devAddr": "00112233", "fCnt": f_cnt, "fPort": wire::LOG_PORT, "data": data, "object": {},
                "rxInfo": [{ "gatewayId": "gateway", "rssi": -80, "snr": 7.5 }],
            }),
            Self::TheThingsStack => json!({
                "end_device_ids": {
                    "device_id": "box", "application_ids": { "application_id": "a" },
                    "dev_eui": dev_eui.to_ascii_uppercase(), "dev_addr": "00112233",
                },
                "uplink_message": {
                    "f_cnt": f_cnt, "f_port": wire::LOG_PORT, "frm_payload": data, "decoded_payload": {},
                    "rx_metadata": [{ "gateway_ids": { "gateway_id": "gateway" }, "rssi": -80, "snr": 7.5 }],
                    "received_at": time,
                },
            }),
        }
    }
}

/// The whole minute that an instant lies in: what a frame can say.
pub fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp() / 60 * 60, 0).unwrap()
}

/// A frame of our own tracker with one reading.
pub fn frame(sequence: u32, measured_at: DateTime<Utc>, temperature: i16) -> Vec<u8> {
    fleet::payload(sequence, fleet::minutes(measured_at), temperature, Some(80))
}

/// A frame of a tracker that has not been told the time.
pub fn frame_without_time(sequence: u32, temperature: i16) -> Vec<u8> {
    let what = What::Reading(Reading { temperature, spread: None, humidity: Some(80) });
    fleet::log_frame(&[Entry { sequence, stamp: Stamp::SinceStart(5), what }])
}
