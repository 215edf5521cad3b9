//! What a supplier sees: shipments that hold its products, and of another supplier's nothing, at whatever address it asks.

use chrono::Duration;
use domain::gs1::Sscc;
use e2e::warm::now;
use e2e::{Api, Installation, Program, fleet};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::Database;

use crate::events::listen;
use crate::library::{start, user};
use crate::partners::{partner, partners_user};
use crate::{NO_ID, documented};

/// Products of the one who looks, of the other, and of nobody.
const OWN: &str = "09506000134352";
const OTHERS: &str = "00000096385074";
const NOBODYS: &str = "04012345678901";

fn sscc(number: u64) -> String {
    let mut all = (0..10).map(|check| format!("19506000{number:09}{check}"));
    all.find(|text| text.parse::<Sscc>().is_ok()).unwrap()
}

/// A tenant with two suppliers: a shipment of each, a mixed one, a draft, and one of nobody's.
struct House {
    installation: Installation,
    program: Program,
    admin: Api,
    /// Who looks.
    supplier: Api,
    own: i64,
    other: i64,
    shipments: Vec<String>,
    pallets: Vec<String>,
    _kept: (TempDir, Database),
}

/// Places in `shipments`, which are named by these references.
const REFERENCES: [&str; 5] = ["PURE-1", "MIXED-2", "FOREIGN-3", "DRAFT-4", "NOBODY-5"];
const PURE: usize = 0;
const MIXED: usize = 1;
const FOREIGN: usize = 2;
const DRAFT: usize = 3;
const NOBODY: usize = 4;

/// What must not be read anywhere by who looks.
fn hidden(house: &House) -> Vec<String> {
    let words = ["FOREIGN-3", "DRAFT-4", "NOBODY-5", "Second supplier", OTHERS, NOBODYS, "4012345678901"];
    let more = ["LOT-OTHER", "LOT-FOREIGN", "LOT-DRAFT", "SER-OTHER", "Serum of another", "STRANGE-PALLET"];
    let words = words.into_iter().chain(more).map(str::to_owned);
    let keys = [12, 20, 30, 91].map(sscc);
    let ids = [FOREIGN, DRAFT, NOBODY].map(|nth| house.shipments[nth].clone());
    let trackers = [FOREIGN, NOBODY].map(|nth| fleet::dev_eui(nth as u64 + 1));
    words.chain(keys).chain(ids).chain(trackers).collect()
}

/// What is in the ledger about the other's box alone.
const OTHERS_SEAL: &str = "SEAL-OF-OTHER";
const OTHERS_EXCEPTION: &str = "the other's label is torn";

fn content(gtin: &str, lot: &str, product: &str, serial: Option<&str>) -> Value {
    json!({ "gtin": gtin, "lot": lot, "product": product, "expiry": "2099-03-31", "serial": serial, "quantity": 1 })
}

fn boxes(nth: usize) -> Value {
    let own = |lot: &str| content(OWN, lot, "Insulin", None);
    let others = |lot: &str, serial| content(OTHERS, lot, "Serum of another", serial);
    match nth {
        PURE => json!([{ "sscc": sscc(10), "contents": [own("LOT-PURE")] }]),
        MIXED => json!([
            { "sscc": sscc(11), "contents": [own("LOT-MIXED"), others("LOT-OTHER", None)] },
            { "sscc": sscc(12), "contents": [others("LOT-OTHER", Some("SER-OTHER"))] },
            { "sscc": sscc(13), "contents": [own("LOT-MIXED")] },
        ]),
        FOREIGN => json!([{ "sscc": sscc(20), "contents": [others("LOT-FOREIGN", None)] }]),
        DRAFT => json!([{ "sscc": sscc(30), "contents": [own("LOT-DRAFT")] }]),
        _ => json!([{ "contents": [content(NOBODYS, "LOT-FOREIGN", "Serum of another", None)] }]),
    }
}

async fn products(admin: &Api, supplier: i64, gtins: &[&str]) -> (u16, Value) {
    let items: Vec<Value> = gtins.iter().map(|gtin| json!({ "gtin": gtin })).collect();
    let path = format!("/organisations/{supplier}/products");
    let answer = admin.send(Method::PUT, &path, Some(&json!({ "items": items }))).await;
    (answer.status, answer.json())
}

