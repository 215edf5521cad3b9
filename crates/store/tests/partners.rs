//! Partners, their contracts, badges and trainings, and the codes of offers: what counts at which second.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::access::{Role, Sight};
use domain::qualification::{OrganisationKind, Person, Qualified, TrainingTopic};
use domain::{BadgeId, OrganisationId, ShipmentId, UserId};
use store::{
    CodePurpose, CodeUse, Connection, ContractText, NewAcceptanceCode, NewBadge, NewShipment, NewUser,
    PartnerText, Store, StoreError, UserFilter,
};
use testkit::postgres::{Database, database};
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

struct House {
    database: Database,
    store: Store,
    tenant: OrganisationId,
    carrier: OrganisationId,
    /// Of another tenant.
    stranger: OrganisationId,
    strangers_partner: OrganisationId,
}

fn partner(kind: OrganisationKind, name: &str) -> PartnerText {
    PartnerText { kind, name: name.to_owned(), gln: None, series: None }
}

impl House {
    async fn new() -> Self {
        let database = database(None).unwrap();
        store::migrate(&database.url()).await.unwrap();
        let store = Store::open(&database.url(), 4).unwrap();
        let mut db = store.connect().await.unwrap();
        let tenant = db.ensure_organisation("North", at(0)).await.unwrap();
        let stranger = db.ensure_organisation("South", at(0)).await.unwrap();
        let carrier = partner(OrganisationKind::Carrier, "Carrier");
        // Each tenant's partners are its own, whatever they are called.
        let strangers_partner = db.add_partner(stranger, &carrier, at(0)).await.unwrap();
        let carrier = db.add_partner(tenant, &carrier, at(0)).await.unwrap();
        Self { database, store, tenant, carrier, stranger, strangers_partner }
    }

    async fn db(&self) -> Connection {
        self.store.connect().await.unwrap()
    }

    async fn user(&self, organisation: OrganisationId, email: &str) -> UserId {
        let (email, password_hash) = (email.to_owned(), "-".to_owned());
        let user = NewUser { organisation, email, name: None, role: Role::Courier, password_hash };
        self.db().await.add_user(&user, at(0)).await.unwrap()
    }

    async fn badge(&self, organisation: OrganisationId, number: u8) -> BadgeId {
        let (holder, number_hmac) = ("Holder".to_owned(), [number; 32]);
        let new = NewBadge { organisation, holder, number_hmac, from: at(10), until: Some(at(20)) };
        self.db().await.add_badge(self.tenant, &new, at(0)).await.unwrap()
    }

    /// A contract that holds in `[10, 20)`.
    async fn contract(&self, tenant: OrganisationId, partner: OrganisationId) -> domain::ContractId {
        let text =
            ContractText { title: "Carriage".into(), reference: None, from: at(10), until: Some(at(20)) };
        self.db().await.add_contract(tenant, partner, &text, at(0)).await.unwrap()
    }

