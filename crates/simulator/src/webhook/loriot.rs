//! LORIOT: what an uplink was, and then the same once more with its gateways.

use serde_json::{Value, json};

use super::{Post, put};
use crate::world::{HeardBy, Report, Uplink};

/// It says nothing of joins.
pub fn posts(report: &Report) -> Vec<Post> {
    let Report::Uplink(uplink) = report else { return Vec::new() };
    let mut with_gateways = common(uplink, "gw");
    let gateways: Vec<_> = uplink.heard_by.iter().map(|heard| gateway(heard, uplink)).collect();
    put(&mut with_gateways, "gws", gateways);
    let mut alone = common(uplink, "rx");
    if let Some(best) = uplink.heard_by.first() {
        put(&mut alone, "rssi", best.rssi_dbm.round() as i32);
        put(&mut alone, "snr", (best.snr_db * 4.0).round() / 4.0);
    }
    vec![("", alone), ("", with_gateways)]
}

fn common(uplink: &Uplink, command: &str) -> Value {
    json!({
        "cmd": command,
        "seqno": uplink.f_cnt,
        "EUI": uplink.dev_eui.to_string().to_ascii_uppercase(),
        "ts": uplink.at.timestamp_millis(),
        "fcnt": uplink.f_cnt,
        "port": uplink.port,
        "data": uplink.payload.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "bat": 255,
        "ack": false,
    })
}

fn gateway(heard: &HeardBy, uplink: &Uplink) -> Value {
    json!({
        "gweui": format!("{:016X}", heard.eui),
        "rssi": heard.rssi_dbm.round() as i32,
        "snr": (heard.snr_db * 4.0).round() / 4.0,
        "ts": uplink.at.timestamp_millis(),
        "lat": heard.point.y(),
        "lon": heard.point.x(),
    })
}
