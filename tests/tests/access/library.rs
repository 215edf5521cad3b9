//! The shipped profiles are there for every organisation, and each has its own.

use e2e::{Api, Installation, Part, Program, folder};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::postgres::{Database, database};

/// A program, with what must live as long as it does.
pub async fn start(name: &str) -> (Installation, Program, (TempDir, Database)) {
    let (folder, database) = (folder(name), database(None).unwrap());
    let installation =
        Installation::embedded(&folder.path().join("d")).with("ISOTHERM_DATABASE__URL", &database.url());
    let program = installation.start(Part::Serve).await;
    (installation, program, (folder, database))
}

/// A user of that organisation.
pub async fn user(installation: &Installation, program: &Program, organisation: &str, role: &str) -> Api {
    let email = format!("{role}@{organisation}.example");
    let add = ["user", "add", "--email", &email, "--role", role, "--password-stdin"];
    let whose = ["--organisation", organisation];
    installation.admin(&[&add[..], &whose].concat(), "a long password");
    program.api().log_in(&email, "a long password").await
}

/// What the organisation has of the library.
pub async fn shipped(api: &Api) -> Vec<Value> {
    let library: Vec<&str> = domain::library::all().iter().map(|(_, profile)| profile.name()).collect();
    let listed = api.list("/profiles").await;
    listed.into_iter().filter(|profile| library.contains(&profile["name"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn every_organisation_begins_with_the_shipped_profiles_and_gets_them_once() {
    let (installation, program, _kept) = start("library").await;
    let mut ids = Vec::new();
    for organisation in ["north", "south"] {
        // Whoever comes second finds the organisation, and adds nothing.
        user(&installation, &program, organisation, "admin").await;
        let quality = user(&installation, &program, organisation, "quality").await;
        let shipped = shipped(&quality).await;
        assert_eq!(shipped.len(), domain::library::all().len());
        for (_, profile) in domain::library::all() {
            let definition = serde_json::to_value(profile).unwrap();
            let same = shipped.iter().find(|shipped| shipped["definition"] == definition).unwrap();
            assert_eq!((&same["name"], &same["version"]), (&json!(profile.name()), &json!(1)));
        }
        ids.extend(shipped.iter().map(|profile| profile["id"].clone()));
    }
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 2 * domain::library::all().len(), "each organisation has its own");
}
