//! What is wrong, strange or hostile in a webhook gets its answer; nothing crashes, nothing is stored half, and the
//! next webhook goes through on the same program and the same connection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod bodies;
mod case;
mod connection;
mod house;
mod requests;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use case::{Case, Stored};
use chrono::Duration;
use e2e::bodies::{Field, Network};
use e2e::{fleet, until};
use house::{Counts, House};
use reqwest::Method;
use serde_json::{Value, json};

/// A tracker of its own for each case and network.
fn number(network: Network, position: usize) -> u64 {
    1000 * (network as u64 + 1) + position as u64
}

/// Sends all cases, each followed by a webhook as it should be; then compares what is stored and counted.
async fn run(cases: &[Case]) -> House {
    let house = House::start().await;
    let (mut faults, mut names, mut expected) = (Vec::new(), BTreeMap::new(), Counts::new());
    for network in Network::ALL {
        for (position, case) in cases.iter().enumerate().filter(|(_, case)| case.is_of(network)) {
            let number = number(network, position);
            let name = format!("{} ({})", case.name, network.name());
            faults.extend(
                house.send(network, number, case).await.err().map(|fault| format!("{name}: {fault}")),
            );
            names.insert(number.to_string(), name);
            expect(&mut expected, number, network, case);
        }
    }
    let stored = house.rows().await;
    for key in expected.keys().chain(stored.keys()).collect::<BTreeSet<_>>() {
        if stored.get(key) != expected.get(key) {
            let name = names.get(key.split(' ').next().unwrap()).map_or("", String::as_str);
            faults.push(format!("{name}: {key}: {:?} instead of {:?}", stored.get(key), expected.get(key)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for figure in ["isotherm_tracking_dead_letters_total", "isotherm_tracking_batches_failed_total"] {
        assert_eq!(house.figure(figure).await, 0, "{figure}");
    }
    house
}

/// Rows of a case and of the webhook after it.
fn expect(expected: &mut Counts, number: u64, network: Network, case: &Case) {
    let Stored { uplinks, untimed, readings, set_aside, events, unreadable } = case.stored;
    for (key, count) in [
        (format!("{number} uplinks"), uplinks + 1),
        (format!("{number} untimed"), untimed),
        (format!("{number} readings"), readings + usize::from(case.registered)),
        (format!("{number} set aside"), set_aside),
        (format!("{number} events"), events),
        (format!("unreadable from {}", network.name()), unreadable),
    ] {
        if count > 0 {
            *expected.entry(key).or_default() += count;
        }
    }
}

/// Waits for the alerts of a kind, one for each subject.
async fn alerts(house: &House, kind: &str, subjects: &[&str]) {
    until(kind, async || {
        let all = house.api.list("/alerts?state=all").await;
        let subject = |alert: &Value| alert["subject"].as_str().map(str::to_owned);
        let mut found: Vec<String> =
            all.iter().filter(|alert| alert["kind"] == kind).filter_map(subject).collect();
        found.sort_unstable();
        (found == subjects).then_some(())
    })
    .await;
}

#[tokio::test]
async fn requests_get_the_answers_of_the_contract_and_are_counted() {
    let cases = requests::cases();
    let house = run(&cases).await;
    let subjects = [
        "an unknown integration",
        "integration chirpstack: the token is wrong",
        "integration chirpstack: their bodies are too large",
        "integration chirpstack: their content type is none that this network sends",
        "integration the-things-stack: the token is wrong",
        "integration the-things-stack: their bodies are too large",
        "integration the-things-stack: their content type is none that this network sends",
    ];
    alerts(&house, "webhook_refused", &subjects).await;
    alerts(&house, "webhook_unreadable", &[]).await;
    for (status, outcome) in [(401, "unauthorised"), (413, "too_large"), (415, "content_type")] {
        let figure = house.figure(&format!("isotherm_ingest_webhooks_total{{outcome=\"{outcome}\"}}")).await;
        let sent = 2 * cases.iter().filter(|case| case.status == status).count();
        assert_eq!(figure, sent, "{outcome}");
    }
}

#[tokio::test]
async fn bodies_that_nobody_can_read_are_kept_and_counted() {
    let house = run(&bodies::cases()).await;
    let subjects = [
        "integration chirpstack",
        "integration chirpstack: uplinks that do not say of which device",
        "integration the-things-stack",
        "integration the-things-stack: uplinks that do not say of which device",
    ];
    alerts(&house, "webhook_unreadable", &subjects).await;
    alerts(&house, "webhook_refused", &[]).await;
    let figure = house.figure("isotherm_ingest_webhooks_total{outcome=\"unreadable\"}").await;
    let sent = |network| bodies::cases().iter().filter(|c| c.is_of(network) && c.status == 400).count();
    assert_eq!(figure, Network::ALL.map(sent).iter().sum::<usize>());
}

#[tokio::test]
async fn strange_values_are_taken_whole_or_not_at_all() {
    run(&values::cases()).await;
}

#[tokio::test]
async fn a_copy_counts_once_and_an_unknown_payload_is_shown_with_its_reason() {
    let house = House::start().await;
    let now = house.now().await;
    let other_gateway = |name| Case::new(name).set(Field::GatewayId, json!("another gateway"));
    for network in Network::ALL {
        let number = number(network, 0);
        house.register(number, "box").await;
        for (case, sequence) in [
            (Case::new("the first"), 0),
            (Case::new("the same again"), 0),
            (other_gateway("by another gateway, at the same time"), 0),
            (other_gateway("by another gateway, a little later").received(Duration::seconds(1)), 0),
            (Case::new("the counter was reset").received(Duration::minutes(-7)), 0),
            (Case::new("unknown").payload(|_| vec![0xab; 20]), 1),
        ] {
            let post = house.post(&case, network, number, sequence, now);
            let (answer, _) = house.connect().await.exchange(&post).await.unwrap();
            assert_eq!(answer.status, 204, "{}: {answer:?}", case.name);
        }
    }
    let kept = ["1000", "2000"].map(|n| [(format!("{n} readings"), 1), (format!("{n} uplinks"), 4)]);
    assert_eq!(house.rows().await, Counts::from_iter(kept.into_iter().flatten()));
    for network in Network::ALL {
        let number = number(network, 0);
        let uplinks = house.api.list(&format!("/trackers/{}/uplinks", fleet::dev_eui(number))).await;
        let shown = |uplink: &Value| (uplink["payload"].to_string(), uplink["problem"].clone());
        let (unknown, known): (Vec<_>, Vec<_>) =
            uplinks.iter().map(shown).partition(|(payload, _)| payload.contains("abab"));
        assert!(known.len() == 2 && known.iter().all(|(_, problem)| problem.is_null()), "{known:?}");
        let reason = unknown.iter().map(|(_, problem)| problem.as_str().unwrap()).collect::<String>();
        assert!(reason.starts_with("unknown payload: entry 0: 29 is no known event"), "{reason}");
    }
}

/// As Everynet does before it posts.
#[tokio::test]
async fn whoever_asks_for_the_methods_of_a_webhook_learns_them_and_nothing_else() {
    let house = House::start().await;
    for path in
        ["/webhooks/chirpstack", "/webhooks/chirpstack/up", "/webhooks/nobody", "/webhooks/nobody/a/b"]
    {
        for (method, status) in [(Method::OPTIONS, 204), (Method::GET, 405), (Method::PUT, 405)] {
            let answer = house.ask(method.clone(), path).await;
            assert_eq!(answer, (status, "POST, OPTIONS".to_owned(), String::new()), "{method} {path}");
        }
    }
}
