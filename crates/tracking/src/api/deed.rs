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
    },
    Refuse {
        reason: String,
    },
}

impl Deed {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Offer { .. } => "offer",
            Self::Accept { .. } => "accept",
            Self::Refuse { .. } => "refuse",
        }
    }

    /// Nothing on hold is accepted into stock; all of it is named at once.
    pub(super) fn check(&self, parts: &[Part]) -> Result<(), ApiError> {
        let Self::Accept { quarantine: false } = self else { return Ok(()) };
        let held: Vec<String> = parts.iter().filter_map(|part| held_back(&part.book)).collect();
        if held.is_empty() {
            return Ok(());
        }
        Err(ApiError::Conflict(format!(
            "on hold in this parent: {}. Accept it with \"quarantine\": true, which marks these; keep them apart and \
             do not use them",
            held.join(", ")
        )))
    }

    /// The entry that one for this box continues or answers; none where the writer has nothing to do with it.
    pub(super) fn link(&self, book: &Book, by: &Actor, number: BoxNumber, parent: &str) -> Option<EntryHash> {
        let one = book.ledger.custody.boxes.get(&number)?;
        if let Self::Offer { .. } = self {
            return (one.present.organisation.id == by.organisation.id).then_some(one.present.link);
        }
        let open: BTreeSet<EntryHash> = one.offers.iter().copied().collect();
        // Offered twice to the same, it is the same box: the offer of this parent is answered, and the last of those.
        let offers = book.ledger.read.iter().enumerate().filter_map(|(place, (record, entry))| {
            let Act::Offered { to, parent: offered, .. } = &entry.act else { return None };
            let is_meant = open.contains(&record.entry) && to.organisation.id == by.organisation.id;
            is_meant.then_some(((offered.as_deref() == Some(parent), place), record.entry))
        });
        offers.max().map(|(_, offer)| offer)
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
            Self::Accept { quarantine } => {
                let quarantine = *quarantine && held_back(book).is_some();
                Act::Accepted { answers: link, boxes, exceptions, quarantine, seen }
            }
            Self::Refuse { reason } => Act::Refused { answers: link, boxes, reason: reason.clone(), seen },
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

/// The shipment with its hold, where that forbids to accept it into stock.
fn held_back(book: &Book) -> Option<String> {
    let hold = book.shipment.hold?;
    (!BoxAct::AcceptIntoStock.is_permitted(Some(hold), None))
        .then(|| format!("{} ({hold})", book.shipment.reference))
}
