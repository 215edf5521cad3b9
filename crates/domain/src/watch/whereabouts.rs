//! What positions say beside custody and plan: gone without a custodian, there and not accepted, off the way, standing.

use chrono::{DateTime, Utc};

use super::{Finding, Seen, Situation, after};
use crate::PlaceId;
use crate::alert::AlertKind;
use crate::place::{Ending, Opening, Stay};
use crate::plan::Plan;

const ACCEPTED: &str = "it was accepted";

/// So far ahead the next opening is looked for: longer than any row of holidays.
const SOON: chrono::Duration = chrono::Duration::days(14);

pub(super) fn find(situation: &Situation, found: &mut Vec<Finding>) {
    if let Some(plan) = situation.plan {
        left(situation, plan, found);
        arrived(situation, plan, found);
    }
    off_route(situation, found);
    standing(situation, found);
}

fn stays_at<'a>(situation: &'a Situation, place: PlaceId) -> impl Iterator<Item = &'a Stay> + Clone {
    situation.stays.iter().filter(move |(at, stay)| *at == place && stay.inside).map(|(_, stay)| stay)
}

/// A box has left the place where a leg begins, and nobody has taken it over who was to.
fn left(situation: &Situation, plan: &Plan, found: &mut Vec<Finding>) {
    for leg in plan.legs() {
        let stays = stays_at(situation, leg.from);
        let taken = situation.taken_over(plan, leg.number);
        // Before that it is there for another reason.
        let brought = match leg.number {
            1 => situation.packed_at(),
            number => situation.taken_over(plan, number - 1),
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
                key: format!("leg {}", leg.number),
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
        // Before it began to be carried it is there for another reason.
        let Some(carried) = situation.taken_over(plan, leg.number) else { continue };
        let taken = situation.taken_over(plan, leg.number + 1).map(|taken| (taken, ACCEPTED));
        let opening = situation.place(leg.to).and_then(|place| place.opening.as_ref());
        for (from, gone) in presences(situation, leg.to, carried) {
            let alarmed_at = after(open_from(opening, from), situation.delays.arrive);
            let gone = gone.map(|gone| (gone, "it left the place"));
            let ended = taken.into_iter().chain(gone).min();
            if ended.is_some_and(|(ended, _)| ended <= alarmed_at) {
                continue;
            }
            found.push(situation.finding(Seen {
                kind: AlertKind::ArrivedNotAccepted,
                key: format!("leg {}", leg.number),
                boxes: &[],
                began_at: from,
                alarmed_at,
                ended,
                detail: format!("it is at {} and was not accepted", name(situation, leg.to)),
            }));
        }
    }
}

/// From when on it was at the place after `since`, and when it was seen to be gone: where positions fail it still stands
/// there, and there it is where they come again.
fn presences(
    situation: &Situation,
    place: PlaceId,
    since: DateTime<Utc>,
) -> Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    let is_after = |stay: &&Stay| stay.until().is_none_or(|until| since < until);
    let mut stays: Vec<&Stay> = stays_at(situation, place).filter(is_after).collect();
    stays.sort_by_key(|stay| stay.from);
    let mut presences: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> = Vec::new();
    for stay in stays {
        let gone = match stay.ending {
            Ending::Lasts => None,
            Ending::Changed(at) => Some(at),
            Ending::Lost(_) => seen_elsewhere(situation, place, stay.last_at),
        };
        match presences.last_mut().filter(|(_, gone)| gone.is_none_or(|gone| gone >= stay.from)) {
            Some(presence) => presence.1 = gone,
            None => presences.push((stay.from.max(since), gone)),
        }
    }
    presences
}

/// When it was first inside another place after that.
fn seen_elsewhere(situation: &Situation, place: PlaceId, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let elsewhere = situation.stays.iter().filter(|(at, stay)| *at != place && stay.inside);
    elsewhere.map(|(_, stay)| stay.from).filter(|from| *from > after).min()
}

/// The first instant from `at` on at which the place is open; one of which nobody said is always open, and where it does
/// not open soon, somebody must look at once.
fn open_from(opening: Option<&Opening>, at: DateTime<Utc>) -> DateTime<Utc> {
    opening.and_then(|opening| opening.next_open(at, at + SOON)).unwrap_or(at)
}

/// It counts while somebody carries a box.
fn off_route(situation: &Situation, found: &mut Vec<Finding>) {
    for stay in situation.off_route {
        let Some((from, until)) = situation.under_way(stay.from, stay.until()) else { continue };
        let alarmed_at = after(from, situation.delays.off_route);
        let ended = until.map(|until| match stay.ending {
            Ending::Changed(at) if at <= until => (until, "it is on its route again"),
            Ending::Lost(at) if at <= until => (until, "positions failed"),
            _ => (until, ACCEPTED),
        });
        if ended.is_some_and(|(ended, _)| ended <= alarmed_at) {
            continue;
        }
        found.push(situation.finding(Seen {
            kind: AlertKind::OffRoute,
            key: "route".to_owned(),
            boxes: &[],
            began_at: from,
            alarmed_at,
            ended,
            detail: "it is off its route".to_owned(),
        }));
    }
}

/// It counts while somebody carries a box.
fn standing(situation: &Situation, found: &mut Vec<Finding>) {
    for dwell in situation.dwells {
        let moved = (!dwell.lasts).then_some(dwell.last_at);
        let Some((from, until)) = situation.under_way(dwell.from, moved) else { continue };
        let alarmed_at = after(from, situation.delays.stand);
        // Of one that ends at its last position nobody knows how much longer it stood.
        if dwell.last_at < alarmed_at || until.is_some_and(|until| until < alarmed_at) {
            continue;
        }
        let ended = until.map(|until| match moved {
            Some(moved) if moved <= until => (until, "it has moved on, or positions failed"),
            _ => (until, ACCEPTED),
        });
        found.push(situation.finding(Seen {
            kind: AlertKind::StandingTooLong,
            key: "dwell".to_owned(),
            boxes: &[],
            began_at: from,
            alarmed_at,
            ended,
            detail: "it stands outside all known places".to_owned(),
        }));
    }
}

fn name<'a>(situation: &'a Situation, place: PlaceId) -> &'a str {
    situation.place(place).map_or("its place", |place| place.name.as_str())
}
