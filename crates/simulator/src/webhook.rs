//! An uplink as ChirpStack v4 posts it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::DevEui;

use crate::tracker::{Tracker, Uplink};

/// The body of `event=up`. The gateway that heard it stands where the box is.
pub fn body(tracker: &Tracker, uplink: &Uplink) -> serde_json::Value {
    let DevEui(number) = tracker.dev_eui;
    let (lat, lon) = tracker.journey.position(uplink.sent_at);
    let time = uplink.sent_at.to_rfc3339();
    serde_json::json!({
        "deduplicationId": format!("{number:08x}-0000-4000-8000-{:012x}", uplink.f_cnt),
        "time": time,
        "deviceInfo": {
            "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
            "tenantName": "Isotherm demonstration",
            "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
            "applicationName": "cold chain",
            "deviceProfileName": "isotherm tracker",
            "deviceName": format!("box {}", number & 0xffff),
            "devEui": tracker.dev_eui,
            "tags": {},
        },
        "devAddr": format!("{:08x}", number & 0xff_ffff),
        "adr": false,
        "dr": 0,
        "fCnt": uplink.f_cnt,
        "fPort": wire::LOG_PORT,
        "confirmed": false,
        "data": STANDARD.encode(&uplink.payload),
        "rxInfo": [{
            "gatewayId": format!("00163ef{:09x}", number & 0xffff),
            "uplinkId": uplink.f_cnt,
            "rssi": -97,
            "snr": 4.5,
            "location": { "latitude": lat, "longitude": lon, "source": "GPS" },
            "crcStatus": "CRC_OK",
        }],
        "txInfo": {
            "frequency": 868_100_000,
            "modulation": { "lora": { "bandwidth": 125_000, "spreadingFactor": 12, "codeRate": "CR_4_5" } },
        },
    })
}
