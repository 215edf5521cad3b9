//! A fleet of our own trackers as ChirpStack reports it: each with a shipment of its own, one reading a quarter of
//! an hour, with excursions on either side of the range and some readings that never came.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Client;
use serde_json::{Value, json};
use wire::{EPOCH_UNIX_S, Entry, Reading, Stamp, Step, What};

use crate::Api;

/// When the fleet sets out: so many days before the tests run, since the product believes no time that lies too far
/// back.
const DAYS_AGO: i64 = 60;

fn start() -> i64 {
    static START: OnceLock<i64> = OnceLock::new();
    *START.get_or_init(|| {
        // What the product goes by, too.
        #[allow(clippy::disallowed_methods)]
        let now = Utc::now().timestamp();
        (now / 86_400 - DAYS_AGO) * 86_400
    })
}

/// Minutes between two readings.
pub const INTERVAL_MIN: i64 = 15;

pub fn dev_eui(tracker: u64) -> String {
    format!("{:016x}", 0x0102_0304_0000_0000_u64 | tracker)
}

/// When a reading of that number was measured.
pub fn measured_at(reading: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(start() + i64::from(reading) * INTERVAL_MIN * 60, 0).unwrap()
}

pub fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// 0.01 °C: mostly fine. In every ten hours an hour and more above 8 °C, two halves of an hour with one fine reading
/// between them, one quarter that is too short for an alarm, and in every third tracker one below 2 °C.
pub fn temperature(tracker: u64, reading: u32) -> i16 {
    let phase = (u64::from(reading) + tracker * 13) % 40;
    match phase {
        0..=2 => 905,
        3 => 801,
        // Within the hysteresis: what was above 8 °C still is.
        4 => 800,
        10 | 11 | 13 | 14 => 880,
        20 if tracker.is_multiple_of(3) => 150,
        30 => 850,
        _ => 500 + (phase as i16),
    }
}

/// The webhook of one reading.
pub fn webhook(tracker: u64, reading: u32, temperature: i16) -> Value {
    let measured_at = measured_at(reading);
    let payload = payload(reading, minutes(measured_at), temperature, Some(80));
    up(&dev_eui(tracker), reading, measured_at, &payload)
}

/// The wire's minutes of a time.
pub fn minutes(at: DateTime<Utc>) -> u32 {
    u32::try_from((at.timestamp() - EPOCH_UNIX_S) / 60).unwrap()
}

/// A frame with one reading. The temperature is in 0.01 °C, the humidity in half percent.
pub fn payload(sequence: u32, minutes: u32, temperature: i16, humidity: Option<u8>) -> Vec<u8> {
    let what = What::Reading(Reading { temperature, spread: None, humidity });
    log_frame(&[Entry { sequence, stamp: Stamp::Utc(minutes), what }])
}

/// A frame with these entries, newest first.
pub fn log_frame(entries: &[Entry]) -> Vec<u8> {
    let mut room = [0; 242];
    let written = wire::encode(entries.iter().copied(), Step::Minutes15, &mut room).unwrap();
    assert_eq!(written.entries, entries.len());
    room[..written.length].to_vec()
}

/// A ChirpStack `up` event.
pub fn up(dev_eui: &str, f_cnt: u32, received_at: DateTime<Utc>, payload: &[u8]) -> Value {
    json!({
        "deduplicationId": format!("{dev_eui}-{f_cnt}"), "time": text(received_at),
        "deviceInfo": { "applicationId": "a", "devEui": dev_eui }, "devAddr": "00112233",
        "fCnt": f_cnt, "fPort": wire::LOG_PORT, "data": STANDARD.encode(payload),
        "rxInfo": [{ "gatewayId": "0016c001f153a14c", "rssi": -80, "snr": 7.5 }],
    })
}

/// Whether a reading ever comes: some are missing for good, and once all of them for an hour.
fn comes(tracker: u64, reading: u32) -> bool {
    !(u64::from(reading) + tracker).is_multiple_of(37) && !(60..64).contains(&reading)
}

/// Exactly `count` webhooks of a fleet of so many trackers, in the order of measurement.
pub fn webhooks(trackers: u64, count: usize) -> Vec<Value> {
    let all = (0_u32..).flat_map(|reading| (0..trackers).map(move |tracker| (tracker, reading)));
    all.filter(|(tracker, reading)| comes(*tracker, *reading))
        .map(|(tracker, reading)| webhook(tracker, reading, temperature(tracker, reading)))
        .take(count)
        .collect()
}

/// The same disorder in every run (a linear congruential generator behind Fisher and Yates).
pub fn shuffled(mut webhooks: Vec<Value>) -> Vec<Value> {
    let mut state = 42_u64;
    for last in (1..webhooks.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        webhooks.swap(last, (state >> 33) as usize % (last + 1));
    }
    webhooks
}

/// In disorder, each twice: every other one with its copy right behind it, so that what loses the one loses both; the
/// copies of the rest when all have come once.
pub fn twice_in_disorder(webhooks: Vec<Value>) -> Vec<Value> {
    let webhooks = shuffled(webhooks);
    let late: Vec<Value> = webhooks.iter().skip(1).step_by(2).cloned().collect();
    let times = |place: usize| if place.is_multiple_of(2) { 2 } else { 1 };
    let first = webhooks.into_iter().enumerate();
    first.flat_map(|(place, webhook)| std::iter::repeat_n(webhook, times(place))).chain(late).collect()
}

/// 2 to 8 °C, with an alarm of each kind.
pub fn profile() -> Value {
    json!({
        "name": "Refrigerated", "max_gap": "40m", "range": { "min_c": 2.0, "max_c": 8.0 },
        "alarm": [
            { "name": "too warm", "above": 8.0, "delay": "20m", "hysteresis_c": 0.2, "severity": "critical" },
            { "name": "warm in all", "above": 8.0, "exposure": "cumulative", "delay": "2h", "severity": "warning" },
            { "name": "too cold", "below": 2.0, "delay": "0s", "severity": "critical" },
        ],
    })
}

/// Registers a tracker, makes a shipment `S-{tracker}` of the profile and binds the two; returns the shipment's id.
pub async fn ship(api: &Api, tracker: u64, profile_id: &Value) -> String {
    let dev_eui = dev_eui(tracker);
    api.post("/trackers", &json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm" })).await;
    let made =
        api.post("/shipments", &json!({ "reference": format!("S-{tracker}"), "profile": profile_id })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let from = text(measured_at(0) - chrono::Duration::minutes(10));
    api.post(&format!("/shipments/{id}/trackers"), &json!({ "dev_eui": dev_eui, "from": from })).await;
    id
}

/// Posts a webhook to `/webhooks/{path}` and returns the status, or None where there was no answer.
pub async fn post(
    client: &Client,
    program_url: &str,
    path: &str,
    token: &str,
    webhook: &Value,
) -> Option<u16> {
    let request = client.post(format!("{program_url}/webhooks/{path}")).bearer_auth(token).json(webhook);
    Some(request.send().await.ok()?.status().as_u16())
}
