//! Missing readings become an alert: one a ride, for all of its holes, until they are filled.
//!
//! A hole is waited for twice as long as a silent tracker (for 15 minutes between two reports: 75 minutes), since most
//! fill by themselves: each frame repeats earlier readings, and a webhook may be delivered an hour late. A ride's
//! alert says what is missing of it now: amended while holes come and go, closed when all of it has arrived.

use chrono::{DateTime, Utc};

use super::numbers::Hole;
use super::{Planned, Schedule};
use crate::ids::{AlertId, AssignmentId};
use crate::time::{unix, utc};

/// The instant from which a hole is overdue; as with silence, a restart and planned darkness begin the wait anew.
pub fn overdue_at(
    schedule: Schedule,
    known_at: DateTime<Utc>,
    listening_since: DateTime<Utc>,
    planned: &Planned,
) -> DateTime<Utc> {
    utc(planned.due_after(unix(known_at.max(listening_since)), 2 * schedule.patience_s()))
}

/// What is missing of one ride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The lowest and the highest number that are missing; others between them may have come.
    pub first: u32,
    pub last: u32,
    pub readings: u32,
    /// When the readings around all of it were measured. Before the first one that is missing; where that has no time,
    /// after it.
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
}

/// The interval of time in which a tracker rides, [`from`, `until`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub ride: AssignmentId,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

impl Span {
    /// Whether a reading of the hole was measured in it, if they were measured at equal distances. Where only one
    /// side has a time, what is missing may lie anywhere beyond it.
    fn may_hold(&self, hole: &Hole) -> bool {
        let (before, after) = (hole.before_at.map(unix), hole.after_at.map(unix));
        let (first, last) = match (before, after) {
            (Some(before), Some(after)) => {
                let step = (after - before) / i64::from(hole.count() + 1);
                // A clock that was set back turns them round.
                ((before + step).min(after - step), (before + step).max(after - step))
            }
            (Some(before), None) => (before, i64::MAX),
            (None, Some(after)) => (i64::MIN, after),
            (None, None) => return false,
        };
        last >= unix(self.from) && self.until.is_none_or(|until| first < unix(until))
    }
}

/// What is missing of a ride, by the holes of its tracker that are overdue.
pub fn missing_of(span: &Span, overdue: &[Hole]) -> Option<Missing> {
    let concerned = || overdue.iter().filter(|hole| span.may_hold(hole));
    let from = concerned().filter_map(|hole| hole.before_at.or(hole.after_at)).min()?;
    Some(Missing {
        first: concerned().map(|hole| hole.first).min()?,
        last: concerned().map(|hole| hole.last).max()?,
        readings: concerned().map(Hole::count).sum(),
        from,
        to: concerned().filter_map(|hole| hole.after_at).max(),
    })
}

/// An alert about a ride's missing readings that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveMissing {
    pub alert: AlertId,
    pub ride: AssignmentId,
    pub missing: Missing,
}

/// What must be done to the alert of one ride.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingChange {
    Raise { ride: AssignmentId, missing: Missing },
    Amend { alert: AlertId, before: Missing, missing: Missing },
    Close { alert: AlertId },
    Withdraw { alert: AlertId },
}

/// For the audit entry and the page.
pub const ARRIVED: &str = "the missing readings arrived";
pub const OF_ANOTHER_LOG: &str = "the tracker is read as another one now, which has no such numbers";
pub const NOT_OF_THE_RIDE: &str = "the missing readings were measured outside the ride";

