//! What positions say beside custody and plan: gone without a custodian, there and not accepted, off the way, standing.

use chrono::{DateTime, Utc};

use super::transfers::takers;
use super::{Finding, Seen, Situation, after};
use crate::alert::AlertKind;
use crate::place::{Ending, Opening, Stay};
use crate::plan::Plan;

const ACCEPTED: &str = "it was accepted";

/// In such steps the next opening is looked for.
const STEP: chrono::Duration = chrono::Duration::minutes(15);
/// And so far ahead: longer than any row of holidays.
const STEPS: i32 = 4 * 24 * 14;

pub(super) fn find(situation: &Situation, found: &mut Vec<Finding>) {
    if let Some(plan) = situation.plan {
        left(situation, plan, found);
        arrived(situation, plan, found);
    }
    off_route(situation, found);
    standing(situation, found);
}

fn stays_at<'a>(situation: &'a Situation, place: crate::PlaceId) -> impl Iterator<Item = &'a Stay> + Clone {
    situation.stays.iter().filter(move |(at, stay)| *at == place && stay.inside).map(|(_, stay)| stay)
}

/// A box has left the place where a leg begins, and nobody has taken it over who was to.
fn left(situation: &Situation, plan: &Plan, found: &mut Vec<Finding>) {
    for leg in plan.legs() {
        let stays = stays_at(situation, leg.from);
        let taken = situation.taken_over(&takers(plan, leg.number));
        // Before that it is there for another reason.
        let brought = match leg.number {
            1 => situation.packed_at(),
            number => situation.taken_over(&takers(plan, number - 1)),
        };
        for stay in stays.clone() {
            let Ending::Changed(at) = stay.ending else { continue };
            if brought.is_none_or(|brought| at < brought) {
                continue;
            }
            let alarmed_at = after(at, situation.delays.leave);
            let back = stays.clone().map(|stay| stay.from).filter(|from| *from > at).min();
            let back = back.map(|back| (back, "it came back"));
            let ended = taken.map(|taken| (taken, ACCEPTED)).into_iter().chain(back).min();
            if ended.is_some_and(|(ended, _)| ended <= alarmed_at) {
                continue;
            }
            found.push(situation.finding(Seen {
                kind: AlertKind::LeftWithoutCustody,
                key: format!("leg {} {}", leg.number, at.timestamp()),
                boxes: &[],
                began_at: at,
                alarmed_at,
                ended,
                detail: format!("it left {} and nobody has accepted it", name(situation, leg.from)),
            }));
        }
    }
}

/// A box is where a leg ends, somebody could be there, and it was not accepted.
fn arrived(situation: &Situation, plan: &Plan, found: &mut Vec<Finding>) {
    for leg in plan.legs() {
        let taken = situation.taken_over(&takers(plan, leg.number + 1));
        let opening = situation.place(leg.to).and_then(|place| place.opening.as_ref());
        for stay in stays_at(situation, leg.to) {
            // Before it began to be carried it is there for another reason.
            let carried = situation.taken_over(&takers(plan, leg.number));
            if carried.is_none_or(|carried| stay.until().is_some_and(|until| until <= carried)) {
                continue;
            }
            let Some(opens) = open_from(opening, stay.from) else { continue };
            let alarmed_at = after(opens, situation.delays.arrive);
            let gone = stay.until().map(|until| match stay.ending {
                Ending::Lost(_) => (until, "positions failed"),
                _ => (until, "it left the place"),
            });
            let ended = taken.map(|taken| (taken, ACCEPTED)).into_iter().chain(gone).min();
            if ended.is_some_and(|(ended, _)| ended <= alarmed_at) {
                continue;
            }
            found.push(situation.finding(Seen {
                kind: AlertKind::ArrivedNotAccepted,
                key: format!("leg {} {}", leg.number, stay.from.timestamp()),
                boxes: &[],
                began_at: stay.from,
                alarmed_at,
                ended,
                detail: format!("it is at {} and was not accepted", name(situation, leg.to)),
            }));
        }
    }
}

/// The first instant from `at` on at which the place is open; one of which nobody said is always open.
fn open_from(opening: Option<&Opening>, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let Some(opening) = opening else { return Some(at) };
    (0..STEPS).map(|step| at + STEP * step).find(|instant| opening.is_open(*instant))
}

fn off_route(situation: &Situation, found: &mut Vec<Finding>) {
    for stay in situation.off_route {
        let alarmed_at = after(stay.from, situation.delays.off_route);
        let ended = match stay.ending {
            Ending::Lasts => None,
            Ending::Changed(at) => Some((at, "it is on its route again")),
            Ending::Lost(at) => Some((at, "positions failed")),
        };
        if ended.is_some_and(|(ended, _)| ended <= alarmed_at) {
            continue;
        }
        found.push(situation.finding(Seen {
            kind: AlertKind::OffRoute,
            key: "route".to_owned(),
            boxes: &[],
            began_at: stay.from,
            alarmed_at,
            ended,
            detail: "it is off its route".to_owned(),
        }));
    }
}

/// Dwells are long enough by themselves: each is a finding.
fn standing(situation: &Situation, found: &mut Vec<Finding>) {
    for dwell in situation.dwells {
        found.push(situation.finding(Seen {
            kind: AlertKind::StandingTooLong,
            key: "dwell".to_owned(),
            boxes: &[],
            began_at: dwell.from,
            alarmed_at: dwell.last_at,
            ended: (!dwell.lasts).then_some((dwell.last_at, "it has moved on, or positions failed")),
            detail: "it stands outside all known places".to_owned(),
        }));
    }
}

fn name<'a>(situation: &'a Situation, place: crate::PlaceId) -> &'a str {
    situation.place(place).map_or("its place", |place| place.name.as_str())
}
