//! The same 20,000 ChirpStack `up` events end as the same 20,000 readings, assessments and alerts: on the embedded
//! default and on RabbitMQ, in order and in random order, sent once and twice, with the consumer killed three times
//! (in the middle of commits too), and with RabbitMQ away for 30 s.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::{
    Api, Commits, Installation, Outcome, Part, Program, Sender, fleet, folder, processes_of, until, within,
};
use serde_json::{Value, json};
use testkit::postgres::{self, psql};
use testkit::rabbitmq::{self, RabbitMq};
use tokio::task::spawn_blocking;

const TRACKERS: u64 = 50;
const EVENTS: usize = 20_000;
const OUTAGE: Duration = Duration::from_secs(30);

/// The rest of the 40,000 webhooks is to come when the broker is back.
const PACE_DURING_THE_OUTAGE: Duration = Duration::from_millis(5);

/// For the slowest machine: everything that waits in a queue is stored.
const STORED_WITHIN: Duration = Duration::from_secs(300);

/// An integration for a sender, a user, and a shipment for each tracker. Returns the integration's token.
async fn equip(installation: &Installation, program: &Program) -> String {
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let api = program.log_in("admin").await;
    let profile = api.post("/profiles", &fleet::profile()).await;
    for tracker in 0..TRACKERS {
        fleet::ship(&api, tracker, &profile["id"]).await;
    }
    token
}

/// A sender to a program that knows the integration by now: before, it would be refused, and an alert raised for it.
async fn sender_to(program: &Program, token: &str) -> Arc<Sender> {
    until("the ingester knows the integration", async || {
        (program.ingest_readiness().await.1["integrations"] == 1).then_some(())
    })
    .await;
    Sender::new(&program.url, "depot?event=up", token)
}

/// Returns once so many of the webhooks have got their 2xx.
async fn until_accepted(sender: &Sender, count: usize) {
    within(STORED_WITHIN, "enough webhooks are accepted", async || {
        (sender.accepted() >= count).then_some(())
    })
    .await;
}

/// The outcome once everything has been stored that is accepted by now: the queue keeps its order, so that all of it is
/// before an event that is sent now.
async fn outcome(installation: &Installation, ingester: &Program, token: &str, api: &Api) -> Outcome {
    within(STORED_WITHIN, "the ingester's spool is empty", async || {
        (ingester.ingest_readiness().await.1["spool_bytes"] == 0).then_some(())
    })
    .await;
    let last = json!({ "deviceInfo": { "devEui": fleet::dev_eui(0) }, "devAddr": "00112233" });
    let client = reqwest::Client::new();
    assert_eq!(fleet::post(&client, &ingester.url, "depot?event=join", token, &last).await, Some(204));
    let database_url = installation.database_url();
    within(STORED_WITHIN, "the last event is stored", async || {
        let joins = psql(&database_url, "select count(*) from device_events where kind = 'join'").unwrap();
        (joins == "1").then_some(())
    })
    .await;
    let values = "count(*), count(distinct (tracker_id, measured_at, temperature, humidity))";
    let readings = psql(&database_url, &format!("select {values} from readings")).unwrap();
    assert_eq!(readings, format!("{EVENTS}|{EVENTS}"), "none is missing, and none is there twice");
    let others = "select (select count(*) from uplinks), (select count(*) from set_aside_readings)";
    let others = psql(&database_url, others).unwrap();
    assert_eq!(others, format!("{EVENTS}|0"), "uplinks, and readings set aside");
    Outcome::of(api).await
}

fn report(run: &str, begun: Instant, sender: &Sender, outcome: &Outcome) {
    let (seconds, accepted, repeated) = (begun.elapsed().as_secs(), sender.accepted(), sender.repeated());
    eprintln!("{run}: {seconds} s, {accepted} accepted, {repeated} repeated, alerts {:?}", outcome.alerts);
}

