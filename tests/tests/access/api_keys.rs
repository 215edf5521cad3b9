//! Keys of partners' programs: they act as their role, by themselves or by the token that they are exchanged for, and count no
//! more once they are revoked.

use std::time::Duration as StdDuration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use e2e::held::HeldTable;
use e2e::warm::now;
use e2e::{Api, Program, fleet, until, within};
use futures_util::future::join_all;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::library::{start, user};
use crate::partners::{partner, second};

async fn key(admin: &Api, organisation: i64, role: &str) -> Value {
    let new = json!({ "organisation": organisation, "name": "Batch release", "role": role });
    admin.post("/api-keys", &new).await
}

async fn status(program: &Program, path: &str, token: &str) -> u16 {
    let url = format!("{}/api/v1{path}", program.url);
    Client::new().get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

/// What the token endpoint says to that form, by user and password where they are given.
async fn exchange(program: &Program, form: &str, basic: Option<(&str, &str)>) -> (u16, Value) {
    let request = Client::new().post(format!("{}/api/v1/token", program.url));
    let request = match basic {
        None => request,
        Some((user, password)) => {
            let encoded = STANDARD.encode(format!("{user}:{password}"));
            request.header("authorization", format!("Basic {encoded}"))
        }
    };
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let status = answer.status().as_u16();
    assert_eq!(status == 401, answer.headers().contains_key("www-authenticate"));
    (status, answer.json().await.unwrap())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

#[tokio::test]
async fn a_key_acts_as_its_role_by_itself_and_by_its_token_until_it_is_revoked_in_every_process() {
    let (installation, program, _kept) = start("keys").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let stranger = user(&installation, &program, "south", "admin").await;
    let second = second(&installation).await;
    let supplier = partner(&admin, "supplier", "Supplier").await;
    let made = key(&admin, supplier, "supplier").await;
    let (secret, prefix, id) = (text(&made, "key"), text(&made, "prefix"), text(&made, "id"));
    assert!(secret.starts_with(&format!("{prefix}_")), "{prefix}");

    assert_eq!(status(&program, "/shipments", secret).await, 200);
    assert_eq!(status(&program, "/alerts", secret).await, 403, "as its role");
    until("the other process knows it", async || {
        (status(&second, "/shipments", secret).await == 200).then_some(())
    })
    .await;
    let form = format!("grant_type=client_credentials&client_id={prefix}&client_secret={secret}");
    let (code, granted) = exchange(&program, &form, None).await;
    assert_eq!((code, &granted["token_type"], &granted["expires_in"]), (200, &json!("Bearer"), &json!(3600)));
    let by_header = exchange(&program, "grant_type=client_credentials", Some((prefix, secret))).await;
    assert_eq!(by_header.0, 200);
    let token = text(&granted, "access_token");
    for program in [&program, &second] {
        assert_eq!(status(program, "/shipments", token).await, 200);
    }
    let me = program.api().with_token(token).get("/me").await;
    assert_eq!((&me["name"], &me["role"]), (&json!("Batch release"), &json!("supplier")));

    let listed = until("its use is noted", async || {
        let listed = admin.list(&format!("/api-keys?organisation={supplier}")).await;
        listed[0]["last_used_at"].is_string().then_some(listed)
    })
    .await;
    assert_eq!((listed.len(), &listed[0]["prefix"]), (1, &made["prefix"]));
    assert!(!json!(listed).to_string().contains(secret));
    assert_eq!(stranger.list("/api-keys").await, [Value::Null; 0]);
    assert!(!json!(admin.list("/users").await).to_string().contains(prefix), "it is nobody who logs in");

    let path = format!("/api-keys/{id}/revoke");
    let reason = json!({ "reason": "replaced" });
    assert_eq!(stranger.send(Method::POST, &path, Some(&reason)).await.status, 404);
    let revoked = admin.post(&path, &reason).await;
    assert_eq!((revoked["revoked_at"].is_string(), &revoked["revoked_reason"]), (true, &json!("replaced")));
    for bearer in [secret, token] {
        assert_eq!(status(&program, "/me", bearer).await, 401, "at the very next request");
        until("the other process hears of it", async || {
            (status(&second, "/me", bearer).await == 401).then_some(())
        })
        .await;
    }
    assert_eq!(exchange(&program, &form, None).await.0, 401);
    assert_eq!(admin.send(Method::POST, &path, Some(&reason)).await.status, 409);
    let kept = "select count(*) from audit_entries where action in ('api_key.added', 'api_key.revoked')";
    assert_eq!(testkit::postgres::psql(&installation.database_url(), kept).unwrap().trim(), "2");
    let whole = format!(
        "select (select count(*) from audit_entries where detail::text like '%{secret}%')
             + (select count(*) from idempotency_keys where answer::text like '%{secret}%')
             + (select count(*) from api_keys where api_keys::text like '%{secret}%')"
    );
    assert_eq!(testkit::postgres::psql(&installation.database_url(), &whole).unwrap().trim(), "0");
}

#[tokio::test]
async fn what_a_carriers_system_hands_in_bears_the_name_of_its_key() {
    let (installation, program, _kept) = start("key-hand-in").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let carrier = partner(&admin, "carrier", "Carrier").await;
    let made = key(&admin, carrier, "dispatcher").await;
    let system = program.api().with_token(text(&made, "key"));
    let shipment = e2e::warm::ship(&admin, "S-1", &fleet::dev_eui(1)).await;
    let offer = json!({ "to": { "organisation": carrier } });
    admin.post(&format!("/shipments/{shipment}/custody/offer"), &offer).await;
    let event = json!([{ "event_id": "E-1", "what": "accepted", "by": carrier, "shipment": "S-1",
        "at": fleet::text(now(&admin).await) }]);
    let answer = system.send(Method::POST, "/hand-ins", Some(&event)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let custody = admin.get(&format!("/shipments/{shipment}/custody")).await.to_string();
    assert!(custody.contains("Batch release"), "{custody}");
}

#[tokio::test]
async fn a_token_is_given_for_a_key_alone_and_errors_are_oauths() {
    let (installation, program, _kept) = start("oauth").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let supplier = partner(&admin, "supplier", "Supplier").await;
    let (one, other) = (key(&admin, supplier, "supplier").await, key(&admin, supplier, "supplier").await);
    let (id, secret) = (text(&one, "prefix"), text(&one, "key"));
    let grant = "grant_type=client_credentials";
    let wrong = format!("{id}_{}", "0".repeat(64));
    for (form, basic, code, error) in [
        (String::new(), None, 400, "invalid_request"),
        ("grant_type=password&username=a&password=b".to_owned(), None, 400, "unsupported_grant_type"),
        (grant.to_owned(), None, 401, "invalid_client"),
        (format!("{grant}&client_id={id}"), None, 401, "invalid_client"),
        (format!("{grant}&client_id={id}&client_secret={wrong}"), None, 401, "invalid_client"),
        (
            format!("{grant}&client_id={id}&client_secret={}", text(&other, "key")),
            None,
            401,
            "invalid_client",
        ),
        (grant.to_owned(), Some((id, &*wrong)), 401, "invalid_client"),
        (format!("{grant}&client_secret={secret}"), Some((id, secret)), 400, "invalid_request"),
        (format!("{grant}&client_id=ist_0000000000"), Some((id, secret)), 401, "invalid_client"),
    ] {
        let (found, told) = exchange(&program, &form, basic).await;
        assert_eq!((found, &told["error"]), (code, &json!(error)), "{form} {basic:?}");
        assert!(told["error_description"].is_string() && !told.to_string().contains(secret));
    }
    let json = program
        .api()
        .send(Method::POST, "/token", Some(&json!({ "grant_type": "client_credentials" })))
        .await;
    assert_eq!((json.status, &json.json()["error"]), (400, &json!("invalid_request")), "{json:?}");
}

#[tokio::test]
async fn keys_are_made_for_partners_alone_and_end_when_they_were_to() {
    let (installation, program, _kept) = start("made").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let stranger = user(&installation, &program, "south", "admin").await;
    let supplier = partner(&admin, "supplier", "Supplier").await;
    let theirs = partner(&stranger, "supplier", "Supplier").await;
    let circle = admin.list("/organisations").await;
    let tenant = circle.iter().find(|one| one["is_tenant"] == true).unwrap()["id"].as_i64().unwrap();
    let later = |days| {
        json!(fleet::text(chrono::DateTime::from_timestamp(1_772_352_000, 0).unwrap() + Duration::days(days)))
    };
    let new = |organisation: i64, role: &str, name: &str, end: Value| json!({ "organisation": organisation, "role": role, "name": name, "expires_at": end });
    for (body, says) in [
        (new(supplier, "admin", "x", Value::Null), "role: a key is a supplier's or a dispatcher's"),
        (new(supplier, "root", "x", Value::Null), "role: `root` is no role"),
        (new(supplier, "supplier", " ", Value::Null), "name: "),
        (new(theirs, "supplier", "x", Value::Null), "organisation: there is no such organisation"),
        (new(tenant, "supplier", "x", Value::Null), "organisation: keys are partners'"),
        (new(supplier, "supplier", "x", later(0)), "expires_at: "),
        (new(supplier, "supplier", "x", later(36_500)), "expires_at: "),
    ] {
        let refused = admin.send(Method::POST, "/api-keys", Some(&body)).await;
        assert_eq!(refused.status, 422, "{body}: {refused:?}");
        assert!(text(&refused.json(), "detail").starts_with(says), "{body}: {refused:?}");
    }
    for nth in 0..20 {
        assert!(key(&admin, supplier, "supplier").await["key"].is_string(), "{nth}");
    }
    let new = new(supplier, "supplier", "one too many", Value::Null);
    assert_eq!(admin.send(Method::POST, "/api-keys", Some(&new)).await.status, 409);

    let call = [
        "api-key",
        "add",
        "--organisation",
        "north",
        "--partner",
        "Mill",
        "--name",
        "Line 3",
        "--role",
        "supplier",
    ];
    let added = installation.admin(&call, "");
    let secret = text(&added, "key").to_owned();
    assert_eq!((&added["name"], &added["role"]), (&json!("Line 3"), &json!("supplier")));
    until("it counts", async || (status(&program, "/shipments", &secret).await == 200).then_some(())).await;
    let circle = admin.list("/organisations").await;
    let mill = circle.iter().find(|one| one["name"] == "Mill").unwrap();
    assert_eq!((&mill["kind"], &mill["id"]), (&json!("supplier"), &added["organisation"]));
    let again = installation.admin(&call, "");
    assert_eq!(again["organisation"], added["organisation"], "the same partner, and another key");
    assert_ne!(again["key"], added["key"]);
}

#[tokio::test]
async fn a_stream_ends_with_the_key_by_which_it_was_opened() {
    let (installation, program, _kept) = start("stream").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let carrier = partner(&admin, "carrier", "Carrier").await;
    let ends_at =
        chrono::DateTime::parse_from_rfc3339(&fleet::text(now(&admin).await)).unwrap() + Duration::seconds(3);
    let new = json!({ "organisation": carrier, "name": "x", "role": "dispatcher", "expires_at": ends_at.to_rfc3339() });
    let made = admin.post("/api-keys", &new).await;
    let secret = text(&made, "key");
    let url = format!("{}/api/v1/events", program.url);
    let stream = Client::new().get(url).bearer_auth(secret).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    until("the key has ended", async || (status(&program, "/me", secret).await == 401).then_some(())).await;
    // Something is to be told: it is not told any more.
    let shipment = e2e::warm::ship(&admin, "S-1", &fleet::dev_eui(1)).await;
    let heard = tokio::time::timeout(std::time::Duration::from_secs(20), stream.text()).await;
    let heard = heard.expect("the stream has ended").unwrap();
    assert!(!heard.contains(&shipment), "{heard}");
}

#[tokio::test]
async fn an_admin_says_a_suppliers_products_and_makes_and_revokes_its_key_on_the_page() {
    let (installation, program, _kept) = start("supplier-page").await;
    let admin = user(&installation, &program, "north", "admin").await;
    partner(&admin, "supplier", "Vaccine Makers").await;
    let login = ("admin@north.example", "a long password");
    e2e::walk_in_a_browser("supplier", &program.url, login, &[("SUPPLIER", "Vaccine Makers")]);
}

/// A round that looks for alarms hangs, as it may on a slow database.
#[tokio::test]
async fn a_revoked_key_counts_no_more_in_every_process_however_slow_other_rounds_are() {
    let (installation, program, _kept) = start("slow-rounds").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let second = second(&installation).await;
    let supplier = partner(&admin, "supplier", "Supplier").await;
    let made = key(&admin, supplier, "supplier").await;
    let (secret, id) = (text(&made, "key"), text(&made, "id"));
    // Answered without a look into the database.
    let answers = async |code: u16| (status(&second, "/status", secret).await == code).then_some(());
    until("the other process knows it", async || answers(200).await).await;
    let held = HeldTable::hold(&installation.database_url(), "assignment_states").await;
    // One of each process.
    held.keeps_waiting(2).await;
    admin.post(&format!("/api-keys/{id}/revoke"), &json!({ "reason": "lost" })).await;
    within(StdDuration::from_secs(10), "the other process hears of it", async || answers(401).await).await;
}

#[tokio::test]
async fn a_partner_has_at_most_twenty_keys_however_many_are_asked_for_at_once() {
    let (installation, program, _kept) = start("many-keys").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let supplier = partner(&admin, "supplier", "Supplier").await;
    for _ in 0..17 {
        key(&admin, supplier, "supplier").await;
    }
    let new = json!({ "organisation": supplier, "name": "Batch release", "role": "supplier" });
    let asked = (0..10).map(|_| admin.send(Method::POST, "/api-keys", Some(&new)));
    let answers = join_all(asked).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (3, 7), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.body.contains("revoke one of them first")));

    // Nor by the command line.
    let add = ["admin", "api-key", "add", "--organisation", "north"];
    let call = [&add[..], &["--partner", "Supplier", "--name", "Line 3", "--role", "supplier"]].concat();
    let output = installation.run(&call, "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("Supplier has 20 keys that can be used"), "{said}");
}
