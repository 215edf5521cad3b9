//! From the chip to the alert: what the tracker's image says on a modelled chip, as its network posts it, in the service.
//!
//! The modelled chip is a program of its own (`firmware/emulator`), so that nothing here is linked to what is under the GPL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::Network;
use e2e::fleet::{post, profile, text};
use e2e::warm::{bind, integrations, now};
use e2e::{Api, Installation, Part, folder, until};
use reqwest::Client;
use serde_json::{Value, json};

const MINUTE: i64 = 60;

/// When the box becomes warm, when cold again, and when the story ends, in seconds from its beginning. Each is half a minute
/// from the next sample, so that nothing depends on the second to which the tracker's clock was set.
const WARM: i64 = 4 * 60 * MINUTE + 150;
const COLD: i64 = WARM + 91 * MINUTE;
const ENDS: i64 = COLD + 4 * 60 * MINUTE;

/// As a tracker leaves its maker: a sample each minute, a reading at every fifth. Its own alarm is raised half an hour after the
/// first warm sample, and ends with the first cold one.
const STEP: i64 = 5 * MINUTE;
const RAISED: i64 = WARM - WARM % MINUTE + 31 * MINUTE;
const ENDED: i64 = COLD - COLD % MINUTE + MINUTE;

/// What `cargo xtask firmware --emulate` made: named by `cargo xtask test`, else where it lies beside the test.
fn made(variable: &str, path: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let beside = || test.ancestors().nth(3).unwrap().join(path);
    let made = std::env::var_os(variable).map_or_else(beside, PathBuf::from);
    assert!(made.is_file(), "run `cargo xtask firmware --emulate` first: {} is missing", made.display());
    made
}

