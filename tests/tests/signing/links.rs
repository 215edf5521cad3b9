//! A link shows one offer to who opens it, and answers it once.

use e2e::fleet::{profile, ship};
use serde_json::{Value, json};

use crate::house::{House, act, post};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_shows_one_offer_without_a_token_and_answers_it_once() {
    let house = House::start("links").await;
    let public = house.program.api();
    let shipment = house.packed("S-1", 2).await;
    let wanted = json!({
        "to": { "organisation": house.pharmacy.0, "person": "Goods-in" }, "boxes": [2], "note": "side door",
        "exceptions": [{ "box": 1, "reason": "comes tomorrow" }],
    });
    act(&house.owner, &shipment, "offer", wanted).await.ok(201);
    let (code, secret) = house.code(&shipment).await;
    let shown = post(&public, "/sign/offer", json!({ "secret": secret })).await.ok(200);
    assert_eq!(shown["reference"], "S-1");
    let party = |side: &str| shown[side]["person"].as_str().unwrap().to_owned();
    assert_eq!((party("from"), party("to")), ("admin@example.org".to_owned(), "Goods-in".to_owned()));
    assert_eq!((&shown["boxes"][0]["number"], shown["boxes"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!((&shown["note"], &shown["exceptions"][0]["box"]), (&json!("side door"), &json!(1)));
    assert_eq!((&shown["hold_reason"], &shown["range"]["min_c"]), (&Value::Null, &json!(2.0)));
    assert!(!shown.to_string().contains("coverage") && !shown.to_string().contains("temperature"), "{shown}");

    assert!(!house.program.log().contains(&secret), "no log holds it");

    // What is no link, and what a link does not do.
    for secret in ["", &code, &secret[1..], &"0".repeat(64)] {
        for path in ["/sign/offer", "/sign/accept", "/sign/refuse"] {
            let mut body = json!({ "secret": secret });
            if path != "/sign/offer" {
                body["name"] = json!("Somebody");
                body["reason"] = json!("x");
            }
            post(&public, path, body).await.refused(404, "there is no such link");
        }
    }
    let signs = json!({ "signs": { "code": secret, "name": "Somebody" } });
    act(&house.owner, &shipment, "accept", signs).await.refused(422, "eight digits");
    let by_link = |extra: Value| {
        let mut body = json!({ "secret": secret, "name": "Petra Pharmacist" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    post(&public, "/sign/accept", by_link(json!({ "name": " " }))).await.refused(422, "name");
    post(&public, "/sign/accept", by_link(json!({ "boxes": [1] }))).await.refused(409, "box 1 is not");
    post(&public, "/sign/refuse", by_link(json!({ "reason": "" }))).await.refused(422, "reason");

    let accept = by_link(json!({
        "condition": "wet", "seals": [{ "box": 2, "seal": "S-9" }], "note": "side door",
        "whereabouts": { "lat": 48.5, "lon": 11.5, "accuracy_m": 20 },
    }));
    let written = post(&public, "/sign/accept", accept.clone()).await.ok(201);
    assert_eq!(written["boxes"], json!([2]));
    let custody = house.owner.get(&format!("/shipments/{shipment}/custody")).await;
    let one = &custody["boxes"][1]["custodian"];
    assert_eq!(
        (&one["organisation"]["name"], &one["person"]),
        (&json!("Pharmacy"), &json!("Petra Pharmacist"))
    );
    assert_eq!((&one["strength"], &one["entry"]), (&json!("link"), &written["entry"]));
    let last = &custody["entries"][2];
    assert_eq!((&last["condition"], &last["by"]["written_on"]), (&json!("wet"), &Value::Null));
    assert_eq!(last["whereabouts"]["lat"], 48.5);
    let audit = "select count(*) from audit_entries where action = 'custody.written' and actor is null";
    assert_eq!(house.sql(audit), "1");

    // The same again is the same; anything else is too late.
    let again = post(&public, "/sign/accept", accept.clone()).await.ok(200);
    assert_eq!(again["entry"], written["entry"]);
    let refuse = by_link(json!({ "reason": "changed my mind" }));
    post(&public, "/sign/refuse", refuse).await.refused(409, "the link was used");
    let other = by_link(json!({ "name": "Somebody else" }));
    post(&public, "/sign/accept", other).await.refused(409, "the link was used");
    post(&public, "/sign/offer", json!({ "secret": secret })).await.refused(409, "the link was used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_refuses_and_ends_with_its_time_and_with_its_offer() {
    let house = House::start("links").await;
    let public = house.program.api();
    let shipment = house.packed("S-1", 1).await;
    house.offered(&shipment, house.pharmacy.0).await;
    let (_, first) = house.code(&shipment).await;
    let (code, second) = house.code(&shipment).await;
    let refuse = json!({ "secret": first, "name": "Petra Pharmacist", "reason": "seal is broken" });
    post(&public, "/sign/refuse", refuse.clone()).await.ok(201);
    post(&public, "/sign/refuse", refuse).await.ok(200);
    // The other link and the codes of an offer that was answered do nothing any more.
    post(&public, "/sign/offer", json!({ "secret": second })).await.refused(409, "no longer open");
    let accept = |secret: &str| json!({ "secret": secret, "name": "Petra Pharmacist" });
    post(&public, "/sign/accept", accept(&second)).await.refused(409, "no longer open");
    let signs = json!({ "signs": { "code": code, "name": "Petra Pharmacist" } });
    act(&house.owner, &shipment, "accept", signs).await.refused(409, "no open offer");

    house.offered(&shipment, house.pharmacy.0).await;
    let (_, third) = house.code(&shipment).await;
    act(&house.owner, &shipment, "withdraw", json!({ "reason": "wrong van" })).await.ok(201);
    post(&public, "/sign/accept", accept(&third)).await.refused(409, "no longer open");

    house.offered(&shipment, house.pharmacy.0).await;
    let (_, late) = house.code(&shipment).await;
    house.sql("update acceptance_codes set expires_at = created_at + interval '1 microsecond'");
    post(&public, "/sign/offer", json!({ "secret": late })).await.refused(409, "the link has expired");
    post(&public, "/sign/accept", accept(&late)).await.refused(409, "the link has expired");
    assert_eq!(house.sql("select count(*) from custody_records where entry like '%\"link\"%'"), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_hold_goes_into_quarantine_only_whoever_signs() {
    let house = House::start("holds").await;
    house.badge(house.pharmacy.0, "Petra Pharmacist", "PHA-0001").await;
    let profile = house.owner.post("/profiles", &profile()).await;
    let mut ships = Vec::new();
    for tracker in 1..=3 {
        // Nothing is known of its first minutes, and so it is on hold.
        let shipment = ship(&house.owner, tracker, &profile["id"]).await;
        house.offered(&shipment, house.pharmacy.0).await;
        let (code, secret) = house.code(&shipment).await;
        ships.push((shipment, code, secret));
    }
    let [badge, code, link] = <[_; 3]>::try_from(ships).unwrap();
    let signed = |signs: Value, quarantine: bool| json!({ "signs": signs, "quarantine": quarantine });
    for (shipment, signs) in [
        (&badge.0, json!({ "badge": "PHA-0001" })),
        (&code.0, json!({ "code": code.1, "name": "Petra Pharmacist" })),
    ] {
        act(&house.owner, shipment, "accept", signed(signs.clone(), false))
            .await
            .refused(409, "on hold (incomplete)");
        let accepted = act(&house.owner, shipment, "accept", signed(signs, true)).await.ok(201);
        assert_eq!(accepted["custody"]["boxes"][0]["custodian"]["quarantine"], true);
    }
    let public = house.program.api();
    let shown = post(&public, "/sign/offer", json!({ "secret": link.2 })).await.ok(200);
    assert_eq!(shown["hold_reason"], "incomplete");
    let accept = |quarantine: bool| json!({ "secret": link.2, "name": "Petra", "quarantine": quarantine });
    post(&public, "/sign/accept", accept(false)).await.refused(409, "on hold (incomplete)");
    post(&public, "/sign/accept", accept(true)).await.ok(201);
}

#[tokio::test]
async fn a_link_is_made_opened_and_answered_on_the_page() {
    let house = House::start("link-page").await;
    let shipment = house.packed("PO-31", 1).await;
    house.offered(&shipment, house.pharmacy.0).await;
    let (email, password) = e2e::login_of("admin");
    e2e::walk_in_a_browser("sign", &house.program.url, (&email, &password), &[("REFERENCE", "PO-31")]);
}
