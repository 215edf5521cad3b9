//! The contract second by second: slow, and simple enough to be seen right.

use chrono::{DateTime, Utc};
use domain::Reading;
use domain::evaluate::{Assessment, Verdict, evaluate, gaps, mkt_windows};
use domain::profile::{AlarmRule, ExposureRule, Limit, Profile, Quantity};
use proptest::prelude::*;

use crate::CASES;
use crate::series::{any_profile, any_series, any_span, at, second};

/// What stands in one second; `None` is unknown.
type Standing = Option<Vec<Reading>>;

fn standing(profile: &Profile, readings: &[Reading], t: i64) -> Standing {
    let latest = readings.iter().map(|reading| second(reading.measured_at)).filter(|s| *s <= t).max()?;
    let fresh = t < latest + profile.max_gap().seconds();
    fresh.then(|| readings.iter().filter(|reading| second(reading.measured_at) == latest).copied().collect())
}

fn values(quantity: Quantity, standing: &[Reading]) -> Vec<i32> {
    let of = |reading: &Reading| match quantity {
        Quantity::Temperature => {
            vec![Some(reading.temperature.0), reading.min.map(|t| t.0), reading.max.map(|t| t.0)]
        }
        Quantity::Humidity => vec![reading.humidity.map(|h| h.0)],
    };
    standing.iter().flat_map(of).flatten().collect()
}

/// The worse end for this alarm, or nothing if its quantity is unknown.
fn worst(alarm: &AlarmRule, standing: &Standing) -> Option<i32> {
    let values = values(alarm.quantity, standing.as_ref()?);
    match alarm.limit {
        Limit::Above(_) => values.into_iter().max(),
        Limit::Below(_) => values.into_iter().min(),
    }
}

fn beyond(alarm: &AlarmRule, value: i32, hysteresis: i32) -> bool {
    match (alarm.limit, alarm.inclusive) {
        (Limit::Above(limit), false) => value > limit - hysteresis,
        (Limit::Above(limit), true) => value >= limit - hysteresis,
        (Limit::Below(limit), false) => value < limit + hysteresis,
        (Limit::Below(limit), true) => value <= limit + hysteresis,
    }
}

/// Some(true): out of range; Some(false): in; None: unknown.
fn is_out(profile: &Profile, standing: &Standing) -> Option<bool> {
    let known = standing.as_ref()?;
    if let Some(range) = profile.range() {
        let temperatures = values(Quantity::Temperature, known);
        return Some(temperatures.iter().any(|t| {
            range.min_c.is_some_and(|min| *t < min.0) || range.max_c.is_some_and(|max| *t > max.0)
        }));
    }
    let beyond: Vec<_> = profile
        .alarms()
        .iter()
        .map(|alarm| worst(alarm, standing).map(|value| beyond(alarm, value, 0)))
        .collect();
    if beyond.contains(&Some(true)) {
        Some(true)
    } else if beyond.contains(&None) {
        None
    } else {
        Some(false)
    }
}

/// For each second whether it is exposed, in the best or in the worst case.
fn exposed(alarm: &AlarmRule, standings: &[Standing], worst_case: bool) -> Vec<bool> {
    let mut within = false;
    let mut exposed = Vec::new();
    for (index, standing) in standings.iter().enumerate() {
        within = if (index as i64) < alarm.start_delay.seconds() {
            false
        } else {
            match worst(alarm, standing) {
                None => worst_case,
                Some(value) => beyond(alarm, value, if within { alarm.hysteresis } else { 0 }),
            }
        };
        exposed.push(within);
    }
    exposed
}

/// (alarm, began, alarmed, ended, exposure, extreme), seconds counted from the span's beginning.
type Episode = (String, i64, Option<i64>, Option<i64>, i64, i32);

