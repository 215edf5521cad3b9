//! The private servers: they serve, they keep tests apart, and they never outlive the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::postgres::Postgres;
use testkit::rabbitmq::RabbitMq;
use testkit::until;

#[test]
fn each_test_has_a_database_of_its_own_which_is_gone_with_it() {
    let cluster = Postgres::start().unwrap();
    let first = cluster.database(None).unwrap();
    first.psql("CREATE TABLE only_here (n int); INSERT INTO only_here VALUES (7)").unwrap();
    let second = cluster.database(None).unwrap();
    assert!(second.psql("SELECT n FROM only_here").is_err());

    let template = first.keep_as_template();
    let copy = cluster.database(Some(&template)).unwrap();
    assert_eq!(copy.psql("SELECT n FROM only_here").unwrap(), "7");
    let name = copy.name().to_owned();
    drop(copy);
    let left = second.psql("SELECT datname FROM pg_database").unwrap();
    assert!(left.contains(&template) && !left.contains(&name), "{left}");
}

#[test]
fn broker_starts_again_on_its_port() {
    let mut broker = RabbitMq::start().unwrap();
    let url = broker.url();
    broker.stop();
    let port: u16 = url.rsplit(':').next().unwrap().split('/').next().unwrap().parse().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    broker.start_again().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert_eq!(broker.url(), url);
}

/// Not a test: the process that the next one kills.
#[test]
#[ignore = "started by servers_do_not_outlive_a_killed_test"]
fn helper_that_starts_servers_and_waits() {
    let _cluster = Postgres::start().unwrap();
    let _broker = RabbitMq::start().unwrap();
    println!("\nstarted");
    std::thread::park();
}

#[test]
fn servers_do_not_outlive_a_killed_test() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_that_starts_servers_and_waits", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(told.any(|line| line == "started"), "the helper ended early");
    let family = descendants(child.id());
    for server in ["postgres", "beam.smp", "epmd"] {
        assert!(family.iter().any(|(_, name)| name == server), "no {server} in {family:?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    until("every server is gone", Duration::from_secs(20), || {
        family.iter().all(|(pid, name)| process(*pid).is_none_or(|(found, _)| found != *name)).then_some(())
    })
    .unwrap();
}

/// All processes below this one, with their names.
fn descendants(of: u32) -> Vec<(u32, String)> {
    let all: Vec<(u32, (String, u32))> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, process(pid)?)))
        .collect();
    let mut family = vec![of];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        for (pid, (name, their_parent)) in &all {
            if *their_parent == parent {
                family.push(*pid);
                found.push((*pid, name.clone()));
            }
        }
    }
    found
}

/// Name and parent of a process that is alive (one that only waits to be reaped is not).
fn process(pid: u32) -> Option<(String, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let mut fields = after.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then_some((name, fields.next()?.parse().ok()?))
}
