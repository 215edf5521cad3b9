//! What the database itself keeps of on-call lists, escalations and attempts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Utc};
use domain::access::Role;
use domain::alert::{AlertKind, Severity};
use domain::escalation::{Step, Told};
use domain::{AlertId, Duration, OrganisationId, StepId, UserId};
use store::{Episode, NewAlert, NewNotification, NewUser, Outcome, StepNotification, Store};
use testkit::postgres::{Database, database};
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

struct House {
    database: Database,
    store: Store,
    owner: OrganisationId,
    user: UserId,
    alert: AlertId,
}

fn alert(organisation: OrganisationId, id: Uuid, subject: &str) -> NewAlert {
    let episode =
        Episode { began_at: at(0), alarmed_at: at(0), ended_at: None, exposure_s: None, extreme: None };
    NewAlert {
        id: AlertId(id),
        organisation,
        shipment: None,
        assignment: None,
        tracker: None,
        subject: Some(subject.to_owned()),
        finding: None,
        detail: None,
        kind: AlertKind::Backlog,
        alarm: None,
        severity: Severity::Warning,
        episode,
    }
}

impl House {
    async fn new() -> Self {
        let database = database(None).unwrap();
        store::migrate(&database.url()).await.unwrap();
        let store = Store::open(&database.url(), 4).unwrap();
        let mut db = store.connect().await.unwrap();
        let owner = db.ensure_organisation("Depot", at(0)).await.unwrap();
        let (email, password_hash) = ("quality@example.org".to_owned(), "-".to_owned());
        let user = NewUser { organisation: owner, email, name: None, role: Role::Quality, password_hash };
        let user = db.add_user(&user, at(0)).await.unwrap();
        let alert = alert(owner, Uuid::now_v7(), "the queue");
        db.raise_alerts(std::slice::from_ref(&alert), at(0)).await.unwrap();
        drop(db);
        Self { database, store, owner, user, alert: alert.id }
    }

    fn another(&self, id: Uuid) -> NewAlert {
        alert(self.owner, id, "another queue")
    }

    fn told(&self, round: u32, step: u128) -> StepNotification {
        StepNotification {
            organisation: self.owner,
            alert: self.alert,
            user: self.user,
            subject: "the queue".to_owned(),
            body: "waits".to_owned(),
            told: Told { opened_at: at(0), round, step: StepId(Uuid::from_u128(step)), at: at(0) },
            place: 1,
            steps: 2,
        }
    }

