//! What the database refuses: one message's fault holds up nobody, is told, kept, and can be tried again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::fleet::{self, dev_eui, measured_at, post};
use e2e::{Installation, Part, until};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_becomes_a_dead_letter_while_its_neighbours_are_stored() {
    let (folder, database) = (e2e::folder("refused"), testkit::postgres::database(None).unwrap());
    let installation =
        Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
    let program = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let api = program.log_in("admin").await;
    let client = Client::new();
    let send = async |f_cnt: u32| {
        let event = fleet::up(&dev_eui(1), f_cnt, measured_at(f_cnt), b"whatever");
        post(&client, &program.url, "depot?event=up", &token, &event).await
    };
    until("the integration counts", async || (send(1).await == Some(204)).then_some(())).await;

    database.psql("alter table uplinks add constraint odd check (f_cnt <> 13)").unwrap();
    let answers = join_all((11..16).map(send)).await;
    assert_eq!(answers, [Some(204); 5]);
    let letter = until("the dead letter", async || {
        let letters = api.list("/dead-letters").await;
        letters.first().cloned()
    })
    .await;
    assert!(letter["reason"].as_str().unwrap().contains("odd"), "{letter}");
    let stored = || database.psql("select string_agg(f_cnt::text, ' ' order by f_cnt) from uplinks").unwrap();
    until("its neighbours are stored", async || (stored().trim() == "1 11 12 14 15").then_some(())).await;
    let alerts = api.list("/alerts?state=open").await;
    assert!(alerts.iter().any(|alert| alert["kind"] == "dead_letter"), "{alerts:?}");

    database.psql("alter table uplinks drop constraint odd").unwrap();
    assert_eq!(api.post("/dead-letters/replay", &json!({})).await["replayed"], 1);
    until("it is stored after all", async || (stored().trim() == "1 11 12 13 14 15").then_some(())).await;
    assert_eq!(api.list("/dead-letters").await.len(), 0);
}
