//! What quality decides on a shipment, what its decision settles, and what it leaves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{HoldReason, ShipmentStatus, hold, unwatched};
use crate::AssignmentId;
use crate::evaluate::{Flaw, Verdict};
use crate::named_enum::named_enum;
use crate::time::utc;

named_enum! {
    /// What quality decides on a box, with a signature.
    #[cfg_attr(feature = "schema", schema(as = Decision))]
    Disposition, "disposition" {
        /// It may be used.
        Release = "release",
        /// It must not be used. What becomes of it is decided later.
        Reject = "reject",
        /// It goes back to the consignor.
        Return = "return",
        Destroy = "destroy",
    }
}

impl Disposition {
    /// Whether it keeps the box from use for good.
    pub fn is_final(self) -> bool {
        self != Self::Release
    }

    /// Whether it may be decided where `before` stands: what was once kept from use is never released, and moves only
    /// towards its destruction.
    pub fn may_follow(self, before: Option<Self>) -> bool {
        match before {
            None | Some(Self::Release) => true,
            // In the order of their names: reject, return, destroy.
            Some(before) => self.is_final() && before <= self,
        }
    }
}

impl ShipmentStatus {
    /// Whether quality may decide now: on a hold at any time, without one when the consignee has it.
    pub fn may_be_decided(self, hold: Option<HoldReason>) -> bool {
        hold.is_some() || self == Self::Received
    }

    /// Where a decision leaves the shipment: at its end where it was received and nothing is left to be decided. On its
    /// way it goes on, since somebody has the box.
    pub fn after(self, decided: Disposition) -> Self {
        match (self, decided) {
            (Self::Received, Disposition::Release | Disposition::Return | Disposition::Destroy) => {
                Self::Closed
            }
            _ => self,
        }
    }
}

/// All that was wrong with a shipment as known at some instant: of each ride, and where none watched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaws {
    /// Of each ride in order of time, disjoint.
    pub rides: BTreeMap<AssignmentId, Vec<Flaw>>,
    /// Between the rides: unknown.
    pub unwatched: Vec<Flaw>,
}

impl Flaws {
    /// Of rides with their spans [`from`, `until`) and what is wrong in them.
    pub fn of(rides: impl IntoIterator<Item = (AssignmentId, super::Span, Vec<Flaw>)>) -> Self {
        let (mut spans, mut of_rides) = (Vec::new(), BTreeMap::new());
        for (ride, span, flaws) in rides {
            spans.push(span);
            of_rides.insert(ride, flaws);
        }
        let unwatched = unwatched(spans.into_iter())
            .into_iter()
            .map(|(from, to)| Flaw { from: utc(from), to: utc(to), beyond: None })
            .collect();
        Self { rides: of_rides, unwatched }
    }

    /// The verdict on what is wrong now and was not known to be as bad: the worst of it. `NoExcursion`: there is nothing
    /// but what was known.
    pub fn verdict_beyond(&self, known: &Self) -> Verdict {
        let nothing: &[Flaw] = &[];
        let of_rides = self.rides.iter().map(|(ride, flaws)| {
            let known = known.rides.get(ride).map_or(nothing, Vec::as_slice);
            verdict_beyond(flaws, known)
        });
        let unwatched = verdict_beyond(&self.unwatched, &known.unwatched);
        of_rides.chain([unwatched]).max().unwrap_or(Verdict::NoExcursion)
    }
}

fn verdict_beyond(flaws: &[Flaw], known: &[Flaw]) -> Verdict {
    let news = flaws.iter().filter(|flaw| !covers(known, flaw));
    let verdict = |flaw: &Flaw| flaw.beyond.map_or(Verdict::Incomplete, |_| Verdict::Excursion);
    news.map(verdict).max().unwrap_or(Verdict::NoExcursion)
}

