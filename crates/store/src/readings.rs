//! Readings: one row for each (tracker, measured_at, value), whatever was sent how often.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::{AssignmentId, DevEui, Humidity, OrganisationId, Reading, ShipmentId, Temperature, TrackerId};

use crate::statement::statement;
use crate::trackers::{column, eui};
use crate::{Connection, StoreError};

/// A reading with whose it is and how it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerReading {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    /// The tracker's own number of this reading, where its codec carries one.
    pub sequence: Option<i32>,
    /// Network receive time of the uplink that brought it first.
    pub received_at: DateTime<Utc>,
    pub reading: Reading,
}

/// A reading that cannot count as one of its time, with the reason.
#[derive(Debug, Clone)]
pub struct SetAside {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    /// None where the tracker had no time.
    pub measured_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub sequence: Option<i32>,
    pub temperature: Temperature,
    pub humidity: Option<Humidity>,
    pub reason: String,
}

/// A reading as a shipment's series shows it.
#[derive(Debug, Clone)]
pub struct SeriesPoint {
    pub dev_eui: DevEui,
    pub sequence: Option<i32>,
    pub received_at: DateTime<Utc>,
    pub reading: Reading,
    /// The tracker gave another value for the same instant, too; both are kept.
    pub conflict: bool,
}

/// The readings that an assignment's evaluation needs: `[from, until)`.
#[derive(Debug, Clone, Copy)]
pub struct ReadingSpan {
    pub assignment: AssignmentId,
    pub tracker: TrackerId,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

/// Where a page of a series begins: after this (measured_at, tracker, temperature).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesCursor {
    pub measured_at: DateTime<Utc>,
    pub rank: i64,
}

#[derive(QueryableByName)]
pub(crate) struct ValueRow {
    #[diesel(sql_type = Timestamptz)]
    measured_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    temperature: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    humidity: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    temperature_min: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    temperature_max: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    out_of_range_s: Option<i32>,
}

#[derive(QueryableByName)]
struct SetAsideRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    measured_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Integer>)]
    sequence: Option<i32>,
    #[diesel(sql_type = Integer)]
    temperature: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    humidity: Option<i32>,
    #[diesel(sql_type = Text)]
    reason: String,
}

/// The two parts of a reading that a row holds less finely: microseconds, and seconds in 31 bits.
fn storable(reading: &Reading) -> (DateTime<Utc>, Option<i32>) {
    let micros = DateTime::from_timestamp_micros(reading.measured_at.timestamp_micros());
    let out_of_range_s = reading.out_of_range_s.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX));
    (micros.unwrap_or(reading.measured_at), out_of_range_s)
}

impl ValueRow {
    pub(crate) fn reading(&self) -> Reading {
        Reading {
            measured_at: self.measured_at,
            temperature: Temperature(self.temperature),
            min: self.temperature_min.map(Temperature),
            max: self.temperature_max.map(Temperature),
            humidity: self.humidity.map(Humidity),
            out_of_range_s: self.out_of_range_s.and_then(|seconds| u32::try_from(seconds).ok()),
        }
    }
}

/// The later of two ends, of which an open one is the latest.
pub fn later_end(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    a.zip(b).map(|(a, b)| a.max(b))
}

