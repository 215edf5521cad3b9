//! Boxes: what is packed into a shipment.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ShipmentId;
use domain::gs1::{Expiry, Gs1Error, NO_DAY, Sscc};
use domain::packing::{Content, NewBox, PackedBox, check, warnings};
use domain::shipment::ShipmentStatus;
use serde::{Deserialize, Serialize};
use store::Connection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, Grant, WriteShipments};
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::shipments::{Made, audit, show_one};
use super::text::optional;
use crate::Service;
use crate::live::Change;
use crate::recalls::check_packed;

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewBox)]
pub struct BoxRequest {
    /// 18 digits; absent where the box carries none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "106141412345678908")]
    sscc: Option<String>,
    #[serde(default)]
    contents: Vec<ContentRequest>,
}

/// One product of one lot, or one item of it. It has a GTIN or a name.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewContent)]
pub struct ContentRequest {
    /// The product's name.
    #[serde(default, alias = "name", skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// 8, 12, 13 or 14 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "09506000134352")]
    gtin: Option<String>,
    /// Up to 20 characters of GS1's set of 82; case counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lot: Option<String>,
    /// `YYYY-MM-DD`, or `YYMMDD` as a label has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-03-31")]
    expiry: Option<String>,
    /// Of one single item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    /// Units; 1 where it is absent.
    #[serde(default = "one")]
    quantity: u32,
}

fn one() -> u32 {
    1
}

#[derive(Serialize, ToSchema)]
#[schema(as = Box)]
pub struct PackedBoxView {
    /// From 1.
    number: u32,
    sscc: Option<String>,
    contents: Vec<ContentView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Content)]
pub struct ContentView {
    product: Option<String>,
    /// 14 digits.
    gtin: Option<String>,
    lot: Option<String>,
    /// The last day on which it may be used, `YYYY-MM-DD`.
    expiry: Option<String>,
    serial: Option<String>,
    quantity: u32,
}

impl From<PackedBox> for PackedBoxView {
    fn from(packed: PackedBox) -> Self {
        let text = |value: Option<Sscc>| value.map(|value| value.to_string());
        let contents = packed.contents.into_iter().map(ContentView::from).collect();
        Self { number: packed.number, sscc: text(packed.sscc), contents }
    }
}

impl From<Content> for ContentView {
    fn from(content: Content) -> Self {
        Self {
            product: content.product,
            gtin: content.gtin.map(|gtin| gtin.to_string()),
            lot: content.lot.map(|lot| lot.to_string()),
            expiry: content.expiry.map(|expiry| expiry.to_string()),
            serial: content.serial.map(|serial| serial.to_string()),
            quantity: content.quantity,
        }
    }
}

/// Boxes as they were asked for, and what speaks against them without forbidding them.
pub struct AskedBoxes {
    pub boxes: Vec<NewBox>,
    pub warnings: Vec<String>,
}

/// Reads boxes; errors name a box by its place, from 1.
pub fn read_boxes(asked: &[BoxRequest], today: NaiveDate) -> Result<AskedBoxes, ApiError> {
    let (mut boxes, mut warnings) = (Vec::with_capacity(asked.len()), Vec::new());
    for (index, one) in asked.iter().enumerate() {
        let place = format!("boxes: box {}", index + 1);
        let mut contents = Vec::with_capacity(one.contents.len());
        for content in &one.contents {
            let (content, warning) = read_content(&place, content, today)?;
            warnings.extend(warning);
            contents.push(content);
        }
        boxes.push(NewBox { sscc: key(&place, one.sscc.as_deref())?, contents });
    }
    Ok(AskedBoxes { boxes, warnings })
}

fn read_content(
    place: &str,
    asked: &ContentRequest,
    today: NaiveDate,
) -> Result<(Content, Option<String>), ApiError> {
    let product = optional(&format!("{place}: product"), asked.product.as_deref(), 200)?;
    let (expiry, no_day) = read_expiry(place, asked.expiry.as_deref(), today)?;
    let content = Content {
        product,
        gtin: key(place, asked.gtin.as_deref())?,
        lot: key(place, asked.lot.as_deref())?,
        expiry,
        serial: key(place, asked.serial.as_deref())?,
        quantity: asked.quantity,
    };
    Ok((content, no_day.then(|| format!("{place}: {NO_DAY}"))))
}

