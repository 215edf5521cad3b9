//! The same webhooks end as the same readings, assessments and alerts: on the embedded default and on RabbitMQ and
//! PostgreSQL, in order, out of order, sent twice, and with the program killed in the middle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use wire::{Battery, EPOCH_UNIX_S, Sample, Stamp};

const TRACKERS: u64 = 20;
const READINGS_EACH: u32 = 150;
const START: i64 = 1_790_000_040 / 60 * 60;
const PATIENCE: Duration = Duration::from_secs(120);

/// One installation in a folder of its own. Its program is ended with the test.
struct Installation {
    data: PathBuf,
    port: u16,
    environment: Vec<(&'static str, String)>,
    program: Option<Child>,
    client: reqwest::Client,
}

fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("isotherm");
    assert!(program.is_file(), "run `cargo build -p isotherm` first: {} is missing", program.display());
    program
}

impl Installation {
    fn new(data: PathBuf, environment: Vec<(&'static str, String)>) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { data, port, environment, program: None, client: reqwest::Client::new() }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command
    }

    fn admin(&self, arguments: &[&str], input: &str) -> Value {
        let mut command = self.command(binary());
        command.arg("admin").args(arguments).arg("--data").arg(&self.data);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the program and waits until it answers.
    async fn start(&mut self) {
        let mut command = self.command("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(binary()).arg("serve").arg("--data").arg(&self.data);
        command.arg("--listen").arg(format!("127.0.0.1:{}", self.port));
        self.program = Some(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while self.client.get(self.url("/healthz")).send().await.is_err() {
            assert!(Instant::now() < deadline, "the program does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn kill(&mut self) {
        let mut program = self.program.take().unwrap();
        program.kill().unwrap();
        program.wait().unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Value {
        let request = self.client.post(self.url(path)).bearer_auth(token).json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        let answer = self.client.get(self.url(path)).bearer_auth(token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Some(mut program) = self.program.take() {
            let pid = rustix::process::Pid::from_child(&program);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = program.wait();
        }
    }
}

fn dev_eui(tracker: u64) -> String {
    format!("{:016x}", 0x0102_0304_0000_0000_u64 | tracker)
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(START + minutes * 60, 0).unwrap()
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// 0.01 °C: mostly fine, with excursions of several lengths on either side of 8 °C, and some below 2 °C.
fn temperature(tracker: u64, reading: u32) -> i16 {
    let phase = (u64::from(reading) * 7 + tracker * 13) % 40;
    match phase {
        0..=2 => 905,
        3 => 801,
        4 => 800,
        20 if tracker.is_multiple_of(3) => 150,
        _ => 500 + (phase as i16),
    }
}

/// The webhook of one reading, every 15 minutes; some readings are missing for good.
fn webhook(tracker: u64, reading: u32) -> Option<Value> {
    if (u64::from(reading) + tracker).is_multiple_of(37) || (60..64).contains(&reading) {
        return None;
    }
    let measured_at = at(i64::from(reading) * 15);
    let minutes = u32::try_from((measured_at.timestamp() - EPOCH_UNIX_S) / 60).unwrap();
    let sample = Sample {
        sequence: reading,
        stamp: Stamp::Utc(minutes),
        temperature: temperature(tracker, reading),
        humidity: Some(80),
    };
    let mut room = [0; 11];
    let length = wire::encode(&sample, Battery::Percent(90), [], &mut room).unwrap();
    use base64::Engine as _;
    let data = base64::engine::general_purpose::STANDARD.encode(&room[..length]);
    Some(json!({
        "deduplicationId": format!("{tracker}-{reading}"), "time": text(measured_at),
        "deviceInfo": { "applicationId": "a", "devEui": dev_eui(tracker) }, "devAddr": "00112233",
        "fCnt": reading, "fPort": wire::READINGS_PORT, "data": data,
        "rxInfo": [{ "gatewayId": "0016c001f153a14c", "rssi": -80, "snr": 7.5 }],
    }))
}

fn webhooks() -> Vec<Value> {
    let all = (0..READINGS_EACH).flat_map(|reading| (0..TRACKERS).map(move |tracker| (tracker, reading)));
    all.filter_map(|(tracker, reading)| webhook(tracker, reading)).collect()
}

/// The same disorder in every run (a linear congruential generator behind Fisher and Yates).
fn shuffled(mut webhooks: Vec<Value>) -> Vec<Value> {
    let mut state = 42_u64;
    for last in (1..webhooks.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        webhooks.swap(last, (state >> 33) as usize % (last + 1));
    }
    webhooks
}

fn doubled(webhooks: Vec<Value>) -> Vec<Value> {
    webhooks.into_iter().flat_map(|webhook| [webhook.clone(), webhook]).collect()
}

/// Sends with many connections; what gets no 2xx is sent again, as a sender that retries does.
async fn send(installation: &Installation, token: &str, webhooks: &[Value]) {
    let url = installation.url("/webhooks/depot?event=up");
    let one = |webhook: Value| {
        let (client, url) = (installation.client.clone(), url.clone());
        async move {
            let deadline = Instant::now() + PATIENCE;
            loop {
                let request = client.post(&url).bearer_auth(token).json(&webhook);
                match request.send().await {
                    Ok(answer) if answer.status().is_success() => return,
                    _ => assert!(Instant::now() < deadline, "a webhook was never accepted"),
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    stream::iter(webhooks.to_vec()).map(one).buffer_unordered(32).collect::<Vec<()>>().await;
}

/// What must be equal in all runs.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    readings: BTreeMap<String, Vec<String>>,
    assessments: BTreeMap<String, String>,
    alerts: BTreeSet<String>,
}

async fn outcome(installation: &Installation, token: &str, shipments: &[String], expected: usize) -> Outcome {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut readings = BTreeMap::new();
        for id in shipments {
            let page = installation.get(&format!("/api/v1/shipments/{id}/readings?limit=5000"), token).await;
            let of = |r: &Value| format!("{} {}", r["measured_at"], r["temperature_c"]);
            let series: Vec<String> = page["items"].as_array().unwrap().iter().map(of).collect();
            let reference =
                installation.get(&format!("/api/v1/shipments/{id}"), token).await["reference"].to_string();
            readings.insert(reference, series);
        }
        let count: usize = readings.values().map(Vec::len).sum();
        assert!(count <= expected, "{count} readings of {expected}: some count twice");
        if count == expected {
            return rest(installation, token, shipments, readings).await;
        }
        assert!(Instant::now() < deadline, "{count} readings of {expected} arrived");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn rest(
    installation: &Installation,
    token: &str,
    shipments: &[String],
    readings: BTreeMap<String, Vec<String>>,
) -> Outcome {
    let mut assessments = BTreeMap::new();
    for id in shipments {
        let all = installation.get(&format!("/api/v1/shipments/{id}/assessment"), token).await;
        let ride = &all["trackers"][0];
        // What is unknown grows with the clock; everything else lies in the past.
        let fixed = json!([
            ride["assessment"],
            ride["coverage"]["in_range_s"],
            ride["coverage"]["out_of_range_s"],
            ride["episodes"],
            ride["readings"],
            ride["mean_c"]
        ]);
        assessments.insert(ride["dev_eui"].to_string(), fixed.to_string());
    }
    let all = installation.get("/api/v1/alerts?state=all&limit=5000", token).await;
    assert!(all["next"].is_null());
    let stands = |alert: &&Value| {
        alert["state"] != "withdrawn" && alert["state"] != "merged" && alert["kind"] != "silence"
    };
    let line = |a: &Value| {
        format!(
            "{} {} {} {} {} {}",
            a["kind"], a["shipment_reference"], a["severity"], a["began_at"], a["alarmed_at"], a["ended_at"]
        )
    };
    let standing: Vec<String> = all["items"].as_array().unwrap().iter().filter(stands).map(line).collect();
    let alerts: BTreeSet<String> = standing.iter().cloned().collect();
    assert_eq!(alerts.len(), standing.len(), "an alert stands twice");
    Outcome { readings, assessments, alerts }
}

/// Sets an installation up, sends, kills it `kills` times meanwhile, and says what came of it.
async fn run(mut installation: Installation, webhooks: Vec<Value>, kills: usize) -> Outcome {
    installation.start().await;
    let password = "correct horse battery";
    installation
        .admin(&["user", "add", "--email", "a@example.org", "--role", "admin", "--password-stdin"], password);
    let added = installation.admin(&["integration", "add", "--id", "depot", "--network", "chirpstack"], "");
    let webhook_token = added["token"].as_str().unwrap().to_owned();
    let login = json!({ "email": "a@example.org", "password": password });
    let token =
        installation.post("/api/v1/login", "", &login).await["access_token"].as_str().unwrap().to_owned();
    let shipments = make_shipments(&installation, &token).await;

    let expected = self::webhooks().len();
    for part in webhooks.chunks(webhooks.len().div_ceil(kills + 1)).take(kills) {
        send(&installation, &webhook_token, part).await;
        // Right after the last 2xx: batches of these webhooks are being stored.
        installation.kill();
        installation.start().await;
    }
    let sent = webhooks.len().div_ceil(kills + 1) * kills;
    send(&installation, &webhook_token, &webhooks[sent..]).await;
    outcome(&installation, &token, &shipments, expected).await
}

async fn make_shipments(installation: &Installation, token: &str) -> Vec<String> {
    let profile = json!({
        "name": "Refrigerated", "max_gap": "40m", "range": { "min_c": 2.0, "max_c": 8.0 },
        "alarm": [
            { "name": "too warm", "above": 8.0, "delay": "20m", "hysteresis_c": 0.2, "severity": "critical" },
            { "name": "warm in all", "above": 8.0, "exposure": "cumulative", "delay": "2h", "severity": "warning" },
            { "name": "too cold", "below": 2.0, "delay": "0s", "severity": "critical" },
        ],
    });
    let profile = installation.post("/api/v1/profiles", token, &profile).await;
    let mut shipments = Vec::new();
    for tracker in 0..TRACKERS {
        let eui = dev_eui(tracker);
        let body = json!({ "dev_eui": eui, "name": "box", "codec": "isotherm" });
        installation.post("/api/v1/trackers", token, &body).await;
        let body = json!({ "reference": format!("S-{tracker}"), "profile": profile["id"] });
        let made = installation.post("/api/v1/shipments", token, &body).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let body = json!({ "dev_eui": eui, "from": text(at(-10)) });
        installation.post(&format!("/api/v1/shipments/{id}/trackers"), token, &body).await;
        shipments.push(id);
    }
    shipments
}

fn embedded(folder: &Path, name: &str) -> Installation {
    Installation::new(folder.join(name), Vec::new())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_webhooks_end_as_the_same_state_whatever_happens_on_the_way() {
    let folder = tempfile::Builder::new().prefix("isotherm-path-").tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let in_order = run(embedded(folder.path(), "a"), webhooks(), 0).await;
    assert!(in_order.alerts.len() > 50, "{} alerts", in_order.alerts.len());

    let killed = run(embedded(folder.path(), "b"), doubled(shuffled(webhooks())), 3).await;
    assert_eq!(in_order, killed, "embedded, shuffled, doubled, killed three times");

    let database = testkit::postgres::database(None).unwrap();
    let amqp = testkit::rabbitmq::shared_url().unwrap();
    let environment = vec![
        ("ISOTHERM_DATABASE__URL", database.url().to_owned()),
        ("ISOTHERM_QUEUE__URL", amqp),
        ("ISOTHERM_QUEUE__PREFIX", testkit::rabbitmq::unique_prefix("path")),
    ];
    let broker = Installation::new(folder.path().join("c"), environment);
    let on_rabbitmq = run(broker, shuffled(doubled(webhooks())), 3).await;
    assert_eq!(in_order, on_rabbitmq, "RabbitMQ, shuffled, doubled, killed three times");
}
