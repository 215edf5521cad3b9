//! What is done with a parent, seen from one shipment of it: which boxes it is about, and what is written.

use std::collections::BTreeSet;

use domain::OrganisationId;
use domain::custody::{Act, Actor, Addressee, BoxNumber, EntryHash, Seen};
use domain::shipment::Act as BoxAct;

use super::fan_out::Share;
use super::load::Part;
use super::problem::ApiError;
use crate::handover::Book;

/// What is done with each shipment's boxes.
pub(super) enum Deed {
    Offer {
        to: OrganisationId,
        person: Option<String>,
    },
    Accept {
        /// What is on hold.
        quarantine: bool,
        answers: Answers,
    },
    Refuse {
        reason: String,
        answers: Answers,
    },
}

/// The offers that are answered; none named: whichever are open.
pub(super) type Answers = BTreeSet<EntryHash>;

impl Deed {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Offer { .. } => "offer",
            Self::Accept { .. } => "accept",
            Self::Refuse { .. } => "refuse",
        }
    }

    /// The offers that it answers; none of an offer, which answers nothing.
    const fn answers(&self) -> Option<&Answers> {
        match self {
            Self::Offer { .. } => None,
            Self::Accept { answers, .. } | Self::Refuse { answers, .. } => Some(answers),
        }
    }

    /// An offer that is not open any more is answered by nothing, nor are the others that are named beside it.
    pub(super) fn check_answers(&self, parts: &[Part], by: &Actor) -> Result<(), ApiError> {
        let Some(answers) = self.answers() else { return Ok(()) };
        let open: Answers = parts.iter().flat_map(|part| open_to(part, by)).collect();
        let Some(closed) = answers.difference(&open).next() else { return Ok(()) };
        let of = parts.iter().find(|part| offers_to(&part.book, by).any(|(offer, _)| offer == *closed));
        let of = of.map_or_else(|| closed.to_string(), |part| format!("of {}", part.book.shipment.reference));
        Err(ApiError::Conflict(format!(
            "answers: the offer {of} is not open to you in this parent: it was answered or taken back, or \
             is somebody else's. Nothing was written; see the custody of its shipments"
        )))
    }

    /// Nothing on hold is accepted into stock; all of it is named at once.
    pub(super) fn check_hold(&self, parts: &[Part]) -> Result<(), ApiError> {
        let Self::Accept { quarantine: false, .. } = self else { return Ok(()) };
        let held: Vec<String> = parts.iter().filter_map(|part| held_back(&part.book)).collect();
        if held.is_empty() {
            return Ok(());
        }
        Err(ApiError::Conflict(format!(
            "quarantine: on hold in this parent: {}. Take it over into quarantine, which marks these; keep them apart and do \
             not use them",
            held.join(", ")
        )))
    }

    /// The entry that one for this box continues or answers; none where the writer has nothing to do with it.
    pub(super) fn link(&self, book: &Book, by: &Actor, number: BoxNumber, parent: &str) -> Option<EntryHash> {
        let one = book.ledger.custody.boxes.get(&number)?;
        let Some(answers) = self.answers() else {
            return (one.present.organisation.id == by.organisation.id).then_some(one.present.link);
        };
        let is_meant =
            |offer: &EntryHash| one.offers.contains(offer) && (answers.is_empty() || answers.contains(offer));
        // Offered twice to the same, it is the same box: the offer of this parent is answered, and the last of those.
        let offers = offers_to(book, by).enumerate().filter(|(_, (offer, _))| is_meant(offer));
        offers.max_by_key(|(place, (_, of))| (*of == Some(parent), *place)).map(|(_, (offer, _))| offer)
    }

    pub(super) fn act(&self, book: &Book, seen: &Seen, share: Share, parent: &str) -> Result<Act, ApiError> {
        let Share { link, boxes, exceptions, seals } = share;
        let seen = Seen { seals, ..seen.clone() };
        Ok(match self {
            Self::Offer { to, person } => {
                let organisation = book.party(*to).ok_or_else(|| {
                    ApiError::Unprocessable(
                        "to.organisation: there is no such organisation; see /organisations".into(),
                    )
                })?;
                let to = Addressee { organisation, person: person.clone() };
                Act::Offered { continues: link, boxes, exceptions, parent: Some(parent.to_owned()), to, seen }
            }
            Self::Accept { quarantine, .. } => {
                let quarantine = *quarantine && held_back(book).is_some();
                Act::Accepted { answers: link, boxes, exceptions, quarantine, seen }
            }
            Self::Refuse { reason, .. } => {
                Act::Refused { answers: link, boxes, reason: reason.clone(), seen }
            }
        })
    }

    pub(super) fn why_left_out(&self, by: &Actor) -> String {
        let name = &by.organisation.name;
        match self {
            Self::Offer { .. } => format!("{name} does not have them"),
            Self::Accept { .. } | Self::Refuse { .. } => format!("there is no open offer of them to {name}"),
        }
    }

    pub(super) fn nothing_to_do(&self) -> ApiError {
        let what = match self {
            Self::Offer { .. } => "the caller has none of the boxes in this parent, or all are exceptions",
            Self::Accept { .. } => "nothing in this parent was offered to the caller, or all are exceptions",
            Self::Refuse { .. } => "nothing in this parent was offered to the caller",
        };
        ApiError::Conflict(format!("nothing was written: {what}; see the custody of its shipments"))
    }
}

/// The offers to the writer as they came to be known, with the parent that each was made of.
fn offers_to<'a>(book: &'a Book, by: &'a Actor) -> impl Iterator<Item = (EntryHash, Option<&'a str>)> {
    book.ledger.read.iter().filter_map(|(record, entry)| match &entry.act {
        Act::Offered { to, parent, .. } if to.organisation.id == by.organisation.id => {
            Some((record.entry, parent.as_deref()))
        }
        _ => None,
    })
}

/// Those of which boxes in the parent are open still.
fn open_to(part: &Part, by: &Actor) -> Answers {
    let boxes = &part.book.ledger.custody.boxes;
    let open: Answers = part
        .boxes
        .iter()
        .filter_map(|number| boxes.get(number))
        .flat_map(|one| &one.offers)
        .copied()
        .collect();
    offers_to(&part.book, by).map(|(offer, _)| offer).filter(|offer| open.contains(offer)).collect()
}

/// The shipment with its hold, where that forbids to accept it into stock.
fn held_back(book: &Book) -> Option<String> {
    let hold = book.shipment.hold?;
    (!BoxAct::AcceptIntoStock.is_permitted(Some(hold), None))
        .then(|| format!("{} ({hold})", book.shipment.reference))
}
