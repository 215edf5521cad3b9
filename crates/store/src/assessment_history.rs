//! What was known when: each ride's assessments at the instants at which their meaning changed.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::because::Because;
use domain::evaluate::Verdict;
use domain::{AssignmentId, DevEui, OrganisationId, Reading, ShipmentId};
use uuid::Uuid;

use crate::readings::{ReadingSpan, ValueRow};
use crate::trackers::{column, eui};
use crate::{Connection, StoreError};

/// An assessment to be kept as it is now.
#[derive(Debug, Clone)]
pub struct NewAssessment {
    pub organisation: OrganisationId,
    pub shipment: ShipmentId,
    pub assignment: AssignmentId,
    /// It knows every reading of its ride that was recorded by then.
    pub known_at: Option<DateTime<Utc>>,
    /// It lists the episodes that ended from then on; `None`: all.
    pub settled_until: Option<DateTime<Utc>>,
    pub because: Because,
    pub verdict: Verdict,
    /// As `isotherm evaluate` prints it.
    pub assessment: serde_json::Value,
}

/// An assessment as it was.
#[derive(Debug, Clone)]
pub struct PastAssessment {
    pub id: i64,
    pub assignment: AssignmentId,
    pub dev_eui: DevEui,
    pub recorded_at: DateTime<Utc>,
    pub known_at: Option<DateTime<Utc>>,
    pub settled_until: Option<DateTime<Utc>>,
    pub because: Because,
    pub verdict: Verdict,
    pub assessment: serde_json::Value,
}

/// A reading, and since when it has been known here.
#[derive(Debug, Clone, Copy)]
pub struct RecordedReading {
    pub recorded_at: DateTime<Utc>,
    pub reading: Reading,
}

impl Connection {
    /// The readings of a span, its end included, each with since when it has been known.
    pub async fn recorded_readings(
        &mut self,
        span: &ReadingSpan,
    ) -> Result<Vec<RecordedReading>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Timestamptz)]
            recorded_at: DateTime<Utc>,
            #[diesel(embed)]
            value: ValueRow,
        }
        let rows: Vec<Row> = sql_query(
            "select recorded_at, measured_at, temperature, humidity, temperature_min, temperature_max, out_of_range_s
             from readings
             where tracker_id = $1 and measured_at >= $2 and measured_at <= coalesce($3, 'infinity')
             order by measured_at",
        )
        .bind::<Integer, _>(span.tracker.0)
        .bind::<Timestamptz, _>(span.from)
        .bind::<Nullable<Timestamptz>, _>(span.until)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| RecordedReading { recorded_at: row.recorded_at, reading: row.value.reading() };
        Ok(rows.into_iter().map(one).collect())
    }

    pub async fn add_assessments(
        &mut self,
        assessments: &[NewAssessment],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if assessments.is_empty() {
            return Ok(());
        }
        let count = |a: &NewAssessment| i32::try_from(a.because.new_readings).unwrap_or(i32::MAX);
        sql_query(
            "insert into assessments (organisation_id, shipment_id, assignment_id, known_at, settled_until, cause,
                 new_readings, measured_from, measured_to, verdict, assessment, recorded_at)
             select *, $12::timestamptz from unnest($1::int[], $2::uuid[], $3::uuid[], $4::timestamptz[],
                 $5::timestamptz[], $6::text[], $7::int[], $8::timestamptz[], $9::timestamptz[], $10::text[],
                 $11::jsonb[])",
        )
        .bind::<Array<Integer>, _>(column(assessments, |a| a.organisation.0))
        .bind::<Array<SqlUuid>, _>(column(assessments, |a| a.shipment.0))
        .bind::<Array<SqlUuid>, _>(column(assessments, |a| a.assignment.0))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(assessments, |a| a.known_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(assessments, |a| a.settled_until))
        .bind::<Array<Text>, _>(column(assessments, |a| a.because.cause.to_string()))
        .bind::<Array<Integer>, _>(column(assessments, count))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(assessments, |a| a.because.measured.map(|m| m.0)))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(assessments, |a| a.because.measured.map(|m| m.1)))
        .bind::<Array<Text>, _>(column(assessments, |a| a.verdict.to_string()))
        .bind::<Array<Jsonb>, _>(column(assessments, |a| a.assessment.clone()))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// A shipment's, the latest first.
    pub async fn past_assessments(
        &mut self,
        shipment: ShipmentId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<PastAssessment>, StoreError> {
        let rows: Vec<Row> = sql_query(format!(
            "{PAST} where p.shipment_id = $1 and ($2 is null or p.id < $2) order by p.id desc limit $3"
        ))
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Nullable<BigInt>, _>(before)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(Row::past).collect()
    }

    /// A ride's, the earliest first.
    pub async fn assessments_of(
        &mut self,
        assignment: AssignmentId,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<PastAssessment>, StoreError> {
        let rows: Vec<Row> = sql_query(format!(
            "{PAST} where p.assignment_id = $1 and ($2 is null or p.id > $2) order by p.id limit $3"
        ))
        .bind::<SqlUuid, _>(assignment.0)
        .bind::<Nullable<BigInt>, _>(after)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(Row::past).collect()
    }

    /// The latest end of a span that a ride was assessed for.
    pub async fn last_assessed_to(
        &mut self,
        assignment: AssignmentId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        #[derive(QueryableByName)]
        struct End {
            #[diesel(sql_type = Nullable<Timestamptz>)]
            at: Option<DateTime<Utc>>,
        }
        let sql =
            "select max((assessment->>'to')::timestamptz) as at from assessments where assignment_id = $1";
        let end: End = sql_query(sql).bind::<SqlUuid, _>(assignment.0).get_result(&mut self.raw).await?;
        Ok(end.at)
    }
}

const PAST: &str =
    "select p.id, p.assignment_id, t.dev_eui, p.recorded_at, p.known_at, p.settled_until, p.cause,
         p.new_readings, p.measured_from, p.measured_to, p.verdict, p.assessment
     from assessments p
     join assignments a on a.id = p.assignment_id
     join trackers t on t.id = a.tracker_id";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = SqlUuid)]
    assignment_id: Uuid,
    #[diesel(sql_type = BigInt)]
    dev_eui: i64,
    #[diesel(sql_type = Timestamptz)]
    recorded_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    known_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    settled_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    cause: String,
    #[diesel(sql_type = Integer)]
    new_readings: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    measured_from: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    measured_to: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    verdict: String,
    #[diesel(sql_type = Jsonb)]
    assessment: serde_json::Value,
}

impl Row {
    fn past(self) -> Result<PastAssessment, StoreError> {
        let cause = self.cause.parse().map_err(|error| StoreError::unreadable("cause", error))?;
        let because = Because {
            cause,
            new_readings: usize::try_from(self.new_readings).unwrap_or_default(),
            measured: self.measured_from.zip(self.measured_to),
        };
        Ok(PastAssessment {
            id: self.id,
            assignment: AssignmentId(self.assignment_id),
            dev_eui: eui(self.dev_eui),
            recorded_at: self.recorded_at,
            known_at: self.known_at,
            settled_until: self.settled_until,
            because,
            verdict: self.verdict.parse().map_err(|error| StoreError::unreadable("verdict", error))?,
            assessment: self.assessment,
        })
    }
}