/// Embedded, each event once, in the order of measurement.
async fn undisturbed(data: &Path, webhooks: Vec<Value>) -> Outcome {
    let begun = Instant::now();
    let installation = Installation::embedded(data);
    let program = installation.start(Part::Serve).await;
    let token = equip(&installation, &program).await;
    let sender = sender_to(&program, &token).await;
    sender.start(webhooks).await.unwrap();
    assert_eq!(sender.repeated(), 0, "webhooks that got no 2xx at once");
    let outcome = outcome(&installation, &program, &token, &program.log_in("admin").await).await;
    report("undisturbed", begun, &sender, &outcome);
    outcome
}

/// Embedded, each event twice, in random order; the one process is killed three times while webhooks are under way.
async fn embedded_and_killed(data: &Path, webhooks: Vec<Value>) -> Outcome {
    let begun = Instant::now();
    let installation = Installation::embedded(data);
    let mut program = installation.start(Part::Serve).await;
    let token = equip(&installation, &program).await;
    let commits = Commits::of(&installation.database_url());
    let sender = sender_to(&program, &token).await;
    let sending = sender.start(webhooks);
    for (accepted, in_commit) in [(EVENTS / 4, true), (EVENTS * 3 / 4, false), (EVENTS * 5 / 4, true)] {
        until_accepted(&sender, accepted).await;
        if in_commit {
            commits.hold();
            commits.until_one_waits().await;
        }
        assert!(!sending.is_finished(), "a kill while webhooks are under way");
        program.kill();
        program = installation.start(Part::Serve).await;
        sender.follow(&program.url);
        if in_commit {
            commits.release();
        }
    }
    sending.await.unwrap();
    assert!(sender.repeated() > 0, "the kills cost some webhooks their answer");
    let outcome = outcome(&installation, &program, &token, &program.log_in("admin").await).await;
    report("embedded, killed", begun, &sender, &outcome);
    outcome
}

/// Ingester and tracking service apart, each event twice, in random order; the tracking service is killed three times
/// while it consumes, and RabbitMQ is away for 30 s. No webhook is sent again for that.
async fn on_rabbitmq(data: &Path, webhooks: Vec<Value>) -> Outcome {
    let begun = Instant::now();
    let broker = spawn_blocking(|| RabbitMq::start().unwrap()).await.unwrap();
    let database = postgres::database(None).unwrap();
    let prefix = rabbitmq::unique_prefix("path");
    let on = |part| {
        Installation::on(&data.join(part), database.url().as_str(), &broker.url(), &prefix)
            .with("ISOTHERM_INGEST__TOKEN", "the secret of the ingesters")
    };
    let installation = on("track");
    let tracker = installation.start(Part::Track).await;
    let token = equip(&installation, &tracker).await;
    // Its copy of the integrations outlives the program at this address.
    let ingester = on("ingest").with("ISOTHERM_INGEST__TRACKING_URL", &tracker.url).start(Part::Ingest).await;
    let commits = Commits::of(&database.url());
    let sender = sender_to(&ingester, &token).await;
    let sending = sender.start(webhooks);

    until_accepted(&sender, EVENTS / 4).await;
    let tracker = kill_and_commit(&installation, tracker, &commits).await;
    until_accepted(&sender, EVENTS / 2).await;
    let tracker = kill_and_undo(&installation, tracker, &commits).await;
    let _broker = outage(broker, &ingester, &sender).await;
    let tracker = kill_while_consuming(&installation, tracker).await;
    sending.await.unwrap();
    assert_eq!(sender.repeated(), 0, "webhooks that got no 2xx at once");
    let outcome = outcome(&installation, &ingester, &token, &tracker.log_in("admin").await).await;
    report("RabbitMQ, killed, away", begun, &sender, &outcome);
    outcome
}

/// How many readings are committed.
fn stored(installation: &Installation) -> usize {
    psql(&installation.database_url(), "select count(*) from readings").unwrap().parse().unwrap()
}

/// Killed in the middle of a commit that the database brings to its end: what nobody acknowledged comes again.
async fn kill_and_commit(installation: &Installation, tracker: Program, commits: &Commits) -> Program {
    commits.hold();
    commits.until_one_waits().await;
    let before = stored(installation);
    tracker.kill();
    commits.until_one_waits().await;
    commits.release();
    until("the batch is committed", async || (stored(installation) > before).then_some(())).await;
    installation.start(Part::Track).await
}

