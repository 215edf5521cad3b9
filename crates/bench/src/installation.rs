//! The two sides as processes: the real program, set up as a person would, and the reference.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::SecondsFormat;
use futures_util::{StreamExt, TryStreamExt, stream};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::postgres::Database;

use crate::reference::SCHEMA;
use crate::servers::{Counter, Servers};
use crate::webhooks::Fleet;

const READY_WITHIN: Duration = Duration::from_secs(30);
const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "a password for the bench";

/// A side that can be started, sent to, and stopped.
pub struct Side {
    pub name: &'static str,
    pub database: Database,
    pub path: String,
    pub token: String,
    /// Readings that it was sent so far.
    pub sent: u32,
    ingest: Start,
    consume: Start,
    /// Where webhooks go.
    pub address: SocketAddr,
}

struct Start {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    answers_at: Option<SocketAddr>,
    log: PathBuf,
}

/// Both processes of a side.
pub struct Running {
    pub ingest: Process,
    pub consume: Process,
}

/// A process that ends with the value, or with us.
pub struct Process(Child);

impl Process {
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

impl Start {
    async fn run(&self) -> anyhow::Result<Process> {
        let log = std::fs::File::create(&self.log)?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(&self.program).args(&self.arguments);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = Process(command.spawn().context("setpriv (util-linux) starts the programs")?);
        let deadline = tokio::time::Instant::now() + READY_WITHIN;
        while let Some(address) = self.answers_at
            && tokio::net::TcpStream::connect(address).await.is_err()
        {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            ensure!(
                tokio::time::Instant::now() < deadline,
                "{} does not answer: {log}",
                self.program.display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }
}

impl Side {
    pub async fn start(&self) -> anyhow::Result<Running> {
        Ok(Running { consume: self.consume.run().await?, ingest: self.ingest.run().await? })
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The reference with its own database and queue.
pub async fn reference(servers: &Servers, folder: &Path) -> anyhow::Result<Side> {
    let program = std::env::current_exe()?;
    let (database, address) = (servers.postgres.database(None)?, free_address()?);
    database.psql(SCHEMA)?;
    make_partitions(&database)?;
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (amqp, listen) = (servers.rabbitmq.url(), address.to_string());
    let ingest = ["reference-ingest", "--amqp", &amqp, "--queue", "reference", "--listen", &listen];
    let url = database.url();
    let consume = ["reference-consume", "--amqp", &amqp, "--queue", "reference", "--database", &url];
    let start = |arguments: &[&str], answers_at, log: &str| Start {
        program: program.clone(),
        arguments: text(arguments),
        environment: Vec::new(),
        answers_at,
        log: folder.join(log),
    };
    Ok(Side {
        name: "reference",
        ingest: start(&ingest, Some(address), "reference-ingest.log"),
        consume: start(&consume, None, "reference-consume.log"),
        database,
        path: "/webhooks/reference".to_owned(),
        token: String::new(),
        sent: 0,
        address,
    })
}

fn make_partitions(database: &Database) -> anyhow::Result<()> {
    let sql = "do $$ declare day date; begin
        for day in select generate_series(current_date - 3, current_date + 1, '1 day') loop
            execute format('create table %I partition of readings for values from (%L) to (%L)',
                'readings_' || to_char(day, 'YYYYMMDD'), day, day + 1);
        end loop; end $$";
    database.psql(sql).map(drop)
}

/// The real program, split into its two processes.
pub struct Real {
    pub side: Side,
    pub url: String,
    /// Of a person who is logged in.
    pub token: String,
    /// The trackers by their shipments' ids.
    pub tracker_of: HashMap<String, u32>,
}

pub async fn real(servers: &Servers, folder: &Path, fleet: &Fleet) -> anyhow::Result<Real> {
    let program = std::env::current_exe()?.with_file_name("isotherm");
    ensure!(program.is_file(), "{} is missing: run `cargo xtask bench`", program.display());
    let database = servers.postgres.database(None)?;
    let (ingest, track) = (free_address()?, free_address()?);
    let url = format!("http://{track}");
    let environment: Vec<(String, String)> = [
        ("ISOTHERM_DATABASE__URL", database.url()),
        ("ISOTHERM_QUEUE__URL", servers.rabbitmq.url()),
        ("ISOTHERM_INGEST__TRACKING_URL", url.clone()),
        ("ISOTHERM_INGEST__TOKEN", "the ingester's token for the bench".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    let start = |part: &str, listen: SocketAddr| Start {
        program: program.clone(),
        arguments: vec![
            part.to_owned(),
            format!("--data={}", folder.join(part).display()),
            format!("--listen={listen}"),
        ],
        environment: environment.clone(),
        answers_at: Some(listen),
        log: folder.join(format!("{part}.log")),
    };
    let consume = start("track", track);
    let admin = |arguments: &[&str], input: &str| admin(&consume, arguments, input);
    admin(&["user", "add", "--email", EMAIL, "--role", "admin", "--password-stdin"], PASSWORD)?;
    let added = admin(&["integration", "add", "--id", "bench", "--network", "chirpstack"], "")?;
    let webhook_token = text_of(&added, "token")?;
    let running = consume.run().await?;
    let (token, tracker_of) = set_up(&url, fleet).await?;
    drop(running);
    let side = Side {
        name: "ours",
        database,
        path: "/webhooks/bench?event=up".to_owned(),
        token: webhook_token,
        sent: 0,
        ingest: start("ingest", ingest),
        consume,
        address: ingest,
    };
    Ok(Real { side, url, token, tracker_of })
}

fn admin(track: &Start, arguments: &[&str], input: &str) -> anyhow::Result<Value> {
    let mut command = Command::new(&track.program);
    command.arg("admin").args(arguments).args(track.arguments.iter().skip(1));
    command.envs(track.environment.iter().map(|(key, value)| (key, value)));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("no standard input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "isotherm admin {arguments:?}: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A profile, and a shipment for each tracker.
async fn set_up(url: &str, fleet: &Fleet) -> anyhow::Result<(String, HashMap<String, u32>)> {
    let api = Api { client: reqwest::Client::new(), url, token: String::new() };
    let login = api.post("/login", &json!({ "email": EMAIL, "password": PASSWORD })).await?;
    let token = text_of(&login, "access_token")?;
    let api = Api { token: token.clone(), ..api };
    let profile = json!({
        "name": "Refrigerated", "max_gap": "40m", "range": { "min_c": 2.0, "max_c": 8.0 },
        "alarm": [
            { "name": "too warm", "above": 8.0, "delay": "0s", "hysteresis_c": 0.2, "severity": "critical" },
            { "name": "warm in all", "above": 8.0, "exposure": "cumulative", "delay": "2h", "severity": "warning" },
            { "name": "too cold", "below": 2.0, "delay": "0s", "severity": "critical" },
        ],
    });
    let profile_id = text_of(&api.post("/profiles", &profile).await?, "id")?;
    let shipments = stream::iter(0..fleet.trackers)
        .map(|tracker| api.ship(fleet, tracker, &profile_id))
        .buffer_unordered(16)
        .try_collect()
        .await?;
    Ok((token, shipments))
}

fn text_of(answer: &Value, field: &str) -> anyhow::Result<String> {
    let text = answer.get(field).and_then(Value::as_str);
    Ok(text.with_context(|| format!("an answer without {field}"))?.to_owned())
}

struct Api<'a> {
    client: reqwest::Client,
    url: &'a str,
    token: String,
}

impl Api<'_> {
    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}/api/v1{path}", self.url)).bearer_auth(&self.token);
        let answer = request.json(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    async fn ship(&self, fleet: &Fleet, tracker: u32, profile: &str) -> anyhow::Result<(String, u32)> {
        let dev_eui = fleet.dev_eui(tracker);
        self.post("/trackers", &json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm" })).await?;
        let body = json!({ "reference": format!("B-{tracker}"), "profile": profile });
        let id = text_of(&self.post("/shipments", &body).await?, "id")?;
        let from = fleet.start.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.post(&format!("/shipments/{id}/trackers"), &json!({ "dev_eui": dev_eui, "from": from })).await?;
        Ok((id, tracker))
    }
}

impl Side {
    pub async fn counter(&self) -> anyhow::Result<Counter> {
        Counter::connect(&self.database).await
    }
}
