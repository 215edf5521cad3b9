//! People without an account answer an offer: with a badge or a code on somebody else's account, or by a link.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod attacks;
mod house;
mod links;
mod repeated;
mod unattended;

use house::{House, act};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_signs_for_its_organisation_on_the_account_of_who_hands_over() {
    let house = House::start("badges").await;
    let badge = house.badge(house.carrier.0, "Bruno Badge", "CAR-0001").await;
    house.badge(house.pharmacy.0, "Petra Pharmacist", "PHA-0001").await;
    let theirs =
        house.stranger.post("/organisations", &json!({ "kind": "carrier", "name": "Carrier" })).await;
    let path = format!("/organisations/{}/badges", theirs["id"]);
    house.stranger.post(&path, &json!({ "holder": "Somebody", "number": "SOU-0001" })).await;
    let shipment = house.packed("S-1", 2).await;
    let offer = house.offered(&shipment, house.carrier.0).await;
    let signs = |number: &str| json!({ "signs": { "badge": number } });

    // Unknown, of another partner, of another tenant: nobody learns which.
    for number in ["NON-0001", "PHA-0001", "SOU-0001"] {
        let answer = act(&house.owner, &shipment, "accept", signs(number)).await;
        answer.refused(422, "signs.badge: Carrier has no badge with this number that holds now");
        let refused = json!({ "signs": { "badge": number }, "reason": "wet" });
        act(&house.owner, &shipment, "refuse", refused).await.refused(422, "Carrier has no badge");
    }
    let both = json!({ "signs": { "badge": "CAR-0001", "code": "12345678", "name": "Bruno" } });
    act(&house.owner, &shipment, "accept", both)
        .await
        .refused(422, "signs: write the number of a badge, or a code");
    act(&house.owner, &shipment, "accept", json!({ "signs": {} })).await.refused(422, "signs: ");
    // Who has nothing to do with the offer does not see the shipment.
    act(&house.stranger, &shipment, "accept", signs("SOU-0001")).await.refused(404, "no such shipment");
    act(&house.pharmacy.1, &shipment, "accept", signs("PHA-0001")).await.refused(404, "no such shipment");
    assert_eq!(house.sql("select count(*) from custody_records"), "2");
    let noted = "select count(*) from audit_entries where action = 'custody.signature_refused'";
    assert_eq!(house.sql(noted), "6");

    // Only what is offered, by its own id once.
    let mut wanted = signs("car-0001 ");
    wanted["id"] = json!("0198a000-0000-7000-8000-000000000001");
    wanted["answers"] = offer;
    wanted["boxes"] = json!([1]);
    wanted["condition"] = json!("intact");
    let accepted = act(&house.owner, &shipment, "accept", wanted.clone()).await.ok(201);
    let one = &accepted["custody"]["boxes"][0]["custodian"];
    assert_eq!((&one["organisation"]["name"], &one["person"]), (&json!("Carrier"), &json!("Bruno Badge")));
    assert_eq!(one["strength"], "badge");
    let last = accepted["custody"]["entries"][2].clone();
    assert_eq!(
        (&last["by"]["strength"], &last["by"]["written_on"]),
        (&json!("badge"), &json!("admin@example.org"))
    );
    let again = act(&house.owner, &shipment, "accept", wanted.clone()).await.ok(200);
    assert_eq!(again["entry"], accepted["entry"]);
    act(&house.carrier.1, &shipment, "accept", wanted).await.refused(409, "id: another entry");
    let detail: Value =
        serde_json::from_str(&house.sql("select entry from custody_records where sequence = 3")).unwrap();
    assert_eq!(detail["by"]["badge"], badge);

    // The rest is refused, at the receiver's own device.
    let refused = json!({ "signs": { "badge": "CAR-0001" }, "reason": "it is wet" });
    let answer = act(&house.carrier.1, &shipment, "refuse", refused).await.ok(201);
    assert_eq!(answer["custody"]["entries"][3]["by"]["written_on"], "Carrier's courier");
    assert_eq!(answer["custody"]["boxes"][1]["custodian"]["organisation"]["id"], 1);

    // A badge that was ended signs nothing, whatever the time is that is written.
    house.offered(&shipment, house.carrier.0).await;
    let before = e2e::fleet::text(e2e::warm::now(&house.owner).await);
    house.owner.post(&format!("/badges/{badge}/revoke"), &json!({ "reason": "lost" })).await;
    for at in [Value::Null, json!(before)] {
        let mut late = signs("CAR-0001");
        late["at"] = at;
        act(&house.owner, &shipment, "accept", late)
            .await
            .refused(422, "Carrier has no badge with this number");
    }
    let dump = "select string_agg(t::text, ' ') from (select row_to_json(c) t from custody_records c
        union all select row_to_json(a) from audit_entries a union all select row_to_json(k) from idempotency_keys k) x";
    assert!(!house.sql(dump).to_uppercase().contains("CAR-0001"), "kept nowhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_finds_a_badge_by_trying_numbers() {
    let house = House::start("tries").await;
    house.badge(house.carrier.0, "Bruno Badge", "CAR-0001").await;
    let shipment = house.packed("S-1", 2).await;
    house.offered(&shipment, house.carrier.0).await;
    let signs =
        |number: &str, box_number: u32| json!({ "signs": { "badge": number }, "boxes": [box_number] });
    for number in 0..20 {
        let answer = act(&house.owner, &shipment, "accept", signs(&format!("NON-{number:04}"), 1)).await;
        answer.refused(422, "no badge with this number");
    }
    act(&house.owner, &shipment, "accept", signs("CAR-0001", 1)).await.refused(409, "too many wrong ones");
    // It is the account's matter, and passes.
    act(&house.carrier.1, &shipment, "accept", signs("CAR-0001", 1)).await.ok(201);
    house.sql("update audit_entries set at = at - interval '1 hour'");
    act(&house.owner, &shipment, "accept", signs("CAR-0001", 2)).await.ok(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_signs_once_with_a_name_and_five_wrong_ones_lock_it() {
    let house = House::start("codes").await;
    let shipment = house.packed("S-1", 3).await;
    act(&house.owner, &shipment, "codes", json!({})).await.refused(409, "no open offer");
    house.offered(&shipment, house.pharmacy.0).await;
    let signs = |code: &str| json!({ "signs": { "code": code, "name": "Petra Pharmacist" } });
    act(&house.owner, &shipment, "accept", signs("12345678"))
        .await
        .refused(409, "no code that can still be used");
    // Only who offered makes codes, and for a bounded time.
    act(&house.pharmacy.1, &shipment, "codes", json!({})).await.refused(409, "no open offer");
    act(&house.carrier.1, &shipment, "codes", json!({})).await.refused(404, "no such shipment");
    act(&house.stranger, &shipment, "codes", json!({})).await.refused(404, "no such shipment");
    for lasts in ["30s", "8d"] {
        act(&house.owner, &shipment, "codes", json!({ "valid_for": lasts })).await.refused(422, "valid_for");
    }
    let (code, _) = house.code(&shipment).await;
    let wrong = wrong(&code);
    for left in (1..5).rev() {
        let says = format!("the code is wrong, and {left} more may be tried");
        act(&house.owner, &shipment, "accept", signs(&wrong)).await.refused(422, &says);
    }
    for code in [&wrong, &code] {
        act(&house.owner, &shipment, "accept", signs(code)).await.refused(409, "too many wrong ones");
    }
    assert_eq!(house.sql("select max(attempts) from acceptance_codes"), "5");

    // A new one begins anew. What cannot be read is no attempt.
    let (code, _) = house.code(&shipment).await;
    act(&house.owner, &shipment, "accept", signs("1234567")).await.refused(422, "eight digits");
    let nameless = json!({ "signs": { "code": code } });
    act(&house.owner, &shipment, "accept", nameless).await.refused(422, "signs.name");
    let mut other = signs(&code);
    other["boxes"] = json!([9]);
    act(&house.owner, &shipment, "accept", other).await.refused(409, "box 9 is not");
    let spaced = format!("{} {}-{}", &code[..4], &code[4..6], &code[6..]);
    let mut wanted = signs(&spaced);
    wanted["boxes"] = json!([1]);
    wanted["id"] = json!("0198a000-0000-7000-8000-000000000001");
    let accepted = act(&house.owner, &shipment, "accept", wanted.clone()).await.ok(201);
    let one = &accepted["custody"]["boxes"][0]["custodian"];
    assert_eq!((&one["person"], &one["strength"]), (&json!("Petra Pharmacist"), &json!("code")));
    assert_eq!(act(&house.owner, &shipment, "accept", wanted).await.ok(200)["entry"], accepted["entry"]);
    act(&house.owner, &shipment, "accept", signs(&code)).await.refused(409, "the code was used before");

    // One that has expired; the rest of the offer is refused with another one.
    let (code, _) = house.code(&shipment).await;
    house.sql("update acceptance_codes set expires_at = created_at + interval '1 microsecond'");
    act(&house.owner, &shipment, "accept", signs(&code)).await.refused(409, "the code has expired");
    let (code, _) = house.code(&shipment).await;
    let mut refused = signs(&code);
    refused["reason"] = json!("too warm");
    let refused = act(&house.pharmacy.1, &shipment, "refuse", refused).await.ok(201);
    assert_eq!(refused["custody"]["entries"][3]["by"]["strength"], "code");
    assert_eq!(refused["custody"]["boxes"][2]["custodian"]["organisation"]["id"], 1);
    act(&house.owner, &shipment, "accept", signs(&code)).await.refused(409, "no open offer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_told_once_and_kept_nowhere() {
    let house = House::start("told").await;
    let shipment = house.packed("S-1", 1).await;
    house.offered(&shipment, house.pharmacy.0).await;
    let url = format!("{}/api/v1/shipments/{shipment}/custody/codes", house.program.url);
    let client = reqwest::Client::new();
    let ask = |key: &'static str| {
        client.post(&url).bearer_auth(house.owner.token()).header("Idempotency-Key", key).json(&json!({}))
    };
    let made: Value = ask("a").send().await.unwrap().json().await.unwrap();
    let again = ask("a").send().await.unwrap();
    assert_eq!(again.status(), 409, "it has its effect once");
    assert_eq!(house.sql("select count(*) from acceptance_codes"), "2");
    let (code, link) = (made["code"].as_str().unwrap(), made["link"].as_str().unwrap());
    let dump = "select string_agg(t::text, ' ') from (select row_to_json(c) t from acceptance_codes c
        union all select row_to_json(a) from audit_entries a union all select row_to_json(k) from idempotency_keys k) x";
    let dump = house.sql(dump);
    assert!(!dump.contains(link.strip_prefix("/#/sign/").unwrap()) && !dump.contains(&format!("\"{code}\"")));
    for _ in 1..10 {
        house.code(&shipment).await;
    }
    act(&house.owner, &shipment, "codes", json!({})).await.refused(409, "10 codes");
}

fn wrong(code: &str) -> String {
    let first = if code.starts_with('1') { '2' } else { '1' };
    format!("{first}{}", &code[1..])
}