impl House {
    async fn new(name: &str) -> Self {
        let (installation, program, kept) = start(name).await;
        let admin = user(&installation, &program, "north", "admin").await;
        let own = partner(&admin, "supplier", "First supplier").await;
        let other = partner(&admin, "supplier", "Second supplier").await;
        let supplier = partners_user(&admin, &program, own, "s@first.example", "supplier").await;
        assert_eq!(products(&admin, own, &["9506000134352"]).await.0, 200);
        assert_eq!(products(&admin, other, &["96385074"]).await.0, 200);
        let (shipments, pallets) = (Vec::new(), Vec::new());
        let mut house =
            Self { installation, program, admin, supplier, own, other, shipments, pallets, _kept: kept };
        house.ship().await;
        house.hand_over().await;
        house
    }

    async fn ship(&mut self) {
        let admin = &self.admin;
        let profile = admin.post("/profiles", &fleet::profile()).await["id"].clone();
        let from = fleet::text(now(admin).await - Duration::hours(2));
        for (nth, reference) in REFERENCES.iter().enumerate() {
            let new = json!({ "reference": reference, "profile": profile, "boxes": boxes(nth) });
            let made = admin.post("/shipments", &new).await;
            self.shipments.push(made["id"].as_str().unwrap().to_owned());
            if nth == DRAFT {
                continue;
            }
            let dev_eui = fleet::dev_eui(nth as u64 + 1);
            admin.post("/trackers", &json!({ "dev_eui": dev_eui, "name": "box", "codec": "isotherm" })).await;
            let bind = json!({ "dev_eui": dev_eui, "from": from, "box": if nth == MIXED { 2 } else { 1 } });
            admin.post(&format!("/shipments/{}/trackers", self.shipments[nth]), &bind).await;
        }
        let there = [(90, PURE, json!([1])), (91, MIXED, json!([2]))];
        for (number, nth, boxes) in there {
            let kind = if number == 91 { "STRANGE-PALLET" } else { "PALLET" };
            let new = json!({ "kind": "pallet", "sscc": sscc(number), "reference": kind });
            let pallet = admin.post("/parents", &new).await["id"].as_str().unwrap().to_owned();
            let fill = json!({ "shipment": self.shipments[nth], "boxes": boxes, "from": from });
            admin.post(&format!("/parents/{pallet}/boxes"), &fill).await;
            self.pallets.push(pallet);
        }
    }

    /// Of the mixed shipment: the other's box is sealed anew, offered by itself and taken back, and all but it are offered.
    async fn hand_over(&self) {
        let post = async |act: &str, body: Value| {
            let path = format!("/shipments/{}/custody/{act}", self.shipments[MIXED]);
            self.admin.post(&path, &body).await
        };
        post("seal", json!({ "boxes": [2], "seal": OTHERS_SEAL, "reason": OTHERS_EXCEPTION })).await;
        let carrier = partner(&self.admin, "carrier", "Carrier").await;
        let to = json!({ "organisation": carrier });
        let offered = post("offer", json!({ "boxes": [2], "to": to })).await;
        post("withdraw", json!({ "answers": offered["entry"], "reason": OTHERS_EXCEPTION })).await;
        let but = json!([{ "box": 2, "reason": OTHERS_EXCEPTION }]);
        post("offer", json!({ "boxes": [1, 3], "exceptions": but, "to": to })).await;
    }

    async fn references(&self, query: &str) -> Vec<Value> {
        let listed = self.supplier.list(&format!("/shipments{query}")).await;
        listed.iter().map(|shipment| shipment["reference"].clone()).collect()
    }
}

/// Whatever a route can be asked for: everything that exists, and what does not.
fn asked(house: &House, path: &str) -> Vec<String> {
    if path.contains("{dev_eui}") {
        return (1..=5).map(|nth| path.replace("{dev_eui}", &fleet::dev_eui(nth))).collect();
    }
    if path.starts_with("/organisations/{id}") {
        return [house.own, house.other].iter().map(|id| path.replace("{id}", &id.to_string())).collect();
    }
    let ids = house.shipments.iter().chain(&house.pallets).map(String::as_str);
    let ids = ids.chain([NO_ID]).map(|id| path.replace("{id}", id).replace("{sha256}", &"0".repeat(64)));
    let mut paths: Vec<String> = ids.collect();
    paths.dedup();
    paths
}

