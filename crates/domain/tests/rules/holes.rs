//! One reading of a short series missing, at each place: what is in range, out of it and unknown, and each alarm's
//! best and worst case.

use domain::evaluate::{Assessment, Verdict, evaluate};

use crate::series::{at, profile, readings};

/// Seconds in range, out of range, unknown; best case, worst case.
type Seconds = (i64, i64, i64, i64, i64);

/// A reading every 10 s, which stands for 10 s, of the span [0, 60); without the one at `missing`.
fn with_hole(hundredths: [i32; 6], missing: usize) -> Assessment {
    let rule = profile(
        "name = \"h\"\nmax_gap = \"10s\"\n[range]\nmin_c = 2\nmax_c = 8\n\
         [[alarm]]\nname = \"a\"\nabove = 8\nhysteresis_c = 0.5\n",
    );
    let series: Vec<(i64, i32)> = (0..).step_by(10).zip(hundredths).collect();
    let holed = [&series[..missing.min(6)], series.get(missing + 1..).unwrap_or_default()].concat();
    evaluate(&rule, &readings(&holed), Some(at(0)), Some(at(60))).unwrap()
}

fn seconds(given: &Assessment) -> Seconds {
    let (coverage, exposure) = (given.coverage, &given.exposures[0]);
    let known = (coverage.in_range_s, coverage.out_of_range_s, coverage.unknown_s);
    (known.0, known.1, known.2, exposure.total_s, exposure.total_worst_s)
}

#[test]
fn a_hole_at_each_place_of_an_excursion() {
    // Warm at 10 and 20; at 30 in the band in which hysteresis keeps the exposure going.
    let series = [500, 900, 900, 780, 500, 500];
    let whole: Seconds = (40, 20, 0, 30, 30);
    assert_eq!(seconds(&with_hole(series, 6)), whole);
    for (missing, expected) in [
        // Before it: the worst case begins earlier, and joins.
        (0, (30, 20, 10, 30, 40)),
        (1, (40, 10, 10, 20, 30)),
        // Within it: the best case ends, and in the band nothing begins afresh; the worst case goes on by hysteresis.
        (2, (40, 10, 10, 10, 30)),
        (3, (30, 20, 10, 20, 30)),
        // After it: the worst case goes on until something is known to be back.
        (4, (30, 20, 10, 30, 40)),
        (5, (30, 20, 10, 30, 40)),
    ] {
        let given = with_hole(series, missing);
        assert_eq!(seconds(&given), expected, "hole at {missing}");
        assert_eq!(given.verdict, Verdict::Excursion, "hole at {missing}");
        let lengths: Vec<i64> = given.episodes.iter().map(|episode| episode.exposure_s).collect();
        assert_eq!(lengths.iter().sum::<i64>(), expected.3, "hole at {missing}");
    }
}

#[test]
fn a_hole_at_each_place_of_a_series_in_range() {
    let series = [500, 800, 780, 760, 200, 500];
    assert_eq!(with_hole(series, 6).verdict, Verdict::NoExcursion);
    for (missing, worst) in [
        // 8.00, 7.80 and 7.60 are in the band: what is unknown before them goes on there.
        (0, 40),
        (1, 30),
        (2, 20),
        (3, 10),
        (4, 10),
        (5, 10),
    ] {
        let given = with_hole(series, missing);
        assert_eq!(seconds(&given), (50, 0, 10, 0, worst), "hole at {missing}");
        assert_eq!((given.verdict, given.episodes.len()), (Verdict::Incomplete, 0), "hole at {missing}");
    }
}

#[test]
fn a_hole_in_place_of_the_only_warm_reading_is_incomplete_and_nothing_more() {
    let series = [500, 500, 900, 500, 500, 500];
    assert_eq!(with_hole(series, 6).verdict, Verdict::Excursion);
    for missing in 0..6 {
        let verdict = if missing == 2 { Verdict::Incomplete } else { Verdict::Excursion };
        assert_eq!(with_hole(series, missing).verdict, verdict, "hole at {missing}");
    }
    assert_eq!(seconds(&with_hole(series, 2)), (50, 0, 10, 0, 10));
    // On either side of it the worst case joins: 10 s warm and 10 s unknown.
    assert_eq!(seconds(&with_hole(series, 1)), (40, 10, 10, 10, 20));
    assert_eq!(seconds(&with_hole(series, 3)), (40, 10, 10, 10, 20));
}
