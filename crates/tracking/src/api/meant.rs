//! What a request means in the ledger as it stands: which boxes, which offer, which seals; and whether it may be read.

use std::collections::{BTreeMap, BTreeSet};

use domain::custody::{
    Act, Actor, BoxNumber, Condition, Entry, EntryHash, Exception, Seal, Seen, Strength, Whereabouts,
};
use domain::shipment::{Act as BoxAct, ShipmentStatus};

use super::custody::{ExceptionView, SealView, WhereaboutsView};
use super::handover::SeenRequest;
use super::problem::ApiError;
use super::text::{non_empty, optional, prose};
use crate::handover::Book;
use crate::ledger::Ledger;

/// The most boxes, seals or exceptions that one entry names.
pub(super) const MOST_BOXES: usize = 1000;

/// The entry by which the writer has the boxes, and the boxes themselves.
pub(super) fn held(
    book: &Book,
    by: &Actor,
    boxes: Option<&[BoxNumber]>,
    but: &[Exception],
) -> Result<(EntryHash, Vec<BoxNumber>), ApiError> {
    let custody = &book.ledger.custody;
    if custody.packed.is_none() {
        return Err(ApiError::Conflict(
            "the shipment is not packed: bind a tracker, or say that it is packed".into(),
        ));
    }
    let is_own = |number: &BoxNumber| {
        custody.boxes.get(number).is_some_and(|one| one.present.organisation.id == by.organisation.id)
    };
    let own: Vec<BoxNumber> = custody.boxes.keys().copied().filter(is_own).collect();
    let boxes = chosen(&own, boxes, but)?;
    let links: BTreeSet<EntryHash> =
        boxes.iter().filter_map(|number| Some(custody.boxes.get(number)?.present.link)).collect();
    let mut links = links.into_iter();
    match (links.next(), links.next()) {
        (Some(link), None) => Ok((link, boxes)),
        (None, _) => Err(ApiError::Conflict(format!("{} has none of the boxes", by.organisation.name))),
        (Some(_), Some(_)) => Err(ApiError::Unprocessable(
            "boxes: they came by different handovers; name those of one handover at a time".into(),
        )),
    }
}

/// The open offer that the writer answers, and the boxes of it that are still open.
pub(super) fn addressed(
    book: &Book,
    by: &Actor,
    answers: Option<&str>,
) -> Result<(EntryHash, Vec<BoxNumber>), ApiError> {
    open_offer(&book.ledger, answers, |entry| match &entry.act {
        Act::Offered { to, .. } => to.organisation.id == by.organisation.id,
        _ => false,
    })
}

/// The acceptance that is meant; of what is on hold, into quarantine only.
pub(super) fn accepted(
    book: &Book,
    by: &Actor,
    answers: Option<&str>,
    boxes: Option<&[BoxNumber]>,
    (exceptions, quarantine, seen): (Vec<Exception>, bool, Seen),
) -> Result<Act, ApiError> {
    let hold = book.shipment.hold;
    if let Some(hold) = hold.filter(|_| !quarantine && !BoxAct::AcceptIntoStock.is_permitted(hold, None)) {
        return Err(ApiError::Conflict(format!(
            "quarantine: the shipment is on hold ({hold}): take it over into quarantine, keep it apart and do not use it"
        )));
    }
    let (answers, offered) = addressed(book, by, answers)?;
    let boxes = chosen(&offered, boxes, &exceptions)?;
    Ok(Act::Accepted { answers, boxes, exceptions, quarantine, seen })
}

/// The one open offer of those that `is_meant`, or the one that is named.
pub(super) fn open_offer(
    ledger: &Ledger,
    named: Option<&str>,
    is_meant: impl Fn(&Entry) -> bool,
) -> Result<(EntryHash, Vec<BoxNumber>), ApiError> {
    let entries = ledger.entries();
    let mut open: BTreeMap<EntryHash, Vec<BoxNumber>> = BTreeMap::new();
    for (number, one) in &ledger.custody.boxes {
        for offer in one.offers.iter().filter(|offer| entries.get(offer).is_some_and(|entry| is_meant(entry)))
        {
            open.entry(*offer).or_default().push(*number);
        }
    }
    if let Some(named) = named {
        let named = hash("answers", named)?;
        return open.remove_entry(&named).ok_or_else(|| {
            ApiError::Conflict(
                "answers: the offer is not open to you: it was answered or taken back, or is somebody else's; see \
                 the shipment's custody"
                    .into(),
            )
        });
    }
    let mut all = open.into_iter();
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(ApiError::Conflict("there is no open offer that you can answer".into())),
        (Some(_), Some(_)) => Err(ApiError::Unprocessable(
            "answers: there are several open offers; name one by the hash of its entry".into(),
        )),
    }
}

/// Those of `possible` that are meant.
pub(super) fn chosen(
    possible: &[BoxNumber],
    named: Option<&[BoxNumber]>,
    but: &[Exception],
) -> Result<Vec<BoxNumber>, ApiError> {
    let is_excepted = |number: &BoxNumber| but.iter().any(|one| one.number == *number);
    let mut boxes: Vec<BoxNumber> = match named {
        Some(named) => named.to_vec(),
        None => possible.iter().copied().filter(|number| !is_excepted(number)).collect(),
    };
    boxes.sort_unstable();
    boxes.dedup();
    if boxes.len() > MOST_BOXES {
        return Err(ApiError::Unprocessable(format!("boxes: name at most {MOST_BOXES}")));
    }
    if let Some(number) = boxes.iter().find(|number| is_excepted(number)) {
        return Err(ApiError::Unprocessable(format!("exceptions: box {number} is named in boxes, too")));
    }
    match boxes.iter().find(|number| !possible.contains(number)) {
        Some(number) => Err(ApiError::Conflict(format!(
            "boxes: box {number} is not with you, or not offered to you; see the shipment's custody"
        ))),
        None if boxes.is_empty() => Err(ApiError::Conflict("boxes: there is none left to hand over".into())),
        None => Ok(boxes),
    }
}

