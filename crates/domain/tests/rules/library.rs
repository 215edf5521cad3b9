//! The shipped profiles, at each limit and one unit beside it, at each delay and one second beside it.

use std::collections::BTreeSet;

use domain::evaluate::{Assessment, Verdict, evaluate};
use domain::event::{Event, EventKind, episodes};
use domain::library::{TEXTS, all};
use domain::profile::{ExposureRule, Profile, Quantity};
use domain::{Humidity, Reading};

use crate::series::{at, reading, second};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

fn shipped(key: &str) -> &'static Profile {
    &all().iter().find(|(known, _)| *known == key).unwrap().1
}

#[test]
fn every_file_is_read_has_its_own_name_and_reads_back() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let keys: BTreeSet<String> = TEXTS.iter().map(|(key, _)| format!("{key}.toml")).collect();
    assert_eq!(files, keys);
    let mut names = BTreeSet::new();
    for (key, text) in TEXTS {
        let profile = Profile::from_toml(text).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(&profile, shipped(key));
        assert_eq!(profile.max_gap().to_string(), "40m", "{key}");
        assert!(names.insert(profile.name().to_owned()), "{key}");
        assert!(profile.description().is_some() && profile.source().is_some(), "{key}");
        let json = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile, "{key}");
        assert_eq!(Profile::from_toml(&toml::to_string(&profile).unwrap()).unwrap(), profile, "{key}");
    }
    assert_eq!(all().len(), TEXTS.len());
}

/// Lowest and highest value of the label, in hundredths.
const RANGES: &[(&str, Option<i32>, Option<i32>)] = &[
    ("refrigerated-2-8", Some(200), Some(800)),
    ("controlled-cold-usp", Some(200), Some(800)),
    ("controlled-room-usp", Some(2_000), Some(2_500)),
    ("room-15-25", Some(1_500), Some(2_500)),
    ("below-25", None, Some(2_500)),
    ("below-30", None, Some(3_000)),
    ("freezer-usp", Some(-2_500), Some(-1_000)),
    ("vaccine-freezer-cdc", Some(-5_000), Some(-1_500)),
    ("ultra-cold", Some(-9_000), Some(-6_000)),
    ("do-not-freeze", Some(0), None),
    ("red-cells-1-10", Some(100), Some(1_000)),
    ("plasma-below-18", None, Some(-1_800)),
    // By their alarms' limits, where a limit itself counts as soon as it is inclusive.
    ("who-30-day-logger", Some(-49), Some(800)),
    ("who-indicator-type-1", Some(-49), Some(2_999)),
    ("who-indicator-type-2", None, Some(999)),
];

#[test]
fn both_ends_of_each_label_are_in_range_and_one_unit_beside_is_not() {
    for (key, lowest, highest) in RANGES {
        let verdict =
            |value| evaluate(shipped(key), &[reading(0, value)], None, Some(at(60))).unwrap().verdict;
        for (end, outward) in [(lowest, -1), (highest, 1)] {
            let Some(end) = end else { continue };
            assert_eq!(verdict(*end), Verdict::NoExcursion, "{key}: {end}");
            assert_eq!(verdict(end + outward), Verdict::Excursion, "{key}: {}", end + outward);
        }
        if lowest.is_none() {
            assert_eq!(verdict(-20_000), Verdict::NoExcursion, "{key}");
        }
        if highest.is_none() {
            assert_eq!(verdict(20_000), Verdict::NoExcursion, "{key}");
        }
    }
    let tested: BTreeSet<_> = RANGES.iter().map(|(key, ..)| *key).chain(["surgical-sets"]).collect();
    assert_eq!(tested.len(), TEXTS.len(), "a shipped profile is in no table");
}

/// An alarm, the first value that counts and the last that does not, and for how long.
type Alarmed = (&'static str, &'static str, i32, i32, i64, ExposureRule);

use ExposureRule::{Cumulative, Single};

