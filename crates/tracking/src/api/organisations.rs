//! The organisations of a tenant's circle: itself, its carriers, consignees and suppliers.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::access::Permission;
use domain::gs1::{CompanyPrefix, Gln, SsccSeries};
use domain::qualification::OrganisationKind;
use serde::{Deserialize, Serialize};
use store::{Connection, Partner, PartnerText, StoreError};
use utoipa::ToSchema;

use super::access::{Caller, Grant, ReadPartners, WritePartners};
use super::boxes::key;
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::{non_empty, optional};
use crate::Service;

#[derive(Serialize, ToSchema)]
pub struct Organisation {
    id: i32,
    kind: OrganisationKind,
    name: String,
    /// Global Location Number, 13 digits.
    #[schema(value_type = Option<String>, example = "9506000134307")]
    gln: Option<Gln>,
    /// GS1 company prefix, from which its boxes are numbered; null for partners.
    #[schema(value_type = Option<String>, example = "0614141")]
    company_prefix: Option<CompanyPrefix>,
    /// The digit in front of the prefix in its SSCCs, 0 to 9; null where there is no prefix.
    extension_digit: Option<u8>,
    /// Whether the shipments are its own; the others are its partners.
    is_tenant: bool,
    /// Whether a contract with it holds now; the tenant itself needs none. Null for those who may not know.
    under_contract: Option<bool>,
    created_at: DateTime<Utc>,
}

/// Organisations with whether they are under contract now.
async fn show<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    partners: Vec<Partner>,
    now: DateTime<Utc>,
) -> Result<Vec<Organisation>, ApiError> {
    let asked: Vec<_> = partners.iter().map(|partner| (partner.id, None)).collect();
    let qualified = db.qualified_at(caller.tenant, &asked, now).await?;
    let may_know = caller.role.may(Permission::ReadQualifications);
    let one = |Partner { id, is_tenant, text, created_at }, under_contract: bool| {
        let PartnerText { kind, name, gln, series } = text;
        let under_contract = may_know.then_some(under_contract);
        let extension_digit = series.as_ref().map(SsccSeries::extension);
        let company_prefix = series.map(|series| series.prefix().clone());
        Organisation {
            id: id.0,
            kind,
            name,
            gln,
            company_prefix,
            extension_digit,
            is_tenant,
            under_contract,
            created_at,
        }
    };
    Ok(partners.into_iter().zip(qualified).map(|(it, what)| one(it, what.under_contract)).collect())
}

async fn show_one<G: Grant>(
    db: &mut Connection,
    caller: &Caller<G>,
    id: OrganisationId,
    now: DateTime<Utc>,
) -> Result<Organisation, ApiError> {
    let partner = db.partner(caller.sight(), id).await.map_err(named("organisation"))?;
    show(db, caller, vec![partner], now).await?.pop().ok_or(ApiError::NotFound("organisation"))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewOrganisation)]
pub struct OrganisationRequest {
    #[schema(value_type = OrganisationKind)]
    kind: String,
    /// Unique among the tenant's partners.
    #[schema(example = "Kühl & Co. Spedition")]
    name: String,
    /// Global Location Number; none where absent.
    #[schema(example = "9506000134307")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gln: Option<String>,
    /// GS1 company prefix, 4 to 12 digits, of the tenant itself alone: its boxes are numbered from it. None where absent.
    #[schema(example = "0614141")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    company_prefix: Option<String>,
    /// The digit in front of the prefix, 0 to 9: 0 where it is absent. Whoever numbers elsewhere from the same prefix has
    /// another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension_digit: Option<u8>,
}

impl OrganisationRequest {
    fn check(&self) -> Result<PartnerText, ApiError> {
        let gln = optional("gln", self.gln.as_deref(), 100)?.map(|gln| gln.parse());
        Ok(PartnerText {
            kind: self.kind.parse().map_err(|error| ApiError::Unprocessable(format!("kind: {error}")))?,
            name: non_empty("name", &self.name, 200)?,
            gln: gln.transpose().map_err(|error| ApiError::Unprocessable(format!("gln: {error}")))?,
            series: self.series()?,
        })
    }

    fn series(&self) -> Result<Option<SsccSeries>, ApiError> {
        let Some(prefix) = key::<CompanyPrefix>("company_prefix", self.company_prefix.as_deref())? else {
            return Ok(None);
        };
        SsccSeries::new(prefix, self.extension_digit.unwrap_or(0))
            .map(Some)
            .map_err(|error| ApiError::Unprocessable(format!("extension_digit: {error}")))
    }
}

