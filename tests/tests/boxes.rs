//! What a shipment holds: boxes and their contents, the pallets that they travel on, how they are found, and how a lot
//! is called back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::Duration;
use e2e::warm::{Target, bind, integrations, now};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::postgres::psql;

const GTIN: &str = "09506000134352";
const OTHER: &str = "96385074";
const SSCC: &str = "106141412345678908";
const PALLET: &str = "006141411234567890";

struct House {
    installation: Installation,
    program: Program,
    admin: Api,
    quality: Api,
    profile: Value,
    _kept: (tempfile::TempDir, testkit::postgres::Database),
}

impl House {
    async fn start() -> Self {
        let (folder, database) = (folder("boxes"), testkit::postgres::database(None).unwrap());
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        installation.add_user("quality");
        let (admin, quality) = (program.log_in("admin").await, program.log_in("quality").await);
        let profile = admin.post("/profiles", &fleet::profile()).await["id"].clone();
        Self { installation, program, admin, quality, profile, _kept: (folder, database) }
    }

    async fn make(&self, reference: &str, boxes: &Value) -> Value {
        let body = json!({ "reference": reference, "profile": self.profile, "boxes": boxes });
        self.admin.post("/shipments", &body).await
    }

    /// The references of what a search finds.
    async fn found(&self, query: &str) -> Vec<String> {
        let found = self.admin.list(&format!("/shipments?{query}")).await;
        let mut found: Vec<String> =
            found.iter().map(|s| s["reference"].as_str().unwrap().to_owned()).collect();
        found.sort();
        found
    }

    async fn shown(&self, shipment: &Value) -> Value {
        self.admin.get(&format!("/shipments/{}", shipment["id"].as_str().unwrap())).await
    }

