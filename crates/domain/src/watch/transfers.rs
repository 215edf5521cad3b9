//! What entries and plan say: late, unanswered, by somebody else, elsewhere, with another seal.

use chrono::{DateTime, Utc};

use super::{Finding, Lacking, Seen, Situation, after};
use crate::UserId;
use crate::alert::AlertKind;
use crate::custody::{Act, BoxNumber, Condition, Entry, EntryHash, Holding, Seal, Whereabouts};
use crate::event::EventKind;
use crate::place::{Fence, Point};
use crate::plan::Plan;

/// Of a position at a handover of which nobody said how well it is known, in metres. Who says that it is known worse is not
/// believed: whoever is far away could say so.
pub const UNSAID_ACCURACY_M: u32 = 1_000;

/// So far beyond a fence and the position's own accuracy is elsewhere, in metres.
const BESIDE_M: f64 = 200.0;

const ACCEPTED: &str = "it was accepted";
const HANDED_ON: &str = "it was handed on";
const ANSWERED: &str = "it was answered";
const MOOT: &str = "it was handed over by another offer";

pub(super) fn find(situation: &Situation, found: &mut Vec<Finding>) {
    if let Some(plan) = situation.plan {
        overdue(situation, plan, found);
        unexpected(situation, plan, found);
        elsewhere(situation, plan, found);
    }
    unanswered(situation, found);
    unqualified(situation, found);
    for (hash, entry) in situation.counting() {
        at_a_handover(situation, hash, entry, found);
    }
    noticed(situation, found);
}

/// The planned time is over, and not all boxes were taken over.
fn overdue(situation: &Situation, plan: &Plan, found: &mut Vec<Finding>) {
    if situation.custody.packed.is_none() {
        return;
    }
    let legs = plan.legs().iter().map(|leg| (leg.number, leg.pick_up.to, "picked up"));
    let end = plan.legs().last().map(|leg| (leg.number + 1, leg.delivery.to, "accepted by the consignee"));
    for (number, due, what) in legs.chain(end) {
        let taken = situation.taken_over(plan, number);
        if taken.is_some_and(|taken| taken <= due) {
            continue;
        }
        let (key, detail) = match plan.leg(number) {
            Some(_) => (format!("leg {number}"), format!("leg {number} was to be {what} by {}", shown(due))),
            None => ("consignee".to_owned(), format!("it was to be {what} by {}", shown(due))),
        };
        found.push(situation.finding(Seen {
            kind: AlertKind::TransferOverdue,
            key,
            boxes: &[],
            began_at: due,
            alarmed_at: situation.settled(
                after(due, situation.delays.transfer),
                situation.planned_at,
                taken.is_none(),
            ),
            ended: taken.map(|taken| (taken, ACCEPTED)),
            detail,
        }));
    }
}

/// An offer waits for an answer, as long as who made it has the boxes.
fn unanswered(situation: &Situation, found: &mut Vec<Finding>) {
    for (hash, entry) in situation.counting() {
        let Act::Offered { boxes, to, continues, .. } = &entry.act else { continue };
        let answers = situation.counting().filter(|(_, answer)| answer.link() == Some(hash));
        let over = |number: &BoxNumber| {
            let is_about = |answer: &&Entry| {
                matches!(answer.act, Act::Withdrawn { .. }) || answer.boxes().contains(number)
            };
            let answers = answers.clone().map(|(_, answer)| answer).filter(is_about);
            let moot = handed_on(situation, *number, *continues).map(|at| (at, MOOT));
            answers.map(|answer| (answer.at, ANSWERED)).chain(moot).min()
        };
        let times: Option<Vec<(DateTime<Utc>, &str)>> = boxes.iter().map(over).collect();
        let ended = times.and_then(|times| times.into_iter().max());
        let alarmed_at = situation.settled(
            after(entry.at, situation.delays.answer),
            situation.known_at.get(&hash).copied(),
            ended.is_none(),
        );
        if ended.is_some_and(|(ended, _)| ended <= alarmed_at) {
            continue;
        }
        found.push(situation.finding(Seen {
            kind: AlertKind::OfferUnanswered,
            key: format!("offer {hash}"),
            boxes,
            began_at: entry.at,
            alarmed_at,
            ended,
            detail: format!("offered to {} and not answered", to.organisation.name),
        }));
    }
}

