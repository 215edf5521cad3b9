//! Open streams of events: each user has so many, and however many there are, requests find their connections.

use std::time::{Duration, Instant};

use e2e::held::HeldTable;
use e2e::warm::ship;
use e2e::{Api, Program, fleet};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::events::{Said, listen};
use crate::library::{start, user};
use crate::partners::{partner, partners_user};

const MOST: usize = 20;

async fn open(program: &Program, api: &Api) -> Response {
    let url = format!("{}/api/v1/events", program.url);
    Client::new().get(url).bearer_auth(api.token()).send().await.unwrap()
}

#[tokio::test]
async fn a_user_has_so_many_open_streams_and_is_told_what_to_do() {
    let (installation, program, _kept) = start("streams").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let mut pages = Vec::new();
    for _ in 0..MOST {
        pages.push(open(&program, &admin).await);
    }
    assert!(pages.iter().all(|page| page.status() == 200));
    let refused = open(&program, &admin).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"5".parse().unwrap()));
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("close one of them"), "{problem}");
    let quality = user(&installation, &program, "north", "quality").await;
    assert_eq!(open(&program, &quality).await.status(), 200, "each has his own");
}

/// Nobody can look up what a supplier sees, and everybody else is answered.
#[tokio::test]
async fn a_hundred_open_pages_of_a_supplier_leave_requests_their_connections() {
    let (installation, program, _kept) = start("hundred").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let supplier = partner(&admin, "supplier", "Supplier").await;
    let mut pages: Vec<Said> = Vec::new();
    for number in 0..5 {
        let email = format!("s{number}@supplier.example");
        let page = partners_user(&admin, &program, supplier, &email, "supplier").await;
        for _ in 0..MOST {
            pages.push(listen(&program, page.token()).await);
        }
    }
    let shipment = ship(&admin, "S-1", &fleet::dev_eui(1)).await;
    let profile = admin.get(&format!("/shipments/{shipment}")).await["profile"]["id"].clone();
    let held = HeldTable::hold(&installation.database_url(), "supplier_products").await;
    admin.post("/shipments", &json!({ "reference": "S-2", "profile": profile })).await;
    held.keeps_waiting(2).await;
    let begun = Instant::now();
    for _ in 0..20 {
        admin.get("/shipments").await;
    }
    let took = begun.elapsed();
    eprintln!("20 lists beside {} open pages: {} ms", pages.len(), took.as_millis());
    assert!(took < Duration::from_secs(5), "{took:?}");
}
