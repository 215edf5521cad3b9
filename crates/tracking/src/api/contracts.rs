//! Contracts with partners: who may be handed a box, from when until when.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::{ContractId, OrganisationId};
use serde::{Deserialize, Serialize};
use store::{Contract as StoredContract, ContractText};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ReadQualifications, WritePartners};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{non_empty, optional};
use super::validity::{EndRequest, ValidityView, span};
use crate::Service;

#[derive(Serialize, ToSchema)]
pub struct Contract {
    id: Uuid,
    /// The partner's id.
    organisation: i32,
    title: String,
    reference: Option<String>,
    #[serde(flatten)]
    validity: ValidityView,
}

fn view(contract: StoredContract, now: DateTime<Utc>) -> Contract {
    let StoredContract { id, partner, title, reference, validity, ended_reason } = contract;
    let validity = ValidityView::of(validity, ended_reason, now);
    Contract { id: id.0, organisation: partner.0, title, reference, validity }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewContract)]
pub struct ContractRequest {
    #[schema(example = "Carriage of medicines, 2 to 8 °C")]
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// It holds from then on.
    from: DateTime<Utc>,
    /// And until just before; without an end where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
}

impl ContractRequest {
    fn check(&self) -> Result<ContractText, ApiError> {
        let (from, until) = span(self.from, self.until)?;
        let (title, reference) = (non_empty("title", &self.title, 200)?, self.reference.as_deref());
        Ok(ContractText { title, reference: optional("reference", reference, 100)?, from, until })
    }
}

/// A partner's contracts, those that ended included.
#[utoipa::path(tag = "partners", params(("id" = i32, Path), PageQuery), responses(
    (status = 200, body = Page<Contract>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/organisations/{id}/contracts")]
pub async fn list_contracts(
    service: web::Data<Service>,
    caller: Caller<ReadQualifications>,
    id: web::Path<i32>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let (id, now) = (OrganisationId(id.into_inner()), (service.clock)());
    let mut db = service.store.connect().await?;
    db.partner(caller.sight(), id).await.map_err(named("organisation"))?;
    let rows = db.contracts(caller.tenant, id, after, limit + 1).await?;
    let page = Page::of(rows, limit, |contract| contract.id.to_string(), |contract| view(contract, now));
    Ok(HttpResponse::Ok().json(page))
}

/// Records a contract with a partner.
#[utoipa::path(tag = "partners", params(("id" = i32, Path)), request_body = ContractRequest, responses(
    (status = 201, body = Contract), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/organisations/{id}/contracts")]
pub async fn add_contract(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<i32>,
    body: web::Json<ContractRequest>,
) -> Result<HttpResponse, ApiError> {
    let (once, text) = (Once::new(&request, &body)?, body.check()?);
    let (partner, now) = (OrganisationId(id.into_inner()), (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    if db.partner(caller.sight(), partner).await.map_err(named("organisation"))?.is_tenant {
        return Err(ApiError::Unprocessable("id: the tenant needs no contract with itself".into()));
    }
    let id = db.add_contract(caller.tenant, partner, &text, now).await?;
    db.mark_watches_of(caller.tenant, Some(partner), now).await?;
    let made = db.contract(caller.tenant, id).await?;
    let detail = serde_json::json!({ "organisation": partner, "request": &*body });
    db.write_audit(&[caller.audit("contract.added", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &view(made, now)).await
}

/// Ends a contract. It stays on record, and holds for what was done before.
#[utoipa::path(tag = "partners", params(("id" = Uuid, Path)), request_body = EndRequest, responses(
    (status = 200, body = Contract), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/contracts/{id}/end")]
pub async fn end_contract(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<EndRequest>,
) -> Result<HttpResponse, ApiError> {
    let (id, now) = (ContractId(id.into_inner()), (service.clock)());
    let (once, (at, reason)) = (Once::new(&request, &body)?, body.check(now)?);
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.contract(caller.tenant, id).await.map_err(named("contract"))?;
    if !db.end_contract(caller.tenant, id, at, &reason).await? {
        return Err(ApiError::Conflict("the contract has ended already".into()));
    }
    let ended = db.contract(caller.tenant, id).await?;
    db.mark_watches_of(caller.tenant, Some(ended.partner), now).await?;
    let detail = serde_json::json!({ "at": at, "reason": reason });
    db.write_audit(&[caller.audit("contract.ended", id.to_string(), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &view(ended, now)).await
}
