//! Numbers for boxes that have none, and their labels.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use e2e::warm::{bind, now};
use e2e::{Answer, Api, Installation, Part, Program, fleet, folder};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use testkit::postgres::psql;

struct House {
    installation: Installation,
    program: Program,
    admin: Api,
    profile: Value,
    _kept: (tempfile::TempDir, testkit::postgres::Database),
}

/// A label as it came.
struct File {
    status: u16,
    kind: String,
    name: String,
    caching: String,
    bytes: Vec<u8>,
}

impl House {
    async fn start() -> Self {
        let (folder, database) = (folder("labels"), testkit::postgres::database(None).unwrap());
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        let admin = program.log_in("admin").await;
        let profile = admin.post("/profiles", &fleet::profile()).await["id"].clone();
        Self { installation, program, admin, profile, _kept: (folder, database) }
    }

    /// Gives the organisation its company prefix.
    async fn number_from(&self, prefix: &str, extension: u8) -> Answer {
        let body = json!({ "kind": "consignor", "name": "Pharmacy", "company_prefix": prefix,
            "extension_digit": extension });
        self.admin.send(Method::POST, "/organisations/1", Some(&body)).await
    }

    async fn make(&self, reference: &str, boxes: &Value) -> String {
        let body = json!({ "reference": reference, "profile": self.profile, "boxes": boxes, "destination": "Clinic" });
        self.admin.post("/shipments", &body).await["id"].as_str().unwrap().to_owned()
    }

    async fn number(&self, shipment: &str, body: &Value) -> Answer {
        self.admin.send(Method::POST, &format!("/shipments/{shipment}/sscc"), Some(body)).await
    }

    async fn sscc_of(&self, shipment: &str) -> Vec<Value> {
        let shown = self.admin.get(&format!("/shipments/{shipment}")).await;
        shown["boxes"].as_array().unwrap().iter().map(|one| one["sscc"].clone()).collect()
    }

