//! ThingPark, in its older JSON, where numbers are texts.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{Post, put};
use crate::world::{HeardBy, Report, Uplink};

pub fn post(report: &Report) -> Option<Post> {
    match report {
        Report::Uplink(uplink) => Some(("", up(uplink))),
        Report::Joined { dev_eui, dev_addr, at } => {
            let body = json!({ "DevEUI_notification": {
                "CustomerID": "100000001", "DevEUI": dev_eui.to_string().to_ascii_uppercase(), "Time": local(*at),
                "Type": "join", "DevAddr": format!("{dev_addr:08X}"),
            } });
            Some(("", body))
        }
        Report::Downlink { .. } => None,
    }
}

fn up(uplink: &Uplink) -> Value {
    let mut body = json!({
        "Time": local(uplink.at),
        "DevEUI": uplink.dev_eui.to_string().to_ascii_uppercase(),
        "DevAddr": format!("{:08X}", uplink.dev_addr),
        "FPort": uplink.port.to_string(),
        "FCntUp": uplink.f_cnt.to_string(),
        "MType": if uplink.confirmed { "4" } else { "2" },
        "payload_hex": hex(&uplink.payload),
        "Lrrs": { "Lrr": uplink.heard_by.iter().map(gateway).collect::<Vec<_>>() },
        "CustomerID": "100000001",
    });
    if let Some(best) = uplink.heard_by.first() {
        put(&mut body, "Lrrid", id(best));
        put(&mut body, "LrrLAT", format!("{:.6}", best.point.y()));
        put(&mut body, "LrrLON", format!("{:.6}", best.point.x()));
    }
    json!({ "DevEUI_uplink": body })
}

fn gateway(heard: &HeardBy) -> Value {
    json!({
        "Lrrid": id(heard), "LrrRSSI": format!("{:.6}", heard.rssi_dbm), "LrrSNR": format!("{:.6}", heard.snr_db),
    })
}

fn id(heard: &HeardBy) -> String {
    format!("{:08X}", heard.eui & 0xffff_ffff)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Its clock stands where its gateways are.
fn local(at: DateTime<Utc>) -> String {
    let paris = FixedOffset::east_opt(7200);
    let text = |offset| at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Millis, false);
    paris.map_or_else(|| at.to_rfc3339(), text)
}
