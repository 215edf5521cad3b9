//! Contracts, badges and trainings through the API: each has its time and its reason, and is seen by its circle alone.

use e2e::{Api, Program};
use reqwest::Method;
use serde_json::{Value, json};

use crate::library::{start, user};
use crate::partners::{partner, partners_user};

async fn post(api: &Api, path: &str, body: &Value) -> (u16, Value) {
    let answer = api.send(Method::POST, path, Some(body)).await;
    (answer.status, answer.json())
}

async fn status(api: &Api, path: &str) -> u16 {
    api.send(Method::GET, path, None).await.status
}

struct Circle {
    admin: Api,
    coordinator: Api,
    /// Of the carrier.
    auditor: Api,
    /// Of another partner.
    outsider: Api,
    /// Of another tenant.
    stranger: Api,
    carrier: i64,
}

async fn circle(installation: &e2e::Installation, program: &Program) -> Circle {
    let admin = user(installation, program, "north", "admin").await;
    let coordinator = user(installation, program, "north", "coordinator").await;
    let stranger = user(installation, program, "south", "admin").await;
    let (carrier, clinic) =
        (partner(&admin, "carrier", "Carrier").await, partner(&admin, "consignee", "Clinic").await);
    let auditor = partners_user(&admin, program, carrier, "a@carrier.example", "auditor").await;
    let outsider = partners_user(&admin, program, clinic, "a@clinic.example", "auditor").await;
    Circle { admin, coordinator, auditor, outsider, stranger, carrier }
}

#[tokio::test]
async fn a_contract_is_recorded_ended_with_its_reason_and_kept() {
    let (installation, program, _kept) = start("contracts").await;
    let Circle { coordinator, auditor, outsider, stranger, carrier, .. } =
        circle(&installation, &program).await;
    let path = format!("/organisations/{carrier}/contracts");
    let wanted = json!({ "title": "Carriage", "reference": "C-7", "from": "2026-01-01T00:00:00Z" });
    let (made_status, made) = post(&coordinator, &path, &wanted).await;
    assert_eq!((made_status, &made["valid"], &made["until"]), (201, &json!(true), &Value::Null));
    let spans = [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 422),
        ("2026-01-01T00:00:00.2Z", "2026-01-01T00:00:00.9Z", 422),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", 201),
        ("1969-12-31T23:59:59Z", "2026-01-01T00:00:00Z", 422),
        ("2026-01-01T00:00:00Z", "2201-01-01T00:00:00Z", 422),
        ("-262000-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 422),
    ];
    for (from, until, expected) in spans {
        let wanted = json!({ "title": "Carriage", "from": from, "until": until });
        assert_eq!(post(&coordinator, &path, &wanted).await.0, expected, "{from} to {until}");
    }
    let tenant = coordinator.list("/organisations").await[0]["id"].clone();
    let own = post(&coordinator, &format!("/organisations/{tenant}/contracts"), &wanted).await;
    assert_eq!(own.0, 422, "nobody has a contract with himself");

    for (who, expected) in [(&auditor, 200), (&coordinator, 200), (&outsider, 404), (&stranger, 404)] {
        assert_eq!(status(who, &path).await, expected);
    }
    let end = format!("/contracts/{}/end", made["id"].as_str().unwrap());
    let reason = json!({ "reason": "carrier changed", "at": "2026-06-01T00:00:00Z" });
    assert_eq!(post(&stranger, &end, &reason).await.0, 404);
    assert_eq!(post(&auditor, &end, &reason).await.0, 403);
    assert_eq!(
        post(&coordinator, &end, &json!({ "reason": "x", "at": "2999-01-01T00:00:00Z" })).await.0,
        422
    );
    let (ended_status, ended) = post(&coordinator, &end, &reason).await;
    assert_eq!((ended_status, &ended["valid"], &ended["ended_at"]), (200, &json!(false), &reason["at"]));
    assert_eq!(post(&coordinator, &end, &reason).await.0, 409, "once");
    let listed = auditor.list(&path).await;
    assert_eq!((listed.len(), &listed[0]["ended_reason"]), (2, &json!("carrier changed")));
}

