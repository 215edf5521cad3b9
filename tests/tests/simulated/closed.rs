//! The loop is closed: what trackers write is held once, whatever is lost on the way, and they know that it is.

use std::sync::Arc;
use std::time::{Duration as Patience, Instant};

use chrono::{DateTime, Duration, Utc};
use simulator::{
    City, Clock, Device, Fleet, Gateway, Incident, Leg, Live, NetworkServer, Plan, Region, Sender, Stage,
    World, dev_eui,
};
use tokio::net::TcpListener;
use tokio::sync::watch;
use wire::{EventKind, ResetCause, What};

use crate::services::Services;

const TRACKERS: u64 = 30;
const KEY: &str = "the key of the network server";

/// A day is half a minute, and a round of the tracking service an hour and a half.
const SPEED: u32 = 2880;

/// On a busy machine the fleet waits for its webhooks.
const PATIENCE: Patience = Patience::from_secs(480);

/// In one town: each tracker measures for a day, is in a hole for an hour, and is reset three times.
fn fleet(begins: DateTime<Utc>) -> Fleet {
    let town = |number: u64| City {
        name: "depot",
        lat: 48.0 + 0.002 * (number % 6) as f64,
        lon: 11.0 + 0.003 * (number / 6) as f64,
    };
    let plan = |number: u64| {
        let starts_at = begins + Duration::minutes(number as i64 % 15);
        let after = |minutes: u64| starts_at + Duration::minutes(minutes as i64);
        let hole = 200 + (number * 31) % 900;
        let incidents = vec![
            (after(60 + number * 7), Incident::Reset(ResetCause::Watchdog)),
            (after(hole), Incident::Silent),
            (after(hole + 30), Incident::Reset(ResetCause::BrownOut)),
            (after(hole + 60), Incident::Heard),
            (after(hole + 90), Incident::Felt(EventKind::CaseOpened, 0)),
            (after(1430 - number * 11), Incident::Reset(ResetCause::Pin)),
            (after(1440), Incident::Pressed),
        ];
        let city = town(number);
        let leg = Leg { from: city, to: city, departs_at: starts_at, takes: Duration::hours(1) };
        Plan { number, journey: leg.into(), starts_at, fastest: None, incidents }
    };
    let gateway = |eui: u64| {
        let city = town(eui * 9);
        Gateway { eui, point: geo::Point::new(city.lon, city.lat), fails: None }
    };
    let world = World {
        lost_permille: 200,
        doubled_permille: 50,
        ..World::new(1, Region::Eu868, (1..=3).map(gateway).collect())
    };
    Fleet::new(world, &(1..=TRACKERS).map(plan).collect::<Vec<_>>()).unwrap()
}

fn clock() -> (DateTime<Utc>, Clock) {
    // What the product goes by, too.
    #[allow(clippy::disallowed_methods)]
    let begins = Utc::now() - Duration::days(3);
    let began = Instant::now();
    let now = move || begins + Duration::from_std(began.elapsed() * SPEED).unwrap();
    (begins, Arc::new(now))
}

/// It measures no more, and was told that all is held.
fn is_done(device: &Device) -> bool {
    let tracker = device.tracker();
    tracker.saved().stage == Stage::Stopped && tracker.saved().acknowledged == tracker.next_sequence()
}

/// The numbers that are held of a tracker with what is said of each, in order, as `number=temperature` or `number=event`.
fn held(services: &Services, device: &Device) -> String {
    let tracker = format!("(select id from trackers where name = '{}')", device.dev_eui());
    let sql = format!(
        "select string_agg(number || '=' || said, ' ' order by number, said) from (
            select sequence as number, temperature::text as said from readings where tracker_id = {tracker}
            union all
            select sequence, temperature::text from set_aside_readings where tracker_id = {tracker}
            union all
            select number, replace(kind, '_', '') from tracker_log where tracker_id = {tracker}
         ) entries"
    );
    services.database.psql(&sql).unwrap()
}

fn written(device: &Device) -> String {
    let entry = |number: u32| {
        let said = match device.tracker().entry(number).unwrap().what {
            What::Reading(reading) => reading.temperature.to_string(),
            What::Event(event) => format!("{:?}", event.kind).to_lowercase(),
            What::Lost { .. } => "lost".to_owned(),
        };
        format!("{number}={said}")
    };
    (0..device.tracker().next_sequence()).map(entry).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_is_held_once_and_acknowledged_whatever_is_lost_on_the_way() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (begins, clock) = clock();
    let trackers: Vec<_> = (1..=TRACKERS).map(dev_eui).collect();
    let services = Services::start(&clock, &trackers, (&url, KEY)).await;
    let network_server = NetworkServer { listener, key: KEY.to_owned() };
    let live = Live {
        target: services.target.clone(),
        sender: Sender::Chirpstack,
        network_server,
        clock,
        speed: SPEED,
    };
    let (stop, stopped) = watch::channel(false);
    let run = simulator::run(fleet(begins), live, stopped, |fleet, _| {
        if fleet.devices.iter().all(is_done) {
            stop.send(true).unwrap();
        }
    });
    let (fleet, _) = tokio::time::timeout(PATIENCE, run).await.expect("all entries are acknowledged");
    let mut entries = 0;
    for device in &fleet.devices {
        assert_eq!(held(&services, device), written(device), "{}", device.dev_eui());
        entries += device.tracker().next_sequence();
    }
    eprintln!("{entries} entries of {TRACKERS} trackers, {:?}", fleet.totals);
    assert!(fleet.totals.downlinks > TRACKERS, "{:?}", fleet.totals);
    services.stop().await;
}
