//! Readings that are missing of trackers whose log is asked for by time: where nothing was measured during a ride for longer
//! than the tracker's interval.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Integer, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::TrackerId;
use domain::downlink::Gap;

use crate::{Connection, StoreError};

/// How far gaps are looked back for: what such logs hold of a reading every quarter of an hour.
const LOGGED: TimeDelta = TimeDelta::days(30);

impl Connection {
    /// Where nothing was measured for one and a half intervals or more while the tracker rode, the latest two hundred, the
    /// latest first. A ride's beginning and end count as readings; so does nothing after its last reading while it lasts.
    pub async fn gaps_of(
        &mut self,
        tracker: TrackerId,
        interval_s: i32,
        now: DateTime<Utc>,
    ) -> Result<Vec<Gap>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Timestamptz)]
            after: DateTime<Utc>,
            #[diesel(sql_type = Timestamptz)]
            before: DateTime<Utc>,
        }
        // The readings' bounds once more as plain values: of their days those before are not even opened.
        let rows: Vec<Row> = sql_query(
            "with rides as (
                 select id, greatest(from_at, $2) as from_at, until_at from assignments
                 where tracker_id = $1 and from_at < $3 and (until_at is null or until_at > $2)),
             marks as (
                 select id, from_at as at from rides
                 union all select id, until_at from rides where until_at <= $3
                 union all select a.id, r.measured_at from rides a join readings r on r.tracker_id = $1
                     and r.measured_at > a.from_at and r.measured_at < coalesce(a.until_at, $3)
                     and r.measured_at > $2 and r.measured_at < $3)
             select after, before from (
                 select lag(at) over (partition by id order by at) as after, at as before from marks) m
             where before - after >= make_interval(secs => 1.5 * $4)
             order by before desc limit 200",
        )
        .bind::<Integer, _>(tracker.0)
        .bind::<Timestamptz, _>(now - LOGGED)
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(interval_s)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|Row { after, before }| Gap { after, before }).collect())
    }
}
