//! Darkness that was planned: stretches of a lane without coverage, and flights, on which the radio is off by rule.
//!
//! A tracker that is dark by plan owes nothing. When the darkness is over it owes its next report within its whole
//! patience again: it may have sent one a moment before in vain, and the first one afterwards may be lost like any
//! other. For instance a tracker with 15 minutes between two reports (patience 37 min 30 s) was heard at 10:00 and
//! would be silent at 10:37:30. With a dark window from 10:20 to 12:00 it is silent at 12:37:30.

use chrono::{DateTime, Utc};

use crate::time::unix;

/// No flight with its waiting on the ground is longer: one whose end nobody entered must not hide a lost box.
pub const LONGEST_FLIGHT_S: i64 = 24 * 3600;

/// An interval of time `[from, to)` in which a tracker is not expected to be heard. Empty where `to` is not later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// A planned flight. Hearing the tracker meanwhile does not end it: the last report on the apron comes after the
/// moment that somebody entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    pub from: DateTime<Utc>,
    /// `None`: nobody has said yet when it ends. It counts for [`LONGEST_FLIGHT_S`] at most in any case.
    pub to: Option<DateTime<Utc>>,
}

/// All darkness that is planned for one ride. Nothing, by default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned {
    /// Unix seconds `[from, to)`, in order of time; they may overlap.
    windows: Vec<(i64, i64)>,
}

impl Planned {
    /// Windows and flights in any order; they may overlap.
    pub fn new(dark: &[Window], flights: &[Flight]) -> Self {
        let dark = dark.iter().map(|window| (unix(window.from), unix(window.to)));
        let flights = flights.iter().map(|flight| {
            let latest = unix(flight.from).saturating_add(LONGEST_FLIGHT_S);
            (unix(flight.from), flight.to.map_or(latest, |to| unix(to).min(latest)))
        });
        let mut windows: Vec<_> = dark.chain(flights).filter(|(from, to)| from < to).collect();
        windows.sort_unstable();
        Self { windows }
    }

    /// When a wait of `patience_s` that began at `since` is over. Every window that has begun when it would be over,
    /// and has not ended when it began, begins it anew at the window's end.
    pub(super) fn due_after(&self, since: i64, patience_s: i64) -> i64 {
        let mut since = since;
        for (from, to) in &self.windows {
            if *from > since.saturating_add(patience_s) {
                break;
            }
            since = since.max(*to);
        }
        since.saturating_add(patience_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::silence::{Heard, Schedule, due_at, silent_since};
    use crate::time::utc;

    /// Of a tracker with 15 minutes between two reports.
    const PATIENCE_S: i64 = 900 + 1_350;
    const LAST_S: i64 = 10_000;
    const DUE_S: i64 = LAST_S + PATIENCE_S;

    fn dark(windows: &[(i64, i64)]) -> Planned {
        let windows: Vec<Window> =
            windows.iter().map(|(from, to)| Window { from: utc(*from), to: utc(*to) }).collect();
        Planned::new(&windows, &[])
    }

    fn flight(from: i64, to: Option<i64>) -> Planned {
        Planned::new(&[], &[Flight { from: utc(from), to: to.map(utc) }])
    }

    fn due(planned: &Planned) -> i64 {
        let schedule = Schedule { interval: "15m".parse().unwrap() };
        let heard = Heard {
            assigned_from: utc(0),
            last_received_at: Some(utc(LAST_S)),
            listening_since: Some(utc(0)),
        };
        let due = due_at(schedule, &heard, planned).unwrap();
        assert_eq!(silent_since(schedule, &heard, planned, utc(unix(due) - 1)), None);
        assert_eq!(silent_since(schedule, &heard, planned, due), Some(utc(LAST_S)));
        unix(due)
    }

    #[test]
    fn a_dark_window_begins_the_patience_anew_at_its_end() {
        for (scenario, windows, expected) in [
            ("none", &[][..], DUE_S),
            ("it begins when the report is overdue", &[(DUE_S, DUE_S + 60)], DUE_S + 60 + PATIENCE_S),
            ("it begins one second later", &[(DUE_S + 1, DUE_S + 60)], DUE_S),
            ("it lies within the patience", &[(LAST_S + 100, LAST_S + 200)], LAST_S + 200 + PATIENCE_S),
            ("it began before the last uplink", &[(LAST_S - 500, LAST_S + 300)], LAST_S + 300 + PATIENCE_S),
            ("it ended with the last uplink", &[(LAST_S - 500, LAST_S)], DUE_S),
            ("it ended one second after it", &[(LAST_S - 500, LAST_S + 1)], DUE_S + 1),
            ("it is empty", &[(LAST_S + 5, LAST_S + 5)], DUE_S),
            ("its ends are confused", &[(DUE_S + 50, LAST_S)], DUE_S),
        ] {
            assert_eq!(due(&dark(windows)), expected, "{scenario}");
        }
    }

    #[test]
    fn windows_may_touch_overlap_and_contain_each_other_in_any_order() {
        let end = LAST_S + 9_000;
        for (scenario, windows) in [
            ("one", &[(LAST_S + 100, end)][..]),
            ("two that touch", &[(LAST_S + 100, 12_000), (12_000, end)]),
            ("two that overlap", &[(LAST_S + 100, 15_000), (12_000, end)]),
            ("one in another", &[(LAST_S + 100, end), (12_000, 13_000)]),
            ("the later one first", &[(12_000, end), (LAST_S + 100, 12_000)]),
            ("the second before a report was due", &[(LAST_S + 100, 12_000), (12_000 + PATIENCE_S, end)]),
        ] {
            assert_eq!(due(&dark(windows)), end + PATIENCE_S, "{scenario}");
        }
        let far = [(LAST_S + 100, 12_000), (12_000 + PATIENCE_S + 1, end)];
        assert_eq!(due(&dark(&far)), 12_000 + PATIENCE_S, "a report was due between the two");
    }

    #[test]
    fn a_flight_without_an_end_counts_for_a_day_and_one_with_an_end_for_no_longer() {
        let begins = LAST_S + 60;
        let a_day_later = begins + LONGEST_FLIGHT_S;
        for (to, end) in [
            (None, a_day_later),
            (Some(begins + 7_200), begins + 7_200),
            (Some(a_day_later), a_day_later),
            (Some(a_day_later + 1), a_day_later),
        ] {
            assert_eq!(due(&flight(begins, to)), end + PATIENCE_S, "{to:?}");
        }
        assert_eq!(due(&flight(begins, Some(begins))), DUE_S, "it did not take place");
    }
}
