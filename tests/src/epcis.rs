//! GS1's own schema of EPCIS 2.0, which is not a part of this project: it lies beside the repository, where it does.

use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;

const SCHEMA: &str = "../shared/epcis/EPCIS-JSON-Schema.json";

/// None where the schema is absent; a message says so.
pub fn schema() -> Option<Validator> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(SCHEMA);
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("skipped: GS1's schema is not at {}", file.display());
        return None;
    };
    let schema: Value = serde_json::from_str(&text).unwrap();
    // Names of properties are held against it by the format of a URI.
    Some(jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
}

/// Fails with everything that the schema says against a document.
pub fn check(schema: &Validator, document: &Value) {
    let errors: Vec<String> =
        schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
