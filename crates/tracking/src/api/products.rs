//! Which products are a supplier's: with that, which shipments it sees.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use domain::OrganisationId;
use domain::gs1::Gtin;
use domain::qualification::OrganisationKind;
use serde::{Deserialize, Serialize};
use store::SupplierProduct;
use utoipa::ToSchema;

use super::access::{Caller, ReadPartners, WritePartners};
use super::boxes::key;
use super::once::Once;
use super::organisations::subject;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::optional;
use crate::Service;

/// The longest list.
const MOST_PRODUCTS: usize = 1000;

/// A product of a supplier.
#[derive(Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    /// 14 digits.
    #[schema(example = "09506000134352")]
    gtin: String,
    #[schema(example = "Insulin 100 IU/ml, 5 pens")]
    name: Option<String>,
}

impl From<SupplierProduct> for ProductView {
    fn from(SupplierProduct { gtin, name }: SupplierProduct) -> Self {
        Self { gtin: gtin.to_string(), name }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewProducts)]
pub struct ProductsRequest {
    /// All of them: at most 1000.
    items: Vec<ProductRequest>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = NewProduct)]
pub struct ProductRequest {
    /// 8, 12, 13 or 14 digits. Each packaging level that is packed has its own.
    #[schema(example = "09506000134352")]
    gtin: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl ProductsRequest {
    /// By GTIN; errors name a product by its place, from 1.
    fn read(&self) -> Result<Vec<SupplierProduct>, ApiError> {
        if self.items.len() > MOST_PRODUCTS {
            return Err(ApiError::Unprocessable(format!("items: write at most {MOST_PRODUCTS}")));
        }
        let (mut products, mut seen) = (Vec::with_capacity(self.items.len()), HashSet::new());
        for (index, item) in self.items.iter().enumerate() {
            let place = format!("items: product {}", index + 1);
            let gtin: Gtin = key(&place, Some(&item.gtin))?
                .ok_or_else(|| ApiError::Unprocessable(format!("{place}: gtin: write its digits")))?;
            if !seen.insert(gtin) {
                return Err(ApiError::Unprocessable(format!("{place}: {gtin} is there twice")));
            }
            let name = optional(&format!("{place}: name"), item.name.as_deref(), 200)?;
            products.push(SupplierProduct { gtin, name });
        }
        products.sort_by_key(|product| product.gtin);
        Ok(products)
    }
}

/// The products of a supplier, by GTIN.
#[utoipa::path(tag = "partners", params(("id" = i32, Path), PageQuery), responses(
    (status = 200, body = Page<ProductView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/organisations/{id}/products")]
pub async fn list_products(
    service: web::Data<Service>,
    caller: Caller<ReadPartners>,
    id: web::Path<i32>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?;
    let mut db = service.store.connect().await?;
    let supplier =
        db.partner(caller.sight(), OrganisationId(id.into_inner())).await.map_err(named("organisation"))?;
    let rows = db.products(supplier.id, after, limit + 1).await?;
    Ok(HttpResponse::Ok().json(Page::of(rows, limit, |row| row.gtin.to_string(), ProductView::from)))
}

/// Says which products are a supplier's, in the place of those before. Its people and systems see the shipments that hold
/// one of them, from the next request on. A product is one supplier's at a time.
#[utoipa::path(tag = "partners", params(("id" = i32, Path)), request_body = ProductsRequest, responses(
    (status = 200, body = Page<ProductView>), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[put("/organisations/{id}/products")]
pub async fn set_products(
    service: web::Data<Service>,
    caller: Caller<WritePartners>,
    request: HttpRequest,
    id: web::Path<i32>,
    body: web::Json<ProductsRequest>,
) -> Result<HttpResponse, ApiError> {
    let (once, products) = (Once::new(&request, &body)?, body.read()?);
    let (id, now) = (OrganisationId(id.into_inner()), (service.clock)());
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_organisation(caller.tenant).await?;
    let supplier = db.partner(caller.sight(), id).await.map_err(named("organisation"))?;
    let has_products = supplier.text.kind == OrganisationKind::Supplier && !supplier.is_tenant;
    // Who was a supplier once may be left without any.
    if !has_products && !products.is_empty() {
        return Err(ApiError::Unprocessable(format!(
            "{} is no supplier among your partners: only a supplier has products",
            supplier.text.name
        )));
    }
    if let Some((gtin, whose)) = db.product_of_another(caller.tenant, id, &products).await? {
        return Err(ApiError::Conflict(format!(
            "items: {gtin} is a product of {whose}; take it off that list first"
        )));
    }
    let before = db.products(id, None, i64::MAX).await?;
    db.set_products(caller.tenant, id, &products).await.map_err(|error| {
        match error.is_refused_by("supplier_products_pkey") {
            true => ApiError::Conflict("items: another supplier was given one of them meanwhile".into()),
            false => error.into(),
        }
    })?;
    let shown = |products: Vec<SupplierProduct>| products.into_iter().map(ProductView::from).collect();
    let (before, items): (Vec<_>, Vec<_>) = (shown(before), shown(products));
    let detail = serde_json::json!({ "from": before, "to": items });
    db.write_audit(&[caller.audit("organisation.products_set", subject(id), detail)], now).await?;
    once.finish(&service, db, &caller, StatusCode::OK, &Page { items, next: None }).await
}
