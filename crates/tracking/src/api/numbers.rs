//! SSCCs that the organisation gives to boxes and parents that have none.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::access::Sight;
use domain::gs1::Sscc;
use domain::{OrganisationId, ParentId, ShipmentId};
use serde::{Deserialize, Serialize};
use store::Connection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, WriteShipments};
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use crate::Service;
use crate::live::Change;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct NumberBoxesRequest {
    /// The numbers of its boxes; all of them where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boxes: Option<Vec<u32>>,
}

/// Boxes with the SSCC that each bears now.
#[derive(Serialize, ToSchema)]
pub struct NumberedBoxes {
    boxes: Vec<NumberedBox>,
}

#[derive(Serialize, ToSchema)]
pub struct NumberedBox {
    r#box: u32,
    #[schema(value_type = String, example = "106141412345678908")]
    sscc: Sscc,
}

/// Gives an SSCC of the organisation's own to each of the shipment's boxes that has none. A box that has one keeps it, so
/// the same request again changes nothing. Possible until the shipment is received or called off.
#[utoipa::path(tag = "labels", params(("id" = Uuid, Path)), request_body = NumberBoxesRequest, responses(
    (status = 200, body = NumberedBoxes), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/sscc")]
pub async fn number_boxes(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<NumberBoxesRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let (id, now) = (ShipmentId(id.into_inner()), (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_packing(caller.organisation).await?;
    let shipment = db.shipment(caller.organisation, id).await.map_err(named("shipment"))?;
    if !shipment.status.is_under_way() {
        let status = shipment.status;
        return Err(ApiError::Conflict(format!("the shipment is {status}: its boxes stay as they are")));
    }
    let boxes = db.boxes(caller.sight(), id).await?;
    let known: BTreeSet<u32> = boxes.iter().map(|one| one.number).collect();
    let asked = body.boxes.as_ref().map_or(known.clone(), |asked| asked.iter().copied().collect());
    if let Some(unknown) = asked.difference(&known).next() {
        return Err(ApiError::Unprocessable(format!("boxes: the shipment has no box {unknown}")));
    }
    let bare = boxes.iter().filter(|one| asked.contains(&one.number) && one.sscc.is_none());
    let bare: Vec<u32> = bare.map(|one| one.number).collect();
    let numbers = next_numbers(&mut db, caller.organisation, bare.len()).await?;
    let given: Vec<(u32, Sscc)> = bare.into_iter().zip(numbers).collect();
    if !given.is_empty() {
        db.number_boxes(id, &given).await?;
        let detail = serde_json::json!({ "boxes": given });
        db.write_audit(&[caller.audit("shipment.numbered", id.to_string(), detail)], now).await?;
    }
    let numbered = db.boxes(caller.sight(), id).await?.into_iter().filter(|one| asked.contains(&one.number));
    let numbered = numbered.filter_map(|one| Some(NumberedBox { r#box: one.number, sscc: one.sscc? }));
    let answer = NumberedBoxes { boxes: numbered.collect() };
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &answer).await?;
    if !given.is_empty() {
        service.live.publish([(caller.organisation, Change::Shipment { id })]);
    }
    Ok(answer)
}

#[derive(Serialize, ToSchema)]
pub struct NumberedParent {
    #[schema(value_type = String, example = "106141412345678908")]
    sscc: Sscc,
}

/// Gives an SSCC of the organisation's own to a pallet, roll cage or manifest that has none; one that has keeps it.
#[utoipa::path(tag = "labels", params(("id" = Uuid, Path)), responses(
    (status = 200, body = NumberedParent), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/parents/{id}/sscc")]
pub async fn number_parent(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &())?;
    let (id, now) = (ParentId(id.into_inner()), (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_packing(caller.organisation).await?;
    let parent = db.parent(caller.sight(), id).await.map_err(named("parent"))?;
    let sscc = match parent.sscc {
        Some(sscc) => sscc,
        None => {
            let [sscc] = next_numbers(&mut db, caller.organisation, 1).await?[..] else {
                return Err(ApiError::internal("one number was asked for"));
            };
            db.number_parent(id, sscc).await?;
            let detail = serde_json::json!({ "sscc": sscc });
            db.write_audit(&[caller.audit("parent.numbered", id.to_string(), detail)], now).await?;
            sscc
        }
    };
    once.finish(&service, db, &caller, StatusCode::OK, &NumberedParent { sscc }).await
}

/// SSCCs that nothing bears or bore. The caller holds the packing lock, so that nobody writes one of them down meanwhile.
async fn next_numbers(
    db: &mut Connection,
    organisation: OrganisationId,
    count: usize,
) -> Result<Vec<Sscc>, ApiError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let tenant = db.partner(Sight::of(organisation, organisation), organisation).await?;
    let series = tenant.text.series.ok_or_else(|| {
        ApiError::Conflict(
            "no SSCC can be given: the organisation has no GS1 company prefix. An admin or coordinator writes it where \
             the organisation is changed"
                .into(),
        )
    })?;
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let missing = count - numbers.len();
        let first = db.take_serials(organisation, &series, missing).await?;
        let taken: Option<Vec<Sscc>> = (first..).take(missing).map(|serial| series.sscc(serial)).collect();
        let taken = taken.ok_or_else(|| {
            ApiError::Conflict(format!(
                "no SSCC can be given: company prefix {} with extension digit {} is used up. An admin or coordinator \
                 writes another extension digit or prefix where the organisation is changed",
                series.prefix(),
                series.extension()
            ))
        })?;
        // Somebody may have typed one of them before.
        let borne = db.borne(organisation, &taken).await?;
        numbers.extend(taken.into_iter().filter(|sscc| !borne.contains(sscc)));
    }
    Ok(numbers)
}