fn read_expiry(
    place: &str,
    text: Option<&str>,
    today: NaiveDate,
) -> Result<(Option<Expiry>, bool), ApiError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok((None, false)) };
    let read = if text.len() == 6 {
        Expiry::from_label(text, today)
    } else {
        text.parse().map(|expiry| (expiry, false))
    };
    let (expiry, no_day) =
        read.map_err(|error| ApiError::Unprocessable(format!("{place}: expiry: {error}")))?;
    Ok((Some(expiry), no_day))
}

/// A key of a request; an empty text counts as absent.
pub fn key<K: std::str::FromStr<Err = Gs1Error>>(
    place: &str,
    text: Option<&str>,
) -> Result<Option<K>, ApiError> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(str::parse)
        .transpose()
        .map_err(|error: Gs1Error| ApiError::Unprocessable(format!("{place}: {error}")))
}

/// Packs boxes into a draft, behind those that are there. Returns what speaks against it without forbidding it.
pub async fn pack<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    shipment: ShipmentId,
    asked: AskedBoxes,
    now: DateTime<Utc>,
) -> Result<Vec<String>, ApiError> {
    let AskedBoxes { boxes, warnings: mut told } = asked;
    db.lock_packing(caller.organisation).await?;
    let mut there = db.boxes(caller.sight(), shipment).await?;
    if let [only] = &*there
        && only.sscc.is_none()
        && only.contents.is_empty()
    {
        // Nothing was said of this box when the shipment was made: it is the first of these.
        there.clear();
    }
    let known = there.iter().map(|one| (one.sscc, &*one.contents));
    check(known.chain(boxes.iter().map(|one| (one.sscc, &*one.contents))))
        .map_err(|error| ApiError::Unprocessable(format!("boxes: {error}")))?;
    let codes: Vec<Sscc> = boxes.iter().filter_map(|one| one.sscc).collect();
    if let Some((sscc, reference)) = db.sscc_in_use(caller.organisation, Some(shipment), &codes).await? {
        return Err(ApiError::Conflict(format!("SSCC {sscc} is on its way with the shipment {reference}")));
    }
    let first = there.last().map_or(1, |last| last.number + 1);
    db.add_boxes(caller.organisation, shipment, first, &boxes).await?;
    let numbered =
        (first..).zip(&boxes).flat_map(|(number, one)| one.contents.iter().map(move |c| (number, c)));
    told.extend(warnings(numbered, now.date_naive()));
    let contents = boxes.iter().flat_map(|one| &one.contents);
    told.extend(check_packed(db, (caller.organisation, caller.user), shipment, contents, now).await?);
    Ok(told)
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewBoxes)]
pub struct PackBoxesRequest {
    boxes: Vec<BoxRequest>,
}

/// Packs more boxes into a draft. They are numbered behind those that are there; the empty box that a shipment without
/// boxes begins with makes room for the first.
#[utoipa::path(tag = "shipments", operation_id = "fill_boxes", params(("id" = Uuid, Path)), request_body = PackBoxesRequest, responses(
    (status = 201, body = Made), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/shipments/{id}/boxes")]
pub async fn pack_boxes(
    service: web::Data<Service>,
    caller: Caller<WriteShipments>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<PackBoxesRequest>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let id = ShipmentId(id.into_inner());
    let now = (service.clock)();
    let asked = read_boxes(&body.boxes, now.date_naive())?;
    if asked.boxes.is_empty() {
        return Err(ApiError::Unprocessable("boxes: write at least one".into()));
    }
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    // Before the shipment is read: whoever binds a tracker ends the packing, and holds this lock.
    db.share_intake().await?;
    let shipment = db.shipment(caller.organisation, id).await.map_err(named("shipment"))?;
    if shipment.status != ShipmentStatus::Draft {
        let status = shipment.status;
        return Err(ApiError::Conflict(format!("the shipment is {status}: boxes are packed into a draft")));
    }
    let warnings = pack(&mut db, &caller, id, asked, now).await?;
    db.write_audit(&[audit(&caller, "shipment.packed", id, serde_json::json!(&*body))], now).await?;
    let stored = db.shipment(caller.organisation, id).await?;
    let made = Made::new(show_one(&service, &mut db, (caller.sight(), caller.role), stored).await?, warnings);
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &made).await?;
    service.live.publish([(caller.organisation, Change::Shipment { id })]);
    Ok(answer)
}