/// When the box went on from the custodian to whom it came by `link`.
fn handed_on(situation: &Situation, number: BoxNumber, link: EntryHash) -> Option<DateTime<Utc>> {
    let mut holdings = situation.custody.boxes.get(&number)?.holdings();
    holdings.find(|holding| holding.link == link)?;
    holdings.next().map(|next| next.from)
}

/// A later custodian's time.
struct Later<'a> {
    holding: &'a Holding,
    boxes: Vec<BoxNumber>,
    /// When the last of the boxes was handed on; none while one is there.
    until: Option<DateTime<Utc>>,
}

/// The times of custodians after the first, each with the boxes it is about, once.
fn later_holdings<'a>(situation: &'a Situation) -> Vec<Later<'a>> {
    let mut later: Vec<Later> = Vec::new();
    for (number, one) in &situation.custody.boxes {
        let all: Vec<&Holding> = one.holdings().collect();
        for (index, holding) in all.iter().enumerate().skip(1) {
            let until = all.get(index + 1).map(|next| next.from);
            match later.iter_mut().find(|known| known.holding.link == holding.link) {
                Some(known) => {
                    known.boxes.push(*number);
                    known.until = known.until.zip(until).map(|(one, other)| one.max(other));
                }
                None => later.push(Later { holding, boxes: vec![*number], until }),
            }
        }
    }
    later
}

/// Somebody has it who is not in the plan, or another driver than planned.
fn unexpected(situation: &Situation, plan: &Plan, found: &mut Vec<Finding>) {
    let parties = plan.parties();
    for Later { holding, boxes, until } in later_holdings(situation) {
        let organisation = holding.organisation.id;
        let user = situation.entries.get(&holding.link).and_then(|entry| entry.by.user);
        let is_party = parties.contains(&organisation) || Some(organisation) == situation.consignor();
        let mut legs = plan.legs().iter().filter(|leg| leg.carrier == organisation).peekable();
        // Of who shows a badge or a code nobody knows whether he is that driver.
        let is_him = |planned: UserId| user.is_none_or(|user| user == planned);
        let is_driver = legs.peek().is_none() || legs.any(|leg| leg.courier.is_none_or(is_him));
        let detail = match (is_party, is_driver) {
            (true, true) => continue,
            (true, false) => {
                format!("{} was to send another person", holding.organisation.name)
            }
            (false, _) => format!("{} is not in the plan", holding.organisation.name),
        };
        found.push(situation.finding(Seen {
            kind: AlertKind::CustodianUnexpected,
            key: format!("entry {}", holding.link),
            boxes: &boxes,
            began_at: holding.from,
            alarmed_at: holding.from,
            ended: until.map(|until| (until, HANDED_ON)),
            detail,
        }));
    }
}

/// Somebody has it without a contract or a training.
fn unqualified(situation: &Situation, found: &mut Vec<Finding>) {
    for Later { holding, boxes, until } in later_holdings(situation) {
        let Some(lacking) = situation.lacking.get(&holding.link).filter(|lacking| !lacking.is_empty()) else {
            continue;
        };
        let word = |lacking: &Lacking| match lacking {
            Lacking::Contract => "no valid contract",
            Lacking::Training => "no valid training",
        };
        let words: Vec<&str> = lacking.iter().map(word).collect();
        let who = holding.person.as_deref().unwrap_or(&holding.organisation.name);
        found.push(situation.finding(Seen {
            kind: AlertKind::CustodianUnqualified,
            key: format!("entry {}", holding.link),
            boxes: &boxes,
            began_at: holding.from,
            alarmed_at: holding.from,
            ended: until.map(|until| (until, HANDED_ON)),
            detail: format!("{who} had {}", words.join(" and ")),
        }));
    }
}