pub(super) fn hash(field: &str, text: &str) -> Result<EntryHash, ApiError> {
    text.parse().map_err(|error| ApiError::Unprocessable(format!("{field}: {error}")))
}

pub(super) fn saw(seen: &SeenRequest) -> Result<Seen, ApiError> {
    let condition = seen.condition.as_deref().map(str::parse::<Condition>).transpose();
    let photo = seen.photo.as_deref().map(str::parse).transpose();
    Ok(Seen {
        seals: seals(&seen.seals)?,
        condition: condition.map_err(|error| ApiError::Unprocessable(format!("condition: {error}")))?,
        note: seen.note.as_deref().map(|note| prose("note", note, 2000)).transpose()?,
        photo: photo.map_err(|error| ApiError::Unprocessable(format!("photo: {error}")))?,
    })
}

pub(super) fn seals(seals: &[SealView]) -> Result<Vec<Seal>, ApiError> {
    if seals.len() > MOST_BOXES {
        return Err(ApiError::Unprocessable(format!("seals: name at most {MOST_BOXES}")));
    }
    let seal = |seal: &SealView| Ok(Seal { number: seal.number, seal: non_empty("seal", &seal.seal, 100)? });
    seals.iter().map(seal).collect()
}

pub(super) fn exceptions(exceptions: &[ExceptionView]) -> Result<Vec<Exception>, ApiError> {
    if exceptions.len() > MOST_BOXES {
        return Err(ApiError::Unprocessable(format!("exceptions: name at most {MOST_BOXES}")));
    }
    let one = |one: &ExceptionView| {
        Ok(Exception { number: one.number, reason: prose("exceptions: reason", &one.reason, 1000)? })
    };
    exceptions.iter().map(one).collect()
}

pub(super) fn whereabouts(written: Option<&WhereaboutsView>) -> Result<Option<Whereabouts>, ApiError> {
    let Some(written) = written else { return Ok(None) };
    let is_in = |value: Option<f64>, limit: f64| value.is_none_or(|value| value.abs() <= limit);
    if written.lat.is_some() != written.lon.is_some()
        || !is_in(written.lat, 90.0)
        || !is_in(written.lon, 180.0)
    {
        return Err(ApiError::Unprocessable(
            "whereabouts: write lat from -90 to 90 and lon from -180 to 180, or neither".into(),
        ));
    }
    let place = optional("whereabouts.place", written.place.as_deref(), 200)?;
    Ok(Some(Whereabouts { place, lat: written.lat, lon: written.lon, accuracy_m: written.accuracy_m }))
}

/// Longer than any way; each is read at every further one.
const MOST_ENTRIES: usize = 1000;

/// What no way of a shipment can bring about is refused, whoever writes it.
pub(super) fn check_possible(book: &Book, entry: &Entry) -> Result<(), ApiError> {
    let refuse = |why: String| Err(ApiError::Conflict(format!("nothing was written: {why}")));
    let is_undoing = matches!(entry.act, Act::Refused { .. } | Act::Withdrawn { .. } | Act::Corrected { .. });
    if book.shipment.status == ShipmentStatus::Cancelled && !is_undoing {
        return refuse("the shipment was called off".into());
    }
    if matches!(entry.act, Act::Packed { .. }) && entry.by.organisation.id != book.owner {
        return refuse("whoever owns the shipment packs it".into());
    }
    if book.ledger.rows.len() >= MOST_ENTRIES {
        return refuse(format!("the shipment has {MOST_ENTRIES} entries already"));
    }
    if entry.by.strength == Strength::Unattended && book.shipment.hold.is_some() {
        return refuse("the shipment is on hold: somebody must take it over and keep it apart".into());
    }
    let (seals, exceptions) = named(&entry.act);
    for (field, numbers) in [("seals", seals), ("exceptions", exceptions)] {
        let mut seen = BTreeSet::new();
        if let Some(number) = numbers.iter().find(|number| !book.boxes.contains(number)) {
            return Err(ApiError::Unprocessable(format!("{field}: the shipment has no box {number}")));
        }
        if let Some(number) = numbers.into_iter().find(|number| !seen.insert(*number)) {
            return Err(ApiError::Unprocessable(format!("{field}: box {number} stands twice")));
        }
    }
    Ok(())
}

/// The boxes of which an act names seals and exceptions.
fn named(act: &Act) -> (Vec<BoxNumber>, Vec<BoxNumber>) {
    let of_seals = |seals: &[Seal]| seals.iter().map(|seal| seal.number).collect();
    let of_exceptions = |all: &[Exception]| all.iter().map(|one| one.number).collect();
    match act {
        Act::Packed { seals, .. } => (of_seals(seals), Vec::new()),
        Act::Offered { exceptions, seen, .. } | Act::Accepted { exceptions, seen, .. } => {
            (of_seals(&seen.seals), of_exceptions(exceptions))
        }
        Act::Refused { seen, .. } => (of_seals(&seen.seals), Vec::new()),
        Act::Sealed { .. } | Act::Withdrawn { .. } | Act::Corrected { .. } | Act::Decided { .. } => {
            (Vec::new(), Vec::new())
        }
    }
}
