//! A thousand trackers under bad radio: everything that they measured arrives, within the day's air.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::DevEui;
use simulator::{
    City, DataRate, Device, Fleet, Gateway, Incident, Leg, Plan, Queued, Region, Report, Uplink, World,
    dev_eui,
};
use wire::{COMMAND_PORT, Command, Entry, Range, Step, What, encode_commands};

const MEASURING: Duration = Duration::days(3);

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000 / 86_400 * 86_400, 0).unwrap()
}

/// What the tracking service knows of one tracker.
#[derive(Default)]
struct Known {
    entries: BTreeMap<u32, (Entry, DateTime<Utc>)>,
    next: u32,
    number: u32,
    said_at: Option<DateTime<Utc>>,
    downlinks: u32,
    /// Said until the tracker answers that it obeyed.
    pace: Option<Command>,
}

impl Known {
    fn hear(&mut self, uplink: &Uplink) {
        match wire::Uplink::decode(uplink.port, &uplink.payload).unwrap() {
            wire::Uplink::Log(frame) => {
                for entry in frame.entries() {
                    self.next = self.next.max(entry.sequence + 1);
                    let (known, _) = *self.entries.entry(entry.sequence).or_insert((entry, uplink.at));
                    assert_eq!(known, entry, "one number, two entries");
                    assert!(!matches!(entry.what, What::Lost { .. }), "nothing is lost");
                }
            }
            wire::Uplink::Status(status) => self.next = self.next.max(status.next),
            wire::Uplink::Setup(setup) if setup.command > 0 => self.pace = None,
            _ => {}
        }
    }

    fn holes(&self) -> Vec<Range> {
        let mut holes = Vec::new();
        let mut expected = 0;
        for sequence in self.entries.keys().copied().chain([self.next]) {
            if sequence > expected {
                holes.push(Range { first: expected, last: sequence - 1 });
            }
            expected = sequence + 1;
        }
        holes
    }

    /// Ten downlinks a day, and none without need.
    fn answer(&mut self, now: DateTime<Utc>) -> Option<Vec<u8>> {
        if self.said_at.is_some_and(|said| now < said + Duration::minutes(145)) {
            return None;
        }
        let holes = self.holes();
        let held = holes.first().map_or(self.next, |hole| hole.first);
        let acknowledged = held.checked_sub(1).map(|last| Command::Acknowledge(Range { first: 0, last }));
        let commands: Vec<Command> = self
            .pace
            .into_iter()
            .chain(acknowledged)
            .chain(holes.into_iter().map(Command::Resend))
            .take(6)
            .collect();
        let mut room = [0; 51];
        let length = encode_commands(self.number + 1, &commands, &mut room).ok()?;
        (self.number, self.said_at, self.downlinks) = (self.number + 1, Some(now), self.downlinks + 1);
        Some(room[..length].to_vec())
    }
}

/// What the trackers are told and may do.
#[derive(Clone, Copy)]
struct Setting {
    region: Region,
    trackers: u64,
    fastest: Option<DataRate>,
    pace: Option<Command>,
    /// Of a thousand uplinks, and of as many downlinks, 300 are lost, and each tracker is in a hole for six hours.
    is_bad: bool,
}

/// The Things Network's fair use.
const DAY_MS: u64 = 30_000;

/// Within three kilometres of four gateways.
fn fleet(setting: &Setting) -> Fleet {
    let metres = 3000.0;
    let degree = 111_195.0;
    let place = |number: u64| {
        let angle = number as f64 * 2.399_963;
        let radius = metres * ((number % 97) as f64 / 97.0).sqrt() / degree;
        City { name: "depot", lat: 48.0 + radius * angle.sin(), lon: 11.0 + radius * angle.cos() * 1.49 }
    };
    let plans: Vec<Plan> = (0..setting.trackers)
        .map(|number| {
            let starts_at = start() + Duration::seconds((number as i64 * 37) % 3600);
            let hole = starts_at + Duration::hours(20 + (number as i64 * 7) % 30);
            Plan {
                number,
                journey: Leg {
                    from: place(number),
                    to: place(number),
                    departs_at: start(),
                    takes: Duration::hours(1),
                }
                .into(),
                starts_at,
                fastest: setting.fastest,
                incidents: [
                    (starts_at + MEASURING, Incident::Pressed),
                    (hole, Incident::Silent),
                    (hole + Duration::hours(6), Incident::Heard),
                ]
                .into_iter()
                .filter(|(_, incident)| setting.is_bad || *incident == Incident::Pressed)
                .collect(),
            }
        })
        .collect();
    let gateways = (0..4)
        .map(|number| {
            let city = place(40 + number * 13);
            Gateway { eui: number, point: geo::Point::new(city.lon, city.lat), fails: None }
        })
        .collect();
    let world = World {
        lost_permille: if setting.is_bad { 300 } else { 0 },
        doubled_permille: 20,
        ..World::new(1, setting.region, gateways)
    };
    Fleet::new(world, &plans).unwrap()
}

