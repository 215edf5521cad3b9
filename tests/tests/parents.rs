//! Forty boxes, one scan: a pallet changes hands with exceptions, and each shipment on it has its entry.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::Duration;
use e2e::fleet::{profile, text};
use e2e::warm::now;
use e2e::{Api, Installation, Part, Program};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::postgres::{Database, psql};

const PALLET: &str = "106141412345678908";

struct House {
    program: Program,
    installation: Installation,
    database: Database,
    _folder: tempfile::TempDir,
    owner: Api,
    /// Of partners: organisation ids and somebody of theirs.
    carrier: (i64, Api),
    pharmacy: (i64, Api),
    profile: Value,
    pallet: String,
}

/// An SSCC of ours with its check digit.
fn sscc(number: u64) -> String {
    let digits = format!("10614141{number:09}");
    let sum: u32 =
        digits.chars().rev().zip([3, 1].into_iter().cycle()).map(|(d, w)| d.to_digit(10).unwrap() * w).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
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
        let carrier = partner(&owner, &program, "Carrier", "carrier", "courier").await;
        let pharmacy = partner(&owner, &program, "Pharmacy", "consignee", "receiver").await;
        let profile = owner.post("/profiles", &profile()).await["id"].clone();
        let pallet = owner.post("/parents", &json!({ "kind": "pallet", "sscc": PALLET })).await;
        let pallet = pallet["id"].as_str().unwrap().to_owned();
        Self { program, installation, database, _folder: folder, owner, carrier, pharmacy, profile, pallet }
    }

    /// A packed shipment on the pallet; its boxes have SSCCs from `first` on.
    async fn ship(&self, reference: &str, first: u64, count: u64) -> String {
        let boxes: Vec<Value> =
            (first..first + count).map(|number| json!({ "sscc": sscc(number) })).collect();
        let body = json!({ "reference": reference, "profile": self.profile, "boxes": boxes });
        let made = self.owner.post("/shipments", &body).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.owner.post(&format!("/shipments/{id}/custody/pack"), &json!({})).await;
        self.fill(&id, None).await;
        id
    }

    async fn fill(&self, shipment: &str, boxes: Option<&[u32]>) {
        let from = text(now(&self.owner).await - Duration::minutes(5));
        let fill = json!({ "shipment": shipment, "boxes": boxes, "from": from });
        self.owner.post(&format!("/parents/{}/boxes", self.pallet), &fill).await;
    }

    async fn post(&self, api: &Api, act: &str, body: Value) -> (u16, Value) {
        let path = format!("/parents/{}/custody/{act}", self.pallet);
        let answer = api.send(Method::POST, &path, Some(&body)).await;
        (answer.status, answer.json())
    }

    async fn custody(&self, shipment: &str) -> Value {
        self.owner.get(&format!("/shipments/{shipment}/custody")).await
    }

    /// Who has the boxes of a shipment, by their numbers.
    async fn custodians(&self, shipment: &str) -> Vec<String> {
        let custody = self.custody(shipment).await;
        let name = |one: &Value| one["custodian"]["organisation"]["name"].as_str().unwrap().to_owned();
        custody["boxes"].as_array().unwrap().iter().map(name).collect()
    }

    fn entries(&self) -> String {
        self.database.psql("select count(*) from custody_records").unwrap().trim().to_owned()
    }
}

async fn partner(owner: &Api, program: &Program, name: &str, kind: &str, role: &str) -> (i64, Api) {
    let made = owner.post("/organisations", &json!({ "kind": kind, "name": name })).await;
    let (email, password) = (format!("{role}@{kind}.example"), "a long password of theirs");
    let user = json!({
        "email": email, "name": format!("{name}'s {role}"), "role": role, "password": password,
        "organisation": made["id"],
    });
    owner.post("/users", &user).await;
    (made["id"].as_i64().unwrap(), program.api().log_in(&email, password).await)
}

