//! Uplinks as the network servers reported them: every copy is kept, and shown as one.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::{DevEui, OrganisationId};

use crate::downlinks::NetworkAddress;
use crate::integration_counts::{MadeRow, MadeRows};
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
    /// None where the network sent none, only what it made of it.
    pub payload: Option<Vec<u8>>,
    /// What the network server made of it, as JSON text; None where nobody reads it.
    pub decoded: Option<String>,
    pub confirmed: bool,
    /// JSON array of the gateways that heard it.
    pub gateways: String,
    pub received_at: DateTime<Utc>,
    pub arrived_at: DateTime<Utc>,
    /// What of it could not be read; None where all could.
    pub problem: Option<String>,
    /// Whether some of it is a reading all the same.
    pub gave_readings: bool,
    pub address: NetworkAddress,
}

/// The place of an uplink in its device's list: two may have been received at the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UplinkCursor {
    pub received_at: DateTime<Utc>,
    pub rank: i64,
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
    #[diesel(sql_type = Nullable<Binary>)]
    payload: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    decoded: Option<String>,
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
    #[diesel(sql_type = Bool)]
    gave_readings: bool,
    #[diesel(sql_type = BigInt)]
    rank: i64,
}

impl UplinkRow {
    fn uplink(self, organisation: OrganisationId, dev_eui: DevEui) -> Uplink {
        Uplink {
            organisation,
            integration: self.integration_id,
            dev_eui: Some(dev_eui),
            dev_addr: self.dev_addr,
            f_cnt: self.f_cnt,
            f_port: self.f_port,
            payload: self.payload,
            decoded: self.decoded,
            confirmed: self.confirmed,
            gateways: self.gateways,
            received_at: self.received_at,
            arrived_at: self.arrived_at,
            problem: self.problem,
            gave_readings: self.gave_readings,
            // Needed to send something, and read where that is planned.
            address: NetworkAddress::default(),
        }
    }
}

