//! Loss of communication: when no report came from a tracker for too long, and through whose fault. A report is an uplink
//! with a reading later than all before: who is heard and measures nothing any more is silent, too.
//!
//! Judged on the network's receive times and on the tracker's own schedule. What it measured meanwhile is
//! another question ([`numbers`], [`missing`]): a silent tracker may deliver everything afterwards.
//!
//! A tracker owes a report within its patience (one interval plus grace). Planned darkness ([`planned`]) and a
//! gateway's outage begin its patience anew. Trackers that fall silent together because their gateway did
//! ([`outage`]) are one alert.

pub mod missing;
pub mod numbers;
pub mod outage;
pub mod planned;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::planned::{Flight, Planned, Window};
use crate::duration::Duration;
use crate::time::{unix, utc};

/// However often a tracker reports, radio may need this long for one retry.
const LEAST_GRACE_S: i64 = 5 * 60;

/// How often a tracker is expected to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub interval: Duration,
}

impl Schedule {
    /// 1.5 intervals, but at least 5 minutes: one lost uplink is no alert.
    pub fn grace_s(self) -> i64 {
        (self.interval.seconds() * 3 / 2).max(LEAST_GRACE_S)
    }

    /// How long after its last report a tracker counts as silent: one interval plus grace.
    pub fn patience_s(self) -> i64 {
        self.interval.seconds() + self.grace_s()
    }
}

/// What is known of one assigned tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Beginning of the assignment: a tracker that was never heard is silent since then.
    pub assigned_from: DateTime<Utc>,
    /// The network's receive time of the latest report.
    pub last_received_at: Option<DateTime<Utc>>,
    /// The instant at which this service had worked off what waited when it started; `None` while it still does.
    pub listening_since: Option<DateTime<Utc>>,
}

impl Heard {
    /// Since when no report came: the later of the assignment's beginning and the last one, since a
    /// tracker heard before it was assigned owes its first report from then on.
    fn quiet_since(&self) -> i64 {
        unix(self.last_received_at.map_or(self.assigned_from, |last| last.max(self.assigned_from)))
    }
}

/// The instant from which this tracker counts as silent if nothing arrives before; `None` while the backlog
/// is not drained, for then nobody can tell.
///
/// After a restart a whole interval and its grace must pass, or every tracker would be silent at once. So it must
/// after every planned darkness (see [`Planned`]).
pub fn due_at(schedule: Schedule, heard: &Heard, planned: &Planned) -> Option<DateTime<Utc>> {
    due_after(schedule.patience_s(), heard, planned).map(utc)
}

fn due_after(patience_s: i64, heard: &Heard, planned: &Planned) -> Option<i64> {
    let listening_since = unix(heard.listening_since?);
    Some(planned.due_after(heard.quiet_since().max(listening_since), patience_s))
}

/// Since when the tracker is silent: the last report (or the assignment's beginning). `None` as long as it is not.
pub fn silent_since(
    schedule: Schedule,
    heard: &Heard,
    planned: &Planned,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let due_at = due_at(schedule, heard, planned)?;
    (now >= due_at).then(|| utc(heard.quiet_since()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_AGO: i64 = -1_000_000;

    fn every(text: &str) -> Schedule {
        Schedule { interval: text.parse().unwrap() }
    }

    fn heard(assigned_from: i64, last: Option<i64>, listening_since: Option<i64>) -> Heard {
        Heard {
            assigned_from: utc(assigned_from),
            last_received_at: last.map(utc),
            listening_since: listening_since.map(utc),
        }
    }

    fn silent(schedule: Schedule, heard: &Heard, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        silent_since(schedule, heard, &Planned::default(), now)
    }

    #[test]
    fn grace_is_one_and_a_half_intervals_but_at_least_five_minutes() {
        for (interval, grace_s) in [("1m", 300), ("199s", 300), ("200s", 300), ("202s", 303), ("15m", 1_350)]
        {
            assert_eq!(every(interval).grace_s(), grace_s, "{interval}");
        }
    }

    #[test]
    fn silence_begins_to_count_at_one_interval_plus_grace_and_not_a_second_before() {
        let tracker = heard(0, Some(1_000), Some(LONG_AGO));
        let due = 1_000 + 900 + 1_350;
        assert_eq!(due_at(every("15m"), &tracker, &Planned::default()), Some(utc(due)));
        assert_eq!(silent(every("15m"), &tracker, utc(due - 1)), None);
        assert_eq!(silent(every("15m"), &tracker, utc(due)), Some(utc(1_000)));
    }

    #[test]
    fn a_tracker_that_was_never_heard_is_silent_since_its_assignment() {
        let tracker = heard(5_000, None, Some(LONG_AGO));
        assert_eq!(silent(every("10m"), &tracker, utc(5_000 + 1_500)), Some(utc(5_000)));
        let heard_only_before = heard(5_000, Some(100), Some(LONG_AGO));
        assert_eq!(silent(every("10m"), &heard_only_before, utc(5_000 + 1_499)), None);
        assert_eq!(silent(every("10m"), &heard_only_before, utc(5_000 + 1_500)), Some(utc(5_000)));
    }

    #[test]
    fn after_a_restart_nobody_is_silent_until_the_backlog_is_drained_and_a_whole_interval_passed() {
        let draining = heard(0, Some(0), None);
        assert_eq!(due_at(every("10m"), &draining, &Planned::default()), None);
        assert_eq!(silent(every("10m"), &draining, utc(1_000_000)), None);
        let drained = heard(0, Some(0), Some(90_000));
        assert_eq!(silent(every("10m"), &drained, utc(90_000 + 1_499)), None);
        assert_eq!(silent(every("10m"), &drained, utc(90_000 + 1_500)), Some(utc(0)));
    }
}
