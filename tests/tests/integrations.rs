//! Integrations as their operator sees them: made, alive, refused, changed over to another token, disabled.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::bodies::{Network, frame};
use e2e::fleet::{dev_eui, post};
use e2e::warm::{integrations, now};
use e2e::{Api, Installation, Part, Program, folder, login_of, until, walk_in_a_browser};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::{Database, database, psql};

struct House {
    installation: Installation,
    program: Program,
    admin: Api,
    _kept: (TempDir, Database),
}

impl House {
    async fn start() -> Self {
        let (folder, database) = (folder("integrations"), database(None).unwrap());
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        let admin = program.log_in("admin").await;
        Self { installation, program, admin, _kept: (folder, database) }
    }

    /// Another process in the place of this one, which reports its first refusal at once.
    async fn restart(self) -> Self {
        let Self { installation, program, _kept, .. } = self;
        assert!(program.stop());
        let program = installation.start(Part::Serve).await;
        let admin = program.log_in("admin").await;
        integrations(&program.url, 1).await;
        Self { installation, program, admin, _kept }
    }

    async fn add(&self, id: &str) -> String {
        let settings = json!({ "refuse_when_broker_away": false, "allowed_addresses": [] });
        let mut new = json!({ "id": id, "network": "chirpstack" });
        new.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let made = self.admin.post("/integrations", &new).await;
        integrations(&self.program.url, 1).await;
        made["token"].as_str().unwrap().to_owned()
    }

    async fn one(&self) -> Value {
        let list = self.admin.get("/integrations").await;
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        list["items"][0].clone()
    }

    /// The answer to an uplink of that number.
    async fn send(&self, token: &str, f_cnt: u32) -> Option<u16> {
        let at = now(&self.admin).await - chrono::Duration::minutes(i64::from(60 - f_cnt));
        let uplink = Network::ChirpStack.uplink(&dev_eui(1), f_cnt, at, &frame(f_cnt, at, 500));
        post(&Client::new(), &self.program.url, "depot?event=up", token, &uplink).await
    }

    async fn change(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let answer = self.admin.send(method, &format!("/integrations/depot{path}"), body).await;
        (answer.status, answer.json())
    }
}

#[tokio::test]
async fn what_came_by_an_integration_is_seen_with_what_came_twice_and_what_was_refused() {
    let house = House::start().await;
    let token = house.add("depot").await;
    let fresh = house.one().await;
    assert_eq!((&fresh["accepted"], &fresh["last_seen_at"]), (&json!(0), &Value::Null));
    let at = now(&house.admin).await;
    let uplink = Network::ChirpStack.uplink(&dev_eui(1), 1, at, &frame(1, at, 500));
    let (client, url) = (Client::new(), &house.program.url);
    for (body, credential, status) in [
        (&uplink, token.as_str(), 204),
        (&uplink, token.as_str(), 204),
        (&json!([]), token.as_str(), 400),
        (&uplink, "another token", 401),
    ] {
        assert_eq!(post(&client, url, "depot?event=up", credential, body).await, Some(status));
    }
    let seen = until("everything is counted", async || {
        let one = house.one().await;
        let counts = ["accepted", "repeated", "unreadable"].map(|field| one[field].as_i64().unwrap());
        (counts == [1, 1, 1] && one["refused"][0]["count"] == 1).then_some(one)
    })
    .await;
    assert_eq!(seen["refused"][0]["reason"], "token");
    assert!(seen["first_seen_at"].as_str() >= fresh["created_at"].as_str(), "{seen}");
}

#[tokio::test]
async fn a_wrong_token_is_one_alert_also_after_it_is_acknowledged_and_another_process_reports_it() {
    let house = House::start().await;
    house.add("depot").await;
    let refused = async |house: &House| {
        let before = house.one().await["refused"][0]["count"].as_i64().unwrap_or(0);
        for _ in 0..20 {
            assert_eq!(house.send("another token", 1).await, Some(401));
        }
        until("the refusals are counted", async || {
            let one = house.one().await;
            (one["refused"][0]["count"].as_i64()? > before).then_some(())
        })
        .await;
        let mut alerts = house.admin.list("/alerts?state=all").await;
        alerts.retain(|alert| alert["kind"] == "webhook_refused");
        alerts
    };
    let first = refused(&house).await;
    let subjects: Vec<_> = first.iter().map(|alert| &alert["subject"]).collect();
    assert_eq!(subjects, [&json!("integration depot: the token is wrong")]);
    let house = house.restart().await;
    let second = refused(&house).await;
    assert_eq!((second.len(), &second[0]["id"]), (1, &first[0]["id"]));

    let path = format!("/alerts/{}/acknowledge", first[0]["id"].as_str().unwrap());
    house.admin.post(&path, &json!({ "reason": "we look into it" })).await;
    let house = house.restart().await;
    let third = refused(&house).await;
    assert_eq!((third.len(), &third[0]["id"]), (1, &first[0]["id"]), "who knows is not told again");
}

