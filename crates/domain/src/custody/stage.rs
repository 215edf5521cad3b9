//! How far a shipment has come, by who has its boxes.

use std::collections::BTreeMap;

use super::entry::{Act, Entry};
use super::fold::{BoxCustody, Custody};
use super::hash::EntryHash;
use crate::OrganisationId;
use crate::shipment::ShipmentStatus;

impl Custody {
    /// Where the shipment stands; none before it was packed. `is_consignee` says for whom it is meant, which is the consignor
    /// where it has turned back: received is what all boxes are that the consignee has accepted, delivered what he has or was
    /// offered. What is with its consignor otherwise is packed, and everything else in transit.
    pub fn stage(
        &self,
        entries: &BTreeMap<EntryHash, &Entry>,
        is_consignee: impl Fn(OrganisationId) -> bool,
    ) -> Option<ShipmentStatus> {
        let consignor = entries.get(&self.packed?)?.by.organisation.id;
        let has = |one: &BoxCustody| one.present.organisation.id;
        let has_moved = |one: &BoxCustody| !one.earlier.is_empty();
        let is_at_consignee = |one: &BoxCustody| is_consignee(has(one)) && has_moved(one);
        let is_offered = |one: &BoxCustody| {
            one.offers.iter().filter_map(|offer| entries.get(offer)).any(|offer| match &offer.act {
                Act::Offered { to, .. } => is_consignee(to.organisation.id),
                _ => false,
            })
        };
        let all = |is_so: &dyn Fn(&BoxCustody) -> bool| self.boxes.values().all(is_so);
        Some(match () {
            () if all(&is_at_consignee) => ShipmentStatus::Received,
            () if all(&|one| is_at_consignee(one) || (has_moved(one) && is_offered(one))) => {
                ShipmentStatus::Delivered
            }
            () if all(&|one| has(one) == consignor) => ShipmentStatus::Packed,
            () => ShipmentStatus::InTransit,
        })
    }
}