fn episodes(alarm: &AlarmRule, standings: &[Standing]) -> Vec<Episode> {
    let exposed = exposed(alarm, standings, false);
    let delay = alarm.delay.seconds();
    let mut episodes: Vec<Episode> = Vec::new();
    let mut total = 0;
    for t in 0..exposed.len() {
        if !exposed[t] {
            continue;
        }
        let value = worst(alarm, &standings[t]).expect("an exposed second is known");
        if t == 0 || !exposed[t - 1] {
            let reached = match alarm.exposure {
                ExposureRule::Single => delay == 0,
                ExposureRule::Cumulative => total >= delay,
            };
            episodes.push((alarm.name.clone(), t as i64, reached.then_some(t as i64), None, 0, value));
        }
        let (_, _, alarmed, ended, exposure, extreme) = episodes.last_mut().unwrap();
        *exposure += 1;
        total += 1;
        let counted = if alarm.exposure == ExposureRule::Single { *exposure } else { total };
        if alarmed.is_none() && counted >= delay {
            *alarmed = Some(t as i64 + 1);
        }
        *extreme = match alarm.limit {
            Limit::Above(_) => value.max(*extreme),
            Limit::Below(_) => value.min(*extreme),
        };
        if exposed.get(t + 1) == Some(&false) {
            *ended = Some(t as i64 + 1);
        }
    }
    episodes
}

fn seconds(flags: impl IntoIterator<Item = bool>) -> i64 {
    flags.into_iter().filter(|flag| *flag).count() as i64
}

/// The mean kinetic temperature of seconds, by its formula.
fn kinetic(warmest: impl Iterator<Item = i32>) -> Option<f64> {
    let factors: Vec<f64> = warmest.map(|t| (-10_000.0 / (f64::from(t) / 100.0 + 273.15)).exp()).collect();
    let mean = factors.iter().sum::<f64>() / factors.len() as f64;
    (!factors.is_empty()).then(|| 10_000.0 / -mean.ln() - 273.15)
}

fn warmest(standing: &Standing) -> Option<i32> {
    standing.as_ref()?.iter().map(|reading| reading.temperature.0).max()
}

fn check(profile: &Profile, readings: &[Reading], from: i64, to: i64, given: &Assessment) {
    let standings: Vec<Standing> = (from..to).map(|t| standing(profile, readings, t)).collect();
    let out: Vec<_> = standings.iter().map(|standing| is_out(profile, standing)).collect();
    let coverage = given.coverage;
    assert_eq!(coverage.in_range_s, seconds(out.iter().map(|out| *out == Some(false))));
    assert_eq!(coverage.out_of_range_s, seconds(out.iter().map(|out| *out == Some(true))));
    assert_eq!(coverage.unknown_s, seconds(out.iter().map(Option::is_none)));
    let verdict = match (out.contains(&Some(true)), out.contains(&None)) {
        (true, _) => Verdict::Excursion,
        (false, true) => Verdict::Incomplete,
        (false, false) => Verdict::NoExcursion,
    };
    assert_eq!(given.verdict, verdict);

    let mut distinct: Vec<_> =
        readings.iter().filter(|r| (from..to).contains(&second(r.measured_at))).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(given.readings, distinct.len() as u64);

    let stood: Vec<i32> = standings.iter().flatten().flat_map(|s| values(Quantity::Temperature, s)).collect();
    assert_eq!(given.min.map(|t| t.0), stood.iter().min().copied());
    assert_eq!(given.max.map(|t| t.0), stood.iter().max().copied());

    let warmest: Vec<i64> = standings.iter().filter_map(warmest).map(i64::from).collect();
    let (sum, known) = (warmest.iter().sum::<i64>() * 100, warmest.len() as i64);
    assert_eq!(given.mean.is_some(), known > 0);
    if let Some(mean) = given.mean {
        let error = (mean.0 * known - sum).abs() * 2;
        assert!(error < known || (error == known && mean.0 % 2 == 0), "mean {mean:?} of {sum} / {known}");
    }
    close(given.mkt.map(|mkt| mkt.0), kinetic(standings.iter().filter_map(self::warmest)));
    check_alarms(profile, &standings, from, given);
}

