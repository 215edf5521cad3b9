//! What a partner's people see of a tenant's shipments: those that their organisation has to do with, and nothing else.

use chrono::Duration;
use e2e::warm::{now, ship};
use e2e::{Api, fleet};
use reqwest::Method;
use serde_json::{Value, json};

use crate::library::{start, user};
use crate::partners::{partner, partners_user};

const BELOW: &[&str] = &["", "/readings", "/assessment", "/assessments", "/custody", "/dispositions"];

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