struct Outcome {
    fleet: Fleet,
    known: HashMap<DevEui, Known>,
    ended_at: DateTime<Utc>,
}

/// Until everything is here, or a week has passed since the measuring ended.
fn run(setting: &Setting) -> Outcome {
    let mut fleet = fleet(setting);
    let mut known: HashMap<DevEui, Known> = HashMap::new();
    let stops = start() + MEASURING + Duration::hours(2);
    let mut checked = stops;
    while let Some(at) = fleet.next_at() {
        let mut heard = Vec::new();
        fleet.run_until(at + Duration::milliseconds(1), &mut |report| {
            if let Report::Uplink(uplink) = report {
                heard.push(uplink);
            }
        });
        for uplink in heard {
            let first = || Known { pace: setting.pace, ..Known::default() };
            let tracker = known.entry(uplink.dev_eui).or_insert_with(first);
            tracker.hear(&uplink);
            if let Some(payload) = tracker.answer(uplink.at) {
                let queued = Queued {
                    id: String::new(),
                    port: COMMAND_PORT,
                    payload,
                    confirmed: false,
                    expires_at: None,
                };
                fleet.enqueue(uplink.dev_eui, queued);
            }
        }
        if at >= checked {
            checked = at + Duration::hours(1);
            let whole = |number: u64| {
                let next = fleet.devices[number as usize].tracker().next_sequence();
                known.get(&dev_eui(number)).is_some_and(|known| known.entries.len() == next as usize)
            };
            if (0..setting.trackers).all(whole) || at > stops + Duration::days(7) {
                return Outcome { fleet, known, ended_at: at };
            }
        }
    }
    unreachable!("a fleet goes on for ever")
}

fn check(name: &str, setting: &Setting) {
    let outcome = run(setting);
    let (mut taken, mut delays, mut readings) = (0, Vec::new(), 0);
    for device in &outcome.fleet.devices {
        let written = device.tracker().next_sequence();
        let known = &outcome.known[&device.dev_eui()];
        assert_eq!(
            known.entries.len(),
            written as usize,
            "tracker {}: {:?}",
            device.plan.number,
            known.holes()
        );
        taken += written;
        for (entry, arrived) in known.entries.values() {
            if let (What::Reading(_), Some(at)) = (entry.what, entry.stamp.unix_seconds()) {
                readings += 1;
                delays.push((arrived.timestamp() - at) / 60);
            }
        }
    }
    delays.sort_unstable();
    let busiest = outcome.fleet.devices.iter().map(Device::busiest_day_ms).max().unwrap();
    assert!(busiest <= DAY_MS, "{busiest} ms on the air in a day");
    let seconds = (outcome.ended_at - start()).num_seconds();
    let days = seconds as f64 / 86_400.0 * setting.trackers as f64;
    let totals = outcome.fleet.totals;
    let downlinks: u32 = outcome.known.values().map(|known| known.downlinks).sum();
    eprintln!(
        "{name}: {taken} entries, {readings} readings, all there {} h after the end; delay median {} min, 99th percentile {} min; \
         on the air {:.1} s a day and tracker ({:.1} s at most), {:.1} uplinks, {:.2} bytes a reading, {:.1} downlinks a day",
        (outcome.ended_at - start() - MEASURING).num_hours(),
        delays[delays.len() / 2],
        delays[delays.len() * 99 / 100],
        totals.airtime_ms as f64 / 1000.0 / days,
        busiest as f64 / 1000.0,
        totals.uplinks as f64 / days,
        totals.bytes as f64 / readings as f64,
        f64::from(downlinks) / days,
    );
}

#[test]
fn a_thousand_trackers_in_eu868_lose_nothing() {
    let setting = Setting { region: Region::Eu868, trackers: 1000, fastest: None, pace: None, is_bad: true };
    check("EU868", &setting);
}

#[test]
fn a_thousand_trackers_lose_nothing_with_the_eleven_bytes_of_us915() {
    let fastest = Some(DataRate(0));
    let setting = Setting { region: Region::Us915, trackers: 1000, fastest, pace: None, is_bad: true };
    check("US915 DR0", &setting);
}

#[test]
fn a_reading_each_minute_at_dr3_of_eu868_costs_few_bytes() {
    let pace = Some(Command::Intervals { step: Step::Minutes1, per_uplink: 32 });
    let fastest = Some(DataRate(3));
    for is_bad in [false, true] {
        let setting = Setting { region: Region::Eu868, trackers: 100, fastest, pace, is_bad };
        check(if is_bad { "EU868 DR3, a minute" } else { "EU868 DR3, a minute, good air" }, &setting);
    }
}
