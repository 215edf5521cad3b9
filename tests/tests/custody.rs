//! Boxes change hands through the API; the ledger cannot be changed; and the evidence is checked by the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::fleet::{profile, ship};
use e2e::{Api, Installation, Part, Program};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::postgres::Database;

struct House {
    program: Program,
    installation: Installation,
    database: Database,
    folder: tempfile::TempDir,
    /// The shipment's own organisation.
    owner: Api,
    /// Of partners: organisation ids and somebody of theirs.
    carrier: (i64, Api),
    pharmacy: (i64, Api),
    shipment: String,
}

impl House {
    async fn start(name: &str) -> Self {
        let folder = e2e::folder(name);
        let database = testkit::postgres::database(None).unwrap();
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        installation.add_user("auditor");
        let owner = program.log_in("admin").await;
        let carrier = partner(&owner, &program, "Carrier", "carrier", "courier").await;
        let pharmacy = partner(&owner, &program, "Pharmacy", "consignee", "receiver").await;
        let profile = owner.post("/profiles", &profile()).await;
        let shipment = ship(&owner, 1, &profile["id"]).await;
        Self { program, installation, database, folder, owner, carrier, pharmacy, shipment }
    }

    async fn post(&self, api: &Api, act: &str, body: Value) -> (u16, Value) {
        let path = format!("/shipments/{}/custody/{act}", self.shipment);
        let answer = api.send(Method::POST, &path, Some(&body)).await;
        (answer.status, answer.json())
    }

    async fn custody(&self) -> Value {
        self.owner.get(&format!("/shipments/{}/custody", self.shipment)).await
    }

    async fn status(&self) -> String {
        let shown = self.owner.get(&format!("/shipments/{}", self.shipment)).await;
        shown["status"].as_str().unwrap().to_owned()
    }

    /// The evidence, and what the program says of it.
    async fn verify(&self, package: &[u8], keys: Option<&Value>) -> (i32, Value) {
        let file = self.folder.path().join("evidence.zip");
        std::fs::write(&file, package).unwrap();
        let mut call = vec!["verify", file.to_str().unwrap()];
        let key_file = self.folder.path().join("keys.json");
        if let Some(keys) = keys {
            std::fs::write(&key_file, keys.to_string()).unwrap();
            call.extend(["--key", key_file.to_str().unwrap()]);
        }
        let output = self.installation.run(&call, "");
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), answer)
    }

    async fn evidence(&self) -> Vec<u8> {
        let url = format!("{}/api/v1/shipments/{}/evidence", self.program.url, self.shipment);
        let request = reqwest::Client::new().get(url).bearer_auth(self.owner.token());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "application/zip");
        answer.bytes().await.unwrap().to_vec()
    }
}