/// The changes that make the alerts of one tracker's rides say what is missing of them. `holes` are all of its holes,
/// `followed_from` is the lowest number that is still followed: an alert about a lower one stays as it is, since
/// nobody can tell any more whether that arrived.
pub fn reconcile(
    rides: &[Span],
    holes: &[Hole],
    followed_from: u32,
    alerts: &[LiveMissing],
) -> Vec<MissingChange> {
    let overdue: Vec<Hole> = holes.iter().filter(|hole| hole.overdue).copied().collect();
    let change = |span: &Span| {
        let live = alerts.iter().find(|alert| alert.ride == span.ride);
        match (live, missing_of(span, &overdue)) {
            (Some(live), _) if live.missing.first < followed_from => None,
            (Some(live), Some(missing)) if live.missing == missing => None,
            (Some(LiveMissing { alert, missing: before, .. }), Some(missing)) => {
                Some(MissingChange::Amend { alert: *alert, before: *before, missing })
            }
            (Some(LiveMissing { alert, missing, .. }), None) => {
                let still = |hole: &Hole| hole.first <= missing.last && hole.last >= missing.first;
                Some(match holes.iter().any(still) {
                    true => MissingChange::Withdraw { alert: *alert },
                    false => MissingChange::Close { alert: *alert },
                })
            }
            (None, Some(missing)) => Some(MissingChange::Raise { ride: span.ride, missing }),
            (None, None) => None,
        }
    };
    rides.iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    fn ride(number: u128) -> AssignmentId {
        AssignmentId(uuid::Uuid::from_u128(number))
    }

    /// Readings a quarter of an hour apart: number n at minute 15 n.
    fn hole(first: u32, last: u32) -> Hole {
        let at = |number: u32| Some(utc(i64::from(number) * 15 * MINUTE));
        let (before_at, after_at) = (at(first - 1), at(last + 1));
        Hole { first, last, before_at, after_at, known_at: utc(0), overdue: true }
    }

    fn span(from_min: i64, until_min: Option<i64>) -> Span {
        Span {
            ride: ride(1),
            from: utc(from_min * MINUTE),
            until: until_min.map(|until| utc(until * MINUTE)),
        }
    }

    fn missing(first: u32, last: u32, readings: u32) -> Missing {
        let (Some(from), to) = (hole(first, first).before_at, hole(last, last).after_at) else { panic!() };
        Missing { first, last, readings, from, to }
    }

    #[test]
    fn a_hole_is_overdue_after_twice_the_patience_and_not_a_second_before() {
        let schedule = Schedule { interval: "15m".parse().unwrap() };
        let due =
            |known, listening| unix(overdue_at(schedule, utc(known), utc(listening), &Planned::default()));
        assert_eq!(due(1_000, 0), 1_000 + 75 * MINUTE);
        assert_eq!(due(1_000, 999), due(1_000, 1_000));
        assert_eq!(due(1_000, 1_001), 1_001 + 75 * MINUTE, "a restart begins the wait anew");
        let dark = super::super::Window { from: utc(2_000), to: utc(9_000) };
        let dark = Planned::new(&[dark], &[]);
        assert_eq!(unix(overdue_at(schedule, utc(1_000), utc(0), &dark)), 9_000 + 75 * MINUTE);
    }

    #[test]
    fn a_ride_misses_what_was_measured_in_it() {
        // Numbers 4 and 5, at minutes 60 and 75.
        for (from, until, concerned) in [
            (0, None, true),
            (75, None, true),
            (76, None, false),
            (0, Some(61), true),
            (0, Some(60), false),
            (62, Some(70), true),
        ] {
            let found = missing_of(&span(from, until), &[hole(4, 5)]);
            assert_eq!(found, concerned.then(|| missing(4, 5, 2)), "{from} {until:?}");
        }
    }

    #[test]
    fn without_the_time_of_a_side_what_is_missing_may_lie_anywhere_beyond_the_other() {
        let hole = hole(4, 5);
        let (before, after) = (Hole { after_at: None, ..hole }, Hole { before_at: None, ..hole });
        for (hole, from, until, concerned) in [
            (before, 1_000, None, true),
            (before, 0, Some(46), true),
            (before, 0, Some(45), false),
            (after, 0, Some(1), true),
            (after, 90, None, true),
            (after, 91, None, false),
            (Hole { before_at: None, ..before }, 0, None, false),
        ] {
            let found = missing_of(&span(from, until), &[hole]);
            assert_eq!(found.is_some(), concerned, "{hole:?} {from} {until:?}");
        }
        let turned = Hole { before_at: hole.after_at, after_at: hole.before_at, ..hole };
        assert!(missing_of(&span(62, Some(70)), &[turned]).is_some(), "a clock that was set back");
    }

    #[test]
    fn one_alert_follows_all_holes_of_a_ride() {
        let alert = AlertId(uuid::Uuid::from_u128(9));
        let live = |missing| [LiveMissing { alert, ride: ride(1), missing }];
        let waited_for = Hole { overdue: false, ..hole(20, 20) };
        let before = missing(4, 5, 2);
        for (scenario, holes, alerts, expected) in [
            ("none", vec![], &[][..], None),
            ("one that may still fill", vec![waited_for], &[], None),
            ("one", vec![hole(4, 5)], &[], Some(MissingChange::Raise { ride: ride(1), missing: before })),
            ("the same", vec![hole(4, 5), waited_for], &live(before), None),
            (
                "another one",
                vec![hole(4, 5), hole(9, 9)],
                &live(before),
                Some(MissingChange::Amend { alert, before, missing: missing(4, 9, 3) }),
            ),
            (
                "a part of it came",
                vec![hole(5, 5)],
                &live(before),
                Some(MissingChange::Amend { alert, before, missing: missing(5, 5, 1) }),
            ),
            ("all of it came", vec![waited_for], &live(before), Some(MissingChange::Close { alert })),
        ] {
            let changes = reconcile(&[span(0, None)], &holes, 1, alerts);
            assert_eq!(changes, Vec::from_iter(expected), "{scenario}");
        }
        let shorter = reconcile(&[span(0, Some(30))], &[hole(4, 5)], 1, &live(before));
        assert_eq!(shorter, [MissingChange::Withdraw { alert }], "the ride ended before");
        assert_eq!(
            reconcile(&[span(0, None)], &[], 5, &live(before)),
            [],
            "number 4 is not followed any more"
        );
    }
}