const ALARMS: &[Alarmed] = &[
    ("refrigerated-2-8", "too warm", 801, 800, 30 * MINUTE, Single),
    ("refrigerated-2-8", "too cold", 199, 200, 20 * MINUTE, Single),
    ("controlled-cold-usp", "too warm", 801, 800, 30 * MINUTE, Single),
    ("controlled-cold-usp", "beyond what is tolerated", 1_501, 1_500, 0, Single),
    ("controlled-cold-usp", "too cold", 199, 200, 20 * MINUTE, Single),
    ("controlled-room-usp", "too warm", 3_001, 3_000, HOUR, Single),
    ("controlled-room-usp", "beyond what is tolerated", 4_001, 4_000, 0, Single),
    ("controlled-room-usp", "too cold", 1_499, 1_500, HOUR, Single),
    ("room-15-25", "too warm", 2_501, 2_500, HOUR, Single),
    ("room-15-25", "too cold", 1_499, 1_500, HOUR, Single),
    ("below-25", "too warm", 2_501, 2_500, HOUR, Single),
    ("below-30", "too warm", 3_001, 3_000, HOUR, Single),
    ("freezer-usp", "too warm", -999, -1_000, 30 * MINUTE, Single),
    ("freezer-usp", "too cold", -2_501, -2_500, HOUR, Single),
    ("vaccine-freezer-cdc", "too warm", -1_499, -1_500, 30 * MINUTE, Single),
    ("vaccine-freezer-cdc", "too cold", -5_001, -5_000, HOUR, Single),
    ("ultra-cold", "too warm", -5_999, -6_000, 60 * MINUTE, Single),
    ("ultra-cold", "too cold", -9_001, -9_000, 60 * MINUTE, Single),
    ("do-not-freeze", "frozen", -1, 0, 0, Single),
    ("who-30-day-logger", "too warm", 801, 800, 600 * MINUTE, Single),
    ("who-30-day-logger", "freezing", -50, -49, 60 * MINUTE, Single),
    ("who-indicator-type-1", "45 °C", 4_500, 4_499, HOUR, Single),
    ("who-indicator-type-1", "30 °C", 3_000, 2_999, 10 * HOUR, Cumulative),
    ("who-indicator-type-1", "freezing", -50, -49, HOUR, Single),
    ("who-indicator-type-2", "45 °C", 4_500, 4_499, HOUR, Single),
    ("who-indicator-type-2", "30 °C", 3_000, 2_999, 10 * HOUR, Cumulative),
    ("who-indicator-type-2", "10 °C", 1_000, 999, 20 * HOUR, Cumulative),
    ("red-cells-1-10", "too warm", 1_001, 1_000, 30 * MINUTE, Single),
    ("red-cells-1-10", "too cold", 99, 100, 10 * MINUTE, Single),
    ("plasma-below-18", "too warm", -1_799, -1_800, 15 * MINUTE, Single),
    ("surgical-sets", "too damp", 7_001, 7_000, HOUR, Single),
    ("surgical-sets", "too dry", 1_999, 2_000, HOUR, Single),
];

/// A reading of the alarm's quantity.
fn measured(quantity: Quantity, second: i64, value: i32) -> Reading {
    match quantity {
        Quantity::Temperature => reading(second, value),
        Quantity::Humidity => Reading { humidity: Some(Humidity(value)), ..reading(second, 2_000) },
    }
}

/// One value after another, each for so many seconds.
fn held(key: &str, alarm: &str, steps: &[(i32, i64)]) -> Assessment {
    let profile = shipped(key);
    let quantity = profile.alarm(alarm).unwrap().quantity;
    let (mut readings, mut end) = (Vec::new(), 0);
    for (value, seconds) in steps {
        let times = (end..end + seconds).step_by(600);
        readings.extend(times.map(|second| measured(quantity, second, *value)));
        end += seconds;
    }
    evaluate(profile, &readings, Some(at(0)), Some(at(end))).unwrap()
}

/// When the alarm was first raised, in seconds.
fn raised_at(key: &str, alarm: &str, steps: &[(i32, i64)]) -> Option<i64> {
    let assessment = held(key, alarm, steps);
    assessment.episodes.iter().filter(|e| e.alarm == alarm).find_map(|e| e.alarmed_at).map(second)
}

#[test]
fn each_alarm_is_raised_at_its_delay_and_not_a_second_before() {
    for (key, alarm, first, last, delay, _) in ALARMS {
        assert_eq!(raised_at(key, alarm, &[(*first, delay + 1)]), Some(*delay), "{key}: {alarm}");
        if *delay > 0 {
            assert_eq!(raised_at(key, alarm, &[(*first, *delay)]), Some(*delay), "{key}: {alarm}");
            assert_eq!(raised_at(key, alarm, &[(*first, delay - 1)]), None, "{key}: {alarm}");
        }
        let quiet = held(key, alarm, &[(*last, delay + 60)]);
        assert!(quiet.episodes.iter().all(|episode| episode.alarm != *alarm), "{key}: {alarm} at {last}");
    }
}

