//! What is sent again under the id of an entry is that entry; another request under it is told what differs.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::house::{House, act, post};

fn with(body: &Value, more: Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_used_again_for_something_else_is_refused_with_what_differs() {
    let house = House::start("repeated").await;
    house.badge(house.carrier.0, "Bruno Badge", "CAR-0001").await;
    let carrier = &house.carrier.1;
    let shipment = house.packed("S-1", 3).await;
    house.offered(&shipment, house.carrier.0).await;
    let id = |number: u32| json!(format!("0198a000-0000-7000-8000-{number:012}"));

    let refuse = json!({ "id": id(1), "boxes": [1], "reason": "wet" });
    let written = act(carrier, &shipment, "refuse", refuse.clone()).await.ok(201);
    let accept = json!({ "id": id(1), "boxes": [1] });
    act(carrier, &shipment, "accept", accept.clone()).await.refused(409, "it differs in act");
    act(carrier, &shipment, "accept", with(&accept, json!({ "boxes": [9] })))
        .await
        .refused(409, "box 9 is not");
    for (more, says) in [
        (json!({ "boxes": [2] }), "it differs in boxes"),
        (json!({ "reason": "cold" }), "it differs in reason"),
        (json!({ "condition": "wet" }), "it differs in seen"),
        (json!({ "signs": { "badge": "CAR-0001" } }), "it differs in signs"),
        (json!({ "at": "2026-01-01T00:00:00Z", "boxes": [2] }), "it differs in boxes, at"),
    ] {
        act(carrier, &shipment, "refuse", with(&refuse, more)).await.refused(409, says);
    }
    act(&house.owner, &shipment, "refuse", refuse.clone()).await.refused(409, "somebody else wrote it");
    let again = act(carrier, &shipment, "refuse", refuse).await.ok(200);
    assert_eq!(again["entry"], written["entry"]);

    // What was accepted before it came to be on hold is told again as it was.
    let accept = json!({ "id": id(2), "boxes": [2, 3] });
    let written = act(carrier, &shipment, "accept", accept.clone()).await.ok(201);
    house.sql("update shipments set hold = 'recall'");
    act(carrier, &shipment, "accept", with(&accept, json!({ "quarantine": true })))
        .await
        .refused(409, "it differs in quarantine");
    assert_eq!(act(carrier, &shipment, "accept", accept).await.ok(200)["entry"], written["entry"]);

    // By what name the addressee goes meanwhile does not matter; who it is does.
    let offer = json!({ "id": id(3), "to": { "organisation": house.pharmacy.0 }, "boxes": [2] });
    act(carrier, &shipment, "offer", offer.clone()).await.ok(201);
    house.sql("update organisations set name = 'Pharmacy by the river' where name = 'Pharmacy'");
    act(carrier, &shipment, "offer", offer.clone()).await.ok(200);
    let other = with(&offer, json!({ "to": { "organisation": 1 } }));
    act(carrier, &shipment, "offer", other).await.refused(409, "it differs in to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_whose_clock_is_ahead_and_twenty_requests_at_once_are_answered_as_the_first_was() {
    let house = House::start("ahead").await;
    let shipment = house.packed("S-1", 2).await;
    let offered = house.offered(&shipment, house.carrier.0).await;
    let at = e2e::warm::now(&house.owner).await + chrono::Duration::minutes(5);
    let accept = json!({ "id": "0198a000-0000-7000-8000-000000000001", "at": at, "boxes": [1] });
    let carrier = &house.carrier.1;
    let written = act(carrier, &shipment, "accept", accept.clone()).await.ok(201);
    assert_eq!(act(carrier, &shipment, "accept", accept.clone()).await.ok(200)["entry"], written["entry"]);
    let back = with(&accept, json!({ "at": at - chrono::Duration::hours(1) }));
    act(carrier, &shipment, "accept", back).await.refused(409, "it differs in at");

    let rest = json!({ "answers": offered, "boxes": [2] });
    let url = format!("{}/api/v1/shipments/{shipment}/custody/accept", house.program.url);
    let client = reqwest::Client::new();
    let once = async || {
        let request = client.post(&url).bearer_auth(carrier.token()).header("Idempotency-Key", "the rest");
        request.json(&rest).send().await.unwrap().status()
    };
    for status in join_all((0..20).map(|_| once())).await {
        assert_eq!(status, 201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_answered_says_so_to_another_answer() {
    let house = House::start("relinked").await;
    let shipment = house.packed("S-1", 2).await;
    house.offered(&shipment, house.pharmacy.0).await;
    let (_, secret) = house.code(&shipment).await;
    let public = house.program.api();
    let accept = json!({ "secret": secret, "name": "Petra Pharmacist", "boxes": [1] });
    let written = post(&public, "/sign/accept", accept.clone()).await.ok(201);
    for more in [json!({ "boxes": [2] }), json!({ "boxes": [1, 2] }), json!({ "condition": "damaged" })] {
        post(&public, "/sign/accept", with(&accept, more)).await.refused(409, "the link was used");
    }
    let refuse = with(&accept, json!({ "reason": "wet" }));
    post(&public, "/sign/refuse", refuse).await.refused(409, "the link was used");
    assert_eq!(post(&public, "/sign/accept", accept).await.ok(200)["entry"], written["entry"]);
}
