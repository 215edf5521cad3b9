//! What another company's system handed in, held against the ledger: what it continues, and of which boxes it is.
//!
//! Nothing is guessed. What names an entry or an event continues that and nothing else; what names neither continues the
//! one holding or open offer that it can mean. What cannot be told yet waits beside the ledger, and is written with the
//! entry that it waited for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::custody::{
    Account, Act, Actor, Addressee, BoxNumber, Entry, EntryHash, Organisation, Seal, Seen, Strength,
    handed_in_id,
};
use domain::hand_in::{Continues, HandIn, PartyRef, What};
use store::{AuditEntry, Connection, Partner, StoreError, StoredHandIn};

use crate::Service;
use crate::arrived::MOST_AHEAD;
use crate::handover::Book;
use crate::live::OwnedChange;

/// A handed-in event whose entry is not written.
pub struct Waiting {
    pub stored: StoredHandIn,
    pub event: HandIn,
}

/// Why an event has no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pending {
    /// Something that has not come yet.
    Waits(String),
    /// It can mean several things, or none: the sender has to say more.
    Unclear(String),
}

impl Waiting {
    pub fn of(stored: Vec<StoredHandIn>) -> Result<Vec<Self>, StoreError> {
        let read = |stored: StoredHandIn| {
            let event = serde_json::from_str(&stored.event).map_err(|error| StoreError::Unreadable {
                what: "handed-in event",
                reason: error.to_string(),
            })?;
            Ok(Self { stored, event })
        };
        let mut waiting: Vec<Self> = stored.into_iter().map(read).collect::<Result<_, StoreError>>()?;
        waiting.sort_by_key(Self::place);
        Ok(waiting)
    }

    /// In the order in which it happened, as far as the senders' clocks say.
    fn place(&self) -> (DateTime<Utc>, uuid::Uuid) {
        (self.event.at, self.stored.entry_id)
    }
}

impl Book {
    /// Takes an event in; [`Book::settle`] writes it as soon as it can be.
    pub fn wait(&mut self, waiting: Waiting) {
        let place = self.waiting.partition_point(|other| other.place() <= waiting.place());
        self.waiting.insert(place, waiting);
    }

    /// Writes what waits no longer, one after another, since each entry may be what another waited for.
    pub async fn settle(
        &mut self,
        service: &Service,
        db: &mut Connection,
        now: DateTime<Utc>,
    ) -> Result<Vec<OwnedChange>, StoreError> {
        let mut changes = Vec::new();
        while let Some((place, act)) = self.next_act() {
            let Waiting { stored, event } = self.waiting.remove(place);
            let Some(organisation) = self.party(stored.party) else { continue };
            let entry = entry(&stored, event, organisation, act);
            let detail = serde_json::json!({ "act": entry.act, "strength": entry.by.strength, "event": stored.event_id });
            changes.extend(self.write_one(service, db, entry, now).await?);
            db.note_hand_in_written(self.owner, (stored.party, &stored.event_id), now).await?;
            let audit = AuditEntry {
                organisation: self.owner,
                actor: Some(stored.handed_in_by),
                action: "custody.written",
                subject: self.shipment.id.to_string(),
                detail,
            };
            db.write_audit(&[audit], now).await?;
        }
        Ok(changes)
    }

    fn next_act(&self) -> Option<(usize, Act)> {
        let acts = self.waiting.iter().enumerate();
        acts.filter_map(|(place, one)| Some((place, self.act(&one.event, one.stored.party).ok()?))).next()
    }

    /// What the organisation's event amounts to as the ledger stands.
    pub fn act(&self, event: &HandIn, by: OrganisationId) -> Result<Act, Pending> {
        if let Some(number) = event.boxes.iter().find(|number| !self.boxes.contains(number)) {
            return Err(Pending::Unclear(format!("boxes: the shipment has no box {number}")));
        }
        let (link, boxes) = match &event.continues {
            Some(Continues::Entry(entry)) => (*entry, self.boxes_of(*entry)),
            Some(Continues::Event { id, by }) => {
                // The same of an organisation that there is not: whether there is one is not every sender's to know.
                let entry = self.named(*by).and_then(|party| self.entry_of(handed_in_id(party.id, id)));
                let (entry, _) =
                    entry.ok_or_else(|| Pending::Waits(format!("it waits for the event {id} of {by}")))?;
                (entry, self.boxes_of(entry))
            }
            None => self.implied(event, by).map(|(link, boxes)| (link, Some(boxes)))?,
        };
        let boxes = match (event.what, event.boxes.is_empty()) {
            (What::Withdrawn, _) => Vec::new(),
            (_, false) => event.boxes.clone(),
            (_, true) => boxes.ok_or_else(|| {
                Pending::Waits(format!("it names no boxes and waits for the entry {link}, which says which"))
            })?,
        };
        self.act_of(event, link, boxes)
    }