#[test]
fn a_return_restarts_the_clock_of_a_single_alarm_and_not_of_a_cumulative_one() {
    for (key, alarm, first, _, delay, exposure) in ALARMS.iter().filter(|row| row.4 > 0) {
        // Well inside every alarm's hysteresis.
        let rule = shipped(key).alarm(alarm).unwrap();
        let inside = if rule.begins(i32::MAX) { first - 250 } else { first + 250 };
        let steps = [(*first, delay - 60), (inside, 600), (*first, delay - 60)];
        let expected = match exposure {
            Single => None,
            Cumulative => Some(delay + 600),
        };
        assert_eq!(raised_at(key, alarm, &steps), expected, "{key}: {alarm}");
        assert_eq!(rule.exposure, *exposure);
    }
}

#[test]
fn every_alarm_of_every_profile_is_in_the_table() {
    let tested: BTreeSet<_> = ALARMS.iter().map(|(key, alarm, ..)| (*key, (*alarm).to_owned())).collect();
    let shipped: BTreeSet<_> = all()
        .iter()
        .flat_map(|(key, profile)| profile.alarms().iter().map(|alarm| (*key, alarm.name.clone())))
        .collect();
    assert_eq!(tested, shipped);
}

#[test]
fn a_dropped_set_is_noticed_once_its_packing_is_over() {
    let shock = |second, value| Event { at: at(second), kind: EventKind::Shock, value };
    let noticed = |event| episodes(shipped("surgical-sets"), &[event], at(0)).len();
    for (event, expected) in
        [(shock(600, 5_001), 1), (shock(600, 5_000), 0), (shock(599, 5_001), 0), (shock(900, 9_000), 1)]
    {
        assert_eq!(noticed(event), expected, "{event:?}");
    }
    let others = all().iter().filter(|(key, _)| *key != "surgical-sets");
    assert!(others.map(|(_, profile)| profile).all(|profile| profile.event_alarms().is_empty()));
}

#[test]
fn a_set_whose_tracker_measures_no_humidity_is_unknown() {
    let assessment = evaluate(shipped("surgical-sets"), &[reading(0, 2_000)], None, Some(at(60))).unwrap();
    assert_eq!(assessment.verdict, Verdict::Incomplete);
}

/// Name, edge and total.
type Allowed = (&'static str, i32, &'static str);

/// Every other profile has none.
const ALLOWANCES: &[(&str, &[Allowed])] = &[
    ("controlled-cold-usp", &[("up to 15 °C", 1_500, "1d")]),
    (
        "controlled-room-usp",
        &[
            ("up to 30 °C", 3_000, "unlimited"),
            ("up to 40 °C", 4_000, "1d"),
            ("down to 15 °C", 1_500, "unlimited"),
        ],
    ),
];

#[test]
fn only_the_controlled_ones_allow_time_outside_and_ask_for_the_kinetic_mean() {
    use domain::profile::Edge::{DownTo, UpTo};
    for (key, profile) in all() {
        let expected = ALLOWANCES.iter().find(|(known, _)| known == key).map_or(&[][..], |(_, rows)| *rows);
        let given: Vec<_> = profile
            .allowances()
            .iter()
            .map(|rule| {
                let (UpTo(edge) | DownTo(edge)) = rule.edge;
                (rule.name.as_str(), edge.0, rule.total.to_string())
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, edge, total)| (*name, *edge, (*total).to_owned())).collect();
        assert_eq!(given, expected, "{key}");
        let mkt = profile.mkt().map(|mkt| (mkt.limit.0, mkt.window.to_string()));
        let expected = match *key {
            "controlled-cold-usp" => Some((800, "1d".to_owned())),
            "controlled-room-usp" => Some((2_500, "30d".to_owned())),
            _ => None,
        };
        assert_eq!(mkt, expected, "{key}");
    }
}

#[test]
fn a_day_in_all_is_tolerated_and_no_second_more_nor_a_unit_further() {
    use domain::allowance::{AllowanceState, Balance, Ride};
    let day = 24 * HOUR;
    for (key, edge) in [("controlled-cold-usp", 1_500), ("controlled-room-usp", 4_000)] {
        let state = |value, seconds: i64| {
            let profile = shipped(key);
            let readings: Vec<_> = (0..seconds).step_by(600).map(|second| reading(second, value)).collect();
            let ride =
                Ride { tracker: domain::TrackerId(1), from: at(0), until: at(seconds), readings: &readings };
            let balance = Balance::unspent(profile).after(profile, &[ride], at(0), at(seconds));
            balance.statement(profile).state
        };
        assert_eq!(state(edge, day), AllowanceState::Kept, "{key}");
        assert_eq!(state(edge, day + 1), AllowanceState::Exceeded, "{key}");
        assert_eq!(state(edge + 1, 1), AllowanceState::Exceeded, "{key}");
    }
}
