//! The stream of events tells each role what it may read, and no more.

use std::sync::{Arc, Mutex};

use e2e::warm::{Target, integrations, ship};
use e2e::{Program, fleet, until};
use futures_util::StreamExt;
use reqwest::Client;
use serde_json::Value;

use crate::{CREW, House, ROLES, STAFF};

/// What a stream of events has said so far.
pub type Said = Arc<Mutex<String>>;

/// Opens the stream of whoever the token is of.
pub async fn listen(program: &Program, token: &str) -> Said {
    let url = format!("{}/api/v1/events", program.url);
    let answer = Client::new().get(url).bearer_auth(token).send().await.unwrap();
    let said = Said::default();
    let (mut stream, heard) = (answer.bytes_stream(), said.clone());
    tokio::spawn(async move {
        while let Some(Ok(bytes)) = stream.next().await {
            heard.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
        }
    });
    until("the stream begins", async || said.lock().unwrap().contains("connected").then_some(())).await;
    said
}

#[tokio::test]
async fn each_role_is_told_what_it_may_read() {
    let (house, installation) = House::start().await;
    let token = installation.add_integration("depot", "chirpstack");
    integrations(&house.program.url, 1).await;
    let admin = house.program.log_in("admin").await;
    let mut streams = Vec::new();
    for role in ROLES {
        let api = house.program.log_in(role).await;
        let counts = api.get("/status").await["notifications"].clone();
        let told = ["admin", "auditor", "coordinator", "quality"].contains(role);
        assert_eq!(counts == Value::Null, !told, "{role} and the notifications");
        streams.push((role, listen(&house.program, api.token()).await));
    }
    let dev_eui = fleet::dev_eui(1);
    ship(&admin, "S-1", &dev_eui).await;
    let target = Target { url: house.program.url.clone(), integration: "depot".to_owned(), token };
    target.send_warm(&admin, &dev_eui).await;
    let has = |said: &Said, name: &str| said.lock().unwrap().contains(&format!("event: {name}\n"));
    for (role, said) in &streams {
        for (name, may) in [("shipment", CREW), ("alert", CREW), ("tracker", STAFF)] {
            if may.contains(role) {
                until(&format!("{role} hears of the {name}"), async || has(said, name).then_some(())).await;
            }
        }
    }
    // By now everybody has been passed over or told.
    for (role, said) in &streams {
        for (name, may) in [("shipment", CREW), ("alert", CREW), ("tracker", STAFF)] {
            assert_eq!(has(said, name), may.contains(role), "{role}: {name}");
        }
    }
}
