//! The Things Stack v3, in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use domain::DevEui;
use serde_json::{Value, json};
use tracker::Region;

use super::{Post, put};
use crate::world::{HeardBy, Report, Uplink};

pub fn post(report: &Report, region: Region) -> Option<Post> {
    match report {
        Report::Uplink(uplink) => Some(("up", up(uplink, region))),
        Report::Joined { dev_eui, dev_addr, at } => {
            let time = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
            let body = json!({
                "end_device_ids": ids(*dev_eui, *dev_addr),
                "received_at": time,
                "join_accept": { "session_key_id": "AXBSH1Pk7kZMhkXi", "received_at": time },
            });
            Some(("join", body))
        }
        Report::Downlink { .. } => None,
    }
}

/// What is its default is left out, as in all of its messages.
fn up(uplink: &Uplink, region: Region) -> Value {
    let time = uplink.at.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let mut message = json!({
        "f_port": uplink.port,
        "frm_payload": STANDARD.encode(&uplink.payload),
        "rx_metadata": uplink.heard_by.iter().map(gateway).collect::<Vec<_>>(),
        "settings": { "data_rate": { "lora": {
            "bandwidth": 125_000, "spreading_factor": region.spreading_factor(uplink.rate), "coding_rate": "4/5",
        } } },
        "received_at": time,
    });
    if uplink.f_cnt > 0 {
        put(&mut message, "f_cnt", uplink.f_cnt);
    }
    if uplink.confirmed {
        put(&mut message, "confirmed", true);
    }
    json!({
        "end_device_ids": ids(uplink.dev_eui, uplink.dev_addr),
        "correlation_ids": [format!("as:up:{:08X}{:08X}", uplink.dev_addr, uplink.f_cnt)],
        "received_at": time,
        "uplink_message": message,
    })
}

fn gateway(heard: &HeardBy) -> Value {
    json!({
        "gateway_ids": { "gateway_id": format!("gateway-{:x}", heard.eui), "eui": format!("{:016X}", heard.eui) },
        "rssi": heard.rssi_dbm.round() as i32,
        "channel_rssi": heard.rssi_dbm.round() as i32,
        "snr": (heard.snr_db * 4.0).round() / 4.0,
        "location": { "latitude": heard.point.y(), "longitude": heard.point.x(), "source": "SOURCE_REGISTRY" },
    })
}

fn ids(dev_eui: DevEui, dev_addr: u32) -> Value {
    json!({
        "device_id": format!("box-{dev_eui}"),
        "application_ids": { "application_id": "cold-chain" },
        "dev_eui": dev_eui.to_string().to_ascii_uppercase(),
        "dev_addr": format!("{dev_addr:08X}"),
    })
}
