//! Random cases as a user would give them: a profile, a span, and a CSV file.
//!
//! Values and durations lie close around limits and delays, so that equality is common.

use serde_json::{Map, Value, json};

use super::file::{Dice, Rows, time};

pub struct Case {
    /// The fields of the TOML.
    pub profile: Value,
    pub from: Option<String>,
    pub to: Option<String>,
    pub csv: String,
}

/// Beginnings shortly before what calendars stumble over; Unix seconds change their sign at the last one.
const BEGINNINGS: [i64; 6] = [
    1_772_352_000, // 2026-03-01T08:00:00Z
    1_774_745_970, // 2026-03-29T00:59:30Z, when Europe's clocks go forward
    1_792_889_970, // 2026-10-25T00:59:30Z, when they go back
    1_835_395_170, // 2028-02-28T23:59:30Z, before a leap day
    1_798_761_570, // 2026-12-31T23:59:30Z
    -30,
];

/// What times and values are multiples of.
struct Grid {
    second: i64,
    centre: i32,
    step: i32,
}

impl Grid {
    fn value(&self, dice: &mut Dice) -> i32 {
        self.centre + dice.between(-4, 4) as i32 * self.step
    }
}

/// A small series of any shape.
pub fn dense(number: u64) -> Case {
    let dice = &mut Dice::of(number);
    let begin = dice.one_of(&BEGINNINGS);
    let grid = Grid {
        second: dice.one_of(&[1, 1, 7, 60, 900]),
        centre: dice.one_of(&[0, 500, -2_000, 2_500]),
        step: dice.one_of(&[1, 1, 50, 700]),
    };
    let profile = profile(dice, &grid);
    let mut rows = Rows::start(dice);
    for _ in 0..dice.between(0, 24) {
        let at = begin + dice.between(0, 80) * grid.second;
        add(&mut rows, dice, at, &grid);
        // Known twice, or two answers for one instant.
        while dice.percent(15) {
            add(&mut rows, dice, at, &grid);
        }
    }
    let mut some = |percent, earliest, latest| {
        let unit = dice.between(earliest, latest);
        dice.percent(percent).then(|| time(dice, begin + unit * grid.second))
    };
    let (from, to) = (some(75, -10, 60), some(75, 50, 120));
    Case { profile, from, to, csv: rows.shuffled(dice) }
}

fn add(rows: &mut Rows, dice: &mut Dice, at: i64, grid: &Grid) {
    let mut end = |percent| dice.percent(percent).then(|| grid.value(dice));
    let (min, max) = (end(30), end(30));
    let humidity = dice.percent(70).then(|| dice.between(0, 8) as i32);
    let value = grid.value(dice);
    rows.add(dice, at, [Some(value), min, max, humidity]);
}

/// A box on its way: `readings` of them, `interval_s` apart, with drift, holes, repeats and late arrivals.
pub fn journey(number: u64, readings: u64, interval_s: i64) -> Case {
    let dice = &mut Dice::of(!number);
    let begin = dice.one_of(&BEGINNINGS);
    let grid = Grid { second: interval_s, centre: dice.one_of(&[-7_000, 500, 2_200]), step: 25 };
    let profile = profile(dice, &grid);
    let mut rows = Rows::start(dice);
    let (mut at, mut value) = (begin, grid.centre);
    for _ in 0..readings {
        let hole = if dice.percent(1) { dice.between(1, 20) } else { 0 };
        at += interval_s * (1 + hole) + dice.between(-2, 2);
        value += dice.between(-12, 12) as i32 + (grid.centre - value) / 16;
        let humidity = dice.percent(98).then(|| dice.between(0, 8) as i32);
        let values = [Some(value), dice.percent(50).then_some(value - 3), None, humidity];
        rows.add(dice, at, values);
        if dice.percent(1) {
            rows.add(dice, at, values.map(|value| value.map(|value| value + 1)));
        }
    }
    let mut some = |percent, near: i64| {
        let moved = dice.between(-9, 9);
        dice.percent(percent).then(|| time(dice, near + moved * interval_s))
    };
    let (from, to) = (some(50, begin + 10 * interval_s), some(50, at));
    Case { profile, from, to, csv: rows.shuffled(dice) }
}

