//! Silence, outages and missing readings: at their limits, and as properties over random fleets.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::silence::numbers::{Hole, Numbers, Run};
use domain::silence::outage::{Gateway, HeardBy, LEAST_TRACKERS, Ride, Verdict, judge};
use domain::silence::{Flight, Heard, Planned, Schedule, Window, due_at};
use domain::{AssignmentId, GatewayId};
use proptest::prelude::*;

use crate::series::at;

const LONG_AGO: i64 = -1_000_000;

/// Of 15 minutes between two reports.
const INTERVAL_S: i64 = 900;
const PATIENCE_S: i64 = 2_250;
const QUIET_S: i64 = 1_125;

fn id(number: u32) -> AssignmentId {
    AssignmentId(uuid::Uuid::from_u128(number.into()))
}

fn ride(number: u32, last: i64, gateways: &[i32]) -> Ride {
    Ride {
        ride: id(number),
        schedule: Schedule { interval: domain::Duration::from_seconds(INTERVAL_S).unwrap() },
        heard: Heard {
            assigned_from: at(LONG_AGO),
            last_received_at: Some(at(last)),
            listening_since: Some(at(LONG_AGO)),
        },
        planned: Planned::default(),
        gateways: gateways.iter().map(|id| GatewayId(*id)).collect(),
    }
}

fn gateways(heard: &[(i32, i64)]) -> BTreeMap<GatewayId, Gateway> {
    let one = |(id, last): &(i32, i64)| (GatewayId(*id), Gateway { heard_at: at(*last), is_out: false });
    heard.iter().map(one).collect()
}

fn out(mut gateways: BTreeMap<GatewayId, Gateway>, id: i32) -> BTreeMap<GatewayId, Gateway> {
    gateways.get_mut(&GatewayId(id)).unwrap().is_out = true;
    gateways
}

type ByGateway = Vec<(i32, Vec<u128>)>;

/// Numbers of rides: alone; by dead gateway; by one that was known to be dead.
fn numbers(verdict: &Verdict) -> (Vec<u128>, ByGateway, ByGateway) {
    let rides = |rides: &BTreeMap<AssignmentId, DateTime<Utc>>| -> Vec<u128> {
        rides.keys().map(|ride| ride.0.as_u128()).collect()
    };
    let groups = |groups: &BTreeMap<GatewayId, BTreeMap<AssignmentId, DateTime<Utc>>>| {
        groups.iter().map(|(gateway, those)| (gateway.0, rides(those))).collect()
    };
    (rides(&verdict.alone), groups(&verdict.dead), groups(&verdict.further))
}

#[test]
fn a_gateway_is_dead_when_its_first_tracker_is_silent_and_the_others_are_quiet() {
    // The gateway was last heard at 900, when the last of its three trackers reported.
    let fleet = [ride(1, 0, &[7]), ride(2, 450, &[7]), ride(3, 900, &[7])];
    let heard = gateways(&[(7, 900)]);
    let judged = |now| numbers(&judge(&fleet, &heard, at(now)));
    assert_eq!(judged(PATIENCE_S - 1), (vec![], vec![], vec![]), "nobody is silent yet");
    assert_eq!(judged(PATIENCE_S), (vec![], vec![(7, vec![1, 2, 3])], vec![]));

    let alive = gateways(&[(7, PATIENCE_S - QUIET_S + 1)]);
    assert_eq!(numbers(&judge(&fleet, &alive, at(PATIENCE_S))), (vec![1], vec![], vec![]));
    let quiet = gateways(&[(7, PATIENCE_S - QUIET_S)]);
    assert_eq!(numbers(&judge(&fleet, &quiet, at(PATIENCE_S))).1, [(7, vec![1, 2, 3])]);
}

