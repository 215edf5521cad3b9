//! Where settings come from.

use crate::{File, isotherm, isotherm_in, refused};

#[test]
fn the_printed_configuration_is_read_back() {
    let printed = isotherm(&["config"], "");
    assert_eq!(printed.status.code(), Some(0));
    let file = File::new("config.toml", &String::from_utf8(printed.stdout).unwrap());
    // A split part without a broker is refused after its configuration was read.
    let line = refused(&isotherm(&["track", "--config", file.path()], ""));
    assert!(line.contains("RabbitMQ"), "{line}");
}

#[test]
fn a_text_of_the_environment_may_look_like_anything() {
    for value in ["12345", "true", "1.5", "[1, 2]", "{a=1}", "\"quoted\"", "a=b # c", " ", "0x10", "null"] {
        for key in [
            "INGEST__TOKEN",
            "ORGANISATION__NAME",
            "QUEUE__PREFIX",
            "SMTP__FROM",
            "DATABASE__BINARIES",
            "DATA_DIR",
        ] {
            if (key, value) == ("ORGANISATION__NAME", " ") {
                continue;
            }
            let line = refused(&isotherm_in(&[(&format!("ISOTHERM_{key}"), value)], &["track"], ""));
            // A split part without a broker is refused after its configuration was read.
            assert!(line.contains("RabbitMQ"), "{key} {value}: {line}");
        }
    }
}

#[test]
fn a_number_or_a_truth_value_of_the_environment_is_read_as_one() {
    for (key, value) in [
        ("QUEUE__LINGER_MS", "0"),
        ("SPOOL__MAX_BYTES", "18446744073709551615"),
        ("HTTP__LIMITS__BEHIND_PROXY", "true"),
    ] {
        let line = refused(&isotherm_in(&[(&format!("ISOTHERM_{key}"), value)], &["track"], ""));
        assert!(line.contains("RabbitMQ"), "{key} {value}: {line}");
    }
    let line = refused(&isotherm_in(&[("ISOTHERM_QUEUE__LINGER_MS", "21")], &["track"], ""));
    assert_eq!(line, "isotherm: queue.linger_ms: 0 to 20 is expected");
}

#[test]
fn an_error_names_the_variable_and_what_is_expected_but_never_a_value() {
    for (variable, told) in [
        ("ISOTHERM_QUEUE__LINGER_MS", "queue.linger_ms: a whole number from 0 to 2^64 - 1 is expected"),
        ("ISOTHERM_HTTP__LIMITS__BEHIND_PROXY", "http.limits.behind_proxy: true or false is expected"),
        ("ISOTHERM_HTTP__LISTEN", "http.listen: an address and port such as 127.0.0.1:8080 is expected"),
        ("ISOTHERM_INGEST", "ingest: a section is expected"),
        (
            "ISOTHERM_INGEST__TOKENS",
            "there is no setting ingest.tokens; `isotherm config` prints all there are",
        ),
        ("ISOTHERM_INGEST__TOKEN__A", "ingest.token: a text in quotes is expected"),
    ] {
        let line = refused(&isotherm_in(&[(variable, "hunter2")], &["track"], ""));
        assert_eq!(line, format!("isotherm: {variable}: {told}"));
    }
}

#[test]
fn an_error_names_the_files_key_or_place_and_what_is_expected_but_never_a_value() {
    for (text, told) in [
        ("[ingest]\ntoken = 44442", "ingest.token: a text in quotes is expected"),
        ("[ingest]\ntoken = [\"44442\"]", "ingest.token: a text in quotes is expected"),
        ("[queue]\nlinger_ms = \"44442\"", "queue.linger_ms: a whole number from 0 to 2^64 - 1 is expected"),
        ("[queue]\nlinger_ms = -44442", "queue.linger_ms: a whole number from 0 to 2^64 - 1 is expected"),
        ("[queue]\nlinger_ms = 44442.5", "queue.linger_ms: a whole number from 0 to 2^64 - 1 is expected"),
        ("ingest = \"44442\"", "ingest: a section is expected"),
        ("[http]\nlisten = \"44442\"", "http.listen: an address and port such as 127.0.0.1:8080 is expected"),
        ("[ingest]\ntoken = 44442x", "line 2, column "),
        ("[ingest]\ntoken = \"44442", "line 2, column "),
        ("[ingest]\ntoken = 44442\ntoken = 44442", "line 3, column "),
        ("token: 44442", "line 1, column "),
        ("[ingest]\ntoken = 99999999999999999999944442", "ingest.token: a text in quotes is expected"),
        (
            "[queue]\nlinger_ms = 99999999999999999999944442",
            "queue.linger_ms: a whole number from 0 to 2^64 - 1 is expected",
        ),
        ("[ingest]\ntoken = 4444-12-12", "ingest.token: a text in quotes is expected"),
        ("[ingest]\ntoken = \"\\q44442\"", "line 2, column "),
        ("[ingest]\ntoken = 2026-44-42", "line 2, column "),
    ] {
        let file = File::new("told.toml", text);
        let line = refused(&isotherm(&["track", "--config", file.path()], ""));
        assert!(line.starts_with(&format!("isotherm: {}: {told}", file.path())), "{text}: {line}");
        assert!(!line.replace(file.path(), "").contains("4444"), "{text}: {line}");
    }
    let line = refused(&isotherm(&["track", "--config", "/nowhere/isotherm.toml"], ""));
    assert!(line.starts_with("isotherm: /nowhere/isotherm.toml: "), "{line}");
}
