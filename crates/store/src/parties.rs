//! Partners that have to do with a shipment, and so may see it.

use chrono::{DateTime, Utc};
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::{OrganisationId, ShipmentId};

use crate::trackers::column;
use crate::{Connection, StoreError};

impl Connection {
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
