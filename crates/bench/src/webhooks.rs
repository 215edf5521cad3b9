//! The webhooks that both sides get: ChirpStack's `up` with one reading.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use wire::{EPOCH_UNIX_S, Entry, Reading, Stamp, Step, What};

/// Trackers whose readings come in turn, one a minute of their own time.
pub struct Fleet {
    pub trackers: u32,
    /// When the first reading was measured.
    pub start: DateTime<Utc>,
}

/// In range, in 0.01 °C.
const FINE: i16 = 520;
/// Above every limit of the profile.
const WARM: i16 = 1240;

impl Fleet {
    pub fn dev_eui(&self, tracker: u32) -> String {
        format!("{:016x}", 0x70b3_d5e7_5e10_0000_u64 + u64::from(tracker))
    }

    /// The body of the `number`th reading of the whole fleet.
    pub fn body(&self, number: u32) -> anyhow::Result<String> {
        self.body_of(number, FINE + i16::try_from(number % 97)?)
    }

    /// The same reading, but too warm.
    pub fn warm_body(&self, number: u32) -> anyhow::Result<String> {
        self.body_of(number, WARM)
    }

    /// Whose the `number`th reading is.
    pub fn tracker_of(&self, number: u32) -> u32 {
        number % self.trackers
    }

    fn body_of(&self, number: u32, temperature: i16) -> anyhow::Result<String> {
        let (tracker, sequence) = (self.tracker_of(number), number / self.trackers);
        let measured_at = self.start + chrono::Duration::minutes(i64::from(sequence));
        let minutes = u32::try_from((measured_at.timestamp() - EPOCH_UNIX_S) / 60)?;
        let reading = Reading { temperature, spread: None, humidity: Some((number % 150) as u8) };
        let entry = Entry { sequence, stamp: Stamp::Utc(minutes), what: What::Reading(reading) };
        let mut room = [0; 11];
        let written = wire::encode([entry].into_iter(), Step::Minutes1, &mut room)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
        let frame = room.get(..written.length).unwrap_or_default();
        let received_at = measured_at + chrono::Duration::seconds(2 + i64::from(tracker % 50));
        Ok(self.webhook(tracker, sequence, &STANDARD.encode(frame), received_at))
    }

    /// As a ChirpStack server prints it, with what Isotherm does not read, too.
    fn webhook(&self, tracker: u32, f_cnt: u32, data: &str, received_at: DateTime<Utc>) -> String {
        let time = received_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let dev_eui = self.dev_eui(tracker);
        format!(
            concat!(
                r#"{{"deduplicationId":"{tracker:08x}-0000-4000-8000-{f_cnt:012x}","time":"{time}","deviceInfo":{{"#,
                r#""tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242","tenantName":"bench","#,
                r#""applicationId":"17c82e96-be03-4f38-aef3-f83d48582d97","applicationName":"cold chain","#,
                r#""deviceProfileId":"14855bf7-d10d-4aee-b618-ebfcb64dc7ad","deviceProfileName":"isotherm tracker","#,
                r#""deviceName":"box {tracker}","devEui":"{dev_eui}","deviceClassEnabled":"CLASS_A","tags":{{}}}},"#,
                r#""devAddr":"{tracker:08x}","adr":true,"dr":0,"fCnt":{f_cnt},"fPort":{port},"confirmed":false,"#,
                r#""data":"{data}","rxInfo":[{{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"#,
                r#""gwTime":"{time}","nsTime":"{time}","rssi":-97,"snr":4.5,"channel":5,"rfChain":1,"#,
                r#""location":{{"latitude":47.5596,"longitude":7.5886}},"context":"AAAAAA==","#,
                r#""metadata":{{"region_common_name":"EU868","region_config_id":"eu868"}},"crcStatus":"CRC_OK"}}],"#,
                r#""txInfo":{{"frequency":868100000,"modulation":{{"lora":{{"bandwidth":125000,"#,
                r#""spreadingFactor":12,"codeRate":"CR_4_5"}}}}}},"regionConfigId":"eu868"}}"#
            ),
            tracker = tracker,
            f_cnt = f_cnt,
            time = time,
            dev_eui = dev_eui,
            port = wire::LOG_PORT,
            data = data,
        )
    }
}

/// A whole HTTP request.
pub fn request(path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
