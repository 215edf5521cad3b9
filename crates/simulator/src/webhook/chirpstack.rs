//! ChirpStack v4, in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::DevEui;
use serde_json::{Value, json};
use tracker::Region;

use super::Post;
use crate::downlinks::Became;
use crate::world::{Report, Uplink};

pub fn post(report: &Report, region: Region) -> Post {
    match report {
        Report::Uplink(uplink) => ("up", up(uplink, region)),
        Report::Joined { dev_eui, dev_addr, at } => (
            "join",
            json!({
                "deduplicationId": format!("{dev_addr:08x}-0000-4000-8000-{:012x}", dev_eui.0 & 0xffff_ffff),
                "time": at.to_rfc3339(),
                "deviceInfo": device(*dev_eui),
                "devAddr": format!("{dev_addr:08x}"),
            }),
        ),
        Report::Downlink { dev_eui, id, became, at } => downlink(*dev_eui, id, *became, *at),
    }
}

fn downlink(dev_eui: DevEui, id: &str, became: Became, at: DateTime<Utc>) -> Post {
    let (time, device) = (at.to_rfc3339(), device(dev_eui));
    match became {
        Became::Transmitted => (
            "txack",
            json!({
                "downlinkId": 1, "time": time, "deviceInfo": device, "queueItemId": id, "fCntDown": 0,
                "gatewayId": "0000000000000000",
            }),
        ),
        Became::Acknowledged | Became::Unanswered => (
            "ack",
            json!({
                "time": time, "deviceInfo": device, "queueItemId": id, "fCntDown": 0,
                "acknowledged": became == Became::Acknowledged,
            }),
        ),
        Became::Expired => (
            "log",
            json!({
                "time": time, "deviceInfo": device, "level": "WARNING", "code": "EXPIRED",
                "description": "Device queue-item discarded because it has expired",
                "context": { "queue_item_id": id },
            }),
        ),
    }
}

fn up(uplink: &Uplink, region: Region) -> Value {
    let DevEui(number) = uplink.dev_eui;
    let copy = u8::from(uplink.is_copy);
    let gateways: Vec<Value> = uplink
        .heard_by
        .iter()
        .map(|heard| {
            json!({
                "gatewayId": format!("{:016x}", heard.eui),
                "uplinkId": uplink.f_cnt,
                "rssi": heard.rssi_dbm.round() as i32,
                "snr": (heard.snr_db * 4.0).round() / 4.0,
                "location": { "latitude": heard.point.y(), "longitude": heard.point.x(), "source": "GPS" },
                "crcStatus": "CRC_OK",
            })
        })
        .collect();
    json!({
        "deduplicationId": format!("{:08x}-000{copy}-4000-8000-{:04x}{:08x}", number & 0xffff_ffff, number >> 48, uplink.f_cnt),
        "time": uplink.at.to_rfc3339(),
        "deviceInfo": device(uplink.dev_eui),
        "devAddr": format!("{:08x}", uplink.dev_addr),
        "adr": false,
        "dr": uplink.rate.0,
        "fCnt": uplink.f_cnt,
        "fPort": uplink.port,
        "confirmed": uplink.confirmed,
        "data": STANDARD.encode(&uplink.payload),
        "rxInfo": gateways,
        "txInfo": {
            "frequency": first_channel_hz(region),
            "modulation": { "lora": {
                "bandwidth": 125_000,
                "spreadingFactor": region.spreading_factor(uplink.rate),
                "codeRate": "CR_4_5",
            } },
        },
    })
}

const fn first_channel_hz(region: Region) -> u32 {
    match region {
        Region::Eu868 => 868_100_000,
        Region::Us915 => 902_300_000,
    }
}

fn device(dev_eui: DevEui) -> Value {
    json!({
        "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
        "tenantName": "Isotherm demonstration",
        "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
        "applicationName": "cold chain",
        "deviceProfileName": "isotherm tracker",
        "deviceName": format!("box {}", dev_eui.0 & 0xffff),
        "devEui": dev_eui,
        "tags": {},
    })
}
