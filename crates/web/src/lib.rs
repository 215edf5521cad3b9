//! The page, carried inside the program: the files that `npm run build` left in `ui/dist`.
//!
//! Knows no web framework and no other crate: it answers a path with bytes, and whoever serves HTTP mounts it.
//! It stands at the very end of a reading's path, where a person sees it. Built without the page, it holds nothing,
//! and says so with [`is_built`].

use std::borrow::Cow;

use rust_embed::RustEmbed;

/// What the page needs to be allowed, as a `Content-Security-Policy`: its own files, its own API and
/// pictures that it has fetched from there, nothing else. What reads codes is compiled from WebAssembly.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const INDEX: &str = "index.html";
/// Where the bundler puts files whose name holds a hash of their content.
const HASHED: &str = "assets/";

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

/// One file of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Cow<'static, [u8]>,
    /// With its charset where it is text.
    pub content_type: &'static str,
    /// Its name changes with its content: a browser may keep it for good. Otherwise it must ask each time.
    pub immutable: bool,
    /// Strong validator, in its quotes as RFC 9110 wants it.
    pub etag: String,
}

impl File {
    /// The value of `Cache-Control` that follows from [`File::immutable`].
    pub fn cache_control(&self) -> &'static str {
        if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

/// The file at a URL path such as `/` or `/assets/index-4f1c.js`, with or without the leading slash. `None` for
/// anything that is not a file of the page; the page's own places stand behind `#` and never arrive here.
pub fn file(path: &str) -> Option<File> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = if path.is_empty() { INDEX } else { path };
    let found = Dist::get(path)?;
    Some(File {
        etag: etag(&found.metadata.sha256_hash()),
        bytes: found.data,
        content_type: content_type(path),
        immutable: path.starts_with(HASHED),
    })
}

/// Was the page there when the program was compiled?
pub fn is_built() -> bool {
    Dist::get(INDEX).is_some()
}

/// Half of the hash is far more than telling two builds apart takes.
fn etag(sha256: &[u8; 32]) -> String {
    let hex: String = sha256.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_known_for_what_a_bundler_writes_and_opaque_for_the_rest() {
        for (path, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("assets/index-4f1c.js", "text/javascript; charset=utf-8"),
            ("assets/index-4f1c.css", "text/css; charset=utf-8"),
            ("favicon.svg", "image/svg+xml"),
            ("assets/zxing.wasm", "application/wasm"),
            ("a.b.webmanifest", "application/manifest+json"),
            ("LICENSE", "application/octet-stream"),
            ("page.exe", "application/octet-stream"),
        ] {
            assert_eq!(content_type(path), expected, "{path}");
        }
    }

    #[test]
    fn an_etag_is_quoted_and_differs_with_the_content() {
        let (one, other) = (etag(&[1; 32]), etag(&[2; 32]));
        assert_eq!(one, format!("\"{}\"", "01".repeat(16)));
        assert_ne!(one, other);
    }

    #[test]
    fn what_is_not_a_file_of_the_page_is_nothing() {
        for path in
            ["/nowhere", "/assets", "/assets/", "/../Cargo.toml", "//", "/api/v1/shipments", "/index.html/"]
        {
            assert_eq!(file(path), None, "{path}");
        }
    }

    /// Holds with and without a built page, and asserts in both.
    #[test]
    fn the_root_is_the_index_and_is_there_exactly_when_the_page_was_built() {
        let root = file("/");
        assert_eq!(root.is_some(), is_built());
        assert_eq!(root, file("/index.html"));
        assert_eq!(root, file(""));
        if let Some(index) = root {
            assert_eq!(index.content_type, "text/html; charset=utf-8");
            assert!(!index.immutable, "an index that is kept for good would never see a new build");
            assert_eq!(index.cache_control(), "no-cache");
        }
    }

    #[test]
    fn every_file_the_index_names_is_embedded_and_hashed_ones_are_immutable() {
        let Some(index) = file("/") else {
            assert_eq!(Dist::iter().count(), 0, "files without an index: the page was built only in part");
            return;
        };
        let html = String::from_utf8(index.bytes.into_owned()).expect("the index is UTF-8");
        let named: Vec<&str> =
            html.split('"').filter(|part| part.starts_with('/') && part.contains('.')).collect();
        assert!(named.iter().any(|path| path.ends_with(".js")), "the index names no script: {named:?}");
        for path in named {
            let embedded = file(path).unwrap_or_else(|| panic!("{path} is named but not embedded"));
            assert!(!embedded.bytes.is_empty(), "{path} is empty");
            assert_eq!(embedded.immutable, path.starts_with("/assets/"), "{path}");
        }
    }

    #[test]
    fn the_index_needs_nothing_that_its_policy_forbids() {
        let Some(index) = file("/") else {
            assert!(!is_built());
            return;
        };
        let html = String::from_utf8_lossy(&index.bytes).into_owned();
        for forbidden in ["<style", " style=", "onload=", "http://", "https://", "<script>"] {
            assert!(!html.contains(forbidden), "the index contains {forbidden}");
        }
    }
}
