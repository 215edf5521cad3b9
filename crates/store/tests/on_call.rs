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
        let alert = NewAlert {
            id: AlertId(Uuid::now_v7()),
            organisation: owner,
            shipment: None,
            assignment: None,
            tracker: None,
            subject: Some("the queue".to_owned()),
            finding: None,
            detail: None,
            kind: AlertKind::Backlog,
            alarm: None,
            severity: Severity::Warning,
            episode: Episode {
                began_at: at(0),
                alarmed_at: at(0),
                ended_at: None,
                exposure_s: None,
                extreme: None,
            },
        };
        db.raise_alerts(std::slice::from_ref(&alert), at(0)).await.unwrap();
        drop(db);
        Self { database, store, owner, user, alert: alert.id }
    }

    fn told(&self, round: u32, step: u128) -> StepNotification {
        StepNotification {
            organisation: self.owner,
            alert: self.alert,
            user: self.user,
            subject: "the queue".to_owned(),
            body: "waits".to_owned(),
            told: Told { opened_at: at(0), round, step: StepId(Uuid::from_u128(step)) },
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
    let latest = |round, step| Told { opened_at: at(0), round, step: StepId(Uuid::from_u128(step)) };
    assert_eq!(told, [latest(1, 2), latest(2, 1)], "the latest round of each step");
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
