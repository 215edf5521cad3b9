//! Checkpoints of the rides' evaluations, to fold again from when a reading comes late.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Binary, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::{AssignmentId, OrganisationId};
use uuid::Uuid;

use crate::trackers::column;
use crate::{Connection, StoreError};

/// An evaluation that has seen a ride's readings up to an instant.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    pub assignment: AssignmentId,
    pub organisation: OrganisationId,
    pub at: DateTime<Utc>,
    pub evaluation: Vec<u8>,
}

impl Connection {
    /// The latest checkpoint of each ride that has seen nothing of the given instant and after; a ride without one is
    /// left out.
    pub async fn nearest_checkpoints(
        &mut self,
        rides: &[(AssignmentId, DateTime<Utc>)],
    ) -> Result<Vec<(AssignmentId, Vec<u8>)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            assignment_id: Uuid,
            #[diesel(sql_type = Binary)]
            evaluation: Vec<u8>,
        }
        if rides.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = sql_query(
            "select n.assignment_id, c.evaluation
             from unnest($1::uuid[], $2::timestamptz[]) as n (assignment_id, at)
             join lateral (
                 select evaluation from evaluation_checkpoints c
                 where c.assignment_id = n.assignment_id and c.at < n.at order by c.at desc limit 1
             ) c on true",
        )
        .bind::<Array<SqlUuid>, _>(column(rides, |(assignment, _)| assignment.0))
        .bind::<Array<Timestamptz>, _>(column(rides, |(_, at)| *at))
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|row| (AssignmentId(row.assignment_id), row.evaluation)).collect())
    }

    /// Forgets the checkpoints of each ride after the given instant (`None`: all), which have not seen a late reading.
    pub async fn drop_checkpoints_after(
        &mut self,
        rides: &[(AssignmentId, Option<DateTime<Utc>>)],
    ) -> Result<(), StoreError> {
        if rides.is_empty() {
            return Ok(());
        }
        sql_query(
            "delete from evaluation_checkpoints c
             using unnest($1::uuid[], $2::timestamptz[]) as n (assignment_id, at)
             where c.assignment_id = n.assignment_id and (n.at is null or c.at > n.at)",
        )
        .bind::<Array<SqlUuid>, _>(column(rides, |(assignment, _)| assignment.0))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rides, |(_, at)| *at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    pub async fn add_checkpoints(&mut self, checkpoints: &[Checkpoint]) -> Result<(), StoreError> {
        if checkpoints.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into evaluation_checkpoints (assignment_id, organisation_id, at, evaluation)
             select * from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::bytea[])
             on conflict (assignment_id, at) do update set evaluation = excluded.evaluation",
        )
        .bind::<Array<SqlUuid>, _>(column(checkpoints, |c| c.assignment.0))
        .bind::<Array<Integer>, _>(column(checkpoints, |c| c.organisation.0))
        .bind::<Array<Timestamptz>, _>(column(checkpoints, |c| c.at))
        .bind::<Array<Binary>, _>(column(checkpoints, |c| c.evaluation.as_slice()))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}
