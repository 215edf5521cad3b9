//! The profiles that ship: a start for what is usual, each to be adapted and approved before it decides anything.
//!
//! The files under `profiles/` are what a person would write, with their sources; where a standard gives no
//! delay, the file says that its delay is our default.

use std::sync::LazyLock;

use crate::profile::Profile;

macro_rules! shipped {
    ($($key:literal,)+) => {
        &[$(($key, include_str!(concat!("../profiles/", $key, ".toml"))),)+]
    };
}

/// Keys with their TOML, as they are shown to people: what is usual first.
pub const TEXTS: &[(&str, &str)] = shipped![
    "refrigerated-2-8",
    "controlled-cold-usp",
    "room-15-25",
    "below-25",
    "below-30",
    "controlled-room-usp",
    "freezer-usp",
    "vaccine-freezer-cdc",
    "ultra-cold",
    "do-not-freeze",
    "who-30-day-logger",
    "who-indicator-type-1",
    "who-indicator-type-2",
    "red-cells-1-10",
    "plasma-below-18",
    "surgical-sets",
];

// A test holds that every one of them is read.
static PROFILES: LazyLock<Vec<(&str, Profile)>> = LazyLock::new(|| {
    let read = |(key, text): &(&'static str, &str)| Some((*key, Profile::from_toml(text).ok()?));
    TEXTS.iter().filter_map(read).collect()
});

/// Every shipped profile with its key, in the order of [`TEXTS`].
pub fn all() -> &'static [(&'static str, Profile)] {
    &PROFILES
}
