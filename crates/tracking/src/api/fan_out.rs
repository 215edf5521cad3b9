//! What is done with a parent is done with each shipment that has boxes in it: all of them in one transaction, or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use domain::custody::{Act, Actor, BoxNumber, Entry, EntryHash, Exception, Seal, Seen, fanned_out_id};
use domain::{ParentId, ShipmentId};
use serde::Serialize;
use store::{Connection, Parent, ParentBox, Partner};
use uuid::Uuid;

use super::access::{Caller, Grant};
use super::custody::ExceptionView;
use super::deed::Deed;
use super::entries::{Written, actor, audited, foresee};
use super::load::{Load, Part};
use super::meant::whereabouts;
use super::once::Once;
use super::parent_custody::{HandedOver, LeftOut, ParentException, ParentHandover, ParentSeal};
use super::problem::{ApiError, named};
use super::text::happened;
use crate::Service;
use crate::handover::Book;
use crate::live::OwnedChange;

/// What a request says of the parent.
pub(super) struct Said<'a> {
    pub written: &'a Written,
    pub exceptions: &'a [ParentException],
    pub seals: &'a [ParentSeal],
    /// Without seals.
    pub seen: Seen,
    pub deed: Deed,
}

/// Does it with everything in the parent that the caller can do it with.
pub(super) async fn hand_over<G: Grant>(
    service: &Service,
    caller: &Caller<G>,
    request: &HttpRequest,
    (id, body): (ParentId, &impl Serialize),
    said: Said<'_>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(request, body)?;
    let now = (service.clock)();
    let at = said.written.at.unwrap_or(now);
    happened("at", at, now)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, caller).await? {
        return Ok(answer);
    }
    let parent = db.parent(caller.sight(), id).await.map_err(named("parent"))?;
    db.lock_intake().await?;
    let stays = db.stays_in_parent(caller.sight(), id).await?;
    let parties = Book::parties(&mut db, caller.tenant).await?;
    if let Some(answer) = written_before(&mut db, caller, &said, (id, &parties), &stays).await? {
        return once.finish(service, db, caller, StatusCode::OK, &answer).await;
    }
    let load = Load::at(stays, at.min(now))?;
    let parts = load.open(&mut db, (caller.tenant, &parties), &said).await?;
    said.deed.check_hold(&parts)?;
    let Some(first) = parts.first() else { return Err(said.deed.nothing_to_do()) };
    let by = actor(&mut db, caller, &first.book).await?;
    said.deed.check_answers(&parts, &by)?;
    let (at, answer, changes) = (at.min(now), empty(id), Vec::new());
    let mut fan = Fan { said: &said, parent: &parent, by, at, now, answer, changes };
    for part in parts {
        fan.write(service, &mut db, caller, part).await?;
    }
    let Fan { answer, changes, .. } = fan;
    if answer.shipments.iter().all(|one| one.entry.is_none()) {
        return Err(said.deed.nothing_to_do());
    }
    let detail = serde_json::json!({ "act": said.deed.name(), "shipments": &answer.shipments });
    db.write_audit(&[caller.audit("parent.handed_over", id.to_string(), detail)], now).await?;
    let answer = once.finish(service, db, caller, StatusCode::CREATED, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}

fn empty(id: ParentId) -> ParentHandover {
    ParentHandover { parent: id.0, shipments: Vec::new(), left_out: Vec::new() }
}

/// What was answered when this request's id was here before; none where it is new.
async fn written_before<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    said: &Said<'_>,
    (parent, parties): (ParentId, &Arc<[Partner]>),
    stays: &[ParentBox],
) -> Result<Option<ParentHandover>, ApiError> {
    let Some(request) = said.written.id else { return Ok(None) };
    let id_of = |shipment, part| fanned_out_id(request, said.deed.name(), parent, shipment, part);
    let shipments: BTreeSet<ShipmentId> = stays.iter().map(|stay| stay.shipment).collect();
    let wanted: Vec<(ShipmentId, Uuid)> = shipments.iter().map(|id| (*id, id_of(*id, 0))).collect();
    let known = db.shipments_with_entries(&wanted).await?;
    let mut answer = empty(parent);
    for shipment in &known {
        let shipment_row = db.shipment(caller.tenant, *shipment).await?;
        let book = Book::read_among(db, caller.tenant, shipment_row, Arc::clone(parties)).await?;
        let entries = (0..).map_while(|part| book.entry_of(id_of(*shipment, part)));
        for (hash, entry) in entries {
            if entry.by.account() != Some(caller.user) || said.written.at.is_some_and(|at| at != entry.at) {
                return Err(ApiError::Conflict(
                    "id: another handover of this parent bears it: use a new one".into(),
                ));
            }
            answer.shipments.push(handed_over(&book, Some((hash, entry)), &[]));
        }
    }
    Ok((!known.is_empty()).then_some(answer))
}

