//! From the set of entries to who has what.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::corrections::Corrections;
use super::entry::{Act, BoxNumber, Entry, Organisation, Strength};
use super::hash::EntryHash;
use super::links::Links;
use crate::OrganisationId;
use crate::named_enum::named_enum;

/// What a set of entries amounts to. The same for every order of their arrival, and however often each arrived.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Custody {
    /// The entry that packed the boxes; none as long as it has not arrived.
    pub packed: Option<EntryHash>,
    pub boxes: BTreeMap<BoxNumber, BoxCustody>,
    /// By the entry at which they part.
    pub conflicts: Vec<Conflict>,
    /// Entries that change nothing, and why.
    pub ignored: BTreeMap<EntryHash, Ignored>,
}

/// One box. There is always exactly one custodian: the last holding's.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxCustody {
    pub earlier: Vec<Holding>,
    pub present: Holding,
    /// Offers of the present custodian that nobody has answered.
    pub offers: Vec<EntryHash>,
    /// The seal that should be on it.
    pub seal: Option<String>,
}

/// A custodian's time with a box.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    /// The entry by which it began.
    pub link: EntryHash,
    pub organisation: Organisation,
    pub person: Option<String>,
    pub strength: Strength,
    /// When it was written to have begun, but never before its offer nor before the one before it: clocks differ, and a
    /// box is in one hand.
    pub from: DateTime<Utc>,
    /// Apart from what may be used.
    pub quarantine: bool,
}

/// Answers that contradict each other: a box was taken over twice, or taken over and refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The custodian's entry that they all continue.
    pub link: EntryHash,
    pub answers: Vec<EntryHash>,
    pub boxes: Vec<BoxNumber>,
    pub settled: Settled,
}

named_enum! {
    /// What became of a conflict.
    #[cfg_attr(feature = "schema", schema(as = Settlement))]
    Settled, "settlement" {
        /// The custodian before it stays, until a person decides.
        Open = "open",
        /// The consignor said which answer stands.
        ByCorrection = "by_correction",
        /// One of them was handed on further than the others.
        ByContinuation = "by_continuation",
    }
}

named_enum! {
    /// Why an entry changes nothing.
    Ignored, "reason" {
        /// The entry that it names has not arrived.
        Waiting = "waiting",
        /// It names an entry that it cannot continue or answer.
        WrongLink = "wrong_link",
        /// It belongs to another shipment.
        OtherShipment = "other_shipment",
        /// The boxes were packed before.
        PackedBefore = "packed_before",
        /// Whoever offers or seals was not made custodian by the entry that he names.
        NotCustodian = "not_custodian",
        /// Whoever answers is not the one to whom it was offered.
        NotAddressed = "not_addressed",
        /// Only who made an offer takes it back.
        NotOfferer = "not_offerer",
        /// Only the consignor corrects.
        NotConsignor = "not_consignor",
        /// A correction took it out.
        Annulled = "annulled",
    }
}

impl Custody {
    /// Of entries with their hashes, in any order and with any repetitions.
    pub fn of<'a>(entries: impl IntoIterator<Item = (EntryHash, &'a Entry)>) -> Self {
        let entries: BTreeMap<EntryHash, &Entry> = entries.into_iter().collect();
        let is_packed = |(_, entry): &(&EntryHash, &&Entry)| matches!(entry.act, Act::Packed { .. });
        let first = entries.iter().filter(is_packed).min_by_key(|(hash, entry)| (entry.at, **hash));
        let Some((packed, genesis)) = first.map(|(hash, entry)| (*hash, *entry)) else {
            let ignored = entries.keys().map(|hash| (*hash, Ignored::Waiting)).collect();
            return Self { ignored, ..Self::default() };
        };
        let corrections = Corrections::of(&entries, genesis.by.organisation.id);
        let rules = Rules { entries: &entries, packed, genesis, corrections: &corrections };
        let ignored: BTreeMap<EntryHash, Ignored> = entries
            .iter()
            .filter_map(|(hash, entry)| Some((*hash, rules.why_ignored(*hash, entry)?)))
            .collect();
        let counting: BTreeSet<EntryHash> =
            entries.keys().filter(|hash| !ignored.contains_key(hash)).copied().collect();
        let links = Links::of(&entries, counting.iter().copied());
        let mut custody = Self { packed: Some(packed), ignored, ..Self::default() };
        for number in genesis.boxes() {
            custody.follow(*number, packed, &entries, &links, &corrections, &counting);
        }
        custody
    }

    fn follow(
        &mut self,
        number: BoxNumber,
        packed: EntryHash,
        entries: &BTreeMap<EntryHash, &Entry>,
        links: &Links,
        corrections: &Corrections,
        counting: &BTreeSet<EntryHash>,
    ) {
        let mut holdings: Vec<Holding> = Vec::new();
        for (link, step) in links.way(packed, number, corrections) {
            let Some(entry) = entries.get(&link) else { continue };
            let before = holdings.last().map(|before| before.from);
            let offered = entry.link().and_then(|offer| entries.get(&offer)).map(|offer| offer.at);
            let not_before = before.into_iter().chain(offered).max();
            holdings.push(holding(link, entry, not_before));
            if let Some((answers, settled)) = step.contradiction {
                self.add_conflict(link, answers, settled, number);
            }
        }
        let Some(present) = holdings.pop() else { return };
        let held: Vec<EntryHash> =
            holdings.iter().map(|holding| holding.link).chain([present.link]).collect();
        let seal = seal_of(number, &held, entries, counting);
        let offers = links.open_offers(present.link, number);
        self.boxes.insert(number, BoxCustody { earlier: holdings, present, offers, seal });
    }

    /// The same conflict about several boxes is one.
    fn add_conflict(
        &mut self,
        link: EntryHash,
        mut answers: Vec<EntryHash>,
        settled: Settled,
        number: BoxNumber,
    ) {
        answers.sort_unstable();
        let same =
            |known: &&mut Conflict| (known.link, &known.answers, known.settled) == (link, &answers, settled);
        match self.conflicts.iter_mut().find(same) {
            Some(known) => known.boxes.push(number),
            None => self.conflicts.push(Conflict { link, answers, boxes: vec![number], settled }),
        }
    }

    /// The seal that was on a box when it was offered by that entry; none where none is on record.
    pub fn seal_before(
        &self,
        number: BoxNumber,
        offer: EntryHash,
        entries: &BTreeMap<EntryHash, &Entry>,
    ) -> Option<String> {
        let link = entries.get(&offer)?.link()?;
        let held: Vec<EntryHash> = self.boxes.get(&number)?.holdings().map(|holding| holding.link).collect();
        let until = held.iter().position(|held| *held == link)?;
        let counting: BTreeSet<EntryHash> =
            entries.keys().filter(|hash| !self.ignored.contains_key(hash)).copied().collect();
        seal_of(number, held.get(..=until)?, entries, &counting)
    }

    /// Who answered for the box at that instant; none before it was packed.
    pub fn custodian_at(&self, number: BoxNumber, at: DateTime<Utc>) -> Option<&Holding> {
        self.boxes.get(&number)?.holdings().rev().find(|holding| holding.from <= at)
    }
}

