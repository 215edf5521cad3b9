//! What the documents show, for the tests that do it.

use std::path::Path;

/// The blocks of a language in a section of docs/api.md (none: before the first), in their order.
pub fn blocks(language: &str, heading: Option<&str>) -> String {
    let document = repository().join("docs/api.md");
    let document = std::fs::read_to_string(document).unwrap();
    let mut sections = document.split("\n## ");
    let section = match heading {
        None => sections.next(),
        Some(heading) => sections.find(|section| section.starts_with(heading)),
    };
    let section = section.unwrap_or_else(|| panic!("docs/api.md has no section {heading:?}"));
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    let blocks: Vec<&str> = blocks.collect();
    assert!(!blocks.is_empty(), "{heading:?} has no block in {language}");
    blocks.join("\n")
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
