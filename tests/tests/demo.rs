//! A newcomer's first minute: `isotherm demo` comes up, its log-ins work, the three bad shipments show, a person sees an
//! alert arrive in a browser and acknowledges it, approves a profile, tells a tracker something and decides on a shipment;
//! a partner is made, takes a box over, and its lot is found and called back; afterwards nothing is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::epcis::{check, schema};
use e2e::{Api, folder, processes_of, program, until};
use serde_json::Value;

const ALERTS_ARRIVE: Duration = Duration::from_secs(180);

/// Ended with the test, whichever way that ends.
struct Demo(Child);

impl Demo {
    fn start(data: &Path, speed: &str) -> Self {
        // setpriv becomes the program; the kernel ends it with this test.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(program())
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
async fn printed(data: &Path) -> Value {
    until("the demonstration comes up", async || {
        let text = std::fs::read_to_string(data.join("demo.json")).ok()?;
        let json: Value = serde_json::from_str(&text).ok()?;
        json["url"].is_string().then_some(json)
    })
    .await
}

fn login<'a>(demo: &'a Value, role: &str) -> &'a Value {
    demo["logins"].as_array().unwrap().iter().find(|login| login["role"] == role).unwrap()
}

async fn log_in(api: &Api, login: &Value) -> Api {
    api.log_in(login["email"].as_str().unwrap(), login["password"].as_str().unwrap()).await
}

/// The kinds of alert and the shipments they are about.
async fn alerts(api: &Api) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let alerts = api.list("/alerts?state=all").await;
    alerts.iter().map(|alert| (text(&alert["kind"]), text(&alert["shipment_reference"]))).collect()
}

async fn on_hold(api: &Api) -> BTreeSet<String> {
    let shipments = api.list("/shipments").await;
    let held = shipments.iter().filter(|shipment| shipment["on_hold"] == true);
    held.filter_map(|shipment| shipment["reference"].as_str().map(str::to_owned)).collect()
}

/// Every shipment in the words of EPCIS, held against GS1's schema where it is there; how many told of an excursion.
async fn epcis_of_all(api: &Api) -> usize {
    let schema = schema();
    let mut excursions = 0;
    for shipment in api.list("/shipments").await {
        let told = api.get(&format!("/shipments/{}/epcis", shipment["id"].as_str().unwrap())).await;
        if let Some(schema) = &schema {
            check(schema, &told);
        }
        assert!(told.to_string().contains("sensor_reporting"), "{}: {told}", shipment["reference"]);
        excursions += usize::from(told.to_string().contains("ALARM_CONDITION"));
    }
    excursions
}

/// Who has the shipment's only box, and whether an offer of it is open.
async fn custodian(api: &Api, reference: &str) -> String {
    let found = api.list(&format!("/shipments?reference={reference}")).await;
    let id = found[0]["id"].as_str().unwrap();
    let custody = api.get(&format!("/shipments/{id}/custody")).await;
    let one = &custody["boxes"][0];
    let name = one["custodian"]["organisation"]["name"].as_str().unwrap_or_default();
    let is_open = one["offers"].as_array().is_some_and(|offers| !offers.is_empty());
    if is_open { format!("{name}, open") } else { name.to_owned() }
}