impl BoxCustody {
    /// From the first custodian to the present one.
    pub fn holdings(&self) -> impl DoubleEndedIterator<Item = &Holding> {
        self.earlier.iter().chain([&self.present])
    }
}

fn holding(link: EntryHash, entry: &Entry, not_before: Option<DateTime<Utc>>) -> Holding {
    Holding {
        link,
        organisation: entry.by.organisation.clone(),
        person: entry.by.person.clone(),
        strength: entry.by.strength,
        from: not_before.map_or(entry.at, |before| entry.at.max(before)),
        quarantine: matches!(entry.act, Act::Accepted { quarantine: true, .. }),
    }
}

/// The last seal that was put on by one of its custodians; one custodian's own seals follow his own clock.
fn seal_of(
    number: BoxNumber,
    held: &[EntryHash],
    entries: &BTreeMap<EntryHash, &Entry>,
    counting: &BTreeSet<EntryHash>,
) -> Option<String> {
    let sealed = |hash: &EntryHash| match &entries.get(hash)?.act {
        Act::Sealed { continues, boxes, seal, .. } if boxes.contains(&number) => {
            let when = held.iter().position(|link| link == continues)?;
            Some((when, entries.get(hash)?.at, *hash, seal.clone()))
        }
        _ => None,
    };
    let last = counting.iter().filter_map(sealed).max();
    let packed = || match &entries.get(held.first()?)?.act {
        Act::Packed { seals, .. } => Some(seals.iter().find(|seal| seal.number == number)?.seal.clone()),
        _ => None,
    };
    last.map(|(.., seal)| seal).or_else(packed)
}

/// Who may write what.
struct Rules<'a> {
    entries: &'a BTreeMap<EntryHash, &'a Entry>,
    packed: EntryHash,
    genesis: &'a Entry,
    corrections: &'a Corrections,
}

impl Rules<'_> {
    fn why_ignored(&self, hash: EntryHash, entry: &Entry) -> Option<Ignored> {
        if entry.shipment != self.genesis.shipment {
            return Some(Ignored::OtherShipment);
        }
        if self.corrections.is_annulled(hash) && hash != self.packed {
            return Some(Ignored::Annulled);
        }
        let target = match entry.link() {
            None if matches!(entry.act, Act::Packed { .. }) && hash != self.packed => {
                return Some(Ignored::PackedBefore);
            }
            None => return None,
            Some(link) => match self.entries.get(&link) {
                Some(target) => target,
                None => return Some(Ignored::Waiting),
            },
        };
        self.why_not_linked(entry, target)
    }

    fn why_not_linked(&self, entry: &Entry, target: &Entry) -> Option<Ignored> {
        let writer = entry.by.organisation.id;
        let unless = |entitled: OrganisationId, otherwise| (writer != entitled).then_some(otherwise);
        match (&entry.act, &target.act) {
            (Act::Offered { .. } | Act::Sealed { .. }, Act::Packed { .. } | Act::Accepted { .. }) => {
                unless(target.by.organisation.id, Ignored::NotCustodian)
            }
            (Act::Accepted { .. } | Act::Refused { .. }, Act::Offered { to, .. }) => {
                unless(to.organisation.id, Ignored::NotAddressed)
            }
            (Act::Withdrawn { .. }, Act::Offered { .. }) => {
                unless(target.by.organisation.id, Ignored::NotOfferer)
            }
            (Act::Corrected { .. }, _) => unless(self.genesis.by.organisation.id, Ignored::NotConsignor),
            _ => Some(Ignored::WrongLink),
        }
    }
}
