//! Each rule of an assessment at its limit and one unit beside it.

use domain::Humidity;
use domain::evaluate::{Assessment, Evaluation, SpanError, Verdict, evaluate};

use crate::series::{at, profile, reading, readings, second};

/// 2 to 8 °C, a reading stands 60 s, and one alarm with these lines.
fn refrigerated(alarm: &str) -> domain::profile::Profile {
    profile(&format!(
        "name = \"r\"\nmax_gap = \"60s\"\n[range]\nmin_c = 2.0\nmax_c = 8\n[[alarm]]\nname = \"a\"\n{alarm}\n"
    ))
}

fn assess(alarm: &str, series: &[(i64, i32)], to: i64) -> Assessment {
    evaluate(&refrigerated(alarm), &readings(series), Some(at(0)), Some(at(to))).unwrap()
}

/// Began, alarmed, ended, exposure, extreme.
type Shown = (i64, Option<i64>, Option<i64>, i64, i32);

fn episodes(assessment: &Assessment) -> Vec<Shown> {
    let episode = |e: &domain::evaluate::Episode| {
        (second(e.began_at), e.alarmed_at.map(second), e.ended_at.map(second), e.exposure_s, e.extreme)
    };
    assessment.episodes.iter().map(episode).collect()
}

fn totals(assessment: &Assessment) -> (i64, i64) {
    (assessment.exposures[0].total_s, assessment.exposures[0].total_worst_s)
}

#[test]
fn exactly_the_ends_of_the_range_are_in_and_a_hundredth_beyond_is_out() {
    for (value, verdict) in [
        (200, Verdict::NoExcursion),
        (199, Verdict::Excursion),
        (800, Verdict::NoExcursion),
        (801, Verdict::Excursion),
    ] {
        assert_eq!(assess("above = 30", &[(0, value)], 60).verdict, verdict, "{value}");
    }
}

#[test]
fn exactly_the_limit_is_outside_only_where_the_alarm_says_inclusive() {
    for (alarm, value, exposed) in [
        ("above = 8", 800, false),
        ("above = 8", 801, true),
        ("above = 8\ninclusive = true", 799, false),
        ("above = 8\ninclusive = true", 800, true),
        ("below = 2", 200, false),
        ("below = 2", 199, true),
        ("below = 2\ninclusive = true", 201, false),
        ("below = 2\ninclusive = true", 200, true),
    ] {
        let total = if exposed { 60 } else { 0 };
        assert_eq!(totals(&assess(alarm, &[(0, value)], 60)), (total, total), "{alarm} {value}");
    }
}

#[test]
fn an_exposure_of_exactly_the_delay_has_reached_it() {
    for (delay, alarmed) in [("30s", Some(30)), ("31s", None), ("29s", Some(29)), ("0s", Some(0))] {
        let alarm = format!("above = 8\ndelay = \"{delay}\"");
        let back_in_range = assess(&alarm, &[(0, 900), (30, 500)], 60);
        assert_eq!(episodes(&back_in_range), [(0, alarmed, Some(30), 30, 900)], "{delay}");
        let until_the_end = assess(&alarm, &[(0, 900)], 30);
        assert_eq!(episodes(&until_the_end), [(0, alarmed, None, 30, 900)], "{delay}");
    }
}

#[test]
fn a_single_exposure_restarts_on_return_and_cumulative_ones_add_up() {
    let series = [(0, 900), (20, 500), (40, 950), (60, 500), (80, 900), (90, 500)];
    let single = assess("above = 8\ndelay = \"30s\"", &series, 100);
    let expected = |alarmed: [Option<i64>; 3]| {
        [
            (0, alarmed[0], Some(20), 20, 900),
            (40, alarmed[1], Some(60), 20, 950),
            (80, alarmed[2], Some(90), 10, 900),
        ]
    };
    assert_eq!(episodes(&single), expected([None, None, None]));
    let cumulative = assess("above = 8\ndelay = \"30s\"\nexposure = \"cumulative\"", &series, 100);
    assert_eq!(episodes(&cumulative), expected([None, Some(50), Some(80)]));
    // Reached exactly at the end of an exposure: that one has reached it, and later ones are reached at once.
    let exact = assess("above = 8\ndelay = \"40s\"\nexposure = \"cumulative\"", &series, 100);
    assert_eq!(episodes(&exact), expected([None, Some(60), Some(80)]));
    let beside = assess("above = 8\ndelay = \"41s\"\nexposure = \"cumulative\"", &series, 100);
    assert_eq!(episodes(&beside), expected([None, None, Some(81)]));
}

