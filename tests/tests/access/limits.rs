//! Limits: who asks too often is told so, with when to go on; each caller has his own, and webhooks have none.

use e2e::warm::{Target, integrations};
use e2e::{Installation, Part, Program, fleet, folder};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// A program with quotas that are soon spent, and who asks it.
async fn start(name: &str, quotas: &[(&str, &str)]) -> (Installation, Program, tempfile::TempDir) {
    let folder = folder(name);
    let mut installation = Installation::embedded(&folder.path().join("d"));
    for (limit, quota) in quotas {
        installation = installation.with(&format!("ISOTHERM_HTTP__LIMITS__{limit}"), quota);
    }
    let program = installation.start(Part::Serve).await;
    (installation, program, folder)
}

async fn get(program: &Program, path: &str, token: &str, forwarded: &str) -> Response {
    let url = format!("{}/api/v1{path}", program.url);
    let request = Client::new().get(url).header("x-forwarded-for", forwarded);
    if token.is_empty() { request } else { request.bearer_auth(token) }.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// `r` and `t` of `RateLimit`, which names that policy.
fn left(answer: &Response, policy: &str) -> (u32, u32) {
    let text = header(answer, "ratelimit");
    let rest = text.strip_prefix(&format!("\"{policy}\";r=")).unwrap_or_else(|| panic!("{text}"));
    let (left, wait) = rest.split_once(";t=").unwrap();
    (left.parse().unwrap(), wait.parse().unwrap())
}

#[tokio::test]
async fn a_user_who_asks_too_often_is_told_when_to_go_on_and_nobody_else_is() {
    let (installation, program, _folder) = start("limits", &[("PER_USER", "4")]).await;
    for role in ["admin", "auditor"] {
        installation.add_user(role);
    }
    let (admin, auditor) = (program.log_in("admin").await, program.log_in("auditor").await);
    for expected in [3, 2, 1, 0] {
        let answer = get(&program, "/me", admin.token(), "").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "ratelimit-policy"), "\"user\";q=4;w=60");
        let (left, wait) = left(&answer, "user");
        assert!(left == expected && (1..=60).contains(&wait), "{left} {wait}");
    }
    // Whatever it asks for, also what it may not.
    for path in ["/me", "/shipments", "/nonsense"] {
        let answer = get(&program, path, admin.token(), "").await;
        assert_eq!(answer.status(), 429, "{path}");
        assert_eq!(header(&answer, "content-type"), "application/problem+json");
        let (left, wait) = left(&answer, "user");
        let retry: u32 = header(&answer, "retry-after").parse().unwrap();
        assert!(left == 0 && retry == wait && (1..=15).contains(&retry), "{retry}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((&problem["status"], &problem["title"]), (&json!(429), &json!("Too Many Requests")));
    }
    assert_eq!(get(&program, "/me", auditor.token(), "").await.status(), 200, "each has his own");
    assert_eq!(get(&program, "/keys", "", "").await.status(), 200, "and who is nobody another one");

    let token = installation.add_integration("depot", "chirpstack");
    integrations(&program.url, 1).await;
    let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };
    let at = chrono::DateTime::from_timestamp(1_772_352_000, 0).unwrap();
    for sequence in 0..12 {
        target.send(&fleet::dev_eui(1), sequence, at, 500).await;
    }
}

#[tokio::test]
async fn addresses_have_a_limit_for_what_proves_nobody_and_one_for_guesses() {
    let quotas = [("PER_ADDRESS", "3"), ("LOG_INS", "2"), ("BEHIND_PROXY", "true")];
    let (installation, program, _folder) = start("guesses", &quotas).await;
    installation.add_user("admin");
    // What a caller writes into the header himself stands before what the proxy adds.
    for (forwarded, expected) in [
        ("10.0.0.1", 401),
        ("9.9.9.9, 10.0.0.1", 401),
        ("8.8.8.8,10.0.0.1", 401),
        ("10.0.0.1", 429),
        ("10.0.0.2", 401),
    ] {
        let answer = get(&program, "/me", "ist_0123456789_guess", forwarded).await;
        assert_eq!(answer.status(), expected, "{forwarded}");
        assert!(!header(&answer, "ratelimit").is_empty());
    }
    let log_in = async |password: &str, forwarded: &str| {
        let url = format!("{}/api/v1/login", program.url);
        let body = json!({ "email": "admin@example.org", "password": password });
        let answer =
            Client::new().post(url).header("x-forwarded-for", forwarded).json(&body).send().await.unwrap();
        (answer.status().as_u16(), header(&answer, "ratelimit-policy").to_owned())
    };
    let policy = "\"log-in\";q=2;w=60".to_owned();
    assert_eq!(log_in("a wrong guess", "10.0.0.3").await, (401, policy.clone()));
    assert_eq!(log_in("another guess", "10.0.0.3").await, (401, policy.clone()));
    assert_eq!(log_in("a third guess", "10.0.0.3").await, (429, policy.clone()));
    let url = format!("{}/api/v1/logi%6e", program.url);
    let body = json!({ "email": "admin@example.org", "password": "written otherwise" });
    let guess =
        Client::new().post(url).header("x-forwarded-for", "10.0.0.3").json(&body).send().await.unwrap();
    assert_eq!(guess.status(), 429, "however the address is written");
    let url = format!("{}/api/v1/token", program.url);
    let guess = Client::new().post(url).header("x-forwarded-for", "10.0.0.3").send().await.unwrap();
    assert_eq!(guess.status(), 429, "keys are guessed on the same account");
    assert_eq!(log_in("a wrong guess", "10.0.0.4").await.0, 401, "another address has its own");
}

#[tokio::test]
async fn a_password_by_which_somebody_signs_may_be_a_guess_too() {
    let (installation, program, _folder) = start("signatures", &[("LOG_INS", "2")]).await;
    installation.add_user("quality");
    let quality = program.log_in("quality").await;
    let profile = quality.list("/profiles").await[0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "meaning": "I approve it", "password": "a guess" });
    for expected in [401, 401, 429] {
        let answer = quality.send(Method::POST, &format!("/profiles/{profile}/approve"), Some(&body)).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn every_operation_of_the_document_says_that_it_may_be_too_much() {
    let (_installation, program, _folder) = start("document", &[]).await;
    let document = program.api().get("/openapi.json").await;
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answer = &operation["responses"]["429"];
            let shared =
                answer["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
            let answer = shared.unwrap_or(answer);
            assert!(answer["content"]["application/problem+json"].is_object(), "{method} {path}: {answer}");
            for header in ["Retry-After", "RateLimit", "RateLimit-Policy"] {
                assert!(answer["headers"][header].is_object(), "{method} {path}: {header}");
            }
            operations += 1;
        }
    }
    assert!(operations > 80, "{operations}");
    let answer = program.api().send(Method::GET, "/keys", None).await;
    assert_eq!(answer.status, 200);
}
