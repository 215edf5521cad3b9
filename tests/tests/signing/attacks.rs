//! What somebody with an account, or with the database, may try.

use serde_json::json;

use crate::house::{House, act, post};

#[tokio::test]
async fn what_no_way_of_a_shipment_can_bring_about_is_refused() {
    let house = House::start("impossible").await;
    let profile = house.owner.post("/profiles", &e2e::fleet::profile()).await;
    let body = json!({ "reference": "S-1", "profile": profile["id"], "boxes": [{ "contents": [] }, { "contents": [] }] });
    let made = house.owner.post("/shipments", &body).await;
    let shipment = made["id"].as_str().unwrap();
    house.sql(&format!("insert into shipment_parties values ('{shipment}', {}, now())", house.carrier.0));
    act(&house.carrier.1, shipment, "pack", json!({}))
        .await
        .refused(409, "whoever owns the shipment packs it");
    act(&house.owner, shipment, "pack", json!({})).await.ok(201);

    let to = json!({ "organisation": house.carrier.0 });
    let seal = |number: u32, seal: &str| json!({ "box": number, "seal": seal });
    let not_there = json!({ "box": 4_294_967_295_u32, "reason": "lost" });
    for (body, says) in [
        (json!({ "to": to, "exceptions": [not_there] }), "exceptions: the shipment has no box 4294967295"),
        (json!({ "to": to, "seals": [seal(0, "A")] }), "seals: the shipment has no box 0"),
        (json!({ "to": to, "seals": [seal(1, "A"), seal(1, "B")] }), "seals: box 1 stands twice"),
    ] {
        act(&house.owner, shipment, "offer", body).await.refused(422, says);
    }
    let once = json!({ "to": to, "seals": [seal(1, "A"), seal(2, "B")] });
    act(&house.owner, shipment, "offer", once).await.ok(201);
    let name = json!({ "signs": { "code": "12345678", "name": "\u{200b}\u{2060}" } });
    act(&house.owner, shipment, "accept", name).await.refused(422, "that can be seen");

    let cancel = json!({ "reason": "the hospital needs none" });
    post(&house.owner, &format!("/shipments/{shipment}/cancel"), cancel).await.ok(200);
    act(&house.carrier.1, shipment, "accept", json!({})).await.refused(409, "the shipment was called off");
    act(&house.owner, shipment, "offer", json!({ "to": to }))
        .await
        .refused(409, "the shipment was called off");
    act(&house.owner, shipment, "withdraw", json!({ "reason": "called off" })).await.ok(201);
}

#[tokio::test]
async fn who_changes_a_ledger_in_the_database_is_noticed_and_nothing_is_signed_on_top_of_it() {
    let house = House::start("tampered").await;
    for (reference, change) in [
        ("its last row is gone", "delete from custody_records where shipment_id = '{}' and sequence = 2"),
        ("all of it is gone", "delete from custody_records where shipment_id = '{}'"),
        (
            "a row is not as it was signed",
            "update custody_records set signature = decode(repeat('00', 64), 'hex')
                 where shipment_id = '{}' and sequence = 2",
        ),
    ] {
        let shipment = house.packed(reference, 1).await;
        house.offered(&shipment, house.carrier.0).await;
        house.sql(&format!("set session_replication_role = replica; {}", change.replace("{}", &shipment)));
        act(&house.carrier.1, &shipment, "accept", json!({})).await.refused(409, "is not as it was written");
        let withdraw = act(&house.owner, &shipment, "withdraw", json!({ "reason": "x" })).await;
        withdraw.refused(409, "is not as it was written");
    }
}
