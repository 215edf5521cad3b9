//! What was packed into each box.

use chrono::{DateTime, Utc};

use super::Known;
use super::document::{Action, BizStep, Event, Kind, QuantityElement, State, Uri, What};
use super::names::Names;
use crate::custody::{BoxNumber, EntryHash};
use crate::packing::{Content, PackedBox};

/// One event a box: a parent is one.
pub(super) fn packed(
    known: &Known,
    names: &Names,
    entry: EntryHash,
    boxes: &[BoxNumber],
    (at, recorded_at): (DateTime<Utc>, DateTime<Utc>),
) -> Vec<Event> {
    let event = |number: &BoxNumber| {
        let contents = known.boxes.iter().find(|one| one.number == *number).map(contents).unwrap_or_default();
        let of_box = names.of_box(*number);
        let (kind, what) = match contents {
            // That it was packed is known, and not with what.
            (children, quantities) if children.is_empty() && quantities.is_empty() => {
                ((Kind::ObjectEvent, Action::Observe), What::Objects { objects: vec![of_box] })
            }
            (children, quantities) => (
                (Kind::AggregationEvent, Action::Add),
                What::Children { parent: of_box, children, quantities },
            ),
        };
        let id = names.event_of(entry, "packed", *number);
        Event {
            record_time: Some(recorded_at),
            biz_step: Some(BizStep::Packing),
            disposition: Some(State::InProgress),
            ..Event::new(kind, id, at, what, names.shipment())
        }
    };
    known.seen(boxes).iter().map(event).collect()
}

/// Items by their serial numbers, the rest by product and lot. What has no GTIN has no name.
fn contents(one: &PackedBox) -> (Vec<Uri>, Vec<QuantityElement>) {
    let item = |content: &Content| Names::item(content.gtin?, content.serial.as_ref()?);
    let class = |content: &Content| {
        let epc_class = Names::class(content.gtin?, content.lot.as_ref())?;
        content.serial.is_none().then_some(QuantityElement { epc_class, quantity: content.quantity })
    };
    (one.contents.iter().filter_map(item).collect(), one.contents.iter().filter_map(class).collect())
}