/// Asks until the answer is `expected`, and says what it was instead when the deadline is over.
async fn until_it_is<T: PartialEq + Debug>(expected: &T, deadline: Instant, mut ask: impl AsyncFnMut() -> T) {
    loop {
        let seen = ask().await;
        if seen == *expected {
            return;
        }
        assert!(Instant::now() < deadline, "{seen:?} instead of {expected:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Runs a walk of `e2e/` as that person.
fn walk_in_a_browser(walk: &str, url: &str, login: &Value, about: &[(&str, &str)]) {
    let [email, password] = ["email", "password"].map(|field| login[field].as_str().unwrap());
    e2e::walk_in_a_browser(walk, url, (email, password), about);
}

#[tokio::test]
async fn a_newcomer_sees_the_three_bad_shipments_and_acknowledges_an_alert() {
    let parent = folder("demo");
    let data = parent.path().join("d");
    let mut demo = Demo::start(&data, "60");
    let printed = printed(&data).await;
    let url = printed["url"].as_str().unwrap().to_owned();
    let api = Api::new(&url);

    let quality = login(&printed, "quality").clone();
    let watching = std::thread::spawn({
        let url = url.clone();
        let quality = quality.clone();
        move || walk_in_a_browser("alert", &url, &quality, &[("REFERENCE", "COP-MUN-006")])
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
        log_in(&api, login(&printed, role)).await;
    }
    // Those that hold its product, as its page and its programs see them.
    let supplied = log_in(&api, login(&printed, "supplier")).await.list("/shipments").await;
    let supplied: BTreeSet<&str> =
        supplied.iter().filter_map(|shipment| shipment["reference"].as_str()).collect();
    assert_eq!(supplied, BTreeSet::from(["AMS-WAR-007", "BAS-VIE-001", "LEU-PRA-010", "LYO-ROM-004"]));
    watching.join().expect("the browser");
    walk_in_a_browser("approve", &url, &quality, &[("PROFILE", "Ultra-cold, -90 to -60 °C")]);

    let api = log_in(&api, &quality).await;
    let set = |alerts: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        alerts.iter().map(|(kind, reference)| ((*kind).to_owned(), (*reference).to_owned())).collect()
    };
    let bad = set(&[
        ("temperature_high", "LYO-ROM-004"),
        ("temperature_low", "COP-MUN-006"),
        ("silence", "BAR-MIL-009"),
    ]);
    let deadline = Instant::now() + ALERTS_ARRIVE;
    // Picked up as planned; nobody came; late by more than an hour; by another carrier.
    for (reference, who) in [
        ("BAS-VIE-001", "Demo Cool Carrier"),
        ("LEU-MAD-002", "Isotherm, open"),
        ("AMS-WAR-007", "Demo Cool Carrier"),
        ("LEU-PRA-010", "Demo Other Carrier"),
    ] {
        until_it_is(&who.to_owned(), deadline, async || custodian(&api, reference).await).await;
    }
    let custody = set(&[
        ("custodian_unexpected", "LEU-PRA-010"),
        ("offer_unanswered", "AMS-WAR-007"),
        ("offer_unanswered", "LEU-MAD-002"),
        ("transfer_overdue", "AMS-WAR-007"),
        ("transfer_overdue", "LEU-MAD-002"),
    ]);
    let is_measured = |kind: &str| kind.starts_with("temperature") || kind == "silence";
    // As the clock goes on, later handovers may go wrong, too.
    until_it_is(&(bad, true), deadline, async || {
        let (measured, of_custody): (BTreeSet<_>, BTreeSet<_>) =
            alerts(&api).await.into_iter().partition(|(kind, _)| is_measured(kind));
        (measured, custody.is_subset(&of_custody))
    })
    .await;
    // The silent box goes on hold when its last reading stands no longer, some minutes after the alert.
    let held = BTreeSet::from(["LYO-ROM-004", "COP-MUN-006", "BAR-MIL-009"].map(str::to_owned));
    until_it_is(&held, deadline, async || on_hold(&api).await).await;
    walk_in_a_browser("tracker", &url, login(&printed, "admin"), &[("TRACKER", "Box 1")]);
    assert_eq!(epcis_of_all(&api).await, 2, "the two that were out of range");
    walk_in_a_browser("decide", &url, &quality, &[("REFERENCE", "COP-MUN-006")]);
    // A GTIN and a lot that the demonstration's own boxes do not hold.
    let about = [
        ("ORGANISATION", "Overland Carriage of Medicines and Other Cooled Goods"),
        ("NEW_EMAIL", "courier@overland.example"),
        ("NEW_PASSWORD", "told-by-telephone"),
        ("REFERENCE", "TUR-GEN-021"),
        ("SSCC", "106141412345678908"),
        ("GTIN", "09506000134376"),
        ("LOT", "TG21"),
    ];
    for (walk, role) in [("partners", "admin"), ("handover", "packer"), ("search", "quality")] {
        walk_in_a_browser(walk, &url, login(&printed, role), &about);
    }

    assert!(demo.interrupt(), "the demonstration ends well");
    assert_eq!(processes_of(&data), Vec::<String>::new(), "nothing runs on");
}
