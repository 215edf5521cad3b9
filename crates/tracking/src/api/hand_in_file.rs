//! The lines of a file that was handed in: which organisation and shipment each means, whether it is known, and what
//! becomes of it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::access::{Role, Sight};
use domain::custody::{BoxNumber, handed_in_id};
use domain::hand_in::{Continues, HandIn, Line};
use domain::shipment::Act as BoxAct;
use domain::{OrganisationId, ShipmentId};
use sha2::{Digest, Sha256};
use store::{Connection, Partner, StoredHandIn};
use uuid::Uuid;

use super::access::{Caller, Grant};
use super::custody::in_words;
use super::hand_ins::{HandInLine, HandInReport, LineOutcome};
use super::problem::{ApiError, named as not_found};
use super::text::happened;
use crate::Service;
use crate::hand_ins::{Pending, Waiting, named, no_such};
use crate::handover::Book;
use crate::live::OwnedChange;

/// A line that can be read, and whose it is.
struct Sent {
    number: u64,
    party: OrganisationId,
    event: HandIn,
    sha256: Vec<u8>,
}

/// A line that is or was taken.
struct Taken {
    number: u64,
    stored: StoredHandIn,
    event: HandIn,
    is_known: bool,
}

type Answers = BTreeMap<u64, HandInLine>;

/// Takes the lines in that can be taken, and says of each what became of it. The caller holds the intake lock, and undoes
/// all of it where one was refused and that is asked for.
pub(super) async fn take_in<G: Grant>(
    service: &Service,
    db: &mut Connection,
    caller: &Caller<G>,
    lines: Vec<Line>,
    now: DateTime<Utc>,
) -> Result<(HandInReport, Vec<OwnedChange>), ApiError> {
    let mut answers = Answers::new();
    let parties = db.partners(Sight::of(caller.tenant, caller.tenant), None, i64::MAX).await?;
    let sent = sent(caller, &parties, lines, now, &mut answers);
    let shipments = by_shipment(db, caller, sent, now, &mut answers).await?;
    let mut changes = Vec::new();
    // In the order of their ids, so that two files never wait for each other.
    for (shipment, taken) in shipments {
        changes.extend(write(service, db, caller, (shipment, taken), now, &mut answers).await?);
    }
    let count = |outcome| answers.values().filter(|line| line.outcome == outcome).count();
    let report = HandInReport {
        written: count(LineOutcome::Written),
        waiting: count(LineOutcome::Waiting),
        known: count(LineOutcome::Known),
        refused: count(LineOutcome::Refused),
        lines: answers.into_values().collect(),
    };
    Ok((report, changes))
}

/// The lines that can be read and are by somebody whom the caller may speak for.
fn sent<G: Grant>(
    caller: &Caller<G>,
    parties: &[Partner],
    lines: Vec<Line>,
    now: DateTime<Utc>,
    answers: &mut Answers,
) -> Vec<Sent> {
    let is_tenants =
        caller.organisation == caller.tenant && matches!(caller.role, Role::Admin | Role::Coordinator);
    let check = |event: &HandIn| {
        let party = named(parties, event.by).map(|party| party.id);
        let is_own = party == Some(caller.organisation);
        let party = party.filter(|_| is_tenants || is_own).ok_or_else(|| match is_tenants {
            true => no_such("by", event.by),
            false => {
                "by: write your own organisation's id or GLN; what others do they hand in themselves".into()
            }
        })?;
        // Told here to the tenant alone: others would learn of partners that are none of their business.
        let whose = match &event.continues {
            Some(Continues::Event { by, .. }) => Some(*by),
            _ => None,
        };
        let of_others = [("to", event.to), ("continues_by", whose)].into_iter().filter(|_| is_tenants);
        for (field, party) in of_others {
            if let Some(party) = party.filter(|party| named(parties, *party).is_none()) {
                return Err(no_such(field, party));
            }
        }
        happened("at", event.at, now).map_err(|error| error.to_string())?;
        Ok(party)
    };
    let mut sent = Vec::with_capacity(lines.len());
    for Line { number, read } in lines {
        match read.map_err(|fault| (None, fault.to_string())).and_then(|event| match check(&event) {
            Ok(party) => Ok((event, party)),
            Err(why) => Err((Some(event.event_id), why)),
        }) {
            Ok((event, party)) => sent.push(Sent { number, party, sha256: sha256(&event), event }),
            Err((event_id, why)) => drop(answers.insert(number, refused(number, event_id, why))),
        }
    }
    sent
}