/// A partner of the owner, and somebody of theirs who is logged in.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boxes_change_hands_and_every_step_is_in_the_ledger() {
    let house = House::start("handover").await;
    let (carrier, pharmacy) = (&house.carrier, &house.pharmacy);
    // Binding the tracker packed it.
    let custody = house.custody().await;
    assert_eq!(house.status().await, "packed");
    assert_eq!(custody["entries"][0]["act"], "packed");
    assert_eq!(custody["boxes"][0]["custodian"]["strength"], "account");
    // Who has nothing to do with it does not see it.
    let path = format!("/shipments/{}/custody", house.shipment);
    assert_eq!(carrier.1.send(Method::GET, &path, None).await.status, 404);

    let offer = json!({
        "to": { "organisation": carrier.0 }, "seals": [{ "box": 1, "seal": "S-1" }], "condition": "intact",
        "whereabouts": { "place": "Dock 3", "lat": 52.5, "lon": 13.4, "accuracy_m": 20 },
    });
    let (status, offered) = house.post(&house.owner, "offer", offer).await;
    assert_eq!((status, &offered["status"]), (201, &json!("packed")), "{offered}");
    // Nobody else can accept it, and custody has not moved.
    assert_eq!(house.post(&house.owner, "accept", json!({ "quarantine": true })).await.0, 409);
    assert_eq!(house.post(&pharmacy.1, "accept", json!({ "quarantine": true })).await.0, 404);

    // Nothing is known of the first minutes: it is on hold, and so accepted into quarantine only.
    let (status, refused) = house.post(&carrier.1, "accept", json!({})).await;
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains("quarantine"), "{refused}");
    let accept = json!({ "id": "0198a000-0000-7000-8000-000000000001", "quarantine": true, "note": "dry" });
    let (status, accepted) = house.post(&carrier.1, "accept", accept.clone()).await;
    assert_eq!((status, &accepted["status"]), (201, &json!("in_transit")), "{accepted}");
    // Sent again it is the same.
    let (status, again) = house.post(&carrier.1, "accept", accept.clone()).await;
    assert_eq!((status, &again["entry"]), (200, &accepted["entry"]), "{again}");
    let (status, other) = house
        .post(
            &house.owner,
            "seal",
            json!({
                "id": accept["id"], "boxes": [1], "seal": "S-2", "reason": "new"
            }),
        )
        .await;
    assert_eq!(status, 409, "{other}");

    // What is not there cannot be handed over, nor by whom it is not with.
    for (api, act, body, status) in [
        (&house.owner, "offer", json!({ "to": { "organisation": pharmacy.0 } }), 409),
        (&carrier.1, "offer", json!({ "to": { "organisation": pharmacy.0 }, "boxes": [2] }), 409),
        (&carrier.1, "offer", json!({ "to": { "organisation": 999_999 } }), 422),
        (&carrier.1, "seal", json!({ "boxes": [2], "seal": "x", "reason": "y" }), 409),
        (
            &carrier.1,
            "correct",
            json!({ "corrects": accepted["entry"], "effect": "annulled", "reason": "x" }),
            403,
        ),
        (&carrier.1, "pack", json!({}), 409),
        (&carrier.1, "accept", json!({ "quarantine": true }), 409),
        (&carrier.1, "offer", json!({ "to": { "organisation": pharmacy.0 }, "condition": "fine" }), 422),
        (
            &carrier.1,
            "offer",
            json!({ "to": { "organisation": pharmacy.0 }, "whereabouts": { "lat": 91.0, "lon": 0.0 } }),
            422,
        ),
        (
            &carrier.1,
            "offer",
            json!({ "to": { "organisation": pharmacy.0 }, "at": "2020-01-01T00:00:00Z" }),
            422,
        ),
    ] {
        let (is, answer) = house.post(api, act, body.clone()).await;
        assert_eq!(is, status, "{act} {body}: {answer}");
        assert!(answer["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{answer}");
    }

    // The pharmacy refuses once, and accepts then.
    let to_pharmacy = json!({ "to": { "organisation": pharmacy.0, "person": "Goods-in" } });
    let (_, offered) = house.post(&carrier.1, "offer", to_pharmacy.clone()).await;
    assert_eq!(offered["status"], "delivered", "{offered}");
    let (status, refused) = house.post(&pharmacy.1, "refuse", json!({ "reason": "seal is broken" })).await;
    assert_eq!((status, &refused["status"]), (201, &json!("in_transit")), "{refused}");
    assert_eq!(house.post(&pharmacy.1, "accept", json!({ "quarantine": true })).await.0, 409);
    house
        .post(&carrier.1, "seal", json!({ "boxes": [1], "seal": "S-3", "reason": "the old one broke" }))
        .await;
    house.post(&carrier.1, "offer", to_pharmacy).await;
    // Written to have been a day ago: it was not offered then, and the tracker rode with it until it was.
    let long_ago = e2e::fleet::text(e2e::warm::now(&house.owner).await - chrono::Duration::days(1));
    let accept = json!({ "quarantine": true, "at": long_ago });
    let (status, received) = house.post(&pharmacy.1, "accept", accept).await;
    assert_eq!((status, &received["status"]), (201, &json!("received")), "{received}");
    let custody = house.custody().await;
    let one = &custody["boxes"][0];
    assert_eq!(one["custodian"]["from"], custody["entries"][6]["at"], "when it was offered");
    let shown = house.owner.get(&format!("/shipments/{}", house.shipment)).await;
    let micros = |at: &Value| {
        at.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_micros()
    };
    assert_eq!(micros(&shown["trackers"][0]["until"]), micros(&custody["entries"][6]["at"]));
    assert_eq!(one["custodian"]["organisation"]["name"], "Pharmacy");
    assert_eq!(one["custodian"]["quarantine"], true);
    assert_eq!(one["seal"], "S-3");
    let earlier: Vec<&str> = one["earlier"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["organisation"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(earlier.len(), 2);
    assert_eq!(earlier[1], "Carrier");
    let acts: Vec<&str> =
        custody["entries"].as_array().unwrap().iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    assert_eq!(
        acts,
        ["packed", "offered", "accepted", "offered", "refused", "sealed", "offered", "accepted"]
    );
    assert_eq!(custody["entries"][7]["hold"], "incomplete");

    // The consignor corrects: the last acceptance was made in error.
    let correct = json!({ "corrects": received["entry"], "effect": "annulled", "reason": "wrong box" });
    let (status, corrected) = house.post(&house.owner, "correct", correct).await;
    assert_eq!((status, &corrected["status"]), (201, &json!("delivered")), "{corrected}");
    let custody = house.custody().await;
    assert_eq!(custody["boxes"][0]["custodian"]["organisation"]["name"], "Carrier");
    assert!(custody["entries"][7]["ignored"].as_str().unwrap().contains("correction"));
    let told = house.owner.get(&format!("/shipments/{}/epcis", house.shipment)).await;
    let declared = told["epcisBody"]["eventList"].as_array().unwrap().iter();
    let declared = declared.filter(|event| event.get("errorDeclaration").is_some());
    assert_eq!(declared.map(|event| &event["bizStep"]).collect::<Vec<_>>(), ["receiving"]);
    if let Some(schema) = e2e::epcis::schema() {
        e2e::epcis::check(&schema, &told);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_refuses_to_change_a_ledger_and_verify_finds_what_was_changed_past_it() {
    let house = House::start("ledger").await;
    let offer = json!({ "to": { "organisation": house.carrier.0 } });
    house.post(&house.owner, "offer", offer).await;
    house.post(&house.carrier.1, "accept", json!({ "quarantine": true })).await;
    let keys: Value = house.owner.get("/keys").await;
    assert_eq!(keys["keys"][0]["algorithm"], "Ed25519");
    let package = house.evidence().await;
    let (code, answer) = house.verify(&package, Some(&keys)).await;
    assert_eq!((code, &answer["whole"], &answer["ledger_rows"]), (0, &json!(true), &json!(3)), "{answer}");
    assert_eq!((&answer["key_checked"], &answer["signed_by"]), (&json!(true), &keys["keys"][0]["id"]));
    assert_eq!(house.verify(&package, None).await.1["key_checked"], false);
    let other_key = json!({ "keys": [{ "public_key": "00".repeat(32) }] });
    let (code, answer) = house.verify(&package, Some(&other_key)).await;
    assert_eq!((code, &answer["whole"]), (1, &json!(false)), "{answer}");
    assert_eq!(house.verify(b"no package", None).await.0, 2);
    assert_eq!(house.verify(&package, Some(&json!("no key"))).await.0, 2);

    for change in [
        "update custody_records set entry = entry",
        "delete from custody_records where sequence = 3",
        "truncate custody_records",
        "update ledger_keys set first_used_at = now()",
        "delete from ledger_keys",
        "truncate ledger_keys cascade",
    ] {
        let refused = house.database.psql(change).unwrap_err().to_string();
        assert!(refused.contains("only added to"), "{change}: {refused}");
    }

    // Whoever owns the database can switch that off. What he changes then is found, whichever column it is.
    let changed = |assignment: &str, row: u8| {
        format!(
            "begin; alter table custody_records disable trigger user;
             update custody_records set {assignment} where sequence = {row};
             alter table custody_records enable trigger user; commit"
        )
    };
    let columns = "select column_name from information_schema.columns where table_name = 'custody_records'";
    let mut columns: Vec<String> =
        house.database.psql(columns).unwrap().lines().map(|line| line.trim().to_owned()).collect();
    columns.retain(|column| !column.is_empty());
    let changes = [
        ("entry", "entry = replace(entry, '\"at\":\"20', '\"at\":\"21')"),
        ("record", "record = replace(record, '\"recorded_at\":\"20', '\"recorded_at\":\"21')"),
        ("signature", "signature = set_byte(signature, 5, 255 - get_byte(signature, 5))"),
        ("entry_id", "entry_id = gen_random_uuid()"),
        ("sequence", "sequence = 7"),
        ("organisation_id", "organisation_id = (select max(id) from organisations)"),
    ];
    for column in &columns {
        // Another shipment's or another key's name would have to exist; the rest is tried here.
        let is_tried = changes.iter().any(|(tried, _)| tried == column);
        assert!(is_tried || ["shipment_id", "key_id"].contains(&column.as_str()), "{column} is not tried");
    }
    let rows = "select json_agg(c order by sequence) from custody_records c";
    let before = house.database.psql(rows).unwrap().trim().replace('\'', "''");
    for (column, assignment) in changes {
        house.database.psql(&changed(assignment, 3)).unwrap();
        let (code, answer) = house.verify(&house.evidence().await, Some(&keys)).await;
        assert_eq!(code, 1, "{column}: {answer}");
        assert!(answer["altered"].as_str().unwrap().contains("row 3"), "{column}: {answer}");
        house
            .database
            .psql(&format!(
                "begin; alter table custody_records disable trigger user; delete from custody_records;
                 insert into custody_records select * from json_populate_recordset(null::custody_records, '{before}');
                 alter table custody_records enable trigger user; commit"
            ))
            .unwrap();
        assert_eq!(house.verify(&house.evidence().await, Some(&keys)).await.0, 0, "{column} is back");
    }

    // Nor can a row be taken off its end: how long it was is kept apart.
    house
        .database
        .psql(
            "begin; alter table custody_records disable trigger user; delete from custody_records where sequence = 3;
             alter table custody_records enable trigger user; commit",
        )
        .unwrap();
    let (code, answer) = house.verify(&house.evidence().await, Some(&keys)).await;
    let altered = answer["altered"].as_str().unwrap();
    assert_eq!((code, altered.contains("ends with row 2, and the manifest says 3")), (1, true), "{answer}");
}

impl House {
    /// Sends the bytes as a photo of the shipment.
    async fn photo(&self, api: &Api, bytes: &[u8]) -> (u16, Value) {
        let url = format!("{}/api/v1/shipments/{}/custody/photos", self.program.url, self.shipment);
        let request = reqwest::Client::new().post(url).bearer_auth(api.token());
        let answer = request.header("content-type", "image/jpeg").body(bytes.to_vec()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn show_photo(&self, api: &Api, hash: &str) -> reqwest::Response {
        let url = format!("{}/api/v1/shipments/{}/custody/photos/{hash}", self.program.url, self.shipment);
        reqwest::Client::new().get(url).bearer_auth(api.token()).send().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_is_kept_as_it_came_shown_to_who_sees_the_shipment_and_checked_with_the_evidence() {
    let house = House::start("photos").await;
    let (carrier, pharmacy) = (&house.carrier, &house.pharmacy);
    let jpeg = |name: &str| [b"\xff\xd8\xff\xe1 taken at 52.5 13.4: ", name.as_bytes()].concat();
    let photo = jpeg("dented");
    let (status, kept) = house.photo(&house.owner, &photo).await;
    assert_eq!(
        (status, &kept["bytes"], &kept["media_type"]),
        (201, &json!(photo.len()), &json!("image/jpeg"))
    );
    let hash = kept["sha256"].as_str().unwrap();
    assert_eq!(house.photo(&house.owner, &photo).await, (200, kept.clone()), "the same one again");
    for (bytes, status) in [(&b"<svg/>"[..], 422), (b"", 422), (&vec![0xff; 5_000_001], 413)] {
        let (is, refused) = house.photo(&house.owner, bytes).await;
        assert_eq!(is, status, "{refused}");
    }
    // Who does not see the shipment neither adds nor sees one.
    assert_eq!(house.photo(&carrier.1, &photo).await.0, 404);
    assert_eq!(house.show_photo(&carrier.1, hash).await.status(), 404);

    let offer =
        |photo: &str| json!({ "to": { "organisation": carrier.0 }, "condition": "damaged", "photo": photo });
    for unknown in ["0".repeat(64), "a photo".to_owned(), hash.to_uppercase()] {
        let (status, refused) = house.post(&house.owner, "offer", offer(&unknown)).await;
        assert!(status == 422 && refused["detail"].as_str().unwrap().starts_with("photo: "), "{refused}");
    }
    let (status, offered) = house.post(&house.owner, "offer", offer(hash)).await;
    assert_eq!((status, &offered["custody"]["entries"][1]["photo"]), (201, &json!(hash)), "{offered}");
    let shown = house.show_photo(&carrier.1, hash).await;
    let header = |name: &str| shown.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((shown.status().as_u16(), header("content-type")), (200, "image/jpeg".to_owned()));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(header("content-disposition"), format!("inline; filename=\"{hash}.jpg\""));
    assert_eq!(shown.bytes().await.unwrap(), photo, "byte by byte as it came");
    assert_eq!(house.show_photo(&pharmacy.1, hash).await.status(), 404);
    assert_eq!(house.show_photo(&carrier.1, &"0".repeat(64)).await.status(), 404);
    // Of another shipment it is none.
    let profile = house.owner.post("/profiles", &profile()).await;
    let other = ship(&house.owner, 2, &profile["id"]).await;
    let answer = house
        .owner
        .send(Method::POST, &format!("/shipments/{other}/custody/offer"), Some(&offer(hash)))
        .await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let elsewhere = format!("/shipments/{other}/custody/photos/{hash}");
    assert_eq!(house.owner.send(Method::GET, &elsewhere, None).await.status, 404);

    let png = b"\x89PNG\r\n\x1a\n wet".to_vec();
    let (_, wet) = house.photo(&carrier.1, &png).await;
    let accept = json!({ "quarantine": true, "condition": "wet", "photo": wet["sha256"] });
    assert_eq!(house.post(&carrier.1, "accept", accept).await.0, 201);
    house.evidence_holds_the_photos(&[(hash, "jpg"), (wet["sha256"].as_str().unwrap(), "png")]).await;

    // So many and no more, of each organisation.
    for number in 1..20 {
        assert_eq!(house.photo(&carrier.1, &jpeg(&number.to_string())).await.0, 201, "{number}");
    }
    let (status, refused) = house.photo(&carrier.1, &jpeg("one more")).await;
    assert!(status == 409 && refused["detail"].as_str().unwrap().contains("20"), "{refused}");
    assert_eq!(house.photo(&carrier.1, &png).await.0, 200, "what is there stays");
    assert_eq!(house.photo(&house.owner, &jpeg("another's")).await.0, 201);
}

impl House {
    async fn evidence_holds_the_photos(&self, photos: &[(&str, &str)]) {
        let keys = self.owner.get("/keys").await;
        let package = self.evidence().await;
        let text = String::from_utf8_lossy(&package).into_owned();
        for (hash, kind) in photos {
            assert!(text.contains(&format!("photos/{hash}.{kind}")), "{hash}");
        }
        let (code, answer) = self.verify(&package, Some(&keys)).await;
        assert_eq!((code, &answer["whole"]), (0, &json!(true)), "{answer}");
        for change in [
            "update custody_photos set kind = 'png'",
            "delete from custody_photos",
            "truncate custody_photos",
        ] {
            let refused = self.database.psql(change).unwrap_err().to_string();
            assert!(refused.contains("only added to"), "{change}: {refused}");
        }
        // Whoever owns the database can switch that off.
        let past = |change: &str| {
            let off = "alter table custody_photos disable trigger user";
            let on = "alter table custody_photos enable trigger user";
            self.database.psql(&format!("begin; {off}; {change}; {on}; commit")).unwrap();
        };
        let (hash, kind) = photos[0];
        past(&format!(
            "create table kept as select * from custody_photos where encode(sha256, 'hex') = '{hash}'"
        ));
        past(&format!(
            "update custody_photos set content = content || '\\x00' where encode(sha256, 'hex') = '{hash}'"
        ));
        let (code, answer) = self.verify(&self.evidence().await, Some(&keys)).await;
        let altered = format!("photos/{hash}.{kind} is not the photo");
        assert!(code == 1 && answer["altered"].as_str().unwrap().starts_with(&altered), "{answer}");
        past(&format!("delete from custody_photos where encode(sha256, 'hex') = '{hash}'"));
        let (code, answer) = self.verify(&self.evidence().await, Some(&keys)).await;
        assert!(code == 1 && answer["altered"].as_str().unwrap().contains("is missing"), "{answer}");
        past("insert into custody_photos select * from kept; drop table kept");
        assert_eq!(self.verify(&self.evidence().await, Some(&keys)).await.0, 0);
    }
}