/// Killed in the middle of a commit that the database undoes.
async fn kill_and_undo(installation: &Installation, tracker: Program, commits: &Commits) -> Program {
    commits.hold();
    commits.until_one_waits().await;
    let before = stored(installation);
    tracker.kill();
    commits.break_off();
    commits.release();
    assert_eq!(stored(installation), before, "the batch is undone");
    installation.start(Part::Track).await
}

/// Killed wherever it is in its work.
async fn kill_while_consuming(installation: &Installation, tracker: Program) -> Program {
    let before = stored(installation);
    until("batches are stored", async || (stored(installation) > before).then_some(())).await;
    tracker.kill();
    installation.start(Part::Track).await
}

/// Stops the broker while webhooks go on coming and starts it again; the ingester stays ready meanwhile.
async fn outage(broker: RabbitMq, ingester: &Program, sender: &Sender) -> RabbitMq {
    let is_up = async || {
        let (status, readiness) = ingester.ingest_readiness().await;
        assert_eq!(status, 200, "{readiness}");
        readiness["broker"] == "up"
    };
    assert!(is_up().await);
    sender.set_pace(PACE_DURING_THE_OUTAGE);
    let mut broker = aside(broker, RabbitMq::stop).await;
    let begun = Instant::now();
    let accepted = sender.accepted();
    until("the ingester says that the broker is down", async || (!is_up().await).then_some(())).await;
    while begun.elapsed() < OUTAGE {
        assert!(!is_up().await);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let meanwhile = sender.accepted() - accepted;
    eprintln!("{meanwhile} webhooks accepted while RabbitMQ was away");
    assert!(meanwhile > 1000, "{meanwhile} webhooks accepted during the outage");
    broker = aside(broker, |broker| broker.start_again().unwrap()).await;
    sender.set_pace(Duration::ZERO);
    until("the ingester says that the broker is up", async || is_up().await.then_some(())).await;
    broker
}

/// What blocks for seconds, away from the thread that looks after the run.
async fn aside(mut broker: RabbitMq, work: impl FnOnce(&mut RabbitMq) + Send + 'static) -> RabbitMq {
    let done = spawn_blocking(move || {
        work(&mut broker);
        broker
    });
    done.await.unwrap()
}

/// Runs on a thread of its own, so that what blocks in one run does not hold up another.
fn block_on<T>(run: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run)
}

#[test]
fn the_same_20_000_events_end_as_the_same_outcome_whatever_happens_on_the_way() {
    let folder = folder("path");
    let (a, b, c) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
    let once = fleet::webhooks(TRACKERS, EVENTS);
    let twice = fleet::twice_in_disorder(once.clone());
    let (reference, embedded, rabbitmq) = std::thread::scope(|scope| {
        let reference = scope.spawn(|| block_on(undisturbed(&a, once)));
        let embedded = scope.spawn(|| block_on(embedded_and_killed(&b, twice.clone())));
        let rabbitmq = scope.spawn(|| block_on(on_rabbitmq(&c, twice.clone())));
        (reference.join().unwrap(), embedded.join().unwrap(), rabbitmq.join().unwrap())
    });

    for kind in ["temperature_high critical", "temperature_high warning", "temperature_low critical"] {
        let open = reference.alerts.get(&format!("{kind} open")).copied();
        assert!(open > Some(100), "{kind}: {open:?} of {:?}", reference.alerts);
    }
    assert_eq!(processes_of(folder.path()), Vec::<String>::new(), "nothing runs on");
    for (outcome, how) in [(&embedded, "embedded"), (&rabbitmq, "RabbitMQ")] {
        // Disorder made and took back alerts that order never did.
        for state in ["merged", "withdrawn"] {
            let count = outcome.alerts_that_are(state);
            assert!(count > reference.alerts_that_are(state) + 50, "{how}: {count} {state}");
        }
        reference.assert_same(outcome, how);
    }
}