#[test]
fn hysteresis_ends_an_exposure_only_when_the_value_is_no_longer_beyond_it() {
    for (alarm, back, still) in [
        ("above = 8\nhysteresis_c = 0.2", 780, false),
        ("above = 8\nhysteresis_c = 0.2", 781, true),
        ("above = 8\nhysteresis_c = 0.2\ninclusive = true", 779, false),
        ("above = 8\nhysteresis_c = 0.2\ninclusive = true", 780, true),
        ("below = 8\nhysteresis_c = 0.2", 820, false),
        ("below = 8\nhysteresis_c = 0.2", 819, true),
        ("below = 8\nhysteresis_c = 0.2\ninclusive = true", 821, false),
        ("below = 8\nhysteresis_c = 0.2\ninclusive = true", 820, true),
    ] {
        let beyond = if alarm.starts_with("above") { 801 } else { 799 };
        let total = if still { 40 } else { 20 };
        assert_eq!(totals(&assess(alarm, &[(0, beyond), (20, back)], 40)), (total, total), "{alarm} {back}");
        // The band alone begins nothing.
        let band = if alarm.starts_with("above") { 790 } else { 810 };
        assert_eq!(totals(&assess(alarm, &[(0, band)], 40)), (0, 0), "{alarm}");
    }
}

#[test]
fn a_reading_stands_exactly_max_gap() {
    let joined = assess("above = 8", &[(0, 900), (60, 900)], 120);
    assert_eq!(joined.coverage.unknown_s, 0);
    assert_eq!(episodes(&joined), [(0, Some(0), None, 120, 900)]);
    let apart = assess("above = 8", &[(0, 900), (61, 900)], 121);
    assert_eq!(apart.coverage.unknown_s, 1);
    assert_eq!(episodes(&apart), [(0, Some(0), Some(60), 60, 900), (61, Some(61), None, 60, 900)]);
    assert_eq!(totals(&apart), (120, 121));
}

#[test]
fn after_a_hole_hysteresis_starts_afresh_in_the_best_case_and_goes_on_in_the_worst() {
    let alarm = "above = 8\nhysteresis_c = 0.5";
    let assessment = assess(alarm, &[(0, 900), (100, 780), (120, 700)], 160);
    assert_eq!(episodes(&assessment), [(0, Some(0), Some(60), 60, 900)]);
    assert_eq!(totals(&assessment), (60, 120));
    // Even a hole with nothing wrong before it.
    assert_eq!(totals(&assess(alarm, &[(0, 500), (100, 780), (120, 700)], 160)), (0, 60));
}

#[test]
fn nothing_counts_before_the_start_delay_and_what_stands_then_is_judged_afresh() {
    let alarm = "above = 8\nhysteresis_c = 0.5\nstart_delay = \"30s\"";
    assert_eq!(totals(&assess(alarm, &[(0, 900), (29, 500)], 60)), (0, 0));
    assert_eq!(episodes(&assess(alarm, &[(0, 900)], 60)), [(30, Some(30), None, 30, 900)]);
    // In the band at that instant: an exposure from before would have gone on.
    assert_eq!(totals(&assess(alarm, &[(0, 900), (20, 780)], 60)), (0, 0));
    // Nothing unknown before it counts in the worst case either.
    assert_eq!(totals(&assess(alarm, &[(40, 500)], 60)), (0, 10));
}

#[test]
fn the_last_reading_before_the_span_stands_into_it_and_is_not_counted() {
    let assessment = assess("above = 8", &[(-50, 100), (-20, 900), (-20, 850), (100, 900)], 60);
    assert_eq!(assessment.readings, 0);
    assert_eq!((assessment.min.unwrap().0, assessment.max.unwrap().0), (850, 900));
    assert_eq!(assessment.coverage.out_of_range_s, 40);
    assert_eq!(episodes(&assessment), [(0, Some(0), Some(40), 40, 900)]);
    let too_long_ago = assess("above = 8", &[(-60, 900)], 60);
    assert_eq!((too_long_ago.coverage.unknown_s, too_long_ago.mean), (60, None));
    assert_eq!(too_long_ago.verdict, Verdict::Incomplete);
}

#[test]
fn of_two_values_of_one_instant_each_alarm_takes_the_worse_and_means_the_warmer() {
    let rule = profile(
        "name = \"two\"\nmax_gap = \"60s\"\n[[alarm]]\nname = \"high\"\nabove = 8\n[[alarm]]\nname = \"low\"\nbelow = 2\n",
    );
    let assessment = evaluate(&rule, &readings(&[(0, 100), (0, 900), (0, 100)]), None, None).unwrap();
    assert_eq!(assessment.readings, 2);
    assert_eq!(assessment.exposures.iter().map(|e| e.total_s).collect::<Vec<_>>(), [60, 60]);
    assert_eq!(assessment.mean.unwrap().0, 90_000);
    assert_eq!((assessment.min.unwrap().0, assessment.max.unwrap().0), (100, 900));
}

#[test]
fn minimum_and_maximum_of_a_reading_decide_and_its_value_makes_the_mean() {
    let mut one = reading(0, 500);
    one.max = Some(domain::Temperature(801));
    let assessment = evaluate(&refrigerated("above = 8"), &[one], None, None).unwrap();
    assert_eq!(assessment.verdict, Verdict::Excursion);
    assert_eq!(episodes(&assessment), [(0, Some(0), None, 60, 801)]);
    assert_eq!(assessment.mean.unwrap().0, 50_000);
}

