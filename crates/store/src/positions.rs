//! Positions: where trackers were. The same position is kept once, however often it comes.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::place::{Point, Position};
use domain::{DevEui, OrganisationId, ShipmentId, TrackerId};

use crate::statement::statement;
use crate::trackers::{column, eui};
use crate::{Connection, StoreError};

/// Where a tracker was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackerPosition {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    pub position: Position,
}

/// The place of a position in a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionCursor {
    pub at: DateTime<Utc>,
    pub id: i64,
}

#[derive(QueryableByName)]
struct PositionRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    dev_eui: i64,
    #[diesel(sql_type = Timestamptz)]
    measured_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    lat_e7: i32,
    #[diesel(sql_type = Integer)]
    lon_e7: i32,
    #[diesel(sql_type = Integer)]
    accuracy_m: i32,
    #[diesel(sql_type = Text)]
    source: String,
}

impl PositionRow {
    fn position(&self) -> Result<Position, StoreError> {
        Ok(Position {
            at: self.measured_at,
            accuracy_m: self.accuracy_m.unsigned_abs(),
            point: Point::from_e7(self.lat_e7, self.lon_e7)
                .map_err(|error| StoreError::unreadable("position", error))?,
            source: self.source.parse().map_err(|error| StoreError::unreadable("source", error))?,
        })
    }
}

fn metres(accuracy_m: u32) -> i32 {
    i32::try_from(accuracy_m).unwrap_or(i32::MAX)
}

/// Those of a shipment's trackers, while they rode with it.
const OF_SHIPMENT: &str = "select p.id, t.dev_eui, p.measured_at, p.lat_e7, p.lon_e7, p.accuracy_m, p.source
     from assignments a
     join trackers t on t.id = a.tracker_id
     join positions p on p.tracker_id = a.tracker_id and p.measured_at >= a.from_at
         and (a.until_at is null or p.measured_at < a.until_at)";

impl Connection {
    /// Keeps those that are not kept yet.
    pub async fn add_positions(
        &mut self,
        positions: &[TrackerPosition],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if positions.is_empty() {
            return Ok(());
        }
        statement(
            "insert into positions (organisation_id, tracker_id, measured_at, lat_e7, lon_e7, accuracy_m, source,
                 recorded_at)
             select n.*, k.now from (select * from unnest($1::int[], $2::int[], $3::timestamptz[], $4::int[], $5::int[],
                 $6::int[], $7::text[])) as n, (select $8::timestamptz as now) as k
             on conflict do nothing",
        )
        .bind::<Array<Integer>, _>(column(positions, |p| p.organisation.0))
        .bind::<Array<Integer>, _>(column(positions, |p| p.tracker.0))
        .bind::<Array<Timestamptz>, _>(column(positions, |p| p.position.at))
        .bind::<Array<Integer>, _>(column(positions, |p| p.position.point.lat_e7()))
        .bind::<Array<Integer>, _>(column(positions, |p| p.position.point.lon_e7()))
        .bind::<Array<Integer>, _>(column(positions, |p| metres(p.position.accuracy_m)))
        .bind::<Array<Text>, _>(column(positions, |p| p.position.source.as_str()))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Keeps where a shipment was, for each tracker that rode with it then.
    pub async fn add_shipment_position(
        &mut self,
        shipment: ShipmentId,
        position: &Position,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into positions (organisation_id, tracker_id, measured_at, lat_e7, lon_e7, accuracy_m, source,
                 recorded_at)
             select a.organisation_id, a.tracker_id, $2, $3, $4, $5, $6, $7 from assignments a
             where a.shipment_id = $1 and a.from_at <= $2 and (a.until_at is null or a.until_at > $2)
             on conflict do nothing",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Timestamptz, _>(position.at)
        .bind::<Integer, _>(position.point.lat_e7())
        .bind::<Integer, _>(position.point.lon_e7())
        .bind::<Integer, _>(metres(position.accuracy_m))
        .bind::<Text, _>(position.source.as_str())
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Where a shipment's trackers were while they rode with it, in any order.
    pub async fn positions_of(&mut self, shipment: ShipmentId) -> Result<Vec<Position>, StoreError> {
        let rows: Vec<PositionRow> = sql_query(format!("{OF_SHIPMENT} where a.shipment_id = $1"))
            .bind::<SqlUuid, _>(shipment.0)
            .load(&mut self.raw)
            .await?;
        rows.iter().map(PositionRow::position).collect()
    }

    /// The same, newest first, with the trackers.
    pub async fn list_positions(
        &mut self,
        shipment: ShipmentId,
        before: Option<PositionCursor>,
        limit: i64,
    ) -> Result<Vec<(PositionCursor, DevEui, Position)>, StoreError> {
        let (before_at, before_id) = before.map(|cursor| (cursor.at, cursor.id)).unzip();
        let rows: Vec<PositionRow> = sql_query(format!(
            "{OF_SHIPMENT} where a.shipment_id = $1 and ($2 is null or (p.measured_at, p.id) < ($2, $3))
             order by p.measured_at desc, p.id desc limit $4"
        ))
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<BigInt>, _>(before_id)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: PositionRow| {
            let cursor = PositionCursor { at: row.measured_at, id: row.id };
            Ok((cursor, eui(row.dev_eui), row.position()?))
        };
        rows.into_iter().map(one).collect()
    }
}
