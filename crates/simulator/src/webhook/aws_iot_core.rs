//! AWS IoT Core for LoRaWAN: what its rule makes of an uplink.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tracker::Region;

use super::Post;
use crate::world::Report;

/// Joins go to a topic of their own.
pub fn post(report: &Report, region: Region) -> Option<Post> {
    let Report::Uplink(uplink) = report else { return None };
    let gateways = uplink.heard_by.iter().map(|heard| {
        json!({ "GatewayEui": format!("{:016x}", heard.eui), "Rssi": heard.rssi_dbm.round(), "Snr": heard.snr_db })
    });
    let body = json!({
        "MessageId": format!("{:08x}-{:08x}", uplink.dev_addr, uplink.f_cnt),
        "WirelessDeviceId": format!("b5c04c18-0000-4000-8000-{:012x}", uplink.dev_eui.0 & 0xffff_ffff),
        "PayloadData": STANDARD.encode(&uplink.payload),
        "WirelessMetadata": { "LoRaWAN": {
            "ADR": false,
            "Bandwidth": 125,
            "ClassB": false,
            "CodeRate": "4/5",
            "DataRate": uplink.rate.0.to_string(),
            "DevAddr": format!("{:08x}", uplink.dev_addr),
            "DevEui": uplink.dev_eui,
            "FCnt": uplink.f_cnt,
            "FPort": uplink.port,
            "Gateways": gateways.collect::<Vec<_>>(),
            "MIC": "7255cb07",
            "MType": if uplink.confirmed { "ConfirmedDataUp" } else { "UnconfirmedDataUp" },
            "Major": "LoRaWANR1",
            "Modulation": "LORA",
            "SpreadingFactor": region.spreading_factor(uplink.rate),
            "Timestamp": uplink.at.to_rfc3339(),
        } },
    });
    Some(("", body))
}
