//! Opening hours by the clock on the wall.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::place::{Opening, OpeningText};
use serde_json::json;

fn open(zone: &str, weekly: serde_json::Value, closed: &[&str]) -> Opening {
    serde_json::from_value(json!({ "zone": zone, "weekly": weekly, "closed": closed })).unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn is_open(opening: &Opening, cases: &[(&str, bool)]) {
    for (at, expected) in cases {
        assert_eq!(opening.is_open(utc(at)), *expected, "{at}");
    }
}

#[test]
fn the_first_minute_is_open_and_the_last_one_is_not() {
    let opening = open("Europe/Berlin", json!({ "mon": ["08:00-12:00", "13:00-16:30"] }), &["2026-03-09"]);
    is_open(
        &opening,
        &[
            ("2026-03-02T06:59:59Z", false),
            ("2026-03-02T07:00:00Z", true),
            ("2026-03-02T11:00:00Z", false),
            ("2026-03-02T12:00:00Z", true),
            ("2026-03-02T15:29:59Z", true),
            ("2026-03-02T15:30:00Z", false),
            ("2026-03-03T08:00:00Z", false),
            // A holiday.
            ("2026-03-09T08:00:00Z", false),
        ],
    );
}

#[test]
fn hours_follow_summer_time_and_not_utc() {
    let opening = open("Europe/Berlin", json!({ "sat": ["08:00-09:00"], "mon": ["08:00-09:00"] }), &[]);
    is_open(
        &opening,
        &[
            // Saturday before and Monday after the leap of 29 March 2026.
            ("2026-03-28T07:00:00Z", true),
            ("2026-03-28T06:30:00Z", false),
            ("2026-03-30T06:00:00Z", true),
            ("2026-03-30T07:00:00Z", false),
        ],
    );
    let elsewhere = open("America/New_York", json!({ "sat": ["08:00-09:00"] }), &[]);
    is_open(&elsewhere, &[("2026-03-28T12:00:00Z", true), ("2026-03-28T07:00:00Z", false)]);
}

#[test]
fn an_hour_left_out_opens_with_the_leap_and_one_that_comes_twice_is_open_both_times() {
    let opening = open("Europe/Berlin", json!({ "sun": ["02:30-03:30"] }), &[]);
    is_open(
        &opening,
        &[
            // 29 March 2026: 02:00 is 03:00, at 01:00 UTC.
            ("2026-03-29T00:59:59Z", false),
            ("2026-03-29T01:00:00Z", true),
            ("2026-03-29T01:29:59Z", true),
            ("2026-03-29T01:30:00Z", false),
            // 25 October 2026: 02:30 comes at 00:30 UTC and again at 01:30 UTC.
            ("2026-10-25T00:29:59Z", false),
            ("2026-10-25T00:30:00Z", true),
            ("2026-10-25T01:15:00Z", true),
            ("2026-10-25T02:29:59Z", true),
            ("2026-10-25T02:30:00Z", false),
        ],
    );
    let vanished = open("Europe/Berlin", json!({ "sun": ["02:10-02:50"] }), &[]);
    is_open(&vanished, &[("2026-03-29T01:00:00Z", false), ("2026-03-22T01:10:00Z", true)]);
}

#[test]
fn a_place_may_be_open_around_the_clock() {
    let all: BTreeMap<_, _> =
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| (day, ["00:00-24:00"])).into();
    let opening = open("Europe/Berlin", json!(all), &[]);
    for hour in 0..24 * 8 {
        assert!(opening.is_open(utc("2026-03-25T00:00:00Z") + chrono::Duration::hours(hour)), "{hour}");
    }
}