/// The entries of one request as they are written.
struct Fan<'a> {
    said: &'a Said<'a>,
    parent: &'a Parent,
    by: Actor,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    answer: ParentHandover,
    changes: Vec<OwnedChange>,
}

/// Boxes that one entry is about: those that came by the same handover.
pub(super) struct Share {
    pub link: EntryHash,
    pub boxes: Vec<BoxNumber>,
    /// All exceptions of a shipment stand in its first entry.
    pub exceptions: Vec<Exception>,
    pub seals: Vec<Seal>,
}

impl Fan<'_> {
    async fn write<G: Grant>(
        &mut self,
        service: &Service,
        db: &mut Connection,
        caller: &Caller<G>,
        mut part: Part,
    ) -> Result<(), ApiError> {
        let by = self.by.clone();
        let parent = name_of(self.parent);
        let (shares, others) = shares(&part, |number| self.said.deed.link(&part.book, &by, number, &parent));
        if !others.is_empty() {
            self.answer.left_out.push(left_out(&part.book, others, self.said.deed.why_left_out(&by)));
        }
        if shares.is_empty() && !part.exceptions.is_empty() {
            self.answer.shipments.push(handed_over(&part.book, None, &part.exceptions));
        }
        for (ordinal, share) in (0..).zip(shares) {
            let shipment = part.book.shipment.id;
            let id = self.said.written.id.map_or_else(Uuid::now_v7, |request| {
                fanned_out_id(request, self.said.deed.name(), self.parent.id, shipment, ordinal)
            });
            let act = self.said.deed.act(&part.book, &self.said.seen, share, &parent)?;
            let whereabouts = whereabouts(self.said.written.whereabouts.as_ref())?;
            let entry = Entry { shipment, id, at: self.at, by: by.clone(), whereabouts, act };
            let hash = foresee(&part.book, &entry)?;
            let detail = audited(hash, &entry);
            self.changes.extend(part.book.write(service, db, entry, self.now).await?);
            let noted = caller.audit("custody.written", shipment.to_string(), detail);
            db.write_audit(&[noted], self.now).await?;
            let written = part.book.entry_of(id).map(|(_, entry)| (hash, entry));
            self.answer.shipments.push(handed_over(&part.book, written, &[]));
        }
        Ok(())
    }
}

/// The boxes of a shipment by the entry that they continue, and those that the caller can do nothing with.
fn shares(part: &Part, link: impl Fn(BoxNumber) -> Option<EntryHash>) -> (Vec<Share>, Vec<BoxNumber>) {
    let is_excepted = |number: &BoxNumber| part.exceptions.iter().any(|one| one.number == *number);
    let mut by_link: BTreeMap<EntryHash, Vec<BoxNumber>> = BTreeMap::new();
    let mut others = Vec::new();
    for number in part.boxes.iter().copied().filter(|number| !is_excepted(number)) {
        match link(number) {
            Some(link) => by_link.entry(link).or_default().push(number),
            None => others.push(number),
        }
    }
    let mut seals = part.seals.clone();
    let mut share = |(link, boxes): (EntryHash, Vec<BoxNumber>)| {
        let own = |seal: &mut Seal| boxes.contains(&seal.number);
        let seals = seals.extract_if(.., own).collect();
        Share { link, boxes, exceptions: Vec::new(), seals }
    };
    let mut shares: Vec<Share> = by_link.into_iter().map(&mut share).collect();
    if let Some(first) = shares.first_mut() {
        first.exceptions = part.exceptions.clone();
        first.seals.extend(seals);
    }
    (shares, others)
}

/// By what the parent is named in entries.
fn name_of(parent: &Parent) -> String {
    match (parent.sscc, &parent.reference) {
        (Some(sscc), _) => sscc.to_string(),
        (None, reference) => format!("{} {}", parent.kind, reference.as_deref().unwrap_or_default()),
    }
}

fn left_out(book: &Book, boxes: Vec<BoxNumber>, why: String) -> LeftOut {
    LeftOut { shipment: book.shipment.id.0, reference: book.shipment.reference.clone(), boxes, why }
}

fn handed_over(book: &Book, written: Option<(EntryHash, &Entry)>, but: &[Exception]) -> HandedOver {
    let said = match written.map(|(_, entry)| &entry.act) {
        Some(Act::Offered { exceptions, .. } | Act::Accepted { exceptions, .. }) => exceptions,
        _ => but,
    };
    let view = |one: &Exception| ExceptionView { number: one.number, reason: one.reason.clone() };
    HandedOver {
        shipment: book.shipment.id.0,
        reference: book.shipment.reference.clone(),
        entry: written.map(|(hash, _)| hash.to_string()),
        status: book.shipment.status,
        boxes: written.map(|(_, entry)| entry.boxes().to_vec()).unwrap_or_default(),
        exceptions: said.iter().map(view).collect(),
        quarantine: written
            .is_some_and(|(_, entry)| matches!(entry.act, Act::Accepted { quarantine: true, .. })),
    }
}
