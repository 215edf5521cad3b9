//! A program that cases are sent to, and what its database holds of them afterwards.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::Network;
use e2e::warm::{integrations, now};
use e2e::{Answer, Api, Installation, Part, Program, fleet, folder, until};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::{Database, database};

use crate::case::{Case, Uplink};
use crate::connection::{Connection, Post};

/// A program with a database to look into, and an integration of each network.
pub struct House {
    program: Program,
    database: Database,
    pub api: Api,
    tokens: [String; 2],
    _folder: TempDir,
}

pub type Counts = BTreeMap<String, usize>;

/// Rows by tracker (or frame counter, where no tracker was named) and kind.
const ROWS: &str = "select key, count(*) from (
    select coalesce(dev_eui & 4294967295, f_cnt) || ' uplinks' as key from uplinks
    union all select coalesce(dev_eui & 4294967295, f_cnt) || ' untimed' from uplinks where received_at = arrived_at
    union all select dev_eui & 4294967295 || ' readings' from readings r join trackers t on t.id = r.tracker_id
    union all select dev_eui & 4294967295 || ' set aside' from set_aside_readings r join trackers t on t.id = r.tracker_id
    union all select dev_eui & 4294967295 || ' events' from device_events
    union all select 'unreadable from ' || integration_id from unreadable_bodies
) rows group by 1";

impl House {
    pub async fn start() -> Self {
        let (folder, database) = (folder("inputs"), database(None).unwrap());
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        installation.add_user("admin");
        let tokens = Network::ALL.map(|network| installation.add_integration(network.name(), network.name()));
        let program = installation.start(Part::Serve).await;
        integrations(&program.url, Network::ALL.len()).await;
        let api = program.log_in("admin").await;
        Self { program, database, api, tokens, _folder: folder }
    }

    pub async fn now(&self) -> DateTime<Utc> {
        now(&self.api).await
    }

    pub async fn register(&self, number: u64, name: &str) {
        let tracker = json!({ "dev_eui": fleet::dev_eui(number), "name": name, "codec": "isotherm" });
        self.api.post("/trackers", &tracker).await;
    }

    /// What is told to whoever asks without a credential: the status, the methods and the body.
    pub async fn ask(&self, method: Method, path: &str) -> (u16, String, String) {
        let request = Client::new().request(method, format!("{}{path}", self.program.url));
        let answer = request.send().await.unwrap();
        let allowed = answer.headers().get("allow").map(|methods| methods.to_str().unwrap().to_owned());
        (answer.status().as_u16(), allowed.unwrap_or_default(), answer.text().await.unwrap())
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(&self.program.url).await
    }

    /// The request of a case, with the reading of that sequence number.
    pub fn post(
        &self,
        case: &Case,
        network: Network,
        number: u64,
        sequence: u32,
        now: DateTime<Utc>,
    ) -> Post {
        let [own, other] = [network as usize, 1 - network as usize].map(|place| self.tokens[place].as_str());
        let f_cnt = u32::try_from(number).unwrap() + 10_000 * sequence;
        case.post(&Uplink { network, dev_eui: &fleet::dev_eui(number), f_cnt, sequence, now, own, other })
    }

    /// Sends a case of the tracker of that number and then, on the same connection unless it was closed, a webhook
    /// as it should be. The error says what is wrong with the answers.
    pub async fn send(&self, network: Network, number: u64, case: &Case) -> Result<(), String> {
        if case.registered {
            self.register(number, case.name).await;
        }
        let (now, mut connection) = (self.now().await, self.connect().await);
        let first = connection.exchange(&self.post(case, network, number, 0, now)).await;
        if case.may_close {
            connection = self.connect().await;
        }
        let next = self.post(&Case::new("the next"), network, number, 1, now - Duration::minutes(1));
        let good = connection.exchange(&next).await;
        check(case, first?)?;
        let (good, _) = good?;
        if good.status == 204 { Ok(()) } else { Err(format!("the next webhook got {good:?}")) }
    }

    /// Waits until everything that was sent before is worked off, and counts what is stored of it.
    pub async fn rows(&self) -> Counts {
        self.send(Network::ChirpStack, 1, &Case::new("the last")).await.unwrap();
        let last = async || self.count().contains_key("1 readings").then_some(());
        until("the last reading is stored", last).await;
        let mut rows = self.count();
        rows.retain(|key, _| !key.starts_with("1 "));
        rows
    }

    fn count(&self) -> Counts {
        let text = self.database.psql(ROWS).unwrap();
        let pair = |line: &str| {
            let (key, count) = line.split_once('|').unwrap();
            (key.to_owned(), count.parse().unwrap())
        };
        text.lines().map(pair).collect()
    }

    /// A figure of `/metrics`.
    pub async fn figure(&self, name: &str) -> usize {
        let answer = reqwest::get(format!("{}/metrics", self.program.url)).await.unwrap();
        let text = answer.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |figure| figure.parse().unwrap())
    }
}

fn check(case: &Case, (answer, kept): (Answer, bool)) -> Result<(), String> {
    let Answer { status, content_type, body } = answer;
    let start = body.chars().take(300).collect::<String>();
    if status != case.status {
        return Err(format!("{status} instead of {}: {start}", case.status));
    }
    if !kept && !case.may_close {
        return Err("the connection was closed".to_owned());
    }
    if status == 204 {
        return Ok(());
    }
    let problem: Value = serde_json::from_str(&body).unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or_default();
    let is_problem = content_type == "application/problem+json" && problem["status"] == status;
    if is_problem && detail.contains(case.detail) && detail.len() < 1000 {
        return Ok(());
    }
    Err(format!("{content_type}, a detail of {} bytes: {start}", detail.len()))
}
