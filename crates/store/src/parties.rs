//! Partners that have to do with a shipment, and so may see it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::access::Sight;
use domain::{OrganisationId, ShipmentId};
use uuid::Uuid;

use crate::sight::{sees_shipment, viewer};
use crate::trackers::column;
use crate::{Connection, StoreError};

impl Connection {
    /// Those of the shipments that are to be seen from there.
    pub async fn shipments_seen_by(
        &mut self,
        sight: Sight,
        shipments: &[ShipmentId],
    ) -> Result<Vec<ShipmentId>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let rows: Vec<Row> = sql_query(format!(
            "select s.id from shipments s where s.organisation_id = $1 and s.id = any($2) and {}",
            sees_shipment(sight, "s.id", "$3")
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|row| ShipmentId(row.id)).collect())
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
