//! Deny by default: every route of the API's document with every role, with tokens that are none, and for the wrong
//! organisation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod api_keys;
mod approvals;
mod events;
mod library;
mod limits;
mod partners;
mod qualifications;
mod sight;
mod streams;
mod suppliers;
mod tenancy;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use domain::access::Role;
use domain::{OrganisationId, UserId};
use e2e::warm::now;
use e2e::{Installation, Part, Program, folder};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tracking::credentials::{Holder, TokenKey};

const ROLES: &[&str] = &[
    "admin",
    "auditor",
    "coordinator",
    "courier",
    "dispatcher",
    "packer",
    "quality",
    "receiver",
    "supplier",
];

const NOBODY_IN_PARTICULAR: &[&str] = &[];
const ALL: &[&str] = ROLES;
/// Whoever has to do with a box on its way.
const CREW: &[&str] = &["admin", "auditor", "coordinator", "courier", "packer", "quality", "receiver"];
/// The same with a carrier's dispatcher, who sees shipments and no alerts.
const SIGHTED: &[&str] =
    &["admin", "auditor", "coordinator", "courier", "dispatcher", "packer", "quality", "receiver"];
/// The crew without the courier, who has no business with trackers and rules.
const STAFF: &[&str] = &["admin", "auditor", "coordinator", "packer", "quality", "receiver"];
const PLANNERS: &[&str] = &["admin", "coordinator", "packer"];
/// Who works with partners.
const PLANNING: &[&str] = &["admin", "coordinator"];
const QUALIFICATIONS: &[&str] = &["admin", "auditor", "coordinator", "quality"];
/// Whoever has boxes in hand.
const CARRIERS: &[&str] = &["admin", "coordinator", "courier", "dispatcher", "packer", "receiver"];
const DECIDERS: &[&str] = &["admin", "coordinator", "quality"];

