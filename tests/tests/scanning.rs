//! A courier scans and takes over: three taps, with and without a network, one box and forty.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::Duration;
use e2e::fleet::{profile, text};
use e2e::warm::now;
use e2e::{Api, Installation, Part, Program, walk_in_a_browser};
use serde_json::{Value, json};
use testkit::postgres::Database;

const GTIN: &str = "09506000134352";
const PASSWORD: &str = "a long password of theirs";

struct House {
    program: Program,
    installation: Installation,
    database: Database,
    folder: tempfile::TempDir,
    owner: Api,
    /// The id of the carrier, to which two couriers belong.
    carrier: i64,
    profile: Value,
}

/// An SSCC of ours with its check digit.
fn sscc(number: u64) -> String {
    let digits = format!("10614141{number:09}");
    let sum: u32 =
        digits.chars().rev().zip([3, 1].into_iter().cycle()).map(|(d, w)| d.to_digit(10).unwrap() * w).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Of what is in the boxes of a shipment, by the number of its first one.
fn lot(first: u64) -> String {
    format!("LOT-{first}")
}

impl House {
    async fn start(name: &str) -> Self {
        let folder = e2e::folder(name);
        let database = testkit::postgres::database(None).unwrap();
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        let owner = program.log_in("admin").await;
        let carrier = owner.post("/organisations", &json!({ "kind": "carrier", "name": "Carrier" })).await;
        for name in ["driver", "second"] {
            let user = json!({
                "email": format!("{name}@carrier.example"), "name": format!("The {name}"), "role": "courier",
                "password": PASSWORD, "organisation": carrier["id"],
            });
            owner.post("/users", &user).await;
        }
        let profile = owner.post("/profiles", &profile()).await["id"].clone();
        let carrier = carrier["id"].as_i64().unwrap();
        Self { program, installation, database, folder, owner, carrier, profile }
    }

    /// A packed shipment whose boxes have SSCCs from `first` on.
    async fn ship(&self, reference: &str, first: u64, count: u64) -> String {
        let content = json!({ "gtin": GTIN, "lot": lot(first), "quantity": 10 });
        let boxes: Vec<Value> = (first..first + count)
            .map(|number| json!({ "sscc": sscc(number), "contents": [content] }))
            .collect();
        let body = json!({ "reference": reference, "profile": self.profile, "boxes": boxes });
        let made = self.owner.post("/shipments", &body).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.owner.post(&format!("/shipments/{id}/custody/pack"), &json!({})).await;
        id
    }

    async fn quality(&self) -> Api {
        self.installation.add_user("quality");
        self.program.log_in("quality").await
    }

    async fn offer(&self, of: &str) {
        let offer = json!({ "to": { "organisation": self.carrier } });
        self.owner.post(&format!("{of}/custody/offer"), &offer).await;
    }

    /// A label as it is printed, written as a PNG to a file of that name.
    async fn label(&self, path: &str, name: &str) -> String {
        let url = format!("{}/api/v1{path}", self.program.url);
        let answer = reqwest::Client::new().get(url).bearer_auth(self.owner.token()).send().await.unwrap();
        let picture = answer.error_for_status().unwrap().bytes().await.unwrap();
        let file = self.folder.path().join(name);
        std::fs::write(&file, picture).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Where a walk writes what its camera sees.
    fn film(&self) -> String {
        self.folder.path().join("film.y4m").to_str().unwrap().to_owned()
    }

    /// A pallet with forty boxes of three shipments, the last of them on hold, offered to the carrier: its id and the first
    /// one's.
    async fn pallet_of_forty(&self) -> (String, String) {
        let quality = self.quality().await;
        let pallet = json!({ "kind": "pallet", "sscc": sscc(900), "reference": "P-40" });
        let pallet = self.owner.post("/parents", &pallet).await["id"].as_str().unwrap().to_owned();
        let from = text(now(&self.owner).await - Duration::minutes(5));
        let mut shipments = Vec::new();
        for (reference, first, count) in [("PO-11", 100, 20), ("PO-12", 200, 19), ("PO-13", 300, 1)] {
            let id = self.ship(reference, first, count).await;
            let fill = json!({ "shipment": id, "from": from });
            self.owner.post(&format!("/parents/{pallet}/boxes"), &fill).await;
            shipments.push(id);
        }
        self.offer(&format!("/parents/{pallet}")).await;
        let recall = json!({ "gtin": GTIN, "lot": lot(300), "reason": "particles were found" });
        quality.post("/recalls", &recall).await;
        (pallet, shipments.remove(0))
    }

    /// How many of the two boxes that the walk leaves out were left out, by their acceptances.
    fn left_out(&self) -> String {
        let exceptions = "select count(*) from custody_records where entry like '%\"accepted\":{%'
            and (entry like '%{\"box\":5,\"reason\":\"damaged\"}%' or entry like '%{\"box\":19,\"reason\":\"missing\"}%')";
        self.database.psql(exceptions).unwrap().trim().to_owned()
    }

    /// The walk as the driver.
    fn walk(&self, walk: &str, about: &[(&str, &str)]) {
        walk_in_a_browser(walk, &self.program.url, ("driver@carrier.example", PASSWORD), about);
    }

    /// Leaves the ledger of a shipment as it was not written.
    fn tamper(&self, shipment: &str) {
        let tampered = format!("update shipments set ledger_rows = ledger_rows + 1 where id = '{shipment}'");
        self.database.psql(&tampered).unwrap();
    }

    /// What was accepted, by the number of acceptances.
    fn acceptances(&self) -> String {
        let accepted = "select count(*) from custody_records where entry like '%\"accepted\":{%'";
        self.database.psql(accepted).unwrap().trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typing_scanner_and_three_taps_take_a_box_over_and_without_network_it_is_sent_once_later() {
    let house = House::start("wedge").await;
    let id = house.ship("PO-1", 1, 1).await;
    planned(&house, &id).await;
    house.offer(&format!("/shipments/{id}")).await;
    house.ship("PO-2", 2, 1).await;
    let (own, foreign) = (sscc(1), sscc(2));
    tokio::task::block_in_place(|| {
        house.walk("courier", &[("REFERENCE", "PO-1"), ("SSCC", &own), ("FOREIGN", &foreign)]);
    });
    assert_eq!(house.acceptances(), "1", "entries by which it was accepted");
    let custody = house.owner.get(&format!("/shipments/{id}/custody")).await;
    assert_eq!(custody["boxes"][0]["custodian"]["organisation"]["name"], "Carrier");
    assert_eq!(custody["boxes"][0]["custodian"]["person"], "The driver");
    // It was done before the service heard of it.
    let accepted = &custody["entries"][2];
    assert!(accepted["at"].as_str() < accepted["recorded_at"].as_str(), "{accepted}");
    assert_eq!(custody["entries"][3]["to"]["organisation"]["name"], "Pharmacy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_refuses_later_is_shown_with_its_reason_until_its_author_removes_it() {
    let house = House::start("refused").await;
    let id = house.ship("PO-8", 8, 1).await;
    house.offer(&format!("/shipments/{id}")).await;
    let broken = house.ship("PO-9", 9, 1).await;
    house.offer(&format!("/shipments/{broken}")).await;
    house.tamper(&broken);
    tokio::task::block_in_place(|| {
        let token = house.owner.token();
        let about = [("REFERENCE", "PO-8"), ("SHIPMENT", &*id), ("BROKEN", "PO-9"), ("OWNER_TOKEN", token)];
        house.walk("refused", &about);
    });
    assert_eq!(house.acceptances(), "0", "entries by which it was accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_camera_reads_a_label_that_the_service_printed_and_three_taps_take_the_box_over() {
    let house = House::start("camera").await;
    let id = house.ship("PO-7", 7, 1).await;
    house.offer(&format!("/shipments/{id}")).await;
    let label = house.label(&format!("/shipments/{id}/labels?format=png&box=1"), "label.png").await;
    tokio::task::block_in_place(|| {
        house.walk("camera", &[("REFERENCE", "PO-7"), ("LABEL", &label), ("FILM", &house.film())]);
    });
    assert_eq!(house.acceptances(), "1", "entries by which it was accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pallet_of_forty_boxes_is_taken_over_with_one_scan_but_for_two_and_another_box_is_refused() {
    let house = House::start("pallet").await;
    house.pallet_of_forty().await;
    let refused = house.ship("PO-20", 400, 1).await;
    house.offer(&format!("/shipments/{refused}")).await;
    tokio::task::block_in_place(|| {
        let (pallet, damaged) = (sscc(900), sscc(104));
        house.walk("pallet", &[("PALLET", &pallet), ("DAMAGED", &damaged), ("REFUSED", "PO-20")]);
    });
    assert_eq!(
        (&*house.acceptances(), &*house.left_out()),
        ("3", "2"),
        "an entry a shipment, without two boxes"
    );
    let refusals =
        "select count(*) from custody_records where entry like '%\"refused\":{%Damaged: the seal is torn%'";
    assert_eq!(house.database.psql(refusals).unwrap().trim(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_camera_reads_a_pallets_printed_label_and_that_of_a_box_that_is_left_out() {
    let house = House::start("pallet-camera").await;
    let (pallet, first) = house.pallet_of_forty().await;
    let pallet = house.label(&format!("/parents/{pallet}/label?format=png"), "pallet.png").await;
    let damaged = house.label(&format!("/shipments/{first}/labels?format=png&box=5"), "damaged.png").await;
    tokio::task::block_in_place(|| {
        house.walk("pallet", &[("PALLET", &pallet), ("DAMAGED", &damaged), ("FILM", &house.film())]);
    });
    assert_eq!(
        (&*house.acceptances(), &*house.left_out()),
        ("3", "2"),
        "an entry a shipment, without two boxes"
    );
}

/// A plan by which the carrier brings it to a pharmacy in Rome: what is next then.
async fn planned(house: &House, shipment: &str) -> Value {
    let made = json!({ "kind": "consignee", "name": "Pharmacy" });
    let pharmacy = house.owner.post("/organisations", &made).await["id"].clone();
    let place = async |name: &str, lat: f64| {
        let fence = json!({ "circle": { "centre": { "lat": lat, "lon": 12.5 }, "radius_m": 500 } });
        let opening = json!({ "zone": "Europe/Rome", "weekly": { "mon": ["08:00-16:30"] } });
        let place = json!({
            "name": name, "storage": ["refrigerated"], "operator": 1, "fence": fence, "opening": opening,
        });
        house.owner.post("/places", &place).await["id"].clone()
    };
    let (from, to) = (place("Milan", 45.5).await, place("Rome", 41.9).await);
    let lane = json!({ "name": "South", "from": from, "to": to, "duration": "6h" });
    let lane = house.owner.post("/lanes", &lane).await["id"].clone();
    let at = now(&house.owner).await;
    let [pick_up, delivery] = [0, 6].map(|hours| {
        let from = at + Duration::hours(hours);
        json!({ "from": text(from), "to": text(from + Duration::hours(2)) })
    });
    let leg = json!({ "lane": lane, "carrier": house.carrier, "pick_up": pick_up, "delivery": delivery });
    let body = json!({ "legs": [leg], "consignee": pharmacy });
    house.owner.post(&format!("/shipments/{shipment}/legs"), &body).await;
    json!({
        "to": pharmacy, "name": "Pharmacy", "place": "Rome", "from": delivery["from"], "until": delivery["to"],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_answer_says_what_to_take_over_what_is_held_and_what_comes_next() {
    let house = House::start("handovers").await;
    let driver = house.program.api().log_in("driver@carrier.example", PASSWORD).await;
    let pallet = house.owner.post("/parents", &json!({ "kind": "pallet", "reference": "P-1" })).await;
    let pallet = pallet["id"].as_str().unwrap();
    let [one, _, broken] =
        [house.ship("PO-1", 1, 3).await, house.ship("PO-2", 4, 1).await, house.ship("PO-3", 5, 1).await];
    let from = text(now(&house.owner).await - Duration::minutes(5));
    let fill = json!({ "shipment": one, "boxes": [1, 2], "from": from });
    house.owner.post(&format!("/parents/{pallet}/boxes"), &fill).await;
    assert_eq!(driver.list("/handovers").await, [Value::Null; 0], "nothing was offered to it");
    let held = house.owner.list("/handovers").await;
    assert_eq!(held.len(), 3, "the packer has all of them");
    assert_eq!(held[2]["held"][0]["boxes"], json!([1, 2, 3]));

    let offer = json!({ "to": { "organisation": house.carrier }, "boxes": [1, 3], "note": "by hand" });
    house.owner.post(&format!("/shipments/{one}/custody/offer"), &offer).await;
    house.offer(&format!("/shipments/{broken}")).await;
    let listed = driver.list("/handovers").await;
    assert_eq!(listed.len(), 2);
    let found = &listed[1];
    assert_eq!(found["shipment"]["reference"], "PO-1");
    assert_eq!(found["boxes"][2], json!({ "box": 3, "sscc": sscc(3) }));
    assert_eq!(found["parents"][0]["boxes"], json!([1, 2]));
    assert_eq!(found["to_take"][0]["boxes"], json!([1, 3]));
    assert_eq!((&found["to_take"][0]["note"], &found["held"]), (&json!("by hand"), &json!([])));
    assert_eq!(house.owner.list("/handovers").await[2]["offered"][0]["boxes"], json!([1, 3]));
    assert_eq!(house.owner.list("/handovers").await[2]["held"][0]["boxes"], json!([2]));

    let answers = json!({ "answers": found["to_take"][0]["entry"] });
    driver.post(&format!("/shipments/{one}/custody/accept"), &answers).await;
    let next = planned(&house, &one).await;
    let listed = driver.list("/handovers").await;
    let held = &listed[1]["held"][0];
    assert_eq!((&held["boxes"], &listed[1]["to_take"]), (&json!([1, 3]), &json!([])));
    assert_eq!(held["next"], next);

    // A ledger that was tampered with is said to be, and keeps no other from being listed.
    house.tamper(&broken);
    let listed = driver.list("/handovers").await;
    assert_eq!((&listed[0]["unreadable"], &listed[0]["to_take"]), (&json!(true), &json!([])));
    assert_eq!(listed[1]["unreadable"], json!(false));
    let page = driver.get("/handovers?limit=1").await;
    assert!(page["next"].is_string(), "{page}");
}
