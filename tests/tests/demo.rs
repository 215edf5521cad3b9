//! A newcomer's first minute: `isotherm demo` comes up, its log-ins work, the three bad shipments show, a person sees an
//! alert arrive in a browser and acknowledges it; afterwards nothing is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::until;

const COMES_UP: Duration = Duration::from_secs(60);
const ALERTS_ARRIVE: Duration = Duration::from_secs(180);

/// Ended with the test, whichever way that ends.
struct Demo(Child);

impl Demo {
    fn start(data: &Path, speed: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let program = program.ancestors().nth(2).unwrap().join("isotherm");
        assert!(program.is_file(), "run `cargo build -p isotherm` first: {} is missing", program.display());
        // setpriv becomes the program; the kernel ends it with this test.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(program)
            .args(["demo", "--listen", "127.0.0.1:0", "--speed", speed, "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// As Ctrl-C does.
    fn interrupt(&mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.0.wait().unwrap().success()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.0),
            rustix::process::Signal::TERM,
        );
        let _ = self.0.wait();
    }
}

/// What `demo.json` says once the demonstration is up.
fn printed(data: &Path) -> Value {
    until("the demonstration comes up", COMES_UP, || {
        let text = std::fs::read_to_string(data.join("demo.json")).ok()?;
        let json: Value = serde_json::from_str(&text).ok()?;
        json["url"].is_string().then_some(json)
    })
    .unwrap()
}

fn login<'a>(demo: &'a Value, role: &str) -> &'a Value {
    demo["logins"].as_array().unwrap().iter().find(|login| login["role"] == role).unwrap()
}

struct Api(reqwest::Client, String);

impl Api {
    async fn token(&self, login: &Value) -> String {
        let body = json!({ "email": login["email"], "password": login["password"] });
        let answer = self.0.post(format!("{}/login", self.1)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", login["role"]);
        answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    async fn get(&self, path: &str, token: &str) -> Value {
        self.0
            .get(format!("{}/{path}", self.1))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }
}

/// The kinds of alert and the shipments they are about.
async fn alerts(api: &Api, token: &str) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = api.get("alerts?state=all", token).await;
    let alerts = all["items"].as_array().unwrap();
    alerts.iter().map(|alert| (text(&alert["kind"]), text(&alert["shipment_reference"]))).collect()
}

async fn on_hold(api: &Api, token: &str) -> BTreeSet<String> {
    let shipments = api.get("shipments", token).await;
    let held = shipments["items"].as_array().unwrap().iter().filter(|shipment| shipment["on_hold"] == true);
    held.filter_map(|shipment| shipment["reference"].as_str().map(str::to_owned)).collect()
}

/// Processes with the folder in their command line, other than ours.
fn processes_in(data: &Path) -> Vec<String> {
    let needle = data.to_string_lossy().into_owned();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|l| l.contains(&needle))
        .collect()
}

fn watch_in_a_browser(url: &str, login: &Value, reference: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let pictures = root.join("target/screenshots");
    let watched = Command::new("node")
        .arg("e2e/alert.mjs")
        .current_dir(root.join("crates/web/ui"))
        .env("BASE_URL", url)
        .env("EMAIL", login["email"].as_str().unwrap())
        .env("PASSWORD", login["password"].as_str().unwrap())
        .env("REFERENCE", reference)
        .env("SCREENSHOTS", &pictures)
        .env("TIMEOUT_S", "120")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&watched.stderr);
    assert!(watched.status.success(), "the browser (pictures in {}): {said}", pictures.display());
}

#[tokio::test]
async fn a_newcomer_sees_the_three_bad_shipments_and_acknowledges_an_alert() {
    let parent = tempfile::Builder::new().prefix("isotherm-demo-").tempdir().unwrap();
    // As root the database runs as another user, who must be able to go through.
    std::fs::set_permissions(parent.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let data: PathBuf = parent.path().join("d");
    let mut demo = Demo::start(&data, "60");
    let printed = printed(&data);
    let url = printed["url"].as_str().unwrap().to_owned();
    let api = Api(reqwest::Client::new(), format!("{url}/api/v1"));

    let quality = login(&printed, "quality").clone();
    let watching = std::thread::spawn({
        let url = url.clone();
        let quality = quality.clone();
        move || watch_in_a_browser(&url, &quality, "COP-MUN-006")
    });
    let roles: BTreeSet<&str> =
        printed["logins"].as_array().unwrap().iter().filter_map(|login| login["role"].as_str()).collect();
    let expected = BTreeSet::from([
        "admin",
        "auditor",
        "coordinator",
        "courier",
        "dispatcher",
        "packer",
        "quality",
        "receiver",
        "supplier",
    ]);
    assert_eq!(roles, expected);
    for role in roles {
        api.token(login(&printed, role)).await;
    }
    watching.join().expect("the browser");

    let token = api.token(&quality).await;
    let bad = BTreeSet::from(
        [("temperature_high", "LYO-ROM-004"), ("temperature_low", "COP-MUN-006"), ("silence", "BAR-MIL-009")]
            .map(|(kind, reference)| (kind.to_owned(), reference.to_owned())),
    );
    let deadline = std::time::Instant::now() + ALERTS_ARRIVE;
    let mut seen = alerts(&api, &token).await;
    while seen != bad {
        assert!(std::time::Instant::now() < deadline, "alerts: {seen:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        seen = alerts(&api, &token).await;
    }
    // The silent box goes on hold when its last reading stands no longer, some minutes after the alert.
    let expected = BTreeSet::from(["LYO-ROM-004", "COP-MUN-006", "BAR-MIL-009"].map(str::to_owned));
    let mut held = on_hold(&api, &token).await;
    while held != expected {
        assert!(std::time::Instant::now() < deadline, "on hold: {held:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        held = on_hold(&api, &token).await;
    }

    assert!(demo.interrupt(), "the demonstration ends well");
    assert_eq!(processes_in(&data), Vec::<String>::new(), "nothing runs on");
}
