//! Quality signs versions of profiles: with the password, once, and for its own organisation alone.

use e2e::{Answer, Api};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::postgres::psql;

use crate::library::{shipped, start, user};

const MEANING: &str = "Reviewed against the label";

async fn approve(api: &Api, profile: &Value, password: &str) -> Answer {
    let path = format!("/profiles/{}/approve", profile["id"].as_str().unwrap());
    api.send(Method::POST, &path, Some(&json!({ "password": password, "meaning": MEANING }))).await
}

#[tokio::test]
async fn a_version_is_approved_by_quality_with_its_password_and_once() {
    let (installation, program, _kept) = start("approvals").await;
    let quality = user(&installation, &program, "north", "quality").await;
    let stranger = user(&installation, &program, "south", "quality").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let profile = &shipped(&quality).await[0];
    assert_eq!(profile["approved"], Value::Null, "what ships is nobody's decision");
    let shown = async || quality.get(&format!("/profiles/{}", profile["id"].as_str().unwrap())).await;

    for (who, password, status, says) in [
        (&admin, "a long password", 403, "your role may not do this"),
        (&quality, "another password", 401, "the password is wrong: nothing was signed"),
        (&stranger, "a long password", 404, "there is no such profile"),
    ] {
        let refused = approve(who, profile, password).await;
        assert_eq!((refused.status, refused.json()["detail"].as_str()), (status, Some(says)));
    }
    let path = format!("/profiles/{}/approve", profile["id"].as_str().unwrap());
    let silent = json!({ "password": "a long password", "meaning": " " });
    assert_eq!(quality.send(Method::POST, &path, Some(&silent)).await.status, 422);
    assert_eq!(shown().await["approved"], Value::Null);

    let approved = approve(&quality, profile, "a long password").await.ok();
    let signature = &approved["approved"];
    assert_eq!((&signature["by"], &signature["meaning"]), (&json!("quality@north.example"), &json!(MEANING)));
    assert!(signature["at"].as_str().unwrap().ends_with('Z'), "{signature}");
    assert_eq!(shown().await, approved);
    assert_eq!(shipped(&admin).await.iter().filter(|profile| profile["approved"] != Value::Null).count(), 1);
    assert_eq!(approve(&quality, profile, "a long password").await.status, 409, "once and for good");

    // A changed profile is another version, and nobody has signed that one.
    let next = quality.post("/profiles", &profile["definition"]).await;
    assert_eq!((&next["version"], &next["approved"]), (&json!(2), &Value::Null));
}

#[tokio::test]
async fn a_shipment_of_an_unapproved_version_says_so() {
    let (installation, program, _kept) = start("unapproved").await;
    let quality = user(&installation, &program, "north", "quality").await;
    let coordinator = user(&installation, &program, "north", "coordinator").await;
    let profile = &shipped(&coordinator).await[0];
    let ship = async |reference: &str| {
        coordinator.post("/shipments", &json!({ "reference": reference, "profile": profile["id"] })).await
    };
    let early = ship("early").await;
    let expected =
        format!("profile: quality has not approved version 1 of {}", profile["name"].as_str().unwrap());
    assert_eq!(early["warnings"], json!([expected]));
    assert_eq!(early["profile"]["approved"], false);
    approve(&quality, profile, "a long password").await.ok();
    let late = ship("late").await;
    assert_eq!((&late["warnings"], &late["profile"]["approved"]), (&json!([]), &json!(true)));
    let now = coordinator.get(&format!("/shipments/{}", early["id"].as_str().unwrap())).await;
    assert_eq!(now["profile"]["approved"], true, "a version that was signed later is signed");
}

#[tokio::test]
async fn a_signature_is_in_the_audit_trail_and_cannot_be_changed_or_repeated_by_its_key() {
    let (installation, program, _kept) = start("signature").await;
    let quality = user(&installation, &program, "north", "quality").await;
    let profile = &shipped(&quality).await[0];
    let url = format!("{}/api/v1/profiles/{}/approve", program.url, profile["id"].as_str().unwrap());
    let sign = async |password: &str| {
        let request = Client::new().post(&url).bearer_auth(quality.token()).header("Idempotency-Key", "k");
        let answer = request.json(&json!({ "password": password, "meaning": MEANING })).send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate").map(|c| c.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge)
    };
    let challenge = "Bearer error=\"insufficient_user_authentication\"".to_owned();
    assert_eq!(sign("another password").await, (401, Some(challenge.clone())));
    assert_eq!(sign("a long password").await, (200, None));
    assert_eq!(sign("a long password").await, (200, None), "the first answer again");
    assert_eq!(sign("another password").await, (401, Some(challenge)), "even to be told that, one is asked");

    let database = installation.database_url();
    let audit = "select count(*) from audit_entries where action = 'profile.approved'
        and detail->>'by' = 'quality@north.example' and detail->>'version' = '1'";
    assert_eq!(psql(&database, audit).unwrap().trim(), "1");
    for change in ["update profile_approvals set meaning = 'x'", "delete from profile_approvals"] {
        let refused = psql(&database, change).unwrap_err().to_string();
        assert!(refused.contains("never changed or removed"), "{refused}");
    }
}