    fn count(&self, what: &str) -> String {
        self.database.psql(&format!("select count(*) from {what}")).unwrap().trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_of_a_round_is_kept_once_whoever_writes_it() {
    let house = House::new().await;
    let [mut one, mut other] = [house.store.begin().await.unwrap(), house.store.begin().await.unwrap()];
    one.add_step_notifications(&[house.told(1, 1), house.told(1, 2)], at(0)).await.unwrap();
    let twice = [house.told(1, 1), house.told(2, 1)];
    let later = async {
        other.add_step_notifications(&twice, at(1)).await.unwrap();
        other.commit().await.unwrap();
    };
    tokio::join!(later, async { one.commit().await.unwrap() });
    assert_eq!(house.count("notifications"), "3");
    let mut db = house.store.begin().await.unwrap();
    let [alert] = &db.lock_alerts_to_escalate(at(0), 10).await.unwrap()[..] else { panic!() };
    let mut told = alert.told.clone();
    told.sort();
    let latest = |round, step, second| Told {
        opened_at: at(0),
        round,
        step: StepId(Uuid::from_u128(step)),
        at: at(second),
    };
    assert_eq!(told, [latest(1, 2, 0), latest(2, 1, 1)], "the latest round of each step, and when");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_looked_at_when_its_time_has_come_and_by_one_process() {
    let house = House::new().await;
    let mut db = house.store.begin().await.unwrap();
    assert_eq!(db.lock_alerts_to_escalate(at(0), 10).await.unwrap().len(), 1, "a new one at once");
    let mut other = house.store.begin().await.unwrap();
    assert_eq!(
        other.lock_alerts_to_escalate(at(0), 10).await.unwrap().len(),
        0,
        "one that is locked is left"
    );
    db.set_escalations(&[(house.alert, Some(at(900)))]).await.unwrap();
    db.commit().await.unwrap();
    for (second, found) in [(899, 0), (900, 1)] {
        assert_eq!(other.lock_alerts_to_escalate(at(second), 10).await.unwrap().len(), found, "{second}");
    }
    other.set_escalations(&[(house.alert, None)]).await.unwrap();
    assert_eq!(other.lock_alerts_to_escalate(at(1_000_000), 10).await.unwrap().len(), 0);
    let step = Step { id: StepId(Uuid::from_u128(1)), wait: Duration::ZERO, from: Severity::Info };
    for (second, found) in [(86_401, 0), (86_400, 1)] {
        other.replace_on_call(house.owner, &[(step, house.user)], at(second)).await.unwrap();
        assert_eq!(other.lock_alerts_to_escalate(at(second), 10).await.unwrap().len(), found, "{second}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_looks_at_the_alerts_of_an_organisation_whose_list_is_being_changed() {
    let house = House::new().await;
    let step = Step { id: StepId(Uuid::from_u128(1)), wait: Duration::ZERO, from: Severity::Info };
    let mut admin = house.store.begin().await.unwrap();
    admin.lock_alerting(house.owner).await.unwrap();
    admin.replace_on_call(house.owner, &[(step, house.user)], at(0)).await.unwrap();
    let late = Uuid::from_u128(9);
    let mut other = house.store.connect().await.unwrap();
    other.raise_alerts(&[house.another(late)], at(1)).await.unwrap();
    drop(other);
    let mut round = house.store.begin().await.unwrap();
    let looked_at = round.lock_alerts_to_escalate(at(2), 10).await.unwrap();
    assert_eq!(looked_at.len(), 0, "who would be told is not known yet");
    admin.commit().await.unwrap();
    assert_eq!(round.lock_alerts_to_escalate(at(2), 10).await.unwrap().len(), 2);
    assert_eq!(round.on_call(house.owner).await.unwrap().len(), 1);
    // And the other way round: a list is changed when the round that read it is over.
    let is_free = |sql: &str| {
        house.database.psql(&format!("begin; {sql} for no key update skip locked; commit")).unwrap()
    };
    let list = format!("select 'free' from organisations where id = {}", house.owner.0);
    assert!(!is_free(&list).contains("free"));
    round.commit().await.unwrap();
    assert!(is_free(&list).contains("free"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_replaced_locks_alerts_in_the_order_of_their_ids() {
    let house = House::new().await;
    // Later in the table and in every index but that of the ids.
    let first = AlertId(Uuid::from_u128(9));
    let mut batch = house.store.begin().await.unwrap();
    batch.raise_alerts(&[house.another(first.0)], at(-1)).await.unwrap();
    batch.commit().await.unwrap();
    let mut batch = house.store.begin().await.unwrap();
    batch.set_escalations(&[(first, Some(at(5)))]).await.unwrap();
    let mut admin = house.store.begin().await.unwrap();
    admin.lock_alerting(house.owner).await.unwrap();
    let replaces = async {
        admin.replace_on_call(house.owner, &[], at(0)).await.unwrap();
        admin.commit().await.unwrap();
    };
    let goes_on = async {
        let waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while house.database.psql(waits).unwrap().trim() == "0" {
            tokio::task::yield_now().await;
        }
        batch.set_escalations(&[(house.alert, Some(at(5)))]).await.unwrap();
        batch.commit().await.unwrap();
    };
    tokio::join!(replaces, goes_on);
    let waiting = house.count("alerts where escalate_at = '-infinity'");
    assert_eq!(waiting, "2", "the batch went through, and the list holds for both");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_are_only_added_to() {
    let house = House::new().await;
    let mut db = house.store.connect().await.unwrap();
    db.add_step_notifications(&[house.told(1, 1)], at(0)).await.unwrap();
    let due = db.lock_due_notifications(at(0), 10).await.unwrap().remove(0);
    let failed = Outcome::Failed { next_attempt_at: at(10) };
    db.note_attempt(due.id, failed, &"é".repeat(1001), at(0)).await.unwrap();
    assert_eq!(db.lock_due_notifications(at(9), 10).await.unwrap().len(), 0);
    assert_eq!(db.lock_due_notifications(at(10), 10).await.unwrap()[0].attempts, 1);
    db.note_attempt(due.id, Outcome::Delivered, "250 kept", at(10)).await.unwrap();
    let attempts = db.attempts(house.owner, house.alert, None, 10).await.unwrap();
    let seen: Vec<_> =
        attempts.iter().map(|one| (one.outcome.as_str(), one.words.chars().count(), one.step)).collect();
    assert_eq!(seen, [("failed", 1000, Some((1, 1, 2))), ("delivered", 8, Some((1, 1, 2)))]);
    assert_eq!(db.attempts(house.owner, house.alert, Some(attempts[0].id), 10).await.unwrap().len(), 1);
    assert_eq!(db.attempts(OrganisationId(house.owner.0 + 1), house.alert, None, 10).await.unwrap(), []);
    for change in ["update notification_attempts set words = ''", "delete from notification_attempts"] {
        let refused = house.database.psql(change).unwrap_err().to_string();
        assert!(refused.contains("is only added to"), "{change}: {refused}");
    }
    assert_eq!(house.count("notification_attempts"), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_told_on_call_is_told_what_becomes_of_the_alert() {
    let house = House::new().await;
    let mut db = house.store.connect().await.unwrap();
    for role in [Role::Coordinator, Role::Packer] {
        let (email, password_hash) = (format!("{role}@example.org"), "-".to_owned());
        let user = NewUser { organisation: house.owner, email, name: None, role, password_hash };
        db.add_user(&user, at(0)).await.unwrap();
    }
    let withdrawal = NewNotification {
        organisation: house.owner,
        alert: house.alert,
        subject: "the queue, withdrawn".to_owned(),
        body: "it was none".to_owned(),
    };
    let told = |count: &str| assert_eq!(house.count("notifications where subject like '%withdrawn'"), count);
    db.add_notifications(std::slice::from_ref(&withdrawal), &[Role::Coordinator], at(1)).await.unwrap();
    told("1");
    db.add_step_notifications(&[house.told(1, 1), house.told(2, 1)], at(2)).await.unwrap();
    db.add_notifications(&[withdrawal], &[Role::Coordinator], at(3)).await.unwrap();
    told("3");
}