#[test]
fn what_makes_a_tracker_silent_by_itself() {
    let now = at(PATIENCE_S);
    let two = [ride(1, 0, &[7]), ride(2, 0, &[7])];
    let (dead, living) = ((7, 0), (8, PATIENCE_S - 1));
    for (scenario, fleet, heard, alone) in [
        ("no gateway is known", vec![ride(1, 0, &[]), ride(2, 0, &[])], gateways(&[dead]), vec![1, 2]),
        ("its gateway has no record", two.to_vec(), gateways(&[]), vec![1, 2]),
        (
            "another gateway could have heard it",
            vec![ride(1, 0, &[7, 8]), ride(2, 0, &[7, 8])],
            gateways(&[dead, living]),
            vec![1, 2],
        ),
        (
            "it is the gateway's only one",
            vec![ride(1, 0, &[7]), ride(2, 0, &[9])],
            gateways(&[dead, (9, 0)]),
            vec![1, 2],
        ),
        (
            "the other one is not quiet yet",
            vec![ride(1, 0, &[7]), ride(2, PATIENCE_S - QUIET_S + 1, &[7])],
            gateways(&[(7, PATIENCE_S - QUIET_S)]),
            vec![1],
        ),
        (
            "it was silent before the gateway was",
            vec![ride(1, -PATIENCE_S, &[7]), ride(2, 0, &[7]), ride(3, 0, &[7])],
            gateways(&[dead]),
            vec![1],
        ),
    ] {
        assert_eq!(numbers(&judge(&fleet, &heard, now)).0, alone, "{scenario}");
    }
    let just = [ride(1, -PATIENCE_S + 1, &[7]), ride(2, 0, &[7])];
    assert_eq!(numbers(&judge(&just, &gateways(&[dead]), now)).1, [(7, vec![1, 2])], "not a second before");
}

#[test]
fn a_site_that_loses_its_power_is_one_alert() {
    let fleet =
        [ride(1, 0, &[7]), ride(2, 0, &[7, 8]), ride(3, 0, &[7, 8]), ride(4, 0, &[8]), ride(5, 0, &[9])];
    let heard = gateways(&[(7, 0), (8, 0), (9, 0)]);
    let judged = numbers(&judge(&fleet, &heard, at(PATIENCE_S)));
    assert_eq!(judged, (vec![4, 5], vec![(7, vec![1, 2, 3])], vec![]));
    let with_a_fourth = [fleet.as_slice(), &[ride(6, 0, &[8])]].concat();
    let judged = numbers(&judge(&with_a_fourth, &heard, at(PATIENCE_S)));
    assert_eq!(judged.1, [(8, vec![2, 3, 4, 6])], "the one that most are cut off behind");
}

#[test]
fn a_further_tracker_of_a_dead_gateway_joins_its_alert_even_alone() {
    let heard = out(gateways(&[(7, 0), (8, 0)]), 7);
    let judged = numbers(&judge(&[ride(1, 0, &[7]), ride(2, 0, &[7, 8])], &heard, at(PATIENCE_S)));
    assert_eq!(judged, (vec![], vec![], vec![(7, vec![1, 2])]));
}

#[test]
fn after_a_restart_no_gateway_is_dead_before_a_whole_patience() {
    let restarted = |mut ride: Ride| {
        ride.heard.listening_since = Some(at(50_000));
        ride
    };
    let fleet = [ride(1, 0, &[7]), ride(2, 0, &[7])].map(restarted);
    let judged = |now| numbers(&judge(&fleet, &gateways(&[(7, 0)]), at(now)));
    assert_eq!(judged(50_000 + PATIENCE_S - 1), (vec![], vec![], vec![]));
    assert_eq!(judged(50_000 + PATIENCE_S).1, [(7, vec![1, 2])]);
    let mut draining = fleet.clone();
    draining.iter_mut().for_each(|ride| ride.heard.listening_since = None);
    assert_eq!(judge(&draining, &gateways(&[(7, 0)]), at(1_000_000)), Verdict::default());
}

#[test]
fn a_tracker_dark_by_plan_says_nothing_about_its_gateway() {
    let mut fleet = [ride(1, 0, &[7]), ride(2, 0, &[7])];
    fleet[1].planned = Planned::new(&[Window { from: at(100), to: at(9_000) }], &[]);
    let judged = numbers(&judge(&fleet, &gateways(&[(7, 0)]), at(PATIENCE_S)));
    assert_eq!(judged, (vec![1], vec![], vec![]));
}

