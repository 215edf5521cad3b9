//! Other companies' systems hand in what they have of handovers: in any order, again, wrong, and against each other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Duration, Utc};
use e2e::fleet::{profile, text};
use e2e::warm::now;
use e2e::{Api, Installation, Part, Program};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::postgres::Database;

const GLN: &str = "9506000134307";
const SSCC: &str = "106141412345678908";

struct House {
    program: Program,
    installation: Installation,
    database: Database,
    _folder: tempfile::TempDir,
    owner: Api,
    /// The tenant's own id, the carrier's and the pharmacy's.
    ids: [i64; 3],
    carrier: Api,
    profile: Value,
    /// When the first shipment was packed.
    start: DateTime<Utc>,
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
        let carrier = json!({ "kind": "carrier", "name": "Carrier", "gln": GLN });
        let carrier = owner.post("/organisations", &carrier).await["id"].as_i64().unwrap();
        let pharmacy = json!({ "kind": "consignee", "name": "Pharmacy" });
        let pharmacy = owner.post("/organisations", &pharmacy).await["id"].as_i64().unwrap();
        let tenant = owner.list("/organisations").await[0]["id"].as_i64().unwrap();
        let profile = owner.post("/profiles", &profile()).await["id"].clone();
        let start = now(&owner).await - Duration::hours(3);
        let api = Self::user(&owner, &program, carrier, "dispatcher").await;
        let ids = [tenant, carrier, pharmacy];
        Self { program, installation, database, _folder: folder, owner, ids, carrier: api, profile, start }
    }

    async fn user(owner: &Api, program: &Program, organisation: i64, role: &str) -> Api {
        let (email, password) =
            (format!("{role}{organisation}@partner.example"), "a long password of theirs");
        let user = json!({
            "email": email, "name": format!("System {organisation}"), "role": role, "password": password,
            "organisation": organisation,
        });
        owner.post("/users", &user).await;
        program.api().log_in(&email, password).await
    }

    fn at(&self, minutes: i64) -> String {
        text(self.start + Duration::minutes(minutes))
    }

    async fn ship(&self, reference: &str, boxes: Value) -> String {
        let body = json!({ "reference": reference, "profile": self.profile, "boxes": boxes });
        let id = self.owner.post("/shipments", &body).await["id"].as_str().unwrap().to_owned();
        let pack = json!({ "at": self.at(0) });
        self.owner.post(&format!("/shipments/{id}/custody/pack"), &pack).await;
        id
    }

    async fn send(&self, api: &Api, events: Value) -> (u16, Value) {
        let answer = api.send(Method::POST, "/hand-ins", Some(&events)).await;
        (answer.status, answer.json())
    }

    async fn csv(&self, api: &Api, query: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        self.body(api, query, "text/csv; charset=utf-8", body).await
    }

    async fn body(&self, api: &Api, query: &str, kind: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let url = format!("{}/api/v1/hand-ins{query}", self.program.url);
        let request = Client::new().post(url).bearer_auth(api.token()).header("content-type", kind);
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn custody(&self, shipment: &str) -> Value {
        self.owner.get(&format!("/shipments/{shipment}/custody")).await
    }

    /// Who had and has each box, from when, and what stands against it.
    async fn timeline(&self, shipment: &str) -> Value {
        let mut custody = self.custody(shipment).await;
        for one in custody["boxes"].as_array_mut().unwrap() {
            one["custodian"]["entry"].take();
            one["earlier"]
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .for_each(|holding| drop(holding["entry"].take()));
        }
        json!([custody["boxes"], custody["conflicts"].as_array().unwrap().len()])
    }

    fn count(&self, table: &str) -> String {
        self.database.psql(&format!("select count(*) from {table}")).unwrap().trim().to_owned()
    }

    /// From the tenant over the carrier to the pharmacy, each naming what it continues.
    fn chain(&self, shipment: &str) -> Vec<Value> {
        let [tenant, carrier, pharmacy] = self.ids;
        let event = |id: &str, what: &str, by: i64, minutes: i64| json!({ "event_id": format!("{id} {shipment}"), "shipment": shipment, "what": what, "by": by, "at": self.at(minutes) });
        let with = |mut event: Value, more: Value| {
            more.as_object().unwrap().iter().for_each(|(name, value)| event[name] = value.clone());
            event
        };
        vec![
            with(event("o1", "offered", tenant, 10), json!({ "to": GLN, "person": "Packer" })),
            with(
                event("a1", "accepted", carrier, 20),
                json!({ "continues_event": format!("o1 {shipment}"), "continues_by": tenant, "person": "Driver" }),
            ),
            with(
                event("o2", "offered", carrier, 30),
                json!({ "to": pharmacy, "continues_event": format!("a1 {shipment}") }),
            ),
            with(
                event("a2", "accepted", pharmacy, 40),
                json!({ "continues_event": format!("o2 {shipment}"), "continues_by": GLN, "note": "dry" }),
            ),
        ]
    }
}

