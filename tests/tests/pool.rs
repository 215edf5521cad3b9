//! How shipments end on the way, and where their trackers are then.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};

use chrono::Duration;
use domain::shipment::ShipmentStatus;
use e2e::warm::{bind, now, ship};
use e2e::{Api, Installation, Part, fleet, folder, login_of, program};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::postgres::{database, psql};

/// Runs `test` on a program of its own, as an admin, with a way to its database.
async fn with_program(name: &str, test: impl AsyncFnOnce(&Api, &dyn Fn(&str) -> String)) {
    let (folder, database) = (folder(name), database(None).unwrap());
    let installation =
        Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
    let program = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let api = program.log_in("admin").await;
    test(&api, &|statement| psql(&database.url(), statement).unwrap()).await;
}

/// What a 409 says.
async fn conflict(api: &Api, path: &str, body: &Value) -> String {
    let answer = api.send(Method::POST, path, Some(body)).await;
    assert_eq!(answer.status, 409, "{path}: {answer:?}");
    answer.json()["detail"].as_str().unwrap().to_owned()
}

async fn pool_of(api: &Api, dev_eui: &str) -> Value {
    api.get(&format!("/trackers/{dev_eui}")).await["pool"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_each_status_a_shipment_is_called_off_or_turns_back_or_neither() {
    with_program("endings", async |api, sql| {
        let profile = api.post("/profiles", &fleet::profile()).await["id"].clone();
        let why = json!({ "reason": "the order is off" });
        for (number, status) in ShipmentStatus::ALL.iter().copied().enumerate() {
            for (action, may) in
                [("cancel", status.may_become(ShipmentStatus::Cancelled)), ("return", status.may_turn_back())]
            {
                let made = json!({ "reference": format!("{action}-{number}"), "profile": profile });
                let id = api.post("/shipments", &made).await["id"].as_str().unwrap().to_owned();
                sql(&format!("update shipments set status = '{status}' where id = '{id}'"));
                let path = format!("/shipments/{id}/{action}");
                assert_eq!(api.send(Method::POST, &path, Some(&json!({ "reason": " " }))).await.status, 422);
                if !may {
                    assert!(conflict(api, &path, &why).await.contains(status.as_str()), "{status} {action}");
                    continue;
                }
                let ended = api.post(&path, &why).await;
                assert!(!conflict(api, &path, &why).await.is_empty(), "{status} {action}: once");
                if action == "cancel" {
                    assert_eq!((&ended["status"], &ended["on_hold"]), (&json!("cancelled"), &json!(false)));
                    assert_eq!(ended["cancelled"]["reason"], why["reason"]);
                } else {
                    assert_eq!(
                        (&ended["status"], &ended["hold_reason"]),
                        (&json!(status), &json!("returned"))
                    );
                    assert_eq!(ended["turned_back"]["reason"], why["reason"]);
                    assert_eq!(ended["forbidden"], json!(["accept_into_stock", "dispense"]));
                }
                let entry = format!(
                    "select detail->>'reason' from audit_entries where subject = '{id}'
                    and action in ('shipment.cancelled', 'shipment.turned_back')"
                );
                assert_eq!(sql(&entry).trim(), "the order is off");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_that_is_called_off_sets_its_trackers_free_at_once() {
    with_program("called-off", async |api, _| {
        let eui = fleet::dev_eui(1);
        let id = ship(api, "S-1", &eui).await;
        assert_eq!(pool_of(api, &eui).await, "bound");
        let off =
            api.post(&format!("/shipments/{id}/cancel"), &json!({ "reason": "the order is off" })).await;
        assert!(off["trackers"][0]["until"].is_string(), "{off}");
        assert_eq!(pool_of(api, &eui).await, "available", "nobody had taken it over");
        let profile = off["profile"]["id"].clone();
        let next = api.post("/shipments", &json!({ "reference": "S-2", "profile": profile })).await;
        let later = now(api).await + Duration::seconds(1);
        bind(api, next["id"].as_str().unwrap(), &eui, later).await;
        assert_eq!(pool_of(api, &eui).await, "bound");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_is_out_until_somebody_says_that_it_is_back_and_a_lost_one_does_not_ride() {
    with_program("pool", async |api, sql| {
        let (eui, other) = (fleet::dev_eui(1), fleet::dev_eui(2));
        api.post("/trackers", &json!({ "dev_eui": other, "name": "spare", "codec": "isotherm" })).await;
        let id = ship(api, "S-1", &eui).await;
        let (returned, lost) = (format!("/trackers/{eui}/returned"), format!("/trackers/{eui}/lost"));
        let why = json!({ "reason": "the hospital cannot find it" });
        assert!(conflict(api, &returned, &json!({})).await.contains("rides with shipment S-1"));
        assert!(conflict(api, &format!("/trackers/{other}/returned"), &json!({})).await.contains("is not out"));

        let until = fleet::text(now(api).await - Duration::minutes(1));
        api.post(&format!("/shipments/{id}/trackers/{eui}/unbind"), &json!({ "until": until })).await;
        let shown = api.get(&format!("/trackers/{eui}")).await;
        assert_eq!((&shown["pool"], &shown["last_ride"]["until"]), (&json!("to_return"), &json!(until)));
        assert_eq!(shown["last_ride"]["shipment_reference"], "S-1");
        sql(&format!("update assignments set until_at = until_at - interval '15 days', from_at = from_at - interval '15 days'
            where shipment_id = '{id}'"));
        assert_eq!(pool_of(api, &eui).await, "overdue");
        sql(&format!("update shipments set days_to_return = 16 where id = '{id}'"));
        assert_eq!(pool_of(api, &eui).await, "to_return", "its shipment gives it 16 days");

        let profile = api.get(&format!("/shipments/{id}")).await["profile"]["id"].clone();
        let made = json!({ "reference": "S-2", "profile": profile, "days_to_return": 7 });
        let next = api.post("/shipments", &made).await;
        assert_eq!(next["days_to_return"], 7);
        let trackers = format!("/shipments/{}/trackers", next["id"].as_str().unwrap());
        let ride = json!({ "dev_eui": eui, "from": fleet::text(now(api).await) });
        let marked = api.post(&lost, &why).await;
        assert_eq!((&marked["pool"], marked["lost_at"].is_string()), (&json!("lost"), true));
        assert!(conflict(api, &lost, &why).await.contains("lost already"));
        assert!(conflict(api, &trackers, &ride).await.contains("say first that it is back"));
        let back = api.post(&returned, &json!({ "remark": "behind the fridge" })).await;
        assert_eq!(back["pool"], "available");
        assert_eq!(api.post(&trackers, &ride).await["warnings"], json!([]));

        let by_state = async |state: &str| -> Vec<Value> {
            let listed = api.list(&format!("/trackers?pool={state}")).await;
            listed.iter().map(|tracker| tracker["dev_eui"].clone()).collect()
        };
        assert_eq!(by_state("available").await, [json!(other)]);
        assert_eq!(by_state("bound").await, [json!(eui)]);
        assert_eq!(by_state("lost").await, [Value::Null; 0]);
        assert_eq!(api.send(Method::GET, "/trackers?pool=gone", None).await.status, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_that_nobody_called_back_rides_with_a_warning() {
    with_program("not-back", async |api, _| {
        let eui = fleet::dev_eui(1);
        let id = ship(api, "S-1", &eui).await;
        let until = fleet::text(now(api).await - Duration::minutes(1));
        let ended =
            api.post(&format!("/shipments/{id}/trackers/{eui}/unbind"), &json!({ "until": until })).await;
        let made = json!({ "reference": "S-2", "profile": ended["profile"]["id"] });
        let next = api.post("/shipments", &made).await["id"].as_str().unwrap().to_owned();
        let ride = json!({ "dev_eui": eui, "from": fleet::text(now(api).await) });
        let bound = api.post(&format!("/shipments/{next}/trackers"), &ride).await;
        let warnings = bound["warnings"].to_string();
        assert!(warnings.contains("left shipment S-1") && warnings.contains("nobody has said"), "{warnings}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provisioned_tracker_is_registered_once_and_available() {
    let folder = folder("provisioned");
    let installation = Installation::embedded(&folder.path().join("d"));
    let service = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let (email, password) = login_of("admin");
    let provision = |name: &str, password: &str| {
        let out = folder.path().join(name);
        let mut call = Command::new(program());
        call.args(["tracker", "provision", "--dev-eui", "70B3D57E5E000001", "--name", name]);
        call.args(["--service", &service.url, "--email", &email]).arg("--out").arg(&out);
        let mut child =
            call.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), out.join("keys.bin").exists(), told)
    };
    let (done, is_there, told) = provision("Cold box 17", "a wrong password");
    assert!(!done && !is_there && told.contains("401"), "{told}");
    assert_eq!(provision("Cold box 17", &password), (true, true, String::new()));
    let api = service.log_in("admin").await;
    let tracker = api.get("/trackers/70b3d57e5e000001").await;
    assert_eq!((&tracker["name"], &tracker["codec"]), (&json!("Cold box 17"), &json!("isotherm")));
    assert_eq!(tracker["pool"], "available");
    let (done, is_there, told) = provision("Cold box 18", &password);
    assert!(!done && !is_there && told.contains("registered already"), "{told}");
}