#[test]
fn copies_of_an_uplink_add_their_gateways_and_a_later_one_replaces_them() {
    let heard = |second: i64, gateways: &[i32]| HeardBy::new(at(second), gateways.iter().copied());
    for (scenario, other, expected) in [
        ("a copy", heard(110, &[3, 1]), heard(110, &[1, 2, 3])),
        ("a copy from before", heard(90, &[3]), heard(100, &[1, 2, 3])),
        ("a later one", heard(111, &[3]), heard(111, &[3])),
        ("an earlier one", heard(89, &[3]), heard(100, &[1, 2])),
        ("a later one by nobody that is known", heard(200, &[]), heard(200, &[])),
    ] {
        let mut known = heard(100, &[2, 1, 2]);
        known.join(&other);
        assert_eq!(known, expected, "{scenario}");
    }
    assert_eq!(heard(0, &[9, 8, 7, 6, 5, 4, 3, 2, 1]).gateways, [1, 2, 3, 4, 5, 6, 7, 8]);
}

fn any_ride(number: u32) -> impl Strategy<Value = Ride> {
    let interval = prop_oneof![Just(60_i64), Just(300), Just(900), Just(3_600)];
    let heard =
        (-5_000..5_000_i64, proptest::option::of(-5_000..5_000_i64), proptest::option::of(-9_000..4_000_i64));
    let dark = proptest::collection::vec((-3_000..6_000_i64, 1..4_000_i64), 0..3);
    let gateways = proptest::collection::btree_set(0..5_i32, 0..4);
    (interval, heard, dark, gateways).prop_map(move |(interval, heard, dark, gateways)| {
        let dark: Vec<Window> =
            dark.iter().map(|(from, lasts)| Window { from: at(*from), to: at(from + lasts) }).collect();
        Ride {
            ride: id(number),
            schedule: Schedule { interval: domain::Duration::from_seconds(interval).unwrap() },
            heard: Heard {
                assigned_from: at(heard.0),
                last_received_at: heard.1.map(at),
                listening_since: heard.2.map(at),
            },
            planned: Planned::new(&dark, &[]),
            gateways: gateways.into_iter().map(GatewayId).collect(),
        }
    })
}

fn any_fleet() -> impl Strategy<Value = Vec<Ride>> {
    (1..12_u32).prop_flat_map(|trackers| (0..trackers).map(any_ride).collect::<Vec<_>>())
}

