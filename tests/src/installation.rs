//! Installations: a data folder, its settings, and the programs that run on it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Certificate, Client};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Api, until};

/// A temporary folder that the database's user can go through too, when the tests run as root.
pub fn folder(name: &str) -> TempDir {
    let folder = tempfile::Builder::new().prefix(&format!("isotherm-{name}-")).tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The data folder and settings of an installation, as an operator would choose them.
#[derive(Clone)]
pub struct Installation {
    data: PathBuf,
    settings: Vec<(String, String)>,
}

/// Which of the services a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Serve,
    Ingest,
    Track,
}

impl Installation {
    /// On the embedded default, in a folder that need not be there yet. Tests ask more than any caller would, all from one
    /// address.
    pub fn embedded(data: &Path) -> Self {
        let limits = ["PER_USER", "PER_ADDRESS", "LOG_INS"];
        let unlimited = limits.map(|limit| (format!("ISOTHERM_HTTP__LIMITS__{limit}"), "0".to_owned()));
        Self { data: data.to_owned(), settings: unlimited.into() }
    }

    /// On a database and a broker; `prefix` keeps its queues apart from those of others.
    pub fn on(data: &Path, database_url: &str, amqp_url: &str, prefix: &str) -> Self {
        Self::embedded(data)
            .with("ISOTHERM_DATABASE__URL", database_url)
            .with("ISOTHERM_QUEUE__URL", amqp_url)
            .with("ISOTHERM_QUEUE__PREFIX", prefix)
    }

    /// With a setting, by its name in the environment.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where its database is, for looking at it beside the program: the configured one, or the embedded cluster's.
    pub fn database_url(&self) -> String {
        let configured = self.settings.iter().rev().find(|(name, _)| name == "ISOTHERM_DATABASE__URL");
        let embedded = || {
            let folder = self.data.join("postgres");
            format!("postgres:///isotherm?user=isotherm&host={}&port=5432", folder.display())
        };
        configured.map_or_else(embedded, |(_, url)| url.clone())
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(program());
        command.args(arguments).arg("--data").arg(&self.data);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses its call does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs `isotherm admin …`, which must succeed, and returns what it printed.
    pub fn admin(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.run(&[&["admin"], arguments].concat(), input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Adds a user with a password made from the role.
    pub fn add_user(&self, role: &str) {
        let (email, password) = login_of(role);
        let add = ["user", "add", "--email", &email, "--role", role, "--password-stdin"];
        self.admin(&add, &format!("{password}\n"));
    }

    /// Adds an integration and returns its token.
    pub fn add_integration(&self, id: &str, network: &str) -> String {
        let added = self.admin(&["integration", "add", "--id", id, "--network", network], "");
        added["token"].as_str().unwrap().to_owned()
    }

    /// Starts a program on a free port and waits until it answers.
    pub async fn start(&self, part: Part) -> Program {
        let word = match part {
            Part::Serve => "serve",
            Part::Ingest => "ingest",
            Part::Track => "track",
        };
        std::fs::create_dir_all(&self.data).unwrap();
        let log = self.data.with_extension(format!("{word}.log"));
        // setpriv becomes the program; the kernel ends it with this test.
        let mut command = self.command("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program()).args([
            word,
            "--listen",
            "127.0.0.1:0",
            "--data",
        ]);
        command
            .arg(&self.data)
            .env("RUST_LOG", "info,tracing_actix_web=warn,lapin=warn,fjall=warn,lsm_tree=warn");
        let stderr = std::fs::File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let mut program = Program { child, log, client: self.client(), url: String::new() };
        program.url = until("the program answers", async || {
            let log = program.log();
            assert!(program.child.try_wait().unwrap().is_none(), "it ended: {log}");
            address(&log)
        })
        .await;
        program
    }

    /// A client that believes the certificate that is configured now, and no other.
    pub fn client(&self) -> Client {
        let cert = self.settings.iter().rev().find(|(name, _)| name == "ISOTHERM_HTTP__TLS__CERT");
        let Some((_, cert)) = cert else { return Client::new() };
        let cert = Certificate::from_pem(&std::fs::read(cert).unwrap()).unwrap();
        Client::builder().tls_built_in_root_certs(false).add_root_certificate(cert).build().unwrap()
    }
}

/// A running `isotherm`, ended with the value.
pub struct Program {
    child: Child,
    log: PathBuf,
    client: Client,
    pub url: String,
}

impl Program {
    /// As a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As a service manager does; whether it ended well.
    pub fn stop(mut self) -> bool {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// What its ingester says at `/readyz`, and the status.
    pub async fn ingest_readiness(&self) -> (u16, Value) {
        let answer = self.client.get(format!("{}/readyz", self.url)).send().await.unwrap();
        let (status, mut all) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
        // Beside the tracking service it is a part of the whole.
        let part = all.get_mut("ingest").map(Value::take);
        (status, part.unwrap_or(all))
    }

    /// Its API, for nobody yet.
    pub fn api(&self) -> Api {
        Api::by(self.client.clone(), &self.url)
    }

    /// Its API for the user that `add_user` made.
    pub async fn log_in(&self, role: &str) -> Api {
        let (email, password) = login_of(role);
        self.api().log_in(&email, &password).await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// The e-mail and password of the user that [`Installation::add_user`] adds.
pub fn login_of(role: &str) -> (String, String) {
    (format!("{role}@example.org"), format!("the {role}'s long password"))
}

/// The program under test, built beside the test.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("isotherm");
    assert!(program.is_file(), "run `cargo build -p isotherm` first: {} is missing", program.display());
    program
}

/// Where it answers, from its log: JSON lines.
fn address(log: &str) -> Option<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let answers =
        lines.map(|line| line["fields"].clone()).find(|said| said["message"] == "isotherm answers")?;
    let scheme = if answers["tls"] == true { "https" } else { "http" };
    Some(format!("{scheme}://{}", answers["address"].as_str()?))
}

/// Processes with the folder in their command line, other than ours.
pub fn processes_of(data: &Path) -> Vec<String> {
    let needle = data.to_string_lossy().into_owned();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let words = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    words.filter(|line| line.contains(&needle)).collect()
}
