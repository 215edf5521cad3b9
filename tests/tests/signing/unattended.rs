//! Boxes are left where nobody is, where their lane allows it.

use chrono::Duration;
use e2e::Api;
use e2e::fleet::text;
use e2e::warm::now;
use serde_json::{Value, json};

use crate::house::{House, act};

struct Way {
    depot: Value,
    shelf: Value,
}

impl Way {
    async fn of(house: &House) -> Self {
        let place = |name: &str, lat: f64| {
            json!({
                "name": name, "storage": ["refrigerated"], "operator": 1,
                "fence": { "circle": { "centre": { "lat": lat, "lon": 11.5 }, "radius_m": 500 } },
                "opening": { "zone": "Europe/Berlin", "weekly": { "mon": ["08:00-16:30"] } },
            })
        };
        let depot = house.owner.post("/places", &place("Depot", 48.0)).await["id"].clone();
        let shelf = house.owner.post("/places", &place("Night shelf", 48.5)).await["id"].clone();
        Self { depot, shelf }
    }

    async fn lane(&self, house: &House, name: &str, unattended: bool) -> Value {
        let lane = json!({
            "name": name, "from": self.depot, "to": self.shelf, "duration": "1h", "unattended": unattended,
        });
        house.owner.post("/lanes", &lane).await["id"].clone()
    }
}

/// The one leg of a shipment, and the shipment on its way with the carrier and offered to `to`.
async fn under_way(house: &House, reference: &str, leg: Option<(&Value, i64)>, to: i64) -> String {
    let shipment = house.packed(reference, 1).await;
    plan(house, &shipment, leg).await;
    house.offered(&shipment, house.carrier.0).await;
    act(&house.carrier.1, &shipment, "accept", json!({})).await.ok(201);
    let offer = json!({ "to": { "organisation": to } });
    act(&house.carrier.1, &shipment, "offer", offer).await.ok(201);
    shipment
}

async fn plan(house: &House, shipment: &str, leg: Option<(&Value, i64)>) {
    let Some((lane, carrier)) = leg else { return };
    let at = now(&house.owner).await;
    let window = |from: i64| json!({ "from": text(at + Duration::hours(from)), "to": text(at + Duration::hours(from + 2)) });
    let leg = json!({ "lane": lane, "carrier": carrier, "pick_up": window(0), "delivery": window(2) });
    let body = json!({ "legs": [leg], "consignee": house.pharmacy.0 });
    house.owner.post(&format!("/shipments/{shipment}/legs"), &body).await;
}

fn left(whereabouts: Value) -> Value {
    json!({ "unattended": true, "whereabouts": whereabouts })
}

