//! On call and runbooks through the API: who may be put on the list, who is told while nobody acknowledges, and what
//! becomes of each attempt to tell them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::warm::{Target, integrations, ship};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::mail::MailServer;
use testkit::postgres::psql;

struct House {
    installation: Installation,
    program: Program,
    mails: MailServer,
    token: String,
    api: Api,
    _folder: TempDir,
}

impl House {
    async fn new(roles: &[&str]) -> Self {
        let (folder, mails) = (folder("on-call"), MailServer::start(0).await.unwrap());
        let installation = Installation::embedded(&folder.path().join("d"));
        for role in roles {
            installation.add_user(role);
        }
        let token = installation.add_integration("depot", "chirpstack");
        let installation = installation.with("ISOTHERM_SMTP__URL", &mails.url());
        let program = installation.start(Part::Serve).await;
        let api = program.log_in("admin").await;
        Self { installation, program, mails, token, api, _folder: folder }
    }

    async fn user(&self, role: &str) -> Value {
        let users = self.api.list("/users").await;
        users.iter().find(|user| user["role"] == role).unwrap()["id"].clone()
    }

    async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.api.send(Method::PUT, path, Some(body)).await;
        (answer.status, answer.json())
    }

    /// Makes a shipment and lets it get too warm; its alert.
    async fn warm(&self) -> String {
        integrations(&self.program.url, 1).await;
        ship(&self.api, "S-1", &fleet::dev_eui(1)).await;
        let (url, integration, token) = (self.program.url.clone(), "depot".to_owned(), self.token.clone());
        Target { url, integration, token }.send_warm(&self.api, &fleet::dev_eui(1)).await;
        let alert = until("an alert", async || self.api.list("/alerts").await.into_iter().next()).await;
        alert["id"].as_str().unwrap().to_owned()
    }

    /// As if so many minutes had passed since the alert was opened and its mails were tried.
    fn let_pass(&self, alert: &str, minutes: u32) {
        let before = format!("- interval '{minutes} minutes'");
        let sql = format!(
            "update alerts set created_at = created_at {before}, escalate_at = '-infinity' where id = '{alert}';
             update notifications set opened_at = opened_at {before}, next_attempt_at = next_attempt_at {before}
             where alert_id = '{alert}'"
        );
        psql(&self.installation.database_url(), &format!("begin; {sql}; commit")).unwrap();
    }

    /// Who was told at which step and what became of it, once there are so many attempts.
    async fn attempts(&self, alert: &str, count: usize) -> Vec<Value> {
        until(&format!("{count} attempts"), async || {
            let attempts = self.api.list(&format!("/alerts/{alert}/attempts")).await;
            (attempts.len() == count).then_some(attempts)
        })
        .await
    }
}

fn step(user: &Value, wait_minutes: u32, severity: &str) -> Value {
    json!({ "user": user, "wait_minutes": wait_minutes, "severity": severity })
}

fn in_short(attempt: &Value) -> (&str, &str, Value) {
    (attempt["email"].as_str().unwrap(), attempt["outcome"].as_str().unwrap(), attempt["step"].clone())
}

