//! Quality decides on shipments: what a release covers and what brings the hold back, what stays kept from use, and when
//! nothing may be decided at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::Duration;
use domain::shipment::{Disposition, HoldReason, ShipmentStatus};
use e2e::warm::{Target, integrations, now, ship};
use e2e::{Answer, Api, Installation, Part, Program, fleet, folder, until};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::{Database, database, psql};

/// A program with people and an integration, and what must live as long.
struct House {
    installation: Installation,
    program: Program,
    target: Target,
    admin: Api,
    quality: Api,
    _kept: (TempDir, Database),
}

impl House {
    async fn start(name: &str) -> Self {
        let (folder, database) = (folder(name), database(None).unwrap());
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        installation.add_user("quality");
        let token = installation.add_integration("depot", "chirpstack");
        integrations(&program.url, 1).await;
        let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };
        let (admin, quality) = (program.log_in("admin").await, program.log_in("quality").await);
        Self { installation, program, target, admin, quality, _kept: (folder, database) }
    }

    fn sql(&self, statement: &str) -> String {
        psql(&self.installation.database_url(), statement).unwrap()
    }

    async fn send(&self, dev_eui: &str, sequence: u32, minutes_ago: i64, temperature: i16) {
        let at = now(&self.admin).await - Duration::minutes(minutes_ago);
        self.target.send(dev_eui, sequence, at, temperature).await;
    }

    async fn shipment(&self, id: &str) -> Value {
        self.quality.get(&format!("/shipments/{id}")).await
    }

    /// Waits until the shipment has so many readings.
    async fn has_readings(&self, id: &str, count: usize) {
        until("the readings are there", async || {
            (self.quality.list(&format!("/shipments/{id}/readings")).await.len() == count).then_some(())
        })
        .await;
    }

    async fn digest(&self, id: &str) -> Value {
        self.quality.get(&format!("/shipments/{id}/assessment")).await["digest"].clone()
    }
}

fn request(decision: &str) -> Value {
    json!({ "decision": decision, "meaning": "Decided by the Responsible Person", "reason": "Within the stability data",
        "password": "the quality's long password" })
}

fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

async fn decide(api: &Api, id: &str, request: &Value) -> Answer {
    api.send(Method::POST, &format!("/shipments/{id}/disposition"), Some(request)).await
}

