//! What the ingesters made durable, as it was: uplinks, other events of devices, bodies that could not be read.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::{DevEui, OrganisationId};

use crate::statement::statement;
use crate::trackers::{column, stored_eui};
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct Uplink {
    pub organisation: OrganisationId,
    pub integration: String,
    pub dev_eui: Option<DevEui>,
    pub dev_addr: Option<String>,
    pub f_cnt: i64,
    pub f_port: i32,
    pub payload: Vec<u8>,
    pub confirmed: bool,
    /// JSON array of the gateways that heard it.
    pub gateways: String,
    pub received_at: DateTime<Utc>,
    pub arrived_at: DateTime<Utc>,
    /// Why its payload gave no readings; None where it gave some.
    pub problem: Option<String>,
}

/// The place of an uplink in its device's list: two may have been received at the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UplinkCursor {
    pub received_at: DateTime<Utc>,
    pub rank: i64,
}

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
    /// Of the message that brought it, so that a message delivered twice is kept once.
    pub sha256: Vec<u8>,
    pub organisation: OrganisationId,
    pub integration: String,
    pub arrived_at: DateTime<Utc>,
    pub reason: String,
    pub body: Vec<u8>,
}

/// Copies of one uplink by several receptions are one uplink while their receive times lie at most this far apart.
const COPY_WINDOW: &str = "interval '5 minutes'";

#[derive(QueryableByName)]
struct UplinkRow {
    #[diesel(sql_type = Text)]
    integration_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    dev_addr: Option<String>,
    #[diesel(sql_type = BigInt)]
    f_cnt: i64,
    #[diesel(sql_type = Integer)]
    f_port: i32,
    #[diesel(sql_type = Binary)]
    payload: Vec<u8>,
    #[diesel(sql_type = Bool)]
    confirmed: bool,
    #[diesel(sql_type = Text)]
    gateways: String,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    arrived_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    problem: Option<String>,
    #[diesel(sql_type = BigInt)]
    rank: i64,
}

impl Connection {
    pub async fn insert_uplinks(&mut self, uplinks: &[Uplink]) -> Result<(), StoreError> {
        if uplinks.is_empty() {
            return Ok(());
        }
        statement(
            "insert into uplinks (received_at, arrived_at, organisation_id, integration_id, dev_eui, dev_addr, f_cnt,
                 f_port, payload, confirmed, gateways, problem)
             select * from unnest($1::timestamptz[], $2::timestamptz[], $3::int[], $4::text[], $5::bigint[], $6::text[],
                 $7::bigint[], $8::int[], $9::bytea[], $10::boolean[], $11::text[], $12::text[])
             on conflict do nothing",
        )
        .bind::<Array<Timestamptz>, _>(column(uplinks, |u| u.received_at))
        .bind::<Array<Timestamptz>, _>(column(uplinks, |u| u.arrived_at))
        .bind::<Array<Integer>, _>(column(uplinks, |u| u.organisation.0))
        .bind::<Array<Text>, _>(column(uplinks, |u| u.integration.as_str()))
        .bind::<Array<Nullable<BigInt>>, _>(column(uplinks, |u| u.dev_eui.map(stored_eui)))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.dev_addr.as_deref()))
        .bind::<Array<BigInt>, _>(column(uplinks, |u| u.f_cnt))
        .bind::<Array<Integer>, _>(column(uplinks, |u| u.f_port))
        .bind::<Array<Binary>, _>(column(uplinks, |u| u.payload.as_slice()))
        .bind::<Array<Bool>, _>(column(uplinks, |u| u.confirmed))
        .bind::<Array<Text>, _>(column(uplinks, |u| u.gateways.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.problem.as_deref()))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Writes anew why the given uplinks gave no readings.
    pub async fn update_uplink_problems(&mut self, uplinks: &[Uplink]) -> Result<(), StoreError> {
        sql_query(
            "update uplinks u set problem = n.problem
             from unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::text[], $5::text[])
                 as n (dev_eui, received_at, f_cnt, integration_id, problem)
             where u.dev_eui = n.dev_eui and u.received_at = n.received_at and u.f_cnt = n.f_cnt
                 and u.integration_id = n.integration_id",
        )
        .bind::<Array<Nullable<BigInt>>, _>(column(uplinks, |u| u.dev_eui.map(stored_eui)))
        .bind::<Array<Timestamptz>, _>(column(uplinks, |u| u.received_at))
        .bind::<Array<BigInt>, _>(column(uplinks, |u| u.f_cnt))
        .bind::<Array<Text>, _>(column(uplinks, |u| u.integration.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.problem.as_deref()))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    pub async fn insert_device_events(&mut self, events: &[DeviceEvent]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        statement(
            "insert into device_events (organisation_id, integration_id, dev_eui, kind, received_at, arrived_at)
             select * from unnest($1::int[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[],
                 $6::timestamptz[])
             on conflict do nothing",
        )
        .bind::<Array<Integer>, _>(column(events, |e| e.organisation.0))
        .bind::<Array<Text>, _>(column(events, |e| e.integration.as_str()))
        .bind::<Array<Nullable<BigInt>>, _>(column(events, |e| e.dev_eui.map(stored_eui)))
        .bind::<Array<Text>, _>(column(events, |e| e.kind.as_str()))
        .bind::<Array<Timestamptz>, _>(column(events, |e| e.received_at))
        .bind::<Array<Timestamptz>, _>(column(events, |e| e.arrived_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
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

    /// A device's uplinks, newest first, each chain of copies once (by its earliest), with each one's place.
    pub async fn uplinks(
        &mut self,
        organisation: OrganisationId,
        dev_eui: DevEui,
        after: Option<UplinkCursor>,
        limit: i64,
    ) -> Result<Vec<(UplinkCursor, Uplink)>, StoreError> {
        let (received_at, rank) = after.map(|cursor| (cursor.received_at, cursor.rank)).unzip();
        let rows: Vec<UplinkRow> = sql_query(format!(
            "select integration_id, dev_addr, f_cnt, f_port, payload, confirmed, gateways, received_at, arrived_at,
                 problem, rank
             from (
                 select u.*, lag(received_at) over (
                         partition by integration_id, dev_addr, f_cnt, payload order by received_at) as copy_of,
                     row_number() over (
                         partition by received_at order by f_cnt, integration_id, dev_addr, payload) as rank
                 from uplinks u where organisation_id = $1 and dev_eui = $2
             ) u
             where (copy_of is null or received_at - copy_of > {COPY_WINDOW})
                 and ($3 is null or received_at < $3 or (received_at = $3 and rank > $4))
             order by received_at desc, rank limit $5"
        ))
        .bind::<Integer, _>(organisation.0)
        .bind::<BigInt, _>(stored_eui(dev_eui))
        .bind::<Nullable<Timestamptz>, _>(received_at)
        .bind::<Nullable<BigInt>, _>(rank)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let place = |row: &UplinkRow| UplinkCursor { received_at: row.received_at, rank: row.rank };
        let one = |row: UplinkRow| {
            (
                place(&row),
                Uplink {
                    organisation,
                    integration: row.integration_id,
                    dev_eui: Some(dev_eui),
                    dev_addr: row.dev_addr,
                    f_cnt: row.f_cnt,
                    f_port: row.f_port,
                    payload: row.payload,
                    confirmed: row.confirmed,
                    gateways: row.gateways,
                    received_at: row.received_at,
                    arrived_at: row.arrived_at,
                    problem: row.problem,
                },
            )
        };
        Ok(rows.into_iter().map(one).collect())
    }
}