#[test]
fn a_window_meets_the_hours_if_one_second_of_it_is_open() {
    let opening = open("Europe/Berlin", json!({ "mon": ["08:00-12:00"] }), &[]);
    for (from, to, expected) in [
        ("2026-03-02T05:00:00Z", "2026-03-02T07:00:00Z", false),
        ("2026-03-02T05:00:00Z", "2026-03-02T07:00:01Z", true),
        ("2026-03-02T10:59:59Z", "2026-03-02T15:00:00Z", true),
        ("2026-03-02T11:00:00Z", "2026-03-02T15:00:00Z", false),
        // Tuesday to Sunday, and to the next Monday.
        ("2026-03-02T11:00:00Z", "2026-03-09T07:00:00Z", false),
        ("2026-03-02T11:00:00Z", "2026-03-09T07:00:01Z", true),
    ] {
        assert_eq!(opening.opens_within(utc(from), utc(to)), expected, "{from} {to}");
    }
}

#[test]
fn hours_that_cannot_be_are_refused_with_what_is_wrong() {
    for (hours, part) in [
        (json!({ "zone": "Berlin", "weekly": {} }), "`Berlin` is no time zone"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["08:00-08:00"] } }), "Monday: 08:00-08:00 ends before"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["22:00-06:00"] } }), "beyond midnight"),
        (json!({ "zone": "UTC", "weekly": { "fri": ["10:00-12:00", "08:00-10:01"] } }), "overlap"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["8:00-9:00"] } }), "`8:00-9:00` is no span"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["08:00-24:01"] } }), "is no span"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["24:00-24:00"] } }), "is no span"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["08:60-09:00"] } }), "is no span"),
        (json!({ "zone": "UTC", "weekly": { "mon": ["+8:00-09:00"] } }), "is no span"),
    ] {
        let refused = serde_json::from_value::<Opening>(hours.clone()).unwrap_err().to_string();
        assert!(refused.contains(part), "{hours}: {refused}");
    }
}

#[test]
fn hours_read_back_as_written() {
    let opening = open("Europe/Berlin", json!({ "mon": ["13:00-24:00", "08:00-12:00"] }), &["2026-12-25"]);
    let text = OpeningText::from(opening.clone());
    assert_eq!(serde_json::to_value(&text).unwrap()["weekly"]["mon"], json!(["08:00-12:00", "13:00-24:00"]));
    assert_eq!(Opening::try_from(text), Ok(opening));
}

#[test]
fn the_next_opening_is_exact_over_a_change_of_summer_time() {
    let berlin = |weekly, closed: &[&str]| open("Europe/Berlin", weekly, closed);
    let week =
        berlin(json!({ "sat": ["08:00-09:00", "10:07-11:00"], "mon": ["08:00-09:00"] }), &["2026-04-04"]);
    // In the hour that is left out, and in the one that comes twice.
    let night = berlin(json!({ "sun": ["02:15-04:00"] }), &[]);
    for (opening, at, expected) in [
        (&week, "2026-03-28T06:59:59Z", "2026-03-28T07:00:00Z"),
        (&week, "2026-03-28T07:00:00Z", "2026-03-28T07:00:00Z"),
        (&week, "2026-03-28T07:59:59Z", "2026-03-28T07:59:59Z"),
        (&week, "2026-03-28T08:00:00Z", "2026-03-28T09:07:00Z"),
        (&week, "2026-03-28T10:00:00Z", "2026-03-30T06:00:00Z"),
        (&week, "2026-03-30T07:00:00Z", "2026-04-06T06:00:00Z"),
        (&week, "2026-10-24T09:00:00Z", "2026-10-26T07:00:00Z"),
        (&night, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
        (&night, "2026-10-24T12:00:00Z", "2026-10-25T00:15:00Z"),
    ] {
        let expected = utc(expected);
        let until = |seconds| expected + chrono::TimeDelta::seconds(seconds);
        assert_eq!(opening.next_open(utc(at), until(1)), Some(expected), "{at}");
        assert_eq!(opening.next_open(utc(at), until(0)), None, "{at}");
        assert!(opening.is_open(expected), "{at}");
    }
    assert_eq!(
        berlin(json!({}), &[]).next_open(utc("2026-03-28T00:00:00Z"), utc("2036-03-28T00:00:00Z")),
        None
    );
}
