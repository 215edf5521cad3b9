//! Readings that are missing of trackers whose log is asked for by time: what lies between two readings further apart than the
//! tracker measures.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, Integer, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::downlink::Gap;
use domain::{OrganisationId, TrackerId};

use crate::trackers::column;
use crate::{Connection, StoreError};

/// Within this a gap is looked for: what such logs hold of a reading every quarter of an hour.
const LOGGED_DAYS: i32 = 30;

impl Connection {
    /// Notes which of these trackers have a gap before one of these readings, which are stored; it is known since `now`, or
    /// since an earlier one.
    pub async fn note_gaps(
        &mut self,
        readings: &[(TrackerId, OrganisationId, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if readings.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into spoken_trackers as k (tracker_id, organisation_id, acknowledged_at, paused_until, gaps_known_at)
             select distinct f.t, f.o, $4, '-infinity'::timestamptz, $4
             from unnest($1::int[], $2::int[], $3::timestamptz[]) as f (t, o, at)
             join trackers t on t.id = f.t
             cross join lateral (select measured_at from readings r
                 where r.tracker_id = f.t and r.measured_at < f.at and r.measured_at >= f.at - make_interval(days => $5)
                 order by measured_at desc limit 1) before
             where f.at - before.measured_at >= make_interval(secs => 1.5 * t.interval_s)
             order by 1
             on conflict (tracker_id) do update set gaps_known_at = coalesce(k.gaps_known_at, excluded.gaps_known_at)",
        )
        .bind::<Array<Integer>, _>(column(readings, |(tracker, ..)| tracker.0))
        .bind::<Array<Integer>, _>(column(readings, |(_, organisation, _)| organisation.0))
        .bind::<Array<Timestamptz>, _>(column(readings, |(.., at)| *at))
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(LOGGED_DAYS)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Where readings of the last thirty days lie further apart than one and a half intervals, oldest first. Where none do,
    /// that is noted. Asked while what was said to the tracker is this transaction's.
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
            #[diesel(sql_type = Timestamptz)]
            known_at: DateTime<Utc>,
        }
        let rows: Vec<Row> = sql_query(
            "select after, before, known_at from (
                 select lag(measured_at) over (order by measured_at, received_at) as after, measured_at as before,
                     received_at as known_at
                 from readings where tracker_id = $1 and measured_at >= $2) r
             where before - after >= make_interval(secs => 1.5 * $3) order by before",
        )
        .bind::<Integer, _>(tracker.0)
        .bind::<Timestamptz, _>(now - TimeDelta::days(LOGGED_DAYS.into()))
        .bind::<Integer, _>(interval_s)
        .load(&mut self.raw)
        .await?;
        if rows.is_empty() {
            sql_query("update spoken_trackers set gaps_known_at = null where tracker_id = $1")
                .bind::<Integer, _>(tracker.0)
                .execute(&mut self.raw)
                .await?;
        }
        Ok(rows.into_iter().map(|Row { after, before, known_at }| Gap { after, before, known_at }).collect())
    }
}
