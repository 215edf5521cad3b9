//! Lanes: ways that are driven again and again.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::plan::Lane;
use domain::{Duration, LaneId, OrganisationId, PlaceId};
use uuid::Uuid;

use crate::places::{read_json, write_json};
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(QueryableByName)]
struct LaneRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = SqlUuid)]
    from_place_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    to_place_id: Uuid,
    #[diesel(sql_type = Nullable<Jsonb>)]
    corridor: Option<serde_json::Value>,
    #[diesel(sql_type = BigInt)]
    duration_s: i64,
    #[diesel(sql_type = Jsonb)]
    dark: serde_json::Value,
    #[diesel(sql_type = Nullable<BigInt>)]
    hold_time_s: Option<i64>,
    #[diesel(sql_type = Bool)]
    unattended: bool,
}

fn duration(seconds: i64) -> Result<Duration, StoreError> {
    Duration::from_seconds(seconds).ok_or_else(|| StoreError::unreadable("duration", seconds))
}

impl TryFrom<LaneRow> for Lane {
    type Error = StoreError;

    fn try_from(row: LaneRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: LaneId(row.id),
            name: row.name,
            from: PlaceId(row.from_place_id),
            to: PlaceId(row.to_place_id),
            corridor: row.corridor.map(|corridor| read_json("corridor", corridor)).transpose()?,
            duration: duration(row.duration_s)?,
            dark: read_json("dark stretch", row.dark)?,
            hold_time: row.hold_time_s.map(duration).transpose()?,
            unattended: row.unattended,
        })
    }
}

const COLUMNS: &str =
    "id, name, from_place_id, to_place_id, corridor, duration_s, dark, hold_time_s, unattended";

impl Connection {
    /// Refused by `lanes_organisation_id_name_key` where the name is taken.
    pub async fn add_lane(
        &mut self,
        organisation: OrganisationId,
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let corridor = lane.corridor.as_ref().map(|corridor| write_json("corridor", corridor)).transpose()?;
        sql_query(
            "insert into lanes (id, organisation_id, name, from_place_id, to_place_id, corridor, duration_s, dark,
                 hold_time_s, unattended, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind::<SqlUuid, _>(lane.id.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Text, _>(lane.name.as_str())
        .bind::<SqlUuid, _>(lane.from.0)
        .bind::<SqlUuid, _>(lane.to.0)
        .bind::<Nullable<Jsonb>, _>(corridor)
        .bind::<BigInt, _>(lane.duration.seconds())
        .bind::<Jsonb, _>(write_json("dark stretch", &lane.dark)?)
        .bind::<Nullable<BigInt>, _>(lane.hold_time.map(Duration::seconds))
        .bind::<Bool, _>(lane.unattended)
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// All but its ends, which never change; `NotFound` where there is no such lane. Refused as `add_lane` is.
    pub async fn change_lane(&mut self, organisation: OrganisationId, lane: &Lane) -> Result<(), StoreError> {
        let corridor = lane.corridor.as_ref().map(|corridor| write_json("corridor", corridor)).transpose()?;
        let changed = sql_query(
            "update lanes set name = $3, corridor = $4, duration_s = $5, dark = $6, hold_time_s = $7, unattended = $8
             where id = $1 and organisation_id = $2",
        )
        .bind::<SqlUuid, _>(lane.id.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Text, _>(lane.name.as_str())
        .bind::<Nullable<Jsonb>, _>(corridor)
        .bind::<BigInt, _>(lane.duration.seconds())
        .bind::<Jsonb, _>(write_json("dark stretch", &lane.dark)?)
        .bind::<Nullable<BigInt>, _>(lane.hold_time.map(Duration::seconds))
        .bind::<Bool, _>(lane.unattended)
        .execute(&mut self.raw)
        .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Locked against a change until the transaction ends.
    pub async fn lock_lane(&mut self, organisation: OrganisationId, id: LaneId) -> Result<Lane, StoreError> {
        let sql = format!("select {COLUMNS} from lanes where organisation_id = $1 and id = $2 for update");
        let rows: Vec<LaneRow> = sql_query(sql)
            .bind::<Integer, _>(organisation.0)
            .bind::<SqlUuid, _>(id.0)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.try_into()
    }

    /// Those of the given ones that are the organisation's.
    pub async fn lanes_of(
        &mut self,
        organisation: OrganisationId,
        ids: &[LaneId],
    ) -> Result<Vec<Lane>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("select {COLUMNS} from lanes where organisation_id = $1 and id = any($2)");
        let rows: Vec<LaneRow> = sql_query(sql)
            .bind::<Integer, _>(organisation.0)
            .bind::<Array<SqlUuid>, _>(column(ids, |id| id.0))
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// In the order of their names.
    pub async fn lanes(
        &mut self,
        organisation: OrganisationId,
        after: Option<LaneId>,
        limit: i64,
    ) -> Result<Vec<Lane>, StoreError> {
        let sql = format!(
            "select {COLUMNS} from lanes where organisation_id = $1 and ($2 is null or name > (
                 select name from lanes where organisation_id = $1 and id = $2))
             order by name limit $3"
        );
        let rows: Vec<LaneRow> = sql_query(sql)
            .bind::<Integer, _>(organisation.0)
            .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.0))
            .bind::<BigInt, _>(limit)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