/// Who may what, and what he gets who may: nothing is named here that exists, and an empty object is no body.
const ROUTES: &[(&str, &str, &[&str], u16)] = &[
    ("post", "/login", NOBODY_IN_PARTICULAR, 422),
    ("post", "/token", NOBODY_IN_PARTICULAR, 400),
    ("get", "/me", ALL, 200),
    ("get", "/status", ALL, 200),
    ("get", "/events", ALL, 200),
    ("get", "/shipments", ALL, 200),
    ("post", "/shipments", PLANNERS, 422),
    ("get", "/shipments/{id}", ALL, 404),
    ("get", "/shipments/{id}/alerts", CREW, 404),
    ("get", "/shipments/{id}/assessment", ALL, 404),
    ("get", "/shipments/{id}/assessments", ALL, 404),
    ("get", "/shipments/{id}/readings", ALL, 404),
    ("post", "/shipments/{id}/trackers", PLANNERS, 422),
    ("get", "/keys", NOBODY_IN_PARTICULAR, 200),
    ("get", "/shipments/{id}/custody", ALL, 404),
    ("get", "/shipments/{id}/evidence", &["admin", "auditor", "coordinator", "quality", "supplier"], 404),
    ("get", "/shipments/{id}/epcis", &["admin", "auditor", "coordinator", "quality", "supplier"], 404),
    ("post", "/shipments/{id}/custody/pack", CARRIERS, 404),
    ("post", "/shipments/{id}/custody/offer", CARRIERS, 422),
    ("post", "/shipments/{id}/custody/accept", CARRIERS, 404),
    ("post", "/shipments/{id}/custody/refuse", CARRIERS, 422),
    ("post", "/shipments/{id}/custody/withdraw", CARRIERS, 422),
    ("post", "/shipments/{id}/custody/seal", CARRIERS, 422),
    ("get", "/handovers", CARRIERS, 200),
    ("post", "/shipments/{id}/custody/codes", CARRIERS, 404),
    ("post", "/shipments/{id}/custody/photos", CARRIERS, 422),
    ("get", "/shipments/{id}/custody/photos/{sha256}", SIGHTED, 404),
    // Nobody's token: what entitles is the secret of a link, and each shows and answers the one offer that it was made for.
    ("post", "/sign/offer", NOBODY_IN_PARTICULAR, 422),
    ("post", "/sign/accept", NOBODY_IN_PARTICULAR, 422),
    ("post", "/sign/refuse", NOBODY_IN_PARTICULAR, 422),
    ("post", "/shipments/{id}/custody/correct", DECIDERS, 422),
    ("post", "/parents/{id}/custody/offer", CARRIERS, 422),
    ("post", "/parents/{id}/custody/accept", CARRIERS, 404),
    ("post", "/parents/{id}/custody/refuse", CARRIERS, 422),
    ("post", "/hand-ins", &["admin", "coordinator", "dispatcher", "supplier"], 422),
    ("get", "/shipments/{id}/hand-ins", SIGHTED, 404),
    ("post", "/shipments/{id}/boxes", PLANNERS, 422),
    ("post", "/shipments/{id}/sscc", PLANNERS, 404),
    ("get", "/shipments/{id}/labels", SIGHTED, 404),
    ("post", "/parents/{id}/sscc", PLANNERS, 404),
    ("get", "/parents/{id}/label", SIGHTED, 404),
    ("get", "/parents", SIGHTED, 200),
    ("post", "/parents", PLANNERS, 422),
    ("get", "/parents/{id}", SIGHTED, 404),
    ("post", "/parents/{id}/boxes", PLANNERS, 422),
    ("post", "/parents/{id}/boxes/remove", PLANNERS, 422),
    ("get", "/recalls", STAFF, 200),
    ("post", "/recalls", &["quality"], 422),
    ("get", "/recalls/{id}", STAFF, 404),
    ("get", "/alerts", CREW, 200),
    ("post", "/alerts/{id}/acknowledge", DECIDERS, 422),
    ("get", "/alerts/{id}/history", CREW, 404),
    ("get", "/alerts/{id}/attempts", CREW, 404),
    ("get", "/on-call", CREW, 200),
    ("put", "/on-call", &["admin", "quality"], 422),
    ("get", "/runbooks", CREW, 200),
    ("put", "/runbooks/{kind}", &["admin", "quality"], 422),
    ("delete", "/runbooks/{kind}", &["admin", "quality"], 404),
    ("get", "/trackers", STAFF, 200),
    ("post", "/trackers", &["admin", "coordinator"], 422),
    ("get", "/trackers/{dev_eui}", STAFF, 404),
    ("patch", "/trackers/{dev_eui}", &["admin", "coordinator"], 404),
    ("get", "/gateways", STAFF, 200),
    ("post", "/gateways/{id}", &["admin", "coordinator"], 404),
    ("get", "/trackers/{dev_eui}/uplinks", STAFF, 200),
    ("get", "/profiles", STAFF, 200),
    ("post", "/profiles", &["admin", "quality"], 422),
    ("get", "/profiles/{id}", STAFF, 404),
    ("post", "/profiles/{id}/approve", &["quality"], 422),
    ("post", "/shipments/{id}/trackers/{dev_eui}/unbind", PLANNERS, 422),
    ("post", "/shipments/{id}/disposition", &["quality"], 422),
    ("get", "/shipments/{id}/dispositions", SIGHTED, 404),
    ("post", "/shipments/{id}/cancel", PLANNERS, 422),
    ("post", "/shipments/{id}/return", PLANNERS, 422),
    ("post", "/trackers/{dev_eui}/returned", PLANNERS, 404),
    ("post", "/trackers/{dev_eui}/lost", PLANNERS, 422),
    ("get", "/trackers/{dev_eui}/set-aside", STAFF, 404),
    ("get", "/trackers/{dev_eui}/downlinks", STAFF, 404),
    ("get", "/trackers/{dev_eui}/log", STAFF, 404),
    ("get", "/trackers/{dev_eui}/sensings", STAFF, 404),
    ("post", "/trackers/{dev_eui}/commands", PLANNING, 422),
    ("get", "/unreadable-bodies", STAFF, 200),
    ("get", "/organisations", ALL, 200),
    ("post", "/organisations", PLANNING, 422),
    ("get", "/organisations/{id}", ALL, 404),
    ("post", "/organisations/{id}", PLANNING, 404),
    ("get", "/organisations/{id}/products", ALL, 404),
    ("put", "/organisations/{id}/products", PLANNING, 404),
    ("get", "/users", QUALIFICATIONS, 200),
    ("get", "/api-keys", &["admin"], 200),
    ("post", "/api-keys", &["admin"], 422),
    ("post", "/api-keys/{id}/revoke", &["admin"], 422),
    ("post", "/users", &["admin"], 422),
    ("post", "/users/{id}/disable", &["admin"], 422),
    ("get", "/organisations/{id}/contracts", QUALIFICATIONS, 404),
    ("post", "/organisations/{id}/contracts", PLANNING, 404),
    ("post", "/contracts/{id}/end", PLANNING, 422),
    ("get", "/organisations/{id}/badges", QUALIFICATIONS, 404),
    ("post", "/organisations/{id}/badges", PLANNING, 404),
    ("post", "/badges/{id}/revoke", PLANNING, 422),
    ("get", "/users/{id}/trainings", QUALIFICATIONS, 404),
    ("post", "/users/{id}/trainings", PLANNING, 422),
    ("get", "/badges/{id}/trainings", QUALIFICATIONS, 404),
    ("post", "/badges/{id}/trainings", PLANNING, 422),
    ("post", "/trainings/{id}/revoke", PLANNING, 422),
    ("get", "/dead-letters", &["admin"], 200),
    ("post", "/dead-letters/replay", &["admin"], 200),
    ("get", "/networks", &["admin"], 200),
    ("get", "/integrations", &["admin"], 200),
    ("post", "/integrations", &["admin"], 422),
    ("put", "/integrations/{id}", &["admin"], 422),
    ("post", "/integrations/{id}/credential", &["admin"], 404),
    ("delete", "/integrations/{id}/older-credential", &["admin"], 404),
    ("post", "/integrations/{id}/disable", &["admin"], 404),
    ("post", "/integrations/{id}/enable", &["admin"], 404),
    ("get", "/places", CREW, 200),
    ("post", "/places", &["admin", "coordinator"], 422),
    ("get", "/places/{id}", CREW, 404),
    ("post", "/places/{id}", &["admin", "coordinator"], 422),
    ("get", "/lanes", CREW, 200),
    ("post", "/lanes", &["admin", "coordinator"], 422),
    ("post", "/lanes/{id}", &["admin", "coordinator"], 422),
    ("post", "/shipments/{id}/legs", PLANNERS, 422),
    ("get", "/shipments/{id}/plan", SIGHTED, 404),
    ("get", "/shipments/{id}/positions", SIGHTED, 404),
    ("get", "/shipments/{id}/whereabouts", SIGHTED, 404),
];

