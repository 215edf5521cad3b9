//! Days of 23 and 25 hours, leap days and months: between two instants there are seconds, whatever a wall says.

use domain::Reading;
use domain::evaluate::{Assessment, Verdict, evaluate};
use domain::profile::Profile;
use domain::readings_csv::read_csv;

use crate::series::profile;

const QUARTER_S: i64 = 900;
const DAY_S: i64 = 86_400;

fn refrigerated(exposure: &str, delay: &str) -> Profile {
    profile(&format!(
        "name = \"c\"\nmax_gap = \"15m\"\n[range]\nmin_c = 2\nmax_c = 8\n[[alarm]]\nname = \"warm\"\nabove = 8\n\
         exposure = \"{exposure}\"\ndelay = \"{delay}\"\n[mkt]\nlimit_c = 8\nwindow = \"30d\"\n"
    ))
}

fn read(rows: &[(&str, &str)]) -> Vec<Reading> {
    let rows: String = rows.iter().map(|(at, value)| format!("{at},{value}\n")).collect();
    read_csv(format!("measured_at,temperature_c\n{rows}").as_bytes()).unwrap()
}

/// Began, alarmed, ended, seconds.
fn shown(given: &Assessment) -> Vec<[String; 4]> {
    let json = serde_json::to_value(given).unwrap();
    let text = |episode: &serde_json::Value, field: &str| episode[field].to_string().replace('"', "");
    let fields = ["began_at", "alarmed_at", "ended_at", "exposure_s"];
    json["episodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|episode| fields.map(|field| text(episode, field)))
        .collect()
}

#[test]
fn clocks_that_go_forward_leave_no_hole() {
    let series = read(&[
        ("2026-03-29T01:30:00+01:00", "5"),
        ("2026-03-29T01:45:00+01:00", "9"),
        // A quarter of an hour later.
        ("2026-03-29T03:00:00+02:00", "9"),
        ("2026-03-29T03:15:00+02:00", "5"),
    ]);
    let given = evaluate(&refrigerated("single", "30m"), &series, None, None).unwrap();
    assert_eq!((given.coverage.unknown_s, given.coverage.out_of_range_s), (0, 2 * QUARTER_S));
    assert_eq!(
        shown(&given),
        [["2026-03-29T00:45:00Z", "2026-03-29T01:15:00Z", "2026-03-29T01:15:00Z", "1800"]]
    );
}

#[test]
fn clocks_that_go_back_repeat_no_reading_and_put_none_before_another() {
    let series = read(&[
        ("2026-10-25T02:30:00+01:00", "5"),
        ("2026-10-25T02:30:00+02:00", "9"),
        ("2026-10-25T02:45:00+02:00", "9"),
        ("2026-10-25T02:00:00+01:00", "9"),
        ("2026-10-25T02:15:00+01:00", "5"),
    ]);
    let given = evaluate(&refrigerated("single", "45m"), &series, None, None).unwrap();
    assert_eq!(given.readings, 5);
    assert_eq!((given.coverage.unknown_s, given.coverage.out_of_range_s), (0, 3 * QUARTER_S));
    assert_eq!(
        shown(&given),
        [["2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:15:00Z", "2700"]]
    );
}

#[test]
fn one_instant_written_with_two_offsets_is_one_reading() {
    let series = read(&[("2026-03-29T01:59:59+01:00", "5"), ("2026-03-29T02:59:59+02:00", "5.00")]);
    assert_eq!(evaluate(&refrigerated("single", "0s"), &series, None, None).unwrap().readings, 1);
}

#[test]
fn a_leap_day_is_a_day() {
    let rule =
        profile("name = \"l\"\nmax_gap = \"1d\"\n[[alarm]]\nname = \"warm\"\nabove = 8\ndelay = \"2d\"\n");
    let days = |first: &str, last: &str| {
        let series = read(&[(first, "9"), (last, "5")]);
        let given = evaluate(&rule, &series, None, None).unwrap();
        (given.coverage.out_of_range_s + given.coverage.unknown_s) / DAY_S
    };
    assert_eq!(days("2028-02-28T00:00:00Z", "2028-03-01T00:00:00Z"), 2);
    assert_eq!(days("2027-02-28T00:00:00Z", "2027-03-01T00:00:00Z"), 1);
    // By the calendar's rule of centuries: 2000 had one, 2100 has none.
    assert_eq!(days("2000-02-28T00:00:00Z", "2000-03-01T00:00:00Z"), 2);
    assert_eq!(days("2100-02-28T00:00:00Z", "2100-03-01T00:00:00Z"), 1);
    let series =
        read(&[("2028-02-28T00:00:00Z", "9"), ("2028-02-29T00:00:00Z", "9"), ("2028-03-01T00:00:00Z", "5")]);
    let given = evaluate(&rule, &series, None, None).unwrap();
    assert_eq!(
        shown(&given),
        [["2028-02-28T00:00:00Z", "2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z", "172800"]]
    );
    let none = read_csv("measured_at,temperature_c\n2027-02-29T00:00:00Z,5\n".as_bytes()).unwrap_err();
    assert!(
        none.to_string().starts_with("line 2, column 1 (measured_at): `2027-02-29T00:00:00Z` is not"),
        "{none}"
    );
}

/// Sixty days from before the clocks go forward, a reading every quarter of an hour, the first of each day warm;
/// local time as a logger in Europe writes it.
fn sixty_days(warm: &str) -> Vec<Reading> {
    let (begin, change) = (1_772_323_200, 1_774_746_000); // 2026-03-01T00:00:00Z, 2026-03-29T01:00:00Z
    let times: Vec<(String, &str)> = (0..60 * 96)
        .map(|quarter| {
            let at = begin + quarter * QUARTER_S;
            let hours = if at < change { 1 } else { 2 };
            let local = chrono::DateTime::from_timestamp(at + hours * 3_600, 0).unwrap();
            let value = if quarter % 96 == 0 { warm } else { "5" };
            (format!("{}+0{hours}:00", local.format("%Y-%m-%dT%H:%M:%S")), value)
        })
        .collect();
    read(&times.iter().map(|(at, value)| (at.as_str(), *value)).collect::<Vec<_>>())
}

#[test]
fn sixty_days_add_up_to_the_second() {
    let given = evaluate(&refrigerated("cumulative", "10h"), &sixty_days("8.01"), None, None).unwrap();
    assert_eq!((given.to - given.from).num_seconds(), 60 * DAY_S);
    assert_eq!((given.readings, given.verdict), (5_760, Verdict::Excursion));
    let coverage = given.coverage;
    let warm_s = 60 * QUARTER_S;
    assert_eq!(
        (coverage.in_range_s, coverage.out_of_range_s, coverage.unknown_s),
        (60 * DAY_S - warm_s, warm_s, 0)
    );
    assert_eq!((given.exposures[0].total_s, given.exposures[0].total_worst_s), (warm_s, warm_s));
    assert_eq!(given.mean.unwrap().0, 50_314); // 5 + 3.01 / 96
    let episodes = shown(&given);
    assert_eq!(episodes.len(), 60);
    // Ten hours are forty quarters: reached at the end of the fortieth day's, which is after the change.
    let quarter = |day: &str, alarmed: &str| {
        [format!("{day}T00:00:00Z"), alarmed.to_owned(), format!("{day}T00:15:00Z"), "900".to_owned()]
    };
    assert_eq!(episodes[38], quarter("2026-04-08", "null"));
    assert_eq!(episodes[39], quarter("2026-04-09", "2026-04-09T00:15:00Z"));
    assert_eq!(episodes[40], quarter("2026-04-10", "2026-04-10T00:00:00Z"));
    let in_range = evaluate(&refrigerated("single", "0s"), &sixty_days("8.00"), None, None).unwrap();
    assert_eq!((in_range.verdict, in_range.episodes.len()), (Verdict::NoExcursion, 0));
}

#[test]
fn of_sixty_days_the_worst_thirty_are_the_earliest_with_one_warm_quarter_more() {
    let given = evaluate(&refrigerated("single", "0s"), &sixty_days("20"), None, None).unwrap();
    let window = serde_json::to_value(&given.mkt_windows[0]).unwrap();
    // Thirty days that begin with a warm quarter hold thirty of them; none hold more.
    assert_eq!(
        (&window["from"], &window["to"]),
        (&"2026-03-01T00:00:00Z".into(), &"2026-03-31T00:00:00Z".into())
    );
    assert_eq!(given.mkt_windows[0].mkt, given.mkt.unwrap());
}
