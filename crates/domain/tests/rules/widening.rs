//! What is allowed more is not exposed longer.
//!
//! Wider is: the range's ends further out or gone; an alarm's limit further out, while the value that ends its exposure
//! (the limit less hysteresis) is not further in; exclusive for inclusive; a longer start delay. Then each second that
//! is exposed by the wider rule is exposed by the narrower one too, whatever hysteresis remembers, since what keeps
//! the wider one exposed keeps the narrower one exposed. Of hysteresis alone nothing of the kind holds: more of it
//! lengthens exposures. Nor does it hold for how many exposures there are: one may fall into several.

use domain::evaluate::{Assessment, Episode, evaluate};
use domain::profile::{Limit, Profile};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::CASES;
use crate::series::{any_profile, any_series, any_span, at, profile, readings};

/// How much wider one alarm becomes.
#[derive(Debug, Clone)]
struct Wider {
    outward: i32,
    hysteresis: i32,
    stays_inclusive: bool,
    later_s: i64,
}

fn any_wider() -> impl Strategy<Value = Wider> {
    let later = prop_oneof![Just(0_i64), 1..9_i64];
    (0..4_i32, 0..5_i32, any::<bool>(), later).prop_map(|(outward, hysteresis, stays_inclusive, later_s)| {
        Wider { outward, hysteresis, stays_inclusive, later_s }
    })
}

/// How far out each end of a range moves; `None`: it goes.
type WiderRange = [Option<i32>; 2];

fn any_wider_range() -> impl Strategy<Value = WiderRange> {
    [proptest::option::weighted(0.8, 0..3_i32), proptest::option::weighted(0.8, 0..3_i32)]
}

fn hundredths(number: &Value) -> i32 {
    (number.as_f64().unwrap_or(0.0) * 100.0).round() as i32
}

fn number(hundredths: i32) -> Value {
    json!(f64::from(hundredths) / 100.0)
}

/// A profile with range and alarms alone, and the wider one.
fn pair(profile: &Profile, range: WiderRange, alarms: &[Wider]) -> (Profile, Profile) {
    let whole = serde_json::to_value(profile).unwrap();
    let judges = |alarm: &&Value| ["temperature", "humidity"].map(Value::from).contains(&alarm["quantity"]);
    let judging: Vec<Value> = whole["alarm"].as_array().unwrap().iter().filter(judges).cloned().collect();
    let mut narrow = json!({ "name": "narrow", "max_gap": whole["max_gap"], "alarm": judging });
    if let Some(ends) = whole.get("range") {
        narrow["range"] = ends.clone();
    }
    let mut wide = narrow.clone();
    for (alarm, wider) in wide["alarm"].as_array_mut().unwrap().iter_mut().zip(alarms) {
        widen_alarm(alarm, wider);
    }
    if let Some(ends) = wide.get_mut("range") {
        widen_range(ends, range);
    }
    (serde_json::from_value(narrow).unwrap(), serde_json::from_value(wide).unwrap())
}

fn widen_alarm(alarm: &mut Value, wider: &Wider) {
    let is_above = alarm.get("above").is_some();
    let side = if is_above { "above" } else { "below" };
    let limit = hundredths(&alarm[side]);
    // No humidity is below zero.
    let least = if alarm["quantity"] == "humidity" { 0 } else { i32::MIN };
    let moved = if is_above { limit + wider.outward } else { (limit - wider.outward).max(least) };
    let most_hysteresis = hundredths(&alarm["hysteresis_c"]) + (moved - limit).abs();
    let start_delay: domain::Duration = alarm["start_delay"].as_str().unwrap().parse().unwrap();
    alarm[side] = number(moved);
    alarm["hysteresis_c"] = number(wider.hysteresis.min(most_hysteresis));
    alarm["inclusive"] = json!(alarm["inclusive"] == true && wider.stays_inclusive);
    alarm["start_delay"] = json!(format!("{}s", start_delay.seconds() + wider.later_s));
}

