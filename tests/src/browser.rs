//! Walks through the page in a real browser: the files of `crates/web/ui/e2e`.

use std::path::Path;
use std::process::Command;

/// Runs a walk as that person, known by e-mail and password; `about` is the walk's own environment. What it has seen is in
/// `target/screenshots`.
pub fn walk_in_a_browser(walk: &str, url: &str, (email, password): (&str, &str), about: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let pictures = root.join("target/screenshots");
    let watched = Command::new("node")
        .arg(format!("e2e/{walk}.mjs"))
        .current_dir(root.join("crates/web/ui"))
        .env("BASE_URL", url)
        .env("EMAIL", email)
        .env("PASSWORD", password)
        .envs(about.iter().copied())
        .env("SCREENSHOTS", &pictures)
        .env("TIMEOUT_S", "120")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&watched.stderr);
    assert!(watched.status.success(), "the browser (pictures in {}): {said}", pictures.display());
}
