//! Escalation with a real database, a real mail server, and a clock that the test sets.

use std::time::Duration;

use domain::access::Sight;
use domain::alert::{AlertKind, Severity};
use domain::runbook::Runbook;
use domain::{AlertId, StepId, UserId};
use store::{AlertFilter, Amendment, UserFilter};
use testkit::mail::MailServer;

use super::*;
use crate::alerting::AlertWork;
use crate::house::{House, at};
use crate::notify::{Mailer, send_due};

struct Night {
    house: House,
    mails: MailServer,
    mailer: Mailer,
    seen: usize,
}

const MINUTE: i64 = 60;

impl Night {
    async fn new() -> Self {
        let (house, mails) = (House::new().await, MailServer::start(0).await.unwrap());
        let mailer = Mailer::new(&mails.url(), "isotherm@example.org").unwrap();
        Self { house, mails, mailer, seen: 0 }
    }

    async fn user(&self, role: &str) -> UserId {
        let mut db = self.house.service.store.connect().await.unwrap();
        let sight = Sight::of(self.house.owner, self.house.owner);
        let users = db.users(sight, &UserFilter::default(), 100).await.unwrap();
        users.into_iter().find(|user| user.role.as_str() == role).unwrap().id
    }

    /// Steps with the minutes that each waits; a role is its only user, and the same step in every list.
    async fn list(&self, steps: &[(&str, i64, Severity)]) {
        let mut list = Vec::new();
        for (role, minutes, from) in steps {
            let user = self.user(role).await;
            let wait = domain::Duration::from_seconds(minutes * MINUTE).unwrap();
            list.push((Step { id: StepId(user.0), wait, from: *from }, user));
        }
        let mut db = self.house.service.store.begin().await.unwrap();
        db.lock_alerting(self.house.owner).await.unwrap();
        db.replace_on_call(self.house.owner, &list, self.house.now()).await.unwrap();
        db.commit().await.unwrap();
    }

    async fn raise(&self, kind: AlertKind) -> AlertId {
        let now = self.house.now();
        let mut db = self.house.service.store.begin().await.unwrap();
        let mut work = AlertWork::default();
        work.raise_about(self.house.owner, kind, kind.to_string(), now);
        work.apply(&mut db, now).await.unwrap();
        db.commit().await.unwrap();
        self.alert(kind).await.id
    }

    async fn alert(&self, kind: AlertKind) -> AlertView {
        let mut db = self.house.service.store.connect().await.unwrap();
        let alerts = db.alerts(self.house.owner, AlertFilter::default(), 10).await.unwrap();
        alerts.into_iter().find(|alert| alert.kind == kind).unwrap()
    }

    async fn acknowledge(&self, alert: AlertId) {
        let by = self.user("quality").await;
        let mut db = self.house.service.store.connect().await.unwrap();
        assert!(db.acknowledge_alert(self.house.owner, alert, by, "seen", self.house.now()).await.unwrap());
    }

    /// Sets the clock and does what the clock does, twice. Who was written to meanwhile, and how the subject ends.
    async fn tick(&mut self, second: i64) -> Vec<String> {
        self.house.set(second);
        for _ in 0..2 {
            escalate(&self.house.service).await.unwrap();
            send_due(&self.house.service, &self.mailer).await.unwrap();
        }
        let mails = self.mails.attempts();
        let new = mails.iter().skip(std::mem::replace(&mut self.seen, mails.len()));
        let mut told: Vec<String> = new
            .map(|mail| {
                let who = mail.to[0].split('@').next().unwrap();
                // A long header is folded.
                let text = mail.text.replace("\r\n ", " ");
                let step = text.split_once(" (on call, ").and_then(|(_, step)| step.split_once(')'));
                step.map_or(who.to_owned(), |(step, _)| format!("{who}: {step}"))
            })
            .collect();
        told.sort();
        told
    }

    /// Recipient, outcome and step of each attempt.
    async fn attempts(&self, alert: AlertId) -> Vec<(String, String, Option<(i32, i32, i32)>)> {
        let mut db = self.house.service.store.connect().await.unwrap();
        let attempts = db.attempts(self.house.owner, alert, None, 1000).await.unwrap();
        let one = |attempt: store::Attempt| {
            let who = attempt.email.split('@').next().unwrap().to_owned();
            (who, attempt.outcome, attempt.step)
        };
        attempts.into_iter().map(one).collect()
    }
}

