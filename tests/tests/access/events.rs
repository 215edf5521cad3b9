//! The stream of events tells each role what it may read, and no more.

use std::sync::{Arc, Mutex};

use e2e::warm::{Target, integrations, ship};
use e2e::{Program, fleet, until};
use futures_util::StreamExt;
use reqwest::Client;
use serde_json::{Value, json};

use crate::partners::{partner, partners_user};
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

#[tokio::test]
async fn a_partners_people_are_told_of_the_shipments_that_they_see_and_of_no_others() {
    let (house, installation) = House::start().await;
    let token = installation.add_integration("depot", "chirpstack");
    integrations(&house.program.url, 1).await;
    let admin = house.program.log_in("admin").await;
    let carrier = partner(&admin, "carrier", "Carrier").await;
    let other = partner(&admin, "carrier", "Other carrier").await;
    let courier = partners_user(&admin, &house.program, carrier, "c@carrier.example", "courier").await;
    let dispatcher = partners_user(&admin, &house.program, carrier, "d@carrier.example", "dispatcher").await;
    let supplier = partners_user(&admin, &house.program, carrier, "s@carrier.example", "supplier").await;
    let stranger = partners_user(&admin, &house.program, other, "c@other.example", "courier").await;
    let mut said = Vec::new();
    for api in [&courier, &dispatcher, &supplier, &stranger] {
        said.push(listen(&house.program, api.token()).await);
    }
    let hears = async |who: usize, event: &str, id: &str| {
        let told = |line: &&str| line.starts_with(&format!("{event}\n")) && line.contains(id);
        let is_told = || said[who].lock().unwrap().split("event: ").any(|one| told(&one));
        until(&format!("{who} hears of the {event}"), async || is_told().then_some(())).await;
    };
    let foreign = ship(&admin, "S-1", &fleet::dev_eui(1)).await;
    let own = ship(&admin, "S-2", &fleet::dev_eui(2)).await;
    let target = Target { url: house.program.url.clone(), integration: "depot".to_owned(), token };
    let offer = |to: i64| json!({ "to": { "organisation": to } });
    let offered = |shipment: &str| format!("/shipments/{shipment}/custody/offer");

    // Of the foreign one first, so that whoever hears of the own one was passed over before.
    admin.post(&offered(&foreign), &offer(other)).await;
    admin.post(&offered(&own), &offer(carrier)).await;
    hears(0, "shipment", &own).await;
    hears(1, "shipment", &own).await;
    hears(3, "shipment", &foreign).await;
    target.send_warm(&admin, &fleet::dev_eui(1)).await;
    hears(3, "alert", &foreign).await;
    target.send_warm(&admin, &fleet::dev_eui(2)).await;
    hears(0, "alert", &own).await;
    admin.post(&format!("/shipments/{own}/custody/withdraw"), &json!({ "reason": "not yet" })).await;
    for (who, unheard) in [(0, &foreign), (1, &foreign), (2, &foreign), (2, &own), (3, &own)] {
        assert!(!said[who].lock().unwrap().contains(unheard.as_str()), "{who}");
    }
    for (who, event) in
        [(0, "tracker"), (1, "tracker"), (1, "alert"), (2, "shipment"), (3, "tracker"), (3, "reload")]
    {
        assert!(!said[who].lock().unwrap().contains(&format!("event: {event}\n")), "{who}: {event}");
    }
}
