//! Who may send: two tokens that count while a sender changes over, signatures, and the addresses from which it may.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::sender::SharedKey;
use e2e::fleet::{dev_eui, measured_at, up};
use e2e::warm::now;
use e2e::{Api, Installation, Part, Program, folder, until};
use networks::{SignedQuery, signed_values};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An ingester looks for changes twice a second; here is patience for a busy machine.
const COUNTS_WITHIN: Duration = Duration::from_secs(3);

struct House {
    installation: Installation,
    program: Program,
    client: Client,
    _folder: TempDir,
}

impl House {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = folder("senders");
        let embedded = Installation::embedded(&folder.path().join("d"));
        let installation = settings.iter().fold(embedded, |all, (name, value)| all.with(name, value));
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        Self { installation, program, client: Client::new(), _folder: folder }
    }

    fn integration(&self, words: &[&str]) -> Value {
        self.installation.admin(&[&["integration"], words].concat(), "")
    }

    fn token(&self, words: &[&str]) -> String {
        self.integration(words)["token"].as_str().unwrap().to_owned()
    }

    /// A webhook of ChirpStack's, by way of these proxies.
    async fn post(&self, token: &str, f_cnt: u32, forwarded: Option<&str>) -> Response {
        let request = self.client.post(format!("{}/webhooks/depot?event=up", self.program.url));
        let request =
            forwarded.into_iter().fold(request, |request, by| request.header("X-Forwarded-For", by));
        let body = up(&dev_eui(1), f_cnt, measured_at(f_cnt), b"whatever");
        request.bearer_auth(token).json(&body).send().await.unwrap()
    }

    async fn status(&self, token: &str, forwarded: Option<&str>) -> u16 {
        self.post(token, 1, forwarded).await.status().as_u16()
    }

    /// Waits until that is the answer, which must be soon.
    async fn soon(&self, token: &str, forwarded: Option<&str>, status: u16) {
        let changed = Instant::now();
        until("it counts", async || (self.status(token, forwarded).await == status).then_some(())).await;
        assert!(changed.elapsed() < COUNTS_WITHIN, "{:?}", changed.elapsed());
    }
}

async fn is_refusal_told(api: &Api, subject: &str) -> bool {
    let alerts = api.list("/alerts").await;
    alerts.iter().any(|alert| alert["kind"] == "webhook_refused" && alert["subject"] == subject)
}

async fn detail(answer: Response) -> String {
    answer.json::<Value>().await.unwrap()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sender_changes_over_to_a_new_token_without_losing_a_frame() {
    let house = House::start(&[]).await;
    let first = house.token(&["add", "--id", "depot", "--network", "chirpstack"]);
    house.soon(&first, None, 204).await;

    let second = house.token(&["rotate", "--id", "depot"]);
    house.soon(&second, None, 204).await;
    assert_eq!(house.status(&first, None).await, 204, "the sender does not know the new one yet");
    let metrics = reqwest::get(format!("{}/metrics", house.program.url)).await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("isotherm_ingest_older_credentials_total{integration=\"depot\"} 1\n"),
        "{metrics}"
    );

    house.integration(&["retire", "--id", "depot"]);
    house.soon(&first, None, 401).await;
    let refused = house.post(&first, 1, None).await;
    assert!(detail(refused).await.contains("`isotherm admin integration rotate` makes a new one"));
    assert_eq!(house.status(&second, None).await, 204);

    house.integration(&["disable", "--id", "depot"]);
    house.soon(&second, None, 401).await;
    house.integration(&["enable", "--id", "depot"]);
    house.soon(&second, None, 204).await;
}

#[tokio::test]
async fn webhooks_from_elsewhere_are_refused_and_that_is_told() {
    let house = House::start(&[("ISOTHERM_HTTP__LIMITS__BEHIND_PROXY", "true")]).await;
    let api = house.program.log_in("admin").await;
    let add = ["add", "--id", "depot", "--network", "chirpstack", "--allow", "203.0.113.0/24"];
    let token = house.token(&add);
    house.soon(&token, Some("203.0.113.9"), 204).await;
    for (forwarded, status) in [
        (Some("198.51.100.7, ::ffff:203.0.113.255"), 204),
        (Some("203.0.113.9, 203.0.114.0"), 403),
        // Nobody but the proxy knows the way to us, so its own address is whose it is.
        (None, 403),
    ] {
        assert_eq!(house.status(&token, forwarded).await, status, "{forwarded:?}");
    }
    let refused = house.post(&token, 1, Some("198.51.100.7")).await;
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert_eq!(
        detail(refused).await,
        "webhooks of this integration may not come from 198.51.100.7; `isotherm admin integration allow` says from \
         where they may"
    );
    let told = "integration depot: they come from an address that is not allowed";
    until("the alert", async || is_refusal_told(&api, told).await.then_some(())).await;

    house.integration(&["allow", "--id", "depot", "--allow", "198.51.100.7", "--allow", "127.0.0.0/8"]);
    house.soon(&token, Some("198.51.100.7"), 204).await;
    assert_eq!(house.status(&token, Some("203.0.113.9")).await, 403, "the list was replaced");
    assert_eq!(house.status(&token, None).await, 204);
}

#[tokio::test]
async fn without_a_proxy_what_a_sender_says_of_its_address_does_not_count() {
    let house = House::start(&[]).await;
    let add = ["add", "--id", "depot", "--network", "chirpstack", "--allow", "203.0.113.0/24"];
    let token = house.token(&add);
    house.soon(&token, Some("203.0.113.9"), 403).await;
    house.integration(&["allow", "--id", "depot", "--allow", "127.0.0.1"]);
    house.soon(&token, Some("203.0.113.9"), 204).await;
}