/// Quality at once, the coordinator a quarter of an hour later, and of grave alerts the admin another one later.
const LIST: [(&str, i64, Severity); 3] = [
    ("quality", 0, Severity::Info),
    ("coordinator", 15, Severity::Warning),
    ("admin", 15, Severity::Critical),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_after_the_other_is_told_until_somebody_acknowledges() {
    let mut night = Night::new().await;
    night.list(&LIST).await;
    let alert = night.raise(AlertKind::Backlog).await;
    assert_eq!(night.tick(0).await, ["admin", "quality: step 1 of 3"]);
    assert_eq!(night.tick(15 * MINUTE - 1).await, [""; 0]);
    night.mails.refuse_next(1);
    assert_eq!(night.tick(15 * MINUTE).await, ["coordinator: step 2 of 3"]);
    assert_eq!(night.tick(15 * MINUTE + 10).await, ["coordinator: step 2 of 3"], "tried again");
    assert_eq!(night.tick(60 * MINUTE - 1).await, [""; 0], "the third step is for graver ones");
    assert_eq!(night.tick(60 * MINUTE).await, ["quality: step 1 of 3"], "half an hour after the last step");
    night.acknowledge(alert).await;
    for minutes in [75, 120, 24 * 60] {
        assert_eq!(night.tick(minutes * MINUTE).await, [""; 0]);
    }
    let named = |who: &str, outcome: &str, step| (who.to_owned(), outcome.to_owned(), step);
    let mut attempts = night.attempts(alert).await;
    attempts[..2].sort();
    assert_eq!(
        attempts,
        [
            named("admin", "delivered", None),
            named("quality", "delivered", Some((1, 1, 3))),
            named("coordinator", "failed", Some((1, 2, 3))),
            named("coordinator", "delivered", Some((1, 2, 3))),
            named("quality", "delivered", Some((2, 1, 3))),
        ]
    );
    let mut db = night.house.service.store.connect().await.unwrap();
    let words: Vec<_> = db.attempts(night.house.owner, alert, None, 10).await.unwrap();
    assert!(words[2].words.contains("451") || words[2].words.contains("come again"), "{}", words[2].words);
    assert_eq!(words[3].words, "250 kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_says_what_to_do_and_who_to_call_in_the_organisations_own_words() {
    let mut night = Night::new().await;
    night.list(&LIST).await;
    let own =
        Runbook { what_to_do: "Restart the consumer.".into(), who_to_call: "Duty engineer, 4711".into() };
    let by = night.user("quality").await;
    let mut db = night.house.service.store.connect().await.unwrap();
    db.set_runbook(night.house.owner, AlertKind::Backlog, &own, by, at(0)).await.unwrap();
    drop(db);
    night.raise(AlertKind::Backlog).await;
    night.raise(AlertKind::SpoolFull).await;
    assert_eq!(night.tick(0).await.len(), 4);
    for mail in night.mails.taken() {
        // Lines may be broken for transport.
        let text = mail.text.replace("=\r\n", "");
        let is_own =
            text.contains("Restart the consumer.") && text.contains("Who to call: Duty engineer, 4711");
        let is_default = text.contains("Make room on the ingester's disk");
        assert!(is_own != is_default, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_look_at_the_same_time_tell_each_step_once() {
    let mut night = Night::new().await;
    night.list(&LIST).await;
    let alert = night.raise(AlertKind::Backlog).await;
    night.house.set(15 * MINUTE);
    let service = &night.house.service;
    let rounds = tokio::join!(escalate(service), escalate(service), escalate(service), escalate(service));
    for outcome in [rounds.0, rounds.1, rounds.2, rounds.3] {
        outcome.unwrap();
    }
    assert_eq!(night.tick(15 * MINUTE).await, ["admin", "coordinator: step 2 of 3", "quality: step 1 of 3"]);
    let late = StepNotification {
        organisation: night.house.owner,
        alert,
        user: night.user("quality").await,
        subject: "again".to_owned(),
        body: String::new(),
        told: ToldStep { opened_at: at(0), round: 1, step: StepId(night.user("quality").await.0), at: at(0) },
        place: 1,
        steps: 3,
    };
    let mut db = night.house.service.store.begin().await.unwrap();
    db.add_step_notifications(&[late], night.house.now()).await.unwrap();
    db.commit().await.unwrap();
    assert_eq!(night.tick(15 * MINUTE + 1).await, [""; 0], "the database refuses what was told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_woken_late_for_what_is_in_hand_or_is_told_anew() {
    let mut night = Night::new().await;
    night.list(&[("coordinator", 0, Severity::Info)]).await;
    let alert = night.raise(AlertKind::Backlog).await;
    night.mails.refuse_next(1000);
    assert_eq!(night.tick(0).await, ["admin", "coordinator: step 1 of 1"]);
    // The mail server is away for the whole of the next round.
    night.house.set(30 * MINUTE);
    escalate(&night.house.service).await.unwrap();
    let off = ("coordinator".to_owned(), "called_off".to_owned(), Some((1, 1, 1)));
    assert_eq!(night.attempts(alert).await[2], off, "the same person is told anew");
    night.acknowledge(alert).await;
    night.mails.refuse_next(0);
    assert_eq!(night.tick(30 * MINUTE).await, ["admin"], "what everybody is told goes out in any case");
    let attempts = night.attempts(alert).await;
    assert!(
        attempts.contains(&("coordinator".to_owned(), "called_off".to_owned(), Some((2, 1, 1)))),
        "{attempts:?}"
    );
    assert_eq!(
        night
            .house
            .service
            .store
            .connect()
            .await
            .unwrap()
            .notification_counts(night.house.owner)
            .await
            .unwrap()
            .pending,
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graver_alert_that_is_open_anew_begins_anew() {
    let mut night = Night::new().await;
    night.list(&LIST).await;
    let alert = night.raise(AlertKind::Backlog).await;
    assert_eq!(night.tick(0).await, ["admin", "quality: step 1 of 3"]);
    night.acknowledge(alert).await;
    assert_eq!(night.tick(20 * MINUTE).await, [""; 0]);
    let episode = night.alert(AlertKind::Backlog).await.episode;
    let mut db = night.house.service.store.connect().await.unwrap();
    let graver = Amendment { id: alert, severity: Severity::Critical, episode, reopen: true, detail: None };
    db.amend_alerts(&[graver], night.house.now()).await.unwrap();
    drop(db);
    assert_eq!(night.tick(20 * MINUTE).await, ["quality: step 1 of 3"]);
    assert_eq!(night.tick(35 * MINUTE).await, ["coordinator: step 2 of 3"]);
    assert_eq!(night.tick(50 * MINUTE).await, ["admin: step 3 of 3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_changed_holds_at_once_for_alerts_of_the_last_day() {
    let mut night = Night::new().await;
    night.raise(AlertKind::SpoolFull).await;
    assert_eq!(night.tick(0).await, ["admin"], "nobody is on call");
    night.house.set(24 * 60 * MINUTE + 1);
    let alert = night.raise(AlertKind::Backlog).await;
    assert_eq!(night.tick(24 * 60 * MINUTE + 1).await, ["admin"]);
    night.list(&[("quality", 0, Severity::Info)]).await;
    assert_eq!(night.tick(24 * 60 * MINUTE + 2).await, ["quality: step 1 of 1"], "of the younger one");
    night.list(&[("coordinator", 0, Severity::Info), ("quality", 0, Severity::Info)]).await;
    assert_eq!(
        night.tick(24 * 60 * MINUTE + 3).await,
        ["coordinator: step 1 of 2"],
        "who was told stays told"
    );
    let user = night.user("coordinator").await;
    let mut db = night.house.service.store.connect().await.unwrap();
    assert!(db.disable_user(user, night.house.now()).await.unwrap());
    drop(db);
    let half_an_hour_later = 24 * 60 * MINUTE + 1 + 30 * MINUTE;
    assert_eq!(night.tick(half_an_hour_later).await, ["quality: step 2 of 2"], "no more the disabled one");
    night.acknowledge(alert).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_passes_by_what_somebody_is_acknowledging_and_tells_nobody_of_it_afterwards() {
    let night = Night::new().await;
    night.list(&LIST).await;
    let alert = night.raise(AlertKind::Backlog).await;
    let by = night.user("quality").await;
    let mut other = night.house.service.store.begin().await.unwrap();
    assert!(other.acknowledge_alert(night.house.owner, alert, by, "seen", at(0)).await.unwrap());
    // The row is locked: the round passes it by and comes back.
    let round = tokio::time::timeout(Duration::from_secs(10), escalate(&night.house.service)).await;
    round.expect("it does not wait").unwrap();
    other.commit().await.unwrap();
    escalate(&night.house.service).await.unwrap();
    let told =
        night.house.database.psql("select count(*) from notifications where step_id is not null").unwrap();
    assert_eq!(told.trim(), "0");
}
