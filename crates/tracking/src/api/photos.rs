//! Photos of boxes at a handover: kept as they come, and shown to whoever sees the shipment.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentDisposition, DispositionParam, DispositionType,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, get, post, web};
use domain::ShipmentId;
use domain::custody::{
    Act, MOST_PHOTO_BYTES, MOST_PHOTOS, MOST_PHOTOS_OF_ORGANISATION, PhotoHash, PhotoKind,
};
use serde::Serialize;
use store::{Connection, NewPhoto, PhotoCounts};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ReadTransport, TransferCustody};
use super::document::File;
use super::problem::{ApiError, Problem, named};
use crate::Service;
use crate::binding::lock_shipment;

/// A photo that is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptPhoto)]
pub struct PhotoView {
    /// By which an offer, an acceptance or a refusal names it: 64 hex digits.
    sha256: String,
    bytes: usize,
    /// `image/jpeg` or `image/png`.
    media_type: &'static str,
}

/// Keeps a photo of the shipment's boxes, byte by byte as it comes, with what its camera wrote into it; the same one
/// again is kept once. At most 5 MB, 20 photos of a shipment from an organisation's people and 60 in all.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path)),
    request_body(content((File = "image/jpeg"), (File = "image/png"))), responses(
    (status = 200, body = PhotoView), (status = 201, body = PhotoView), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
#[post("/shipments/{id}/custody/photos")]
pub async fn add_photo(
    service: web::Data<Service>,
    caller: Caller<TransferCustody>,
    id: web::Path<Uuid>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let photo = read(body).await?;
    let kind = PhotoKind::of(&photo)
        .ok_or_else(|| ApiError::Unprocessable("the body: send a photo as JPEG or PNG".into()))?;
    let (now, hash) = ((service.clock)(), PhotoHash::of(&photo));
    let mut db = service.store.begin().await?;
    let shipment = db.shipment_seen_by(caller.sight(), ShipmentId(*id)).await.map_err(named("shipment"))?.id;
    // Two at a time would count the same photos.
    lock_shipment(&mut db, caller.tenant, shipment).await.map_err(named("shipment"))?;
    let kept = PhotoView { sha256: hash.to_string(), bytes: photo.len(), media_type: kind.media_type() };
    if db.has_photo(shipment, hash).await? {
        return Ok(HttpResponse::Ok().json(kept));
    }
    check_room(db.count_photos(shipment, caller.organisation).await?)?;
    let new = NewPhoto {
        organisation: caller.tenant,
        shipment,
        hash,
        kept_for: caller.organisation,
        kept_by: caller.user,
        kind,
        content: &photo,
    };
    db.add_photo(&new, now).await?;
    let detail = serde_json::json!({ "sha256": kept.sha256, "bytes": kept.bytes });
    db.write_audit(&[caller.audit("custody.photo_kept", shipment.to_string(), detail)], now).await?;
    db.commit().await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(kept))
}

async fn read(body: web::Payload) -> Result<web::Bytes, ApiError> {
    match body.to_bytes_limited(MOST_PHOTO_BYTES).await {
        Ok(Ok(photo)) => Ok(photo),
        Ok(Err(error)) => Err(ApiError::BadRequest(format!("the body: {error}"))),
        Err(_) => Err(ApiError::TooLarge("the body: a photo has at most 5 MB; send it smaller".into())),
    }
}

fn check_room(PhotoCounts { all, own }: PhotoCounts) -> Result<(), ApiError> {
    if own < MOST_PHOTOS_OF_ORGANISATION && all < MOST_PHOTOS {
        return Ok(());
    }
    Err(ApiError::Conflict(format!(
        "a shipment has at most {MOST_PHOTOS_OF_ORGANISATION} photos of an organisation and {MOST_PHOTOS} in all: name \
         one of those that are there, or none"
    )))
}

/// A photo of the shipment, as it came. Nothing in it is run, wherever it is opened.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path), ("sha256" = String, Path)), responses(
    (status = 200, content((File = "image/jpeg"), (File = "image/png"))), (status = 404, body = Problem)))]
#[get("/shipments/{id}/custody/photos/{sha256}")]
pub async fn show_photo(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse, ApiError> {
    let (id, sha256) = path.into_inner();
    let hash: PhotoHash = sha256.parse().map_err(|_| ApiError::NotFound("photo"))?;
    let mut db = service.store.connect().await?;
    let shipment = db.shipment_seen_by(caller.sight(), ShipmentId(id)).await.map_err(named("shipment"))?;
    let photo =
        db.photos(shipment.id, &[hash]).await?.into_iter().next().ok_or(ApiError::NotFound("photo"))?;
    let name = format!("{hash}.{}", photo.kind.extension());
    let disposition = ContentDisposition {
        disposition: DispositionType::Inline,
        parameters: vec![DispositionParam::Filename(name)],
    };
    Ok(HttpResponse::Ok()
        .content_type(photo.kind.media_type())
        .insert_header(disposition)
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(photo.content))
}

/// Refuses what names a photo that is none of the shipment's.
pub(super) async fn check_photo(
    db: &mut Connection,
    shipment: ShipmentId,
    act: &Act,
) -> Result<(), ApiError> {
    match act.photo() {
        Some(photo) if !db.has_photo(shipment, photo).await? => Err(ApiError::Unprocessable(
            "photo: the shipment has none with this hash; send it to /custody/photos of the shipment first"
                .into(),
        )),
        _ => Ok(()),
    }
}
