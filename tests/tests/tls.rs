//! TLS in the server: who is believed, what is refused at the start, and how a certificate is renewed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use e2e::bodies::{Network, frame};
use e2e::fleet::{dev_eui, post};
use e2e::warm::now;
use e2e::{Installation, Part, folder, until};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;

/// An installation with a certificate of its own.
struct House {
    folder: TempDir,
    installation: Installation,
}

impl House {
    fn new() -> Self {
        let folder = folder("tls");
        let plain = Installation::embedded(&folder.path().join("data"));
        let house = Self { installation: plain, folder };
        house.renew();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| house.file(name));
        let installation = house.with(&cert, &key);
        Self { installation, ..house }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("tls").join(name)
    }

    fn with(&self, cert: &Path, key: &Path) -> Installation {
        let [cert, key] = [cert, key].map(|file| file.to_str().unwrap());
        self.installation.clone().with("ISOTHERM_HTTP__TLS__CERT", cert).with("ISOTHERM_HTTP__TLS__KEY", key)
    }

    /// Another certificate with another key in the same files.
    fn renew(&self) {
        let out = self.folder.path().join("tls");
        let call = ["tls", "self-signed", "--host", "box.example", "--force", "--out"];
        self.installation.admin(&[&call[..], &[out.to_str().unwrap()]].concat(), "");
    }
}

async fn health(client: &Client, url: &str) -> Option<Response> {
    let answer = client.get(format!("{url}/healthz")).send().await.ok()?;
    assert_eq!(answer.status(), 200);
    Some(answer)
}

#[tokio::test]
async fn webhooks_api_and_page_are_reached_by_tls_alone() {
    let house = House::new();
    house.installation.add_user("admin");
    let token = house.installation.add_integration("depot", "chirpstack");
    let program = house.installation.start(Part::Serve).await;
    let (client, url) = (house.installation.client(), program.url.as_str());
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");

    let answer = health(&client, url).await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let wrong = client.get(format!("{url}/no/such/page")).send().await.unwrap();
    assert!(wrong.headers().contains_key("strict-transport-security"), "{wrong:?}");
    assert!(health(&Client::new(), url).await.is_none(), "nobody vouches for it");
    let plain = Client::new().get(url.replace("https", "http")).send().await;
    assert!(plain.is_err(), "{plain:?}");

    let api = program.log_in("admin").await;
    let known = async || (program.ingest_readiness().await.1["integrations"] == 1).then_some(());
    until("the integration is known", known).await;
    let webhook =
        Network::ChirpStack.uplink(&dev_eui(1), 0, now(&api).await, &frame(0, now(&api).await, 500));
    assert_eq!(post(&client, url, "depot?event=up", &token, &webhook).await, Some(204));
    until("the webhook is taken up", async || {
        (api.list("/trackers?unknown=true").await.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn plain_http_promises_no_tls() {
    let folder = folder("plain");
    let program = Installation::embedded(&folder.path().join("data")).start(Part::Serve).await;
    let answer = health(&Client::new(), &program.url).await.unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"), "{answer:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_up_and_a_broken_one_is_not() {
    let house = House::new();
    let program = house.installation.start(Part::Serve).await;
    // Each client connects when it is first used.
    let [meanwhile, afterwards] = [house.installation.client(), house.installation.client()];
    std::fs::write(house.file("cert.pem"), "-----BEGIN CERT").unwrap();
    until("it is told of", async || program.log().contains("the one before it stays").then_some(())).await;
    assert!(program.log().contains("cert.pem: holds no certificate that can be read"), "{}", program.log());
    assert!(health(&meanwhile, &program.url).await.is_some());

    house.renew();
    until("the new one is shown", async || health(&house.installation.client(), &program.url).await).await;
    assert!(health(&afterwards, &program.url).await.is_none());
}

#[tokio::test]
async fn a_renewed_certificate_that_is_early_is_taken_up_when_it_is_valid() {
    let house = House::new();
    house.installation.add_user("admin");
    let program = house.installation.start(Part::Serve).await;
    let before = house.installation.client();
    let from = now(&program.log_in("admin").await).await.timestamp() + 8;
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(from.try_into().unwrap());
    let cert = params.self_signed(&key).unwrap();
    std::fs::write(house.file("cert.pem"), cert.pem()).unwrap();
    std::fs::write(house.file("key.pem"), key.serialize_pem()).unwrap();
    until("it is told of", async || program.log().contains("the one before it stays").then_some(())).await;
    assert!(program.log().contains("cert.pem: is valid from "), "{}", program.log());
    assert!(health(&before, &program.url).await.is_some());
    until("the new one is shown", async || health(&house.installation.client(), &program.url).await).await;
    let log = program.log();
    let line = log.lines().find(|line| line.contains("is taken up")).unwrap();
    let at = serde_json::from_str::<Value>(line).unwrap()["timestamp"].as_str().unwrap().to_owned();
    assert!(at.parse::<DateTime<Utc>>().unwrap().timestamp() >= from, "{line}");
    assert_eq!(log.matches("the one before it stays").count(), 1, "{log}");
}
