//! Profiles as people write them, right and wrong.

use domain::alert::{AlertKind, Severity};
use domain::profile::{ExposureRule, Limit, Profile, Quantity};
use proptest::prelude::*;

use crate::series::any_profile;

const WHOLE: &str = r#"
name = "Refrigerated, 2 to 8 °C"
max_gap = "40m"
[range]
min_c = 2.0
max_c = 8.0
[[alarm]]
name = "too warm"
quantity = "temperature"
above = 8.0
inclusive = false
exposure = "single"
delay = "30m"
start_delay = "10m"
hysteresis_c = 0.2
severity = "critical"
[[alarm]]
name = "too damp"
quantity = "humidity"
above = 60
exposure = "cumulative"
severity = "info"
[mkt]
limit_c = 25.0
window = "30d"
activation_energy_kj_per_mol = 83.144
"#;

#[test]
fn every_field_is_read() {
    let profile = Profile::from_toml(WHOLE).unwrap();
    assert_eq!((profile.name(), profile.max_gap().seconds()), ("Refrigerated, 2 to 8 °C", 2_400));
    let range = profile.range().unwrap();
    assert_eq!((range.min_c.unwrap().0, range.max_c.unwrap().0), (200, 800));
    let [warm, damp] = profile.alarms() else { panic!("two alarms") };
    assert_eq!(
        (warm.name.as_str(), warm.limit, warm.kind()),
        ("too warm", Limit::Above(800), AlertKind::TemperatureHigh)
    );
    assert_eq!((warm.delay.seconds(), warm.start_delay.seconds(), warm.hysteresis), (1_800, 600, 20));
    assert_eq!(
        (warm.exposure, warm.inclusive, warm.severity),
        (ExposureRule::Single, false, Severity::Critical)
    );
    assert_eq!(
        (damp.quantity, damp.exposure, damp.kind()),
        (Quantity::Humidity, ExposureRule::Cumulative, AlertKind::HumidityHigh)
    );
    assert_eq!((damp.delay.seconds(), damp.severity), (0, Severity::Info));
    let mkt = profile.mkt().unwrap();
    assert_eq!(
        (mkt.limit.0, mkt.window.seconds(), mkt.activation_energy.joules_per_mol()),
        (2_500, 2_592_000, 83_144.0)
    );
    assert_eq!(profile.alarm("too damp"), Some(damp));
}

#[test]
fn json_has_the_same_fields() {
    let profile = Profile::from_toml(WHOLE).unwrap();
    let json = serde_json::to_value(&profile).unwrap();
    assert_eq!(json["range"]["min_c"], 2.0);
    assert_eq!(json["alarm"][0]["delay"], "30m");
    assert_eq!(json["alarm"][0]["hysteresis_c"], 0.2);
    assert_eq!(json["mkt"]["activation_energy_kj_per_mol"], 83.144);
    assert_eq!(serde_json::from_value::<Profile>(json).unwrap(), profile);
}

/// What is written, instead of what, and what the error says.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "max_gap = \"40 min\"",
        "max_gap = \"40m\"",
        "line 3, column 11: max_gap: `40 min` is not a duration: write a whole number and one of s, m, h, d, such as \"40m\"",
    ),
    (
        "max_gap = 40",
        "max_gap = \"40m\"",
        "line 3, column 11: max_gap: invalid type: integer `40`, expected a duration in quotes such as \"40m\"",
    ),
    ("max_gap = \"0s\"", "max_gap = \"40m\"", "line 3, column 11: max_gap: must be longer than 0s"),
    ("", "max_gap = \"40m\"", "missing field `max_gap`"),
    ("max_gap = \"40m\"\nmaxgap = 1", "max_gap = \"40m\"", "line 4, column 1: unknown field `maxgap`"),
    ("min_c = 8.01", "min_c = 2.0", "range: min_c = 8.01 is above max_c = 8: swap them"),
    ("min_c = 2.005", "min_c = 2.0", "line 5, column 9: min_c: 2.005 has more than 2 decimals"),
    ("min_c = -300", "min_c = 2.0", "line 5, column 9: min_c: -300 is out of range"),
    (
        "min_c = \"2\"",
        "min_c = 2.0",
        "line 5, column 9: min_c: invalid type: string \"2\", expected a number such as 8.5",
    ),
    ("min_c = nan", "min_c = 2.0", "line 5, column 9: min_c: NaN is not a number"),
    (
        "above = 8.125",
        "above = 8.0",
        "line 10, column 9: above: 8.125 has more than 2 decimals: round it as you mean it",
    ),
    ("above = 8.0\nbelow = 2.0", "above = 8.0", "alarm `too warm`: has above and below: write two alarms"),
    ("", "above = 8.0", "alarm `too warm`: has no limit: write above"),
    ("above = 151", "above = 60", "alarm `too damp`: above: 151 is out of range"),
    ("hysteresis_c = -0.2", "hysteresis_c = 0.2", "alarm `too warm`: hysteresis_c = -0.2 is negative"),
    (
        "exposure = \"total\"",
        "exposure = \"single\"",
        "unknown variant `total`, expected `single` or `cumulative`",
    ),
    (
        "severity = \"loud\"",
        "severity = \"critical\"",
        "unknown variant `loud`, expected one of `info`, `warning`, `critical`",
    ),
    ("name = \"too warm\"", "name = \"too damp\"", "alarm: two have the name `too warm`: give each its own"),
    ("name = \" \"", "name = \"too damp\"", "line 18, column 8: name: is empty"),
    ("window = \"0d\"", "window = \"30d\"", "window: must be longer than 0s"),
    (
        "activation_energy_kj_per_mol = 0.5",
        "activation_energy_kj_per_mol = 83.144",
        "0.5 kJ/mol is out of range: write 1 to 1000",
    ),
    ("delay = \"30\"", "delay = \"30m\"", "line 13, column 9: delay: `30` is not a duration"),
    ("= 1", "max_gap = \"40m\"", "line 3, column 1: "),
];

#[test]
fn a_wrong_profile_is_refused_with_place_field_value_and_what_to_do() {
    for (wrong, right, expected) in FAULTS {
        assert!(WHOLE.contains(right), "{right}");
        let refused = Profile::from_toml(&WHOLE.replacen(right, wrong, 1)).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(expected), "{wrong}: {text}");
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn a_profile_that_judges_nothing_is_refused_and_one_end_of_a_range_is_enough() {
    let refused = Profile::from_toml("name = \"n\"\nmax_gap = \"1h\"\n").unwrap_err();
    assert!(refused.to_string().contains("judges nothing"), "{refused}");
    assert!(Profile::from_toml("name = \"n\"\nmax_gap = \"1h\"\n[range]\n").is_err());
    let below_25 = Profile::from_toml("name = \"n\"\nmax_gap = \"1h\"\n[range]\nmax_c = 25\n").unwrap();
    assert_eq!(below_25.range().unwrap().min_c, None);
}

#[test]
fn json_errors_name_the_field_too() {
    let refused =
        serde_json::from_str::<Profile>(r#"{"name":"n","max_gap":"4x","range":{"max_c":8}}"#).unwrap_err();
    assert!(refused.to_string().starts_with("max_gap: `4x` is not a duration"), "{refused}");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(profile in any_profile()) {
        let json = serde_json::to_string(&profile).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Profile>(&json).unwrap(), &profile);
        let toml = toml::to_string(&profile).unwrap();
        prop_assert_eq!(Profile::from_toml(&toml).unwrap(), profile);
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
        let _ = Profile::from_toml(&text);
        let _ = Profile::from_toml(&WHOLE.replacen("8.0", &text, 1));
    }
}
