//! What a partner's people see of a tenant's shipments: those that their organisation has to do with, and nothing else.

use chrono::{DateTime, Duration, Utc};
use e2e::warm::{now, ship};
use e2e::{Api, fleet};
use reqwest::Method;
use serde_json::{Value, json};

use crate::library::{start, user};
use crate::partners::{partner, partners_user};

const BELOW: &[&str] = &[
    "",
    "/readings",
    "/assessment",
    "/assessments",
    "/custody",
    "/dispositions",
    "/plan",
    "/positions",
    "/whereabouts",
];

async fn references(api: &Api, path: &str) -> Vec<Value> {
    let mut references: Vec<Value> = api.list(path).await.iter().map(|s| s["reference"].clone()).collect();
    references.sort_by_key(Value::to_string);
    references
}

#[tokio::test]
async fn partners_see_the_shipments_that_they_have_to_do_with_and_nothing_else() {
    let (installation, program, _kept) = start("sight").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let carrier = partner(&admin, "carrier", "Carrier").await;
    let other = partner(&admin, "carrier", "Other carrier").await;
    let mut shipments = Vec::new();
    for (number, reference) in [(1, "S-1"), (2, "S-2")] {
        shipments.push(ship(&admin, reference, &fleet::dev_eui(number)).await);
    }
    let (own, foreign) = (&shipments[0], &shipments[1]);
    let pallet = json!({ "kind": "pallet", "reference": "P-1" });
    let pallet = admin.post("/parents", &pallet).await["id"].as_str().unwrap().to_owned();
    let from = fleet::text(now(&admin).await - Duration::minutes(5));
    for shipment in &shipments {
        let fill = json!({ "shipment": shipment, "from": from });
        admin.post(&format!("/parents/{pallet}/boxes"), &fill).await;
    }
    let dispatcher = partners_user(&admin, &program, carrier, "d@carrier.example", "dispatcher").await;
    let courier = partners_user(&admin, &program, carrier, "c@carrier.example", "courier").await;
    let stranger = partners_user(&admin, &program, other, "d@other.example", "dispatcher").await;
    let status = async |api: &Api, path: &str| api.send(Method::GET, path, None).await.status;
    assert_eq!(
        references(&dispatcher, "/shipments").await,
        [Value::Null; 0],
        "nothing was offered to it yet"
    );
    assert_eq!(status(&dispatcher, &format!("/shipments/{own}")).await, 404);

    let offer = json!({ "to": { "organisation": carrier }, "condition": "intact" });
    admin.post(&format!("/shipments/{own}/custody/offer"), &offer).await;
    for api in [&dispatcher, &courier] {
        assert_eq!(references(api, "/shipments").await, ["S-1"]);
        assert_eq!(references(api, "/shipments?reference=S-").await, ["S-1"]);
        for part in BELOW {
            assert_eq!(status(api, &format!("/shipments/{own}{part}")).await, 200, "{part}");
            assert_eq!(status(api, &format!("/shipments/{foreign}{part}")).await, 404, "{part}");
        }
        let held = api.get(&format!("/parents/{pallet}")).await;
        let held: Vec<&Value> =
            held["boxes"].as_array().unwrap().iter().map(|stay| &stay["reference"]).collect();
        assert_eq!(held, ["S-1"], "of a shared pallet its own boxes");
        assert_eq!(status(api, "/recalls").await, 403);
    }
    assert_eq!(status(&courier, &format!("/shipments/{own}/alerts")).await, 200);
    assert_eq!(status(&courier, &format!("/shipments/{foreign}/alerts")).await, 404);
    assert_eq!(courier.list("/alerts").await, [Value::Null; 0]);
    assert_eq!(references(&stranger, "/shipments").await, [Value::Null; 0]);
    assert_eq!(stranger.list("/parents").await, [Value::Null; 0]);
    assert_eq!(status(&stranger, &format!("/parents/{pallet}")).await, 404);
    assert_eq!(references(&admin, "/shipments").await, ["S-1", "S-2"]);

    // The role is a partner's, also where somebody gave it to one of the tenant's own.
    let misplaced = user(&installation, &program, "north", "dispatcher").await;
    assert_eq!(references(&misplaced, "/shipments").await, [Value::Null; 0]);
    assert_eq!(status(&misplaced, &format!("/shipments/{own}")).await, 404);
}