    async fn qualified(
        &self,
        organisation: OrganisationId,
        person: Option<Person>,
        seconds: i64,
    ) -> (bool, bool) {
        let all = self.db().await.qualified_at(self.tenant, &[(organisation, person)], at(seconds)).await;
        let [Qualified { under_contract, trained }] = all.unwrap()[..] else { panic!("one is asked for") };
        (under_contract, trained)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_counts_from_its_first_second_until_just_before_its_end() {
    let house = House::new().await;
    for seconds in [9, 10, 20] {
        assert_eq!(house.qualified(house.carrier, None, seconds).await, (false, false), "without a contract");
        assert_eq!(
            house.qualified(house.tenant, None, seconds).await,
            (true, false),
            "the tenant needs none"
        );
    }
    let id = house.contract(house.tenant, house.carrier).await;
    for (seconds, holds) in [(9, false), (10, true), (19, true), (20, false), (21, false)] {
        assert_eq!(house.qualified(house.carrier, None, seconds).await.0, holds, "at {seconds}");
    }
    let mut db = house.db().await;
    assert!(!db.end_contract(house.stranger, id, at(15), "not theirs").await.unwrap());
    assert!(db.end_contract(house.tenant, id, at(15), "carrier changed").await.unwrap());
    assert!(!db.end_contract(house.tenant, id, at(12), "once more").await.unwrap(), "it has ended");
    for (seconds, holds) in [(14, true), (15, false), (16, false)] {
        assert_eq!(house.qualified(house.carrier, None, seconds).await.0, holds, "ended, at {seconds}");
    }
    let kept = db.contracts(house.tenant, house.carrier, None, 10).await.unwrap();
    assert_eq!((kept.len(), kept[0].ended_reason.as_deref()), (1, Some("carrier changed")));
    // A second one that begins later makes up for the first.
    house.contract(house.tenant, house.carrier).await;
    assert!(house.qualified(house.carrier, None, 15).await.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_another_tenants_speaks_for_anybody() {
    let house = House::new().await;
    house.contract(house.stranger, house.strangers_partner).await;
    assert!(!house.qualified(house.strangers_partner, None, 15).await.0, "another tenant's partner");
    assert!(!house.qualified(house.stranger, None, 15).await.0, "another tenant");
    // Written past the API: a contract of this tenant with somebody who is not its partner.
    house.contract(house.tenant, house.strangers_partner).await;
    assert!(!house.qualified(house.strangers_partner, None, 15).await.0);

    let user = Person::User(house.user(house.strangers_partner, "c@south.example").await);
    let mut db = house.db().await;
    let span = (at(10), Some(at(20)));
    db.add_training(house.stranger, user, TrainingTopic::Gdp, span, at(0)).await.unwrap();
    assert!(!house.qualified(house.strangers_partner, Some(user), 15).await.1, "another tenant's training");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_training_counts_for_its_person_in_its_organisation_and_topic_at_its_time() {
    let house = House::new().await;
    let user = Person::User(house.user(house.carrier, "c@carrier.example").await);
    let badge = Person::Badge(house.badge(house.carrier, 1).await);
    let other = Person::Badge(house.badge(house.tenant, 2).await);
    let span = (at(10), Some(at(20)));
    for person in [user, badge] {
        let mut db = house.db().await;
        db.add_training(house.tenant, person, TrainingTopic::ColdChain, span, at(0)).await.unwrap();
        assert!(!house.qualified(house.carrier, Some(person), 15).await.1, "custody asks for another topic");
        let id = db.add_training(house.tenant, person, TrainingTopic::Gdp, span, at(0)).await.unwrap();
        for (seconds, holds) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(house.qualified(house.carrier, Some(person), seconds).await.1, holds, "at {seconds}");
        }
        assert!(!house.qualified(house.tenant, Some(person), 15).await.1, "a person of another organisation");
        assert!(!house.qualified(house.carrier, None, 15).await.1, "nobody knows who it was");
        assert!(!db.end_training(house.stranger, id, at(15), "not theirs").await.unwrap());
        assert!(db.end_training(house.tenant, id, at(15), "failed the test").await.unwrap());
        for (seconds, holds) in [(14, true), (15, false)] {
            assert_eq!(house.qualified(house.carrier, Some(person), seconds).await.1, holds, "at {seconds}");
        }
        assert_eq!(db.trainings(house.tenant, person, None, 10).await.unwrap().len(), 2);
        assert_eq!(db.trainings(house.stranger, person, None, 10).await.unwrap(), []);
    }
    // Asked for together, each is answered in its place.
    let of = [(house.tenant, Some(other)), (house.carrier, Some(user)), (house.carrier, Some(badge))];
    let all = house.db().await.qualified_at(house.tenant, &of, at(12)).await.unwrap();
    assert_eq!(all.iter().map(|one| one.trained).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(house.db().await.qualified_at(house.tenant, &[], at(12)).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_entitled_somebody_is_never_removed() {
    let house = House::new().await;
    house.contract(house.tenant, house.carrier).await;
    house.badge(house.carrier, 1).await;
    for table in ["contracts", "badges", "trainings"] {
        for how in [format!("delete from {table}"), format!("truncate {table} cascade")] {
            let refused = house.database.psql(&how).unwrap_err().to_string();
            assert!(refused.contains("is never removed"), "{how}: {refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badges_number_is_given_out_once_in_its_tenant() {
    let house = House::new().await;
    let id = house.badge(house.carrier, 7).await;
    let mut db = house.db().await;
    let again = NewBadge {
        organisation: house.tenant,
        holder: "Another".into(),
        number_hmac: [7; 32],
        from: at(30),
        until: None,
    };
    let refused = db.add_badge(house.tenant, &again, at(0)).await.unwrap_err();
    assert!(refused.is_refused_by("badges_organisation_id_number_hmac_key"), "{refused}");
    let theirs = NewBadge { organisation: house.stranger, ..again };
    db.add_badge(house.stranger, &theirs, at(0)).await.unwrap();

    let found = db.badge_by_hash(house.tenant, &[7; 32]).await.unwrap().unwrap();
    assert_eq!((found.id, found.organisation, &*found.holder), (id, house.carrier, "Holder"));
    for (seconds, holds) in [(9, false), (10, true), (19, true), (20, false)] {
        assert_eq!(found.validity.holds_at(at(seconds)), holds, "at {seconds}");
    }
    assert!(!db.revoke_badge(house.stranger, id, at(15), "not theirs").await.unwrap());
    assert!(db.revoke_badge(house.tenant, id, at(15), "lost").await.unwrap());
    let found = db.badge_by_hash(house.tenant, &[7; 32]).await.unwrap().unwrap();
    assert_eq!([14, 15].map(|seconds| found.validity.holds_at(at(seconds))), [true, false]);
    assert_eq!(db.badge_by_hash(house.tenant, &[8; 32]).await.unwrap(), None);
    let seen_by_carrier = Sight::of(house.carrier, house.tenant);
    assert_eq!(db.badge(seen_by_carrier, id).await.unwrap().id, id);
    for blind in [Sight::of(house.strangers_partner, house.tenant), Sight::of(house.stranger, house.stranger)]
    {
        assert!(matches!(db.badge(blind, id).await, Err(StoreError::NotFound)), "{blind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_the_organisations_and_people_of_its_circle() {
    let house = House::new().await;
    let (own, theirs) =
        (house.user(house.tenant, "a@north.example").await, house.user(house.carrier, "b@c.example").await);
    house.user(house.strangers_partner, "c@c.example").await;
    let mut db = house.db().await;
    for (sight, organisations, users) in [
        (Sight::of(house.tenant, house.tenant), vec![house.tenant, house.carrier], vec![own, theirs]),
        (Sight::of(house.carrier, house.tenant), vec![house.carrier], vec![theirs]),
        // Nobody has such a token; if somebody had, there would be nothing to see.
        (Sight::of(house.strangers_partner, house.tenant), vec![], vec![]),
    ] {
        let seen = db.partners(sight, None, 10).await.unwrap();
        let mut seen: Vec<_> = seen.into_iter().map(|partner| partner.id).collect();
        seen.sort_unstable();
        assert_eq!(seen, organisations, "{sight:?}");
        let people = db.users(sight, &UserFilter::default(), 10).await.unwrap();
        assert_eq!(people.into_iter().map(|user| user.id).collect::<Vec<_>>(), users, "{sight:?}");
        for (id, is_seen) in [(own, users.contains(&own)), (theirs, users.contains(&theirs))] {
            assert_eq!(db.user_record(sight, id).await.is_ok(), is_seen, "{sight:?}");
        }
        assert_eq!(db.partner(sight, house.carrier).await.is_ok(), organisations.contains(&house.carrier));
        assert!(db.partner(sight, house.stranger).await.is_err());
    }
    assert!(db.disable_user(theirs, at(5)).await.unwrap());
    assert!(!db.disable_user(theirs, at(6)).await.unwrap(), "once");
    assert_eq!(db.users_disabled_since(at(5)).await.unwrap(), [theirs]);
    assert_eq!(db.users_disabled_since(at(6)).await.unwrap(), []);
    assert!(matches!(db.user_by_email("b@c.example").await, Err(StoreError::NotFound)));
}

impl House {
    async fn shipment(&self) -> ShipmentId {
        let mut db = self.db().await;
        let profile = db.profiles(self.tenant, None, 1).await.unwrap()[0].id;
        let new = NewShipment {
            organisation: self.tenant,
            reference: "S-1".into(),
            profile,
            origin: None,
            destination: None,
            days_to_return: None,
            created_by: None,
        };
        db.add_shipment(&new, at(0)).await.unwrap()
    }

    fn code(&self, shipment: ShipmentId, offer: Uuid, secret: u8, purpose: CodePurpose) -> NewAcceptanceCode {
        NewAcceptanceCode {
            tenant: self.tenant,
            shipment,
            offer,
            purpose,
            secret_hmac: [secret; 32],
            receiver: self.carrier,
            receiver_name: Some("Rita Receiver".into()),
            expires_at: at(100),
        }
    }

    async fn tell(&self, offer: Uuid, secret: u8, seconds: i64) -> CodeUse {
        let mut db = self.store.begin().await.unwrap();
        let told = db.use_acceptance_code(self.tenant, offer, &[secret; 32], at(seconds)).await.unwrap();
        db.commit().await.unwrap();
        told
    }
}

fn wrong(left: i32) -> CodeUse {
    CodeUse::Wrong { left: Some(left) }
}

const OFFER: Uuid = Uuid::from_u128(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_counts_once_and_until_just_before_it_expires() {
    let house = House::new().await;
    let shipment = house.shipment().await;
    let mut db = house.db().await;
    for secret in [1, 2] {
        let code = house.code(shipment, OFFER, secret, CodePurpose::Code);
        db.add_acceptance_code(&code, at(0)).await.unwrap();
    }
    let twice = house.code(shipment, OFFER, 1, CodePurpose::Code);
    let refused = db.add_acceptance_code(&twice, at(0)).await.unwrap_err();
    assert!(refused.is_refused_by("acceptance_codes_offer_id_secret_hmac_key"), "{refused}");

    let CodeUse::Used(used) = house.tell(OFFER, 1, 99).await else { panic!("a second before") };
    assert_eq!((used.receiver, used.receiver_name.as_deref()), (house.carrier, Some("Rita Receiver")));
    assert_eq!((used.shipment, used.offer, used.used_at), (shipment, OFFER, Some(at(99))));
    assert_eq!(house.tell(OFFER, 1, 99).await, CodeUse::UsedBefore);
    assert_eq!(house.tell(OFFER, 2, 100).await, CodeUse::Expired);
    assert_eq!(house.tell(OFFER, 3, 100).await, CodeUse::Wrong { left: None }, "no code is open any more");
    assert_eq!(house.tell(Uuid::from_u128(2), 2, 50).await, CodeUse::Wrong { left: None }, "another offer");
    let kept = db.acceptance_codes(house.tenant, OFFER).await.unwrap();
    assert_eq!(kept.iter().map(|code| code.used_at.is_some()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(db.acceptance_codes(house.stranger, OFFER).await.unwrap(), []);
    let elsewhere = db.use_acceptance_code(house.stranger, OFFER, &[2; 32], at(50)).await.unwrap();
    assert_eq!(elsewhere, CodeUse::Wrong { left: None }, "another tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_lock_those_that_stood_and_no_link() {
    let house = House::new().await;
    let shipment = house.shipment().await;
    let (other_offer, mut db) = (Uuid::from_u128(2), house.db().await);
    for (offer, secret, purpose) in [
        (OFFER, 1, CodePurpose::Code),
        (OFFER, 2, CodePurpose::Code),
        (OFFER, 3, CodePurpose::Link),
        (other_offer, 4, CodePurpose::Code),
    ] {
        db.add_acceptance_code(&house.code(shipment, offer, secret, purpose), at(0)).await.unwrap();
    }
    for left in (1..5).rev() {
        assert_eq!(house.tell(OFFER, 9, 10).await, wrong(left));
    }
    // Four wrong ones do not lock, and a right one does not take them back.
    assert!(matches!(house.tell(OFFER, 1, 10).await, CodeUse::Used(_)));
    assert_eq!(house.tell(OFFER, 9, 10).await, wrong(0));
    assert_eq!(house.tell(OFFER, 2, 10).await, CodeUse::Locked);
    assert_eq!(house.tell(OFFER, 9, 10).await, CodeUse::Wrong { left: None });
    // A new code begins anew; the old ones stay locked.
    db.add_acceptance_code(&house.code(shipment, OFFER, 5, CodePurpose::Code), at(20)).await.unwrap();
    assert_eq!(house.tell(OFFER, 2, 30).await, CodeUse::Locked);
    assert_eq!(house.tell(OFFER, 9, 30).await, wrong(4));
    assert!(matches!(house.tell(OFFER, 5, 30).await, CodeUse::Used(_)));

    let link = db.acceptance_link(&[3; 32]).await.unwrap().unwrap();
    assert_eq!((link.offer, link.tenant, link.is_locked()), (OFFER, house.tenant, false));
    assert_eq!([99, 100].map(|seconds| link.is_open_at(at(seconds))), [true, false]);
    assert_eq!(db.acceptance_link(&[1; 32]).await.unwrap(), None, "a code is no link");
    assert!(matches!(house.tell(OFFER, 3, 30).await, CodeUse::Used(_)));
    assert!(!db.acceptance_link(&[3; 32]).await.unwrap().unwrap().is_open_at(at(30)));
    assert!(matches!(house.tell(other_offer, 4, 30).await, CodeUse::Used(_)), "another offer's is as it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_codes_that_are_told_at_the_same_time_are_all_counted_and_a_right_one_counts_once() {
    let house = House::new().await;
    let shipment = house.shipment().await;
    let mut db = house.db().await;
    for secret in [1, 2] {
        let code = house.code(shipment, OFFER, secret, CodePurpose::Code);
        db.add_acceptance_code(&code, at(0)).await.unwrap();
    }
    drop(db);
    let told = tokio::join!(
        house.tell(OFFER, 9, 10),
        house.tell(OFFER, 8, 10),
        house.tell(OFFER, 1, 10),
        house.tell(OFFER, 1, 10)
    );
    let used = [told.2, told.3];
    assert_eq!(used.iter().filter(|told| matches!(told, CodeUse::Used(_))).count(), 1, "{used:?}");
    assert!(used.contains(&CodeUse::UsedBefore), "{used:?}");
    assert_eq!(house.tell(OFFER, 9, 10).await, wrong(2), "two were counted, and this is the third");
}
