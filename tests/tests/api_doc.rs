//! Every line of docs/api.md, run as it stands there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::process::Command;

use chrono::Duration;
use e2e::documents::{blocks, repository};
use e2e::fleet::{profile, text};
use e2e::warm::now;
use e2e::{Api, Installation, Part, Program, folder, program};
use reqwest::Method;
use serde_json::{Value, json};

const GTIN: &str = "09506000134352";

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
        let mut script = format!("set -euo pipefail\n{}", blocks("sh", None));
        headings.iter().for_each(|heading| script.push_str(&blocks("sh", Some(heading))));
        self.script(&script, settings)
    }

    /// What a script prints, which must do all of it well.
    fn script(&self, script: &str, settings: &[(&str, &str)]) -> String {
        let found = program().parent().unwrap().to_owned();
        let path = format!("{}:{}", found.display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-c", script])
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

/// With the packages that the page is built with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_in_typescript_is_made_and_used_as_told() {
    let house = House::start().await;
    let (supplier, key) = house.partner("supplier", "supplier").await;
    let products = json!({ "items": [{ "gtin": GTIN }] });
    house.admin.send(Method::PUT, &format!("/organisations/{supplier}/products"), Some(&products)).await.ok();
    let profile = house.admin.post("/profiles", &profile()).await["id"].clone();
    house.ship("PO-5", &profile, None).await;
    let (folder, heading) = (house.folder.path(), "A client in TypeScript");
    let page = repository().join("crates/web/ui/node_modules");
    std::os::unix::fs::symlink(page, folder.join("node_modules")).unwrap();
    std::fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    std::fs::write(folder.join("program.ts"), blocks("ts", Some(heading))).unwrap();
    let settings = [("KEY", &*key), ("GTIN", GTIN)];
    tokio::task::block_in_place(|| house.run(&[heading], &settings));
    let build = "npx tsc --strict --noUncheckedIndexedAccess --skipLibCheck --target es2022 --module es2022 --moduleResolution bundler --types node program.ts";
    let made = tokio::task::block_in_place(|| house.script(&format!("{build}\nnode program.js"), &settings));
    assert_eq!(made.trim(), "PO-5 null", "it has no readings yet");
}