fn check_alarms(profile: &Profile, standings: &[Standing], from: i64, given: &Assessment) {
    let mut expected: Vec<Episode> = Vec::new();
    for (alarm, totals) in profile.alarms().iter().zip(&given.exposures) {
        let (best, worst) = (exposed(alarm, standings, false), exposed(alarm, standings, true));
        assert_eq!(totals.alarm, alarm.name);
        assert_eq!(totals.total_s, seconds(best));
        assert_eq!(totals.total_worst_s, seconds(worst));
        assert!(totals.total_s <= totals.total_worst_s);
        expected.extend(episodes(alarm, standings));
    }
    expected.sort_by_key(|episode| episode.1);
    let relative = |instant: DateTime<Utc>| second(instant) - from;
    let given: Vec<Episode> = given
        .episodes
        .iter()
        .map(|e| {
            let alarmed = e.alarmed_at.map(relative);
            (
                e.alarm.clone(),
                relative(e.began_at),
                alarmed,
                e.ended_at.map(relative),
                e.exposure_s,
                e.extreme,
            )
        })
        .collect();
    assert_eq!(given, expected);
}

/// Within one unit of the fourth decimal, which the formula in floats may miss at a tie.
fn close(given: Option<i64>, expected: Option<f64>) {
    assert_eq!(given.is_some(), expected.is_some());
    if let (Some(given), Some(expected)) = (given, expected) {
        assert!((given as f64 - expected * 10_000.0).abs() < 0.51, "{given} is not {expected}");
    }
}

fn check_window(profile: &Profile, readings: &[Reading], from: i64, to: i64) {
    let window_s = profile.mkt().unwrap().window.seconds();
    let standings: Vec<Standing> = (from..to).map(|t| standing(profile, readings, t)).collect();
    // Outside the span nothing stands, so that its ends are edges where something stands there.
    let stands = |t: i64| if t < from || t >= to { &None } else { &standings[(t - from) as usize] };
    let edge = |t: i64| {
        let begins = readings.iter().any(|reading| second(reading.measured_at) == t) && stands(t).is_some();
        begins || stands(t).is_some() != stands(t - 1).is_some()
    };
    let length = window_s.min(to - from);
    let candidates = (from..=to - length).filter(|t| length == to - from || edge(*t) || edge(*t + length));
    let mean = |begin: i64| kinetic((begin..begin + length).filter_map(|t| warmest(stands(t))));
    let windows: Vec<(i64, f64)> = candidates.filter_map(|t| Some((t, mean(t)?))).collect();
    let highest = windows.iter().map(|(_, mkt)| *mkt).reduce(f64::max);
    // What differs by less than this differs only by the order in which floats were added.
    let earliest = windows.iter().find(|(_, mkt)| *mkt > highest.unwrap() - 1e-10);

    let given = mkt_windows(profile, readings, at(from), at(to));
    assert_eq!(given.first().map(|window| second(window.from)), earliest.map(|(begin, _)| *begin));
    close(given.first().map(|window| window.mkt.0), highest);
    for window in &given {
        assert_eq!(second(window.to) - second(window.from), length);
        assert_eq!(window.partial, to - from < window_s);
        assert_eq!(window.exceeded, window.mkt.0 > i64::from(profile.mkt().unwrap().limit.0) * 100);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn the_engine_agrees_with_the_contract_second_by_second(
        profile in any_profile(), readings in any_series(), (from, to) in any_span(),
    ) {
        let given = evaluate(&profile, &readings, Some(at(from)), Some(at(to))).unwrap();
        check(&profile, &readings, from, to, &given);
    }

    #[test]
    fn the_worst_window_is_the_highest_of_all_and_the_earliest_of_equals(
        profile in any_profile(), readings in any_series(), (from, to) in any_span(),
    ) {
        check_window(&profile, &readings, from, to);
    }

    #[test]
    fn gaps_are_exactly_the_unknown_seconds(
        profile in any_profile(), readings in any_series(), (from, to) in any_span(),
    ) {
        let gaps = gaps(&profile, &readings, at(from), at(to));
        let within = |t: i64| gaps.iter().filter(|gap| gap.from <= at(t) && at(t) < gap.to).count();
        for t in from..to {
            let unknown = is_out(&profile, &standing(&profile, &readings, t)).is_none();
            prop_assert_eq!(within(t), usize::from(unknown), "second {}", t);
        }
        prop_assert!(gaps.windows(2).all(|pair| pair[0].to < pair[1].from));
        prop_assert!(gaps.iter().all(|gap| gap.from >= at(from) && gap.to <= at(to) && gap.from < gap.to));
    }
}
