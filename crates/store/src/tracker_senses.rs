//! What trackers that others made tell beside readings: their batteries, doors, shocks.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::tracker_report::{Sensed, SensedChange};
use domain::{OrganisationId, TrackerId};

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
    /// The same of the same instant is kept once.
    pub async fn add_senses(&mut self, senses: &[TrackerSense]) -> Result<(), StoreError> {
        if senses.is_empty() {
            return Ok(());
        }
        let sensed = senses.iter().map(|sense| serde_json::to_value(sense.sensed)).collect();
        let sensed: Result<Vec<serde_json::Value>, _> = sensed;
        sql_query(
            "insert into tracker_senses (organisation_id, tracker_id, at, received_at, sensed)
             select o, t, a, r, jsonb_strip_nulls(s) - 'at'
             from unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::jsonb[]) as n (o, t, a, r, s)
             order by 2, 3
             on conflict do nothing",
        )
        .bind::<Array<Integer>, _>(column(senses, |s| s.organisation.0))
        .bind::<Array<Integer>, _>(column(senses, |s| s.tracker.0))
        .bind::<Array<Timestamptz>, _>(column(senses, |s| s.sensed.at))
        .bind::<Array<Timestamptz>, _>(column(senses, |s| s.received_at))
        .bind::<Array<Jsonb>, _>(sensed.map_err(|error| StoreError::unreadable("what was sensed", error))?)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// What changed with a tracker, the latest first; that all is well when it is first heard is no change.
    pub async fn sensings(
        &mut self,
        organisation: OrganisationId,
        tracker: TrackerId,
        before: Option<(DateTime<Utc>, SensedChange)>,
        limit: i64,
    ) -> Result<Vec<Sensing>, StoreError> {
        let rows: Vec<SensingRow> = sql_query(
            "select at, received_at, field, value from (
                 select s.at, s.received_at, e.key as field, e.value,
                     lag(e.value) over (partition by e.key order by s.at, s.sensed) as before
                 from tracker_senses s cross join lateral jsonb_each(s.sensed) e
                 where s.organisation_id = $1 and s.tracker_id = $2
                     and e.key in ('open', 'moving', 'tampered', 'battery_low', 'sensor_failed', 'shock_mg')) told
             where (field = 'shock_mg' or value is distinct from coalesce(before, 'false'))
                 and ($3 is null or (at, field) < ($3, $4))
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