/// The tenant and its partners; a partner's people see their own.
#[utoipa::path(tag = "partners", params(PageQuery),
    responses((status = 200, body = Page<Organisation>), (status = 400, body = Problem)))]
#[get("/organisations")]
pub async fn list_organisations(
    service: web::Data<Service>,
    caller: Caller<ReadPartners>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    let rows = db.partners(caller.sight(), after, limit + 1).await?;
    let page = Page::of(rows, limit, |partner| partner.id.to_string(), |partner| partner);
    let items = show(&mut db, &caller, page.items, (service.clock)()).await?;
    Ok(HttpResponse::Ok().json(Page { items, next: page.next }))
}

/// One organisation.
#[utoipa::path(tag = "partners", params(("id" = i32, Path)),
    responses((status = 200, body = Organisation), (status = 404, body = Problem)))]
#[get("/organisations/{id}")]
pub async fn show_organisation(
    service: web::Data<Service>,
    caller: Caller<ReadPartners>,
    id: web::Path<i32>,
) -> Result<HttpResponse, ApiError> {
    let id = OrganisationId(id.into_inner());
    let mut db = service.store.connect().await?;
    Ok(HttpResponse::Ok().json(show_one(&mut db, &caller, id, (service.clock)()).await?))
}

/// Makes a partner.
#[utoipa::path(tag = "partners", request_body = OrganisationRequest, responses(
    (status = 201, body = Organisation), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/organisations")]
pub async fn add_organisation(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    body: web::Json<OrganisationRequest>,
) -> Result<HttpResponse, ApiError> {
    let (once, text) = (Once::new(&request, &body)?, body.check()?);
    check_series(&text, false)?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let id = db.add_partner(caller.tenant, &text, now).await.map_err(taken(&text.name))?;
    let made = show_one(&mut db, &caller, id, now).await?;
    let detail = serde_json::json!({ "request": &*body });
    db.write_audit(&[caller.audit("organisation.added", subject(id), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &made).await
}

/// Says anew what an organisation is; what is absent falls away.
#[utoipa::path(tag = "partners", params(("id" = i32, Path)), request_body = OrganisationRequest, responses(
    (status = 200, body = Organisation), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/organisations/{id}")]
pub async fn change_organisation(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<i32>,
    body: web::Json<OrganisationRequest>,
) -> Result<HttpResponse, ApiError> {
    let (once, text) = (Once::new(&request, &body)?, body.check()?);
    let (id, now) = (OrganisationId(id.into_inner()), (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let before = db.partner(caller.sight(), id).await.map_err(named("organisation"))?;
    check_series(&text, before.is_tenant)?;
    let before = before.text;
    if let Some(series) = text.series.as_ref().filter(|series| before.series.as_ref() != Some(*series))
        && db.is_series_of_another(id, series).await?
    {
        return Err(ApiError::Conflict(format!(
            "company_prefix: another organisation numbers from this prefix with the extension digit {}: write the prefix that \
             GS1 gave to yours, or another extension_digit",
            series.extension()
        )));
    }
    db.change_partner(id, &text).await.map_err(taken(&text.name))?;
    let changed = show_one(&mut db, &caller, id, now).await?;
    let (prefix, digit) = before.series.map(|series| (series.prefix().clone(), series.extension())).unzip();
    let before = serde_json::json!({ "kind": before.kind, "name": before.name, "gln": before.gln,
        "company_prefix": prefix, "extension_digit": digit });
    let detail = serde_json::json!({ "from": before, "request": &*body });
    db.write_audit(&[caller.audit("organisation.changed", subject(id), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &changed).await
}

fn check_series(text: &PartnerText, is_tenant: bool) -> Result<(), ApiError> {
    if is_tenant || text.series.is_none() {
        return Ok(());
    }
    Err(ApiError::Unprocessable(
        "company_prefix: partners number nothing here; write the prefix of your own organisation where that is changed"
            .into(),
    ))
}

/// In the audit trail: a bare number could be anything's.
pub(super) fn subject(id: OrganisationId) -> String {
    format!("organisation {id}")
}

fn taken(name: &str) -> impl Fn(StoreError) -> ApiError {
    let told = format!("name: an organisation {name} exists already");
    move |error| match error {
        error if error.is_refused_by("organisations_host_id_name_key") => ApiError::Conflict(told.clone()),
        other => other.into(),
    }
}
