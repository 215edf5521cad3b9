//! SSCCs that an organisation gives: which come next, and to what they were given.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::gs1::{Sscc, SsccSeries};
use domain::{OrganisationId, ParentId, ShipmentId};

use crate::boxes::{number_column, parsed};
use crate::trackers::column;
use crate::{Connection, StoreError};

impl Connection {
    /// Takes `count` serial references of the series and returns the first of them. Whoever asks meanwhile waits for the end
    /// of this transaction, and none is given twice. They may lie behind the series' end.
    pub async fn take_serials(
        &mut self,
        organisation: OrganisationId,
        series: &SsccSeries,
        count: usize,
    ) -> Result<u64, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            first: i64,
        }
        let row: Row = sql_query(
            "insert into sscc_series (organisation_id, company_prefix, extension_digit, next_serial)
             values ($1, $2, $3, $4) on conflict (organisation_id, company_prefix, extension_digit)
                 do update set next_serial = sscc_series.next_serial + excluded.next_serial
             returning next_serial - $4 as first",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Text, _>(series.prefix().to_string())
        .bind::<Integer, _>(i32::from(series.extension()))
        .bind::<BigInt, _>(i64::try_from(count).unwrap_or(i64::MAX))
        .get_result(&mut self.raw)
        .await?;
        u64::try_from(row.first).map_err(|error| StoreError::unreadable("serial reference", error))
    }

    /// Those that a box or a parent of the organisation bears or bore, whoever gave them.
    pub async fn borne(
        &mut self,
        organisation: OrganisationId,
        among: &[Sscc],
    ) -> Result<Vec<Sscc>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            sscc: String,
        }
        let rows: Vec<Row> = sql_query(
            "select sscc from boxes where organisation_id = $1 and sscc = any($2)
             union select sscc from parents where organisation_id = $1 and sscc = any($2)",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<Text>, _>(column(among, ToString::to_string))
        .load(&mut self.raw)
        .await?;
        let borne: Result<Vec<_>, _> = rows.iter().map(|row| parsed("sscc", Some(&row.sscc))).collect();
        Ok(borne?.into_iter().flatten().collect())
    }

    /// Boxes that bear an SSCC already keep it.
    pub async fn number_boxes(
        &mut self,
        shipment: ShipmentId,
        numbered: &[(u32, Sscc)],
    ) -> Result<(), StoreError> {
        sql_query(
            "update boxes b set sscc = n.sscc from unnest($2::int[], $3::text[]) as n (number, sscc)
             where b.shipment_id = $1 and b.number = n.number and b.sscc is null",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Array<Integer>, _>(column(numbered, |(number, _)| number_column(*number)))
        .bind::<Array<Text>, _>(column(numbered, |(_, sscc)| sscc.to_string()))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// One that bears an SSCC already keeps it.
    pub async fn number_parent(&mut self, parent: ParentId, sscc: Sscc) -> Result<(), StoreError> {
        sql_query("update parents set sscc = $2 where id = $1 and sscc is null")
            .bind::<SqlUuid, _>(parent.0)
            .bind::<Text, _>(sscc.to_string())
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}
