//! A shipment's status, and whether its boxes are on hold.
//!
//! Knows nothing of who carries it: custody is a record of its own.

use crate::evaluate::Verdict;
use crate::named_enum::named_enum;

named_enum! {
    /// Where a shipment stands between planning and archive.
    ShipmentStatus, "shipment status" {
        /// Planned; may still change in every part.
        Draft = "draft",
        /// Packed, tracked, on its way.
        InTransit = "in_transit",
        /// Arrived at the consignee; readings from its way may still arrive.
        Delivered = "delivered",
        /// Decided and done.
        Closed = "closed",
    }
}

impl ShipmentStatus {
    /// Whether a person may move a shipment from here to `next`: forward one step, or closed from anywhere
    /// (a shipment that is called off).
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Draft => matches!(next, Self::InTransit | Self::Closed),
            Self::InTransit => matches!(next, Self::Delivered | Self::Closed),
            Self::Delivered => matches!(next, Self::Closed),
            Self::Closed => false,
        }
    }
}

named_enum! {
    /// Why a box must not be used for now.
    HoldReason, "hold reason" {
        /// Something known was out of range. Only quality's decision ends it.
        Excursion = "excursion",
        /// Something is unknown, and nothing known is out of range. Ends by itself when the missing readings arrive.
        Incomplete = "incomplete",
    }
}

/// The hold that follows from the one before and from the assessment as it is now; `None` is not on hold.
///
/// An excursion is sticky even when later data take it back: somebody was told "do not use", and only a
/// person may take that back. It is therefore the one result that does depend on what was known when.
pub fn hold(previous: Option<HoldReason>, verdict: Verdict) -> Option<HoldReason> {
    match (previous, verdict) {
        (Some(HoldReason::Excursion), _) | (_, Verdict::Excursion) => Some(HoldReason::Excursion),
        (_, Verdict::Incomplete) => Some(HoldReason::Incomplete),
        (_, Verdict::NoExcursion) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(hold(previous, verdict), expected, "{previous:?} {verdict:?}");
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
            (Draft, InTransit),
            (Draft, Closed),
            (InTransit, Delivered),
            (InTransit, Closed),
            (Delivered, Closed),
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
