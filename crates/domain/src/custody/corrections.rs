//! Corrections: what the consignor says of entries that are not as they should be, and of corrections themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Act, Entry};
use super::hash::EntryHash;
use crate::OrganisationId;
use crate::named_enum::named_enum;

named_enum! {
    /// What a correction does.
    #[cfg_attr(feature = "schema", schema(as = CorrectionEffect))]
    Effect, "effect" {
        /// The entry was made in error and counts no more.
        Annulled = "annulled",
        /// Of several answers that contradict each other, this one is as it was.
        Stands = "stands",
        /// It counts as before; what is wrong in it stands in the reason.
        Noted = "noted",
    }
}

/// What corrections in effect say of other entries.
#[derive(Default)]
pub(super) struct Corrections {
    annulled: BTreeSet<EntryHash>,
    stands: BTreeSet<EntryHash>,
}

impl Corrections {
    /// Corrections count that were written by the consignor.
    pub(super) fn of(entries: &BTreeMap<EntryHash, &Entry>, consignor: OrganisationId) -> Self {
        let mut by_target: BTreeMap<EntryHash, Vec<(EntryHash, Effect)>> = BTreeMap::new();
        for (hash, entry) in entries {
            if let Act::Corrected { corrects, effect, .. } = &entry.act
                && entry.by.organisation.id == consignor
            {
                by_target.entry(*corrects).or_default().push((*hash, *effect));
            }
        }
        let mut corrections = Self::default();
        // A hash cannot name what was written after it, so no correction leads back to itself, and each is decided
        // after those that correct it.
        let mut order: Vec<EntryHash> =
            by_target.keys().filter(|t| !is_correction(entries, t)).copied().collect();
        let mut next = 0;
        while let Some(target) = order.get(next).copied() {
            next += 1;
            order.extend(by_target.get(&target).into_iter().flatten().map(|(hash, _)| *hash));
        }
        for target in order.into_iter().rev() {
            for (correction, effect) in by_target.get(&target).into_iter().flatten() {
                if corrections.annulled.contains(correction) {
                    continue;
                }
                match effect {
                    Effect::Annulled => drop(corrections.annulled.insert(target)),
                    Effect::Stands => drop(corrections.stands.insert(target)),
                    Effect::Noted => {}
                }
            }
        }
        corrections
    }

    pub(super) fn is_annulled(&self, entry: EntryHash) -> bool {
        self.annulled.contains(&entry)
    }

    pub(super) fn stands(&self, entry: EntryHash) -> bool {
        self.stands.contains(&entry)
    }
}

/// One whose target has not arrived yet is none: it begins its own branch.
fn is_correction(entries: &BTreeMap<EntryHash, &Entry>, hash: &EntryHash) -> bool {
    entries.get(hash).is_some_and(|entry| matches!(entry.act, Act::Corrected { .. }))
}
