//! The migrations are embedded: a changed folder must rebuild this crate.
#![allow(clippy::print_stdout)]

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
