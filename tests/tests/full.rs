//! No room left: webhooks are refused with 503, aloud, and never taken and lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::fleet::{post, webhook};
use e2e::{Installation, Part, Program, until};
use reqwest::Client;
use serde_json::json;

const SECRET: &str = "a secret of ingester and tracking service";

/// A figure of `/metrics`, by its name with its labels.
async fn figure(program: &Program, name: &str) -> f64 {
    let text = reqwest::get(format!("{}/metrics", program.url)).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    line.map_or(0.0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

/// It says at `/readyz` and in its figures that it refuses.
async fn says_so(program: &Program, refused: u32) {
    let (status, readiness) = program.ingest_readiness().await;
    assert_eq!(status, 503, "{readiness}");
    let problem = readiness["problem"].as_str().unwrap();
    assert!(problem.starts_with("the spool is full"), "{readiness}");
    assert_eq!(figure(program, "isotherm_ingest_spool_full").await, 1.0);
    let counted = figure(program, "isotherm_ingest_webhooks_total{outcome=\"not_stored\"}").await;
    assert_eq!(counted, f64::from(refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_free_space_watermark_every_webhook_is_refused() {
    let (folder, database) = (e2e::folder("full"), testkit::postgres::database(None).unwrap());
    let installation = Installation::embedded(&folder.path().join("d"))
        .with("ISOTHERM_DATABASE__URL", &database.url())
        .with("ISOTHERM_SPOOL__MIN_FREE_BYTES", "4611686018427387904");
    let program = installation.start(Part::Serve).await;
    installation.add_integration("cloud", "aws-iot-core");
    let token = installation.add_integration("depot", "chirpstack");
    let client = Client::new();
    let event = webhook(1, 0, 500);
    until("the integration counts", async || {
        (post(&client, &program.url, "depot?event=up", &token, &event).await != Some(401)).then_some(())
    })
    .await;
    assert_eq!(post(&client, &program.url, "depot?event=up", &token, &event).await, Some(503));
    let asked = json!({
        "messageType": "DestinationConfirmation",
        "enableUrl": "https://iot.eu-central-1.amazonaws.com/confirmdestination/A",
    });
    for _ in 0..2 {
        let answer = post(&client, &program.url, "cloud", "no token", &asked).await;
        assert_eq!(answer, Some(503), "a question that could not be taken may be asked again");
    }
    says_so(&program, 4).await;
    assert_eq!(database.psql("select count(*) from uplinks").unwrap().trim(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_the_spools_byte_limit_with_the_broker_away_webhooks_are_refused_and_those_before_are_kept() {
    let (folder, database) = (e2e::folder("full"), testkit::postgres::database(None).unwrap());
    let nowhere = "amqp://127.0.0.1:9";
    let track = Installation::on(&folder.path().join("t"), &database.url(), nowhere, "full")
        .with("ISOTHERM_INGEST__TOKEN", SECRET);
    let tracking = track.start(Part::Track).await;
    let ingest = Installation::embedded(&folder.path().join("i"))
        .with("ISOTHERM_QUEUE__URL", nowhere)
        .with("ISOTHERM_INGEST__TOKEN", SECRET)
        .with("ISOTHERM_INGEST__TRACKING_URL", &tracking.url)
        .with("ISOTHERM_SPOOL__MAX_BYTES", "4096");
    let ingester = ingest.start(Part::Ingest).await;
    let token = track.add_integration("depot", "chirpstack");
    let client = Client::new();
    until("the integration counts", async || {
        let status = post(&client, &ingester.url, "depot?event=status", &token, &json!({})).await;
        (status == Some(204)).then_some(())
    })
    .await;

    let mut taken = 0;
    while post(&client, &ingester.url, "depot?event=up", &token, &webhook(1, taken, 500)).await == Some(204) {
        taken += 1;
    }
    assert!((5..60).contains(&taken), "{taken} webhooks in 4 KiB");
    says_so(&ingester, 1).await;
    let (_, readiness) = ingester.ingest_readiness().await;
    let kept = readiness["spool_bytes"].as_u64().unwrap();
    assert!(kept > 2048, "{kept} bytes are kept");
    assert!(readiness["broker"].as_str().unwrap().starts_with("down"), "{readiness}");
}
