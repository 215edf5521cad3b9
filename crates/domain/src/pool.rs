//! Where a tracker stands between two rides: it goes out with a box and has to come back.
//!
//! Knows no radio: a tracker that is heard is not thereby back, and one that is lost stays lost until somebody has it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::named_enum::named_enum;

/// How many days a tracker may take to come back where its shipment says nothing.
pub const DAYS_TO_RETURN: i32 = 14;

named_enum! {
    /// Where a tracker of the pool stands.
    PoolState, "state of a tracker" {
        /// In the house: it may ride.
        Available = "available",
        /// It rides with a shipment.
        Bound = "bound",
        /// Its last ride is over, and nobody has said that it is back.
        ToReturn = "to_return",
        /// The same, for longer than it may take.
        Overdue = "overdue",
        /// Somebody said so, and nobody since that it is back.
        Lost = "lost",
    }
}

/// A tracker's last ride that took it away. A shipment that was called off took none away: nobody had taken it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRide {
    pub from: DateTime<Utc>,
    /// `None` while it lasts.
    pub until: Option<DateTime<Utc>>,
    /// How long it may take to come back; `None`: [`DAYS_TO_RETURN`].
    pub days_to_return: Option<i32>,
}

impl LastRide {
    /// When the tracker must be back at the latest; `None` while it rides. A day is 24 hours.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        let days = i64::from(self.days_to_return.unwrap_or(DAYS_TO_RETURN));
        self.until
            .map(|until| until.checked_add_signed(TimeDelta::days(days)).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    fn lasts_at(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// What is known of a tracker's whereabouts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whereabouts {
    pub last_ride: Option<LastRide>,
    /// When somebody last said that it is back.
    pub returned_at: Option<DateTime<Utc>>,
    /// When somebody last said that it is lost.
    pub lost_at: Option<DateTime<Utc>>,
}

impl Whereabouts {
    /// The state at `now`. It is overdue from the instant at which it must be back.
    pub fn state(&self, now: DateTime<Utc>) -> PoolState {
        let is_back_since =
            |instant: DateTime<Utc>| self.returned_at.is_some_and(|returned| returned >= instant);
        if self.lost_at.is_some_and(|lost| !is_back_since(lost)) {
            return PoolState::Lost;
        }
        let Some(ride) = self.last_ride else { return PoolState::Available };
        match (ride.until, ride.due_at()) {
            _ if ride.lasts_at(now) => PoolState::Bound,
            (Some(until), _) if is_back_since(until) => PoolState::Available,
            (_, Some(due)) if now >= due => PoolState::Overdue,
            _ => PoolState::ToReturn,
        }
    }

    /// Whether somebody can say that it is back: it is away, and rides with nothing.
    pub fn may_be_returned(&self, now: DateTime<Utc>) -> bool {
        let rides = self.last_ride.is_some_and(|ride| ride.lasts_at(now));
        !rides && matches!(self.state(now), PoolState::ToReturn | PoolState::Overdue | PoolState::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::utc;

    const DAY: i64 = 86_400;

    fn ride(until: Option<i64>, days_to_return: Option<i32>) -> Option<LastRide> {
        Some(LastRide { from: utc(0), until: until.map(utc), days_to_return })
    }

    #[test]
    fn a_tracker_is_out_until_somebody_says_that_it_is_back() {
        use PoolState::*;
        let end = 100;
        let due = end + 14 * DAY;
        for (name, last_ride, returned, lost, now, expected) in [
            ("never rode", None, None, None, 0, Available),
            ("rides", ride(None, None), None, None, due, Bound),
            ("the last second of its ride", ride(Some(end), None), None, None, end - 1, Bound),
            ("its ride is over", ride(Some(end), None), None, None, end, ToReturn),
            ("a second before it is due", ride(Some(end), None), None, None, due - 1, ToReturn),
            ("due", ride(Some(end), None), None, None, due, Overdue),
            ("a day to return: a second less", ride(Some(end), Some(1)), None, None, end + DAY - 1, ToReturn),
            ("a day to return", ride(Some(end), Some(1)), None, None, end + DAY, Overdue),
            ("back", ride(Some(end), None), Some(end), None, due, Available),
            ("back from an earlier ride", ride(Some(end), None), Some(end - 1), None, end, ToReturn),
            ("back when it was overdue", ride(Some(end), None), Some(due + 1), None, due + 2, Available),
            ("lost on its ride", ride(None, None), None, Some(50), 60, Lost),
            ("lost in the house", None, None, Some(50), 60, Lost),
            ("lost and overdue", ride(Some(end), None), None, Some(due), due, Lost),
            ("lost and found", ride(Some(end), None), Some(due + 1), Some(due), due + 2, Available),
            ("lost again", ride(Some(end), None), Some(due), Some(due + 1), due + 2, Lost),
        ] {
            let whereabouts =
                Whereabouts { last_ride, returned_at: returned.map(utc), lost_at: lost.map(utc) };
            assert_eq!(whereabouts.state(utc(now)), expected, "{name}");
            let may = matches!(expected, ToReturn | Overdue | Lost)
                && last_ride.is_none_or(|ride| ride.until.is_some());
            assert_eq!(whereabouts.may_be_returned(utc(now)), may, "{name}");
        }
    }

    #[test]
    fn times_beyond_the_calendar_are_its_end() {
        let ride =
            LastRide { from: utc(0), until: Some(DateTime::<Utc>::MAX_UTC), days_to_return: Some(365) };
        assert_eq!(ride.due_at(), Some(DateTime::<Utc>::MAX_UTC));
    }
}
