//! A shipment's status, and whether its boxes are on hold.
//!
//! Knows nothing of who carries it: custody is a record of its own.

mod decision;

use chrono::{DateTime, Utc};

pub use self::decision::{Disposition, Flaws, hold_after, hold_turned_back};
use crate::evaluate::Verdict;
use crate::named_enum::named_enum;
use crate::time::unix;

named_enum! {
    /// Where a shipment stands between planning and archive.
    ShipmentStatus, "shipment status" {
        /// Planned; may still change in every part.
        Draft = "draft",
        /// Packed, and a tracker bound; nobody has taken it over yet.
        Packed = "packed",
        /// A carrier has accepted it.
        InTransit = "in_transit",
        /// At the consignee's place, and not accepted there; readings from its way may still arrive.
        Delivered = "delivered",
        /// The consignee has accepted it.
        Received = "received",
        /// Quality has decided on it.
        Closed = "closed",
        /// Called off.
        Cancelled = "cancelled",
    }
}

impl ShipmentStatus {
    /// Whether a shipment may move from here to `next`: forward, where a carrier or the arrival may be left out; to be
    /// called off as long as nobody has taken it over; and nowhere from its end.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Closed | Self::Cancelled, _) => false,
            (Self::Draft | Self::Packed, Self::Cancelled) => true,
            (Self::Draft, next) => next == Self::Packed,
            (Self::Received, next) => next == Self::Closed,
            (from, next) => from < next && next < Self::Closed,
        }
    }

    /// Whether it may turn back: somebody has taken it over and nobody has accepted it at its end. It keeps its status,
    /// since somebody carries it still: it is received once more where it came from.
    pub fn may_turn_back(self) -> bool {
        matches!(self, Self::InTransit | Self::Delivered)
    }

    /// Whether it is still to be watched, and may be given another tracker: not yet accepted at its end, nor called off.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Draft | Self::Packed | Self::InTransit | Self::Delivered)
    }
}

named_enum! {
    /// Why a box must not be used for now.
    HoldReason, "hold reason" {
        /// Something known was out of range. Only quality's decision ends it.
        Excursion = "excursion",
        /// Something is unknown, and nothing known is out of range. Ends by itself when the missing readings arrive.
        Incomplete = "incomplete",
        /// It was turned back on its way. Only quality's decision ends it.
        Returned = "returned",
        /// A lot in it was called back. Only a release that says so ends it.
        Recall = "recall",
        /// Quality rejected it, or has it returned or destroyed. Nothing ends it.
        Decision = "decision",
    }
}

/// One tracker's part of a shipment: [`from`, `until`), to this day where `until` is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedRide {
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    pub verdict: Verdict,
}

/// The verdict on a shipment by its rides: the worst of them, and never better than incomplete where a tracker was
/// exchanged too late, so that for some time none rode with it. `None` without a ride.
pub fn verdict_of(rides: &[JudgedRide]) -> Option<Verdict> {
    let worst = rides.iter().map(|ride| ride.verdict).max()?;
    let is_unwatched = unwatched_s(rides.iter().map(|ride| (ride.from, ride.until))) > 0;
    Some(if is_unwatched { worst.max(Verdict::Incomplete) } else { worst })
}

/// A ride's time: [`from`, `until`), to this day where `until` is `None`.
pub type Span = (DateTime<Utc>, Option<DateTime<Utc>>);

/// Seconds between the beginning of the first ride and the end of the last one in which no tracker rode.
pub fn unwatched_s(rides: impl Iterator<Item = Span>) -> i64 {
    unwatched(rides).into_iter().map(|(from, to)| to - from).sum()
}

/// The times between the rides in which no tracker rode, as Unix seconds [`from`, `to`), in their order.
fn unwatched(rides: impl Iterator<Item = Span>) -> Vec<(i64, i64)> {
    let end_of = |until: Option<DateTime<Utc>>| until.map_or(i64::MAX, unix);
    let mut rides: Vec<(i64, i64)> = rides.map(|(from, until)| (unix(from), end_of(until))).collect();
    rides.sort_unstable();
    let mut watched_until = i64::MAX;
    let mut unwatched = Vec::new();
    for (index, (from, until)) in rides.into_iter().enumerate() {
        if index > 0 && from > watched_until {
            unwatched.push((watched_until, from));
        }
        watched_until = if index == 0 { until } else { watched_until.max(until) };
    }
    unwatched
}