/// Of what was sent, whichever format it came in.
fn sha256(event: &HandIn) -> Vec<u8> {
    Sha256::digest(serde_json::to_vec(event).unwrap_or_default()).to_vec()
}

/// The lines with the shipments that they mean; what is known already keeps the one that it had.
async fn by_shipment<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    sent: Vec<Sent>,
    now: DateTime<Utc>,
    answers: &mut Answers,
) -> Result<BTreeMap<ShipmentId, Vec<Taken>>, ApiError> {
    let person = db.user_by_id(caller.user).await.map_err(not_found("user"))?.name;
    let names: Vec<_> = sent.iter().map(|one| (one.party, one.event.event_id.clone())).collect();
    let known = db.known_hand_ins(caller.tenant, &names).await?;
    let mut known: HashMap<_, _> =
        known.into_iter().map(|one| ((one.party, one.event_id.clone()), one)).collect();
    let mut shipments: BTreeMap<ShipmentId, Vec<Taken>> = BTreeMap::new();
    for Sent { number, party, mut event, sha256 } in sent {
        let name = (party, event.event_id.clone());
        if let Some(before) = known.get(&name) {
            if before.sent_sha256 != sha256 {
                let why = "event_id: it was handed in before with other content, which stays as it is; give what differs an \
                           id of its own";
                answers.insert(number, refused(number, Some(name.1), why.into()));
                continue;
            }
            let event = serde_json::from_str(&before.event).map_err(ApiError::internal)?;
            let taken = Taken { number, stored: before.clone(), event, is_known: true };
            shipments.entry(before.shipment).or_default().push(taken);
            continue;
        }
        let shipment = match find(db, caller.sight().in_hands(), &event).await? {
            Ok((shipment, number)) => {
                fill(&mut event, number, now);
                shipment
            }
            Err(why) => {
                answers.insert(number, refused(number, Some(name.1), why));
                continue;
            }
        };
        let stored = StoredHandIn {
            party,
            event_id: name.1.clone(),
            shipment,
            entry_id: handed_in_id(party, &name.1),
            sent_sha256: sha256,
            event: serde_json::to_string(&event).map_err(ApiError::internal)?,
            handed_in_by: caller.user,
            person: person.clone(),
            received_at: now,
            written_at: None,
        };
        known.insert(name, stored.clone());
        shipments.entry(shipment).or_default().push(Taken { number, stored, event, is_known: false });
    }
    Ok(shipments)
}

/// The box that its SSCC names is a box of the shipment from here on.
fn fill(event: &mut HandIn, number: Option<BoxNumber>, now: DateTime<Utc>) {
    event.at = event.at.min(now);
    if let Some(number) = number {
        event.boxes = vec![number];
        event.seals.iter_mut().for_each(|seal| seal.number = seal.number.or(Some(number)));
    }
}

/// The shipment that a line means, and the box in it; or what the sender is told.
async fn find(
    db: &mut Connection,
    sight: Sight,
    event: &HandIn,
) -> Result<Result<(ShipmentId, Option<BoxNumber>), String>, ApiError> {
    let named = match &event.shipment {
        None => None,
        Some(text) => {
            match shipment_called(db, sight, text).await? {
                Some(shipment) => Some(shipment),
                None => {
                    return Ok(Err("shipment: there is no such shipment; write its reference or its id, of one that your \
                               organisation has to do with"
                    .into()));
                }
            }
        }
    };
    let Some(sscc) = event.sscc else {
        return Ok(named.map(|shipment| (shipment, None)).ok_or_else(|| "shipment: is missing".into()));
    };
    let mut boxes = db.boxes_of_sscc(sight, sscc).await?;
    boxes.retain(|(shipment, _)| named.is_none_or(|named| named == *shipment));
    Ok(match (&*boxes, named) {
        ([(shipment, number)], _) => Ok((*shipment, Some(*number))),
        ([], Some(_)) => Err(format!("sscc: no box of that shipment bears {sscc}")),
        ([], None) => Err(format!(
            "sscc: there is no box that bears {sscc}, of a shipment that your organisation has to do with"
        )),
        _ => Err(format!("sscc: several shipments have had a box that bears {sscc}: write shipment, too")),
    })
}

