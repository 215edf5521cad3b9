//! A shipment's way through the real program, told in the words of EPCIS: it says what happened, GS1's own schema takes it,
//! and who does not see the shipment does not see this.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::Duration;
use e2e::epcis::{check, schema};
use e2e::fleet::{dev_eui, profile, text};
use e2e::warm::{Target, integrations, now};
use e2e::{Api, Installation, Part, folder, until};
use reqwest::Method;
use serde_json::{Value, json};

const SSCC: &str = "106141412345678908";

/// A shipment that was too warm, refused a release, and received into quarantine.
struct Way {
    _program: e2e::Program,
    _folder: tempfile::TempDir,
    owner: Api,
    /// An auditor of the carrier's, and somebody of a partner that has nothing to do with it.
    carrier: Api,
    stranger: Api,
    path: String,
}

/// A partner's id and somebody of theirs.
async fn partner(owner: &Api, of: &Api, (name, kind, role): (&str, &str, &str)) -> (i64, Api) {
    let made = owner.post("/organisations", &json!({ "kind": kind, "name": name })).await;
    let (email, password) = (format!("{role}@{name}.example"), "a long password of theirs");
    let user = json!({ "email": email, "role": role, "password": password, "organisation": made["id"] });
    owner.post("/users", &user).await;
    (made["id"].as_i64().unwrap(), of.log_in(&email, password).await)
}

impl Way {
    async fn new() -> Self {
        let folder = folder("epcis");
        let installation = Installation::embedded(&folder.path().join("d"));
        installation.add_user("admin");
        installation.add_user("quality");
        let token = installation.add_integration("depot", "chirpstack");
        let program = installation.start(Part::Serve).await;
        let (owner, quality) = (program.log_in("admin").await, program.log_in("quality").await);
        integrations(&program.url, 1).await;
        let target = Target { url: program.url.clone(), integration: "depot".to_owned(), token };

        let profile = owner.post("/profiles", &profile()).await["id"].clone();
        let contents = json!([
            { "product": "Vaccine", "gtin": "09506000134352", "lot": "A1", "quantity": 10 },
            { "product": "Nobody's", "quantity": 1 },
        ]);
        let boxes = json!([{ "sscc": SSCC, "contents": contents }, { "contents": [] }]);
        let shipment = json!({ "reference": "PO 2026/7", "profile": profile, "boxes": boxes });
        let id = owner.post("/shipments", &shipment).await["id"].as_str().unwrap().to_owned();
        let path = format!("/shipments/{id}");
        owner.post("/trackers", &json!({ "dev_eui": dev_eui(1), "name": "T", "codec": "isotherm" })).await;
        let from = text(now(&owner).await - Duration::hours(3));
        owner
            .post(&format!("{path}/trackers"), &json!({ "dev_eui": dev_eui(1), "from": from, "box": 1 }))
            .await;
        target.send_warm(&owner, &dev_eui(1)).await;
        until("it is on hold", async || (owner.get(&path).await["hold_reason"] == "excursion").then_some(()))
            .await;

        let (carrier, driver) = partner(&owner, &program.api(), ("carrier", "carrier", "courier")).await;
        let (pharmacy, receiver) =
            partner(&owner, &program.api(), ("pharmacy", "consignee", "receiver")).await;
        let (_, stranger) = partner(&owner, &program.api(), ("other", "carrier", "auditor")).await;
        let place = json!({ "lat": 52.5, "lon": 13.4, "accuracy_m": 20 });
        let accept = json!({ "quarantine": true, "whereabouts": place });
        for (from, to, by) in [(&owner, carrier, &driver), (&driver, pharmacy, &receiver)] {
            from.post(&format!("{path}/custody/offer"), &json!({ "to": { "organisation": to } })).await;
            by.post(&format!("{path}/custody/accept"), &accept).await;
        }
        let decision = json!({
            "decision": "reject", "meaning": "Not to be used", "reason": "too warm",
            "password": "the quality's long password",
        });
        quality.post(&format!("{path}/disposition"), &decision).await;
        let auditor = json!({ "email": "auditor@carrier.example", "role": "auditor", "organisation": carrier,
            "password": "a long password of theirs" });
        owner.post("/users", &auditor).await;
        let carrier = program.api().log_in("auditor@carrier.example", "a long password of theirs").await;
        Self { _program: program, _folder: folder, owner, carrier, stranger, path }
    }

    async fn told(&self, to: &Api) -> Value {
        to.get(&format!("{}/epcis", self.path)).await
    }
}

fn events(document: &Value) -> &[Value] {
    document["epcisBody"]["eventList"].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipments_way_is_told_as_the_schema_has_it_to_who_sees_it() {
    let way = Way::new().await;
    let answer = way.owner.send(Method::GET, &format!("{}/epcis", way.path), None).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/ld+json"));
    let document = answer.json();
    if let Some(schema) = schema() {
        check(&schema, &document);
    }
    let of = |step: &str| -> Vec<&Value> {
        events(&document).iter().filter(|event| event["bizStep"] == step).collect()
    };
    let counts =
        ["packing", "installing", "removing", "shipping", "accepting", "receiving", "holding", "inspecting"]
            .map(|step| of(step).len());
    // The first hold was for what was not known yet; what was found then is another reason of the same hold.
    assert_eq!(counts, [2, 1, 1, 1, 1, 1, 1, 1], "{document:#}");
    let packed = of("packing")[0];
    assert_eq!(packed["parentID"], format!("https://id.gs1.org/00/{SSCC}"));
    assert_eq!(packed["childQuantityList"].as_array().unwrap().len(), 1, "{packed}");
    assert_eq!(of("receiving")[0]["disposition"], "non_sellable_other");
    assert_eq!(of("inspecting")[0]["persistentDisposition"], json!({ "set": ["non_conformant"] }));
    let alarms = of("sensor_reporting");
    let is_alarm =
        |event: &&&Value| event["sensorElementList"][0]["sensorReport"][0]["exception"] == "ALARM_CONDITION";
    assert_eq!(alarms.iter().filter(is_alarm).count(), 1, "{alarms:#?}");

    // The carrier's people see the same, with the same names; it was exported and that is on record.
    assert_eq!(events(&way.told(&way.carrier).await), events(&document));
    let refused = way.stranger.send(Method::GET, &format!("{}/epcis", way.path), None).await;
    assert_eq!(refused.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schema_takes_no_broken_document() {
    let Some(schema) = schema() else { return };
    let way = Way::new().await;
    let document = way.told(&way.owner).await;
    check(&schema, &document);
    let first = "/epcisBody/eventList/0";
    for (place, value) in [
        ("/type", json!("EPCISQuery")),
        ("/creationDate", json!("yesterday")),
        ("/epcisBody/eventList/0/type", json!("TransactionEvent")),
        ("/epcisBody/eventList/0/eventTime", json!("08:00")),
        ("/epcisBody/eventList/0/eventTimeZoneOffset", json!("UTC")),
        ("/epcisBody/eventList/0/bizStep", json!("teleporting")),
        ("/epcisBody/eventList/0/action", json!("observe")),
        ("/epcisBody/eventList/0/eventID", json!("no URI")),
    ] {
        let mut broken = document.clone();
        *broken.pointer_mut(place).unwrap_or_else(|| panic!("{place}")) = value;
        assert!(!schema.is_valid(&broken), "{place}: {}", broken.pointer(first).unwrap());
    }
    let mut unknown = document.clone();
    unknown.pointer_mut(first).unwrap()["colour"] = json!("red");
    assert!(!schema.is_valid(&unknown));
}
