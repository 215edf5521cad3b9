//! Late readings amend and withdraw an alert: what was known when and why it changed is kept, and people are told anew
//! only where the meaning changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::Duration;
use e2e::warm::{Target, integrations, now, ship};
use e2e::{Api, Installation, Part, fleet, folder, until};
use serde_json::{Value, json};

const FINE: i16 = 500;
const WARM: i16 = 905;

async fn pending(api: &Api) -> Value {
    api.get("/status").await["notifications"]["pending"].clone()
}

/// The actions on record of an alert, with the reasons.
async fn history(api: &Api, alert: &Value) -> Vec<(String, String)> {
    let entries = api.list(&format!("/alerts/{}/history", alert["id"].as_str().unwrap())).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries.iter().map(|entry| (text(&entry["action"]), text(&entry["detail"]["because"]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amended_alert_tells_nobody_and_a_withdrawn_one_tells_whoever_was_told() {
    let folder = folder("amendments");
    let installation = Installation::embedded(&folder.path().join("d"));
    installation.add_user("admin");
    installation.add_user("quality");
    let token = installation.add_integration("depot", "chirpstack");
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    integrations(&program.url, 1).await;
    let eui = fleet::dev_eui(1);
    let id = ship(&api, "S-1", &eui).await;
    let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };
    let noon = now(&api).await;
    let send = async |sequence: u32, minutes_ago: i64, temperature: i16| {
        target.send(&eui, sequence, noon - Duration::minutes(minutes_ago), temperature).await;
    };
    let alert = async || {
        let alerts = api.list(&format!("/shipments/{id}/alerts")).await;
        alerts.into_iter().find(|alert| alert["kind"] == "temperature_high")
    };

    for (sequence, minutes_ago, temperature) in [(1, 60, WARM), (2, 45, WARM), (6, 30, FINE)] {
        send(sequence, minutes_ago, temperature).await;
    }
    let raised = until("the alert is raised and has ended", async || {
        alert().await.filter(|alert| !alert["ended_at"].is_null())
    })
    .await;
    assert_eq!(pending(&api).await, 1);

    send(0, 75, WARM).await;
    let amended = until("the alert begins earlier", async || {
        alert().await.filter(|alert| alert["began_at"] != raised["began_at"])
    })
    .await;
    assert_eq!((&amended["id"], &amended["state"]), (&raised["id"], &json!("open")));
    assert_eq!(pending(&api).await, 1, "an alert that says the same as before tells nobody again");

    for (sequence, minutes_ago) in [(3, 70), (4, 55), (5, 40)] {
        send(sequence, minutes_ago, FINE).await;
    }
    let withdrawn =
        until("the alert is withdrawn", async || alert().await.filter(|a| a["state"] == "withdrawn")).await;
    assert_eq!(withdrawn["id"], raised["id"]);
    assert_eq!(
        withdrawn["closed_reason"],
        "late readings show that the exposure did not reach the alarm's delay"
    );
    assert_eq!(pending(&api).await, 2);

    let history = history(&api, &withdrawn).await;
    assert_eq!(history.first().unwrap().0, "alert.raised");
    let (last, because) = history.last().unwrap();
    assert_eq!(last, "alert.withdrawn");
    assert!(because.ends_with("arrived late"), "{because}");
    // Something was out of range, whether or not it raised an alarm; only quality ends that.
    let shipment = api.get(&format!("/shipments/{id}")).await;
    assert_eq!(
        (&shipment["hold_reason"], &shipment["forbidden"]),
        (&json!("excursion"), &json!(["accept_into_stock", "dispense"]))
    );
    let verdicts = api.list(&format!("/shipments/{id}/assessments")).await;
    let causes: Vec<&Value> = verdicts.iter().map(|past| &past["cause"]).collect();
    assert_eq!(causes.first(), Some(&&json!("late_readings")));
    assert_eq!(causes.last(), Some(&&json!("bound")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracker_that_reports_too_seldom_for_the_profile_is_bound_with_a_warning() {
    let folder = folder("seldom");
    let installation = Installation::embedded(&folder.path().join("d"));
    installation.add_user("admin");
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    let profile = api.post("/profiles", &fleet::profile()).await["id"].clone();
    let made = api.post("/shipments", &json!({ "reference": "S-1", "profile": profile })).await;
    let trackers = format!("/shipments/{}/trackers", made["id"].as_str().unwrap());
    // Readings stand for 40 minutes: 2.5 times 16.
    for (tracker, interval, warnings) in [(1, 960, 0), (2, 961, 1)] {
        let eui = fleet::dev_eui(tracker);
        let body = json!({ "dev_eui": eui, "name": "box", "codec": "isotherm", "interval_s": interval });
        api.post("/trackers", &body).await;
        let bound =
            api.post(&trackers, &json!({ "dev_eui": eui, "from": fleet::text(now(&api).await) })).await;
        assert_eq!(bound["warnings"].as_array().unwrap().len(), warnings, "{interval}: {bound}");
    }
}