fn widen_range(ends: &mut Value, [min, max]: WiderRange) {
    if let Some(outward) = min {
        ends["min_c"] = number(hundredths(&ends["min_c"]) - outward);
    }
    if let Some(outward) = max {
        ends["max_c"] = number(hundredths(&ends["max_c"]) + outward);
    }
    // A range has one end at least.
    let gone = if min.is_none() { "min_c" } else { "max_c" };
    if min.is_none() || max.is_none() {
        ends.as_object_mut().unwrap().remove(gone);
    }
}

/// Whether the narrower rule had all of this episode within one of its own, alarmed no later, at least as far out.
fn lies_within(wide: &Episode, narrow: &Episode, is_above: bool) -> bool {
    let ends =
        |episode: &Episode| episode.ended_at.is_none_or(|end| wide.ended_at.is_some_and(|wide| wide <= end));
    let alarmed = |at| narrow.alarmed_at.is_some_and(|narrow| narrow <= at);
    wide.alarm == narrow.alarm
        && narrow.began_at <= wide.began_at
        && ends(narrow)
        && wide.exposure_s <= narrow.exposure_s
        && wide.alarmed_at.is_none_or(alarmed)
        && if is_above { wide.extreme <= narrow.extreme } else { wide.extreme >= narrow.extreme }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_wider_range_and_limits_further_out_lengthen_nothing(
        profile in any_profile(),
        series in any_series(),
        (from, to) in any_span(),
        range in any_wider_range(),
        alarms in proptest::collection::vec(any_wider(), 4),
    ) {
        let (narrow, wide) = pair(&profile, range, &alarms);
        let assess = |profile| evaluate(profile, &series, Some(at(from)), Some(at(to))).unwrap();
        let (before, after): (Assessment, Assessment) = (assess(&narrow), assess(&wide));
        prop_assert!(after.coverage.out_of_range_s <= before.coverage.out_of_range_s);
        prop_assert!(after.coverage.in_range_s >= before.coverage.in_range_s);
        if narrow.range().is_some() {
            prop_assert_eq!(after.coverage.unknown_s, before.coverage.unknown_s);
        }
        prop_assert!(after.verdict <= before.verdict);
        for (after, before) in after.exposures.iter().zip(&before.exposures) {
            prop_assert!(after.total_s <= before.total_s, "{:?} {:?}", after, before);
            prop_assert!(after.total_worst_s <= before.total_worst_s, "{:?} {:?}", after, before);
        }
        for episode in &after.episodes {
            let is_above = matches!(wide.alarm(&episode.alarm).unwrap().limit, Limit::Above(_));
            let known = before.episodes.iter().any(|narrow| lies_within(episode, narrow, is_above));
            prop_assert!(known, "{:?} in none of {:?}", episode, before.episodes);
        }
    }
}

fn exposures_s(alarm: &str, series: &[(i64, i32)]) -> Vec<i64> {
    let rule = profile(&format!("name = \"w\"\nmax_gap = \"1m\"\n[[alarm]]\nname = \"a\"\n{alarm}\n"));
    let assessment = evaluate(&rule, &readings(series), None, Some(at(40))).unwrap();
    assessment.episodes.iter().map(|episode| episode.exposure_s).collect()
}

#[test]
fn a_limit_further_out_may_make_two_exposures_of_one() {
    let series = [(0, 900), (10, 750), (20, 900), (30, 500)];
    assert_eq!(exposures_s("above = 8.0\nhysteresis_c = 1.0", &series), [30]);
    assert_eq!(exposures_s("above = 8.6\nhysteresis_c = 1.0", &series), [10, 10]);
}

#[test]
fn more_hysteresis_makes_an_exposure_longer() {
    let series = [(0, 900), (10, 750)];
    assert_eq!(exposures_s("above = 8.0", &series), [10]);
    assert_eq!(exposures_s("above = 8.0\nhysteresis_c = 0.5", &series), [10]);
    assert_eq!(exposures_s("above = 8.0\nhysteresis_c = 0.51", &series), [40]);
}