/// Every order of four.
fn orders() -> Vec<[usize; 4]> {
    let all = (0..256_usize).map(|n| [n / 64 % 4, n / 16 % 4, n / 4 % 4, n % 4]);
    all.filter(|order| (0..4).all(|place| order.contains(&place))).collect()
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let lines = answer["lines"].as_array().unwrap_or_else(|| panic!("{answer}"));
    lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_every_order_and_however_often_the_custody_is_the_same() {
    let house = House::start("orders").await;
    let mut timelines = Vec::new();
    for (number, order) in orders().into_iter().enumerate() {
        let reference = format!("S-{number}");
        let shipment = house.ship(&reference, json!([{}, {}])).await;
        let chain = house.chain(&reference);
        // One by one, but for some that come in one file.
        let chunk = if number % 3 == 0 { 4 } else { 1 };
        for events in order.chunks(chunk) {
            let events: Vec<Value> = events.iter().map(|place| chain[*place].clone()).collect();
            let (status, answer) = house.send(&house.owner, json!(events)).await;
            assert_eq!((status, &answer["refused"]), (200, &json!(0)), "{answer}");
            if chunk == 4 {
                assert_eq!(outcomes(&answer), ["written"; 4], "{answer}");
            }
        }
        let entries = house.count("custody_records");
        let (status, again) = house.send(&house.owner, json!(chain)).await;
        assert_eq!((status, outcomes(&again)), (200, vec!["known"; 4]), "{again}");
        assert_eq!(house.count("custody_records"), entries);
        let shown = house.owner.get(&format!("/shipments/{shipment}")).await;
        assert_eq!(shown["status"], "received", "{order:?}");
        timelines.push(house.timeline(&shipment).await);
    }
    assert_eq!(timelines.len(), 24);
    assert!(timelines.iter().all(|one| *one == timelines[0]), "{timelines:#?}");
    let one = &timelines[0][0][0];
    assert_eq!(
        (&one["custodian"]["organisation"]["name"], &one["custodian"]["strength"]),
        (&json!("Pharmacy"), &json!("system"))
    );
    assert_eq!(one["earlier"][1]["person"], "Driver");
    assert_eq!(house.count("hand_ins where written_at is null"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carriers_file_continues_what_people_wrote_and_the_same_file_changes_nothing() {
    let house = House::start("carrier").await;
    let first = house.ship("S-1", json!([{ "sscc": SSCC }, {}])).await;
    let second = house.ship("S-2", json!([{}])).await;
    let file = |place: &str, more: &str| {
        format!(
            "\u{feff}event_id;what;at;by;person;shipment;sscc;seals;place;to\r\n\
             c-1;accepted;{};{GLN};B. Meyer;;{SSCC};A-1;{place};\r\n\
             c-2;accepted;{};{};;S-2;;;;\r\n{more}",
            house.at(30),
            house.at(31),
            house.ids[1]
        )
    };
    let (other, file) = (
        file("Dock 4", &format!("c-3;offered;{};{GLN};;S-2;;;;{}\r\n", house.at(40), house.ids[2])),
        file("Dock 3", ""),
    );
    // Nothing is the carrier's business yet.
    let (status, refused) = house.csv(&house.carrier, "", file.clone()).await;
    assert_eq!((status, &refused["refused"]), (422, &json!(2)), "{refused}");
    assert!(refused["lines"][0]["detail"].as_str().unwrap().contains("sscc: there is no box"), "{refused}");
    for shipment in [&first, &second] {
        let offer = json!({ "to": { "organisation": house.ids[1] }, "at": house.at(25) });
        house.owner.post(&format!("/shipments/{shipment}/custody/offer"), &offer).await;
    }
    let (status, taken) = house.csv(&house.carrier, "", file.clone()).await;
    assert_eq!((status, outcomes(&taken)), (200, vec!["written", "written"]), "{taken}");
    assert_eq!((&taken["lines"][0]["line"], &taken["lines"][1]["line"]), (&json!(2), &json!(3)));
    let custody = house.custody(&first).await;
    assert_eq!(custody["boxes"][0]["custodian"]["organisation"]["name"], "Carrier");
    assert_eq!(custody["boxes"][0]["custodian"]["person"], "B. Meyer");
    assert_ne!(
        custody["boxes"][1]["custodian"]["organisation"]["name"], "Carrier",
        "the other box was not named"
    );
    assert_eq!(custody["entries"][2]["seals"], json!([{ "box": 1, "seal": "A-1" }]));
    assert_eq!(custody["entries"][2]["whereabouts"]["place"], "Dock 3");
    let entries = house.count("custody_records");
    let (status, again) = house.csv(&house.carrier, "", file.clone()).await;
    assert_eq!((status, outcomes(&again)), (200, vec!["known", "known"]), "{again}");
    assert_eq!(again["lines"][0]["entry"], taken["lines"][0]["entry"]);
    assert_eq!(house.count("custody_records"), entries);

    // The same id with other content; and beside it what can be taken.
    let (status, answer) = house.csv(&house.carrier, "", other.clone()).await;
    assert_eq!(status, 422, "{other} {answer}");
    assert_eq!((&answer["written"], &answer["lines"][0]["line"]), (&json!(0), &json!(2)));
    assert!(
        answer["lines"][0]["detail"].as_str().unwrap().contains("handed in before with other content"),
        "{answer}"
    );
    assert_eq!(house.count("custody_records"), entries, "rollback is what is done by itself");
    let (status, answer) = house.csv(&house.carrier, "?on_error=proceed", other).await;
    assert_eq!((status, outcomes(&answer)), (200, vec!["refused", "known", "written"]), "{answer}");

    // A carrier sees what its own systems handed in.
    let listed = house.carrier.list(&format!("/shipments/{second}/hand-ins")).await;
    let ids: Vec<&Value> = listed.iter().map(|one| &one["event_id"]).collect();
    assert_eq!(ids, ["c-3", "c-2"]);
    assert_eq!(
        (&listed[0]["handed_in_by"], &listed[0]["waits"]),
        (&json!(format!("System {}", house.ids[1])), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_continued_yet_waits_and_what_contradicts_is_written_and_shown() {
    let house = House::start("waits").await;
    let [tenant, carrier, pharmacy] = house.ids;
    let shipment = house.ship("S-1", json!([{}, {}])).await;
    let accepted = json!({
        "event_id": "a-1", "what": "accepted", "at": house.at(20), "by": carrier, "shipment": shipment, "boxes": [1],
    });
    let (_, answer) = house.send(&house.owner, json!([accepted])).await;
    assert_eq!(outcomes(&answer), ["waiting"], "{answer}");
    assert!(answer["lines"][0]["detail"].as_str().unwrap().contains("no open offer"), "{answer}");
    let path = format!("/shipments/{shipment}/hand-ins");
    assert!(house.owner.list(&path).await[0]["waits"].as_str().unwrap().contains("no open offer"));
    // An offer that came long after is none that could have been accepted.
    let offer = |at: String| json!({ "to": { "organisation": carrier }, "at": at, "boxes": [1] });
    let custody = format!("/shipments/{shipment}/custody");
    house.owner.post(&format!("{custody}/offer"), &offer(house.at(60))).await;
    assert!(!house.owner.list(&path).await[0]["waits"].is_null());
    // With the offer that it meant it is written, whoever wrote that.
    let offered = house.owner.post(&format!("{custody}/offer"), &offer(house.at(19))).await;
    assert_eq!(offered["status"], "in_transit", "{offered}");
    let listed = house.owner.list(&path).await;
    assert!(listed[0]["waits"].is_null() && listed[0]["entry"].is_string(), "{listed:?}");

    // A hash that nobody knows, somebody to whom nothing was offered, and a refusal of what was accepted: all on record.
    let hash = house.custody(&shipment).await["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["act"] == "offered" && one["at"] == json!(offered["custody"]["entries"][2]["at"]))
        .unwrap()["hash"]
        .clone();
    let event = |id: &str, what: &str, by: i64, continues: &Value| {
        json!({
            "event_id": id, "what": what, "by": by, "at": house.at(22), "shipment": "S-1", "boxes": "1", "continues": continues,
        })
    };
    let mut refusal = event("r-1", "refused", carrier, &hash);
    refusal["reason"] = json!("wet");
    let nobody = json!("0".repeat(64));
    let events = json!([
        event("h-1", "accepted", pharmacy, &nobody),
        event("n-1", "accepted", pharmacy, &hash),
        refusal
    ]);
    let (status, answer) = house.send(&house.owner, events).await;
    assert_eq!((status, outcomes(&answer)), (200, vec!["written"; 3]), "{answer}");
    let detail = |line: usize| answer["lines"][line]["detail"].as_str().unwrap();
    assert!(detail(0).contains("has not arrived") && detail(1).contains("somebody else"), "{answer}");
    assert!(detail(2).contains("contradicts") && answer["lines"][2]["conflict"] == true, "{answer}");
    let custody = house.custody(&shipment).await;
    assert_eq!(custody["conflicts"][0]["settled"], "open");
    assert_eq!(
        custody["boxes"][0]["custodian"]["organisation"]["id"], tenant,
        "the custodian before it stays"
    );

    // On hold: it happened, and so it is on record; the sender is told.
    let held = house.ship("S-2", json!([{}])).await;
    house.database.psql(&format!("update shipments set hold = 'recall' where id = '{held}'")).unwrap();
    let (_, answer) = house.send(&house.owner, json!(house.chain("S-2")[..2])).await;
    assert_eq!(outcomes(&answer), ["written"; 2], "{answer}");
    assert!(answer["lines"][1]["detail"].as_str().unwrap().contains("on hold (recall)"), "{answer}");
    assert_eq!(house.custody(&held).await["entries"][2]["hold"], "recall");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_resolved_is_named_line_by_line_and_leaves_nothing_behind() {
    let house = House::start("lines").await;
    let [tenant, carrier, pharmacy] = house.ids;
    house.ship("S-1", json!([{ "sscc": SSCC }, {}])).await;
    let line = |id: &str, rest: &str| format!("{id},accepted,{},{rest}\n", house.at(20));
    let header = "event_id,what,at,by,shipment,sscc,boxes\n";
    let file = [
        header.to_owned(),
        line("1", &format!("{carrier},S-9,,")),
        line("2", &format!("{carrier},,106141419999999995,")),
        line("3", "999999,S-1,,"),
        line("4", &format!("{carrier},S-1,,3")),
        line("5", "nobody,S-1,,"),
        format!("6,accepted,2020-01-01T00:00:00Z,{carrier},S-1,,\n"),
        "7,accepted\n".to_owned(),
        line("8", &format!("{carrier},S-1,,1")),
        line("8", &format!("{carrier},S-1,,1")),
        line("8", &format!("{carrier},S-1,,2")),
    ]
    .concat();
    let expected = [
        (2, "shipment: there is no such shipment"),
        (3, "sscc: "),
        (4, "by: there is no one organisation 999999"),
        (5, "boxes: the shipment has no box 3"),
        (6, "by: `nobody`"),
        (7, "at lies more than 400 days back"),
        (8, "line: 2 fields where the header has 7"),
        (11, "other content"),
    ];
    let (status, answer) = house.csv(&house.owner, "", file.clone()).await;
    assert_eq!(status, 422, "{answer}");
    let lines = answer["lines"].as_array().unwrap();
    assert_eq!(lines.len(), expected.len(), "{answer}");
    for (line, (number, says)) in lines.iter().zip(expected) {
        assert!(line["line"] == number && line["detail"].as_str().unwrap().contains(says), "{line} {says}");
    }
    assert_eq!(house.count("hand_ins"), "0");
    let (_, answer) = house.csv(&house.owner, "?on_error=proceed", file).await;
    assert_eq!(
        (&answer["waiting"], &answer["known"], &answer["refused"]),
        (&json!(1), &json!(1), &json!(8)),
        "{answer}"
    );
    assert_eq!(house.count("hand_ins"), "1");

    // What others do they hand in themselves, and another tenant's shipments do not exist.
    let event = |id: &str, by: i64| json!({ "event_id": id, "what": "accepted", "at": house.at(20), "by": by, "shipment": "S-1" });
    let (status, answer) =
        house.send(&house.carrier, json!([event("x", pharmacy), event("y", tenant)])).await;
    assert_eq!(status, 422);
    assert!(answer["lines"][1]["detail"].as_str().unwrap().contains("your own organisation"), "{answer}");
    let user = ["user", "add", "--email", "a@other.example", "--role", "admin", "--password-stdin"];
    let password = "a long password of theirs";
    house.installation.admin(&[&user[..], &["--organisation", "Other"]].concat(), password);
    let foreign = house.program.api().log_in("a@other.example", password).await;
    let own = foreign.list("/organisations").await[0]["id"].as_i64().unwrap();
    let (status, answer) = house.send(&foreign, json!([event("x", own), event("y", carrier)])).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer["lines"][0]["detail"].as_str().unwrap().contains("no such shipment"), "{answer}");
    assert!(answer["lines"][1]["detail"].as_str().unwrap().contains("no one organisation"), "{answer}");

    let many = vec![event("x", carrier); 1001];
    for (kind, body, status, says) in [
        ("application/json", json!(many).to_string(), 422, "more than 1000 events"),
        ("application/json", "{".to_owned(), 422, "no list of events"),
        ("text/csv", "event_id,when\n".to_owned(), 422, "no column `when`"),
        ("text/plain", header.to_owned(), 415, "text/csv"),
        ("text/csv", "x".repeat(1024 * 1024 + 1), 413, "too large"),
    ] {
        let (is, answer) = house.body(&house.owner, "", kind, body).await;
        assert!(is == status && answer["detail"].as_str().unwrap().contains(says), "{kind}: {answer}");
    }
    assert_eq!(house.csv(&house.owner, "?on_error=maybe", header).await.0, 400);
    assert_eq!(house.count("hand_ins"), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_is_told_the_same_of_an_organisation_that_is_none_of_its_business_and_of_none() {
    let house = House::start("unknown").await;
    let [_, carrier, pharmacy] = house.ids;
    let shipment = house.ship("S-1", json!([{}])).await;
    let offer = json!({ "to": { "organisation": carrier }, "at": house.at(10) });
    house.owner.post(&format!("/shipments/{shipment}/custody/offer"), &offer).await;
    let nobody = 999_999;
    // Without the number, what differs by it.
    let told = async |event: &dyn Fn(i64) -> Value, party: i64| {
        let (status, answer) =
            house.send(&house.carrier, json!([event(party), { "event_id": "wrong" }])).await;
        assert_eq!(status, 422, "{answer}");
        answer["lines"].to_string().replace(&party.to_string(), "N")
    };
    let event = |id: &str, what: &str, shipment: &str| json!({ "event_id": id, "what": what, "at": house.at(20), "by": carrier, "shipment": shipment });
    let continued = |by: i64| {
        let mut event = event("c-1", "accepted", "S-1");
        (event["continues_event"], event["continues_by"]) = (json!("e-1"), json!(by));
        event
    };
    let unseen = |to: i64| {
        let mut event = event("o-1", "offered", "S-9");
        event["to"] = json!(to);
        event
    };
    let early = |to: i64| {
        let mut event = event("o-2", "offered", "S-1");
        (event["to"], event["continues_event"]) = (json!(to), json!("e-2"));
        event
    };
    let others = |by: i64| {
        let mut event = event("b-1", "accepted", "S-1");
        event["by"] = json!(by);
        event
    };
    let events: [&dyn Fn(i64) -> Value; 4] = [&continued, &unseen, &early, &others];
    for event in events {
        assert_eq!(told(event, pharmacy).await, told(event, nobody).await);
    }
    let (status, answer) = house.send(&house.carrier, json!([continued(pharmacy)])).await;
    assert_eq!((status, outcomes(&answer)), (200, vec!["waiting"]), "{answer}");
    assert!(!answer.to_string().contains("Pharmacy"), "{answer}");
    // The tenant's own people know them, and are told of what is misspelt.
    let (status, answer) = house.send(&house.owner, json!([continued(nobody)])).await;
    assert_eq!(status, 422);
    assert!(answer["lines"][0]["detail"].as_str().unwrap().contains("continues_by: there is no"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_refused_is_in_the_audit_trail_and_is_no_longer_for_a_long_one() {
    let house = House::start("refused").await;
    let audited = || {
        let sql = "select detail from audit_entries where action = 'custody.hand_in_refused' order by id";
        house.database.psql(sql).unwrap()
    };
    let wrong = json!({ "event_id": "x", "what": "accepted", "note": "n".repeat(1000), "shipment": "S-9" });
    assert_eq!(house.send(&house.carrier, json!(vec![wrong; 500])).await.0, 422);
    assert_eq!(house.csv(&house.carrier, "", "event_id,when\n").await.0, 422);
    let kept = audited();
    let lines: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["lines"], &lines[0]["refused"], &lines[0]["first"][0]),
        (&json!(500), &json!(500), &json!(1)),
        "{kept}"
    );
    assert!(lines[1]["file"].as_str().unwrap().contains("no column `when`"), "{kept}");
    assert!(kept.lines().all(|line| line.len() < 400), "{kept}");
    assert_eq!(house.count("hand_ins"), "0");
}