named_enum! {
    /// What may be done with a box.
    Act, "act" {
        HandOver = "hand_over",
        /// Apart from what may be used, marked as on hold.
        AcceptIntoQuarantine = "accept_into_quarantine",
        ReturnToConsignor = "return_to_consignor",
        AcceptIntoStock = "accept_into_stock",
        Dispense = "dispense",
    }
}

impl Act {
    /// Whether it may be done with a box on that hold, on which quality last decided so: it may move on and be kept apart,
    /// and is neither put among what may be used nor used. After a decision against its use it goes back only where that
    /// is the decision.
    pub fn is_permitted(self, hold: Option<HoldReason>, decided: Option<Disposition>) -> bool {
        match self {
            Self::HandOver | Self::AcceptIntoQuarantine => true,
            Self::ReturnToConsignor => {
                hold != Some(HoldReason::Decision) || decided == Some(Disposition::Return)
            }
            Self::AcceptIntoStock | Self::Dispense => hold.is_none(),
        }
    }
}

/// The hold that follows from the one before and from the assessment as it is now; `None` is not on hold.
///
/// A recall and a decision stand above what readings say, and an excursion is sticky even when later data take it back:
/// somebody was told "do not use", and only a person may take that back. It is therefore the one result that does depend on
/// what was known when.
pub fn hold(previous: Option<HoldReason>, verdict: Verdict) -> Option<HoldReason> {
    match (previous, verdict) {
        (Some(stands @ (HoldReason::Decision | HoldReason::Recall)), _) => Some(stands),
        (Some(HoldReason::Excursion), _) | (_, Verdict::Excursion) => Some(HoldReason::Excursion),
        (Some(HoldReason::Returned), _) => Some(HoldReason::Returned),
        (_, Verdict::Incomplete) => Some(HoldReason::Incomplete),
        (_, Verdict::NoExcursion) => None,
    }
}

/// The hold of a box whose lot is called back.
pub fn hold_on_recall(previous: Option<HoldReason>) -> HoldReason {
    previous.unwrap_or(HoldReason::Recall).max(HoldReason::Recall)
}