#[tokio::test]
async fn no_route_tells_a_supplier_of_what_is_not_its_own() {
    let house = House::new("supplier-routes").await;
    let document = house.program.api().get("/openapi.json").await;
    let mut seen = String::new();
    let mut answered = 0;
    let routes =
        documented(&document).into_iter().filter(|(method, path, _)| method == "get" && path != "/events");
    for (_, path, _) in routes {
        for path in asked(&house, &path) {
            let answer = house.supplier.send(Method::GET, &path, None).await;
            assert!([200, 403, 404].contains(&answer.status), "{path}: {answer:?}");
            for mark in hidden(&house) {
                assert!(!answer.body.contains(&mark), "{path} tells of {mark}: {}", answer.body);
            }
            if !path.ends_with("/evidence") {
                for mark in [OTHERS_SEAL, OTHERS_EXCEPTION] {
                    assert!(!answer.body.contains(mark), "{path} tells of {mark}: {}", answer.body);
                }
            }
            answered += usize::from(answer.status == 200);
            seen.push_str(&answer.body);
        }
    }
    assert!(answered >= 15, "{answered}");
    for mark in ["PURE-1", "MIXED-2", "LOT-PURE", "LOT-MIXED", OWN, &sscc(10), &sscc(11), &sscc(13)] {
        assert!(seen.contains(mark), "what is its own is there: {mark}");
    }
    // The tenant's own people read it at the same addresses, so what is looked for is there.
    let all = house.admin.get(&format!("/shipments/{}", house.shipments[MIXED])).await.to_string();
    let all =
        all + &house.admin.get(&format!("/shipments/{}/custody", house.shipments[MIXED])).await.to_string();
    for mark in ["LOT-OTHER", "SER-OTHER", OTHERS, &sscc(12), OTHERS_SEAL, OTHERS_EXCEPTION] {
        assert!(all.contains(mark), "{mark}");
    }
}