/// What a 409 says.
async fn conflict(api: &Api, id: &str, request: &Value) -> String {
    let answer = decide(api, id, request).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_settles_what_is_known_and_a_late_reading_that_is_worse_holds_again() {
    let house = House::start("release").await;
    let eui = fleet::dev_eui(1);
    let id = ship(&house.admin, "S-1", &eui).await;
    house.target.send_warm(&house.admin, &eui).await;
    house.has_readings(&id, 4).await;
    assert_eq!(house.shipment(&id).await["hold_reason"], "excursion");
    let lasts = conflict(&house.quality, &id, &request("release")).await;
    assert!(lasts.contains(&eui) && lasts.contains("out of range at this moment"), "{lasts}");
    let seen = house.digest(&id).await;
    house.send(&eui, 4, 5, 500).await;
    house.has_readings(&id, 5).await;

    let release = request("release");
    for (who, request, status) in [
        (&house.admin, release.clone(), 403),
        (&house.quality, with(release.clone(), "password", json!("another password")), 401),
        (&house.quality, with(release.clone(), "meaning", json!(" ")), 422),
        (&house.quality, with(release.clone(), "reason", json!("")), 422),
        (&house.quality, with(release.clone(), "decision", json!("dispense")), 422),
        (&house.quality, with(release.clone(), "lifts_recall", json!(true)), 409),
        (&house.quality, with(release.clone(), "seen", seen), 409),
    ] {
        let answer = decide(who, &id, &request).await;
        assert_eq!(answer.status, status, "{request}: {answer:?}");
    }
    assert_eq!(house.shipment(&id).await["disposition"], Value::Null);

    let seen = house.digest(&id).await;
    let released = decide(&house.quality, &id, &with(release, "seen", seen.clone())).await.ok();
    assert_eq!((&released["hold"], &released["digest"]), (&json!("excursion"), &seen));
    let warned = released["warnings"].to_string();
    assert!(
        warned.contains("unknown") && warned.contains("not approved") && warned.contains("1 of its alerts")
    );
    let shown = house.shipment(&id).await;
    assert_eq!((&shown["on_hold"], &shown["forbidden"]), (&json!(false), &json!([])));
    assert_eq!((&shown["disposition"]["decision"], &shown["status"]), (&json!("release"), &json!("packed")));
    assert_eq!(shown["disposition"]["by"], "quality@example.org");

    // Late and fine: less is unknown than was released.
    house.send(&eui, 5, 110, 500).await;
    house.has_readings(&id, 6).await;
    assert_eq!(house.shipment(&id).await["on_hold"], false);
    // Late and warm, where nothing was known: worse than what was released, and the verdict is the same.
    house.send(&eui, 6, 80, 905).await;
    house.has_readings(&id, 7).await;
    assert_eq!(house.shipment(&id).await["hold_reason"], "excursion");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_stays_kept_from_use_and_each_decision_is_kept_with_what_it_was_taken_on() {
    let house = House::start("reject").await;
    let eui = fleet::dev_eui(1);
    let id = ship(&house.admin, "S-1", &eui).await;
    house.target.send_warm(&house.admin, &eui).await;
    house.has_readings(&id, 4).await;
    for (decision, forbidden) in [
        ("reject", json!(["return_to_consignor", "accept_into_stock", "dispense"])),
        ("return", json!(["accept_into_stock", "dispense"])),
        ("destroy", json!(["return_to_consignor", "accept_into_stock", "dispense"])),
    ] {
        decide(&house.quality, &id, &request(decision)).await.ok();
        let shown = house.shipment(&id).await;
        assert_eq!((&shown["hold_reason"], &shown["forbidden"]), (&json!("decision"), &forbidden));
        let again = conflict(&house.quality, &id, &request(decision)).await;
        assert!(again.contains("already"), "{again}");
        let release = conflict(&house.quality, &id, &request("release")).await;
        assert!(release.contains("kept from use"), "{release}");
    }
    house.send(&eui, 4, 5, 500).await;
    house.has_readings(&id, 5).await;
    assert_eq!(house.shipment(&id).await["hold_reason"], "decision");

    let kept = house.quality.list(&format!("/shipments/{id}/dispositions")).await;
    let decisions: Vec<_> = kept.iter().map(|kept| kept["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["destroy", "return", "reject"]);
    let on = &kept[2]["decided_on"];
    assert_eq!((&kept[2]["assessment"], &kept[2]["hold"]), (&json!("excursion"), &json!("excursion")));
    assert_eq!(
        (&on["trackers"][0]["dev_eui"], &on["trackers"][0]["assessment"]["readings"]),
        (&json!(eui), &json!(4))
    );
    assert!(on["coverage"]["out_of_range_s"].as_i64().unwrap() > 0, "{on}");
    let audit = "select count(*) from audit_entries where action = 'shipment.decided'
        and detail->>'by' = 'quality@example.org'";
    assert_eq!(house.sql(audit).trim(), "3");
    for change in
        ["update dispositions set reason = 'x'", "delete from dispositions", "truncate dispositions cascade"]
    {
        let refused = psql(&house.installation.database_url(), change).unwrap_err().to_string();
        assert!(refused.contains("never changed or removed"), "{refused}");
    }
    let stranger = house.program.log_in("admin").await;
    assert_eq!(stranger.list(&format!("/shipments/{id}/dispositions")).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_each_status_quality_decides_on_a_hold_and_without_one_only_after_receipt() {
    let house = House::start("status").await;
    let profile = house.admin.post("/profiles", &fleet::profile()).await["id"].clone();
    let mut number = 0;
    for status in ShipmentStatus::ALL.iter().copied() {
        for (hold, decision) in [
            (None, Disposition::Release),
            (None, Disposition::Reject),
            (Some(HoldReason::Incomplete), Disposition::Release),
            (Some(HoldReason::Returned), Disposition::Return),
        ] {
            number += 1;
            let made = json!({ "reference": format!("S-{number}"), "profile": profile });
            let id = house.admin.post("/shipments", &made).await["id"].as_str().unwrap().to_owned();
            let held = hold.map_or("null".to_owned(), |hold| format!("'{hold}'"));
            house.sql(&format!("update shipments set status = '{status}', hold = {held} where id = '{id}'"));
            let answer = decide(&house.quality, &id, &request(decision.as_str())).await;
            let expected = if status.may_be_decided(hold) { 201 } else { 409 };
            assert_eq!(answer.status, expected, "{status} {hold:?} {decision}: {answer:?}");
            let shown = house.shipment(&id).await;
            if expected == 409 {
                assert_eq!(shown["status"], status.as_str());
                continue;
            }
            assert_eq!(shown["status"], status.after(decision).as_str(), "{status} {decision}");
            let left = if decision.is_final() { json!("decision") } else { Value::Null };
            assert_eq!(shown["hold_reason"], left, "{status} {decision}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recall_is_lifted_by_a_release_that_says_so_and_too_little_known_is_refused_where_the_profile_says_so()
 {
    let house = House::start("recall").await;
    let mut profile = fleet::profile();
    profile["coverage"] = json!({ "min_for_release_pct": 95.5 });
    let profile = house.admin.post("/profiles", &profile).await["id"].clone();
    let made = json!({ "reference": "S-1", "profile": profile });
    let bare = house.admin.post("/shipments", &made).await["id"].as_str().unwrap().to_owned();
    house.sql(&format!("update shipments set status = 'received', hold = 'incomplete' where id = '{bare}'"));
    let refused = conflict(&house.quality, &bare, &request("release")).await;
    assert!(refused.contains("no tracker rode"), "{refused}");
    decide(&house.quality, &bare, &request("destroy")).await.ok();
    assert_eq!(house.shipment(&bare).await["status"], "closed");

    let eui = fleet::dev_eui(1);
    let id = ship(&house.admin, "S-2", &eui).await;
    house.sql(&format!("update shipments set status = 'received', hold = 'recall' where id = '{id}'"));
    let refused = conflict(&house.quality, &id, &request("release")).await;
    assert!(refused.contains("recalled"), "{refused}");
    let lifted =
        decide(&house.quality, &id, &with(request("release"), "lifts_recall", json!(true))).await.ok();
    assert_eq!((&lifted["hold"], &lifted["lifts_recall"]), (&json!("recall"), &json!(true)));
    let shown = house.shipment(&id).await;
    assert_eq!((&shown["on_hold"], &shown["status"]), (&json!(false), &json!("closed")));
    // What was received and decided on needs no tracker any more.
    assert!(shown["trackers"][0]["until"].is_string(), "{shown}");

    // Late data count for a closed shipment, too.
    house.send(&eui, 0, 60, 905).await;
    house.has_readings(&id, 1).await;
    assert_eq!(house.shipment(&id).await["hold_reason"], "excursion");
}