#[tokio::test]
async fn a_sender_is_changed_over_to_another_token_without_losing_a_webhook() {
    let house = House::start().await;
    let older = house.add("depot").await;
    let (status, made) = house.change(Method::POST, "/credential", Some(&json!({}))).await;
    assert_eq!((status, &made["has_older_credential"]), (200, &json!(true)), "{made}");
    let newer = made["token"].as_str().unwrap();
    assert_ne!(newer, older);
    until("the newer counts", async || (house.send(newer, 1).await == Some(204)).then_some(())).await;
    assert_eq!(house.send(&older, 2).await, Some(204), "the older one, too");

    let (status, told) = house.change(Method::POST, "/credential", Some(&json!({}))).await;
    assert_eq!(status, 409, "{told}");
    assert!(told["detail"].as_str().unwrap().contains("retire it first"), "{told}");
    let (status, retired) = house.change(Method::DELETE, "/older-credential", None).await;
    assert_eq!((status, &retired["has_older_credential"]), (200, &json!(false)));
    until("the older counts no more", async || (house.send(&older, 3).await == Some(401)).then_some(()))
        .await;
    assert_eq!(house.send(newer, 3).await, Some(204));
    assert_eq!(house.change(Method::DELETE, "/older-credential", None).await.0, 409);
}

#[tokio::test]
async fn settings_are_changed_as_a_whole_or_refused_with_what_is_wrong() {
    let house = House::start().await;
    let token = house.add("depot").await;
    let settings = |allowed: Value| json!({ "refuse_when_broker_away": true, "allowed_addresses": allowed });
    let wrong = settings(json!(["203.0.113.0/24", "the depot"]));
    let (status, told) = house.change(Method::PUT, "", Some(&wrong)).await;
    assert_eq!(status, 422);
    assert!(told["detail"].as_str().unwrap().starts_with("allowed_addresses: `the depot`"), "{told}");
    let many = settings(json!(vec!["203.0.113.7"; 101]));
    assert_eq!(house.change(Method::PUT, "", Some(&many)).await.0, 422);
    let before = house.one().await;
    assert_eq!(before["allowed_addresses"], json!([]));
    let (status, changed) =
        house.change(Method::PUT, "", Some(&settings(json!(["127.0.0.0/8", "2001:db8::1"])))).await;
    assert_eq!(status, 200);
    assert_eq!(changed["allowed_addresses"], json!(["127.0.0.0/8", "2001:db8::1/128"]));
    assert_eq!(changed["refuse_when_broker_away"], true);

    let (status, disabled) = house.change(Method::POST, "/disable", None).await;
    assert_eq!((status, disabled["disabled_at"].is_string()), (200, true));
    assert_eq!(house.change(Method::POST, "/disable", None).await.0, 409);
    assert_eq!(house.change(Method::POST, "/credential", Some(&json!({}))).await.0, 409, "enable it first");
    until("nothing is taken in", async || (house.send(&token, 1).await == Some(401)).then_some(())).await;
    assert_eq!(house.change(Method::POST, "/enable", None).await.0, 200);
    until("it is taken in again", async || (house.send(&token, 1).await == Some(204)).then_some(())).await;
}

