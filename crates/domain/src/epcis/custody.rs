//! Who handed boxes to whom, and what was said later to have been written in error.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::document::{
    Action, BizStep, Destination, ErrorDeclaration, Event, Kind, Location, PartyKind, Source, State, Uri,
    What,
};
use super::names::Names;
use super::{Known, packing, quality};
use crate::OrganisationId;
use crate::custody::record::Record;
use crate::custody::{Act, BoxNumber, Effect, Entry, EntryHash, Ignored, Settled, Whereabouts};
use crate::shipment::Disposition;

type Row = (Record, Entry);

/// Nothing stands in its place.
const DID_NOT_OCCUR: &str = "did_not_occur";

/// In the order in which entries came to be known. Only what counts, and what was taken back: what waits, and answers that
/// contradict each other, are no facts yet.
pub(super) fn events(known: &Known, names: &Names) -> Vec<Event> {
    let book = Book::of(known, names);
    let mut decided: Option<Disposition> = None;
    let mut events = Vec::new();
    for row in known.ledger {
        let (record, entry) = row;
        match &entry.act {
            Act::Packed { boxes, .. } if known.custody.packed == Some(record.entry) => {
                let times = (entry.at, record.recorded_at);
                events.extend(packing::packed(known, names, record.entry, boxes, times));
            }
            Act::Offered { .. } => events.extend(book.dispatch(row)),
            Act::Accepted { .. } => events.extend(book.acceptance(row)),
            Act::Decided { decision, .. } => {
                let error = book.error_of(record.entry);
                if error.is_none() && known.custody.ignored.contains_key(&record.entry) {
                    continue;
                }
                let event = quality::decided(known, names, row, decided);
                decided = if error.is_none() { Some(*decision) } else { decided };
                events.extend(event.map(|event| Event { error_declaration: error, ..event }));
            }
            _ => {}
        }
    }
    events
}

/// The ledger by what follows from it.
struct Book<'a> {
    known: &'a Known<'a>,
    names: &'a Names,
    rows: BTreeMap<EntryHash, &'a Row>,
    /// Acceptances by which boxes changed hands, with those boxes and since when.
    followed: BTreeMap<EntryHash, (Vec<BoxNumber>, DateTime<Utc>)>,
}

impl<'a> Book<'a> {
    fn of(known: &'a Known<'a>, names: &'a Names) -> Self {
        let mut followed: BTreeMap<EntryHash, (Vec<BoxNumber>, DateTime<Utc>)> = BTreeMap::new();
        let is_seen = |number: &BoxNumber| known.boxes.iter().any(|one| one.number == *number);
        for (number, one) in known.custody.boxes.iter().filter(|(number, _)| is_seen(number)) {
            for holding in one.holdings().skip(1) {
                let (boxes, from) = followed.entry(holding.link).or_insert((Vec::new(), holding.from));
                boxes.push(*number);
                *from = holding.from.max(*from);
            }
        }
        let rows = known.ledger.iter().map(|row| (row.0.entry, row)).collect();
        Self { known, names, rows, followed }
    }

    /// The consignor sends boxes on their way: an offer of his that was accepted.
    fn dispatch(&self, (record, entry): &Row) -> Option<Event> {
        let Act::Offered { continues, to, .. } = &entry.act else { return None };
        if Some(*continues) != self.known.custody.packed {
            return None;
        }
        let answers: Vec<EntryHash> = self.acceptances(record.entry).collect();
        let taken: BTreeSet<BoxNumber> = answers
            .iter()
            .filter_map(|answer| self.followed.get(answer))
            .flat_map(|(boxes, _)| boxes)
            .copied()
            .collect();
        // Where all answers were taken back, so was this; what stands in their place is another dispatch.
        let (boxes, error) = if taken.is_empty() {
            let of_answer = || answers.iter().find_map(|answer| self.error_of(*answer));
            let error = self.error_of(record.entry).or_else(of_answer)?;
            let error = ErrorDeclaration { reason: DID_NOT_OCCUR, corrective: Vec::new(), ..error };
            (self.known.seen(entry.boxes()), Some(error))
        } else {
            (taken.into_iter().collect(), None)
        };
        let parties = (entry.by.organisation.id, to.organisation.id);
        let steps = (BizStep::Shipping, State::InTransit);
        let id = self.names.event_of(record.entry, "shipping", 0);
        let moved = self.moved((record, entry), id, entry.at, boxes, parties, steps)?;
        Some(Event { error_declaration: error, ..moved })
    }