#[tokio::test]
async fn the_next_one_is_told_until_somebody_acknowledges_and_every_attempt_is_shown() {
    let house = House::new(&["admin", "coordinator", "quality"]).await;
    let [admin, quality] = [house.user("admin").await, house.user("quality").await];
    let list = json!({ "steps": [step(&admin, 0, "info"), step(&quality, 15, "warning"), step(&admin, 15, "info")] });
    assert_eq!(house.put("/on-call", &list).await.0, 200);
    let alert = house.warm().await;
    // Coordinator and quality at once, as without a list; the first on call.
    let mut attempts = house.attempts(&alert, 3).await;
    attempts.sort_by_key(|attempt| attempt["email"].to_string());
    let expected = [
        ("admin@example.org", "delivered", json!(1)),
        ("coordinator@example.org", "delivered", Value::Null),
        ("quality@example.org", "delivered", Value::Null),
    ];
    assert_eq!(attempts.iter().map(in_short).collect::<Vec<_>>(), expected);

    house.mails.refuse_next(1);
    house.let_pass(&alert, 15);
    let attempts = house.attempts(&alert, 4).await;
    assert_eq!(in_short(&attempts[3]), ("quality@example.org", "failed", json!(2)));
    assert_eq!((&attempts[3]["round"], &attempts[3]["steps"]), (&json!(1), &json!(3)));
    assert!(attempts[3]["words"].as_str().unwrap().contains("come again"), "{}", attempts[3]);

    let reason = json!({ "reason": "on my way" });
    let acknowledged = house.api.post(&format!("/alerts/{alert}/acknowledge"), &reason).await;
    assert!(acknowledged["runbook"]["what_to_do"].as_str().unwrap().contains("into the cold"));
    house.let_pass(&alert, 15);
    // The mail that the server refused is not tried again, and the third step is not told.
    let attempts = house.attempts(&alert, 5).await;
    assert_eq!(in_short(&attempts[4]), ("quality@example.org", "called_off", json!(2)));
    let waiting = house.api.get("/status").await["notifications"]["pending"].clone();
    assert_eq!((waiting, house.mails.attempts().len()), (json!(0), 4));
    for mail in house.mails.attempts() {
        let text = mail.text.replace("=\r\n", "");
        assert!(text.contains("What to do:") && text.contains("Who to call: Whoever has the box"), "{text}");
    }
}

#[tokio::test]
async fn a_list_names_people_of_the_house_who_may_acknowledge_and_is_bounded() {
    let house = House::new(&["admin", "courier", "coordinator", "quality"]).await;
    assert_eq!(house.api.get("/on-call").await, json!({ "steps": [] }));
    let [admin, courier, quality] =
        [house.user("admin").await, house.user("courier").await, house.user("quality").await];
    let add =
        ["user", "add", "--email", "foreign@example.org", "--role", "quality", "--organisation", "Other"];
    house.installation.admin(&[&add[..], &["--password-stdin"]].concat(), "a long password");
    let foreign = house.program.api().log_in("foreign@example.org", "a long password").await;
    let stranger = foreign.get("/me").await["id"].clone();
    let many: Vec<Value> = (0..21).map(|_| step(&admin, 0, "info")).collect();
    for (steps, why) in [
        (json!([step(&courier, 0, "info")]), "steps[0].user: courier@example.org may not acknowledge"),
        (json!([step(&stranger, 0, "info")]), "steps[0].user: there is no such user"),
        (
            json!([step(&admin, 0, "info"), step(&quality, 1441, "info")]),
            "steps[1].wait_minutes: write 0 to 1440",
        ),
        (json!([step(&admin, 0, "grave")]), "steps[0].severity: `grave` is no severity"),
        (json!(many), "steps: write at most 20"),
    ] {
        let (status, problem) = house.put("/on-call", &json!({ "steps": steps })).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(why), "{why}: {problem}");
    }
    assert_eq!(house.api.get("/on-call").await, json!({ "steps": [] }), "all or nothing");

    let list = json!({ "steps": [step(&quality, 1440, "critical"), step(&admin, 0, "info")] });
    let (status, kept) = house.put("/on-call", &list).await;
    assert_eq!((status, &kept), (200, &house.api.get("/on-call").await));
    let first = &kept["steps"][0];
    assert_eq!(
        (&first["email"], &first["wait_minutes"], &first["severity"], &first["is_disabled"]),
        (&json!("quality@example.org"), &json!(1440), &json!("critical"), &json!(false))
    );
    let steps = "select string_agg(id || ' ' || user_id, ', ' order by user_id) from on_call_steps";
    let before = psql(&house.installation.database_url(), steps).unwrap();
    let swapped = json!({ "steps": [step(&admin, 5, "info"), step(&quality, 5, "info")] });
    assert_eq!(house.put("/on-call", &swapped).await.0, 200);
    let after = psql(&house.installation.database_url(), steps).unwrap();
    assert_eq!(before, after, "who stays on the list is the same step, and stays told");
    assert_eq!(house.put("/on-call", &list).await.0, 200);
    let disable = format!("/users/{}/disable", quality.as_str().unwrap());
    house.api.post(&disable, &json!({ "reason": "left" })).await;
    assert_eq!(house.api.get("/on-call").await["steps"][0]["is_disabled"], json!(true));
    let (status, problem) = house.put("/on-call", &list).await;
    assert_eq!((status, problem["detail"].as_str().unwrap().contains("is disabled")), (422, true));
    assert_eq!(foreign.get("/on-call").await, json!({ "steps": [] }), "another organisation's");
    let audit = "select string_agg(action, ' ') from audit_entries where subject = 'on-call'";
    let audit = psql(&house.installation.database_url(), audit).unwrap();
    assert_eq!(audit.split_whitespace().collect::<Vec<_>>(), ["on_call.changed"; 3]);
}

