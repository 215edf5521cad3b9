//! Holds, and what quality decides.

use chrono::{DateTime, Utc};

use super::document::{Action, BizStep, Event, Kind, PersistentDisposition, State, Uri, What};
use super::names::Names;
use super::{HoldChange, Known};
use crate::custody::record::Record;
use crate::custody::{Act, Entry};
use crate::shipment::Disposition;

/// Where a hold begins and where it ends; that its reason became another one is none.
pub(super) fn holds(known: &Known, names: &Names) -> Vec<Event> {
    let event = |change: &HoldChange| {
        let persistent = match (change.before, change.after) {
            (None, Some(_)) => PersistentDisposition { set: vec![State::NonSellableOther], unset: vec![] },
            (Some(_), None) => PersistentDisposition { set: vec![], unset: vec![State::NonSellableOther] },
            _ => return None,
        };
        let begins = change.after.is_some();
        let id = names.event(&format!("hold {}", change.number));
        Some(Event {
            // The standard has no word for the end of a hold.
            biz_step: begins.then_some(BizStep::Holding),
            disposition: begins.then_some(State::NonSellableOther),
            persistent_disposition: Some(persistent),
            ..observed(known, names, id, change.at)
        })
    };
    known.holds.iter().filter_map(event).collect()
}

/// A signed decision on the whole shipment. `before`: the one before it.
pub(super) fn decided(
    known: &Known,
    names: &Names,
    (record, entry): &(Record, Entry),
    before: Option<Disposition>,
) -> Option<Event> {
    let Act::Decided { decision, .. } = &entry.act else { return None };
    let state = |decision| match decision {
        Disposition::Release => State::Conformant,
        Disposition::Reject | Disposition::Return | Disposition::Destroy => State::NonConformant,
    };
    let now = state(*decision);
    let unset = before.map(state).filter(|before| *before != now).into_iter().collect();
    let id = names.event_of(record.entry, "decided", 0);
    Some(Event {
        record_time: Some(record.recorded_at),
        biz_step: Some(BizStep::Inspecting),
        disposition: Some(now),
        persistent_disposition: Some(PersistentDisposition { set: vec![now], unset }),
        ..observed(known, names, id, entry.at)
    })
}

/// Of all boxes: hold and decision are the shipment's.
fn observed(known: &Known, names: &Names, id: Uri, at: DateTime<Utc>) -> Event {
    let objects = names.boxes(known.boxes.iter().map(|one| one.number));
    Event::new((Kind::ObjectEvent, Action::Observe), id, at, What::Objects { objects }, names.shipment())
}
