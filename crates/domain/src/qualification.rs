//! What entitles an organisation and its people to have a box: a contract and a training that hold at that instant
//! (GDP 2013/C 343/01, chapters 2 and 7).
//!
//! Knows no list of them: whoever asks brings those that are about the organisation or the person.

use chrono::{DateTime, Utc};

use crate::named_enum::named_enum;
use crate::{BadgeId, UserId};

named_enum! {
    /// What an organisation is in the chain.
    OrganisationKind, "kind of organisation" {
        Consignor = "consignor",
        Carrier = "carrier",
        Consignee = "consignee",
        Supplier = "supplier",
    }
}

named_enum! {
    /// What people are trained in.
    TrainingTopic, "topic" {
        /// Good distribution practice: what custody asks for.
        Gdp = "gdp",
        /// Packing and handling of cooled and frozen goods.
        ColdChain = "cold_chain",
        DangerousGoods = "dangerous_goods",
        ControlledSubstances = "controlled_substances",
    }
}

/// Somebody who acts on a box: with an account, or with a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Person {
    User(UserId),
    Badge(BadgeId),
}

/// What spoke for an organisation and a person at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qualified {
    /// The tenant itself needs no contract.
    pub under_contract: bool,
    /// In good distribution practice, as a person of that organisation; nobody knows it of a person who is not named.
    pub trained: bool,
}

/// For how long something holds: from its beginning until just before its end, or until just before it was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub from: DateTime<Utc>,
    /// As agreed; none: without an end.
    pub until: Option<DateTime<Utc>>,
    /// It was ended or revoked then, whatever was agreed.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Validity {
    pub fn holds_at(&self, at: DateTime<Utc>) -> bool {
        let is_before = |end: Option<DateTime<Utc>>| end.is_none_or(|end| at < end);
        self.from <= at && is_before(self.until) && is_before(self.ended_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn it_holds_from_its_first_second_until_just_before_its_end() {
        let of = |from, until: Option<i64>, ended: Option<i64>| Validity {
            from: at(from),
            until: until.map(at),
            ended_at: ended.map(at),
        };
        for (validity, seconds, holds) in [
            (of(10, None, None), 9, false),
            (of(10, None, None), 10, true),
            (of(10, None, None), 1_000_000, true),
            (of(10, Some(20), None), 19, true),
            (of(10, Some(20), None), 20, false),
            (of(10, Some(20), None), 21, false),
            (of(10, Some(20), Some(15)), 14, true),
            (of(10, Some(20), Some(15)), 15, false),
            // Ended later than agreed, the agreed end stands.
            (of(10, Some(20), Some(25)), 19, true),
            (of(10, Some(20), Some(25)), 20, false),
            // Ended before it began, it never held.
            (of(10, None, Some(10)), 10, false),
            (of(10, None, Some(5)), 10, false),
        ] {
            assert_eq!(validity.holds_at(at(seconds)), holds, "{validity:?} at {seconds}");
        }
    }

    #[test]
    fn every_name_reads_back() {
        for kind in OrganisationKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
        }
        for topic in TrainingTopic::ALL {
            assert_eq!(topic.to_string().parse(), Ok(*topic));
        }
    }
}
