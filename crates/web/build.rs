//! Tells cargo that the built page is an input. The page is never built from here: a Rust build needs no Node.

fn main() {
    // The folder may be absent; naming it makes cargo look again once it appears.
    println!("cargo::rerun-if-changed=ui/dist");
}