impl Connection {
    /// Stores the readings that are not there yet, as known from `recorded_at` on, and returns the positions of those in
    /// `readings`.
    pub async fn insert_readings(
        &mut self,
        readings: &[TrackerReading],
        recorded_at: DateTime<Utc>,
    ) -> Result<Vec<usize>, StoreError> {
        #[derive(QueryableByName)]
        struct Inserted {
            #[diesel(sql_type = Integer)]
            tracker_id: i32,
            #[diesel(embed)]
            value: ValueRow,
        }
        if readings.is_empty() {
            return Ok(Vec::new());
        }
        let inserted: Vec<Inserted> = statement(
            "insert into readings (measured_at, received_at, organisation_id, tracker_id, sequence, temperature,
                 humidity, temperature_min, temperature_max, out_of_range_s, recorded_at)
             select * from unnest($1::timestamptz[], $2::timestamptz[], $3::int[], $4::int[], $5::int[], $6::int[],
                 $7::int[], $8::int[], $9::int[], $10::int[]), (values ($11::timestamptz)) as now
             on conflict do nothing
             returning tracker_id, measured_at, temperature, humidity, temperature_min, temperature_max,
                 out_of_range_s",
        )
        .bind::<Array<Timestamptz>, _>(column(readings, |r| storable(&r.reading).0))
        .bind::<Array<Timestamptz>, _>(column(readings, |r| r.received_at))
        .bind::<Array<Integer>, _>(column(readings, |r| r.organisation.0))
        .bind::<Array<Integer>, _>(column(readings, |r| r.tracker.0))
        .bind::<Array<Nullable<Integer>>, _>(column(readings, |r| r.sequence))
        .bind::<Array<Integer>, _>(column(readings, |r| r.reading.temperature.0))
        .bind::<Array<Nullable<Integer>>, _>(column(readings, |r| r.reading.humidity.map(|h| h.0)))
        .bind::<Array<Nullable<Integer>>, _>(column(readings, |r| r.reading.min.map(|t| t.0)))
        .bind::<Array<Nullable<Integer>>, _>(column(readings, |r| r.reading.max.map(|t| t.0)))
        .bind::<Array<Nullable<Integer>>, _>(column(readings, |r| storable(&r.reading).1))
        .bind::<Timestamptz, _>(recorded_at)
        .load(&mut self.raw)
        .await?;
        let mut fresh: std::collections::HashSet<(i32, Reading)> =
            inserted.iter().map(|row| (row.tracker_id, row.value.reading())).collect();
        let is_fresh = |(_, r): &(usize, &TrackerReading)| {
            let (measured_at, out_of_range_s) = storable(&r.reading);
            let out_of_range_s = out_of_range_s.map(i32::unsigned_abs);
            fresh.remove(&(r.tracker.0, Reading { measured_at, out_of_range_s, ..r.reading }))
        };
        Ok(readings.iter().enumerate().filter(is_fresh).map(|(position, _)| position).collect())
    }

    pub async fn insert_set_aside(&mut self, set_aside: &[SetAside]) -> Result<(), StoreError> {
        if set_aside.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into set_aside_readings (organisation_id, tracker_id, measured_at, received_at, sequence,
                 temperature, humidity, reason)
             select * from unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::int[], $6::int[],
                 $7::int[], $8::text[])
             on conflict do nothing",
        )
        .bind::<Array<Integer>, _>(column(set_aside, |r| r.organisation.0))
        .bind::<Array<Integer>, _>(column(set_aside, |r| r.tracker.0))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(set_aside, |r| r.measured_at))
        .bind::<Array<Timestamptz>, _>(column(set_aside, |r| r.received_at))
        .bind::<Array<Nullable<Integer>>, _>(column(set_aside, |r| r.sequence))
        .bind::<Array<Integer>, _>(column(set_aside, |r| r.temperature.0))
        .bind::<Array<Nullable<Integer>>, _>(column(set_aside, |r| r.humidity.map(|h| h.0)))
        .bind::<Array<Text>, _>(column(set_aside, |r| r.reason.clone()))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// What was set aside of a tracker, the latest stored first, each with its place in the list.
    pub async fn set_aside(
        &mut self,
        organisation: OrganisationId,
        tracker: TrackerId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<(i64, SetAside)>, StoreError> {
        let rows: Vec<SetAsideRow> = sql_query(
            "select id, measured_at, received_at, sequence, temperature, humidity, reason from set_aside_readings
             where organisation_id = $1 and tracker_id = $2 and ($3 is null or id < $3) order by id desc limit $4",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(tracker.0)
        .bind::<Nullable<BigInt>, _>(before)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: SetAsideRow| {
            let SetAsideRow { id, measured_at, received_at, sequence, temperature, humidity, reason } = row;
            let (temperature, humidity) = (Temperature(temperature), humidity.map(Humidity));
            (
                id,
                SetAside {
                    organisation,
                    tracker,
                    measured_at,
                    received_at,
                    sequence,
                    temperature,
                    humidity,
                    reason,
                },
            )
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// All readings of the given spans, in order of time within each assignment.
    pub async fn readings_in(
        &mut self,
        spans: &[ReadingSpan],
    ) -> Result<Vec<(AssignmentId, Reading)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            assignment_id: uuid::Uuid,
            #[diesel(embed)]
            value: ValueRow,
        }
        if spans.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = sql_query(
            "select a.assignment_id, r.measured_at, r.temperature, r.humidity, r.temperature_min,
                 r.temperature_max, r.out_of_range_s
             from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[])
                 as a (assignment_id, tracker_id, from_at, until_at)
             join lateral (
                 select * from readings r
                 where r.tracker_id = a.tracker_id and r.measured_at >= a.from_at
                     and r.measured_at < coalesce(a.until_at, 'infinity')
                     and r.measured_at >= $5 and ($6 is null or r.measured_at < $6)
             ) r on true
             order by a.assignment_id, r.measured_at",
        )
        .bind::<Array<SqlUuid>, _>(column(spans, |s| s.assignment.0))
        .bind::<Array<Integer>, _>(column(spans, |s| s.tracker.0))
        .bind::<Array<Timestamptz>, _>(column(spans, |s| s.from))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(spans, |s| s.until))
        // Once more as plain values, so that the planner leaves out the days before and after.
        .bind::<Nullable<Timestamptz>, _>(spans.iter().map(|s| s.from).min())
        .bind::<Nullable<Timestamptz>, _>(spans.iter().map(|s| s.until).reduce(later_end).flatten())
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|row| (AssignmentId(row.assignment_id), row.value.reading())).collect())
    }

    /// One page of what a shipment's trackers measured during their assignments, in order of time.
    pub async fn shipment_series(
        &mut self,
        shipment: ShipmentId,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
        after: Option<SeriesCursor>,
        limit: i64,
    ) -> Result<Vec<(SeriesCursor, SeriesPoint)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            dev_eui: i64,
            #[diesel(sql_type = BigInt)]
            rank: i64,
            #[diesel(sql_type = Bool)]
            conflict: bool,
            #[diesel(sql_type = Nullable<Integer>)]
            sequence: Option<i32>,
            #[diesel(sql_type = Timestamptz)]
            received_at: DateTime<Utc>,
            #[diesel(embed)]
            value: ValueRow,
        }
        // A page begins at the cursor's instant and leaves out as many rows of that instant as were shown.
        let (start, shown) = after.map_or((from, 0), |cursor| (Some(cursor.measured_at), cursor.rank));
        let rows: Vec<Row> = sql_query(
            "select * from (
                 select t.dev_eui, r.sequence, r.received_at, r.measured_at, r.temperature, r.humidity,
                     r.temperature_min, r.temperature_max, r.out_of_range_s,
                     row_number() over (partition by r.measured_at
                         order by r.tracker_id, r.temperature, r.humidity, r.temperature_min, r.temperature_max,
                             r.out_of_range_s) as rank,
                     count(*) over (partition by r.measured_at, r.tracker_id) > 1 as conflict
                 from assignments a
                 join trackers t on t.id = a.tracker_id
                 join readings r on r.tracker_id = a.tracker_id and r.measured_at >= a.from_at
                     and r.measured_at < coalesce(a.until_at, 'infinity')
                 where a.shipment_id = $1 and r.measured_at >= coalesce($2, '-infinity')
                     and r.measured_at < coalesce($3, 'infinity')
             ) s where s.measured_at > coalesce($2, '-infinity') or s.rank > $4 or $2 is null
             order by s.measured_at, s.rank limit $5",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Nullable<Timestamptz>, _>(start)
        .bind::<Nullable<Timestamptz>, _>(to)
        .bind::<BigInt, _>(shown)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let point = |row: Row| {
            let reading = row.value.reading();
            let cursor = SeriesCursor { measured_at: reading.measured_at, rank: row.rank };
            let (dev_eui, sequence, received_at) = (eui(row.dev_eui), row.sequence, row.received_at);
            (cursor, SeriesPoint { dev_eui, sequence, received_at, reading, conflict: row.conflict })
        };
        Ok(rows.into_iter().map(point).collect())
    }
}
