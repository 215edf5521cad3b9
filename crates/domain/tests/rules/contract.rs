//! The JSON that users' scripts read, in whole.

use domain::evaluate::evaluate;
use serde_json::json;

use crate::series::{profile, readings};

#[test]
fn the_assessment_is_written_as_the_contract_says() {
    let rule = profile(
        "name = \"r\"\nmax_gap = \"40m\"\n[range]\nmin_c = 2\nmax_c = 8\n[[alarm]]\nname = \"too warm\"\nabove = 8\ndelay = \"10m\"\n\
         severity = \"critical\"\n[mkt]\nlimit_c = 8\nwindow = \"1h\"\n",
    );
    let series = readings(&[(0, 500), (1_200, 912), (2_400, 500)]);
    let assessment = evaluate(&rule, &series, None, Some(crate::series::at(5_400))).unwrap();
    let expected = json!({
        "from": "2026-03-01T08:00:00Z",
        "to": "2026-03-01T09:30:00Z",
        "readings": 3,
        "min_c": 5.0,
        "max_c": 9.12,
        "mean_c": 6.03,
        "mkt_c": 6.2367,
        "coverage": { "in_range_s": 3_600, "out_of_range_s": 1_200, "unknown_s": 600 },
        "episodes": [{
            "alarm": "too warm", "severity": "critical",
            "began_at": "2026-03-01T08:20:00Z", "alarmed_at": "2026-03-01T08:30:00Z",
            "ended_at": "2026-03-01T08:40:00Z", "exposure_s": 1_200, "extreme_c": 9.12,
        }],
        "exposures": [{ "alarm": "too warm", "total_s": 1_200, "total_worst_s": 1_800 }],
        "mkt_windows": [{
            "from": "2026-03-01T08:00:00Z", "to": "2026-03-01T09:00:00Z",
            "mkt_c": 6.6110, "exceeded": false,
        }],
        "assessment": "excursion",
    });
    assert_eq!(serde_json::to_value(&assessment).unwrap(), expected);
}
