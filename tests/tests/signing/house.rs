//! A wholesaler with a carrier and a pharmacy, and another tenant that has nothing to do with them.

use e2e::{Api, Installation, Part, Program, folder};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::postgres::{Database, psql};

const PASSWORD: &str = "a long password of theirs";

pub struct House {
    pub program: Program,
    pub installation: Installation,
    pub owner: Api,
    /// Organisation ids, and somebody of theirs.
    pub carrier: (i64, Api),
    pub pharmacy: (i64, Api),
    pub stranger: Api,
    _kept: (tempfile::TempDir, Database),
}

impl House {
    pub async fn start(name: &str) -> Self {
        let folder = folder(name);
        let database = testkit::postgres::database(None).unwrap();
        let installation =
            Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
        let program = installation.start(Part::Serve).await;
        installation.add_user("admin");
        let owner = program.log_in("admin").await;
        let carrier = partner(&owner, &program, "Carrier", "carrier", "courier").await;
        let pharmacy = partner(&owner, &program, "Pharmacy", "consignee", "receiver").await;
        let email = "admin@south.example";
        let whose = ["--role", "admin", "--organisation", "south", "--password-stdin"];
        installation.admin(&[&["user", "add", "--email", email], &whose[..]].concat(), PASSWORD);
        let stranger = program.api().log_in(email, PASSWORD).await;
        Self { program, installation, owner, carrier, pharmacy, stranger, _kept: (folder, database) }
    }

    /// A shipment of that many boxes which no tracker watches, and so nothing holds; packed.
    pub async fn packed(&self, reference: &str, boxes: usize) -> String {
        let profile = self.owner.post("/profiles", &e2e::fleet::profile()).await;
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        let body = json!({
            "reference": reference, "profile": profile["id"], "boxes": vec![json!({ "contents": [] }); boxes],
        });
        let shipment = id(&self.owner.post("/shipments", &body).await);
        act(&self.owner, &shipment, "pack", json!({})).await.ok(201);
        shipment
    }

    /// Offered to that partner; the hash of the offer.
    pub async fn offered(&self, shipment: &str, to: i64) -> Value {
        let body = json!({ "to": { "organisation": to } });
        act(&self.owner, shipment, "offer", body).await.ok(201)["entry"].clone()
    }

    /// A badge of somebody at that partner; its id.
    pub async fn badge(&self, at: i64, holder: &str, number: &str) -> String {
        let body = json!({ "holder": holder, "number": number });
        let made = self.owner.post(&format!("/organisations/{at}/badges"), &body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// A code and a link for the open offer.
    pub async fn code(&self, shipment: &str) -> (String, String) {
        let made = act(&self.owner, shipment, "codes", json!({})).await.ok(201);
        let link = made["link"].as_str().unwrap();
        let secret = link.strip_prefix("/#/sign/").unwrap().to_owned();
        (made["code"].as_str().unwrap().to_owned(), secret)
    }

    pub fn sql(&self, statement: &str) -> String {
        psql(&self.installation.database_url(), statement).unwrap().trim().to_owned()
    }
}

pub struct Answer(pub u16, pub Value);

impl Answer {
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.0, status, "{}", self.1);
        self.1
    }

    /// Refused with these words.
    #[track_caller]
    pub fn refused(self, status: u16, says: &str) {
        let detail = self.1["detail"].as_str().unwrap_or_default();
        assert!(self.0 == status && detail.contains(says), "{}: {}", self.0, self.1);
    }
}

pub async fn act(api: &Api, shipment: &str, act: &str, body: Value) -> Answer {
    post(api, &format!("/shipments/{shipment}/custody/{act}"), body).await
}

pub async fn post(api: &Api, path: &str, body: Value) -> Answer {
    let answer = api.send(Method::POST, path, Some(&body)).await;
    Answer(answer.status, answer.json())
}

async fn partner(owner: &Api, program: &Program, name: &str, kind: &str, role: &str) -> (i64, Api) {
    let made = owner.post("/organisations", &json!({ "kind": kind, "name": name })).await;
    let email = format!("{role}@{kind}.example");
    let user = json!({
        "email": email, "name": format!("{name}'s {role}"), "role": role, "password": PASSWORD,
        "organisation": made["id"],
    });
    owner.post("/users", &user).await;
    (made["id"].as_i64().unwrap(), program.api().log_in(&email, PASSWORD).await)
}
