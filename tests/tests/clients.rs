//! What is made from the API's document is as the document is now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use domain::hand_in::{Line, NAMES, read_csv, read_json};
use e2e::documents::{blocks, repository};
use e2e::warm::{Target, integrations, now};
use e2e::{Api, Installation, Part, fleet, until};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn the_pages_types_are_as_the_service_is() {
    let folder = e2e::folder("types");
    let (document, made) = (folder.path().join("openapi.json"), folder.path().join("schema.d.ts"));
    fs::write(&document, tracking::api::document().to_string()).unwrap();
    let output = Command::new("npm")
        .args(["run", "--silent", "schema", "--"])
        .arg(&document)
        .arg("--output")
        .arg(&made)
        .current_dir(page())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let committed = fs::read_to_string(page().join("src/api/schema.d.ts")).unwrap();
    let is_same = committed == fs::read_to_string(&made).unwrap();
    assert!(
        is_same,
        "crates/web/ui/src/api/schema.d.ts is not what the API's document says: run cargo xtask clients"
    );
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = tracking::api::document();
    let mut names = BTreeSet::new();
    for operation in
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values())
    {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is two operations");
    }
    assert!(names.len() > 90, "{names:?}");
}

/// What anybody writes against must say what it is: no reference to nothing, and no object of which nothing is known.
#[test]
fn the_document_says_what_every_shape_is() {
    let document = tracking::api::document();
    let mut loose = Vec::new();
    look(&document, &document, "", &mut loose);
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

fn look(document: &Value, value: &Value, path: &str, loose: &mut Vec<String>) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str)
        && document.pointer(reference.trim_start_matches('#')).is_none()
    {
        loose.push(format!("{path} names {reference}, which is not there"));
    }
    let is_object = value.get("type").is_some_and(|of| of == "object");
    let is_said = ["properties", "additionalProperties", "oneOf"].iter().any(|key| value.get(key).is_some());
    // What that is, GS1's own schema says.
    let is_epcis = path.contains("/application/ld+json");
    if is_object && !is_said && !is_epcis {
        loose.push(format!("{path} is an object, and nothing is said of it"));
    }
    let is_answer = path.rsplit('/').nth(1) == Some("responses") && value.get("$ref").is_none();
    if is_answer && value.get("description").is_none() {
        loose.push(format!("{path} is an answer without a description"));
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, of)| look(document, of, &format!("{path}/{name}"), loose))
        }
        Value::Array(list) => list.iter().for_each(|of| look(document, of, path, loose)),
        _ => {}
    }
}

/// The fields that `domain::hand_in` reads are those that the document names, and what it shows of a file can be handed in.
#[test]
fn what_the_document_says_of_an_event_is_what_is_read() {
    let document = tracking::api::document();
    let event = &document["components"]["schemas"]["HandInEvent"];
    let mut described: Vec<&str> =
        event["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut read = NAMES.to_vec();
    described.sort_unstable();
    read.sort_unstable();
    assert_eq!(described, read);
    let file = &document["paths"]["/hand-ins"]["post"]["requestBody"]["content"]["text/csv"]["example"];
    let of = |lines: Vec<Line>| lines.into_iter().map(|line| line.read.unwrap()).collect::<Vec<_>>();
    let by_csv = of(read_csv(file.as_str().unwrap().as_bytes()).unwrap());
    assert_eq!(by_csv, of(read_json(json!([event["example"]]).to_string().as_bytes()).unwrap()));
}

const GTIN: &str = "09506000134352";

/// A partner of that kind, and a key that acts in its name.
async fn partner(admin: &Api, kind: &str, role: &str) -> (i64, String) {
    let partner = admin.post("/organisations", &json!({ "kind": kind, "name": kind })).await;
    let key = json!({ "organisation": partner["id"], "name": "its system", "role": role });
    let key = admin.post("/api-keys", &key).await["key"].as_str().unwrap().to_owned();
    (partner["id"].as_i64().unwrap(), key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_of_partners_use_the_client_in_python() {
    let Some(client) = python_client() else { return };
    let folder = e2e::folder("python");
    let installation = Installation::embedded(&folder.path().join("d"));
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let program = installation.start(Part::Serve).await;
    let admin = program.log_in("admin").await;
    integrations(&program.url, 1).await;
    let (supplier, supplier_key) = partner(&admin, "supplier", "supplier").await;
    let (carrier, carrier_key) = partner(&admin, "carrier", "dispatcher").await;
    let products = json!({ "items": [{ "gtin": GTIN }] });
    admin.send(Method::PUT, &format!("/organisations/{supplier}/products"), Some(&products)).await.ok();
    let (eui, profile) = (fleet::dev_eui(1), admin.post("/profiles", &fleet::profile()).await["id"].clone());
    let boxes = json!([{ "contents": [{ "gtin": GTIN, "lot": "L-1", "quantity": 10 }] }]);
    let body = json!({ "reference": "PO-1", "profile": profile, "boxes": boxes });
    let shipment = admin.post("/shipments", &body).await["id"].as_str().unwrap().to_owned();
    admin.post("/trackers", &json!({ "dev_eui": eui, "name": "box", "codec": "isotherm" })).await;
    e2e::warm::bind(&admin, &shipment, &eui, now(&admin).await - chrono::Duration::hours(2)).await;
    let offer = json!({ "to": { "organisation": carrier } });
    admin.post(&format!("/shipments/{shipment}/custody/offer"), &offer).await;
    Target { url: program.url.clone(), integration: "depot".to_owned(), token }.send_warm(&admin, &eui).await;
    let alarmed = async || {
        let alerts = admin.list("/alerts").await;
        alerts.iter().any(|alert| alert["kind"] == "temperature_high").then_some(())
    };
    until("the alarm", alarmed).await;
    let settings = json!({
        "url": program.url, "supplier_key": supplier_key, "carrier_key": carrier_key, "admin_token": admin.token(),
        "carrier": carrier, "tenant": admin.list("/organisations").await[0]["id"], "shipment": shipment,
        "reference": "PO-1", "now": fleet::text(now(&admin).await),
        "gtin": GTIN, "documented": blocks("python", Some("A client in Python")),
    });
    let used = tests().join("client_used.py");
    let mut python = Command::new(client.python);
    python.arg("-B").arg(used).arg(client.folder.path()).arg(settings.to_string());
    let output = tokio::task::block_in_place(|| python.output()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

struct PythonClient {
    python: PathBuf,
    folder: TempDir,
}

/// The client of the document as it is now. None where its generator is not installed.
fn python_client() -> Option<PythonClient> {
    let target = e2e::program().ancestors().nth(2).unwrap().to_owned();
    let programs = target.join("python/python_client/bin");
    if !programs.join("openapi-python-client").is_file() {
        eprintln!("skipped: cargo xtask clients installs the generator of the client in Python");
        return None;
    }
    let folder = e2e::folder("python-client");
    let document = folder.path().join("openapi.json");
    fs::write(&document, tracking::api::document().to_string()).unwrap();
    let mut generate = Command::new(programs.join("openapi-python-client"));
    generate.args(["generate", "--meta", "none", "--fail-on-warning"]);
    generate.arg("--config").arg(tests().join("python_client.yaml")).arg("--path").arg(&document);
    let output = generate.arg("--output-path").arg(folder.path().join("isotherm_client")).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "not all of the document is in it: {}", String::from_utf8_lossy(&told));
    Some(PythonClient { python: programs.join("python3"), folder })
}

fn tests() -> PathBuf {
    repository().join("tests")
}

fn page() -> PathBuf {
    repository().join("crates/web/ui")
}