impl Connection {
    /// Keeps each copy once. Returns how many of each integration were new.
    pub async fn insert_uplinks(&mut self, uplinks: &[Uplink]) -> Result<MadeRows, StoreError> {
        if uplinks.is_empty() {
            return Ok(MadeRows::new());
        }
        let new = statement(
            "with new as (insert into uplinks (received_at, arrived_at, organisation_id, integration_id, dev_eui, dev_addr, f_cnt,
                 f_port, payload, confirmed, gateways, problem, application, device, decoded,
                 gave_readings)
             select * from unnest($1::timestamptz[], $2::timestamptz[], $3::int[], $4::text[], $5::bigint[], $6::text[],
                 $7::bigint[], $8::int[], $9::bytea[], $10::boolean[], $11::text[], $12::text[],
                 $13::text[], $14::text[], $15::text[], $16::boolean[])
             on conflict do nothing returning organisation_id, integration_id)
             select organisation_id, integration_id, count(*) as count from new group by 1, 2",
        )
        .bind::<Array<Timestamptz>, _>(column(uplinks, |u| u.received_at))
        .bind::<Array<Timestamptz>, _>(column(uplinks, |u| u.arrived_at))
        .bind::<Array<Integer>, _>(column(uplinks, |u| u.organisation.0))
        .bind::<Array<Text>, _>(column(uplinks, |u| u.integration.as_str()))
        .bind::<Array<Nullable<BigInt>>, _>(column(uplinks, |u| u.dev_eui.map(stored_eui)))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.dev_addr.as_deref()))
        .bind::<Array<BigInt>, _>(column(uplinks, |u| u.f_cnt))
        .bind::<Array<Integer>, _>(column(uplinks, |u| u.f_port))
        .bind::<Array<Nullable<Binary>>, _>(column(uplinks, |u| u.payload.as_deref()))
        .bind::<Array<Bool>, _>(column(uplinks, |u| u.confirmed))
        .bind::<Array<Text>, _>(column(uplinks, |u| u.gateways.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.problem.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.address.application.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.address.device.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.decoded.as_deref()))
        .bind::<Array<Bool>, _>(column(uplinks, |u| u.gave_readings))
        .load(&mut self.raw)
        .await?;
        Ok(MadeRow::by_integration(new))
    }

    /// Writes anew what could not be read of the given uplinks, and whether they gave readings.
    pub async fn update_uplink_problems(&mut self, uplinks: &[Uplink]) -> Result<(), StoreError> {
        sql_query(
            "update uplinks u set problem = n.problem, gave_readings = n.gave_readings
             from unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bytea[],
                 $8::text[], $9::boolean[]) as n (dev_eui, received_at, f_cnt, integration_id, problem, dev_addr, payload,
                 decoded, gave_readings)
             where u.dev_eui = n.dev_eui and u.received_at = n.received_at and u.f_cnt = n.f_cnt
                 and u.integration_id = n.integration_id and u.dev_addr is not distinct from n.dev_addr
                 and u.payload is not distinct from n.payload
                 and (u.payload is not null or u.decoded is not distinct from n.decoded)",
        )
        .bind::<Array<Nullable<BigInt>>, _>(column(uplinks, |u| u.dev_eui.map(stored_eui)))
        .bind::<Array<Timestamptz>, _>(column(uplinks, |u| u.received_at))
        .bind::<Array<BigInt>, _>(column(uplinks, |u| u.f_cnt))
        .bind::<Array<Text>, _>(column(uplinks, |u| u.integration.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.problem.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.dev_addr.as_deref()))
        .bind::<Array<Nullable<Binary>>, _>(column(uplinks, |u| u.payload.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(uplinks, |u| u.decoded.as_deref()))
        .bind::<Array<Bool>, _>(column(uplinks, |u| u.gave_readings))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// A device's uplinks, newest first, each chain of copies once (by its earliest), with each one's place. One without
    /// payload is a copy of the one that has it.
    pub async fn uplinks(
        &mut self,
        organisation: OrganisationId,
        dev_eui: DevEui,
        after: Option<UplinkCursor>,
        limit: i64,
    ) -> Result<Vec<(UplinkCursor, Uplink)>, StoreError> {
        let (received_at, rank) = after.map(|cursor| (cursor.received_at, cursor.rank)).unzip();
        let rows: Vec<UplinkRow> = sql_query(format!(
            "select integration_id, dev_addr, f_cnt, f_port, payload, decoded, confirmed, gateways, received_at,
                 arrived_at, problem, gave_readings, rank
             from (
                 select u.*, lag(received_at) over (
                         partition by integration_id, dev_addr, f_cnt, payload,
                             case when payload is null then decoded end
                         order by received_at) as copy_of,
                     row_number() over (
                         partition by received_at order by f_cnt, integration_id, dev_addr, payload, decoded) as rank
                 from uplinks u where organisation_id = $1 and dev_eui = $2
             ) u
             where (copy_of is null or received_at - copy_of > {COPY_WINDOW})
                 and (payload is not null or not exists (select from uplinks raw
                     where raw.organisation_id = $1 and raw.dev_eui = $2 and raw.payload is not null
                         and raw.f_cnt = u.f_cnt and raw.integration_id = u.integration_id
                         and raw.dev_addr is not distinct from u.dev_addr
                         and raw.received_at between u.received_at - {COPY_WINDOW} and u.received_at + {COPY_WINDOW}))
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
        let one = |row: UplinkRow| {
            let place = UplinkCursor { received_at: row.received_at, rank: row.rank };
            (place, row.uplink(organisation, dev_eui))
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// What was kept of a device and could not be read, oldest first, each copy by itself, received after `after`: about
    /// `limit`, since those received at one instant stay together. None of an uplink that gave readings, in whichever form it
    /// was sent.
    pub async fn kept_uplinks(
        &mut self,
        organisation: OrganisationId,
        dev_eui: DevEui,
        after: Option<DateTime<Utc>>,
        limit: i64,
    ) -> Result<Vec<Uplink>, StoreError> {
        let rows: Vec<UplinkRow> = sql_query(
            "select integration_id, dev_addr, f_cnt, f_port, payload, decoded, confirmed, gateways, received_at,
                 arrived_at, problem, gave_readings, 0::bigint as rank
             from uplinks u
             where organisation_id = $1 and dev_eui = $2 and problem is not null and not gave_readings
                 and ($3 is null or received_at > $3)
                 and not exists (select from uplinks o where o.dev_eui = u.dev_eui and o.received_at = u.received_at
                     and o.f_cnt = u.f_cnt and o.organisation_id = u.organisation_id and o.gave_readings)
             order by received_at fetch first $4 rows with ties",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<BigInt, _>(stored_eui(dev_eui))
        .bind::<Nullable<Timestamptz>, _>(after)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|row| row.uplink(organisation, dev_eui)).collect())
    }
}
