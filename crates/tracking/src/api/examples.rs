//! What answers look like to a supplier's program: in the API's document, shortened.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::{OpenApi, RefOr};

/// By path, of what a `GET` gives. A test holds their fields against the service's.
const EXAMPLES: &str = include_str!("examples.json");

pub struct Examples;

impl Modify for Examples {
    fn modify(&self, document: &mut OpenApi) {
        let examples: BTreeMap<String, Value> = serde_json::from_str(EXAMPLES).unwrap_or_default();
        for (path, example) in examples {
            let operation = document.paths.paths.get_mut(&path).and_then(|item| item.get.as_mut());
            let answer = operation.and_then(|operation| operation.responses.responses.get_mut("200"));
            if let Some(RefOr::T(answer)) = answer
                && let Some(RefOr::T(content)) = answer.content.get_mut("application/json")
            {
                content.example = Some(example);
            }
        }
    }
}
