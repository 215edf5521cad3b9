//! What the ingesters made durable beside uplinks: other events of devices, bodies that could not be read.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::{DevEui, OrganisationId};

use crate::integration_counts::{MadeRow, MadeRows};
use crate::statement::statement;
use crate::trackers::{column, stored_eui};
use crate::{Connection, StoreError};

/// The place of an unreadable body in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableCursor {
    pub arrived_at: DateTime<Utc>,
    pub sha256: Vec<u8>,
}

/// A join, status report or other event of a device.
#[derive(Debug, Clone)]
pub struct DeviceEvent {
    pub organisation: OrganisationId,
    pub integration: String,
    pub dev_eui: Option<DevEui>,
    pub kind: String,
    pub received_at: DateTime<Utc>,
    pub arrived_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct UnreadableBody {
    /// What makes two bodies the same: they are kept once.
    pub sha256: Vec<u8>,
    pub organisation: OrganisationId,
    pub integration: String,
    pub arrived_at: DateTime<Utc>,
    pub reason: String,
    pub body: Vec<u8>,
}

impl Connection {
    /// Keeps each event once. Returns how many of each integration were new.
    pub async fn insert_device_events(&mut self, events: &[DeviceEvent]) -> Result<MadeRows, StoreError> {
        if events.is_empty() {
            return Ok(MadeRows::new());
        }
        let new = statement(
            "with new as (insert into device_events (organisation_id, integration_id, dev_eui, kind, received_at, arrived_at)
             select * from unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[],
                 $6::timestamptz[])
             on conflict do nothing returning organisation_id, integration_id)
             select organisation_id, integration_id, count(*) as count from new group by 1, 2",
        )
        .bind::<Array<Integer>, _>(column(events, |e| e.organisation.0))
        .bind::<Array<Text>, _>(column(events, |e| e.integration.as_str()))
        .bind::<Array<Nullable<BigInt>>, _>(column(events, |e| e.dev_eui.map(stored_eui)))
        .bind::<Array<Text>, _>(column(events, |e| e.kind.as_str()))
        .bind::<Array<Timestamptz>, _>(column(events, |e| e.received_at))
        .bind::<Array<Timestamptz>, _>(column(events, |e| e.arrived_at))
        .load(&mut self.raw)
        .await?;
        Ok(MadeRow::by_integration(new))
    }

    pub async fn insert_unreadable_body(&mut self, body: &UnreadableBody) -> Result<(), StoreError> {
        sql_query(
            "insert into unreadable_bodies (sha256, organisation_id, integration_id, arrived_at, reason, body)
             values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        )
        .bind::<Binary, _>(body.sha256.as_slice())
        .bind::<Integer, _>(body.organisation.0)
        .bind::<Text, _>(body.integration.as_str())
        .bind::<Timestamptz, _>(body.arrived_at)
        .bind::<Text, _>(body.reason.as_str())
        .bind::<Binary, _>(body.body.as_slice())
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Bodies that could not be read, newest first.
    pub async fn unreadable_bodies(
        &mut self,
        organisation: OrganisationId,
        after: Option<UnreadableCursor>,
        limit: i64,
    ) -> Result<Vec<UnreadableBody>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Binary)]
            sha256: Vec<u8>,
            #[diesel(sql_type = Text)]
            integration_id: String,
            #[diesel(sql_type = Timestamptz)]
            arrived_at: DateTime<Utc>,
            #[diesel(sql_type = Text)]
            reason: String,
            #[diesel(sql_type = Binary)]
            body: Vec<u8>,
        }
        let (arrived_at, sha256) = after.map(|cursor| (cursor.arrived_at, cursor.sha256)).unzip();
        let rows: Vec<Row> = sql_query(
            "select sha256, integration_id, arrived_at, reason, body from unreadable_bodies
             where organisation_id = $1 and ($2 is null or (arrived_at, sha256) < ($2, $3))
             order by arrived_at desc, sha256 desc limit $4",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<Timestamptz>, _>(arrived_at)
        .bind::<Nullable<Binary>, _>(sha256)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| UnreadableBody {
            sha256: row.sha256,
            organisation,
            integration: row.integration_id,
            arrived_at: row.arrived_at,
            reason: row.reason,
            body: row.body,
        };
        Ok(rows.into_iter().map(one).collect())
    }
}