const NO_ID: &str = "00000000-0000-0000-0000-000000000000";
const NO_EUI: &str = "00000000000000aa";

/// A program with a user of every role.
struct House {
    program: Program,
    client: Client,
    _folder: tempfile::TempDir,
}

impl House {
    async fn start() -> (Self, Installation) {
        let folder = folder("access");
        let installation = Installation::embedded(&folder.path().join("d"));
        let program = installation.start(Part::Serve).await;
        for role in ROLES {
            installation.add_user(role);
        }
        (Self { program, client: Client::new(), _folder: folder }, installation)
    }

    /// The status of a request with the given `Authorization`. An error is a problem document, and a 401 says how to
    /// do better.
    async fn status(&self, method: &str, path: &str, authorization: Option<&str>) -> u16 {
        let method: Method = method.to_uppercase().parse().unwrap();
        let path = path.replace("{id}", NO_ID).replace("{dev_eui}", NO_EUI);
        let url = format!("{}/api/v1{path}", self.program.url);
        let mut request = self.client.request(method.clone(), url);
        if method != Method::GET {
            request = request.json(&json!({}));
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        // There OAuth's own errors travel (RFC 6749).
        if status >= 400 && path != "/token" {
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(status == 401, answer.headers().contains_key("www-authenticate"), "{method} {path}");
            let problem: Value = answer.json().await.unwrap();
            assert!(problem["status"] == status && problem["detail"].as_str().is_some_and(|d| d.len() > 10));
        }
        status
    }

    async fn document(&self) -> Value {
        let url = format!("{}/api/v1/openapi.json", self.program.url);
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }
}

/// Method, path, and whether the document says that it needs no token.
fn documented(document: &Value) -> Vec<(String, String, bool)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, operation)| {
                (method.clone(), path.clone(), operation["security"] == json!([{}]))
            })
        })
        .collect()
}

