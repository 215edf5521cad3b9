//! Who has to do with a tenant's shipments: the tenant itself and its partners.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::custody::Organisation;
use domain::{OrganisationId, ShipmentId};

use crate::schema::organisations;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// An organisation as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub organisation: Organisation,
    pub is_consignee: bool,
}

impl Connection {
    /// The tenant and its partners.
    pub async fn parties(&mut self, tenant: OrganisationId) -> Result<Vec<Party>, StoreError> {
        let rows: Vec<(i32, String, Option<String>, String)> = organisations::table
            .filter(organisations::id.eq(tenant.0).or(organisations::host_id.eq(tenant.0)))
            .order(organisations::id)
            .select((organisations::id, organisations::name, organisations::gln, organisations::kind))
            .load(&mut self.raw)
            .await?;
        let party = |(id, name, gln, kind): (i32, String, Option<String>, String)| Party {
            organisation: Organisation { id: OrganisationId(id), name, gln },
            is_consignee: kind == "consignee",
        };
        Ok(rows.into_iter().map(party).collect())
    }

    /// From now on they may see the shipment, if they could not before.
    pub async fn add_parties(
        &mut self,
        shipment: ShipmentId,
        parties: &[OrganisationId],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into shipment_parties (shipment_id, organisation_id, since)
             select $1, party, $2 from unnest($3::int[]) as party on conflict do nothing",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Integer>, _>(column(parties, |id| id.0))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}