/// Whether each second of the flaw was known to be as bad.
fn covers(known: &[Flaw], flaw: &Flaw) -> bool {
    let first = known.partition_point(|known| known.to <= flaw.from);
    let mut covered_until = flaw.from;
    for known in known.get(first..).unwrap_or_default() {
        if covered_until >= flaw.to || known.from > covered_until || !known.is_as_bad_as(flaw) {
            break;
        }
        covered_until = known.to;
    }
    covered_until >= flaw.to
}

/// The hold that a decision leaves, given the verdict on what is wrong beyond what was known when it was taken. A release
/// covers what quality could know; any other decision is a hold for good.
pub fn hold_after(decided: Disposition, beyond: Verdict) -> Option<HoldReason> {
    if decided.is_final() { Some(HoldReason::Decision) } else { hold(None, beyond) }
}

/// The hold of a shipment that turns back: what comes back is kept apart until quality has decided (EU GDP 6.3). A reason that
/// quality alone can settle stays.
pub fn hold_turned_back(hold: Option<HoldReason>) -> Option<HoldReason> {
    hold.filter(|hold| *hold != HoldReason::Incomplete).or(Some(HoldReason::Returned))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::evaluate::Beyond;
    use crate::shipment::Span;

    fn above(from: i64, to: i64, above: i32) -> Flaw {
        Flaw { from: utc(from), to: utc(to), beyond: Some(Beyond { below: 0, above }) }
    }

    fn unknown(from: i64, to: i64) -> Flaw {
        Flaw { from: utc(from), to: utc(to), beyond: None }
    }

    fn one_ride(flaws: Vec<Flaw>) -> Flaws {
        let span: Span = (utc(0), None);
        Flaws::of([(AssignmentId(Uuid::nil()), span, flaws)])
    }

    #[test]
    fn a_release_covers_what_was_known_second_by_second() {
        use Verdict::*;
        let too_warm = || vec![above(600, 1200, 105)];
        for (name, known, now, expected) in [
            ("the same", too_warm(), too_warm(), NoExcursion),
            ("nothing at all", too_warm(), vec![], NoExcursion),
            ("shorter", too_warm(), vec![above(600, 900, 105)], NoExcursion),
            ("less warm", too_warm(), vec![above(600, 1200, 104)], NoExcursion),
            ("in parts", too_warm(), vec![above(600, 700, 90), above(700, 1200, 105)], NoExcursion),
            ("a part of it unknown", too_warm(), vec![above(600, 700, 105), unknown(700, 1200)], NoExcursion),
            ("a second earlier", too_warm(), vec![above(599, 1200, 105)], Excursion),
            ("a second longer", too_warm(), vec![above(600, 1201, 105)], Excursion),
            ("0.01 °C warmer", too_warm(), vec![above(600, 1200, 106)], Excursion),
            (
                "a second warmer within",
                too_warm(),
                vec![above(600, 900, 105), above(900, 901, 106)],
                Excursion,
            ),
            ("as long elsewhere", too_warm(), vec![above(1200, 1800, 105)], Excursion),
            ("another after it", too_warm(), vec![above(600, 1200, 105), above(5000, 5001, 1)], Excursion),
            (
                "a second unknown after it",
                too_warm(),
                vec![above(600, 1200, 105), unknown(1200, 1201)],
                Incomplete,
            ),
            ("a hole filled well", vec![unknown(0, 600)], vec![], NoExcursion),
            ("a hole filled badly", vec![unknown(0, 600)], vec![above(0, 1, 0)], Excursion),
            ("a longer hole", vec![unknown(0, 600)], vec![unknown(0, 601)], Incomplete),
            ("two neighbours as one", vec![above(0, 5, 9), unknown(5, 9)], vec![unknown(0, 9)], NoExcursion),
            (
                "a hole between what was known",
                vec![unknown(0, 5), unknown(6, 9)],
                vec![unknown(0, 9)],
                Incomplete,
            ),
        ] {
            assert_eq!(one_ride(now).verdict_beyond(&one_ride(known)), expected, "{name}");
        }
    }

    #[test]
    fn another_ride_and_time_without_any_are_not_covered() {
        let ride = |id: u128, from: i64, until: i64, flaws: &[Flaw]| {
            let span: Span = (utc(from), Some(utc(until)));
            (AssignmentId(Uuid::from_u128(id)), span, flaws.to_vec())
        };
        let bad = [above(10, 20, 100)];
        let known = Flaws::of([ride(1, 0, 60, &bad)]);
        let both = Flaws::of([ride(1, 0, 60, &bad), ride(2, 0, 60, &bad)]);
        assert_eq!(both.verdict_beyond(&known), Verdict::Excursion, "what the other tracker says is new");
        assert_eq!(known.verdict_beyond(&both), Verdict::NoExcursion);
        let exchanged = |from| Flaws::of([ride(1, 0, 60, &bad), ride(2, from, 90, &[])]);
        assert_eq!(exchanged(60).verdict_beyond(&known), Verdict::NoExcursion);
        assert_eq!(exchanged(61).verdict_beyond(&known), Verdict::Incomplete, "a second without a tracker");
        assert_eq!(exchanged(61).verdict_beyond(&exchanged(61)), Verdict::NoExcursion);
    }

    #[test]
    fn a_release_leaves_what_is_new_and_any_other_decision_a_hold_for_good() {
        use Verdict::*;
        for (decided, beyond, expected) in [
            (Disposition::Release, NoExcursion, None),
            (Disposition::Release, Incomplete, Some(HoldReason::Incomplete)),
            (Disposition::Release, Excursion, Some(HoldReason::Excursion)),
            (Disposition::Reject, NoExcursion, Some(HoldReason::Decision)),
            (Disposition::Return, Excursion, Some(HoldReason::Decision)),
            (Disposition::Destroy, Incomplete, Some(HoldReason::Decision)),
        ] {
            assert_eq!(hold_after(decided, beyond), expected, "{decided} {beyond}");
        }
    }

    #[test]
    fn what_turns_back_is_on_hold_until_quality_has_decided() {
        use HoldReason::*;
        for (before, expected) in [
            (None, Returned),
            (Some(Incomplete), Returned),
            (Some(Returned), Returned),
            (Some(Excursion), Excursion),
            (Some(Recall), Recall),
            (Some(Decision), Decision),
        ] {
            let after = hold_turned_back(before);
            assert_eq!(after, Some(expected), "{before:?}");
            assert!(hold(after, Verdict::NoExcursion).is_some(), "readings alone do not end it");
        }
        let may: Vec<_> =
            ShipmentStatus::ALL.iter().copied().filter(|status| status.may_turn_back()).collect();
        assert_eq!(may, [ShipmentStatus::InTransit, ShipmentStatus::Delivered]);
    }

    #[test]
    fn what_was_kept_from_use_is_never_released() {
        use Disposition::*;
        for (before, allowed) in [
            (None, vec![Release, Reject, Return, Destroy]),
            (Some(Release), vec![Release, Reject, Return, Destroy]),
            (Some(Reject), vec![Reject, Return, Destroy]),
            (Some(Return), vec![Return, Destroy]),
            (Some(Destroy), vec![Destroy]),
        ] {
            let may: Vec<_> =
                Disposition::ALL.iter().copied().filter(|next| next.may_follow(before)).collect();
            assert_eq!(may, allowed, "{before:?}");
        }
    }

    #[test]
    fn quality_decides_on_a_hold_or_after_receipt_and_closes_what_was_received() {
        for status in ShipmentStatus::ALL.iter().copied() {
            let received = status == ShipmentStatus::Received;
            assert_eq!(status.may_be_decided(None), received, "{status}");
            for hold in HoldReason::ALL.iter().copied() {
                assert!(status.may_be_decided(Some(hold)), "{status} {hold}");
            }
            for decided in Disposition::ALL.iter().copied() {
                let closes = received && decided != Disposition::Reject;
                let expected = if closes { ShipmentStatus::Closed } else { status };
                assert_eq!(status.after(decided), expected, "{status} {decided}");
            }
        }
    }
}
