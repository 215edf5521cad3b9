//! `isotherm simulate` against a service, as an operator uses it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use e2e::warm::integrations;
use e2e::{Installation, Part, folder, program, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn simulate(arguments: &[&str], token: &str) -> Child {
    // setpriv becomes the program; the kernel ends it with this test.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]).arg(program()).arg("simulate").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{token}").unwrap();
    child
}

/// What it printed, once it has ended with that code.
fn ended(child: Child, code: i32) -> (String, String) {
    let output = child.wait_with_output().unwrap();
    let (out, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(code), "{told}");
    (out, told)
}

/// Nobody listens there now.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_fleet_is_listed_registered_heard_answered_and_ended() {
    let (folder, downlinks) = (folder("simulate"), free_address());
    let installation = Installation::embedded(&folder.path().join("d"));
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let installation = installation
        .with("ISOTHERM_DOWNLINKS__DEPOT__URL", &format!("http://{downlinks}"))
        .with("ISOTHERM_DOWNLINKS__DEPOT__KEY", &token);
    let service = installation.start(Part::Serve).await;
    let api = service.log_in("admin").await;
    integrations(&service.url, 1).await;
    let of = ["--trackers", "12", "--seed", "7"];

    let mut listing = simulate(&[&of[..], &["--list"]].concat(), "");
    let mut listed = String::new();
    listing.stdout.take().unwrap().read_to_string(&mut listed).unwrap();
    assert!(listing.wait().unwrap().success());
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), 12);
    for tracker in &listed {
        api.post("/trackers", tracker).await;
    }

    let url = format!("{}/webhooks/depot", service.url);
    let call = ["--url", &url, "--token-stdin", "--downlinks", &downlinks];
    let (_, told) = ended(simulate(&[&of[..], &call].concat(), "another token"), 2);
    assert!(told.lines().last().unwrap().contains("401"), "{told}");

    let fast = ["--hours", "240", "--speed", "3600"];
    let fleet = simulate(&[&of[..], &call, &fast].concat(), &token);
    // Whose answer is lost is told again half an hour later, by the service's clock.
    until("a tracker says that an acknowledgement came", async || {
        for tracker in &listed {
            let path = format!("/trackers/{}/downlinks", tracker["dev_eui"].as_str().unwrap());
            let is_told = |downlink: &Value| {
                let commands = downlink["commands"].as_array().unwrap();
                downlink["state"] == "acknowledged"
                    && commands.iter().any(|command| command["kind"] == "acknowledge")
            };
            if api.list(&path).await.iter().any(is_told) {
                return Some(());
            }
        }
        None
    })
    .await;
    kill_process(Pid::from_child(&fleet), Signal::INT).unwrap();
    let (figures, told) = ended(fleet, 0);
    let figures: Value = serde_json::from_str(&figures).unwrap();
    let more_than_0 = |figure: &Value| figure.as_u64().unwrap() > 0;
    assert_eq!(figures["webhooks"]["refused"], 0, "{told}");
    for figure in [&figures["webhooks"]["taken"], &figures["downlinks"], &figures["entries"]["acknowledged"]]
    {
        assert!(more_than_0(figure), "{figures}");
    }
    assert!(told.contains(listed[0]["dev_eui"].as_str().unwrap()), "{told}");
    assert!(told.contains(&format!("http://{downlinks}")), "{told}");
}