    fn act_of(&self, event: &HandIn, link: EntryHash, boxes: Vec<BoxNumber>) -> Result<Act, Pending> {
        let reason = event.reason.clone().unwrap_or_default();
        let seals =
            event.seals.iter().filter_map(|one| Some(Seal { number: one.number?, seal: one.seal.clone() }));
        let seen = Seen {
            seals: seals.collect(),
            condition: event.condition,
            note: event.note.clone(),
            photo: None,
        };
        Ok(match event.what {
            What::Offered => {
                let to = event.to.ok_or_else(|| Pending::Unclear("to: is missing".into()))?;
                let party = self.named(to).ok_or_else(|| unknown("to", to))?;
                let organisation = self.party(party.id).ok_or_else(|| unknown("to", to))?;
                let to = Addressee { organisation, person: event.to_person.clone() };
                Act::Offered { continues: link, boxes, exceptions: Vec::new(), parent: None, to, seen }
            }
            What::Accepted => Act::Accepted {
                answers: link,
                boxes,
                exceptions: Vec::new(),
                quarantine: event.quarantine,
                seen,
            },
            What::Refused => Act::Refused { answers: link, boxes, reason, seen },
            What::Withdrawn => Act::Withdrawn { answers: link, reason },
        })
    }

    /// The one holding or open offer that an event can mean which names none.
    fn implied(&self, event: &HandIn, by: OrganisationId) -> Result<(EntryHash, Vec<BoxNumber>), Pending> {
        // Clocks differ; what began later by more than that was not there yet.
        let until = event.at + MOST_AHEAD;
        let is_named = |number: &BoxNumber| event.boxes.is_empty() || event.boxes.contains(number);
        let mut possible: BTreeMap<EntryHash, Vec<BoxNumber>> = BTreeMap::new();
        for (number, one) in self.ledger.custody.boxes.iter().filter(|(number, _)| is_named(number)) {
            if event.what == What::Offered {
                if one.present.organisation.id == by && one.present.from <= until {
                    possible.entry(one.present.link).or_default().push(*number);
                }
                continue;
            }
            for offer in one.offers.iter().filter(|offer| self.is_open_to(**offer, event.what, by, until)) {
                possible.entry(*offer).or_default().push(*number);
            }
        }
        let is_there: usize = possible.len();
        possible.retain(|_, boxes| event.boxes.is_empty() || boxes.len() == event.boxes.len());
        let mut possible = possible.into_iter();
        match (possible.next(), possible.next()) {
            (Some(one), None) => Ok(one),
            (None, _) if is_there == 0 => Err(Pending::Waits(match event.what {
                What::Offered => "its organisation does not have these boxes yet".into(),
                What::Accepted | What::Refused => "there is no open offer of these boxes to its organisation yet".into(),
                What::Withdrawn => "there is no open offer of its organisation yet".into(),
            })),
            _ => Err(Pending::Unclear(
                "continues: it can mean several handovers; name the entry or the event that it continues, and the boxes \
                 of one handover in a line"
                    .into(),
            )),
        }
    }

    fn is_open_to(&self, offer: EntryHash, what: What, by: OrganisationId, until: DateTime<Utc>) -> bool {
        let offer = self.ledger.read.iter().find(|(record, _)| record.entry == offer);
        offer.is_some_and(|(_, entry)| match &entry.act {
            Act::Offered { .. } if what == What::Withdrawn => {
                entry.by.organisation.id == by && entry.at <= until
            }
            Act::Offered { to, .. } => to.organisation.id == by && entry.at <= until,
            _ => false,
        })
    }

    /// None where that entry is not there, or is about no box.
    fn boxes_of(&self, entry: EntryHash) -> Option<Vec<BoxNumber>> {
        let (_, entry) = self.ledger.read.iter().find(|(record, _)| record.entry == entry)?;
        (!entry.boxes().is_empty()).then(|| entry.boxes().to_vec())
    }

    fn named(&self, party: PartyRef) -> Option<&Partner> {
        named(&self.parties, party)
    }
}

/// The tenant or partner that is meant; none where none is, or where two have the same number.
pub fn named(parties: &[Partner], party: PartyRef) -> Option<&Partner> {
    let mut meant = parties.iter().filter(|one| match party {
        PartyRef::Id(id) => one.id == id,
        PartyRef::Gln(gln) => one.text.gln == Some(gln),
    });
    match (meant.next(), meant.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn unknown(field: &str, party: PartyRef) -> Pending {
    Pending::Unclear(no_such(field, party))
}

/// What a sender is told of an organisation that is not known.
pub fn no_such(field: &str, party: PartyRef) -> String {
    format!("{field}: there is no one organisation {party}; see /organisations for ids and GLNs")
}

fn entry(stored: &StoredHandIn, event: HandIn, organisation: Organisation, act: Act) -> Entry {
    let account = Account { user: stored.handed_in_by, person: stored.person.clone() };
    Entry {
        shipment: stored.shipment,
        id: stored.entry_id,
        at: event.at,
        by: Actor {
            organisation,
            person: event.person,
            user: None,
            badge: None,
            written_on: Some(account),
            strength: Strength::System,
        },
        whereabouts: event.whereabouts,
        act,
    }
}
