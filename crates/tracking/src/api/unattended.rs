//! Boxes that are left where nobody takes them over.

use domain::custody::{Organisation, Whereabouts};
use domain::watch::is_elsewhere;
use domain::{OrganisationId, ShipmentId};
use serde::Serialize;
use store::{Connection, StoreError, StoredPlan};
use utoipa::ToSchema;

use super::problem::ApiError;
use crate::handover::Book;

/// A position that is known less well than to so many metres says nothing of where boxes were left.
const COARSEST_M: u32 = 1000;

/// Where boxes may be left for the consignee.
#[derive(Serialize, ToSchema)]
#[schema(as = Leaving)]
pub struct LeavingView {
    /// The consignee's id.
    to: i32,
    /// The name of the place where the last leg ends.
    place: String,
}

/// Where the carrier may leave boxes of the shipment; none where it may not.
pub(super) async fn leaving(
    db: &mut Connection,
    owner: OrganisationId,
    shipment: ShipmentId,
    carrier: OrganisationId,
) -> Result<Option<LeavingView>, StoreError> {
    let Some(StoredPlan { plan, .. }) = db.plan(shipment).await? else { return Ok(None) };
    let Some(last) = plan.legs().last().filter(|last| last.carrier == carrier) else { return Ok(None) };
    let lanes = db.lanes_of(owner, last.lane.as_slice()).await?;
    let place = db.places_of(owner, &[last.to]).await?.into_iter().next();
    let place = place.filter(|_| lanes.iter().any(|lane| lane.unattended));
    Ok(place.map(|stored| LeavingView { to: plan.consignee().0, place: stored.place.name }))
}

/// Whether `carrier` may write for `to` that it left the boxes there; refused with the reason. The lane of the plan's last
/// leg says so, as it is now.
pub(super) async fn may_be_left(
    db: &mut Connection,
    book: &Book,
    (carrier, to): (&Organisation, &Organisation),
    whereabouts: Option<&Whereabouts>,
) -> Result<(), ApiError> {
    let refuse = |why: &str| Err(ApiError::Conflict(format!("unattended: {why}; nothing was written")));
    let plan = db.plan(book.shipment.id).await?.map(|stored| stored.plan);
    let Some((plan, last)) = plan.as_ref().and_then(|plan| Some((plan, plan.legs().last()?))) else {
        return refuse("the shipment has no plan, and so no lane that allows it");
    };
    if plan.consignee() != to.id {
        return refuse("boxes are left for the consignee alone, and they were offered to somebody else");
    }
    if last.carrier != carrier.id {
        return refuse("only who carries the last leg leaves boxes");
    }
    let lanes = db.lanes_of(book.owner, last.lane.as_slice()).await?;
    if !lanes.iter().any(|lane| lane.unattended) {
        return refuse("the lane of the last leg does not allow it");
    }
    let Some(whereabouts) = whereabouts else {
        return Err(ApiError::Unprocessable("whereabouts: write where the boxes were left".into()));
    };
    if let Some(accuracy_m) = whereabouts.accuracy_m.filter(|accuracy_m| *accuracy_m > COARSEST_M) {
        return Err(ApiError::Unprocessable(format!(
            "whereabouts.accuracy_m: the position is too coarse: it is known to {accuracy_m} m, and where boxes are left has \
             to be known to {COARSEST_M} m or better; nothing was written"
        )));
    }
    let places = db.places_of(book.owner, &[last.to]).await?;
    let place = places.first().map(|stored| &stored.place);
    let fence = place.and_then(|place| place.fence.as_ref());
    let is_away = fence.and_then(|fence| is_elsewhere(whereabouts, fence));
    match (is_away, place) {
        (Some(true), Some(place)) => {
            refuse(&format!("that is away from {}, where the last leg ends", place.name))
        }
        _ if whereabouts.lat.is_none() && !db.positions_of(book.shipment.id).await?.is_empty() => {
            Err(ApiError::Unprocessable(
                "whereabouts: the shipment's positions are known, so write lat and lon of where the boxes were left"
                    .into(),
            ))
        }
        _ => Ok(()),
    }
}
