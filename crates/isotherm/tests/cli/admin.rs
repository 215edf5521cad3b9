//! `isotherm migrate` and `isotherm admin`, on an embedded database without a service.

use std::process::Output;

use serde_json::Value;

use crate::{Folder, isotherm_in, printed, refused};

struct Installation(Folder);

impl Installation {
    /// One whose operator named the organisation in the configuration.
    fn of(organisation: &str) -> Self {
        let installation = Self(Folder::new("admin"));
        let settings = [("ISOTHERM_ORGANISATION__NAME", organisation)];
        let call = ["migrate", "--data", installation.0.path()];
        let output = isotherm_in(&settings, &call, "");
        assert!(output.status.success(), "{output:?}");
        installation
    }

    /// Called as if the operator had forgotten the configuration.
    fn call(&self, arguments: &[&str]) -> std::process::Output {
        self.call_with(arguments, "a long password\n")
    }

    fn call_with(&self, arguments: &[&str], input: &str) -> std::process::Output {
        isotherm_in(&[], &[arguments, &["--data", self.0.path()]].concat(), input)
    }

    fn done(&self, arguments: &[&str]) -> Value {
        let output = self.call(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        printed(&output)
    }
}

fn user(email: &str) -> Vec<&str> {
    vec!["admin", "user", "add", "--role", "quality", "--password-stdin", "--email", email]
}

fn of<'a>(organisation: &'a str, mut call: Vec<&'a str>) -> Vec<&'a str> {
    call.extend(["--organisation", organisation]);
    call
}

#[test]
fn the_configuration_names_the_first_organisation_and_the_option_another() {
    let installation = Installation::of("Acme");
    installation.done(&["migrate"]);
    let added = installation.done(&user("A@example.org"));
    assert_eq!((&added["email"], &added["role"]), (&Value::from("a@example.org"), &Value::from("quality")));
    let known = installation.call(&of("Acme", user("b@example.org")));
    assert_eq!((known.status.code(), said(&known).as_str()), (Some(0), ""));

    let named = [&user("e@example.org")[..], &["--name", "Eva Example"]].concat();
    installation.done(&named);
    let line = refused(&installation.call(&[&user("f@example.org")[..], &["--name", " "]].concat()));
    assert_eq!(line, "isotherm: --name: 1 to 200 characters on one line are expected");

    // `Isotherm` is the default's name: neither `migrate` nor `add` made it beside the first. Whoever names one that is
    // not there hears of it.
    let made = installation.call(&of("Isotherm", user("c@example.org")));
    let note = "isotherm: there was no organisation `Isotherm`; it is made\n";
    assert_eq!((made.status.code(), said(&made).as_str()), (Some(0), note));
    for wrong in ["", "Ac\nme"] {
        let line = refused(&installation.call(&of(wrong, user("d@example.org"))));
        assert_eq!(line, "isotherm: --organisation: 1 to 200 characters on one line are expected");
    }

    let north = installation.done(&["admin", "organisation", "add", "--name", "North"]);
    assert_eq!(north["name"], "North");
    assert!(north["id"].is_number(), "{north}");
    let integration = vec!["admin", "integration", "add", "--network", "chirpstack", "--id", "north"];
    let made = installation.done(&of("North", integration));
    assert_eq!(made["path"], "/webhooks/north");

    let line = refused(&installation.call(&["admin", "organisation", "add", "--name", "North"]));
    assert_eq!(line, "isotherm: an organisation `North` exists already");
    let line = refused(&installation.call(&["admin", "organisation", "add", "--name", " "]));
    assert_eq!(line, "isotherm: --name: 1 to 200 characters on one line are expected");
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_integration_is_listed_rotated_retired_and_disabled() {
    let installation = Installation::of("Acme");
    let call = |words: &[&str]| installation.call(&[&["admin", "integration"], words].concat());
    let done = |words: &[&str]| {
        let output = call(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        printed(&output)
    };
    let refusal = |words: &[&str]| refused(&call(words));

    let add = ["add", "--id", "depot", "--network", "actility", "--allow", "203.0.113.0/24"];
    let first = done(&add)["token"].as_str().unwrap().to_owned();
    assert!(first.len() == 32 && first.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{first}");
    let mut listed = serde_json::json!({
        "id": "depot", "path": "/webhooks/depot", "organisation": 1, "network": "actility",
        "has_older_token": false, "allowed": ["203.0.113.0/24"], "refuse_when_broker_away": false,
        "disabled_at": null, "confirm_url": null, "confirm_asked_at": null,
    });
    assert_eq!(done(&["list"]), serde_json::json!([listed]));

    assert_eq!(refusal(&["retire", "--id", "depot"]), "isotherm: `depot` has no older token");
    let second = done(&["rotate", "--id", "depot"])["token"].as_str().unwrap().to_owned();
    assert!(second.len() == 32 && second != first);
    listed["has_older_token"] = true.into();
    let list = call(&["list"]);
    assert_eq!(printed(&list), serde_json::json!([listed]));
    let text = String::from_utf8(list.stdout).unwrap();
    assert!(!text.contains(&first) && !text.contains(&second), "{text}");
    assert_eq!(
        refusal(&["rotate", "--id", "depot"]),
        "isotherm: `depot` has an older token still, and its sender may be using it; when it is not, `isotherm admin \
         integration retire --id depot` comes first"
    );
    listed["has_older_token"] = false.into();
    assert_eq!(done(&["retire", "--id", "depot"]), listed);

    listed["allowed"] = serde_json::json!(["198.51.100.7/32", "2001:db8::/32"]);
    let allow = ["allow", "--id", "depot", "--allow", "198.51.100.7", "--allow", "2001:db8::/32"];
    assert_eq!(done(&allow), listed);
    listed["allowed"] = serde_json::json!([]);
    let opened = call(&["allow", "--id", "depot"]);
    // The database may have something to say after that.
    assert!(
        said(&opened).starts_with("isotherm: webhooks of `depot` are taken from anywhere\n"),
        "{opened:?}"
    );
    assert_eq!(printed(&opened), listed);
    let wrong = call(&["allow", "--id", "depot", "--allow", "203.0.113.7/24"]);
    assert!(wrong.status.code() == Some(2) && said(&wrong).contains("write 203.0.113.0/24"), "{wrong:?}");

    let disabled = done(&["disable", "--id", "depot"]);
    assert!(disabled["disabled_at"].is_string(), "{disabled}");
    assert_eq!(done(&["disable", "--id", "depot"]), disabled, "since then");
    assert!(refusal(&["rotate", "--id", "depot"]).contains("is disabled"));
    assert_eq!(done(&["enable", "--id", "depot"]), listed);
    assert_eq!(
        refusal(&["rotate", "--id", "yard"]),
        "isotherm: there is no integration `yard`; `isotherm admin integration list` shows all"
    );
}

#[test]
fn a_token_that_the_network_server_made_is_taken_from_standard_input() {
    let installation = Installation::of("Acme");
    let add = |id: &str, network: &str, token: &str| {
        let words = ["admin", "integration", "add", "--id", id, "--network", network, "--token-stdin"];
        installation.call_with(&words, token)
    };
    let key = "00112233445566778899AABBCCDDEEFF";
    assert_eq!(
        printed(&add("thingpark", "actility", &format!("{key}\n")))["token"],
        key.to_ascii_lowercase()
    );
    let secret = "a-secret-of-the-platform";
    assert_eq!(printed(&add("platform", "milesight", secret))["token"], secret);
    assert_eq!(
        refused(&add("other", "actility", secret)),
        "isotherm: a key of this network has 32 hexadecimal digits"
    );
    assert_eq!(
        refused(&add("other", "milesight", "short")),
        "isotherm: a token has 20 to 200 letters, digits and signs of ASCII, and no blank"
    );
}
