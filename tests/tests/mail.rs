//! Notifications: an alert reaches those who must hear of it and nobody else, and no refusal and no kill loses it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use e2e::warm::{Target, integrations, ship};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use serde_json::{Value, json};
use testkit::mail::{Mail, MailServer};
use tokio::net::TcpListener;

/// An installation with an integration and the given users.
fn install(data: &std::path::Path, roles: &[&str]) -> (Installation, String) {
    let installation = Installation::embedded(data);
    for role in roles {
        installation.add_user(role);
    }
    let token = installation.add_integration("depot", "chirpstack");
    (installation, token)
}

fn by_mail(installation: &Installation, url: &str) -> Installation {
    let installation = installation.clone().with("ISOTHERM_SMTP__URL", url);
    installation.with("ISOTHERM_SMTP__FROM", "Isotherm <alerts@example.org>")
}

/// Makes a shipment and lets it get too warm.
async fn warm(program: &Program, token: &str, reference: &str) -> Api {
    let api = program.log_in("admin").await;
    integrations(&program.url, 1).await;
    ship(&api, reference, &fleet::dev_eui(1)).await;
    let (url, integration, token) = (program.url.clone(), "depot".to_owned(), token.to_owned());
    Target { url, integration, token }.send_warm(&api, &fleet::dev_eui(1)).await;
    api
}

/// Waits until the status says this of the notifications.
async fn notifications(api: &Api, expected: Value) {
    until(&expected.to_string(), async || {
        (api.get("/status").await["notifications"] == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_alert_reaches_coordinators_and_quality_of_its_organisation_and_nobody_else() {
    let (folder, server) = (folder("mail"), MailServer::start(0).await.unwrap());
    let roles = ["admin", "auditor", "coordinator", "courier", "dispatcher", "packer", "quality", "receiver"];
    let (installation, token) = install(&folder.path().join("d"), &roles);
    for (email, organisation) in [("second@example.org", "Isotherm"), ("foreign@example.org", "Other")] {
        let add = ["user", "add", "--email", email, "--role", "coordinator", "--organisation", organisation];
        installation.admin(&[&add[..], &["--password-stdin"]].concat(), "a long password");
    }
    let program = by_mail(&installation, &server.url()).start(Part::Serve).await;
    let api = warm(&program, &token, "Kühlbox 7").await;
    notifications(&api, json!({ "configured": true, "pending": 0, "failing": 0, "sent": 3 })).await;
    let foreign = program.api().log_in("foreign@example.org", "a long password").await;
    notifications(&foreign, json!({ "configured": true, "pending": 0, "failing": 0, "sent": 0 })).await;

    let mails = server.attempts();
    let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    assert_eq!(to, ["coordinator@example.org", "quality@example.org", "second@example.org"]);
    let ids: BTreeSet<_> = mails.iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
    assert_eq!(ids.len(), 3, "each by itself");
    for mail in &mails {
        assert_eq!(mail.from, "alerts@example.org");
        assert_eq!(mail.header("To"), Some(mail.to[0].as_str()));
        assert_eq!(mail.header("Subject"), Some("shipment =?utf-8?b?S8O8aGxib3g=?= 7: too warm"));
        for part in
            ["Alarm: too warm (critical)", "Worst so far: 9.05 ", "Do not use until quality has decided."]
        {
            assert!(mail.text.contains(part), "{part}: {}", mail.text);
        }
    }
}

#[tokio::test]
async fn a_refused_mail_is_seen_as_failing_and_sent_after_a_kill() {
    let (folder, server) = (folder("mail"), MailServer::start(2).await.unwrap());
    let (installation, token) = install(&folder.path().join("d"), &["admin", "coordinator", "quality"]);
    let installation = by_mail(&installation, &server.url());
    let program = installation.start(Part::Serve).await;
    let api = warm(&program, &token, "S-1").await;
    notifications(&api, json!({ "configured": true, "pending": 2, "failing": 2, "sent": 0 })).await;
    assert_eq!((server.attempts().len(), server.taken().len()), (2, 0));
    program.kill();

    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    notifications(&api, json!({ "configured": true, "pending": 0, "failing": 0, "sent": 2 })).await;
    let attempts = server.attempts();
    assert_eq!((attempts.len(), server.taken().len()), (4, 2), "{attempts:?}");
    for mail in server.taken() {
        let same = |other: &&Mail| other.header("Message-ID") == mail.header("Message-ID");
        let earlier: Vec<_> = attempts.iter().filter(same).map(|other| &other.to).collect();
        assert_eq!(earlier, [&mail.to, &mail.to], "a mail system can tell the repetition");
    }
}

#[tokio::test]
async fn notifications_wait_until_there_is_a_mail_server() {
    let (folder, server) = (folder("mail"), MailServer::start(0).await.unwrap());
    let (installation, token) = install(&folder.path().join("d"), &["admin", "coordinator"]);
    let program = installation.start(Part::Serve).await;
    let api = warm(&program, &token, "S-1").await;
    notifications(&api, json!({ "configured": false, "pending": 1, "failing": 0, "sent": 0 })).await;
    assert!(program.stop());

    let program = by_mail(&installation, &server.url()).start(Part::Serve).await;
    let api = program.log_in("admin").await;
    notifications(&api, json!({ "configured": true, "pending": 0, "failing": 0, "sent": 1 })).await;
    let to: Vec<_> = server.taken().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(to, ["coordinator@example.org"]);
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_counts_as_a_failed_attempt() {
    let folder = folder("mail");
    let (installation, token) = install(&folder.path().join("d"), &["admin", "coordinator"]);
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", mute.local_addr().unwrap());
    let program = by_mail(&installation, &url).start(Part::Serve).await;
    // Taken by the machine, and never by anybody who would greet.
    let api = warm(&program, &token, "S-1").await;
    let expected = json!({ "configured": true, "pending": 1, "failing": 1, "sent": 0 });
    notifications(&api, expected).await;
}
