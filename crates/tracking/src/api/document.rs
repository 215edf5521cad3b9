//! The document that describes the API, made from the code: `cargo xtask clients` makes the clients from it, and others theirs.
//!
//! What each module says of its own routes and shapes is completed here by what holds for all of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::{OpenApi, ToSchema};

use super::Document;

/// Bytes as they are.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "bodies that are no JSON have no type of their own")]
pub struct File(Vec<u8>);

/// How the names of all `Page<T>` begin.
const PAGE: &str = "Page_";

/// The document as it is published.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let asked = shapes_of_requests(&document);
    for (name, schema) in schemas(&mut document) {
        if let Some(of) = name.strip_prefix(PAGE)
            && let Some(items) = schema.pointer_mut("/properties/items/items")
        {
            // utoipa writes a shape out in full where it stands in a generic one.
            *items = json!({ "$ref": format!("#/components/schemas/{of}") });
        }
        if let Some(fields) = schema.as_object_mut()
            && fields.get("oneOf").is_some_and(are_pages)
            && let Some(pages) = fields.remove("oneOf")
        {
            fields.insert("anyOf".to_owned(), pages);
        }
        if !asked.contains(name) {
            require_nullable(schema);
        }
    }
    document
}

fn schemas(document: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    document.pointer_mut("/components/schemas").and_then(Value::as_object_mut).into_iter().flatten()
}

/// Alternatives that are pages of different things: an empty one is each of them.
fn are_pages(alternatives: &Value) -> bool {
    let is_page = |one: &Value| {
        let reference = one.get("$ref").and_then(Value::as_str);
        reference.is_some_and(|to| to.starts_with(&format!("#/components/schemas/{PAGE}")))
    };
    alternatives.as_array().is_some_and(|all| all.iter().all(is_page))
}

/// The names of all shapes that a request may hold.
fn shapes_of_requests(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let operations = paths.filter_map(Value::as_object).flat_map(Map::values);
    let mut unread: Vec<&Value> = operations.filter_map(|operation| operation.get("requestBody")).collect();
    while let Some(value) = unread.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str)
            && let Some(name) = reference.strip_prefix("#/components/schemas/")
            && names.insert(name.to_owned())
        {
            unread.extend(document.pointer(&format!("/components/schemas/{name}")));
        }
        match value {
            Value::Object(fields) => unread.extend(fields.values()),
            Value::Array(list) => unread.extend(list),
            _ => {}
        }
    }
    names
}

/// An answer writes null where there is nothing and leaves no field out; only a request may. utoipa cannot know which
/// shapes are answers, and lets every field be absent that may be null. A field that an answer does leave out says
/// `nullable = false`.
fn require_nullable(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
        let nullable: Vec<Value> =
            properties.iter().filter(|(_, of)| is_nullable(of)).map(|(name, _)| json!(name)).collect();
        let required = fields.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            required.extend(nullable);
        }
    }
    for part in fields.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        require_nullable(part);
    }
}

fn is_nullable(schema: &Value) -> bool {
    let is_null = |part: &Value| part == "null" || part.get("type").is_some_and(|of| of == "null");
    let alternatives = schema.get("type").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    alternatives.is_some_and(|alternatives| alternatives.iter().any(is_null))
}
