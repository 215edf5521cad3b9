//! Any text as a profile: refused with its place, or a profile.
#![no_main]

use domain::profile::Profile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(refused) = Profile::from_toml(text) {
        assert!(refused.line >= 1 && refused.column >= 1, "{refused}");
    }
});