fn at(lat: f64) -> Value {
    left(json!({ "lat": lat, "lon": 11.5, "accuracy_m": 20 }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boxes_are_left_where_the_last_legs_lane_allows_it_and_nowhere_else() {
    let house = House::start("left").await;
    let (carrier, pharmacy) = (house.carrier.0, house.pharmacy.0);
    let way = Way::of(&house).await;
    let (allows, forbids) = (way.lane(&house, "Night", true).await, way.lane(&house, "Day", false).await);

    let unplanned = under_way(&house, "S-1", None, pharmacy).await;
    let forbidden = under_way(&house, "S-2", Some((&forbids, carrier)), pharmacy).await;
    let others = under_way(&house, "S-3", Some((&allows, 1)), pharmacy).await;
    let elsewhere = under_way(&house, "S-4", Some((&allows, carrier)), 1).await;
    for (shipment, says) in [
        (&unplanned, "the shipment has no plan"),
        (&forbidden, "the lane of the last leg does not allow it"),
        (&others, "only who carries the last leg"),
        (&elsewhere, "for the consignee alone"),
    ] {
        act(&house.carrier.1, shipment, "accept", at(48.5)).await.refused(409, says);
    }
    let leaving = async |shipment: &str, who: &Api| {
        who.get(&format!("/shipments/{shipment}/custody")).await["leaving"].clone()
    };
    assert_eq!(leaving(&forbidden, &house.carrier.1).await, Value::Null);

    let shipment = under_way(&house, "S-5", Some((&allows, carrier)), pharmacy).await;
    act(&house.carrier.1, &shipment, "accept", json!({ "unattended": true }))
        .await
        .refused(422, "whereabouts");
    act(&house.carrier.1, &shipment, "accept", at(48.51)).await.refused(409, "away from Night shelf");
    let coarse = left(json!({ "lat": 48.5, "lon": 11.5, "accuracy_m": 1001 }));
    act(&house.carrier.1, &shipment, "accept", coarse).await.refused(422, "the position is too coarse");
    // The consignee's own people accept as they always do.
    act(&house.pharmacy.1, &shipment, "accept", at(48.5)).await.refused(409, "only who carries the last leg");
    let mut signed = at(48.5);
    signed["signs"] = json!({ "badge": "PHA-0001" });
    act(&house.carrier.1, &shipment, "accept", signed)
        .await
        .refused(422, "nobody signs where boxes are left");
    let mut wanted = at(48.504);
    wanted["id"] = json!("0198a000-0000-7000-8000-000000000001");
    let accepted = act(&house.carrier.1, &shipment, "accept", wanted.clone()).await.ok(201);
    assert_eq!(accepted["status"], "received");
    let one = &accepted["custody"]["boxes"][0]["custodian"];
    assert_eq!((&one["organisation"]["name"], &one["person"]), (&json!("Pharmacy"), &Value::Null));
    assert_eq!(one["strength"], "unattended");
    let last = &accepted["custody"]["entries"][4];
    assert_eq!(
        (&last["by"]["written_on"], &last["whereabouts"]["lat"]),
        (&json!("Carrier's courier"), &json!(48.504))
    );
    act(&house.carrier.1, &shipment, "accept", wanted).await.ok(200);

    // A lane that was changed allows it no more.
    let shipment = under_way(&house, "S-6", Some((&allows, carrier)), pharmacy).await;
    house.sql("update lanes set unattended = false");
    act(&house.carrier.1, &shipment, "accept", at(48.5)).await.refused(409, "does not allow it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_says_where_if_positions_are_known_and_is_not_on_hold() {
    let house = House::start("left").await;
    let way = Way::of(&house).await;
    let lane = way.lane(&house, "Night", true).await;
    let leg = Some((&lane, house.carrier.0));
    let shipment = under_way(&house, "S-1", leg, house.pharmacy.0).await;
    // Without a position of the tracker the place's name will do.
    act(&house.carrier.1, &shipment, "accept", left(json!({ "place": "Night shelf" }))).await.ok(201);

    let profile = house.owner.post("/profiles", &e2e::fleet::profile()).await;
    let shipment = e2e::fleet::ship(&house.owner, 7, &profile["id"]).await;
    plan(&house, &shipment, leg).await;
    house.offered(&shipment, house.carrier.0).await;
    act(&house.carrier.1, &shipment, "accept", json!({ "quarantine": true })).await.ok(201);
    let offer = json!({ "to": { "organisation": house.pharmacy.0 } });
    act(&house.carrier.1, &shipment, "offer", offer).await.ok(201);
    house.sql(
        "insert into positions
             (organisation_id, tracker_id, measured_at, lat_e7, lon_e7, accuracy_m, source, recorded_at)
         select organisation_id, tracker_id, from_at, 480000000, 115000000, 50, 'network', from_at from assignments",
    );
    let mut named = left(json!({ "place": "Night shelf" }));
    named["quarantine"] = json!(true);
    act(&house.carrier.1, &shipment, "accept", named).await.refused(422, "write lat and lon");
    act(&house.carrier.1, &shipment, "accept", at(48.5)).await.refused(409, "on hold (incomplete)");
    let mut apart = at(48.5);
    apart["quarantine"] = json!(true);
    act(&house.carrier.1, &shipment, "accept", apart).await.refused(409, "somebody must take it over");
}
