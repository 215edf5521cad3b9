//! What is made from the API's document is as the document is now.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

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

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("crates/web/ui")
}
