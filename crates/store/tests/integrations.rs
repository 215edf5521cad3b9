//! What is kept of integrations: two credentials that count at once, and where webhooks may come from.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::sender::{AddressRange, SharedKey};
use store::{Connection, Credential, Integration, Question, Store};
use testkit::postgres::{Database, database};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn credential(byte: u8) -> Credential {
    Credential { token_sha256: vec![byte; 32], key: None }
}

fn signing(byte: u8) -> Credential {
    Credential { key: Some(SharedKey::new(hex(byte))), ..credential(byte) }
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}").repeat(16)
}

async fn house() -> (Database, Connection, OrganisationId) {
    let database = database(None).unwrap();
    store::migrate(&database.url()).await.unwrap();
    let mut db = Store::open(&database.url(), 1).unwrap().connect().await.unwrap();
    let owner = db.ensure_organisation("Depot", at(0)).await.unwrap();
    (database, db, owner)
}

async fn only(db: &mut Connection) -> Integration {
    let all = db.all_integrations().await.unwrap();
    assert_eq!(all.len(), 1);
    all.into_iter().next().unwrap()
}

#[tokio::test]
async fn the_older_credential_counts_until_it_is_retired_and_nothing_is_rotated_before() {
    let (_database, mut db, owner) = house().await;
    let added = Integration::new("depot", owner, "actility", signing(1));
    db.add_integration(&added, at(0)).await.unwrap();
    assert_eq!(only(&mut db).await, added);
    assert!(!db.retire_integration(owner, "depot").await.unwrap(), "there is no older one");

    assert!(db.rotate_integration(owner, "depot", &signing(2)).await.unwrap());
    let rotated = Integration { credential: signing(2), older: Some(signing(1)), ..added.clone() };
    assert_eq!(only(&mut db).await, rotated);
    assert!(
        !db.rotate_integration(owner, "depot", &signing(3)).await.unwrap(),
        "somebody may still use the first"
    );
    assert_eq!(only(&mut db).await, rotated);

    assert!(db.retire_integration(owner, "depot").await.unwrap());
    assert_eq!(only(&mut db).await, Integration { credential: signing(2), ..added });
}

#[tokio::test]
async fn a_list_of_addresses_is_replaced_whole() {
    let (_database, mut db, owner) = house().await;
    let ranges =
        |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<AddressRange>>();
    let first = ranges(&["203.0.113.0/24", "2001:db8::/32"]);
    let added =
        Integration { allowed: first.clone(), ..Integration::new("depot", owner, "loriot", credential(1)) };
    db.add_integration(&added, at(0)).await.unwrap();
    assert_eq!(only(&mut db).await.allowed, first);
    for next in [ranges(&["198.51.100.7"]), ranges(&[])] {
        assert!(db.allow_integration(owner, "depot", &next).await.unwrap());
        assert_eq!(only(&mut db).await.allowed, next);
    }
    assert!(!db.allow_integration(owner, "yard", &first).await.unwrap());
}

#[tokio::test]
async fn a_disabled_integration_is_no_ingesters_and_can_come_back() {
    let (_database, mut db, owner) = house().await;
    let added = Integration::new("depot", owner, "chirpstack", credential(1));
    db.add_integration(&added, at(0)).await.unwrap();
    assert!(!db.disable_integration(owner, "depot", None).await.unwrap(), "it is enabled");
    assert!(db.disable_integration(owner, "depot", Some(at(5))).await.unwrap());
    assert!(!db.disable_integration(owner, "depot", Some(at(9))).await.unwrap(), "it was before");
    assert_eq!(db.integrations().await.unwrap(), []);
    assert_eq!(only(&mut db).await.disabled_at, Some(at(5)));
    assert!(!db.rotate_integration(owner, "depot", &credential(2)).await.unwrap(), "nobody could use it");
    assert!(db.disable_integration(owner, "depot", None).await.unwrap());
    assert_eq!(db.integrations().await.unwrap(), [added]);
}

#[tokio::test]
async fn one_organisations_integration_is_unknown_to_another() {
    let (_database, mut db, owner) = house().await;
    let other = db.ensure_organisation("Yard", at(0)).await.unwrap();
    let added = Integration::new("depot", owner, "chirpstack", credential(1));
    db.add_integration(&added, at(0)).await.unwrap();
    assert_eq!(db.integrations_of(other).await.unwrap(), []);
    assert!(!db.rotate_integration(other, "depot", &credential(2)).await.unwrap());
    assert!(!db.allow_integration(other, "depot", &["192.0.2.1".parse().unwrap()]).await.unwrap());
    assert!(!db.disable_integration(other, "depot", Some(at(1))).await.unwrap());
    assert_eq!(db.integrations_of(owner).await.unwrap(), std::slice::from_ref(&added));
    assert!(db.rotate_integration(owner, "depot", &credential(2)).await.unwrap());
    assert!(!db.retire_integration(other, "depot").await.unwrap());
    assert_eq!(only(&mut db).await.older, Some(credential(1)));
}

#[tokio::test]
async fn a_key_is_never_shown_and_an_older_key_needs_an_older_token() {
    let (database, mut db, owner) = house().await;
    let added = Integration::new("depot", owner, "actility", signing(0xab));
    db.add_integration(&added, at(0)).await.unwrap();
    assert!(!format!("{:?}", only(&mut db).await).contains(&hex(0xab)));
    let refused = database.psql("update integrations set older_shared_key = 'x'").unwrap_err().to_string();
    assert!(refused.contains("integrations_older_check"), "{refused}");
}

#[tokio::test]
async fn of_a_networks_questions_the_latest_is_kept_whatever_came_last() {
    let (_database, mut db, owner) = house().await;
    let other = db.ensure_organisation("Another", at(0)).await.unwrap();
    db.add_integration(&Integration::new("depot", owner, "aws-iot-core", credential(1)), at(0))
        .await
        .unwrap();
    let asked = |seconds| Question {
        url: format!("https://iot.eu-central-1.amazonaws.com/{seconds}"),
        asked_at: at(seconds),
    };
    for seconds in [20, 30, 10, 30] {
        db.ask_to_confirm(owner, "depot", &asked(seconds)).await.unwrap();
    }
    db.ask_to_confirm(other, "depot", &asked(40)).await.unwrap();
    db.ask_to_confirm(owner, "gone", &asked(40)).await.unwrap();
    assert_eq!(only(&mut db).await.question, Some(asked(30)));
}