#[tokio::test]
async fn an_integration_is_its_organisations_and_its_token_is_told_once() {
    let house = House::start().await;
    let networks = house.admin.get("/networks").await;
    assert!(networks.as_array().unwrap().contains(&json!("chirpstack")), "{networks}");
    let new = |id: &str, network: &str| json!({ "id": id, "network": network, "refuse_when_broker_away": false, "allowed_addresses": [] });
    for (id, network, status, about) in [
        ("Depot", "chirpstack", 422, "id: "),
        ("", "chirpstack", 422, "id: "),
        ("a\u{0}", "chirpstack", 422, "id: "),
        ("depot", "carrier-pigeon", 422, "network: "),
    ] {
        let told = house.admin.send(Method::POST, "/integrations", Some(&new(id, network))).await;
        assert_eq!(told.status, status, "{told:?}");
        assert!(told.json()["detail"].as_str().unwrap().starts_with(about), "{told:?}");
    }
    let sent = async || {
        let request = Client::new()
            .post(format!("{}/api/v1/integrations", house.program.url))
            .bearer_auth(house.admin.token())
            .header("Idempotency-Key", "one")
            .json(&new("depot", "chirpstack"));
        let answer = request.send().await.unwrap();
        let stored = answer.headers().get("cache-control").cloned();
        (answer.status().as_u16(), stored, answer.json::<Value>().await.unwrap())
    };
    let (status, stored, made) = sent().await;
    assert_eq!((status, stored.unwrap().to_str().unwrap()), (201, "no-store"));
    assert_eq!(made["token"].as_str().unwrap().len(), 64);
    let (status, _, told) = sent().await;
    assert_eq!(status, 409, "{told}");
    assert!(!house.admin.get("/integrations").await.to_string().contains("token\""));

    let add = ["user", "add", "--email", "south@example.org", "--role", "admin", "--password-stdin"];
    house.installation.admin(&[&add[..], &["--organisation", "South"]].concat(), "a long password");
    let south = house.program.api().log_in("south@example.org", "a long password").await;
    assert_eq!(south.get("/integrations").await["items"], json!([]));
    for (method, path) in [
        (Method::POST, "/credential"),
        (Method::DELETE, "/older-credential"),
        (Method::POST, "/disable"),
        (Method::POST, "/enable"),
    ] {
        let told = south.send(method, &format!("/integrations/depot{path}"), Some(&json!({}))).await;
        assert_eq!(told.status, 404, "{path}: {told:?}");
    }
    let taken = south.send(Method::POST, "/integrations", Some(&new("depot", "chirpstack"))).await;
    assert_eq!(taken.status, 409, "{taken:?}");
}

#[tokio::test]
async fn a_token_that_the_network_server_made_is_taken_and_stands_nowhere_else() {
    let house = House::start().await;
    let new = |network: &str, token: &str| {
        json!({
            "id": "depot", "network": network, "token": token, "refuse_when_broker_away": false,
            "allowed_addresses": [],
        })
    };
    for (network, token) in [("chirpstack", "nineteen-characters"), ("actility", "no-key-of-32-hex-digits")] {
        let told = house.admin.send(Method::POST, "/integrations", Some(&new(network, token))).await;
        assert_eq!(told.status, 422, "{told:?}");
        assert!(told.json()["detail"].as_str().unwrap().starts_with("token: "), "{told:?}");
    }
    let (first, second) = ("made-by-the-network-1", "made-by-the-network-2");
    let made = house.admin.post("/integrations", &new("chirpstack", first)).await;
    assert_eq!(made["token"], first);
    integrations(&house.program.url, 1).await;
    assert_eq!(house.send(first, 1).await, Some(204));
    let (status, told) = house.change(Method::POST, "/credential", Some(&json!({ "token": "short" }))).await;
    assert_eq!(status, 422, "{told}");
    let (status, made) = house.change(Method::POST, "/credential", Some(&json!({ "token": second }))).await;
    assert_eq!((status, &made["token"]), (200, &json!(second)));
    until("the newer counts", async || (house.send(second, 2).await == Some(204)).then_some(())).await;
    for written in ["audit_entries", "integrations", "idempotency_keys"] {
        let sql = format!("select count(*) from {written} e where e::text like '%made-by-the-network%'");
        assert_eq!(psql(&house._kept.1.url(), &sql).unwrap().trim(), "0", "{written}");
    }
}

#[tokio::test]
async fn an_operator_connects_a_network_server_and_changes_its_token_over_on_the_page() {
    let house = House::start().await;
    let (email, password) = login_of("admin");
    let url = house.program.url.clone();
    let walk = move || walk_in_a_browser("integrations", &url, (&email, &password), &[("ID", "depot")]);
    tokio::task::spawn_blocking(walk).await.unwrap();
}
