//! Stability data as people write it, right and wrong.

use domain::Temperature;
use domain::profile::{AllowedTotal, Edge, Profile};

const WHOLE: &str = r#"
name = "Refrigerated, with stability data"
max_gap = "40m"
[range]
min_c = 2
max_c = 8
[[allowance]]
name = "up to 25 °C"
up_to_c = 25
total = "72h"
[[allowance]]
name = "up to 30 °C"
up_to_c = 30
total = "24h"
[[allowance]]
name = "down to 0 °C"
down_to_c = 0
total = "unlimited"
[freeze_thaw]
at_most = 2
below_c = -0.5
above_c = 0.5
"#;

#[test]
fn every_field_is_read_and_written_again() {
    let profile = Profile::from_toml(WHOLE).unwrap();
    let [room, warm, cold] = profile.allowances() else { panic!("three allowances") };
    assert_eq!((room.name.as_str(), room.edge), ("up to 25 °C", Edge::UpTo(Temperature(2_500))));
    assert_eq!((warm.total.seconds(), cold.total), (Some(24 * 3_600), AllowedTotal::Unlimited));
    assert_eq!(cold.edge, Edge::DownTo(Temperature(0)));
    let freeze_thaw = profile.freeze_thaw().unwrap();
    assert_eq!((freeze_thaw.at_most, freeze_thaw.below.0, freeze_thaw.above.0), (2, -50, 50));

    let json = serde_json::to_value(&profile).unwrap();
    assert_eq!(json["allowance"][0]["up_to_c"], 25.0);
    assert_eq!(json["allowance"][0]["total"], "3d");
    assert_eq!(json["allowance"][2]["total"], "unlimited");
    assert_eq!(json["freeze_thaw"]["at_most"], 2);
    assert_eq!(serde_json::from_value::<Profile>(json).unwrap(), profile);
}

#[test]
fn each_band_begins_where_the_milder_one_ends_and_the_mildest_at_the_label() {
    let profile = Profile::from_toml(WHOLE).unwrap();
    let inner: Vec<_> = profile.bands().map(|band| band.inner.0).collect();
    assert_eq!(inner, [800, 2_500, 200]);
    let outermost = profile.outermost();
    assert_eq!((outermost.min_c, outermost.max_c), (Some(Temperature(0)), Some(Temperature(3_000))));
}

#[test]
fn freezing_and_thawing_have_a_gap_between_them() {
    let rule = Profile::from_toml(WHOLE).unwrap().freeze_thaw().unwrap();
    for (value, frozen) in [(-51, Some(true)), (-50, None), (0, None), (50, None), (51, Some(false))] {
        assert_eq!(rule.is_frozen(value), frozen, "{value}");
    }
}

/// What is written, instead of what, and what the error says.
const FAULTS: &[(&str, &str, &str)] = &[
    ("", "total = \"72h\"", "line 7, column 1: missing field `total`"),
    (
        "total = \"0s\"",
        "total = \"72h\"",
        "line 10, column 9: total: must be longer than 0s: leave the allowance out",
    ),
    (
        "total = \"for ever\"",
        "total = \"72h\"",
        "line 10, column 9: total: `for ever` is not a duration: write a whole number and one of s, m, h, d, such as \
         \"40m\", or \"unlimited\"",
    ),
    (
        "total = 72",
        "total = \"72h\"",
        "line 10, column 9: total: invalid type: integer `72`, expected a duration in quotes such as \"24h\", or \
         \"unlimited\"",
    ),
    ("upto_c = 25", "up_to_c = 25", "line 9, column 1: unknown field `upto_c`"),
    (
        "",
        "up_to_c = 25",
        "line 7, column 1: allowance `up to 25 °C`: has no edge: write up_to_c = … or down_to_c",
    ),
    ("up_to_c = 25\ndown_to_c = 0", "up_to_c = 25", "has up_to_c and down_to_c: write two allowances"),
    ("up_to_c = 25.125", "up_to_c = 25", "line 9, column 11: up_to_c: 25.125 has more than 2 decimals"),
    ("up_to_c = 2000", "up_to_c = 25", "allowance `up to 25 °C`: 2000 is out of range"),
    ("up_to_c = 8", "up_to_c = 25", "up_to_c = 8 is not above the range's max_c = 8"),
    ("down_to_c = 2", "down_to_c = 0", "down_to_c = 2 is not below the range's min_c = 2"),
    (
        "min_c = 2",
        "min_c = 2\nmax_c = 8",
        "allowance `up to 25 °C`: up_to_c needs the label's end: write max_c",
    ),
    (
        "max_c = 8",
        "min_c = 2\nmax_c = 8",
        "allowance `down to 0 °C`: down_to_c needs the label's end: write min_c",
    ),
    (
        "up_to_c = 30",
        "up_to_c = 25",
        "allowance: `up to 25 °C` and `up to 30 °C` end at the same temperature",
    ),
    (
        "total = \"73h\"",
        "total = \"24h\"",
        "allowance `up to 30 °C`: reaches further than `up to 25 °C` and yet lasts longer: its time counts for both, \
         so write at most 3d",
    ),
    (
        "total = \"unlimited\"",
        "total = \"24h\"",
        "allowance `up to 30 °C`: reaches further than `up to 25 °C`",
    ),
    ("name = \"up to 25 °C\"", "name = \"up to 30 °C\"", "allowance: two have the name `up to 25 °C`"),
    ("at_most = -1", "at_most = 2", "line 20, column 11: at_most: invalid value: integer `-1`"),
    ("", "at_most = 2", "line 19, column 1: missing field `at_most`"),
    ("below_c = 0.51", "below_c = -0.5", "freeze_thaw: below_c = 0.51 is above above_c = 0.5: swap them"),
    ("below_c = -300", "below_c = -0.5", "freeze_thaw: below_c: -300 is out of range"),
    ("above_c = \"0\"", "above_c = 0.5", "line 22, column 11: above_c: invalid type: string \"0\""),
    ("thaws = 1", "at_most = 2", "line 20, column 1: unknown field `thaws`"),
];

#[test]
fn wrong_stability_data_are_refused_with_place_field_value_and_what_to_do() {
    Profile::from_toml(WHOLE).unwrap();
    for (wrong, right, expected) in FAULTS {
        assert!(WHOLE.contains(right), "{right}");
        let refused = Profile::from_toml(&WHOLE.replacen(right, wrong, 1)).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains(expected), "{wrong}: {text}");
        assert!(!text.contains('\n'), "{text}");
    }
}

#[test]
fn a_further_allowance_may_last_as_long_as_the_milder_one() {
    assert!(Profile::from_toml(&WHOLE.replacen("24h", "72h", 1)).is_ok());
    assert!(Profile::from_toml(&WHOLE.replacen("72h", "unlimited", 1)).is_ok());
    assert!(Profile::from_toml(&WHOLE.replacen("below_c = -0.5", "below_c = 0.5", 1)).is_ok());
}