fn any_gateways() -> impl Strategy<Value = BTreeMap<GatewayId, Gateway>> {
    let gateway = (-5_000..6_000_i64, proptest::bool::weighted(0.2))
        .prop_map(|(heard, is_out)| Gateway { heard_at: at(heard), is_out });
    proptest::collection::btree_map((0..5_i32).prop_map(GatewayId), gateway, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_silent_ride_is_told_of_once_and_never_before_it_is_due(
        (fleet, shuffled) in any_fleet().prop_flat_map(|fleet| (Just(fleet.clone()), Just(fleet).prop_shuffle())),
        gateways in any_gateways(),
        now in 0..12_000_i64,
    ) {
        let verdict = judge(&fleet, &gateways, at(now));
        prop_assert_eq!(&judge(&shuffled, &gateways, at(now)), &verdict);

        let of = |id: &AssignmentId| fleet.iter().find(|ride| ride.ride == *id).unwrap();
        let is_due = |id: &AssignmentId| {
            let ride = of(id);
            due_at(ride.schedule, &ride.heard, &ride.planned).is_some_and(|due| due <= at(now))
        };
        let mut told = BTreeSet::new();
        let groups = verdict.dead.iter().chain(&verdict.further);
        for (gateway, rides) in groups {
            for id in rides.keys() {
                prop_assert!(told.insert(*id), "in one group at most");
                prop_assert!(of(id).gateways.contains(gateway), "behind that gateway");
            }
        }
        for id in verdict.alone.keys() {
            prop_assert!(is_due(id), "not before it is due");
            prop_assert!(told.insert(*id), "not its own alert and its gateway's");
        }
        for (gateway, rides) in &verdict.dead {
            prop_assert!(rides.len() >= LEAST_TRACKERS && rides.keys().any(is_due));
            prop_assert!(!gateways[gateway].is_out);
        }
        for gateway in verdict.further.keys() {
            prop_assert!(gateways[gateway].is_out);
        }
        for ride in fleet.iter().filter(|ride| is_due(&ride.ride)) {
            prop_assert!(told.contains(&ride.ride), "nobody is forgotten");
        }
    }

    #[test]
    fn darkness_only_ever_postpones_and_its_order_does_not_matter(
        ride in any_ride(1),
        (windows, shuffled) in proptest::collection::vec((-3_000..9_000_i64, 0..4_000_i64), 0..6)
            .prop_flat_map(|windows| (Just(windows.clone()), Just(windows).prop_shuffle())),
        cut in 0..4_000_i64,
    ) {
        let window = |(from, lasts): &(i64, i64)| Window { from: at(*from), to: at(from + lasts) };
        let due = |windows: &[Window], flights: &[Flight]| {
            due_at(ride.schedule, &ride.heard, &Planned::new(windows, flights))
        };
        let planned: Vec<Window> = windows.iter().map(window).collect();
        let expected = due(&planned, &[]);
        prop_assert!(expected >= due(&[], &[]));
        prop_assert_eq!(due(&shuffled.iter().map(window).collect::<Vec<_>>(), &[]), expected);
        let flown: Vec<Flight> = planned.iter().map(|w| Flight { from: w.from, to: Some(w.to) }).collect();
        prop_assert_eq!(due(&[], &flown), expected);
        let in_pieces: Vec<Window> = windows.iter().flat_map(|(from, lasts)| {
            let cut = cut.min(*lasts);
            [window(&(*from, cut)), window(&(from + cut, lasts - cut))]
        }).collect();
        prop_assert_eq!(due(&in_pieces, &[]), expected);
    }

    #[test]
    fn the_same_holes_are_left_in_whatever_order_frames_come(
        (frames, shuffled) in proptest::collection::vec((10..60_u32, 0..12_u32), 1..25).prop_flat_map(|frames| {
            let doubled: Vec<_> = frames.iter().chain(frames.iter().step_by(2)).copied().collect();
            (Just(frames), Just(doubled).prop_shuffle())
        }),
    ) {
        let time = |number: u32| Some(at(i64::from(number) * 60));
        let run = |(first, longer): &(u32, u32)| {
            let last = first + longer;
            Run { first: *first, last, first_at: time(*first), last_at: time(last) }
        };
        // Following begins with the first frame.
        let begins = [(9, 0)];
        let received = |frames: &[(u32, u32)]| {
            let mut numbers = Numbers::default();
            begins.iter().chain(frames).for_each(|frame| numbers.receive(&run(frame), at(0)));
            numbers
        };
        let numbers = received(&frames);
        prop_assert_eq!(&received(&shuffled), &numbers);

        let came: BTreeSet<u32> =
            begins.iter().chain(&frames).flat_map(|(first, longer)| *first..=first + longer).collect();
        let highest = *came.last().unwrap();
        let missing: Vec<u32> = (9..=highest).filter(|number| !came.contains(number)).collect();
        let in_holes: Vec<u32> = numbers.holes.iter().flat_map(|hole| hole.first..=hole.last).collect();
        prop_assert_eq!(in_holes, missing);
        let apart = |pair: &[Hole]| pair[0].last + 1 < pair[1].first;
        prop_assert!(numbers.holes.windows(2).all(apart));
        for hole in &numbers.holes {
            prop_assert_eq!((hole.before_at, hole.after_at), (time(hole.first - 1), time(hole.last + 1)));
        }
    }
}
