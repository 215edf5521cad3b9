//! Tables: at the limit and a hundredth beside it, at the delay and a second beside it, for every kind of alarm.

use domain::evaluate::{Assessment, Verdict, evaluate};
use domain::profile::Profile;
use domain::{Humidity, Reading};

use crate::series::{at, profile, reading, second};

const LIMIT: i32 = 800;

/// A hundredth below the limit, at it, and a hundredth above: is it beyond?
const BEYOND: [(&str, bool, [bool; 3]); 4] = [
    ("above", false, [false, false, true]),
    ("above", true, [false, true, true]),
    ("below", false, [true, false, false]),
    ("below", true, [true, true, false]),
];

fn alarm(quantity: &str, side: &str, inclusive: bool, exposure: &str, delay_s: i64) -> Profile {
    profile(&format!(
        "name = \"t\"\nmax_gap = \"1h\"\n[[alarm]]\nname = \"a\"\nquantity = \"{quantity}\"\n{side} = 8.0\n\
         inclusive = {inclusive}\nexposure = \"{exposure}\"\ndelay = \"{delay_s}s\"\n"
    ))
}

/// The temperature, or the humidity at a temperature that no alarm here is about.
fn measured(quantity: &str, second: i64, hundredths: i32) -> Reading {
    match quantity {
        "humidity" => Reading { humidity: Some(Humidity(hundredths)), ..reading(second, -5_000) },
        _ => reading(second, hundredths),
    }
}

fn assess(profile: &Profile, series: &[Reading], to: i64) -> Assessment {
    evaluate(profile, series, Some(at(0)), Some(at(to))).unwrap()
}

fn for_every_kind(check: impl Fn(&str, &str, bool, &str, [bool; 3])) {
    for quantity in ["temperature", "humidity"] {
        for exposure in ["single", "cumulative"] {
            for (side, inclusive, beyond) in BEYOND {
                check(quantity, side, inclusive, exposure, beyond);
            }
        }
    }
}

#[test]
fn at_the_limit_and_a_hundredth_beside_it() {
    for_every_kind(|quantity, side, inclusive, exposure, beyond| {
        let rule = alarm(quantity, side, inclusive, exposure, 0);
        for (value, is_beyond) in [LIMIT - 1, LIMIT, LIMIT + 1].into_iter().zip(beyond) {
            let case = format!("{quantity} {side} inclusive={inclusive} {exposure}: {value}");
            let given = assess(&rule, &[measured(quantity, 0, value)], 60);
            let seconds = if is_beyond { 60 } else { 0 };
            let verdict = if is_beyond { Verdict::Excursion } else { Verdict::NoExcursion };
            assert_eq!(given.verdict, verdict, "{case}");
            assert_eq!((given.coverage.out_of_range_s, given.coverage.unknown_s), (seconds, 0), "{case}");
            let totals = &given.exposures[0];
            assert_eq!((totals.total_s, totals.total_worst_s), (seconds, seconds), "{case}");
            let extremes: Vec<i32> = given.episodes.iter().map(|episode| episode.extreme).collect();
            assert_eq!(extremes, if is_beyond { vec![value] } else { vec![] }, "{case}");
        }
    });
}

type Row = (&'static [i64], &'static [Option<i64>]);

/// Exposures of so many seconds each, ten seconds apart, under a delay of 30 s; for each, how many seconds after its
/// beginning it is alarmed.
const SINGLE: &[Row] = &[
    (&[29], &[None]),
    (&[30], &[Some(30)]),
    (&[31], &[Some(30)]),
    (&[29, 1], &[None, None]),
    (&[29, 30], &[None, Some(30)]),
    (&[30, 29], &[Some(30), None]),
    (&[31, 31], &[Some(30), Some(30)]),
];
const CUMULATIVE: &[Row] = &[
    (&[29], &[None]),
    (&[30], &[Some(30)]),
    (&[31], &[Some(30)]),
    (&[10, 19], &[None, None]),
    (&[10, 20], &[None, Some(20)]),
    (&[10, 21], &[None, Some(20)]),
    (&[29, 1], &[None, Some(1)]),
    (&[29, 2], &[None, Some(1)]),
    (&[30, 1], &[Some(30), Some(0)]),
    (&[10, 10, 9], &[None, None, None]),
    (&[10, 10, 10, 5], &[None, None, Some(10), Some(0)]),
];

/// The two values next to each other of which the first is beyond and the second is not.
fn edge(side: &str, beyond: [bool; 3]) -> (i32, i32) {
    let (place, inward) = match side {
        "above" => (beyond.iter().position(|is_beyond| *is_beyond), -1),
        _ => (beyond.iter().rposition(|is_beyond| *is_beyond), 1),
    };
    let outside = LIMIT - 1 + place.unwrap() as i32;
    (outside, outside + inward)
}

#[test]
fn at_the_delay_and_a_second_beside_it() {
    for_every_kind(|quantity, side, inclusive, exposure, beyond| {
        let rule = alarm(quantity, side, inclusive, exposure, 30);
        let (outside, inside) = edge(side, beyond);
        for (lengths, alarmed) in if exposure == "single" { SINGLE } else { CUMULATIVE } {
            let case = format!("{quantity} {side} inclusive={inclusive} {exposure}: {lengths:?}");
            let (mut series, mut begins, mut position) = (Vec::new(), Vec::new(), 10);
            for length in *lengths {
                begins.push(position);
                series.push(measured(quantity, position, outside));
                series.push(measured(quantity, position + length, inside));
                position += length + 10;
            }
            let expected: Vec<_> =
                begins.iter().zip(*alarmed).map(|(began, after)| after.map(|after| began + after)).collect();
            let alarms = |given: &Assessment| -> Vec<_> {
                given.episodes.iter().map(|episode| episode.alarmed_at.map(second)).collect()
            };
            assert_eq!(alarms(&assess(&rule, &series, position)), expected, "{case}");
            // The same where the last exposure lasts until the end of the span instead of ending there.
            assert_eq!(alarms(&assess(&rule, &series, position - 10)), expected, "{case}");
        }
    });
}