    async fn print(&self, who: &Api, path: &str) -> File {
        let url = format!("{}/api/v1{path}", self.program.url);
        let answer = Client::new().get(url).bearer_auth(who.token()).send().await.unwrap();
        let header = |name: &str| {
            answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (kind, name, caching) =
            (header("content-type"), header("content-disposition"), header("cache-control"));
        let status = answer.status().as_u16();
        File { status, kind, name, caching, bytes: answer.bytes().await.unwrap().to_vec() }
    }
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_without_a_number_gets_one_and_its_label() {
    let house = House::start().await;
    let shipment = house.make("PO 1/7", &json!([{}, { "sscc": "006141411234567890" }, {}])).await;
    let refused = house.number(&shipment, &json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(detail(&refused).contains("no GS1 company prefix"), "{}", refused.body);
    let labels = format!("/shipments/{shipment}/labels");
    let bare = house.print(&house.admin, &labels).await;
    assert_eq!(bare.status, 409);
    assert!(String::from_utf8(bare.bytes).unwrap().contains("boxes [1, 3] have no SSCC"));

    assert_eq!(house.number_from("0614141", 1).await.json()["company_prefix"], "0614141");
    let first = house.number(&shipment, &json!({ "boxes": [3] })).await.ok();
    assert_eq!(first, json!({ "boxes": [{ "box": 3, "sscc": "106141410000000002" }] }));
    let all = house.number(&shipment, &json!({})).await.ok();
    assert_eq!(all["boxes"][0], json!({ "box": 1, "sscc": "106141410000000019" }));
    assert_eq!(house.number(&shipment, &json!({})).await.ok(), all, "what has a number keeps it");
    assert_eq!(
        house.sscc_of(&shipment).await,
        ["106141410000000019", "006141411234567890", "106141410000000002"]
    );
    let found = house.admin.list("/shipments?sscc=106141410000000019").await;
    assert_eq!(found[0]["reference"], "PO 1/7");
    let audited = psql(
        &house.installation.database_url(),
        "select string_agg(detail->>'boxes', ' ' order by id) from audit_entries where action = 'shipment.numbered'",
    );
    assert_eq!(audited.unwrap().trim(), r#"[[3, "106141410000000002"]] [[1, "106141410000000019"]]"#);

    let pdf = house.print(&house.admin, &labels).await;
    assert_eq!((pdf.status, &*pdf.kind, &*pdf.caching), (200, "application/pdf", "no-store"));
    assert_eq!(pdf.name, r#"inline; filename="PO_1_7-labels.pdf""#);
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let png = house.print(&house.admin, &format!("{labels}?format=png&box=2")).await;
    assert_eq!((png.status, &*png.kind), (200, "image/png"));
    assert_eq!(png.name, r#"inline; filename="PO_1_7-box-2.png""#);
    assert!(png.bytes.starts_with(b"\x89PNG"));
    for (query, status) in [("?box=4", 404), ("?format=png", 400), ("?format=gif", 400), ("?box=x", 400)] {
        assert_eq!(house.print(&house.admin, &format!("{labels}{query}")).await.status, status, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_packs_has_a_label_with_two_taps_on_the_page() {
    let house = House::start().await;
    house.number_from("0614141", 1).await.ok();
    let content = json!({ "gtin": "09506000134352", "lot": "LOT-7", "expiry": "2031-02-28", "quantity": 10 });
    house.make("PO 1/7", &json!([{}, { "contents": [content] }, {}])).await;
    house.admin.post("/parents", &json!({ "kind": "pallet", "reference": "P 7" })).await;
    house.installation.add_user("packer");
    let (email, password) = e2e::login_of("packer");
    let about = [("REFERENCE", "PO 1/7"), ("PALLET", "P 7")];
    tokio::task::block_in_place(|| {
        e2e::walk_in_a_browser("labels", &house.program.url, (&email, &password), &about);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_on_its_way_gets_a_number_and_keeps_its_ledger() {
    let house = House::start().await;
    house.number_from("0614141", 0).await.ok();
    let shipment = house.make("on its way", &json!([{}])).await;
    house
        .admin
        .post("/trackers", &json!({ "dev_eui": "0000000000000001", "name": "one", "codec": "isotherm" }))
        .await;
    bind(&house.admin, &shipment, "0000000000000001", now(&house.admin).await).await;
    let custody = house.admin.get(&format!("/shipments/{shipment}/custody")).await;
    let given = house.number(&shipment, &json!({})).await.ok();
    assert_eq!(given["boxes"][0]["sscc"], "006141410000000005");
    assert_eq!(house.admin.get(&format!("/shipments/{shipment}/custody")).await, custody);
    assert_eq!(house.admin.list("/shipments?sscc=006141410000000005").await.len(), 1);
    assert_eq!(house.print(&house.admin, &format!("/shipments/{shipment}/labels")).await.status, 200);

    let over = house.make("over", &json!([{}])).await;
    house.admin.post(&format!("/shipments/{over}/cancel"), &json!({ "reason": "not needed" })).await;
    let refused = house.number(&over, &json!({})).await;
    assert_eq!(
        (refused.status, &*detail(&refused)),
        (409, "the shipment is cancelled: its boxes stay as they are")
    );
    let unknown = house.number(&shipment, &json!({ "boxes": [1, 7] })).await;
    assert_eq!((unknown.status, &*detail(&unknown)), (422, "boxes: the shipment has no box 7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_given_twice_and_a_series_that_is_used_up_says_so() {
    let house = House::start().await;
    let database = house.installation.database_url();
    // 10 000 numbers with each extension digit.
    house.number_from("950600013430", 9).await.ok();
    house.make("typed", &json!([{ "sscc": "995060001343000000" }])).await;
    let mut shipments = Vec::new();
    for n in 0..6 {
        shipments.push(house.make(&format!("at once {n}"), &json!([{}, {}])).await);
    }
    let body = json!({});
    futures_util::future::join_all(shipments.iter().map(|shipment| house.number(shipment, &body))).await;
    let mut given = Vec::new();
    for shipment in &shipments {
        given.extend(house.sscc_of(shipment).await.into_iter().map(|sscc| sscc.as_str().unwrap().to_owned()));
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 12, "{given:?}");
    assert!(given.iter().all(|sscc| sscc.starts_with("9950600013430") && sscc != "995060001343000000"));

    // Whoever comes back to a prefix goes on where he left it.
    house.number_from("950600013430", 0).await.ok();
    house.number_from("950600013430", 9).await.ok();
    let next = "select next_serial from sscc_series where extension_digit = 9";
    assert_eq!(psql(&database, next).unwrap().trim(), "13");
    for back in ["update sscc_series set next_serial = 0", "delete from sscc_series"] {
        assert!(psql(&database, back).is_err(), "{back}");
    }
    psql(&database, "update sscc_series set next_serial = 9999").unwrap();
    let last = house.make("last", &json!([{}, {}])).await;
    let refused = house.number(&last, &json!({})).await;
    assert_eq!(refused.status, 409);
    let said = detail(&refused);
    assert!(said.contains("company prefix 950600013430 with extension digit 9 is used up"), "{said}");
    assert_eq!(house.sscc_of(&last).await, [Value::Null, Value::Null], "all or none");
    assert_eq!(house.number(&last, &json!({ "boxes": [2] })).await.ok()["boxes"][0]["box"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_tenant_has_a_prefix_and_it_is_one() {
    let house = House::start().await;
    for (prefix, extension, says) in [
        ("061", 0, "company_prefix: `061` is no GS1 company prefix: 4 to 12 digits are expected"),
        ("0000000", 0, "company_prefix: `0000000` is no GS1 company prefix: it is all zeros"),
        ("0614141", 10, "extension_digit: 10 is no extension digit: write 0 to 9"),
    ] {
        let refused = house.number_from(prefix, extension).await;
        assert_eq!((refused.status, &*detail(&refused)), (422, says));
    }
    let partner = json!({ "kind": "carrier", "name": "Carrier", "company_prefix": "0614141" });
    let refused = house.admin.send(Method::POST, "/organisations", Some(&partner)).await;
    assert_eq!(refused.status, 422);
    assert!(detail(&refused).starts_with("company_prefix: partners number nothing here"), "{}", refused.body);
    let own = house.number_from("0614141", 3).await.ok();
    assert_eq!((&own["company_prefix"], &own["extension_digit"]), (&json!("0614141"), &json!(3)));
    let without = json!({ "kind": "consignor", "name": "Pharmacy" });
    let changed = house.admin.post("/organisations/1", &without).await;
    assert_eq!((&changed["company_prefix"], &changed["extension_digit"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pallet_gets_its_number_and_label_and_others_see_neither() {
    let house = House::start().await;
    house.number_from("0614141", 1).await.ok();
    let pallet = house.admin.post("/parents", &json!({ "kind": "pallet", "reference": "P 7" })).await;
    let pallet = pallet["id"].as_str().unwrap();
    let (number, label) = (format!("/parents/{pallet}/sscc"), format!("/parents/{pallet}/label"));
    assert_eq!(house.print(&house.admin, &label).await.status, 409);
    let given = house.admin.post(&number, &json!({})).await;
    assert_eq!(given, json!({ "sscc": "106141410000000002" }));
    assert_eq!(house.admin.post(&number, &json!({})).await, given, "what has a number keeps it");
    let png = house.print(&house.admin, &format!("{label}?format=png")).await;
    assert_eq!((&*png.kind, &*png.name), ("image/png", r#"inline; filename="P_7-label.png""#));

    let shipment = house.make("ours", &json!([{ "sscc": "006141411234567890" }])).await;
    house.installation.admin(&["organisation", "add", "--name", "Others"], "");
    let user = [
        "user",
        "add",
        "--role",
        "admin",
        "--organisation",
        "Others",
        "--email",
        "admin@others.test",
        "--password-stdin",
    ];
    house.installation.admin(&user, "password-of-others");
    let other = Api::new(&house.program.url).log_in("admin@others.test", "password-of-others").await;
    for path in
        [label, format!("/shipments/{shipment}/labels"), format!("/shipments/{shipment}/labels?box=1")]
    {
        assert_eq!(house.print(&other, &path).await.status, 404, "{path}");
    }
    for path in [number, format!("/shipments/{shipment}/sscc")] {
        assert_eq!(other.send(Method::POST, &path, Some(&json!({}))).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_tenants_number_from_the_same_series() {
    let house = House::start().await;
    house.number_from("0614141", 3).await.ok();
    house.number_from("0614141", 3).await.ok();
    let add = ["user", "add", "--email", "a@other.example", "--role", "admin", "--password-stdin"];
    let whose = ["--organisation", "Other"];
    house.installation.admin(&[&add[..], &whose].concat(), "a long password");
    let other = house.program.api().log_in("a@other.example", "a long password").await;
    let own = other.list("/organisations").await[0]["id"].clone();
    let take = async |prefix: &str, extension: u8| {
        let body = json!({ "kind": "consignor", "name": "Other", "company_prefix": prefix, "extension_digit": extension });
        other.send(Method::POST, &format!("/organisations/{own}"), Some(&body)).await
    };
    // A longer or shorter one is a part of the same numbers.
    for prefix in ["0614141", "06141412", "0614"] {
        let refused = take(prefix, 3).await;
        assert_eq!(refused.status, 409, "{prefix}: {}", refused.body);
        assert!(
            detail(&refused).starts_with("company_prefix: another organisation numbers"),
            "{}",
            refused.body
        );
        assert!(!refused.body.contains("Pharmacy"), "{}", refused.body);
    }
    assert_eq!(take("0614142", 3).await.status, 200);
    assert_eq!(take("0614141", 4).await.status, 200);
    // What was numbered from a series stays numbered.
    let shipment = house.make("S-1", &json!([{}])).await;
    house.number(&shipment, &json!({})).await.ok();
    house.number_from("0614143", 3).await.ok();
    assert_eq!(take("0614141", 3).await.status, 409);
}
