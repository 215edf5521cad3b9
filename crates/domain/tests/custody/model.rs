//! The rules of custody once more, as they are said: slow, recursive, one box at a time.

use domain::custody::{Act, BoxNumber, Effect, Entry, EntryHash};

use crate::history::{History, SHIPPER};

pub struct Model<'a> {
    history: &'a History,
}

impl<'a> Model<'a> {
    pub fn of(history: &'a History) -> Self {
        Self { history }
    }

    fn get(&self, hash: EntryHash) -> Option<&'a Entry> {
        self.history.entries.iter().find(|(known, _)| *known == hash).map(|(_, entry)| entry)
    }

    fn counting(&self) -> impl Iterator<Item = (EntryHash, &'a Entry)> {
        self.history
            .entries
            .iter()
            .filter(|(hash, entry)| self.counts(*hash, entry))
            .map(|(hash, entry)| (*hash, entry))
    }

    /// A correction counts that the consignor made and that none that counts annuls.
    fn is_corrected(&self, hash: EntryHash, with: Effect) -> bool {
        self.history.entries.iter().any(|(correction, entry)| {
            matches!(&entry.act, Act::Corrected { corrects, effect, .. } if *corrects == hash && *effect == with)
                && entry.by.organisation.id.0 == SHIPPER
                && !self.is_corrected(*correction, Effect::Annulled)
        })
    }

    fn counts(&self, hash: EntryHash, entry: &Entry) -> bool {
        let by = entry.by.organisation.id;
        let target = entry.link().and_then(|link| self.get(link));
        let entitled = match (&entry.act, target.map(|target| (&target.act, target.by.organisation.id))) {
            (Act::Packed { .. }, None) => return true,
            (Act::Offered { .. }, Some((Act::Packed { .. } | Act::Accepted { .. }, holder))) => by == holder,
            (Act::Accepted { .. } | Act::Refused { .. }, Some((Act::Offered { to, .. }, _))) => {
                by == to.organisation.id
            }
            (Act::Withdrawn { .. }, Some((Act::Offered { .. }, offerer))) => by == offerer,
            _ => false,
        };
        entitled && !self.is_corrected(hash, Effect::Annulled)
    }

    fn acceptances(&self, link: EntryHash, number: BoxNumber) -> Vec<(EntryHash, EntryHash)> {
        let mut found = Vec::new();
        for (offer, entry) in self.counting() {
            let is_offer = matches!(&entry.act, Act::Offered { continues, boxes, .. } if *continues == link && boxes.contains(&number));
            for (accepted, entry) in self.counting() {
                if is_offer
                    && matches!(&entry.act, Act::Accepted { answers, boxes, .. } if *answers == offer && boxes.contains(&number))
                {
                    found.push((offer, accepted));
                }
            }
        }
        found
    }

    fn is_declined(&self, offer: EntryHash, number: BoxNumber) -> bool {
        self.counting().any(|(_, entry)| match &entry.act {
            Act::Refused { answers, boxes, .. } => *answers == offer && boxes.contains(&number),
            Act::Withdrawn { answers, .. } => *answers == offer,
            _ => false,
        })
    }

    /// The custodians' entries from this one on.
    pub fn way(&self, link: EntryHash, number: BoxNumber) -> Vec<EntryHash> {
        let acceptances = self.acceptances(link, number);
        let contested =
            acceptances.len() > 1 || acceptances.iter().any(|(offer, _)| self.is_declined(*offer, number));
        let further = |accepted: EntryHash| self.way(accepted, number);
        let next = if contested {
            let standing: Vec<_> =
                acceptances.iter().filter(|(_, a)| self.is_corrected(*a, Effect::Stands)).collect();
            let longest = acceptances.iter().map(|(_, accepted)| further(*accepted).len()).max().unwrap();
            let longest_ones: Vec<_> =
                acceptances.iter().filter(|(_, accepted)| further(*accepted).len() == longest).collect();
            match (&standing[..], &longest_ones[..]) {
                ([one], _) => Some(one.1),
                (_, [one]) if longest > 1 => Some(one.1),
                _ => None,
            }
        } else {
            acceptances.first().map(|(_, accepted)| *accepted)
        };
        let mut way = vec![link];
        way.extend(next.into_iter().flat_map(further));
        way
    }

    /// Whether answers about the box contradict each other at one of its custodians.
    pub fn is_contested(&self, link: EntryHash, number: BoxNumber) -> bool {
        let acceptances = self.acceptances(link, number);
        acceptances.len() > 1 || acceptances.iter().any(|(offer, _)| self.is_declined(*offer, number))
    }
}