/// Everything that keeps a box from use, the gravest first. A recall stands above what readings say and does not hide
/// it: beside it stands the hold that follows from the one before the recall and from the verdict as it is now.
pub fn holds(
    hold: Option<HoldReason>,
    before_recall: Option<HoldReason>,
    verdict: Option<Verdict>,
) -> Vec<HoldReason> {
    if hold != Some(HoldReason::Recall) {
        return hold.into_iter().collect();
    }
    let beside = self::hold(before_recall, verdict.unwrap_or(Verdict::NoExcursion));
    let beside = if verdict.is_some() { beside } else { before_recall };
    hold.into_iter().chain(beside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::utc;

    #[test]
    fn a_hold_for_an_excursion_never_falls_away_and_one_for_incomplete_does() {
        use HoldReason::*;
        for (previous, verdict, expected) in [
            (None, Verdict::NoExcursion, None),
            (None, Verdict::Incomplete, Some(Incomplete)),
            (None, Verdict::Excursion, Some(Excursion)),
            (Some(Incomplete), Verdict::NoExcursion, None),
            (Some(Incomplete), Verdict::Incomplete, Some(Incomplete)),
            (Some(Incomplete), Verdict::Excursion, Some(Excursion)),
            (Some(Excursion), Verdict::NoExcursion, Some(Excursion)),
            (Some(Excursion), Verdict::Incomplete, Some(Excursion)),
            (Some(Excursion), Verdict::Excursion, Some(Excursion)),
            (Some(Recall), Verdict::NoExcursion, Some(Recall)),
            (Some(Recall), Verdict::Excursion, Some(Recall)),
            (Some(Returned), Verdict::NoExcursion, Some(Returned)),
            (Some(Returned), Verdict::Incomplete, Some(Returned)),
            (Some(Returned), Verdict::Excursion, Some(Excursion)),
            (Some(Decision), Verdict::NoExcursion, Some(Decision)),
            (Some(Decision), Verdict::Excursion, Some(Decision)),
        ] {
            assert_eq!(hold(previous, verdict), expected, "{previous:?} {verdict:?}");
        }
    }

    #[test]
    fn a_recall_stands_above_what_readings_say_and_does_not_hide_it() {
        use HoldReason::*;
        for (held, before, verdict, expected) in [
            (None, None, Some(Verdict::NoExcursion), vec![]),
            (Some(Excursion), None, Some(Verdict::Excursion), vec![Excursion]),
            (Some(Recall), None, None, vec![Recall]),
            (Some(Recall), None, Some(Verdict::NoExcursion), vec![Recall]),
            (Some(Recall), None, Some(Verdict::Excursion), vec![Recall, Excursion]),
            (Some(Recall), Some(Excursion), Some(Verdict::NoExcursion), vec![Recall, Excursion]),
            (Some(Recall), Some(Incomplete), Some(Verdict::NoExcursion), vec![Recall]),
            (Some(Recall), Some(Incomplete), None, vec![Recall, Incomplete]),
        ] {
            assert_eq!(holds(held, before, verdict), expected, "{held:?} {before:?} {verdict:?}");
        }
    }

    #[test]
    fn a_tracker_exchanged_a_second_too_late_leaves_the_record_incomplete() {
        let ride = |from, until: Option<i64>, verdict| JudgedRide {
            from: utc(from),
            until: until.map(utc),
            verdict,
        };
        let (good, bad) = (Verdict::NoExcursion, Verdict::Excursion);
        for (rides, unwatched, expected) in [
            (vec![], 0, None),
            (vec![ride(0, Some(60), good)], 0, Some(good)),
            (vec![ride(0, Some(60), good), ride(60, None, good)], 0, Some(good)),
            (vec![ride(0, Some(60), good), ride(61, None, good)], 1, Some(Verdict::Incomplete)),
            (vec![ride(61, None, good), ride(0, Some(60), good)], 1, Some(Verdict::Incomplete)),
            (vec![ride(0, Some(60), good), ride(61, None, bad)], 1, Some(bad)),
            // A second tracker bridges the exchange of the first.
            (vec![ride(0, Some(60), good), ride(30, Some(90), good), ride(80, None, good)], 0, Some(good)),
            (vec![ride(0, None, good), ride(90, None, good)], 0, Some(good)),
            (
                vec![ride(0, Some(90), good), ride(10, Some(20), good), ride(100, None, good)],
                10,
                Some(Verdict::Incomplete),
            ),
        ] {
            assert_eq!(unwatched_s(rides.iter().map(|ride| (ride.from, ride.until))), unwatched, "{rides:?}");
            assert_eq!(verdict_of(&rides), expected, "{rides:?}");
        }
    }

    #[test]
    fn a_box_on_hold_moves_and_is_kept_apart_but_is_neither_stocked_nor_used() {
        let holds = HoldReason::ALL.iter().filter(|hold| **hold != HoldReason::Decision);
        for hold in holds.copied().map(Some).chain([None]) {
            for act in Act::ALL {
                let is_use = matches!(act, Act::AcceptIntoStock | Act::Dispense);
                for decided in [None, Some(Disposition::Release)] {
                    assert_eq!(act.is_permitted(hold, decided), hold.is_none() || !is_use, "{act} {hold:?}");
                }
            }
        }
        for (decided, goes_back) in
            [(Disposition::Reject, false), (Disposition::Return, true), (Disposition::Destroy, false)]
        {
            let permitted: Vec<Act> = Act::ALL
                .iter()
                .filter(|act| act.is_permitted(Some(HoldReason::Decision), Some(decided)))
                .copied()
                .collect();
            let back = goes_back.then_some(Act::ReturnToConsignor);
            let expected = [Act::HandOver, Act::AcceptIntoQuarantine].into_iter().chain(back);
            assert_eq!(permitted, expected.collect::<Vec<_>>(), "{decided}");
        }
    }

    #[test]
    fn a_shipment_only_moves_forward() {
        use ShipmentStatus::*;
        let allowed: Vec<_> = ShipmentStatus::ALL
            .iter()
            .flat_map(|from| ShipmentStatus::ALL.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| from.may_become(*to))
            .collect();
        let expected = [
            (Draft, Packed),
            (Draft, Cancelled),
            (Packed, InTransit),
            (Packed, Delivered),
            (Packed, Received),
            (Packed, Cancelled),
            (InTransit, Delivered),
            (InTransit, Received),
            (Delivered, Received),
            (Received, Closed),
        ];
        assert_eq!(allowed, expected);
    }

    #[test]
    fn names_read_back() {
        for status in ShipmentStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(*status));
        }
        assert_eq!("incomplete".parse(), Ok(HoldReason::Incomplete));
        assert!("lost".parse::<ShipmentStatus>().is_err());
    }
}
