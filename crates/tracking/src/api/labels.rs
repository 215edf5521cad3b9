//! Labels of boxes and parents, for printers.

use std::sync::Arc;

use actix_web::http::header::{
    CACHE_CONTROL, ContentDisposition, DispositionParam, DispositionType, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, get, web};
use domain::gs1::Sscc;
use domain::label::{Label, LabelFormat};
use domain::packing::{PackedBox, ParentKind};
use domain::profile::Profile;
use domain::{ParentId, ShipmentId};
use serde::Deserialize;
use store::{Connection, Shipment, StoredProfile};
use utoipa::IntoParams;
use uuid::Uuid;

use super::access::{Caller, Grant, ReadTransport};
use super::problem::{ApiError, Problem, named};
use super::text::{celsius, file_name};
use crate::Service;

#[derive(Deserialize, IntoParams)]
pub struct LabelQuery {
    /// `pdf`, a page for each label, or `png`, the picture of one; `pdf` where it is absent.
    format: Option<String>,
}

#[derive(Deserialize, IntoParams)]
pub struct BoxQuery {
    /// The number of one box; all of them where it is absent.
    r#box: Option<u32>,
}

impl LabelQuery {
    fn read(&self) -> Result<LabelFormat, ApiError> {
        let format = self.format.as_deref().map(str::parse).transpose();
        let format = format.map_err(|error| ApiError::BadRequest(format!("format: {error}")))?;
        Ok(format.unwrap_or(LabelFormat::Pdf))
    }
}

/// Labels of the shipment's boxes, A6, each with its SSCC as GS1-128, GS1 DataMatrix and GS1 Digital Link QR code.
#[utoipa::path(tag = "labels", params(("id" = Uuid, Path), LabelQuery, BoxQuery), responses(
    (status = 200, content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"))),
    (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[get("/shipments/{id}/labels")]
pub async fn print_labels(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
    query: web::Query<LabelQuery>,
    which: web::Query<BoxQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = query.read()?;
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    let shipment = db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    let boxes = db.boxes(caller.sight(), id).await?;
    let count = boxes.len();
    let asked: Vec<PackedBox> =
        boxes.into_iter().filter(|one| which.r#box.is_none_or(|number| number == one.number)).collect();
    if asked.is_empty() {
        return Err(ApiError::NotFound("box"));
    }
    if format == LabelFormat::Png && asked.len() > 1 {
        return Err(ApiError::BadRequest(
            "format: a picture shows one label; name the box, or ask for pdf".into(),
        ));
    }
    let numbered = numbered(&asked)?;
    let labels = labels_of(&service, &mut db, &caller, &shipment, &numbered, count).await?;
    let name = match which.r#box {
        Some(number) => format!("{}-box-{number}", shipment.reference),
        None => format!("{}-labels", shipment.reference),
    };
    answer(&service, labels, format, &name).await
}

/// Each box's number with its SSCC.
fn numbered(boxes: &[PackedBox]) -> Result<Vec<(u32, Sscc)>, ApiError> {
    let bare: Vec<u32> = boxes.iter().filter(|one| one.sscc.is_none()).map(|one| one.number).collect();
    if bare.is_empty() {
        return Ok(boxes.iter().filter_map(|one| Some((one.number, one.sscc?))).collect());
    }
    Err(ApiError::Conflict(format!(
        "boxes {bare:?} have no SSCC: give them one first (POST /shipments/{{id}}/sscc)"
    )))
}

async fn labels_of<G: Grant>(
    service: &Service,
    db: &mut Connection,
    caller: &Caller<G>,
    shipment: &Shipment,
    boxes: &[(u32, Sscc)],
    count: usize,
) -> Result<Vec<Label>, ApiError> {
    let planned = db.plan(shipment.id).await?.map(|stored| stored.plan.consignee());
    let organisations: Vec<_> = planned.into_iter().chain([caller.tenant]).collect();
    let mut names = db.circle_names(caller.tenant, &organisations).await?;
    let to = planned.and_then(|consignee| names.get(&consignee).cloned()).or(shipment.destination.clone());
    let from = names.remove(&caller.tenant).ok_or(ApiError::NotFound("organisation"))?;
    let stored: Arc<StoredProfile> =
        service.profiles.get_one(db, shipment.profile).await.map_err(named("profile"))?;
    let keep_at = keep_at(&stored.profile);
    let label = |(number, sscc): &(u32, Sscc)| Label {
        sscc: *sscc,
        from: from.clone(),
        to: to.clone(),
        unit: format!("Box {number} of {count}"),
        reference: Some(shipment.reference.clone()),
        keep_at: keep_at.clone(),
    };
    Ok(boxes.iter().map(label).collect())
}

fn keep_at(profile: &Profile) -> Option<String> {
    let range = profile.range()?;
    match (range.min_c.map(celsius), range.max_c.map(celsius)) {
        (Some(min), Some(max)) => Some(format!("{min} °C to {max} °C")),
        (Some(min), None) => Some(format!("{min} °C or more")),
        (None, Some(max)) => Some(format!("{max} °C or less")),
        (None, None) => None,
    }
}

/// The label of a pallet, a roll cage or a manifest.
#[utoipa::path(tag = "labels", params(("id" = Uuid, Path), LabelQuery), responses(
    (status = 200, content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"))),
    (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[get("/parents/{id}/label")]
pub async fn print_parent_label(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
    query: web::Query<LabelQuery>,
) -> Result<HttpResponse, ApiError> {
    let format = query.read()?;
    let mut db = service.store.connect().await?;
    let parent = db.parent(caller.sight(), ParentId(id.into_inner())).await.map_err(named("parent"))?;
    let kind = match parent.kind {
        ParentKind::Pallet => "Pallet",
        ParentKind::RollCage => "Roll cage",
        ParentKind::Manifest => "Manifest",
    };
    let sscc = parent.sscc.ok_or_else(|| {
        ApiError::Conflict("it has no SSCC: give it one first (POST /parents/{id}/sscc)".into())
    })?;
    let mut names = db.circle_names(caller.tenant, &[caller.tenant]).await?;
    let label = Label {
        sscc,
        from: names.remove(&caller.tenant).ok_or(ApiError::NotFound("organisation"))?,
        to: None,
        unit: kind.to_owned(),
        reference: parent.reference,
        keep_at: None,
    };
    let name = label.reference.clone().unwrap_or_else(|| sscc.to_string());
    answer(&service, vec![label], format, &format!("{name}-label")).await
}

async fn answer(
    service: &Service,
    labels: Vec<Label>,
    format: LabelFormat,
    name: &str,
) -> Result<HttpResponse, ApiError> {
    let draw = service.labels;
    // Some hundred pages take their time, which is no other request's.
    let drawn = web::block(move || draw(&labels, format)).await.map_err(ApiError::internal)?;
    let file = drawn.map_err(ApiError::internal)?;
    let media_type = match format {
        LabelFormat::Pdf => "application/pdf",
        LabelFormat::Png => "image/png",
    };
    let disposition = ContentDisposition {
        disposition: DispositionType::Inline,
        parameters: vec![DispositionParam::Filename(file_name(&format!("{name}.{format}")))],
    };
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(disposition)
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // A label whose box was packed anew must not come from a cache.
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(file))
}
