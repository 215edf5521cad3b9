//! Two organisations in one installation: each sees its own and nothing of the other, in lists, by ids, in what it
//! writes, and in the stream of events.

use chrono::Duration;
use e2e::warm::{Target, integrations, now, ship};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::events::listen;

/// An organisation with one of everything, all of it named differently, but for the shipment's reference.
struct Tenant {
    api: Api,
    /// Its integration, named like the organisation.
    target: Target,
    shipment: String,
    profile: String,
    alert: String,
    tracker: String,
    unknown: String,
}

impl Tenant {
    fn name(&self) -> &str {
        &self.target.integration
    }

    /// What must not appear at the other's.
    fn marks(&self) -> [&str; 6] {
        [self.name(), &self.shipment, &self.profile, &self.alert, &self.tracker, &self.unknown]
    }

    /// Sends a warm reading of so many minutes ago.
    async fn send(&self, dev_eui: &str, minutes_ago: u32) {
        let at = now(&self.api).await - Duration::minutes(minutes_ago.into());
        self.target.send(dev_eui, 1000 - minutes_ago, at, 905).await;
    }
}

impl Tenant {
    /// An uplink of an unknown tracker, and a body that nobody can read.
    async fn send_strange(&self) {
        self.send(&self.unknown, 15).await;
        let Target { url, integration, token } = &self.target;
        let request = Client::new().post(format!("{url}/webhooks/{integration}")).bearer_auth(token);
        let status = request.body(format!("a body of {integration}")).send().await.unwrap().status();
        assert_eq!(status, 400);
        until("both are kept", async || {
            let unknown = self.api.list("/trackers?unknown=true").await;
            let unreadable = self.api.list("/unreadable-bodies").await;
            (unknown.len() == 1 && unreadable.len() == 1).then_some(())
        })
        .await;
    }
}

/// Known to both organisations.
fn shared() -> String {
    fleet::dev_eui(1)
}

/// Makes the `nth` organisation and everything in it.
async fn furnish(installation: &Installation, program: &Program, name: &str, nth: usize) -> Tenant {
    let admin = |subject: &[&str], input: &str| {
        installation.admin(&[subject, &["--organisation", name]].concat(), input)
    };
    let email = format!("admin@{name}.example");
    admin(&["user", "add", "--email", &email, "--role", "admin", "--password-stdin"], "a long password");
    let added = admin(&["integration", "add", "--id", name, "--network", "chirpstack"], "");
    let token = added["token"].as_str().unwrap().to_owned();
    let target = Target { url: program.url.clone(), integration: name.to_owned(), token };
    let api = program.api().log_in(&email, "a long password").await;
    let [tracker, unknown] = [10, 11].map(|place| fleet::dev_eui(100 * nth as u64 + place));
    let shipment = ship(&api, "S-1", &tracker).await;
    api.post("/trackers", &json!({ "dev_eui": shared(), "name": "box", "codec": "isotherm" })).await;
    integrations(&program.url, nth).await;
    target.send_warm(&api, &tracker).await;
    let profile = api.get(&format!("/shipments/{shipment}")).await["profile"]["id"].clone();
    let profile = profile.as_str().unwrap().to_owned();
    let alert = until("an alert", async || {
        let alerts = api.list("/alerts").await;
        Some(alerts.first()?["id"].as_str()?.to_owned())
    })
    .await;
    let tenant = Tenant { api, target, shipment, profile, alert, tracker, unknown };
    tenant.send_strange().await;
    tenant
}

/// Everything that can be read, with ids of `whose`, and what somebody else gets there.
fn addresses(whose: &Tenant) -> Vec<(String, u16)> {
    let Tenant { shipment, profile, tracker, unknown, alert, .. } = whose;
    let listed = ["/me", "/status", "/shipments", "/shipments?reference=S-1", "/alerts", "/alerts?state=all"];
    let more =
        ["/runbooks", "/on-call", "/trackers", "/trackers?unknown=true", "/profiles", "/unreadable-bodies"];
    let uplinks = [tracker, unknown].map(|dev_eui| format!("/trackers/{dev_eui}/uplinks"));
    let below =
        ["", "/alerts", "/assessment", "/readings"].map(|part| format!("/shipments/{shipment}{part}"));
    let single = [format!("/profiles/{profile}"), format!("/trackers/{tracker}")];
    let further = [
        format!("/trackers/{tracker}/set-aside"),
        format!("/trackers/{tracker}/downlinks"),
        format!("/trackers/{tracker}/log"),
        format!("/alerts/{alert}/attempts"),
    ];
    let single = single.into_iter().chain(further);
    let free = listed.into_iter().chain(more).map(str::to_owned).chain(uplinks).map(|path| (path, 200));
    free.chain(below.into_iter().chain(single).map(|path| (path, 404))).collect()
}

