//! Places, lanes and plans through the API, and where a shipment is by what its network reports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Duration, Utc};
use e2e::warm::{Target, integrations, now, ship};
use e2e::{Api, Installation, Part, fleet, folder, until};
use reqwest::{Client, Method};
use serde_json::{Value, json};

fn circle(lat: f64, lon: f64) -> Value {
    json!({ "circle": { "centre": { "lat": lat, "lon": lon }, "radius_m": 500 } })
}

fn place(name: &str, lat: f64) -> Value {
    json!({
        "name": name, "fence": circle(lat, 11.5), "storage": ["refrigerated"], "operator": 1,
        "opening": { "zone": "Europe/Berlin", "weekly": { "mon": ["08:00-16:30"] } },
    })
}

async fn refused(api: &Api, path: &str, body: &Value) -> (u16, String) {
    let answer = api.send(Method::POST, path, Some(body)).await;
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

async fn two_places(api: &Api) -> [Value; 2] {
    let [from, to] = [place("Depot", 48.0), place("Pharmacy", 48.5)];
    [api.post("/places", &from).await["id"].clone(), api.post("/places", &to).await["id"].clone()]
}

fn lane(from: &Value, to: &Value) -> Value {
    json!({
        "name": "Depot to pharmacy", "from": from, "to": to, "duration": "1h", "hold_time": "3h",
        "dark": [{ "from": "10m", "to": "30m" }],
        "corridor": { "path": [{ "lat": 48.0, "lon": 11.5 }, { "lat": 48.5, "lon": 11.5 }], "width_m": 2000 },
    })
}

fn leg(lane: &Value, pick_up: DateTime<Utc>) -> Value {
    let window = |from: DateTime<Utc>| json!({ "from": fleet::text(from), "to": fleet::text(from + Duration::hours(2)) });
    json!({
        "lane": lane, "pick_up": window(pick_up),
        "delivery": window(pick_up + Duration::hours(2)),
    })
}

#[tokio::test]
async fn places_and_lanes_are_made_changed_and_refused_with_what_is_wrong() {
    let folder = folder("places");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    installation.add_user("coordinator");
    let api = program.log_in("coordinator").await;
    let [from, to] = two_places(&api).await;
    assert_eq!(refused(&api, "/places", &place("Depot", 48.0)).await.0, 409);
    for (change, part) in [
        (json!({ "gln": "9506000134308" }), "GLN"),
        (json!({ "operator": 77 }), "operator: 77 is neither this organisation nor a partner"),
        (
            json!({ "fence": { "circle": { "centre": { "lat": 0, "lon": 0 }, "radius_m": 5 } } }),
            "who do not know",
        ),
        (json!({ "opening": { "zone": "Mars", "weekly": {} } }), "`Mars` is no time zone"),
        (json!({ "storage": ["warm"] }), "warm"),
    ] {
        let mut body = place("Another", 48.0);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, detail) = refused(&api, "/places", &body).await;
        assert!(status == 422 && detail.contains(part), "{part}: {detail}");
    }
    let changed = api.post(&format!("/places/{}", from.as_str().unwrap()), &place("New depot", 48.0)).await;
    assert_eq!((&changed["id"], &changed["name"]), (&from, &json!("New depot")));
    let names: Vec<_> = api.list("/places").await.iter().map(|place| place["name"].clone()).collect();
    assert_eq!(names, ["New depot", "Pharmacy"]);

    let made = api.post("/lanes", &lane(&from, &to)).await;
    assert_eq!((&made["from"]["name"], &made["hold_time"]), (&json!("New depot"), &json!("3h")));
    assert_eq!(refused(&api, "/lanes", &lane(&from, &to)).await.0, 409);
    let (status, detail) = refused(&api, "/lanes", &lane(&from, &from)).await;
    assert!(status == 422 && detail.contains("ends where it begins"), "{detail}");
    let own = format!("/lanes/{}", made["id"].as_str().unwrap());
    let (status, detail) = refused(&api, &own, &lane(&to, &from)).await;
    assert!(status == 422 && detail.contains("ends never change"), "{detail}");
    let mut longer = lane(&from, &to);
    longer["duration"] = json!("2h");
    assert_eq!(api.post(&own, &longer).await["duration"], "2h");
    assert_eq!(api.list("/lanes").await.len(), 1);
}

