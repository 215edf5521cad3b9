//! Mean kinetic temperature: published check values, and the window's edges.

use domain::evaluate::{MktWindow, evaluate};
use domain::profile::Profile;

use crate::series::{at, profile, readings, second};

const HOUR: i64 = 3_600;

fn room(window: &str) -> Profile {
    profile(&format!(
        "name = \"CRT\"\nmax_gap = \"1h\"\n[range]\nmin_c = 20\nmax_c = 25\n[mkt]\nlimit_c = 25\nwindow = \"{window}\"\n"
    ))
}

/// One reading an hour: (°C, for how many hours).
fn hourly(parts: &[(i32, i64)]) -> Vec<domain::Reading> {
    let values = parts.iter().flat_map(|(celsius, hours)| (0..*hours).map(move |_| celsius * 100));
    let series: Vec<_> = values.enumerate().map(|(hour, value)| (hour as i64 * HOUR, value)).collect();
    readings(&series)
}

fn shown(window: &MktWindow) -> (i64, i64, i64, bool, bool) {
    let (from, to) = (second(window.from) / HOUR, second(window.to) / HOUR);
    (from, to, window.mkt.0, window.exceeded, window.partial)
}

#[test]
fn the_check_values_come_out_to_the_fourth_decimal() {
    for (parts, expected) in [
        (&[(25, 240)][..], 250_000),
        (&[(20, 12), (30, 12)], 262_599),
        (&[(23, 200), (28, 20), (30, 8), (21, 300)], 223_631),
        (&[(22, 717), (29, 3)], 220_432),
    ] {
        let assessment = evaluate(&room("30d"), &hourly(parts), None, None).unwrap();
        assert_eq!(assessment.mkt.unwrap().0, expected, "{parts:?}");
        let window = &assessment.mkt_windows[0];
        assert_eq!(
            (window.mkt.0, window.partial),
            (expected, assessment.to - assessment.from < chrono::TimeDelta::days(30))
        );
    }
}

#[test]
fn four_hours_at_fifteen_in_a_day_at_five_and_ten_below_zero_would_pass() {
    // Why the figure must never clear a 2 to 8 °C product.
    for (parts, expected) in [(&[(5, 20), (15, 4)][..], 77_046), (&[(5, 14), (-5, 10)], 21_843)] {
        let assessment = evaluate(&room("24h"), &hourly(parts), None, None).unwrap();
        assert_eq!(assessment.mkt.unwrap().0, expected, "{parts:?}");
    }
}

#[test]
fn any_constant_temperature_is_its_own_mean_whatever_the_activation_energy() {
    for energy in ["1", "42.5", "83.144", "166", "1000"] {
        let rule = profile(&format!(
            "name = \"m\"\nmax_gap = \"1h\"\n[mkt]\nlimit_c = 25\nwindow = \"1d\"\nactivation_energy_kj_per_mol = {energy}\n"
        ));
        for value in [-19_600, -8_000, -25, 0, 250, 2_500, 15_000, 100_000] {
            let assessment = evaluate(&rule, &readings(&[(0, value), (1_800, value)]), None, None).unwrap();
            assert_eq!(assessment.mkt.unwrap().0, i64::from(value) * 100, "{value} with {energy}");
        }
    }
}

#[test]
fn exactly_the_limit_is_not_exceeded() {
    let at_limit = evaluate(&room("1h"), &readings(&[(0, 2_500)]), None, None).unwrap();
    assert!(!at_limit.mkt_windows[0].exceeded);
    let beside = evaluate(&room("1h"), &readings(&[(0, 2_501)]), None, None).unwrap();
    assert!(beside.mkt_windows[0].exceeded);
}

#[test]
fn the_worst_window_holds_the_peak_and_the_earliest_of_equals_is_taken() {
    let assessment =
        evaluate(&room("3h"), &hourly(&[(20, 4), (30, 1), (20, 4), (30, 1), (20, 4)]), None, None).unwrap();
    let [window] = &assessment.mkt_windows[..] else { panic!("one window") };
    let (from, to, _, exceeded, partial) = shown(window);
    assert_eq!((from, to, exceeded, partial), (2, 5, false, false));
    assert!(window.mkt > assessment.mkt.unwrap());
}

#[test]
fn a_shorter_span_is_itself_the_window_and_one_second_more_is_not() {
    let rule = room("2h");
    let series = readings(&[(0, 2_000), (HOUR, 3_000)]);
    let short = evaluate(&rule, &series, None, Some(at(2 * HOUR - 1))).unwrap();
    assert!(short.mkt_windows[0].partial);
    let json = serde_json::to_value(&short).unwrap();
    assert_eq!(json["mkt_windows"][0]["partial"], true);
    let exact = evaluate(&rule, &series, None, Some(at(2 * HOUR))).unwrap();
    assert!(!exact.mkt_windows[0].partial);
    assert!(serde_json::to_value(&exact).unwrap()["mkt_windows"][0].get("partial").is_none());
}

#[test]
fn a_span_as_long_as_the_window_is_the_window_wherever_its_readings_stand() {
    let rule = room("24h");
    let series = readings(&[(8 * HOUR, 2_200)]);
    let windows = |to| evaluate(&rule, &series, Some(at(0)), Some(at(to))).unwrap().mkt_windows;
    for (to, partial) in [(24 * HOUR - 1, true), (24 * HOUR, false)] {
        let windows = windows(to);
        let [window] = &windows[..] else { panic!("one window, not {windows:?}") };
        assert_eq!((second(window.from), second(window.to)), (0, to));
        assert_eq!((window.mkt.0, window.partial), (220_000, partial));
    }
    assert_eq!(evaluate(&rule, &[], Some(at(0)), Some(at(24 * HOUR))).unwrap().mkt_windows, []);
}

#[test]
fn unknown_time_has_no_weight_and_a_span_without_known_time_no_window() {
    let rule = room("30d");
    let series = readings(&[(0, 2_000), (100 * HOUR, 3_000)]);
    let holed = evaluate(&rule, &series, None, None).unwrap();
    assert_eq!(holed.mkt.unwrap().0, 262_599);
    let dark = evaluate(&rule, &series, Some(at(10 * HOUR)), Some(at(20 * HOUR))).unwrap();
    assert_eq!((dark.mkt, dark.mkt_windows.len()), (None, 0));
}
