//! Ids that follow from what they are made of.

use std::collections::BTreeSet;

use domain::custody::{fanned_out_id, handed_in_id};
use domain::{OrganisationId, ParentId, ShipmentId};
use proptest::prelude::*;
use uuid::Uuid;

type Request = (u128, bool, u128, u128, u32);

/// Few of each, so that two requests often have something in common.
fn requests() -> impl Strategy<Value = Vec<Request>> {
    prop::collection::vec((0..3u128, any::<bool>(), 0..3u128, 0..3u128, 0..3u32), 0..40)
}

fn id_of((request, offers, parent, shipment, part): Request) -> Uuid {
    let act = if offers { "offer" } else { "accept" };
    let (parent, shipment) = (ParentId(Uuid::from_u128(parent)), ShipmentId(Uuid::from_u128(shipment)));
    fanned_out_id(Uuid::from_u128(request), act, parent, shipment, part)
}

proptest! {
    #[test]
    fn the_same_request_has_the_same_id_for_a_shipment_and_no_other_has_it(requests in requests()) {
        let different: BTreeSet<Request> = requests.iter().copied().collect();
        let ids: BTreeSet<Uuid> = requests.iter().map(|request| id_of(*request)).collect();
        prop_assert_eq!(ids.len(), different.len());
        prop_assert!(ids.iter().all(|id| id.get_version_num() == 8));
    }

    #[test]
    fn an_event_has_one_id_for_its_organisation_and_no_other(
        events in prop::collection::vec((0..3i32, "[0-2]{0,3}"), 0..40)
    ) {
        let different: BTreeSet<&(i32, String)> = events.iter().collect();
        let ids: BTreeSet<Uuid> =
            events.iter().map(|(organisation, event)| handed_in_id(OrganisationId(*organisation), event)).collect();
        prop_assert_eq!(ids.len(), different.len());
    }
}

/// They stand in ledgers: another way to make them would write known entries anew.
#[test]
fn ids_stay_as_they_are() {
    assert_eq!(id_of((1, true, 2, 3, 0)).to_string(), "4d0df017-45d3-850d-8d6b-68dfee9e31a6");
    assert_eq!(handed_in_id(OrganisationId(7), "evt-1").to_string(), "e444d3b0-0f1e-8391-ae6d-fde3b5a3c3da");
}