#[tokio::test]
async fn a_plan_replaces_the_one_before_and_names_what_is_doubtful() {
    let folder = folder("places");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let api = program.log_in("admin").await;
    let shipment = ship(&api, "S-1", &fleet::dev_eui(1)).await;
    let path = format!("/shipments/{shipment}/legs");
    let shown = format!("/shipments/{shipment}/plan");
    assert_eq!(api.get(&shown).await["legs"], json!([]));
    let [from, to] = two_places(&api).await;
    let lane = api.post("/lanes", &lane(&from, &to)).await["id"].clone();
    // A Monday morning, and a Sunday.
    let monday = "2026-03-02T07:00:00Z".parse().unwrap();
    let sunday = "2026-03-01T07:00:00Z".parse().unwrap();
    let plan = api.post(&path, &json!({ "legs": [leg(&lane, sunday)] })).await;
    let warnings: Vec<&str> =
        plan["warnings"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(
        warnings,
        [
            "leg 1: Depot is closed for the whole pick-up window",
            "leg 1: Pharmacy is closed for the whole delivery window",
            "leg 1 may be under way for 14400 s, longer than its packaging holds (3h)",
        ]
    );
    let plan = api.post(&path, &json!({ "legs": [leg(&lane, monday)] })).await;
    assert_eq!(plan["warnings"].as_array().unwrap().len(), 1);
    assert_eq!((&plan["consignee"]["id"], &plan["legs"][0]["to"]["name"]), (&json!(1), &json!("Pharmacy")));
    assert_eq!(api.get(&shown).await, plan);

    let twice = json!({ "legs": [leg(&lane, monday), leg(&lane, monday)] });
    let mut unknown = leg(&lane, monday);
    unknown["carrier"] = json!(77);
    for (body, part) in [
        (json!({ "legs": [] }), "say to whom it goes"),
        (json!({ "legs": [], "consignee": 1 }), "the plan has 0 legs"),
        (twice, "leg 2 begins elsewhere"),
        (json!({ "legs": [unknown] }), "carrier: 77 is neither"),
        (json!({ "legs": [leg(&lane, monday)], "consignee": 77 }), "consignee: 77 is neither"),
        (json!({ "legs": [leg(&json!("00000000-0000-0000-0000-000000000000"), monday)] }), "no such lane"),
    ] {
        let (status, detail) = refused(&api, &path, &body).await;
        assert!(status == 422 && detail.contains(part), "{part}: {status} {detail}");
    }
    assert_eq!(api.get(&shown).await, plan, "what is refused changes nothing");
}

#[tokio::test]
async fn another_organisations_places_and_plans_are_not_there() {
    let folder = folder("places");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    let mut apis = Vec::new();
    for name in ["north", "south"] {
        let email = format!("admin@{name}.example");
        let who = ["--organisation", name, "--email", &email, "--role", "admin", "--password-stdin"];
        installation.admin(&[&["user", "add"][..], &who].concat(), "a long password");
        apis.push(program.api().log_in(&email, "a long password").await);
    }
    let [north, south] = <[Api; 2]>::try_from(apis).ok().unwrap();
    let own = |name: &str, lat: f64| json!({ "name": name, "fence": circle(lat, 11.5) });
    let [from, to] = [own("Depot", 48.0), own("Pharmacy", 48.5)];
    let [from, to] = [north.post("/places", &from).await, north.post("/places", &to).await];
    let lane_of_north = north.post("/lanes", &lane(&from["id"], &to["id"])).await["id"].clone();
    let shipment = ship(&north, "S-1", &fleet::dev_eui(1)).await;
    let of_south = ship(&south, "S-1", &fleet::dev_eui(2)).await;

    assert_eq!((south.list("/places").await.len(), south.list("/lanes").await.len()), (0, 0));
    let id = from["id"].as_str().unwrap();
    let below = ["plan", "positions", "whereabouts"].map(|part| format!("/shipments/{shipment}/{part}"));
    for path in [format!("/places/{id}")].into_iter().chain(below) {
        assert_eq!(south.send(Method::GET, &path, None).await.status, 404, "{path}");
        assert_eq!(north.send(Method::GET, &path, None).await.status, 200, "{path}");
    }
    let monday = "2026-03-02T07:00:00Z".parse().unwrap();
    let legs = json!({ "legs": [leg(&lane_of_north, monday)], "consignee": 1 });
    let mut by_places = leg(&Value::Null, monday);
    by_places
        .as_object_mut()
        .unwrap()
        .extend([("from".to_owned(), from["id"].clone()), ("to".to_owned(), to["id"].clone())]);
    let own_lane = format!("/lanes/{}", lane_of_north.as_str().unwrap());
    for (path, body, status, part) in [
        (format!("/places/{id}"), own("Mine", 1.0), 404, "no such place"),
        (own_lane, lane(&from["id"], &to["id"]), 404, "no such lane"),
        ("/lanes".to_owned(), lane(&from["id"], &to["id"]), 422, "no such place"),
        (format!("/shipments/{shipment}/legs"), legs.clone(), 404, "no such shipment"),
        (format!("/shipments/{of_south}/legs"), legs, 422, "no such lane"),
        (
            format!("/shipments/{of_south}/legs"),
            json!({ "legs": [by_places], "consignee": 1 }),
            422,
            "no such place",
        ),
    ] {
        let (found, detail) = refused(&south, &path, &body).await;
        assert!(found == status && detail.contains(part), "{path}: {found} {detail}");
    }
}

/// A location that the network worked out.
async fn send_location(target: &Target, dev_eui: &str, at: DateTime<Utc>, lat: f64) {
    let body = json!({
        "time": fleet::text(at), "deviceInfo": { "applicationId": "a", "devEui": dev_eui },
        "location": { "latitude": lat, "longitude": 11.5, "accuracy": 40 },
    });
    let path = format!("{}?event=location", target.integration);
    assert_eq!(fleet::post(&Client::new(), &target.url, &path, &target.token, &body).await, Some(204));
}

/// An uplink that a gateway heard which says where it stands.
async fn send_uplink(target: &Target, dev_eui: &str, at: DateTime<Utc>, lat: f64) {
    send_heard(target, dev_eui, at, json!({ "location": { "latitude": lat, "longitude": 11.5 } })).await;
}

/// An uplink, and what its gateway says.
async fn send_heard(target: &Target, dev_eui: &str, at: DateTime<Utc>, said: Value) {
    let payload = e2e::bodies::frame(1, at, 500);
    let mut body = fleet::up(dev_eui, 1, at, &payload);
    body["rxInfo"][0].as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    let path = format!("{}?event=up", target.integration);
    assert_eq!(fleet::post(&Client::new(), &target.url, &path, &target.token, &body).await, Some(204));
}

#[tokio::test]
async fn late_and_doubled_positions_tell_the_same_journey_and_none_tell_nothing() {
    let folder = folder("places");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let api = program.log_in("admin").await;
    let token = installation.add_integration("depot", "chirpstack");
    let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };
    integrations(&program.url, 1).await;
    let dev_eui = fleet::dev_eui(1);
    let shipment = ship(&api, "S-1", &dev_eui).await;
    let [from, to] = two_places(&api).await;
    let lane = api.post("/lanes", &lane(&from, &to)).await["id"].clone();
    let begin = now(&api).await - Duration::minutes(100);
    let legs = json!({ "legs": [leg(&lane, begin - Duration::minutes(10))] });
    api.post(&format!("/shipments/{shipment}/legs"), &legs).await;
    let path = format!("/shipments/{shipment}/whereabouts");
    let before = api.get(&path).await;
    assert_eq!((&before["monitoring"], &before["last_position"]), (&json!("not_monitored"), &Value::Null));
    assert_eq!(before["legs"][0]["not_expected_because"], "nobody saw it leave");

    // In disorder, each twice: it left the depot after 20 minutes, and is half way after 60.
    let minute = |minutes: i64| begin + Duration::minutes(minutes);
    for _ in 0..2 {
        for (minutes, lat) in [(60, 48.25), (0, 48.0), (40, 48.125), (20, 48.02)] {
            send_location(&target, &dev_eui, minute(minutes), lat).await;
        }
        send_uplink(&target, &dev_eui, minute(70), 48.3).await;
    }
    let positions = format!("/shipments/{shipment}/positions");
    until("all positions are kept", async || (api.list(&positions).await.len() == 5).then_some(())).await;
    let listed = api.list(&positions).await;
    assert_eq!((&listed[0]["source"], &listed[0]["accuracy_m"]), (&json!("gateway"), &json!(30_000)));
    assert_eq!((&listed[1]["source"], &listed[1]["accuracy_m"]), (&json!("network"), &json!(40)));
    let there = api.get(&path).await;
    assert_eq!(
        (&there["monitoring"], &there["last_position"]["source"]),
        (&json!("monitored"), &json!("gateway"))
    );
    let visits = there["visits"].as_array().unwrap();
    assert_eq!(visits.len(), 1, "{visits:?}");
    assert_eq!((&visits[0]["place"]["name"], &visits[0]["ending"]), (&json!("Depot"), &json!("changed")));
    let leg = &there["legs"][0];
    assert_eq!((&leg["departed_at"], &leg["off_route"]), (&json!(fleet::text(minute(20))), &json!([])));
    assert!(leg["expected"]["remaining_m"].as_u64().unwrap().abs_diff(27_800) < 200, "{leg}");
    assert_eq!(leg["not_expected_because"], Value::Null);
}