#[tokio::test]
async fn a_badge_is_given_out_once_and_its_number_is_kept_nowhere() {
    let (installation, program, _kept) = start("badges").await;
    let Circle { admin, coordinator, auditor, outsider, stranger, carrier } =
        circle(&installation, &program).await;
    let path = format!("/organisations/{carrier}/badges");
    let wanted = |number: &str| json!({ "holder": "Bruno Badge", "number": number });
    let (made_status, made) = post(&coordinator, &path, &wanted("Bdg-4711")).await;
    assert_eq!((made_status, &made["holder"], &made["valid"]), (201, &json!("Bruno Badge"), &json!(true)));
    for (number, expected) in [("123", 422), ("bdg-4711 ", 409), ("Bdg-4712", 201)] {
        assert_eq!(post(&coordinator, &path, &wanted(number)).await.0, expected, "{number}");
    }
    let theirs = partner(&stranger, "carrier", "Carrier").await;
    let elsewhere = format!("/organisations/{theirs}/badges");
    assert_eq!(post(&stranger, &elsewhere, &wanted("Bdg-4711")).await.0, 201, "another tenant's number");
    assert_eq!(post(&coordinator, &elsewhere, &wanted("Bdg-4713")).await.0, 404);
    for (who, expected) in [(&auditor, 200), (&admin, 200), (&outsider, 404), (&stranger, 404)] {
        assert_eq!(status(who, &path).await, expected);
    }
    let dump = "select string_agg(t::text, ' ') from (select row_to_json(b) t from badges b
        union all select row_to_json(a) from audit_entries a union all select row_to_json(k) from idempotency_keys k) x";
    let dump = testkit::postgres::psql(&installation.database_url(), dump).unwrap().to_lowercase();
    assert!(dump.contains("bruno badge") && !dump.contains("bdg-4711"), "{dump}");

    let id = made["id"].as_str().unwrap();
    let revoke = format!("/badges/{id}/revoke");
    assert_eq!(post(&stranger, &revoke, &json!({ "reason": "x" })).await.0, 404);
    let (revoked_status, revoked) = post(&coordinator, &revoke, &json!({ "reason": "lost" })).await;
    assert_eq!(
        (revoked_status, &revoked["valid"], &revoked["ended_reason"]),
        (200, &json!(false), &json!("lost"))
    );
    assert_eq!(post(&coordinator, &revoke, &json!({ "reason": "lost" })).await.0, 409);
    assert_eq!(post(&coordinator, &path, &wanted("Bdg-4711")).await.0, 409, "its number never means another");
    let trainings = format!("/badges/{id}/trainings");
    let trained = json!({ "topic": "gdp", "from": "2026-01-01T00:00:00Z" });
    assert_eq!(post(&coordinator, &trainings, &trained).await.0, 201);
    for (who, expected) in [(&auditor, 200), (&outsider, 404), (&stranger, 404)] {
        assert_eq!(status(who, &trainings).await, expected);
    }
}

#[tokio::test]
async fn a_training_is_recorded_revoked_with_its_reason_and_kept() {
    let (installation, program, _kept) = start("trainings").await;
    let Circle { admin, coordinator, auditor, outsider, stranger, .. } =
        circle(&installation, &program).await;
    let person = auditor.get("/me").await["id"].as_str().unwrap().to_owned();
    let path = format!("/users/{person}/trainings");
    let wanted = |topic: &str| json!({ "topic": topic, "from": "2026-01-01T00:00:00Z", "until": "2200-01-01T00:00:00Z" });
    let (_, unknown) = post(&coordinator, &path, &wanted("cooking")).await;
    assert!(unknown["detail"].as_str().unwrap().starts_with("topic: `cooking`"), "{unknown}");
    assert_eq!(post(&stranger, &path, &wanted("gdp")).await.0, 404);
    let (made_status, made) = post(&coordinator, &path, &wanted("gdp")).await;
    assert_eq!((made_status, &made["user"], &made["valid"]), (201, &json!(person), &json!(true)));
    for (who, expected) in [(&auditor, 200), (&admin, 200), (&outsider, 404), (&stranger, 404)] {
        assert_eq!(status(who, &path).await, expected);
    }
    let revoke = format!("/trainings/{}/revoke", made["id"].as_str().unwrap());
    assert_eq!(post(&stranger, &revoke, &json!({ "reason": "x" })).await.0, 404);
    let (revoked_status, revoked) =
        post(&coordinator, &revoke, &json!({ "reason": "failed the test" })).await;
    assert_eq!((revoked_status, &revoked["valid"]), (200, &json!(false)));
    assert_eq!(post(&coordinator, &revoke, &json!({ "reason": "x" })).await.0, 409);
    assert_eq!(admin.list(&path).await[0]["ended_reason"], "failed the test");
}

#[tokio::test]
async fn who_lacks_a_contract_or_a_training_is_told_in_the_lists() {
    let (installation, program, _kept) = start("lacking").await;
    let Circle { admin, coordinator, auditor, carrier, .. } = circle(&installation, &program).await;
    let dispatcher = partners_user(&admin, &program, carrier, "d@carrier.example", "dispatcher").await;
    let path = |what: &str| format!("/organisations/{carrier}/{what}");
    let badge = json!({ "holder": "Bruno Badge", "number": "Bdg-4711", "from": "2026-01-01T00:00:00Z" });
    let (_, badge) = post(&coordinator, &path("badges"), &badge).await;
    let person = auditor.get("/me").await["id"].as_str().unwrap().to_owned();
    let told = async || {
        let organisations = coordinator.list("/organisations").await;
        let contracts = organisations.iter().map(|one| one["under_contract"].clone()).collect::<Vec<_>>();
        let people = coordinator.list(&format!("/users?organisation={carrier}")).await;
        let badges = coordinator.list(&path("badges")).await;
        let [person, holder] = [&people[0], &badges[0]].map(|it| it["trained"].clone());
        (contracts, people[0]["under_contract"].clone(), person, holder)
    };
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(
        told().await,
        (vec![yes.clone(), no.clone(), no.clone()], no.clone(), no.clone(), no.clone()),
        "the tenant itself needs no contract"
    );
    let from = |more: Value| {
        let mut wanted = json!({ "from": "2026-01-01T00:00:00Z" });
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wanted
    };
    post(&coordinator, &path("contracts"), &from(json!({ "title": "Carriage" }))).await;
    for holder in [format!("users/{person}"), format!("badges/{}", badge["id"].as_str().unwrap())] {
        let wanted = from(json!({ "topic": "gdp" }));
        assert_eq!(post(&coordinator, &format!("/{holder}/trainings"), &wanted).await.0, 201);
    }
    assert_eq!(told().await, (vec![yes.clone(), yes.clone(), no], yes.clone(), yes.clone(), yes));
    let own = dispatcher.get(&format!("/organisations/{carrier}")).await;
    assert_eq!(own["under_contract"], Value::Null, "a dispatcher may not read contracts");
}