fn of<'a>(answer: &'a Value, reference: &str) -> &'a Value {
    let all = answer["shipments"].as_array().unwrap();
    all.iter().find(|one| one["reference"] == reference).unwrap_or_else(|| panic!("{reference}: {answer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_boxes_are_offered_and_accepted_with_one_scan_and_three_exceptions() {
    let house = House::start("pallet").await;
    let first = house.ship("S-1", 1, 30).await;
    let second = house.ship("S-2", 31, 9).await;
    let third = house.ship("S-3", 40, 1).await;
    let request = "0198a000-0000-7000-8000-000000000001";
    let offer = json!({
        "id": request, "to": { "organisation": house.carrier.0, "person": "Night driver" }, "condition": "intact",
        "whereabouts": { "place": "Dock 3" },
        "seals": [{ "sscc": sscc(2), "seal": "A-2" }],
        "exceptions": [
            { "sscc": sscc(7), "reason": "wet" },
            { "shipment": second, "box": 9, "reason": "label torn" },
            { "sscc": sscc(40), "reason": "not there" },
        ],
    });
    let (status, offered) = house.post(&house.owner, "offer", offer.clone()).await;
    assert_eq!(status, 201, "{offered}");
    let one = of(&offered, "S-1");
    assert_eq!(one["boxes"].as_array().unwrap().len(), 29, "{one}");
    assert_eq!(one["exceptions"], json!([{ "box": 7, "reason": "wet" }]));
    assert_eq!(of(&offered, "S-2")["boxes"], json!([1, 2, 3, 4, 5, 6, 7, 8]));
    assert_eq!((&of(&offered, "S-3")["entry"], &of(&offered, "S-3")["boxes"]), (&Value::Null, &json!([])));
    assert_eq!(offered["left_out"], json!([]));
    let written = house.custody(&first).await["entries"][1].clone();
    assert_eq!((&written["parent"], &written["hash"]), (&json!(PALLET), &one["entry"]));
    assert_eq!(written["seals"], json!([{ "box": 2, "seal": "A-2" }]));
    assert_eq!(written["whereabouts"]["place"], "Dock 3");

    // Sent again under its id it is the same, and nothing is written.
    let before = house.entries();
    let (status, again) = house.post(&house.owner, "offer", offer.clone()).await;
    assert_eq!(status, 200, "{again}");
    assert_eq!(of(&again, "S-1"), one);
    assert_eq!((again["shipments"].as_array().unwrap().len(), house.entries()), (2, before));

    // The carrier finds one more missing.
    let accept = json!({ "id": request, "exceptions": [{ "sscc": sscc(3), "reason": "not there" }] });
    let (status, accepted) = house.post(&house.carrier.1, "accept", accept.clone()).await;
    assert_eq!(status, 201, "{accepted}");
    assert_eq!(of(&accepted, "S-1")["boxes"].as_array().unwrap().len(), 28);
    assert_eq!(of(&accepted, "S-1")["exceptions"], json!([{ "box": 3, "reason": "not there" }]));
    let left: Vec<(&Value, &Value)> = accepted["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["reference"], &one["boxes"]))
        .collect();
    assert_eq!(left, [(&json!("S-1"), &json!([7])), (&json!("S-2"), &json!([9]))], "{accepted}");
    let (status, again) = house.post(&house.carrier.1, "accept", accept).await;
    assert_eq!((status, &of(&again, "S-2")["entry"]), (200, &of(&accepted, "S-2")["entry"]));
    let custodians = house.custodians(&first).await;
    assert_eq!(custodians.iter().filter(|name| *name == "Carrier").count(), 28);
    assert!(custodians[2] != "Carrier" && custodians[6] != "Carrier");
    assert_eq!(house.custodians(&second).await[8], house.custodians(&third).await[0]);
    let open = house.custody(&first).await["boxes"][2]["offers"].clone();
    assert_eq!(open, json!([one["entry"]]), "what was offered and not there is open still");

    // Box 3 turns up. Then all of them go on together, by two handovers each its own entry.
    let (status, late) = house.post(&house.carrier.1, "accept", json!({})).await;
    assert_eq!((status, &of(&late, "S-1")["boxes"]), (201, &json!([3])), "{late}");
    let onward = json!({ "to": { "organisation": house.pharmacy.0 } });
    let mut taken = onward.clone();
    taken["id"] = json!(request);
    assert_eq!(house.post(&house.carrier.1, "offer", taken).await.0, 409, "the id is the owner's");
    let (status, onward) = house.post(&house.carrier.1, "offer", onward).await;
    assert_eq!((status, onward["shipments"].as_array().unwrap().len()), (201, 3), "{onward}");
    let (status, refused) = house.post(&house.pharmacy.1, "refuse", json!({ "reason": "too late" })).await;
    assert_eq!((status, refused["shipments"].as_array().unwrap().len()), (201, 3), "{refused}");
    assert_eq!(house.post(&house.pharmacy.1, "accept", json!({})).await.0, 409);
    let noted = "select count(*) from audit_entries where action = 'parent.handed_over'";
    assert_eq!(house.database.psql(noted).unwrap().trim(), "5");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_has_stays_and_what_is_on_hold_is_named() {
    let house = House::start("mixed").await;
    let own = house.ship("S-1", 1, 2).await;
    let away = house.ship("S-2", 3, 1).await;
    let held = house.ship("S-3", 4, 1).await;
    let offer = json!({ "to": { "organisation": house.pharmacy.0 } });
    house.owner.post(&format!("/shipments/{away}/custody/offer"), &offer).await;
    house.pharmacy.1.post(&format!("/shipments/{away}/custody/accept"), &json!({})).await;
    psql(&house.database.url(), &format!("update shipments set hold = 'recall' where id = '{held}'"))
        .unwrap();

    let to_carrier = json!({ "to": { "organisation": house.carrier.0 } });
    let (status, offered) = house.post(&house.owner, "offer", to_carrier).await;
    assert_eq!((status, offered["shipments"].as_array().unwrap().len()), (201, 2), "{offered}");
    let left = &offered["left_out"][0];
    assert_eq!((&left["reference"], &left["boxes"]), (&json!("S-2"), &json!([1])));
    assert!(left["why"].as_str().unwrap().contains("does not have"), "{left}");

    let before = house.entries();
    let (status, refused) = house.post(&house.carrier.1, "accept", json!({})).await;
    let detail = refused["detail"].as_str().unwrap();
    assert_eq!(status, 409, "{refused}");
    assert!(
        detail.contains("S-3 (recall)") && detail.contains("quarantine") && !detail.contains("S-1"),
        "{detail}"
    );
    assert_eq!(house.entries(), before, "all or nothing");
    let (status, accepted) = house.post(&house.carrier.1, "accept", json!({ "quarantine": true })).await;
    assert_eq!(status, 201, "{accepted}");
    assert_eq!(
        (&of(&accepted, "S-1")["quarantine"], &of(&accepted, "S-3")["quarantine"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(accepted["left_out"], json!([]), "of the pharmacy's shipment the carrier hears nothing");
    assert_eq!(house.custodians(&away).await, ["Pharmacy"]);
    assert_eq!(house.custodians(&own).await, ["Carrier", "Carrier"]);
    assert_eq!(house.custody(&held).await["boxes"][0]["custodian"]["quarantine"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_names_its_offers_answers_no_other() {
    let house = House::start("named").await;
    let back = house.ship("S-1", 1, 1).await;
    house.ship("S-2", 2, 1).await;
    let offer = json!({ "to": { "organisation": house.carrier.0 } });
    let (_, first) = house.post(&house.owner, "offer", offer.clone()).await;
    let entries = |answer| json!([of(answer, "S-1")["entry"], of(answer, "S-2")["entry"]]);
    let seen = entries(&first);
    // Between the scan and its sending S-1 is taken back and offered again.
    house.owner.post(&format!("/shipments/{back}/custody/withdraw"), &json!({ "reason": "opened" })).await;
    house.owner.post(&format!("/shipments/{back}/custody/offer"), &offer).await;
    let before = house.entries();
    for (act, body) in [
        ("accept", json!({ "answers": seen })),
        ("accept", json!({ "answers": [seen[0]], "exceptions": [{ "sscc": sscc(1), "reason": "wet" }] })),
        ("refuse", json!({ "answers": seen, "reason": "wet" })),
    ] {
        let (status, answer) = house.post(&house.carrier.1, act, body).await;
        let detail = answer["detail"].as_str().unwrap();
        assert!(status == 409 && detail.contains("of S-1 is not open to you"), "{act}: {answer}");
    }
    for (answers, says) in [
        (json!(["0".repeat(64)]), "is not open to you"),
        (json!(["zz"]), "answers: "),
        (json!(vec!["0".repeat(64); 1001]), "at most 1000"),
    ] {
        let (_, answer) = house.post(&house.carrier.1, "accept", json!({ "answers": answers })).await;
        assert!(answer["detail"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(house.entries(), before);
    let (status, some) = house.post(&house.carrier.1, "accept", json!({ "answers": [seen[1]] })).await;
    assert_eq!((status, &of(&some, "S-2")["boxes"]), (201, &json!([1])), "{some}");
    assert_eq!((&some["shipments"][1], &some["left_out"][0]["reference"]), (&Value::Null, &json!("S-1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_certain_is_refused_and_nothing_is_written() {
    let house = House::start("uncertain").await;
    let shipment = house.ship("S-1", 1, 2).await;
    let to = json!({ "organisation": house.carrier.0 });
    let before = house.entries();
    let long_ago = text(now(&house.owner).await - Duration::hours(2));
    for (act, body, status, says) in [
        ("offer", json!({ "to": { "organisation": 999_999 } }), 422, "organisation"),
        (
            "offer",
            json!({ "to": to, "exceptions": [{ "sscc": sscc(77), "reason": "x" }] }),
            422,
            "not in this parent",
        ),
        (
            "offer",
            json!({ "to": to, "exceptions": [{ "sscc": "106141412345678909", "reason": "x" }] }),
            422,
            "misread",
        ),
        (
            "offer",
            json!({ "to": to, "exceptions": [{ "shipment": shipment, "reason": "x" }] }),
            422,
            "by its sscc, or by",
        ),
        ("offer", json!({ "to": to, "exceptions": [{ "sscc": sscc(1), "reason": " " }] }), 422, "reason"),
        (
            "offer",
            json!({ "to": to, "exceptions": [{ "sscc": sscc(1), "reason": "x" }, { "shipment": shipment, "box": 1, "reason": "y" }] }),
            422,
            "twice",
        ),
        (
            "offer",
            json!({ "to": to, "exceptions": vec![json!({ "sscc": sscc(1), "reason": "x" }); 1001] }),
            422,
            "at most 1000",
        ),
        ("offer", json!({ "to": to, "at": long_ago }), 409, "no box is in this parent"),
        ("offer", json!({ "to": to, "at": "2020-01-01T00:00:00Z" }), 422, "at lies"),
        (
            "offer",
            json!({ "to": to, "exceptions": [{ "sscc": sscc(1), "reason": "x" }, { "sscc": sscc(2), "reason": "x" }] }),
            409,
            "nothing was written",
        ),
        ("accept", json!({}), 409, "offered to the caller"),
        ("refuse", json!({ "reason": "x" }), 409, "offered to the caller"),
        ("refuse", json!({ "reason": "" }), 422, "reason"),
    ] {
        let (is, answer) = house.post(&house.owner, act, body.clone()).await;
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert!(is == status && detail.contains(says), "{act} {body}: {answer}");
    }
    assert_eq!(house.entries(), before);
    // Nothing on it is the carrier's business yet, and it does not exist for another tenant.
    assert_eq!(house.post(&house.carrier.1, "accept", json!({})).await.0, 404);
    let user = ["user", "add", "--email", "a@other.example", "--role", "admin", "--password-stdin"];
    let password = "a long password of theirs";
    house.installation.admin(&[&user[..], &["--organisation", "Other"]].concat(), password);
    let foreign = house.program.api().log_in("a@other.example", password).await;
    for (act, body) in
        [("offer", json!({ "to": to })), ("accept", json!({})), ("refuse", json!({ "reason": "x" }))]
    {
        assert_eq!(house.post(&foreign, act, body).await.0, 404, "{act}");
    }

    // Another person's id, and another time, are other handovers.
    let id = "0198a000-0000-7000-8000-000000000002";
    let (status, _) = house.post(&house.owner, "offer", json!({ "id": id, "to": to })).await;
    assert_eq!(status, 201);
    let at = text(now(&house.owner).await - Duration::minutes(1));
    let (status, other) = house.post(&house.owner, "offer", json!({ "id": id, "to": to, "at": at })).await;
    assert!(status == 409 && other["detail"].as_str().unwrap().contains("id:"), "{other}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_shipments_as_may_be_change_hands_as_one() {
    let house = House::start("many").await;
    for number in 0..50 {
        house.ship(&format!("S-{number}"), number + 1, 1).await;
    }
    let offer = json!({ "to": { "organisation": house.carrier.0 } });
    for (api, act, body) in [(&house.owner, "offer", offer), (&house.carrier.1, "accept", json!({}))] {
        let begun = std::time::Instant::now();
        let (status, answer) = house.post(api, act, body).await;
        println!("{act} of 50 shipments with a box each: {} ms", begun.elapsed().as_millis());
        assert_eq!((status, answer["shipments"].as_array().unwrap().len()), (201, 50), "{answer}");
    }
    house.ship("S-50", 51, 1).await;
    let (status, answer) = house.post(&house.owner, "refuse", json!({ "reason": "late" })).await;
    let says = answer["detail"].as_str().unwrap();
    assert!(
        status == 409 && says.contains("boxes of 51 shipments are in this parent: at most 50"),
        "{answer}"
    );
}
