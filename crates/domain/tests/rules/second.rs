//! The engine beside a second one, `tests/evaluate.py`, which was made from the written rules alone.

mod cases;
mod file;

use std::io::{ErrorKind, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use chrono::{DateTime, Utc};
use domain::evaluate::evaluate;
use domain::profile::Profile;
use domain::readings_csv::read_csv;
use serde_json::{Value, json};

use self::cases::{Case, dense, journey};

const SECOND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/evaluate.py");

#[test]
fn a_second_implementation_gives_the_same_assessments() {
    let python = Command::new("python3").arg("--version").output();
    if python.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        eprintln!("skipped: there is no python3 to run tests/evaluate.py with");
        return;
    }
    let half = |parity: u64| {
        let of_half = move |number: &u64| number % 2 == parity;
        let small = (0..9_000).filter(of_half).map(dense);
        let weeks = (0..990).filter(of_half).map(|number| journey(number, 20 + number % 200, 900));
        let months = (1_000..1_006).filter(of_half).map(|number| journey(number, 9_000, 900));
        let minutes = (2_000..2_004).filter(of_half).map(|number| journey(number, 20_000, 60));
        agree(small.chain(weeks).chain(months).chain(minutes).collect())
    };
    let [even, odd] = thread::scope(|scope| {
        [0, 1].map(|parity| scope.spawn(move || half(parity))).map(|half| half.join().unwrap())
    });
    let seen: Vec<Value> = even.into_iter().chain(odd).collect();
    assert_eq!(seen.len(), 10_000);
    for (situation, occurs) in SITUATIONS {
        let cases = seen.iter().filter(|given| occurs(given)).count();
        assert!(cases >= 200, "{situation}: {cases}");
    }
}

type Occurs = fn(&Value) -> bool;

/// A comparison proves nothing about what it never meets.
const SITUATIONS: &[(&str, Occurs)] = &[
    ("nothing wrong", |given| given["assessment"] == "no_excursion"),
    ("something wrong", |given| given["assessment"] == "excursion"),
    ("something unknown", |given| given["assessment"] == "incomplete"),
    ("nothing to assess", |given| given.get("error").is_some()),
    ("nothing known", |given| given["min_c"].is_null()),
    ("an alarm", |given| any(&given["episodes"], |episode| !episode["alarmed_at"].is_null())),
    ("an alarm later than its exposure", |given| {
        any(&given["episodes"], |episode| {
            !episode["alarmed_at"].is_null() && episode["alarmed_at"] != episode["began_at"]
        })
    }),
    ("an exposure without an alarm", |given| {
        any(&given["episodes"], |episode| episode["alarmed_at"].is_null())
    }),
    ("an exposure that lasts", |given| any(&given["episodes"], |episode| episode["ended_at"].is_null())),
    ("a worst case beyond the best", |given| {
        any(&given["exposures"], |exposure| exposure["total_s"] != exposure["total_worst_s"])
    }),
    ("a window within the span", |given| {
        any(&given["mkt_windows"], |window| window["from"] != given["from"])
    }),
    ("a window beyond the limit", |given| any(&given["mkt_windows"], |window| window["exceeded"] == true)),
    ("a partial window", |given| any(&given["mkt_windows"], |window| window["partial"] == true)),
];

fn any(list: &Value, is_so: impl Fn(&Value) -> bool) -> bool {
    list.as_array().is_some_and(|items| items.iter().any(is_so))
}

/// What both say of each case.
fn agree(cases: Vec<Case>) -> Vec<Value> {
    let mut python =
        Command::new("python3").arg(SECOND).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    let (first, second) = thread::scope(|scope| {
        let asked = scope.spawn(|| read_answers(python));
        let first: Vec<Value> = cases
            .iter()
            .map(|case| {
                let Case { profile, from, to, csv } = case;
                let line = json!({ "profile": profile, "from": from, "to": to, "csv": csv });
                writeln!(input, "{line}").unwrap();
                engine(case)
            })
            .collect();
        drop(input);
        (first, asked.join().unwrap())
    });
    assert_eq!(first.len(), second.len());
    let differences = cases.iter().zip(first.iter().zip(&second)).filter_map(|(case, (first, second))| {
        let differences = differences("", first, second);
        (!differences.is_empty()).then_some((case, differences))
    });
    // The shortest is the easiest to understand.
    if let Some((case, differences)) = differences.min_by_key(|(case, _)| case.csv.len()) {
        panic!(
            "the engine (first) and tests/evaluate.py (second) differ:\n{}\n{}",
            differences.join("\n"),
            shown(case)
        );
    }
    first
}

fn read_answers(python: Child) -> Vec<Value> {
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn toml(case: &Case) -> String {
    toml::to_string(&case.profile).unwrap()
}

fn engine(case: &Case) -> Value {
    let time =
        |text: &Option<String>| -> Option<DateTime<Utc>> { text.as_ref().map(|text| text.parse().unwrap()) };
    let profile = Profile::from_toml(&toml(case)).unwrap();
    let readings = read_csv(case.csv.as_bytes()).unwrap();
    match evaluate(&profile, &readings, time(&case.from), time(&case.to)) {
        Ok(assessment) => serde_json::to_value(assessment).unwrap(),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

/// As files and a call, to be run again by hand.
fn shown(case: &Case) -> String {
    let option =
        |name, time: &Option<String>| time.as_ref().map_or(String::new(), |time| format!(" --{name} {time}"));
    let options = option("from", &case.from) + &option("to", &case.to);
    let (toml, profile, csv) = (toml(case), &case.profile, &case.csv);
    format!(
        "isotherm evaluate --profile profile.toml{options} readings.csv\n\
         python3 tests/evaluate.py --profile profile.json{options} < readings.csv\n\
         --- profile.toml\n{toml}--- profile.json\n{profile}\n--- readings.csv\n{csv}"
    )
}

fn differences(path: &str, first: &Value, second: &Value) -> Vec<String> {
    match (first, second) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            let fields = one.iter().zip(other.values());
            fields.flat_map(|((key, one), other)| differences(&format!("{path}.{key}"), one, other)).collect()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let items = one.iter().zip(other).enumerate();
            items
                .flat_map(|(index, (one, other))| differences(&format!("{path}[{index}]"), one, other))
                .collect()
        }
        _ if agrees(path, first, second) => Vec::new(),
        _ => vec![format!("{path}: {first} and {second}")],
    }
}

/// Means and mean kinetic temperatures may differ in their last decimal; each has its own words for an error.
fn agrees(path: &str, first: &Value, second: &Value) -> bool {
    let is_mean = path.ends_with("mean_c") || path.ends_with("mkt_c");
    match (first.as_f64(), second.as_f64()) {
        (Some(first), Some(second)) if is_mean => (first - second).abs() < 0.000_11,
        _ => first == second || path == ".error",
    }
}
