//! Which products are a supplier's.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::OrganisationId;
use domain::gs1::Gtin;

use crate::boxes::parsed;
use crate::schema::{organisations, supplier_products};
use crate::{Connection, StoreError};

/// A product of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierProduct {
    pub gtin: Gtin,
    pub name: Option<String>,
}

impl Connection {
    /// A supplier's products by GTIN, those after `after` first.
    pub async fn products(
        &mut self,
        supplier: OrganisationId,
        after: Option<Gtin>,
        limit: i64,
    ) -> Result<Vec<SupplierProduct>, StoreError> {
        let rows: Vec<(String, Option<String>)> = supplier_products::table
            .filter(supplier_products::supplier_id.eq(supplier.0))
            .filter(supplier_products::gtin.gt(after.map(|gtin| gtin.to_string()).unwrap_or_default()))
            .order(supplier_products::gtin)
            .select((supplier_products::gtin, supplier_products::name))
            .limit(limit)
            .load(&mut self.raw)
            .await?;
        let product = |(gtin, name): (String, Option<String>)| {
            let gtin = parsed("gtin", Some(&gtin))?.ok_or(StoreError::NotFound)?;
            Ok(SupplierProduct { gtin, name })
        };
        rows.into_iter().map(product).collect()
    }

    /// One of those products that is another supplier's of the tenant, with that supplier's name.
    pub async fn product_of_another(
        &mut self,
        tenant: OrganisationId,
        supplier: OrganisationId,
        products: &[SupplierProduct],
    ) -> Result<Option<(String, String)>, StoreError> {
        let found = supplier_products::table
            .inner_join(organisations::table.on(organisations::id.eq(supplier_products::supplier_id)))
            .filter(supplier_products::organisation_id.eq(tenant.0))
            .filter(supplier_products::supplier_id.ne(supplier.0))
            .filter(supplier_products::gtin.eq_any(gtins(products)))
            .order(supplier_products::gtin)
            .select((supplier_products::gtin, organisations::name))
            .first(&mut self.raw)
            .await;
        Ok(found.optional()?)
    }

    /// Puts these in the place of the supplier's products before. Refused by `supplier_products_pkey` where one is another
    /// supplier's.
    pub async fn set_products(
        &mut self,
        tenant: OrganisationId,
        supplier: OrganisationId,
        products: &[SupplierProduct],
    ) -> Result<(), StoreError> {
        diesel::delete(supplier_products::table.filter(supplier_products::supplier_id.eq(supplier.0)))
            .execute(&mut self.raw)
            .await?;
        let row = |product: &SupplierProduct| {
            (
                supplier_products::organisation_id.eq(tenant.0),
                supplier_products::supplier_id.eq(supplier.0),
                supplier_products::gtin.eq(product.gtin.to_string()),
                supplier_products::name.eq(product.name.clone()),
            )
        };
        diesel::insert_into(supplier_products::table)
            .values(products.iter().map(row).collect::<Vec<_>>())
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}

fn gtins(products: &[SupplierProduct]) -> Vec<String> {
    products.iter().map(|product| product.gtin.to_string()).collect()
}
