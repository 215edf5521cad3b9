//! Each thing that can happen to a tracker, as the network hears of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, Duration, Utc};
use geo::Point;
use simulator::{City, DataRate, Fleet, Gateway, Hole, Incident, Leg, Plan, Region, Report, Uplink, World};
use wire::{Entry, EventKind, ResetCause, What};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000 / 86_400 * 86_400 + minutes * 60, 0).unwrap()
}

const BASEL: City = City { name: "Basel", lat: 47.56, lon: 7.59 };

/// A tracker that stays in Basel.
fn plan(number: u64, incidents: &[(i64, Incident)]) -> Plan {
    let leg = Leg { from: BASEL, to: BASEL, departs_at: at(0), takes: Duration::hours(1) };
    let incidents = incidents.iter().map(|(minutes, incident)| (at(*minutes), *incident)).collect();
    Plan { number, journey: leg.into(), starts_at: at(0), fastest: None, incidents }
}

/// Good air, and a gateway beside the trackers.
fn world() -> World {
    let gateway = Gateway { eui: 1, point: Point::new(BASEL.lon, BASEL.lat), fails: None };
    World::new(1, Region::Eu868, vec![gateway])
}

fn reports(world: World, plans: &[Plan], minutes: i64) -> Vec<Report> {
    let mut reports = Vec::new();
    Fleet::new(world, plans).unwrap().run_until(at(minutes), &mut |report| reports.push(report));
    reports
}

fn uplinks(world: World, plans: &[Plan], minutes: i64) -> Vec<Uplink> {
    let uplink = |report| if let Report::Uplink(uplink) = report { Some(uplink) } else { None };
    reports(world, plans, minutes).into_iter().filter_map(uplink).collect()
}

fn entries(uplinks: &[Uplink]) -> Vec<Entry> {
    let entries = |uplink: &Uplink| match wire::Uplink::decode(uplink.port, &uplink.payload) {
        Ok(wire::Uplink::Log(frame)) => frame.entries().collect(),
        _ => Vec::new(),
    };
    uplinks.iter().flat_map(entries).collect()
}

/// The value of an event of that kind that came.
fn heard(kind: EventKind, incidents: &[(i64, Incident)]) -> Option<u8> {
    let entries = entries(&uplinks(world(), &[plan(1, incidents)], 600));
    entries.iter().find_map(|entry| match entry.what {
        What::Event(event) if event.kind == kind => Some(event.value),
        _ => None,
    })
}

#[test]
fn whatever_happens_to_a_tracker_is_heard() {
    use EventKind as Kind;
    for (kind, value) in [
        (Kind::CaseOpened, 0),
        (Kind::CaseClosed, 0),
        (Kind::Light, 0),
        (Kind::Dark, 0),
        (Kind::Shock, 45),
        (Kind::Turned, 3),
    ] {
        assert_eq!(heard(kind, &[(120, Incident::Felt(kind, value))]), Some(value), "{kind:?}");
        assert_eq!(heard(kind, &[]), None, "{kind:?} by itself");
    }
    let fails = (120, Incident::ThermometerFails);
    for (kind, value, incidents) in [
        (Kind::Stopped, 0, vec![(120, Incident::Pressed)]),
        (Kind::Restarted, ResetCause::Watchdog as u8, vec![(120, Incident::Reset(ResetCause::Watchdog))]),
        (Kind::SensorFailed, 0, vec![fails]),
        (Kind::SensorBack, 0, vec![fails, (180, Incident::ThermometerBack)]),
        (Kind::BatteryLow, 7, vec![(120, Incident::Battery(7))]),
    ] {
        assert_eq!(heard(kind, &incidents), Some(value), "{kind:?}");
        assert_eq!(heard(kind, &[]), None, "{kind:?} by itself");
    }
    for (kind, incident) in [(Kind::AlarmHigh, Incident::TooWarm), (Kind::AlarmLow, Incident::Frozen)] {
        assert!(heard(kind, &[(120, incident)]).is_some(), "{kind:?}");
        assert_eq!(heard(kind, &[]), None, "{kind:?} by itself");
    }
}

#[test]
fn a_silent_tracker_is_not_heard_until_it_is_heard_again() {
    let uplinks = uplinks(world(), &[plan(1, &[(120, Incident::Silent), (300, Incident::Heard)])], 600);
    let (silence, times) = (at(120)..at(300), uplinks.iter().map(|uplink| uplink.at));
    assert!(times.clone().all(|time| !silence.contains(&time)));
    assert!(times.clone().any(|time| time < silence.start) && times.clone().any(|time| time >= silence.end));
}

#[test]
fn nothing_is_heard_from_a_hole_and_all_around_it_is() {
    let far = City { lat: BASEL.lat + 0.01, ..BASEL };
    let outside = Leg { from: far, to: far, departs_at: at(0), takes: Duration::hours(1) };
    let plans = [plan(1, &[]), Plan { journey: outside.into(), ..plan(2, &[]) }];
    let hole = Hole { centre: Point::new(BASEL.lon, BASEL.lat), radius_m: 1_000.0 };
    let uplinks = uplinks(World { holes: vec![hole], ..world() }, &plans, 300);
    assert!(!uplinks.is_empty());
    assert!(uplinks.iter().all(|uplink| uplink.dev_eui == simulator::dev_eui(2)));
}

#[test]
fn what_the_networks_mac_asks_is_answered_and_costs_no_reading_where_eleven_bytes_are_all() {
    let world = World { region: Region::Us915, asks_permille: 300, ..world() };
    let plan = Plan { fastest: Some(DataRate(0)), ..plan(1, &[]) };
    let uplinks = uplinks(world, &[plan], 3 * 1440);
    assert!(uplinks.iter().filter(|uplink| uplink.port == 0).count() > 10, "answers go alone");
    let mut numbers: Vec<u32> = entries(&uplinks).iter().map(|entry| entry.sequence).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert!(numbers.len() > 100, "{}", numbers.len());
    assert_eq!(numbers, (0..numbers.len() as u32).collect::<Vec<_>>());
}

#[test]
fn two_runs_are_alike_whatever_happens_and_another_seed_is_another_run() {
    let run = |seed: u64| {
        let plans: Vec<Plan> = (1..=6)
            .map(|number| {
                let after = 60 + number as i64 * 13;
                let incidents = [
                    (after, Incident::Reset(ResetCause::BrownOut)),
                    (after + 40, Incident::Felt(EventKind::Shock, 50)),
                    (after + 60, Incident::Silent),
                    (after + 120, Incident::Heard),
                    (after + 200, Incident::TooWarm),
                    (after + 600, Incident::Pressed),
                ];
                plan(number, &incidents)
            })
            .collect();
        let world = World { seed, lost_permille: 200, doubled_permille: 100, asks_permille: 50, ..world() };
        format!("{:?}", reports(world, &plans, 1440))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