fn profile(dice: &mut Dice, grid: &Grid) -> Value {
    let mut profile = Map::new();
    profile.insert("name".into(), json!("any"));
    let longest = dice.one_of(&[15, 100]);
    profile.insert("max_gap".into(), duration(dice, grid, 1, longest));
    let alarms: Vec<Value> = (0..dice.between(0, 3)).map(|index| alarm(dice, grid, index)).collect();
    let (has_range, has_mkt) = (dice.percent(60), dice.percent(60));
    if has_range || (alarms.is_empty() && !has_mkt) {
        profile.insert("range".into(), range(dice, grid));
    }
    if has_mkt {
        profile.insert("mkt".into(), mkt(dice, grid));
    }
    if !alarms.is_empty() {
        profile.insert("alarm".into(), json!(alarms));
    }
    Value::Object(profile)
}

fn range(dice: &mut Dice, grid: &Grid) -> Value {
    let (one, other) = (grid.value(dice), grid.value(dice));
    let (min, max) = (number(one.min(other)), number(one.max(other)));
    match dice.between(0, 5) {
        0 => json!({ "min_c": min }),
        1 => json!({ "max_c": max }),
        // No value is beyond these.
        2 | 3 => {
            json!({ "min_c": number(grid.centre - 4 * grid.step), "max_c": number(grid.centre + 4 * grid.step) })
        }
        _ => json!({ "min_c": min, "max_c": max }),
    }
}

fn alarm(dice: &mut Dice, grid: &Grid, index: i64) -> Value {
    let is_humidity = dice.percent(25);
    let (limit, unit) =
        if is_humidity { (dice.between(0, 8) as i32, 1) } else { (grid.value(dice), grid.step) };
    let mut alarm =
        json!({ "name": format!("alarm {index}"), dice.one_of(&["above", "below"]): number(limit) });
    let or_nothing =
        |dice: &mut Dice| if dice.percent(50) { duration(dice, grid, 1, 20) } else { json!("0s") };
    for (field, value, usual) in [
        ("quantity", json!(if is_humidity { "humidity" } else { "temperature" }), json!("temperature")),
        ("inclusive", json!(dice.percent(50)), json!(false)),
        ("exposure", json!(dice.one_of(&["single", "cumulative"])), json!("single")),
        ("delay", or_nothing(dice), json!("0s")),
        ("start_delay", or_nothing(dice), json!("0s")),
        ("hysteresis_c", number(dice.between(0, 3) as i32 * unit), json!(0.0)),
        ("severity", json!(dice.one_of(&["info", "warning", "critical"])), json!("critical")),
    ] {
        // What is as usual may be left out.
        if value != usual || dice.percent(50) {
            alarm[field] = value;
        }
    }
    alarm
}

fn mkt(dice: &mut Dice, grid: &Grid) -> Value {
    let window = match dice.between(0, 3) {
        0 => json!(dice.one_of(&["1d", "24h", "30d", "3601s"])),
        _ => duration(dice, grid, 1, 40),
    };
    let mut mkt = json!({ "limit_c": number(grid.value(dice)), "window": window });
    let energies = [None, Some(83.144), Some(1.0), Some(42.5), Some(60.123456), Some(166.0), Some(1000.0)];
    if let Some(energy) = dice.one_of(&energies) {
        mkt["activation_energy_kj_per_mol"] = json!(energy);
    }
    mkt
}

fn number(hundredths: i32) -> Value {
    json!(f64::from(hundredths) / 100.0)
}

/// In any unit that divides it.
fn duration(dice: &mut Dice, grid: &Grid, least: i64, most: i64) -> Value {
    let seconds = dice.between(least, most) * grid.second;
    let units =
        [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)].map(|(unit, s)| (unit, s, seconds % s == 0));
    let fitting: Vec<_> = units.into_iter().filter(|(.., divides)| *divides).collect();
    let (unit, s, _) = dice.one_of(&fitting);
    json!(format!("{}{unit}", seconds / s))
}
