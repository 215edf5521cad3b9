//! Help, and calls that are wrong.

use crate::isotherm;

#[test]
fn a_wrong_call_exits_with_2_and_every_command_has_an_example() {
    assert_eq!(isotherm(&["evaluate"], "").status.code(), Some(2));
    assert_eq!(isotherm(&["fly"], "").status.code(), Some(2));
    for command in [
        &["demo"][..],
        &["serve"],
        &["ingest"],
        &["track"],
        &["migrate"],
        &["config"],
        &["decode"],
        &["evaluate"],
        &["admin", "user", "add"],
        &["admin", "integration", "add"],
    ] {
        let help = isotherm(&[command, &["--help"]].concat(), "");
        assert!(String::from_utf8(help.stdout).unwrap().contains("Example: "), "{command:?}");
    }
}