/// Accepted at another place than planned, by the position of who accepted.
fn elsewhere(situation: &Situation, plan: &Plan, found: &mut Vec<Finding>) {
    for (hash, entry) in situation.counting() {
        let Act::Accepted { boxes, .. } = &entry.act else { continue };
        let by = entry.by.organisation.id;
        // An organisation may carry several legs: it is elsewhere where it is at none of their beginnings.
        let mut planned: Vec<_> =
            plan.legs().iter().filter(|leg| leg.carrier == by).map(|leg| leg.from).collect();
        planned.extend(plan.legs().last().filter(|_| plan.consignee() == by).map(|leg| leg.to));
        let fences: Vec<&Fence> =
            planned.iter().filter_map(|id| situation.place(*id)?.fence.as_ref()).collect();
        let is_known = !planned.is_empty() && fences.len() == planned.len();
        let Some(whereabouts) = entry.whereabouts.as_ref().filter(|_| is_known) else { continue };
        if fences.iter().all(|fence| is_elsewhere(whereabouts, fence) == Some(true)) {
            found.push(situation.finding(Seen {
                kind: AlertKind::AcceptedElsewhere,
                key: format!("entry {hash}"),
                boxes,
                began_at: entry.at,
                alarmed_at: entry.at,
                ended: None,
                detail: format!("{} accepted it away from the planned place", entry.by.organisation.name),
            }));
        }
    }
}

/// Whether that is surely away from the fence: further beyond it than its own accuracy, of at most
/// [`UNSAID_ACCURACY_M`], and 200 m. None: no position was
/// written.
pub fn is_elsewhere(whereabouts: &Whereabouts, fence: &Fence) -> Option<bool> {
    let point = Point::from_degrees(whereabouts.lat?, whereabouts.lon?).ok()?;
    let accuracy_m = whereabouts.accuracy_m.unwrap_or(UNSAID_ACCURACY_M).min(UNSAID_ACCURACY_M);
    Some(fence.edge_m(point) > f64::from(accuracy_m) + BESIDE_M)
}

/// What shows when boxes change hands: another seal, an open box, a temperature out of range.
fn at_a_handover(situation: &Situation, hash: EntryHash, entry: &Entry, found: &mut Vec<Finding>) {
    let (boxes, seen, answers) = match &entry.act {
        Act::Accepted { boxes, seen, answers, .. } | Act::Refused { boxes, seen, answers, .. } => {
            (boxes, seen, *answers)
        }
        _ => return,
    };
    let mut tell = |kind: AlertKind, boxes: &[BoxNumber], detail: String| {
        found.push(situation.finding(Seen {
            kind,
            key: format!("entry {hash}"),
            boxes,
            began_at: entry.at,
            alarmed_at: entry.at,
            ended: None,
            detail,
        }));
    };
    let expected = |seal: &&Seal| {
        let expected = situation.custody.seal_before(seal.number, answers, situation.entries);
        expected.is_some_and(|expected| expected != seal.seal)
    };
    let differing: Vec<&Seal> = seen.seals.iter().filter(expected).collect();
    if !differing.is_empty() {
        let numbers: Vec<BoxNumber> = differing.iter().map(|seal| seal.number).collect();
        let seals: Vec<&str> = differing.iter().map(|seal| seal.seal.as_str()).collect();
        tell(AlertKind::SealDiffers, &numbers, format!("found seal {}", seals.join(", ")));
    }
    if seen.condition == Some(Condition::Opened) {
        tell(AlertKind::OpenedInTransit, boxes, "it was found opened".to_owned());
    }
    let is_out = |(from, to): &(DateTime<Utc>, Option<DateTime<Utc>>)| {
        *from <= entry.at && to.is_none_or(|to| entry.at < to)
    };
    if matches!(entry.act, Act::Accepted { .. }) && situation.out_of_range.iter().any(is_out) {
        let detail = "it was out of range when it was handed over".to_owned();
        tell(AlertKind::HandedOverOutOfRange, boxes, detail);
    }
}

/// What trackers noticed while a box was between its consignor and its consignee.
fn noticed(situation: &Situation, found: &mut Vec<Finding>) {
    for event in situation.events {
        let kind = match event.kind {
            EventKind::Light => AlertKind::OpenedInTransit,
            EventKind::Tilt => AlertKind::Tilt,
            // A shock has its alarms in the profile, wherever the box is.
            EventKind::Shock => continue,
        };
        let is_under_way = situation.custody.boxes.keys().any(|number| {
            let custodian = situation.custody.custodian_at(*number, event.at);
            custodian.is_some_and(|custodian| !situation.is_home(custodian.organisation.id))
        });
        if is_under_way {
            found.push(situation.finding(Seen {
                kind,
                key: format!("event {}", event.at.timestamp()),
                boxes: &[],
                began_at: event.at,
                alarmed_at: event.at,
                ended: None,
                detail: format!("{} at {}", event.kind, shown(event.at)),
            }));
        }
    }
}

fn shown(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