#[test]
fn a_reading_without_humidity_leaves_a_humidity_alarm_in_the_dark() {
    let alarm = "quantity = \"humidity\"\nabove = 60";
    let damp =
        |second, humidity| domain::Reading { humidity: Some(Humidity(humidity)), ..reading(second, 500) };
    let series = [damp(0, 6_001), reading(20, 500), damp(40, 6_000)];
    let ranged = evaluate(&refrigerated(alarm), &series, None, Some(at(60))).unwrap();
    assert_eq!(episodes(&ranged), [(0, Some(0), Some(20), 20, 6_001)]);
    assert_eq!(totals(&ranged), (20, 40));
    assert_eq!(ranged.verdict, Verdict::NoExcursion, "the range is about temperature");
    let bare = profile(&format!("name = \"dry\"\nmax_gap = \"60s\"\n[[alarm]]\nname = \"damp\"\n{alarm}\n"));
    let by_limits = evaluate(&bare, &series, None, Some(at(60))).unwrap().coverage;
    assert_eq!((by_limits.out_of_range_s, by_limits.unknown_s, by_limits.in_range_s), (20, 20, 20));
}

#[test]
fn the_span_defaults_to_the_first_reading_and_the_end_of_the_last_ones_standing() {
    let rule = refrigerated("above = 8");
    let assessment = evaluate(&rule, &readings(&[(90, 500), (30, 500)]), None, None).unwrap();
    assert_eq!((second(assessment.from), second(assessment.to)), (30, 150));
    assert_eq!(evaluate(&rule, &[], None, Some(at(5))), Err(SpanError::NoReading));
    assert_eq!(evaluate(&rule, &[], Some(at(5)), None), Err(SpanError::NoReading));
    let empty = evaluate(&rule, &readings(&[(30, 500)]), Some(at(90)), None);
    assert_eq!(empty, Err(SpanError::Empty { from: at(90), to: at(90) }));
    let dark = evaluate(&rule, &[], Some(at(0)), Some(at(5))).unwrap();
    assert_eq!((dark.verdict, dark.coverage.unknown_s, dark.min), (Verdict::Incomplete, 5, None));
}

#[test]
fn a_span_of_decades_with_extreme_values_does_not_overflow() {
    let rule = profile(
        "name = \"long\"\nmax_gap = \"36500d\"\n[range]\nmax_c = 8\n[mkt]\nlimit_c = 25\nwindow = \"30d\"\n",
    );
    let century = 36_500 * 86_400;
    for value in [100_000, -27_315] {
        let assessment = evaluate(&rule, &readings(&[(0, value), (century / 2, value)]), None, None).unwrap();
        assert_eq!(second(assessment.to), century / 2 + century);
        assert_eq!(assessment.mean.unwrap().0, i64::from(value) * 100);
        assert!((assessment.mkt.unwrap().0 - i64::from(value) * 100).abs() <= 50);
    }
}

#[test]
fn a_standing_reading_reaches_its_alarm_without_any_new_one() {
    let rule = refrigerated("above = 8\ndelay = \"30s\"");
    let mut evaluation = Evaluation::start(&rule, at(0));
    evaluation.push(&rule, &reading(0, 900)).unwrap();
    let next = |t| evaluation.next_change_after(&rule, at(t)).map(second);
    let alarmed = |t| evaluation.assess(&rule, at(t)).episodes.first().and_then(|e| e.alarmed_at).map(second);
    assert_eq!((next(0), next(1), next(30), next(61)), (Some(1), Some(30), Some(61), None));
    assert_eq!((alarmed(29), alarmed(30)), (None, Some(30)));
}

#[test]
fn a_late_reading_is_refused_by_the_fold_and_changes_nothing() {
    let rule = refrigerated("above = 8");
    let mut evaluation = Evaluation::start(&rule, at(0));
    evaluation.push(&rule, &reading(10, 500)).unwrap();
    let before = evaluation.clone();
    let refused = evaluation.push(&rule, &reading(9, 500)).unwrap_err();
    assert_eq!((refused.measured_at, refused.last), (at(9), at(10)));
    evaluation.push(&rule, &reading(10, 500)).unwrap();
    assert_eq!(evaluation, before);
}

#[test]
fn a_fold_that_has_seen_nothing_gives_no_all_clear() {
    let rule = refrigerated("above = 8");
    let evaluation = Evaluation::start(&rule, at(0));
    assert_eq!(evaluation.assess(&rule, at(0)).verdict, Verdict::Incomplete);
    let mut ahead = evaluation;
    ahead.push(&rule, &reading(100, 900)).unwrap();
    let assessment = ahead.assess(&rule, at(50));
    assert_eq!((second(assessment.to), assessment.readings, assessment.coverage.unknown_s), (100, 0, 100));
}
