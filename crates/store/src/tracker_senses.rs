//! What trackers that others made tell beside readings: their batteries, doors, shocks.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::tracker_report::{Sensed, SensedChange};
use domain::{OrganisationId, TrackerId};

use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// What a tracker told, and when the network received it.
#[derive(Debug, Clone, Copy)]
pub struct TrackerSense {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    pub received_at: DateTime<Utc>,
    pub sensed: Sensed,
}

/// That something is otherwise than the tracker told before, or a shock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sensing {
    pub at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub change: SensedChange,
    /// The peak of a shock, in 0.001 g.
    pub shock_mg: Option<u32>,
}

impl Connection {
    /// The same of the same instant is kept once. The trackers' states are this transaction's already: of two with one
    /// tracker, the later one finds what the earlier one stored.
    pub async fn add_senses(&mut self, senses: &[TrackerSense]) -> Result<(), StoreError> {
        if senses.is_empty() {
            return Ok(());
        }
        let sensed = senses.iter().map(|sense| serde_json::to_value(sense.sensed)).collect();
        let sensed: Result<Vec<serde_json::Value>, _> = sensed;
        let new: Vec<SinceRow> = statement(
            "with new as (
                 insert into tracker_senses (organisation_id, tracker_id, at, received_at, sensed)
                 select o, t, a, r, jsonb_strip_nulls(s) - 'at'
                 from unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::jsonb[]) as n (o, t, a, r, s)
                 order by 2, 3
                 on conflict do nothing returning tracker_id, at)
             select tracker_id, min(at) as since from new group by 1 order by 1",
        )
        .bind::<Array<Integer>, _>(column(senses, |s| s.organisation.0))
        .bind::<Array<Integer>, _>(column(senses, |s| s.tracker.0))
        .bind::<Array<Timestamptz>, _>(column(senses, |s| s.sensed.at))
        .bind::<Array<Timestamptz>, _>(column(senses, |s| s.received_at))
        .bind::<Array<Jsonb>, _>(sensed.map_err(|error| StoreError::unreadable("what was sensed", error))?)
        .load(&mut self.raw)
        .await?;
        self.find_sensings(&new).await
    }

    /// Takes back what a tracker's uplinks told that were received at those instants: they are read anew.
    pub async fn take_back_senses(
        &mut self,
        tracker: TrackerId,
        received_at: &[DateTime<Utc>],
    ) -> Result<(), StoreError> {
        let gone: Vec<SinceRow> = statement(
            "with gone as (
                 delete from tracker_senses where tracker_id = $1 and received_at = any($2) returning tracker_id, at)
             select tracker_id, min(at) as since from gone group by 1",
        )
        .bind::<Integer, _>(tracker.0)
        .bind::<Array<Timestamptz>, _>(received_at)
        .load(&mut self.raw)
        .await?;
        self.find_sensings(&gone).await
    }

    /// Finds anew what changed with trackers since then: nearly always, what they told last alone. That all is well when
    /// one is first heard is no change; of two values at one instant the greater counts, in whatever order they came.
    async fn find_sensings(&mut self, since: &[SinceRow]) -> Result<(), StoreError> {
        if since.is_empty() {
            return Ok(());
        }
        statement(
            "delete from tracker_sensings c using unnest($1::int[], $2::timestamptz[]) as n (tracker_id, since)
             where c.tracker_id = n.tracker_id and c.at >= n.since",
        )
        .bind::<Array<Integer>, _>(column(since, |n| n.tracker_id))
        .bind::<Array<Timestamptz>, _>(column(since, |n| n.since))
        .execute(&mut self.raw)
        .await?;
        statement(
            "insert into tracker_sensings (tracker_id, at, field, value, organisation_id, received_at)
             select tracker_id, at, field, value, organisation_id, received_at from (
                 select *, coalesce(lag(value) over (partition by tracker_id, field order by at),
                     (select c.value from tracker_sensings c where c.tracker_id = told.tracker_id
                         and c.field = told.field and c.at < since order by c.at desc limit 1), 'false') as before
                 from (
                     select distinct on (s.tracker_id, e.key, s.at) s.tracker_id, s.at, e.key as field, e.value,
                         s.organisation_id, s.received_at, n.since
                     from unnest($1::int[], $2::timestamptz[]) as n (tracker_id, since)
                     join tracker_senses s on s.tracker_id = n.tracker_id and s.at >= n.since
                     cross join lateral jsonb_each(s.sensed) e
                     where e.key in ('open', 'moving', 'tampered', 'battery_low', 'sensor_failed', 'shock_mg')
                     order by s.tracker_id, e.key, s.at, e.value desc, s.received_at) told) changed
             where field = 'shock_mg' or value <> before",
        )
        .bind::<Array<Integer>, _>(column(since, |n| n.tracker_id))
        .bind::<Array<Timestamptz>, _>(column(since, |n| n.since))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// What changed with a tracker, the latest first: at one instant each field once.
    pub async fn sensings(
        &mut self,
        organisation: OrganisationId,
        tracker: TrackerId,
        before: Option<(DateTime<Utc>, SensedChange)>,
        limit: i64,
    ) -> Result<Vec<Sensing>, StoreError> {
        let rows: Vec<SensingRow> = sql_query(
            "select at, received_at, field, value from tracker_sensings
             where organisation_id = $1 and tracker_id = $2 and ($3 is null or (at, field) < ($3, $4))
             order by at desc, field desc limit $5",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(tracker.0)
        .bind::<Nullable<Timestamptz>, _>(before.map(|(at, _)| at))
        .bind::<Nullable<Text>, _>(before.map(|(_, change)| change.field()))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(SensingRow::sensing).collect()
    }
}

/// From when on what a tracker told is otherwise than it was known.
#[derive(QueryableByName)]
struct SinceRow {
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = Timestamptz)]
    since: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct SensingRow {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    field: String,
    #[diesel(sql_type = Jsonb)]
    value: serde_json::Value,
}

impl SensingRow {
    fn sensing(self) -> Result<Sensing, StoreError> {
        let Self { at, received_at, field, value } = self;
        let change = SensedChange::of(&field, value.as_bool())
            .ok_or_else(|| StoreError::unreadable("what was sensed", &field))?;
        let shock_mg = value.as_u64().and_then(|milli_g| u32::try_from(milli_g).ok());
        Ok(Sensing { at, received_at, change, shock_mg })
    }
}