/// What the network hears of the tracker from its button on.
fn heard(begins: DateTime<Utc>) -> Vec<Value> {
    let image = made("TEST_FIRMWARE", "firmware/thumbv7em-none-eabi/release/board");
    let mut program = Command::new(made("TEST_BOX", "emulator/debug/box"));
    program.arg(image).arg(begins.timestamp().to_string());
    let stretches = [(500, WARM), (950, COLD - WARM), (500, ENDS - COLD)];
    program.args(stretches.map(|(temperature, seconds)| format!("{temperature}:{seconds}")));
    let output = program.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn received_at(heard: &Value) -> DateTime<Utc> {
    DateTime::from_timestamp(heard["at"].as_i64().unwrap(), 0).unwrap()
}

fn webhook(heard: &Value) -> Value {
    let payload = hex::decode(heard["payload"].as_str().unwrap()).unwrap();
    let (dev_eui, f_cnt) = (heard["dev_eui"].as_str().unwrap(), heard["f_cnt"].as_u64().unwrap());
    let mut webhook =
        Network::ChirpStack.uplink(dev_eui, f_cnt.try_into().unwrap(), received_at(heard), &payload);
    (webhook["fPort"], webhook["confirmed"]) = (heard["port"].clone(), heard["confirmed"].clone());
    let lora = json!({ "bandwidth": 125_000, "spreadingFactor": heard["spreading_factor"] });
    webhook["txInfo"] = json!({ "frequency": 868_100_000, "modulation": { "lora": lora } });
    webhook
}

/// A service with the tracker on a shipment, which hears all of it; the shipment's path.
async fn told(api: &Api, (url, token): (&str, &str), begins: DateTime<Utc>, heard: &[Value]) -> String {
    let dev_eui = heard[0]["dev_eui"].as_str().unwrap();
    api.post("/trackers", &json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm" })).await;
    let profile = api.post("/profiles", &profile()).await["id"].clone();
    let shipment = api.post("/shipments", &json!({ "reference": "S-1", "profile": profile })).await;
    let shipment = shipment["id"].as_str().unwrap();
    bind(api, shipment, dev_eui, begins).await;
    let client = Client::new();
    for uplink in heard {
        let status = post(&client, url, "depot?event=up", token, &webhook(uplink)).await;
        assert_eq!(status, Some(204));
    }
    format!("/shipments/{shipment}")
}

/// Each reading that the tracker has written by then, as its second and °C: at each step, at the last sample before the box
/// became warm or cold, and with its own alarm.
fn written(by: i64) -> Vec<(i64, f64)> {
    let between = [WARM - WARM % MINUTE, RAISED, COLD - COLD % MINUTE, ENDED];
    let seconds: BTreeSet<i64> = (STEP..=by).step_by(STEP as usize).chain(between).collect();
    seconds.into_iter().map(|at| (at, if (WARM..COLD).contains(&at) { 9.5 } else { 5.0 })).collect()
}

#[tokio::test]
async fn what_the_chips_thermometer_says_becomes_the_right_alert() {
    let folder = folder("silicon");
    let installation = Installation::embedded(&folder.path().join("d"));
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    integrations(&program.url, 1).await;

    // The story has just ended. It began at a minute at which a reading is due.
    let begins = (now(&api).await.timestamp() - ENDS) / STEP * STEP;
    let begins = DateTime::from_timestamp(begins, 0).unwrap();
    let after = |seconds: i64| begins + Duration::seconds(seconds);
    let heard = heard(begins);
    let shipment = told(&api, (&program.url, &token), begins, &heard).await;

    let written = written((received_at(heard.last().unwrap()) - begins).num_seconds());
    let readings = until("every reading is there", async || {
        let readings = api.list(&format!("{shipment}/readings")).await;
        (readings.len() >= written.len()).then_some(readings)
    })
    .await;
    let expected = written.iter().map(|(second, celsius)| (json!(text(after(*second))), json!(celsius)));
    let said =
        readings.iter().map(|reading| (reading["measured_at"].clone(), reading["temperature_c"].clone()));
    assert_eq!(said.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    // The tracker counts samples, of which each stands for a minute.
    let outside: i64 = readings.iter().map(|reading| reading["out_of_range_s"].as_i64().unwrap()).sum();
    assert_eq!(outside, COLD - WARM);

    let tracker = format!("/trackers/{}", readings[0]["dev_eui"].as_str().unwrap());
    let entries = entries(&api, &tracker, &readings).await;
    judged(&api, &shipment, &tracker, after).await;
    eprintln!("{} uplinks, {} readings, {entries} entries", heard.len(), readings.len());
}

/// How many entries the tracker's log has: all are there.
async fn entries(api: &Api, tracker: &str, readings: &[Value]) -> u64 {
    let log = api.list(&format!("{tracker}/log")).await;
    let untimed = api.list(&format!("{tracker}/set-aside")).await;
    // Measured before it was told the time.
    let [first] = &untimed[..] else { panic!("{untimed:?}") };
    assert_eq!((&first["measured_at"], &first["temperature_c"]), (&json!(null), &json!(5.0)));
    let numbers = readings.iter().chain(&untimed).map(|reading| &reading["sequence"]);
    let numbers: BTreeSet<u64> = numbers
        .chain(log.iter().map(|entry| &entry["number"]))
        .map(|number| number.as_u64().unwrap())
        .collect();
    let entries = (readings.len() + untimed.len() + log.len()) as u64;
    assert_eq!(numbers, (0..entries).collect(), "the log is complete");
    entries
}

/// The service judges by readings: the box is warm from the first warm one, at the next step, to the first cold one, which is
/// the sample that ended the tracker's own alarm. So of 91 minutes it counts 89; at either end a step can be missed or added.
async fn judged(api: &Api, shipment: &str, tracker: &str, after: impl Fn(i64) -> DateTime<Utc>) {
    let at = |seconds: i64| json!(text(after(seconds)));
    let alert = until("the alert is held against the tracker's own alarm", async || {
        let mut alerts = api.list(&format!("{shipment}/alerts")).await;
        alerts.retain(|alert| alert["kind"].as_str().unwrap().starts_with("temperature"));
        let [alert] = &alerts[..] else { return None };
        (!alert["own_alarm"].is_null()).then(|| alert.clone())
    })
    .await;
    let (warm, cold) = (WARM - WARM % STEP + STEP, ENDED);
    let times = ["began_at", "alarmed_at", "ended_at"].map(|name| &alert[name]);
    assert_eq!(times, [&at(warm), &at(warm + 20 * MINUTE), &at(cold)]);
    let what = ["kind", "alarm", "extreme_c", "exposure_s", "own_alarm"].map(|name| alert[name].clone());
    let out_of_range_s = cold - warm;
    assert_eq!(json!(what), json!(["temperature_high", "too warm", 9.5, out_of_range_s, "raised"]));
    let made_with = json!({ "low_c": 2.0, "high_c": 8.0, "low_delay_min": 10, "high_delay_min": 30 });
    assert_eq!(alert["own_limits"], made_with);

    let own = api.list(&format!("{tracker}/log")).await.into_iter().filter_map(|entry| {
        let kind = entry["noted"]["kind"].as_str()?;
        kind.starts_with("alarm").then(|| json!([kind, entry["at"], entry["agrees"]]))
    });
    let expected = [json!(["alarm_ended", at(ENDED), null]), json!(["alarm_high", at(RAISED), true])];
    assert_eq!(own.collect::<Vec<_>>(), expected, "the latest first");

    api.post(&format!("{shipment}{tracker}/unbind"), &json!({ "until": at(ENDS) })).await;
    let assessment = api.get(&format!("{shipment}/assessment")).await;
    assert_eq!(assessment["assessment"], "excursion");
    // Nothing is known before the first reading; the last one stands to the end.
    let in_range_s = ENDS - STEP - out_of_range_s;
    let coverage = json!({ "in_range_s": in_range_s, "out_of_range_s": out_of_range_s, "unknown_s": STEP });
    assert_eq!(assessment["coverage"], coverage);
}