#[tokio::test]
async fn a_runbook_is_replaced_and_goes_back_and_each_change_is_on_record() {
    let house = House::new(&["admin", "quality"]).await;
    let runbooks = house.api.list("/runbooks").await;
    assert_eq!(runbooks.len(), domain::alert::AlertKind::ALL.len());
    assert!(
        runbooks.iter().all(|runbook| runbook["is_own"] == json!(false) && runbook["changed_by"].is_null())
    );
    let of_kind = async |kind: &str| {
        let runbooks = house.api.list("/runbooks").await;
        runbooks.into_iter().find(|runbook| runbook["kind"] == kind).unwrap()
    };
    let default = of_kind("temperature_high").await;

    let own = json!({ "what_to_do": "Call the depot.\nMove the box.", "who_to_call": "Depot, 0800 4711" });
    let path = "/runbooks/temperature_high";
    let (status, changed) = house.put(path, &own).await;
    assert_eq!((status, &changed), (200, &of_kind("temperature_high").await));
    assert_eq!((&changed["is_own"], &changed["changed_by"]), (&json!(true), &json!("admin@example.org")));
    assert_eq!(of_kind("temperature_low").await["is_own"], json!(false));
    let alert = house.warm().await;
    assert_eq!(house.api.list("/alerts").await[0]["runbook"], own);
    let attempts = house.attempts(&alert, 1).await;
    assert_eq!(in_short(&attempts[0]), ("quality@example.org", "delivered", Value::Null));
    assert!(house.mails.taken()[0].text.contains("Depot, 0800 4711"));

    for (body, why) in [
        (json!({ "what_to_do": " ", "who_to_call": "a" }), "what_to_do: write 1 to 2000"),
        (json!({ "what_to_do": "a".repeat(2001), "who_to_call": "a" }), "what_to_do: write 1 to 2000"),
        (json!({ "what_to_do": "a", "who_to_call": "a\nb" }), "who_to_call: write one line"),
    ] {
        let (status, problem) = house.put(path, &body).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(why), "{why}: {problem}");
    }
    assert_eq!(house.put("/runbooks/nonsense", &own).await.0, 404);

    let back = house.api.send(Method::DELETE, path, None).await;
    assert_eq!((back.status, back.json()), (200, default));
    assert_eq!(house.api.send(Method::DELETE, path, None).await.status, 404, "there is none any more");
    let audit = "select string_agg(action || ' ' || (detail -> 'from' ->> 'who_to_call'), ', ' order by id)
        from audit_entries where subject = 'runbook temperature_high' and detail ->> 'from' is not null";
    let audit = psql(&house.installation.database_url(), audit).unwrap();
    assert_eq!(audit.trim(), "runbook.reset Depot, 0800 4711");
}

#[tokio::test]
async fn quality_puts_people_on_call_and_writes_a_runbook_on_the_page() {
    let house = House::new(&["admin", "quality", "coordinator"]).await;
    house.warm().await;
    let users = house.api.list("/users").await;
    let name = |role: &str| users.iter().find(|user| user["role"] == role).unwrap()["name"].as_str().unwrap();
    let people = format!("{},{}", name("coordinator"), name("quality"));
    let (email, password) = e2e::login_of("quality");
    e2e::walk_in_a_browser("on-call", &house.program.url, (&email, &password), &[("PEOPLE", &people)]);
}