    /// Boxes change hands: on their way, or into those of whom they are meant for.
    fn acceptance(&self, (record, entry): &Row) -> Option<Event> {
        let Act::Accepted { answers, quarantine, .. } = &entry.act else { return None };
        let (_, offer) = self.rows.get(answers)?;
        let (boxes, at, error) = match self.followed.get(&record.entry) {
            Some((boxes, from)) => (boxes.clone(), *from, None),
            None => {
                let error = self.error_of(record.entry)?;
                (self.known.seen(entry.boxes()), entry.at.max(offer.at), Some(error))
            }
        };
        let to = entry.by.organisation.id;
        let step = if self.is_meant_for(to, at) { BizStep::Receiving } else { BizStep::Accepting };
        let state = match step {
            _ if *quarantine => State::NonSellableOther,
            BizStep::Receiving if self.has_turned_back(at) => State::Returned,
            BizStep::Receiving => State::InProgress,
            _ => State::InTransit,
        };
        let parties = (offer.by.organisation.id, to);
        let id = self.accepted_id(record.entry);
        let moved = self.moved((record, entry), id, at, boxes, parties, (step, state))?;
        Some(Event { error_declaration: error, ..moved })
    }

    /// None where none of the boxes may be seen.
    fn moved(
        &self,
        (record, entry): (&Record, &Entry),
        id: Uri,
        at: DateTime<Utc>,
        boxes: Vec<BoxNumber>,
        (from, to): (OrganisationId, OrganisationId),
        (step, state): (BizStep, State),
    ) -> Option<Event> {
        if boxes.is_empty() {
            return None;
        }
        let what = What::Objects { objects: self.names.boxes(boxes) };
        let kind = PartyKind::PossessingParty;
        let event = Event {
            record_time: Some(record.recorded_at),
            biz_step: Some(step),
            disposition: Some(state),
            read_point: entry.whereabouts.as_ref().and_then(read_point),
            source_list: vec![Source { kind, source: self.names.party(from) }],
            destination_list: vec![Destination { kind, destination: self.names.party(to) }],
            ..Event::new((Kind::ObjectEvent, Action::Observe), id, at, what, self.names.shipment())
        };
        Some(event)
    }

    fn has_turned_back(&self, at: DateTime<Utc>) -> bool {
        self.known.turned_back_at.is_some_and(|turned| turned <= at)
    }

    fn is_meant_for(&self, party: OrganisationId, at: DateTime<Utc>) -> bool {
        match self.has_turned_back(at) {
            true => party == self.known.owner,
            false => self.known.consignees.contains(&party),
        }
    }

    fn acceptances(&self, offer: EntryHash) -> impl Iterator<Item = EntryHash> {
        let answers = move |act: &Act| matches!(act, Act::Accepted { answers, .. } if *answers == offer);
        self.known.ledger.iter().filter(move |(_, entry)| answers(&entry.act)).map(|(record, _)| record.entry)
    }

    fn accepted_id(&self, entry: EntryHash) -> Uri {
        self.names.event_of(entry, "accepted", 0)
    }

    /// What declares that an entry was written in error: a correction that takes it, or the offer that it answers, out; or one
    /// that says which of several answers stands instead.
    fn error_of(&self, entry: EntryHash) -> Option<ErrorDeclaration> {
        let offer = self.rows.get(&entry).and_then(|(_, entry)| match entry.act {
            Act::Accepted { answers, .. } => Some(answers),
            _ => None,
        });
        let is_annulled = |hash: &EntryHash| self.known.custody.ignored.get(hash) == Some(&Ignored::Annulled);
        let annulled = [Some(entry), offer].into_iter().flatten().find(is_annulled);
        if let Some(annulled) = annulled {
            let instead = offer.into_iter().flat_map(|offer| self.acceptances(offer));
            let corrective = instead.filter(|one| self.followed.contains_key(one)).collect::<Vec<_>>();
            return self.declaration(annulled, Effect::Annulled, &corrective);
        }
        let lost = |conflict: &&crate::custody::Conflict| {
            conflict.settled == Settled::ByCorrection && conflict.answers.contains(&entry)
        };
        let conflict = self.known.custody.conflicts.iter().find(lost)?;
        let standing = *conflict.answers.iter().find(|answer| self.followed.contains_key(answer))?;
        (standing != entry).then(|| self.declaration(standing, Effect::Stands, &[standing]))?
    }

    /// The first correction in effect that says so of an entry.
    fn declaration(&self, of: EntryHash, with: Effect, instead: &[EntryHash]) -> Option<ErrorDeclaration> {
        let says = |(record, entry): &&Row| match entry.act {
            Act::Corrected { corrects, effect, .. } => {
                corrects == of && effect == with && !self.known.custody.ignored.contains_key(&record.entry)
            }
            _ => false,
        };
        let (_, correction) = self.known.ledger.iter().find(says)?;
        let corrective: Vec<Uri> = instead.iter().map(|one| self.accepted_id(*one)).collect();
        let reason = if corrective.is_empty() { DID_NOT_OCCUR } else { "incorrect_data" };
        Some(ErrorDeclaration { declaration_time: correction.at, reason, corrective })
    }
}

/// Coordinates as RFC 5870 writes them; a name alone is no identifier.
fn read_point(whereabouts: &Whereabouts) -> Option<Location> {
    let point = format!("geo:{},{}", whereabouts.lat?, whereabouts.lon?);
    let accuracy = whereabouts.accuracy_m.map(|metres| format!(";u={metres}")).unwrap_or_default();
    Some(Location { id: Uri(point + &accuracy) })
}
