//! Help, and calls that are wrong.

use crate::{isotherm, refused};

fn help(command: &[&str]) -> String {
    let help = isotherm(&[command, &["--help"]].concat(), "");
    assert_eq!(help.status.code(), Some(0), "{command:?}");
    assert!(help.stderr.is_empty(), "{command:?}");
    String::from_utf8(help.stdout).unwrap()
}

/// The names in the list of commands that a help shows, but for clap's own `help`.
fn commands_in(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// The command and all below it.
fn check_help(command: &[&str], seen: &mut Vec<String>) {
    let help = help(command);
    assert!(help.contains("Example: "), "{command:?} has no example: {help}");
    seen.push(command.join(" "));
    for below in commands_in(&help) {
        check_help(&[command, &[below]].concat(), seen);
    }
}

#[test]
fn every_command_that_there_is_has_an_example() {
    let mut seen = Vec::new();
    check_help(&[], &mut seen);
    for command in [
        "demo",
        "simulate",
        "serve",
        "ingest",
        "track",
        "migrate",
        "config",
        "openapi",
        "tracker",
        "tracker provision",
        "decode",
        "evaluate",
        "replay",
        "verify",
        "admin",
        "admin organisation",
        "admin organisation add",
        "admin user",
        "admin user add",
        "admin integration",
        "admin integration add",
        "admin tls",
        "admin tls self-signed",
    ] {
        assert!(seen.iter().any(|seen| seen == command), "{command} is not among {seen:?}");
    }
}

#[test]
fn a_wrong_call_exits_with_2_and_one_line_that_says_what_and_where() {
    for (call, told) in [
        (&[][..], "'isotherm' requires a subcommand but one was not provided [subcommands: demo, simulate,"),
        (&["fly"], "unrecognized subcommand 'fly'"),
        (&["verfy"], "unrecognized subcommand 'verfy'; tip: a similar subcommand exists: 'verify'"),
        (&["evaluate"], "the following required arguments were not provided: --profile <FILE>"),
        (&["evaluate", "--profile", "p.toml", "--form", "x"], "unexpected argument '--form' found; tip: "),
        (
            &["evaluate", "--profile", "p.toml", "--from", "noon"],
            "invalid value 'noon' for '--from <TIME>': write",
        ),
        (&["evaluate", "--profile", "p.toml", "--from", "a\nUsage: b"], "invalid value 'a"),
        (&["decode", "--network"], "a value is required for '--network <NAME>' but none was supplied"),
        (&["demo", "--speed", "0"], "invalid value '0' for '--speed <N>': 0 is not in 1..=3600"),
        (
            &["admin"],
            "'isotherm admin' requires a subcommand but one was not provided [subcommands: organisation, user,",
        ),
        (&["admin", "user"], "'isotherm admin user' requires a subcommand but one was not provided"),
        (
            &["admin", "tls", "self-signed", "--host", "a b"],
            "invalid value 'a b' for '--host <NAME_OR_IP>': a host name or an IP address is expected",
        ),
        (
            &["admin", "integration", "add", "--id", "a", "--network", "x"],
            "invalid value 'x' for '--network <NETWORK>': `x` is not a known network; known are chirpstack",
        ),
    ] {
        let line = refused(&isotherm(call, ""));
        assert!(line.starts_with(&format!("isotherm: {told}")), "{call:?}: {line}");
        assert!(!line.contains("--help"), "{line}");
    }
}

#[test]
fn help_and_version_are_no_failure() {
    for call in
        [&["--version"][..], &["-V"], &["--help"], &["-h"], &["help"], &["help", "admin"], &["admin", "-h"]]
    {
        let output = isotherm(call, "");
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{call:?}");
        assert!(!output.stdout.is_empty(), "{call:?}");
    }
    assert!(help(&[]).contains("\nUsage: isotherm"));
}