#[tokio::test]
async fn what_a_supplier_does_not_see_answers_as_if_it_were_not_there() {
    let house = House::new("supplier-absent").await;
    let document = house.program.api().get("/openapi.json").await;
    let below = documented(&document)
        .into_iter()
        .filter(|(method, path, _)| method == "get" && path.starts_with("/shipments/{id}"));
    for (_, path, _) in below {
        let path = path.replace("{sha256}", &"0".repeat(64));
        let absent = house.supplier.send(Method::GET, &path.replace("{id}", NO_ID), None).await;
        assert!([403, 404].contains(&absent.status), "{path}: {absent:?}");
        for nth in [FOREIGN, DRAFT, NOBODY] {
            let answer =
                house.supplier.send(Method::GET, &path.replace("{id}", &house.shipments[nth]), None).await;
            assert_eq!((answer.status, &answer.body), (absent.status, &absent.body), "{path}");
        }
    }
    for (query, expected) in [
        (String::new(), vec!["MIXED-2", "PURE-1"]),
        ("?reference=N".to_owned(), vec![]),
        ("?reference=2".to_owned(), vec!["MIXED-2"]),
        ("?status=draft".to_owned(), vec![]),
        (format!("?gtin={OWN}"), vec!["MIXED-2", "PURE-1"]),
        (format!("?gtin={OTHERS}"), vec![]),
        (format!("?gtin={NOBODYS}"), vec![]),
        ("?lot=LOT-MIXED".to_owned(), vec!["MIXED-2"]),
        ("?lot=LOT-OTHER".to_owned(), vec![]),
        ("?lot=LOT-DRAFT".to_owned(), vec![]),
        (format!("?gtin={OWN}&lot=LOT-OTHER"), vec![]),
        (format!("?sscc={}", sscc(11)), vec!["MIXED-2"]),
        (format!("?sscc={}", sscc(12)), vec![]),
        (format!("?sscc={}", sscc(20)), vec![]),
        (format!("?sscc={}", sscc(90)), vec!["PURE-1"]),
        (format!("?sscc={}", sscc(91)), vec![]),
    ] {
        assert_eq!(house.references(&query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn of_a_mixed_shipment_a_supplier_sees_its_own_boxes() {
    let house = House::new("supplier-mixed").await;
    let path = |part: &str| format!("/shipments/{}{part}", house.shipments[MIXED]);
    let shown = house.supplier.get(&path("")).await;
    let numbers = |boxes: &Value, field: &str| -> Vec<Value> {
        boxes.as_array().unwrap().iter().map(|one| one[field].clone()).collect()
    };
    assert_eq!(numbers(&shown["boxes"], "number"), [1, 3]);
    assert_eq!(shown["box_count"], 2);
    let mine = json!([content(OWN, "LOT-MIXED", "Insulin", None)]);
    assert_eq!((&shown["boxes"][0]["contents"], &shown["boxes"][1]["contents"]), (&mine, &mine));
    assert_eq!(shown["trackers"][0]["box"], Value::Null, "it rides in a box of the other's");
    let pure = house.supplier.get(&format!("/shipments/{}", house.shipments[PURE])).await;
    assert_eq!(pure["trackers"][0]["box"], 1);

    let custody = house.supplier.get(&path("/custody")).await;
    assert_eq!(numbers(&custody["boxes"], "box"), [1, 3]);
    let entries: Vec<Value> = custody["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!([entry["act"], entry["boxes"]]))
        .collect();
    assert_eq!(entries, [json!(["packed", [1, 3]]), json!(["offered", [1, 3]])]);
    assert_eq!(house.admin.get(&path("/custody")).await["entries"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_suppliers_page_hears_of_the_shipments_that_it_sees() {
    let house = House::new("supplier-events").await;
    let said = listen(&house.program, house.supplier.token()).await;
    let cancel = async |nth: usize| {
        let path = format!("/shipments/{}/cancel", house.shipments[nth]);
        house.admin.post(&path, &json!({ "reason": "not needed" })).await;
    };
    // What it does not see first, so that whoever hears of the last one was passed over before.
    for nth in [FOREIGN, DRAFT, NOBODY, MIXED, PURE] {
        cancel(nth).await;
    }
    let hears = |nth: usize| said.lock().unwrap().contains(&house.shipments[nth]);
    e2e::until("it hears of both", async || (hears(PURE) && hears(MIXED)).then_some(())).await;
    assert!(![FOREIGN, DRAFT, NOBODY].iter().any(|nth| hears(*nth)), "{said:?}");
    let told = said.lock().unwrap().clone();
    assert!(!told.contains("event: alert") && !told.contains("event: tracker"), "{told}");
    // A draft that is called off was never a supplier's matter; what was packed stays.
    assert_eq!(house.references("").await, ["MIXED-2", "PURE-1"]);
}

#[tokio::test]
async fn a_suppliers_products_are_said_by_the_tenant_and_are_one_suppliers_at_a_time() {
    let house = House::new("supplier-products").await;
    let list = format!("/organisations/{}/products", house.own);
    assert_eq!(house.supplier.list(&list).await, [json!({ "gtin": OWN, "name": null })]);
    let foreign = format!("/organisations/{}/products", house.other);
    assert_eq!(house.supplier.send(Method::GET, &foreign, None).await.status, 404);
    assert_eq!(house.supplier.send(Method::PUT, &list, Some(&json!({ "items": [] }))).await.status, 403);

    let (status, refused) = products(&house.admin, house.own, &[OWN, OTHERS]).await;
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains("Second supplier"), "{refused}");
    for (gtins, says) in [
        (vec![OWN, "9506000134352"], "items: product 2: 09506000134352 is there twice"),
        (vec!["9506000134351"], "items: product 1: "),
        (vec![""], "items: product 1: gtin: write its digits"),
    ] {
        let (status, refused) = products(&house.admin, house.own, &gtins).await;
        assert_eq!(status, 422);
        assert!(refused["detail"].as_str().unwrap().starts_with(says), "{refused}");
    }
    let carrier = house.admin.list("/organisations").await;
    let carrier = carrier.iter().find(|one| one["kind"] == "carrier").unwrap()["id"].as_i64().unwrap();
    assert_eq!(products(&house.admin, carrier, &[NOBODYS]).await.0, 422, "a carrier supplies nothing");
    assert_eq!(house.references("").await, ["MIXED-2", "PURE-1"], "refused as a whole");

    // The list of now counts, for what was shipped before, too.
    assert_eq!(products(&house.admin, house.own, &[NOBODYS]).await.0, 200);
    assert_eq!(house.references("").await, ["NOBODY-5"]);
    assert_eq!(products(&house.admin, house.other, &[OTHERS, OWN]).await.0, 200);
    assert_eq!(products(&house.admin, house.own, &[]).await.0, 200);
    assert_eq!(house.references("").await, [Value::Null; 0]);

    // Who supplies no more can be left without any, so that somebody else may have them.
    let carrier = json!({ "kind": "carrier", "name": "Second supplier" });
    house.admin.post(&format!("/organisations/{}", house.other), &carrier).await;
    assert_eq!(products(&house.admin, house.other, &[OTHERS]).await.0, 422);
    assert_eq!(products(&house.admin, house.other, &[]).await.0, 200);
    assert_eq!(products(&house.admin, house.own, &[OTHERS]).await.0, 200);
}

#[tokio::test]
async fn a_suppliers_evidence_package_is_whole_and_holds_its_own_products() {
    let house = House::new("supplier-evidence").await;
    let url = format!("{}/api/v1/shipments/{}/evidence", house.program.url, house.shipments[MIXED]);
    let answer = reqwest::Client::new().get(url).bearer_auth(house.supplier.token()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let package = answer.bytes().await.unwrap();
    let (folder, keys) = (e2e::folder("evidence"), house.admin.get("/keys").await);
    let [file, key] = ["package.zip", "keys.json"].map(|name| folder.path().join(name));
    std::fs::write(&file, &package).unwrap();
    std::fs::write(&key, keys.to_string()).unwrap();
    let call = ["verify", file.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let output = house.installation.run(&call, "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // Its files are stored as they are.
    let text = String::from_utf8_lossy(&package);
    for mark in ["LOT-MIXED", OTHERS_SEAL] {
        assert!(text.contains(mark), "{mark}");
    }
    for mark in ["LOT-OTHER", "SER-OTHER", "Serum of another", "alerts.json"] {
        assert!(!text.contains(mark), "{mark}");
    }
}

#[tokio::test]
async fn a_suppliers_system_hands_in_what_it_has_in_its_hands() {
    let house = House::new("supplier-hand-in").await;
    let event = |shipment: usize| {
        json!([{ "event_id": format!("E-{shipment}"), "what": "accepted", "by": house.own,
            "shipment": REFERENCES[shipment], "at": "2026-01-01T08:00:00Z" }])
    };
    let absent = house.supplier.send(Method::POST, "/hand-ins", Some(&event(PURE))).await;
    assert_eq!(absent.status, 422, "its products, and not in its hands: {absent:?}");
    assert!(absent.body.contains("there is no such shipment"), "{absent:?}");
    let offer = json!({ "to": { "organisation": house.own } });
    house.admin.post(&format!("/shipments/{}/custody/offer", house.shipments[FOREIGN]), &offer).await;
    let mut mine = event(FOREIGN);
    mine[0]["at"] = json!(fleet::text(now(&house.admin).await));
    let report = house.supplier.post("/hand-ins", &mine).await;
    assert_eq!(report["written"], 1, "{report}");
    assert_eq!(house.references("").await, ["MIXED-2", "PURE-1"], "by its role it reads of its products");
}

/// Whether each field of the example is one of the answer's, as deep as both go.
fn check_fields(example: &Value, answer: &Value, place: &str) {
    match (example, answer) {
        (Value::Object(example), Value::Object(answer)) => {
            for (name, value) in example {
                let found = answer.get(name).unwrap_or_else(|| panic!("{place}: there is no {name}"));
                check_fields(value, found, &format!("{place}.{name}"));
            }
        }
        (Value::Array(example), Value::Array(answer)) => {
            let pairs = example.first().zip(answer.first()).into_iter();
            pairs.for_each(|(example, answer)| check_fields(example, answer, place));
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_documents_examples_have_the_fields_that_a_supplier_reads() {
    let house = House::new("supplier-examples").await;
    let document = house.program.api().get("/openapi.json").await;
    let mut examples = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let content = &methods["get"]["responses"]["200"]["content"]["application/json"];
        if let Some(example) = content.get("example") {
            let answer = house.supplier.get(&path.replace("{id}", &house.shipments[PURE])).await;
            check_fields(example, &answer, path);
            examples += 1;
        }
    }
    assert_eq!(examples, 5);
}