/// What `reader` gets at each of the addresses; `foreign` where they name another's ids.
async fn read(reader: &Tenant, whose: &Tenant, foreign: bool) -> String {
    let mut all = String::new();
    for (path, status) in addresses(whose) {
        let answer = reader.api.send(Method::GET, &path, None).await;
        let expected = if foreign { status } else { 200 };
        assert_eq!(answer.status, expected, "{} at {path}: {}", reader.name(), answer.body);
        all.push_str(&answer.body);
    }
    all
}

/// What must be refused, and leave everything as it was.
async fn meddle(stranger: &Tenant, owner: &Tenant) {
    let now = fleet::text(now(&stranger.api).await);
    let bind = |dev_eui: &str| json!({ "dev_eui": dev_eui, "from": now });
    for (path, body, status) in [
        (format!("/alerts/{}/acknowledge", owner.alert), json!({ "reason": "none" }), 404),
        (format!("/shipments/{}/trackers", owner.shipment), bind(&shared()), 404),
        (format!("/shipments/{}/trackers", stranger.shipment), bind(&owner.tracker), 422),
        ("/shipments".to_owned(), json!({ "reference": "S-2", "profile": owner.profile }), 422),
    ] {
        let answer = stranger.api.send(Method::POST, &path, Some(&body)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    for (method, path) in [(Method::GET, "/dead-letters"), (Method::POST, "/dead-letters/replay")] {
        assert_eq!(stranger.api.send(method, path, None).await.status, 403, "{path} is the operator's");
    }
    let shipment = owner.api.get(&format!("/shipments/{}", owner.shipment)).await;
    assert_eq!((&shipment["open_alerts"], shipment["trackers"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(stranger.api.list("/shipments").await.len(), 1);
}

/// The marks of a tenant that a text holds.
fn found<'a>(text: &str, tenant: &'a Tenant) -> Vec<&'a str> {
    tenant.marks().into_iter().filter(|mark| text.contains(*mark)).collect()
}

#[tokio::test]
async fn an_organisation_sees_nothing_of_another() {
    let folder = folder("tenancy");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    let north = furnish(&installation, &program, "north", 1).await;
    let south = furnish(&installation, &program, "south", 2).await;

    for (reader, other) in [(&north, &south), (&south, &north)] {
        let own = read(reader, reader, false).await;
        assert_eq!(found(&own, reader), reader.marks(), "what is looked for is there");
        assert_eq!(found(&own, other), [""; 0], "{} sees {}", reader.name(), other.name());
        let foreign = read(reader, other, true).await;
        assert_eq!(found(&foreign, other), [""; 0], "{} asks for {}", reader.name(), other.name());
        meddle(reader, other).await;
    }
    installation.add_user("admin");
    let operator = program.log_in("admin").await;
    for path in ["/shipments", "/alerts?state=all", "/trackers", "/trackers?unknown=true"] {
        assert_eq!(
            operator.list(path).await,
            [Value::Null; 0],
            "the first organisation is one like any other"
        );
    }
    let [of_north, of_south] =
        [listen(&program, north.api.token()).await, listen(&program, south.api.token()).await];
    for (teller, stream, times) in [(&south, &of_south, 1), (&north, &of_north, 1), (&south, &of_south, 2)] {
        teller.send(&teller.tracker, 10 - times).await;
        let told = || stream.lock().unwrap().matches(&teller.tracker).count();
        until("the change is told", async || (told() >= times as usize).then_some(())).await;
    }
    assert_eq!(found(&of_north.lock().unwrap(), &south), [""; 0]);
    assert_eq!(found(&of_south.lock().unwrap(), &north), [""; 0]);
}

#[tokio::test]
async fn another_organisations_tracker_is_unknown_at_ones_own_integration() {
    let folder = folder("tenancy");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    let north = furnish(&installation, &program, "north", 1).await;
    let south = furnish(&installation, &program, "south", 2).await;
    north.send(&south.tracker, 5).await;
    north.send(&shared(), 5).await;
    let heard = async |tenant: &Tenant, dev_eui: &str| {
        tenant.api.list(&format!("/trackers/{dev_eui}/uplinks")).await.len()
    };
    let both = shared();
    until("what both know is heard", async || (heard(&north, &both).await == 1).then_some(())).await;
    assert_eq!(heard(&north, &south.tracker).await, 1);
    assert!(north.api.get("/trackers?unknown=true").await.to_string().contains(&south.tracker));
    assert_eq!((heard(&south, &south.tracker).await, heard(&south, &both).await), (4, 0));
    let readings = format!("/shipments/{}/readings", south.shipment);
    assert_eq!(south.api.list(&readings).await.len(), 4);
}