    async fn refused(&self, path: &str, body: &Value, status: u16, says: &str) {
        let answer = self.admin.send(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{body}: {detail}");
    }
}

fn lot(gtin: &str, lot: &str) -> Value {
    json!([{ "contents": [{ "gtin": gtin, "lot": lot, "expiry": "2099-03-31", "quantity": 10 }] }])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_shows_what_it_holds_and_is_found_by_it() {
    let house = House::start().await;
    let boxes = json!([
        { "sscc": SSCC, "contents": [
            { "gtin": "9506000134352", "product": "Vaccine", "lot": "A1", "expiry": "2099-03-31", "quantity": 10 },
            { "gtin": OTHER, "lot": "B/2", "expiry": "280200", "serial": "S-7" }] },
        { "contents": [] }
    ]);
    let made = house.make("full", &boxes).await;
    let first = &made["boxes"][0];
    assert_eq!((&first["number"], &first["sscc"]), (&json!(1), &json!(SSCC)));
    assert_eq!(
        first["contents"],
        json!([
            { "product": "Vaccine", "gtin": GTIN, "lot": "A1", "expiry": "2099-03-31", "serial": null, "quantity": 10 },
            { "product": null, "gtin": "00000096385074", "lot": "B/2", "expiry": "2028-02-29", "serial": "S-7",
              "quantity": 1 },
        ])
    );
    assert_eq!(made["boxes"][1], json!({ "number": 2, "sscc": null, "contents": [] }));
    assert!(
        made["warnings"].to_string().contains("the expiry on the label has no day"),
        "{}",
        made["warnings"]
    );
    assert_eq!(house.shown(&made).await["boxes"], made["boxes"]);
    let listed = house.admin.list("/shipments").await;
    assert_eq!((&listed[0]["box_count"], listed[0].get("boxes")), (&json!(2), None));

    house.make("other lot", &lot(GTIN, "A2")).await;
    house.make("other product", &lot(OTHER, "A1")).await;
    let all = ["full", "other lot", "other product"];
    for (query, found) in [
        ("reference=OTHER", &all[1..]),
        (&format!("sscc={SSCC}"), &all[..1]),
        (&format!("sscc={PALLET}"), &[]),
        ("gtin=9506000134352", &all[..2]),
        (&format!("gtin={OTHER}"), &["full", "other product"]),
        ("lot=A1", &["full", "other product"]),
        ("lot=a1", &[]),
        ("lot=B%2F2&status=draft", &all[..1]),
        ("lot=B%2F2&status=closed", &[]),
        (&format!("gtin={GTIN}&lot=A1"), &all[..1]),
        (&format!("gtin={GTIN}&lot=B%2F2"), &[]),
        ("state=draft", &all[..]),
    ] {
        assert_eq!(house.found(query).await, found, "{query}");
    }
    for (query, says) in [
        ("sscc=106141412345678909", "misread"),
        ("gtin=1", "GTIN"),
        ("lot=A%20B", "lot"),
        ("status=open", "status"),
    ] {
        let answer = house.admin.send(Method::GET, &format!("/shipments?{query}"), None).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.body);
        assert!(answer.body.contains(says), "{query}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boxes_are_packed_into_a_draft_and_contradictions_are_refused() {
    let house = House::start().await;
    let one = |content: Value| json!([{ "contents": [content] }]);
    for (boxes, status, says) in [
        (json!([]), 422, "at least one box"),
        (json!([{ "sscc": "106141412345678909" }]), 422, "boxes: box 1: `106141412345678909` is no SSCC"),
        (json!([{}, { "sscc": SSCC }, { "sscc": SSCC }]), 422, "box 3: SSCC"),
        (one(json!({ "lot": "A1" })), 422, "product's name or its GTIN"),
        (one(json!({ "gtin": "09506000134353" })), 422, "would be 2"),
        (one(json!({ "gtin": GTIN, "lot": "A 1" })), 422, "no lot"),
        (one(json!({ "gtin": GTIN, "expiry": "2027-02-30" })), 422, "expiry"),
        (one(json!({ "gtin": GTIN, "quantity": 0 })), 422, "quantity"),
        (one(json!({ "gtin": GTIN, "serial": "S", "quantity": 2 })), 422, "one item"),
    ] {
        let body = json!({ "reference": "wrong", "profile": house.profile, "boxes": boxes });
        house.refused("/shipments", &body, status, says).await;
    }
    assert!(house.found("reference=wrong").await.is_empty(), "what is refused leaves nothing behind");

    let empty =
        house.admin.post("/shipments", &json!({ "reference": "S-1", "profile": house.profile })).await;
    assert_eq!(empty["boxes"], json!([{ "number": 1, "sscc": null, "contents": [] }]));
    let path = format!("/shipments/{}/boxes", empty["id"].as_str().unwrap());
    let packed = house.admin.post(&path, &json!({ "boxes": [{ "sscc": SSCC }] })).await;
    assert_eq!(
        packed["boxes"],
        json!([{ "number": 1, "sscc": SSCC, "contents": [] }]),
        "the empty one made room"
    );
    let expired = one(json!({ "gtin": GTIN, "lot": "A1", "expiry": "2020-01-31" }));
    let packed = house.admin.post(&path, &json!({ "boxes": expired })).await;
    assert_eq!(packed["boxes"][1]["number"], 2);
    assert!(packed["warnings"].to_string().contains("box 2: 09506000134352 expired on 2020-01-31"));
    let two_expiries = one(json!({ "gtin": GTIN, "lot": "A1", "expiry": "2020-02-29" }));
    house.refused(&path, &json!({ "boxes": two_expiries }), 422, "box 3: lot A1").await;
    house.refused(&path, &json!({ "boxes": [] }), 422, "at least one").await;

    let again = json!({ "reference": "S-2", "profile": house.profile, "boxes": [{ "sscc": SSCC }] });
    house.refused("/shipments", &again, 409, "on its way with the shipment S-1").await;

    let eui = fleet::dev_eui(1);
    house.admin.post("/trackers", &json!({ "dev_eui": eui, "name": "t", "codec": "isotherm" })).await;
    let from = fleet::text(now(&house.admin).await);
    let trackers = format!("/shipments/{}/trackers", empty["id"].as_str().unwrap());
    let bind = |number: u32| json!({ "dev_eui": eui, "from": from, "box": number });
    house.refused(&trackers, &bind(3), 422, "no box 3").await;
    let bound = house.admin.post(&trackers, &bind(2)).await;
    assert_eq!(bound["trackers"][0]["box"], 2);
    let custody = house.admin.get(&format!("/shipments/{}/custody", empty["id"].as_str().unwrap())).await;
    let boxes: Vec<&Value> = custody["boxes"].as_array().unwrap().iter().map(|one| &one["box"]).collect();
    assert_eq!(boxes, [1, 2], "with its first tracker the shipment is packed, and every box has a custodian");
    house.refused(&path, &json!({ "boxes": [{}] }), 409, "the shipment is packed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_is_on_one_pallet_at_a_time_and_found_by_its_sscc() {
    let house = House::start().await;
    let first = house.make("S-1", &json!([{}, {}])).await;
    let second = house.make("S-2", &json!([{}])).await;
    for (body, says) in [
        (json!({ "kind": "crate", "reference": "x" }), "kind"),
        (json!({ "kind": "pallet" }), "sscc: write one or a reference"),
        (json!({ "kind": "pallet", "sscc": SSCC.replace("08", "09") }), "misread"),
    ] {
        house.refused("/parents", &body, 422, says).await;
    }
    let pallet = house.admin.post("/parents", &json!({ "kind": "pallet", "sscc": PALLET })).await;
    let cage = house.admin.post("/parents", &json!({ "kind": "roll_cage", "reference": "RC 7" })).await;
    house.refused("/parents", &json!({ "kind": "manifest", "sscc": PALLET }), 409, "SSCC").await;
    house.refused("/parents", &json!({ "kind": "roll_cage", "reference": "RC 7" }), 409, "roll_cage").await;
    let found = house.admin.list(&format!("/parents?sscc={PALLET}")).await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &pallet["id"]));

    let at = |minutes: i64| -> Duration { Duration::minutes(minutes) };
    let start = now(&house.admin).await - at(60);
    let time = |minutes: i64| fleet::text(start + at(minutes));
    let path =
        |parent: &Value, what: &str| format!("/parents/{}/boxes{what}", parent["id"].as_str().unwrap());
    let fill = |shipment: &Value, boxes: Value, minutes: i64| json!({ "shipment": shipment["id"], "boxes": boxes, "from": time(minutes) });
    house.admin.post(&path(&pallet, ""), &fill(&first, json!(null), 0)).await;
    house.admin.post(&path(&pallet, ""), &fill(&second, json!([1]), 5)).await;
    assert_eq!(house.found(&format!("sscc={PALLET}")).await, ["S-1", "S-2"]);
    house.refused(&path(&cage, ""), &fill(&first, json!([2]), 10), 409, "[2] are in a parent").await;
    house.refused(&path(&cage, ""), &fill(&first, json!([3]), 10), 422, "no box 3").await;
    let remove = |minutes: i64| json!({ "shipment": first["id"], "boxes": [2], "until": time(minutes) });
    house.refused(&path(&cage, "/remove"), &remove(20), 409, "not all").await;
    house.refused(&path(&pallet, "/remove"), &remove(0), 409, "not all").await;
    let left = house.admin.post(&path(&pallet, "/remove"), &remove(20)).await;
    let stays: Vec<_> =
        left["boxes"].as_array().unwrap().iter().map(|s| (&s["reference"], &s["box"], &s["until"])).collect();
    assert_eq!(stays.len(), 3);
    assert!(stays.contains(&(&json!("S-1"), &json!(2), &json!(time(20)))), "{stays:?}");
    assert!(stays.contains(&(&json!("S-1"), &json!(1), &Value::Null)), "{stays:?}");
    house.refused(&path(&cage, ""), &fill(&first, json!([2]), 19), 409, "at that time or later").await;
    let caged = house.admin.post(&path(&cage, ""), &fill(&first, json!([2]), 20)).await;
    assert_eq!(caged["boxes"].as_array().unwrap().len(), 1, "free from the very instant at which it left");
    assert_eq!(house.found(&format!("sscc={PALLET}")).await, ["S-1", "S-2"], "it was there once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recall_holds_what_has_the_lot_and_what_is_packed_with_it_later() {
    let house = House::start().await;
    let before = house.make("before", &lot(GTIN, "A1")).await;
    let unnamed = json!([{ "contents": [{ "product": "Vaccine", "lot": "A1" }] }]);
    let unnamed = house.make("without a GTIN", &unnamed).await;
    let others = [
        house.make("other lot", &lot(GTIN, "A2")).await,
        house.make("other product", &lot(OTHER, "A1")).await,
    ];
    for (body, says) in [
        (json!({ "gtin": "", "lot": "A1", "reason": "r" }), "gtin"),
        (json!({ "gtin": GTIN, "lot": "", "reason": "r" }), "lot"),
        (json!({ "gtin": GTIN, "lot": "A1", "reason": " " }), "reason"),
    ] {
        let answer = house.quality.send(Method::POST, "/recalls", Some(&body)).await;
        assert!(answer.status == 422 && answer.body.contains(says), "{answer:?}");
    }
    let recall = json!({ "gtin": "9506000134352", "lot": "A1", "reason": "Particles in a vial" });
    house.refused("/recalls", &recall, 403, "role").await;
    let made = house.quality.post("/recalls", &recall).await;
    let concerned: Vec<_> = made["concerned"].as_array().unwrap().iter().map(|s| &s["reference"]).collect();
    assert_eq!(concerned, ["before", "without a GTIN"]);
    let after = house.make("after", &lot(GTIN, "A1")).await;
    assert!(after["warnings"].to_string().contains("lot A1 of 09506000134352 is recalled"), "{after}");
    for shipment in [&before, &unnamed, &after] {
        let shown = house.shown(shipment).await;
        assert_eq!((&shown["hold_reason"], &shown["hold_reasons"]), (&json!("recall"), &json!(["recall"])));
        assert_eq!(shown["forbidden"], json!(["accept_into_stock", "dispense"]));
    }
    for shipment in &others {
        assert_eq!(house.shown(shipment).await["on_hold"], false);
    }
    let listed = house.admin.list("/recalls").await;
    assert_eq!((listed.len(), &listed[0]["shipments"], &listed[0]["by"]), (1, &json!(3), &made["by"]));
    let one = house.admin.get(&format!("/recalls/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(one["concerned"][2]["reference"], "after");
    let audit = "select action || ' ' || count(*) from audit_entries where action like '%recall%' group by action order by 1";
    let told = psql(&house.installation.database_url(), audit).unwrap();
    assert_eq!(told.trim().lines().collect::<Vec<_>>(), ["recall.made 1", "shipment.recalled 3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_neither_clear_a_recall_nor_are_hidden_by_it() {
    let house = House::start().await;
    let token = house.installation.add_integration("depot", "chirpstack");
    integrations(&house.program.url, 1).await;
    let target = Target { url: house.program.url.clone(), integration: "depot".to_owned(), token };
    let mut shipments = Vec::new();
    for (number, reference) in [(1, "warm before"), (2, "warm after"), (3, "fine")] {
        let made = house.make(reference, &lot(GTIN, "A1")).await;
        let eui = fleet::dev_eui(number);
        house.admin.post("/trackers", &json!({ "dev_eui": eui, "name": "t", "codec": "isotherm" })).await;
        bind(&house.admin, made["id"].as_str().unwrap(), &eui, now(&house.admin).await - Duration::hours(2))
            .await;
        shipments.push((made, eui));
    }
    let reasons = async |place: usize| house.shown(&shipments[place].0).await["hold_reasons"].clone();
    target.send_warm(&house.admin, &shipments[0].1).await;
    until("the first is held for its excursion", async || {
        (reasons(0).await == json!(["excursion"])).then_some(())
    })
    .await;
    house.quality.post("/recalls", &json!({ "gtin": GTIN, "lot": "A1", "reason": "Particles" })).await;
    assert_eq!(reasons(0).await, json!(["recall", "excursion"]), "the excursion stands beside the recall");
    target.send_warm(&house.admin, &shipments[1].1).await;
    target.send(&shipments[2].1, 0, now(&house.admin).await, 500).await;
    until("the second has its excursion", async || {
        (reasons(1).await == json!(["recall", "excursion"])).then_some(())
    })
    .await;
    until("the third has its reading", async || {
        (!house.shown(&shipments[2].0).await["last_reading"].is_null()).then_some(())
    })
    .await;
    for (shipment, _) in &shipments {
        assert_eq!(house.shown(shipment).await["hold_reason"], "recall");
    }
}