#[tokio::test]
async fn aws_asks_whether_it_may_post_without_a_token_and_a_person_is_shown_where_to_say_yes() {
    let house = House::start(&[("ISOTHERM_HTTP__LIMITS__BEHIND_PROXY", "true")]).await;
    let token = house.token(&["add", "--id", "depot", "--network", "chirpstack"]);
    house.token(&["add", "--id", "cloud", "--network", "aws-iot-core"]);
    house.soon(&token, None, 204).await;
    let ask_from = async |from: &str, integration: &str, url: &str, padding: usize| {
        let body = format!(
            r#"{{"messageType":"DestinationConfirmation","enableUrl":"{url}"}}{}"#,
            " ".repeat(padding)
        );
        let request = house.client.post(format!("{}/webhooks/{integration}", house.program.url));
        let request = request.header("Content-Type", "application/json").header("X-Forwarded-For", from);
        request.body(body).send().await.unwrap().status().as_u16()
    };
    let ask = async |integration: &str, url: &str, padding: usize| {
        ask_from("203.0.113.9", integration, url, padding).await
    };
    let shown = || house.integration(&["list"])[0]["confirm_url"].clone();
    let url = "https://iot.eu-central-1.amazonaws.com/confirmdestination/A";
    for (integration, url, padding) in [
        ("depot", url, 0),
        ("nobody", url, 0),
        ("cloud", "https://iot.example.org/confirmdestination/A", 0),
        ("cloud", url, 16 * 1024),
    ] {
        assert_eq!(ask(integration, url, padding).await, 401, "{integration}, {url}, {padding}");
    }
    assert_eq!(shown(), Value::Null);

    assert_eq!(ask("cloud", url, 0).await, 204);
    until("it is shown", async || (shown() == url).then_some(())).await;
    assert_eq!(ask("cloud", url, 0).await, 429, "nobody fills the queue with questions");
    let network = url.replace("/A", "/B");
    assert_eq!(ask_from("198.51.100.7", "cloud", &network, 0).await, 204, "nor keeps the network's own out");
    until("it is shown", async || (shown() == network).then_some(())).await;
}

/// As ThingPark posts it: signed with the key, at that instant of its clock.
async fn sign(house: &House, key: &str, at: DateTime<Utc>) -> Response {
    let dev_eui = dev_eui(1).to_uppercase();
    let said = json!({ "CustomerID": "100000042", "DevEUI": dev_eui, "FPort": 10, "FCntUp": 7, "payload_hex": "0AFF" });
    let body = json!({ "DevEUI_uplink": said }).to_string();
    let query = format!("LrnDevEui={dev_eui}&LrnFPort=10&AS_ID=depot.7&Time={}", at.to_rfc3339());
    let unsigned = SignedQuery::read(&format!("{query}&Token={}", "00".repeat(32))).unwrap();
    let values = signed_values(body.as_bytes()).unwrap().unwrap();
    let token = hex::encode(unsigned.expected(&values, &SharedKey::new(key)));
    let post = house.client.post(format!("{}/webhooks/depot?{query}&Token={token}", house.program.url));
    post.header("Content-Type", "application/json").body(body).send().await.unwrap()
}

#[tokio::test]
async fn thingpark_signs_with_the_key_that_it_was_given_and_changes_over_to_another() {
    let house = House::start(&[]).await;
    let api = house.program.log_in("admin").await;
    let signed = async |key: &str| sign(&house, key, now(&api).await).await.status();
    let first = house.token(&["add", "--id", "depot", "--network", "actility"]);
    until("it counts", async || (signed(&first).await == 204).then_some(())).await;
    assert_eq!(house.status(&first, None).await, 204, "the key as a token, which some put into a header");
    let uplinks = format!("/trackers/{}/uplinks", dev_eui(1));
    until("it is stored", async || {
        let stored = api.list(&uplinks).await;
        stored.iter().any(|uplink| uplink["payload"] == "0aff").then_some(())
    })
    .await;

    let forged = sign(&house, "0a1b2c3d4e5f60718293a4b5c6d7e8f9", now(&api).await).await;
    assert_eq!(forged.status(), 401);
    assert!(detail(forged).await.ends_with("as the AS key in ThingPark"));
    let late = sign(&house, &first, now(&api).await - chrono::Duration::minutes(6)).await;
    assert_eq!(late.status(), 401);
    assert!(detail(late).await.ends_with("more than 5 minutes apart; set the clocks"));
    for reason in ["the token is wrong", "they were signed by a clock that is more than 5 minutes from ours"]
    {
        let subject = format!("integration depot: {reason}");
        until("the alert", async || is_refusal_told(&api, &subject).await.then_some(())).await;
    }

    let second = "5D0C0FFEE0DDF00D5D0C0FFEE0DDF00D";
    let rotate = ["integration", "rotate", "--id", "depot", "--token-stdin"];
    let rotated = house.installation.admin(&rotate, &format!("{second}\n"));
    assert_eq!(rotated["token"], second.to_lowercase());
    until("the new key counts", async || (signed(second).await == 204).then_some(())).await;
    assert_eq!(signed(&first).await, 204, "ThingPark does not know it yet");
    house.integration(&["retire", "--id", "depot"]);
    until("the older one is dead", async || (signed(&first).await == 401).then_some(())).await;
    assert_eq!(signed(second).await, 204);
}