#[tokio::test]
async fn every_route_answers_those_who_may_and_nobody_else() {
    let (house, _installation) = House::start().await;
    let document = house.document().await;
    let mut unknown: BTreeSet<(String, String)> = BTreeSet::new();
    for (method, path, public) in documented(&document) {
        match ROUTES.iter().find(|route| (route.0, route.1) == (&*method, &*path)) {
            Some(route) => assert_eq!(public, route.2.is_empty(), "{method} {path}: does it need a token?"),
            None => drop(unknown.insert((method, path))),
        }
    }
    assert!(unknown.is_empty(), "who may do this? {unknown:?}");
    assert_eq!(documented(&document).len(), ROUTES.len(), "routes that are no longer there");

    let mut wrong = Vec::new();
    for role in ROLES {
        let authorization = format!("Bearer {}", house.program.log_in(role).await.token());
        for (method, path, may, then) in ROUTES {
            let expected = if may.is_empty() || may.contains(role) { *then } else { 403 };
            let found = house.status(method, path, Some(&authorization)).await;
            if found != expected {
                wrong.push(format!("{role}: {method} {path}: {found} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What an admin's token could be forged into, by name.
fn forged(token: &str, anothers: &str) -> Vec<(&'static str, Option<String>)> {
    let [head, claims, signature] = <[&str; 3]>::try_from(token.split('.').collect::<Vec<_>>()).unwrap();
    let anothers_signature = anothers.rsplit('.').next().unwrap();
    let no_algorithm = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
    vec![
        ("nothing", None),
        ("an empty header", Some(String::new())),
        ("no token", Some("Bearer".to_owned())),
        ("an empty token", Some("Bearer ".to_owned())),
        ("garbage", Some("Bearer garbage".to_owned())),
        ("dots", Some("Bearer ..".to_owned())),
        ("Basic", Some(format!("Basic {token}"))),
        ("a token without its scheme", Some(token.to_owned())),
        ("a token without signature", Some(format!("Bearer {head}.{claims}."))),
        ("a token with another's signature", Some(format!("Bearer {head}.{claims}.{anothers_signature}"))),
        ("a token of no algorithm", Some(format!("Bearer {no_algorithm}.{claims}."))),
        ("a token of no algorithm, signed", Some(format!("Bearer {no_algorithm}.{claims}.{signature}"))),
    ]
}

#[tokio::test]
async fn no_route_takes_a_token_that_is_none() {
    let (house, installation) = House::start().await;
    let (admin, courier) = (house.program.log_in("admin").await, house.program.log_in("courier").await);
    let now = now(&admin).await;
    let user: UserId = serde_json::from_value(admin.get("/me").await["id"].clone()).unwrap();
    let key = |name: &str| TokenKey::load_or_create(&installation.data().join(name)).unwrap();
    let (own, foreign) = (key("token.key"), key("foreign.key"));
    let sign = |key: &TokenKey, at| {
        let (organisation, tenant) = (OrganisationId(1), OrganisationId(1));
        let (token, _) = key.sign(Holder { user, organisation, tenant, role: Role::Admin }, at).unwrap();
        format!("Bearer {token}")
    };
    let fresh = sign(&own, now);
    assert_eq!(house.status("get", "/shipments", Some(&fresh)).await, 200, "signed as the program signs");

    let mut all = forged(admin.token(), courier.token());
    all.push(("an expired token", Some(sign(&own, now - Duration::hours(12)))));
    all.push(("a token of another installation", Some(sign(&foreign, now))));
    for (what, authorization) in all {
        for (method, path, may, _) in ROUTES.iter().filter(|(_, _, may, _)| !may.is_empty()) {
            let status = house.status(method, path, authorization.as_deref()).await;
            assert_eq!(status, 401, "{what}: {method} {path} for {may:?}");
        }
        assert_eq!(
            house.status("get", "/ingester/integrations", authorization.as_deref()).await,
            401,
            "{what}"
        );
    }
    assert_eq!(house.status("get", "/ingester/integrations", Some(&fresh)).await, 401, "no user's business");
}

#[tokio::test]
async fn what_the_document_does_not_name_is_not_there() {
    let (house, _installation) = House::start().await;
    let authorization = format!("Bearer {}", house.program.log_in("admin").await.token());
    let named = documented(&house.document().await);
    let paths: BTreeSet<&str> = ROUTES.iter().map(|route| route.1).collect();
    for path in paths.into_iter().chain(["/users", "/integrations", "/audit", "/", "/shipments/"]) {
        for method in ["get", "post", "put", "patch", "delete"] {
            if !named.iter().any(|route| (&*route.0, &*route.1) == (method, path)) {
                let status = house.status(method, path, Some(&authorization)).await;
                assert_eq!(status, 404, "{method} {path}");
            }
        }
    }
}
