//! Random texts of one meaning: a CSV file in any order and dress, times of any zone, and the dice for it.

use std::fmt::Write;

use chrono::{DateTime, FixedOffset};

/// Numbers that follow from the first one alone (SplitMix64), so that a case is known by its number.
pub struct Dice(u64);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Both ends are possible.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        least + (self.next() % (most - least + 1) as u64) as i64
    }

    pub fn percent(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.between(0, choices.len() as i64 - 1) as usize]
    }
}

/// RFC 3339 with any offset and any fraction, which is cut.
pub fn time(dice: &mut Dice, second: i64) -> String {
    let zone = dice.one_of(&["Z", "Z", "z", "+00:00", "+01:00", "+02:00", "-03:30", "+12:45"]);
    let fraction = dice.one_of(&["", "", "", ".0", ".5", ".999999999"]);
    let offset = FixedOffset::east_opt(offset_s(zone)).unwrap();
    let local = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&offset);
    local.format("%Y-%m-%dT%H:%M:%S").to_string() + fraction + zone
}

fn offset_s(zone: &str) -> i32 {
    let Some((sign, (hours, minutes))) =
        zone.split_at_checked(1).map(|(sign, rest)| (sign, rest.split_once(':').unwrap_or_default()))
    else {
        return 0;
    };
    let minutes = hours.parse().unwrap_or(0) * 60 + minutes.parse().unwrap_or(0);
    if sign == "-" { -60 * minutes } else { 60 * minutes }
}

/// The rows of a file, in columns of any order.
pub struct Rows {
    columns: Vec<usize>,
    newline: &'static str,
    rows: Vec<String>,
}

const NAMES: [&str; 5] = ["temperature_c", "min_c", "max_c", "humidity_pct", "measured_at"];
const MEASURED_AT: usize = 4;

impl Rows {
    pub fn start(dice: &mut Dice) -> Self {
        let mut columns = vec![0, 1, 2, 3, MEASURED_AT];
        shuffle(dice, &mut columns);
        Self { columns, newline: dice.one_of(&["\n", "\r\n"]), rows: Vec::new() }
    }

    /// Values in the order of [`NAMES`].
    pub fn add(&mut self, dice: &mut Dice, second: i64, values: [Option<i32>; 4]) {
        let fields = self.columns.iter().map(|column| match values.get(*column) {
            None => time(dice, second),
            Some(Some(value)) => decimal(dice, *value),
            Some(None) => String::new(),
        });
        self.rows.push(fields.collect::<Vec<_>>().join(","));
    }

    pub fn shuffled(mut self, dice: &mut Dice) -> String {
        shuffle(dice, &mut self.rows);
        let header: Vec<&str> = self.columns.iter().map(|column| NAMES[*column]).collect();
        let mut text = header.join(",") + self.newline;
        for row in &self.rows {
            write!(text, "{row}{}", self.newline).unwrap();
        }
        text
    }
}

fn shuffle<T>(dice: &mut Dice, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, dice.between(0, last as i64) as usize);
    }
}

/// Some with a third decimal at, below and above the half that is rounded to even.
fn decimal(dice: &mut Dice, hundredths: i32) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    let beyond = dice.one_of(&["", "", "", "", "0", "4999", "5", "50", "5001"]);
    format!("{sign}{whole}.{rest:02}{beyond}")
}
