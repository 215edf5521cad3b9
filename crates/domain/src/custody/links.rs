//! The links of one box: which handovers continue which, and which of several the custody follows.

use std::collections::BTreeMap;

use super::corrections::Corrections;
use super::entry::{Act, BoxNumber, Entry};
use super::fold::Settled;
use super::hash::EntryHash;

/// Entries that count, by what they continue or answer.
pub(super) struct Links<'a> {
    /// Offers of a custodian, by the entry that made him it.
    offers: BTreeMap<EntryHash, Vec<EntryHash>>,
    /// By the offer that they answer.
    accepted: BTreeMap<EntryHash, Vec<EntryHash>>,
    /// Refusals and withdrawals, by the offer that they answer.
    declined: BTreeMap<EntryHash, Vec<EntryHash>>,
    entries: &'a BTreeMap<EntryHash, &'a Entry>,
}

/// Where the custody goes from one of its entries.
pub(super) struct Step {
    /// The acceptance that continues it; none: its custodian is still the present one.
    pub next: Option<EntryHash>,
    /// Answers that contradict each other, and what settles it.
    pub contradiction: Option<(Vec<EntryHash>, Settled)>,
}

impl<'a> Links<'a> {
    /// `counting` are entries that their writers were entitled to write.
    pub(super) fn of(
        entries: &'a BTreeMap<EntryHash, &'a Entry>,
        counting: impl Iterator<Item = EntryHash>,
    ) -> Self {
        let (mut offers, mut accepted, mut declined) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for hash in counting {
            let Some(entry) = entries.get(&hash) else { continue };
            let (index, key): (&mut BTreeMap<_, Vec<_>>, _) = match &entry.act {
                Act::Offered { continues, .. } => (&mut offers, continues),
                Act::Accepted { answers, .. } => (&mut accepted, answers),
                Act::Refused { answers, .. } | Act::Withdrawn { answers, .. } => (&mut declined, answers),
                Act::Packed { .. } | Act::Sealed { .. } | Act::Corrected { .. } | Act::Decided { .. } => {
                    continue;
                }
            };
            index.entry(*key).or_default().push(hash);
        }
        Self { offers, accepted, declined, entries }
    }

    /// The way of one box from the entry that packed it: each custodian's entry with the step after it.
    pub(super) fn way(
        &self,
        packed: EntryHash,
        number: BoxNumber,
        corrections: &Corrections,
    ) -> Vec<(EntryHash, Step)> {
        let mut reached = vec![packed];
        let mut next = 0;
        while let Some(link) = reached.get(next).copied() {
            next += 1;
            reached.extend(self.acceptances(link, number));
        }
        // From the ends back: how far a branch was continued says which of two contradictory ones was.
        let mut steps: BTreeMap<EntryHash, (Step, usize)> = BTreeMap::new();
        for link in reached.into_iter().rev() {
            let step = self.step(link, number, corrections, &steps);
            let length = step.next.and_then(|next| Some(steps.get(&next)?.1 + 1)).unwrap_or(0);
            steps.insert(link, (step, length));
        }
        let mut way = Vec::new();
        let mut here = Some(packed);
        while let Some((link, (step, _))) = here.and_then(|link| steps.remove_entry(&link)) {
            here = step.next;
            way.push((link, step));
        }
        way
    }

    fn step(
        &self,
        link: EntryHash,
        number: BoxNumber,
        corrections: &Corrections,
        after: &BTreeMap<EntryHash, (Step, usize)>,
    ) -> Step {
        let acceptances: Vec<EntryHash> = self.acceptances(link, number).collect();
        let accepted_offers = self
            .offers(link, number)
            .filter(|offer| self.answers(&self.accepted, *offer, number).next().is_some());
        let declined: Vec<EntryHash> =
            accepted_offers.flat_map(|offer| self.answers(&self.declined, offer, number)).collect();
        if acceptances.len() < 2 && declined.is_empty() {
            return Step { next: acceptances.first().copied(), contradiction: None };
        }
        let (next, settled) = settle(&acceptances, corrections, after);
        let answers = acceptances.into_iter().chain(declined).collect();
        Step { next, contradiction: Some((answers, settled)) }
    }

    /// Offers that a custodian made of the box.
    pub(super) fn offers(&self, link: EntryHash, number: BoxNumber) -> impl Iterator<Item = EntryHash> {
        self.answers(&self.offers, link, number)
    }

    /// Offers of the box that nobody has answered.
    pub(super) fn open_offers(&self, link: EntryHash, number: BoxNumber) -> Vec<EntryHash> {
        let is_open = |offer: &EntryHash| {
            [&self.accepted, &self.declined]
                .iter()
                .all(|index| self.answers(index, *offer, number).next().is_none())
        };
        self.offers(link, number).filter(is_open).collect()
    }

    fn acceptances(&self, link: EntryHash, number: BoxNumber) -> impl Iterator<Item = EntryHash> {
        self.offers(link, number).flat_map(move |offer| self.answers(&self.accepted, offer, number))
    }

    fn answers(
        &self,
        index: &BTreeMap<EntryHash, Vec<EntryHash>>,
        to: EntryHash,
        number: BoxNumber,
    ) -> impl Iterator<Item = EntryHash> {
        index.get(&to).into_iter().flatten().copied().filter(move |hash| self.covers(*hash, number))
    }

    /// A withdrawal is of the whole offer.
    fn covers(&self, hash: EntryHash, number: BoxNumber) -> bool {
        self.entries.get(&hash).is_some_and(|entry| {
            matches!(entry.act, Act::Withdrawn { .. }) || entry.boxes().contains(&number)
        })
    }
}

/// Which of several contradictory acceptances is followed: the one that a correction says stands; else the one that was
/// continued further than all others, since what was handed on was had; else none, and the custodian stays.
fn settle(
    acceptances: &[EntryHash],
    corrections: &Corrections,
    after: &BTreeMap<EntryHash, (Step, usize)>,
) -> (Option<EntryHash>, Settled) {
    let mut standing = acceptances.iter().filter(|acceptance| corrections.stands(**acceptance));
    if let (Some(one), None) = (standing.next(), standing.next()) {
        return (Some(*one), Settled::ByCorrection);
    }
    let length = |acceptance: &EntryHash| after.get(acceptance).map_or(0, |(_, length)| *length);
    let longest = acceptances.iter().map(length).max().unwrap_or(0);
    let mut longest_ones = acceptances.iter().filter(|acceptance| length(acceptance) == longest);
    match (longest_ones.next(), longest_ones.next()) {
        (Some(one), None) if longest > 0 => (Some(*one), Settled::ByContinuation),
        _ => (None, Settled::Open),
    }
}