async fn shipment_called(
    db: &mut Connection,
    sight: Sight,
    text: &str,
) -> Result<Option<ShipmentId>, ApiError> {
    if let Some(shipment) = db.shipment_of_reference(sight, text).await? {
        return Ok(Some(shipment));
    }
    let Ok(id) = text.parse::<Uuid>() else { return Ok(None) };
    match db.shipment_seen_by(sight, ShipmentId(id)).await.map_err(not_found("shipment")) {
        Ok(shipment) => Ok(Some(shipment.id)),
        Err(ApiError::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Writes the lines of one shipment in the order in which they happened.
async fn write<G: Grant>(
    service: &Service,
    db: &mut Connection,
    caller: &Caller<G>,
    (shipment, mut taken): (ShipmentId, Vec<Taken>),
    now: DateTime<Utc>,
    answers: &mut Answers,
) -> Result<Vec<OwnedChange>, ApiError> {
    let mut book = Book::open(db, caller.tenant, shipment).await.map_err(not_found("shipment"))?;
    let mut changes = Vec::new();
    taken.sort_by_key(|one| (one.event.at, one.number));
    let mut kept = Vec::with_capacity(taken.len());
    for one in taken {
        if one.is_known {
            kept.push(one);
            continue;
        }
        if let Err(Pending::Unclear(why)) = book.act(&one.event, one.stored.party) {
            answers.insert(one.number, refused(one.number, Some(one.stored.event_id), why));
            continue;
        }
        db.add_hand_in(caller.tenant, &one.stored).await?;
        book.wait(Waiting { stored: one.stored.clone(), event: one.event.clone() });
        changes.extend(book.settle(service, db, now).await?);
        kept.push(one);
    }
    for one in &kept {
        let is_there = book.entry_of(one.stored.entry_id).is_some()
            || book.waiting.iter().any(|other| other.stored.entry_id == one.stored.entry_id);
        let event_id = || Some(one.stored.event_id.clone());
        let answer = match is_there {
            true => answer(&book, one),
            false => refused(one.number, event_id(), "event_id: it repeats a line that was refused".into()),
        };
        answers.insert(one.number, answer);
    }
    Ok(changes)
}

fn answer(book: &Book, taken: &Taken) -> HandInLine {
    let entry = book.entry_of(taken.stored.entry_id);
    let custody = &book.ledger.custody;
    let is_conflict =
        entry.is_some_and(|(hash, _)| custody.conflicts.iter().any(|one| one.answers.contains(&hash)));
    let hold = book.shipment.hold.filter(|hold| !BoxAct::AcceptIntoStock.is_permitted(Some(*hold), None));
    let told = match entry {
        None => book
            .act(&taken.event, taken.stored.party)
            .err()
            .map(|(Pending::Waits(why) | Pending::Unclear(why))| why),
        Some((hash, entry)) => match (custody.ignored.get(&hash), hold) {
            (Some(why), _) => Some(format!("it changes nothing: {}", in_words(*why))),
            (None, Some(hold))
                if matches!(entry.act, domain::custody::Act::Accepted { quarantine: false, .. }) =>
            {
                Some(format!("the shipment is on hold ({hold}): keep it apart and do not use it"))
            }
            _ => is_conflict.then(|| "it contradicts other answers; see the shipment's custody".to_owned()),
        },
    };
    let outcome = match (taken.is_known, entry) {
        (true, _) => LineOutcome::Known,
        (false, Some(_)) => LineOutcome::Written,
        (false, None) => LineOutcome::Waiting,
    };
    HandInLine {
        line: taken.number,
        event_id: Some(taken.stored.event_id.clone()),
        outcome,
        shipment: Some(book.shipment.id.0),
        entry: entry.map(|(hash, _)| hash.to_string()),
        conflict: is_conflict,
        detail: told,
    }
}

fn refused(line: u64, event_id: Option<String>, why: String) -> HandInLine {
    HandInLine {
        line,
        event_id,
        outcome: LineOutcome::Refused,
        shipment: None,
        entry: None,
        conflict: false,
        detail: Some(why),
    }
}