#[tokio::test]
async fn a_gateway_that_rides_in_the_van_says_where_the_boxes_are_that_it_hears_well() {
    let folder = folder("places");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    installation.add_user("coordinator");
    installation.add_user("admin");
    let (api, admin) = (program.log_in("coordinator").await, program.log_in("admin").await);
    let token = installation.add_integration("depot", "chirpstack");
    let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };
    integrations(&program.url, 1).await;
    let dev_eui = fleet::dev_eui(1);
    let shipment = ship(&admin, "S-1", &dev_eui).await;
    let begin = now(&api).await - Duration::minutes(30);
    let said = |rssi: i32| json!({ "rssi": rssi, "location": { "latitude": 48.2, "longitude": 11.5 } });
    let positions = format!("/shipments/{shipment}/positions");
    let heard = async |minutes: i64, rssi: i32| {
        let count = api.list(&positions).await.len();
        send_heard(&target, &dev_eui, begin + Duration::minutes(minutes), said(rssi)).await;
        until("the position is kept", async || {
            let kept = api.list(&positions).await;
            (kept.len() > count).then(|| (kept[0]["source"].clone(), kept[0]["accuracy_m"].clone()))
        })
        .await
    };
    assert_eq!(heard(0, -40).await, (json!("gateway"), json!(30_000)), "nobody said that it rides along");

    let gateways = api.list("/gateways").await;
    assert_eq!((gateways.len(), &gateways[0]["vehicle"]), (1, &Value::Null));
    let path = format!("/gateways/{}", gateways[0]["id"]);
    for metres in [9, 10_001] {
        let (status, detail) = refused(&api, &path, &json!({ "vehicle": { "accuracy_m": metres } })).await;
        assert!(status == 422 && detail.contains("write 10 to 10000 metres"), "{detail}");
    }
    assert_eq!(refused(&api, "/gateways/2147483647", &json!({})).await.0, 404);
    let rides = json!({ "vehicle": { "accuracy_m": 1000 } });
    let changed = api.post(&path, &rides).await;
    assert_eq!((&changed["vehicle"], &changed["name"]), (&rides["vehicle"], &gateways[0]["name"]));
    assert_eq!(api.list("/gateways").await, [changed]);
    assert_eq!(heard(5, -40).await, (json!("van_gateway"), json!(1087)));
    assert_eq!(heard(10, -110).await, (json!("gateway"), json!(30_000)), "it may be anywhere around");

    assert_eq!(api.post(&path, &json!({})).await["vehicle"], Value::Null);
    assert_eq!(heard(15, -40).await, (json!("gateway"), json!(30_000)));
}
