//! Every line of docs/api.md, run as it stands there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::process::Command;

use chrono::Duration;
use e2e::fleet::{profile, text};
use e2e::warm::now;
use e2e::{Api, Installation, Part, Program, folder, program};
use reqwest::Method;
use serde_json::{Value, json};

const GTIN: &str = "09506000134352";

/// The blocks that stand in a section of the document, in their order.
fn blocks(heading: Option<&str>) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let document = std::fs::read_to_string(repository.join("docs/api.md")).unwrap();
    let mut sections = document.split("\n## ");
    let section = match heading {
        None => sections.next(),
        Some(heading) => sections.find(|section| section.starts_with(heading)),
    };
    let section = section.unwrap_or_else(|| panic!("docs/api.md has no section {heading:?}"));
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let blocks: Vec<&str> = blocks.collect();
    assert!(!blocks.is_empty(), "{heading:?} has no block");
    blocks.join("\n")
}

struct House {
    program: Program,
    admin: Api,
    folder: tempfile::TempDir,
}

impl House {
    async fn start() -> Self {
        let folder = folder("api-doc");
        let installation = Installation::embedded(&folder.path().join("d"));
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        let admin = program.log_in("admin").await;
        Self { program, admin, folder }
    }

    /// A partner of that kind, and a key that acts in its name.
    async fn partner(&self, kind: &str, role: &str) -> (i64, String) {
        let partner = json!({ "kind": kind, "name": kind });
        let id = self.admin.post("/organisations", &partner).await["id"].as_i64().unwrap();
        let key = json!({ "organisation": id, "name": "its system", "role": role });
        let key = self.admin.post("/api-keys", &key).await;
        (id, key["key"].as_str().unwrap_or_else(|| panic!("{key}")).to_owned())
    }

    /// A packed shipment of the supplier's product, offered to a partner where one is named.
    async fn ship(&self, reference: &str, profile: &Value, to: Option<i64>) -> String {
        let content = json!({ "gtin": GTIN, "lot": "L-1", "quantity": 10 });
        let body =
            json!({ "reference": reference, "profile": profile, "boxes": [{ "contents": [content] }] });
        let id = self.admin.post("/shipments", &body).await["id"].as_str().unwrap().to_owned();
        self.admin.post(&format!("/shipments/{id}/custody/pack"), &json!({})).await;
        if let Some(to) = to {
            let offer = json!({ "to": { "organisation": to } });
            self.admin.post(&format!("/shipments/{id}/custody/offer"), &offer).await;
        }
        id
    }

    /// Runs a section's blocks behind those that come first; returns what they print.
    fn run(&self, headings: &[&str], settings: &[(&str, &str)]) -> String {
        let mut script = format!("set -euo pipefail\n{}", blocks(None));
        headings.iter().for_each(|heading| script.push_str(&blocks(Some(heading))));
        let found = program().parent().unwrap().to_owned();
        let path = format!("{}:{}", found.display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(self.folder.path())
            .env("URL", &self.program.url)
            .env("PATH", path)
            .envs(settings.iter().copied())
            .output()
            .unwrap();
        let (out, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}\n{errors}");
        out.into_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_that_a_supplier_is_told_works() {
    let house = House::start().await;
    let (supplier, key) = house.partner("supplier", "supplier").await;
    let products = json!({ "items": [{ "gtin": GTIN }] });
    let path = format!("/organisations/{supplier}/products");
    house.admin.send(Method::PUT, &path, Some(&products)).await.ok();
    let profile = house.admin.post("/profiles", &profile()).await["id"].clone();
    let shipment = house.ship("PO-1", &profile, None).await;
    let settings =
        [("KEY", &*key), ("GTIN", GTIN), ("LOT", "L-1"), ("REFERENCE", "PO-1"), ("SHIPMENT", &shipment)];
    let out = tokio::task::block_in_place(|| house.run(&["A key", "Supplier"], &settings));
    assert_eq!(out.matches("\"reference\":\"PO-1\"").count(), 5, "four lists and the shipment: {out}");
    assert!(out.contains("\"access_token\"") && out.contains("\"assessment\""), "{out}");
    let events = std::fs::read_to_string(house.folder.path().join("shipment.jsonld")).unwrap();
    assert!(events.contains("EPCISDocument"), "{events}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_that_a_carrier_is_told_works() {
    let house = House::start().await;
    let (carrier, key) = house.partner("carrier", "dispatcher").await;
    let profile = house.admin.post("/profiles", &profile()).await["id"].clone();
    let offered = house.ship("PO-2", &profile, Some(carrier)).await;
    let wet = house.ship("PO-3", &profile, Some(carrier)).await;
    let handed_in = house.ship("PO-4", &profile, Some(carrier)).await;
    let (carrier, at) = (carrier.to_string(), text(now(&house.admin).await + Duration::seconds(1)));
    let settings = [
        ("KEY", &*key),
        ("OFFERED", &offered),
        ("WET", &wet),
        ("HANDED_IN", &handed_in),
        ("CARRIER", &carrier),
        ("NEXT", "1"),
        ("NOW", &at),
    ];
    let out = tokio::task::block_in_place(|| house.run(&["Carrier"], &settings));
    assert_eq!(out.matches("\"outcome\":\"written\"").count(), 2, "both that were handed in: {out}");
    let custodian = async |id: &str| {
        let custody = house.admin.get(&format!("/shipments/{id}/custody")).await;
        custody["boxes"][0]["custodian"]["organisation"]["name"].clone()
    };
    assert_eq!(custodian(&offered).await, "carrier");
    assert_ne!(custodian(&wet).await, "carrier");
    assert_eq!(custodian(&handed_in).await, "carrier");
}