/// A leg with these ends, from so many hours from now on.
fn leg(ends: [&Value; 2], (carrier, courier): (i64, &Value), at: DateTime<Utc>) -> Value {
    let window = |from| json!({ "from": fleet::text(from), "to": fleet::text(from + Duration::hours(1)) });
    json!({
        "from": ends[0], "to": ends[1], "carrier": carrier, "courier": courier, "pick_up": window(at),
        "delivery": window(at + Duration::hours(1)),
    })
}

#[tokio::test]
async fn partners_see_the_way_of_their_shipments_and_not_what_is_others_business() {
    let (installation, program, _kept) = start("way").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let [first, second] =
        [partner(&admin, "carrier", "First").await, partner(&admin, "carrier", "Second").await];
    let stranger = partner(&admin, "carrier", "Stranger").await;
    let courier = partners_user(&admin, &program, first, "c@first.example", "courier").await;
    let dispatcher = partners_user(&admin, &program, second, "d@second.example", "dispatcher").await;
    let stranger = partners_user(&admin, &program, stranger, "d@stranger.example", "dispatcher").await;
    let mut places = Vec::new();
    for (name, lat, operator) in
        [("Depot", 48.0, None), ("Ward", 48.5, None), ("Yard", 49.0, Some(first)), ("Door", 50.0, None)]
    {
        let fence = json!({ "circle": { "centre": { "lat": lat, "lon": 11.5 }, "radius_m": 500 } });
        let place = json!({ "name": name, "fence": fence, "operator": operator, "storage": ["frozen"] });
        places.push(admin.post("/places", &place).await["id"].clone());
    }
    let shipment = ship(&admin, "S-1", &fleet::dev_eui(1)).await;
    let below = |part: &str| format!("/shipments/{shipment}/{part}");
    let me = courier.get("/me").await["id"].clone();
    let other = dispatcher.get("/me").await["id"].clone();
    let at = now(&admin).await + Duration::hours(1);
    let legs = [
        leg([&places[0], &places[1]], (first, &me), at),
        leg([&places[1], &places[0]], (second, &other), at + Duration::hours(3)),
    ];
    let circle = admin.list("/organisations").await;
    let consignee = &circle.iter().find(|one| one["is_tenant"] == true).unwrap()["id"];
    let plan = json!({ "consignee": consignee, "legs": legs });
    let made = admin.post(&below("legs"), &plan).await;
    assert!(!made["warnings"].as_array().unwrap().is_empty(), "{made}");
    // Where it was: at the yard of one carrier, and at a door that is nobody's on this way.
    for lat in [49.0, 50.0] {
        let whereabouts = json!({ "lat": lat, "lon": 11.5, "accuracy_m": 20 });
        let offer = json!({ "to": { "organisation": first }, "whereabouts": whereabouts });
        let offered = admin.post(&below("custody/offer"), &offer).await;
        let back = json!({ "answers": offered["entry"], "reason": "not yet" });
        admin.post(&below("custody/withdraw"), &back).await;
    }

    for (api, own) in [(&courier, 0), (&dispatcher, 1)] {
        let mut expected = made.clone();
        expected["warnings"] = json!([]);
        expected["legs"][1 - own]["courier"] = Value::Null;
        assert_eq!(api.get(&below("plan")).await, expected);
    }
    let visits = async |api: &Api| -> Vec<String> {
        let shown = api.get(&below("whereabouts")).await;
        let name = |visit: &Value| visit["place"]["name"].as_str().unwrap().to_owned();
        shown["visits"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(visits(&admin).await, ["Yard", "Door"]);
    assert_eq!(visits(&courier).await, ["Yard"], "its own");
    assert_eq!(visits(&dispatcher).await, [""; 0]);
    for part in ["plan", "positions", "whereabouts"] {
        assert_eq!(stranger.send(Method::GET, &below(part), None).await.status, 404, "{part}");
    }
}

#[tokio::test]
async fn partners_read_alerts_without_the_tenants_house_and_other_partners_lapses() {
    let (installation, program, _kept) = start("lapses").await;
    let admin = user(&installation, &program, "north", "admin").await;
    let shipment = ship(&admin, "S-1", &fleet::dev_eui(1)).await;
    let mut people = Vec::new();
    for (name, email) in
        [("First carrier", "first@carrier.example"), ("Second carrier", "second@carrier.example")]
    {
        let id = partner(&admin, "carrier", name).await;
        let auditor = format!("auditor-{email}");
        let auditor = partners_user(&admin, &program, id, &auditor, "auditor").await;
        people.push((id, partners_user(&admin, &program, id, email, "courier").await, auditor));
    }
    // Nobody is under contract or trained.
    let mut from = &admin;
    for (id, courier, _) in &people {
        let offer = json!({ "to": { "organisation": id } });
        from.post(&format!("/shipments/{shipment}/custody/offer"), &offer).await;
        courier.post(&format!("/shipments/{shipment}/custody/accept"), &json!({ "quarantine": true })).await;
        from = courier;
    }
    let own = json!({ "what_to_do": "Ring the night desk.", "who_to_call": "Night desk, 4711" });
    let put = admin.send(Method::PUT, "/runbooks/custodian_unqualified", Some(&own)).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let path = format!("/shipments/{shipment}/alerts");
    let lapses = async |api: &Api| {
        let alerts = api.list(&path).await;
        alerts.into_iter().filter(|alert| alert["kind"] == "custodian_unqualified").collect::<Vec<_>>()
    };
    let all = e2e::until("both lapses", async || {
        let all = lapses(&admin).await;
        (all.len() == 2).then_some(all)
    })
    .await;
    let dispatcher = partners_user(&admin, &program, people[0].0, "d@carrier.example", "dispatcher").await;
    let shown = format!("/shipments/{shipment}");
    assert!(people[0].1.get(&shown).await["open_alerts"].as_u64().unwrap() >= 1, "a courier reads alerts");
    assert_eq!(dispatcher.get(&shown).await["open_alerts"], Value::Null, "and a dispatcher does not");
    assert_eq!(dispatcher.get("/shipments").await["items"][0]["open_alerts"], Value::Null);
    for alert in &all {
        let path = format!("/alerts/{}/acknowledge", alert["id"].as_str().unwrap());
        admin.send(Method::POST, &path, Some(&json!({ "reason": "their contract is on its way" }))).await;
    }
    let all = lapses(&admin).await;
    assert!(all.iter().all(|alert| alert["runbook"]["who_to_call"] == "Night desk, 4711"), "{all:?}");
    assert!(all.iter().any(|alert| alert["acknowledged_by"] == "admin@north.example"), "{all:?}");
    for ((_, courier, auditor), (own, other)) in people.iter().zip([("first", "second"), ("second", "first")])
    {
        let seen = lapses(courier).await;
        let [alert] = &seen[..] else { panic!("{seen:?}") };
        assert!(alert["detail"].as_str().unwrap().contains(own), "{alert}");
        assert!(
            own == "first" || alert["acknowledged_by"] == "north",
            "the house, and nobody of it: {alert}"
        );
        let listed = json!(courier.list(&path).await).to_string();
        let kept = auditor_reads(&program, auditor, &shipment).await;
        for text in [&listed, &kept] {
            for hidden in ["4711", "admin@north.example", &format!("{other}@carrier.example had")] {
                assert!(!text.contains(hidden), "{hidden}: {text}");
            }
        }
        let id = alert["id"].as_str().unwrap();
        for part in ["history", "attempts"] {
            let answer = auditor.send(Method::GET, &format!("/alerts/{id}/{part}"), None).await;
            assert_eq!(answer.status, 404, "{part}");
        }
    }
}

/// The alerts of an evidence package, whose files are stored as they are.
async fn auditor_reads(program: &e2e::Program, auditor: &Api, shipment: &str) -> String {
    let url = format!("{}/api/v1/shipments/{shipment}/evidence", program.url);
    let answer = reqwest::Client::new().get(url).bearer_auth(auditor.token()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let package = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
    let (_, alerts) = package.split_once("alerts.json").unwrap();
    alerts.split_once("signatures.json").unwrap().0.to_owned()
}
