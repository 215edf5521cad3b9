//! What a profile says beside its limits: how much must be known for a release, and what people read.

use domain::evaluate::Coverage;
use domain::profile::{Measured, Profile};

const WHOLE: &str = r#"
name = "n"
description = "For the\nvaccine."
source = "the manufacturer's letter"
measured = "buffered"
max_gap = "40m"
[range]
max_c = 8
[coverage]
min_for_release_pct = 95.5
"#;

#[test]
fn every_field_is_read_and_written_again() {
    let profile = Profile::from_toml(WHOLE).unwrap();
    assert_eq!(
        (profile.description(), profile.source()),
        (Some("For the\nvaccine."), Some("the manufacturer's letter"))
    );
    assert_eq!(profile.measured(), Some(Measured::Buffered));
    assert_eq!(profile.coverage().unwrap().min_for_release, 9_550);
    let json = serde_json::to_value(&profile).unwrap();
    assert_eq!(
        (&json["measured"], &json["coverage"]["min_for_release_pct"]),
        (&"buffered".into(), &95.5.into())
    );
    assert_eq!(serde_json::from_value::<Profile>(json).unwrap(), profile);
}

/// What is written, instead of what, and what the error says.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "min_for_release_pct = 0",
        "min_for_release_pct = 95.5",
        "min_for_release_pct = 0 is no share: write 0.01 to 100",
    ),
    (
        "min_for_release_pct = 100.01",
        "min_for_release_pct = 95.5",
        "min_for_release_pct = 100.01 is no share",
    ),
    ("min_for_release_pct = -1", "min_for_release_pct = 95.5", "min_for_release_pct = -1 is no share"),
    (
        "min_for_release_pct = 95.555",
        "min_for_release_pct = 95.5",
        "line 10, column 23: min_for_release_pct: 95.555 has more than 2 decimals",
    ),
    ("", "min_for_release_pct = 95.5", "line 9, column 1: missing field `min_for_release_pct`"),
    ("min = 1", "min_for_release_pct = 95.5", "line 10, column 1: unknown field `min`"),
    (
        "measured = \"oil\"",
        "measured = \"buffered\"",
        "line 5, column 12: measured: unknown variant `oil`, expected one of `air`, `buffered`, `product`",
    ),
    ("source = \" \"", "source = \"the manufacturer's letter\"", "line 4, column 10: source: is empty"),
    (
        "source = \"a\\tb\"",
        "source = \"the manufacturer's letter\"",
        "line 4, column 10: source: write at most 2000 characters of plain text",
    ),
    (
        "source = 1",
        "source = \"the manufacturer's letter\"",
        "line 4, column 10: source: invalid type: integer `1`",
    ),
];

#[test]
fn wrong_fields_are_refused_with_place_value_and_what_to_do() {
    for (wrong, right, expected) in FAULTS {
        assert!(WHOLE.contains(right), "{right}");
        let refused = Profile::from_toml(&WHOLE.replacen(right, wrong, 1)).unwrap_err().to_string();
        assert!(refused.contains(expected), "{wrong}: {refused}");
    }
    let long = |length| WHOLE.replacen("the manufacturer's letter", &"ä".repeat(length), 1);
    assert!(Profile::from_toml(&long(2_000)).is_ok());
    assert!(Profile::from_toml(&long(2_001)).is_err());
}

#[test]
fn exactly_the_least_share_suffices_and_one_second_less_known_does_not() {
    let profile = Profile::from_toml(WHOLE).unwrap();
    let known =
        |known_s: i64| Coverage { in_range_s: 1, out_of_range_s: known_s - 1, unknown_s: 10_000 - known_s };
    for (known_s, suffices) in [(10_000, true), (9_551, true), (9_550, true), (9_549, false), (1, false)] {
        assert_eq!(known(known_s).suffices_for_release(&profile), suffices, "{known_s}");
    }
}

#[test]
fn without_a_share_every_second_must_be_known_and_of_no_time_nothing_is() {
    let strict = Profile::from_toml("name = \"n\"\nmax_gap = \"40m\"\n[range]\nmax_c = 8\n").unwrap();
    let known = |unknown_s| Coverage { in_range_s: i64::MAX, out_of_range_s: i64::MAX, unknown_s };
    assert!(known(0).suffices_for_release(&strict));
    assert!(!known(1).suffices_for_release(&strict));
    assert!(!Coverage::default().suffices_for_release(&strict));
}
