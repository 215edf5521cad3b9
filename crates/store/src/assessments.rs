//! The evaluation of each assignment: its fold so far, loaded and stored a batch at a time.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::evaluate::Verdict;
use domain::shipment::{HoldReason, JudgedRide};
use domain::{AssignmentId, OrganisationId, ProfileId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::shipments::parse_hold;
use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// An assignment as an evaluation needs it. Its row is locked until the transaction ends.
#[derive(Debug, Clone)]
pub struct AssignmentState {
    pub assignment: AssignmentId,
    pub organisation: OrganisationId,
    pub shipment: ShipmentId,
    pub shipment_reference: String,
    pub tracker: TrackerId,
    pub profile: ProfileId,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    /// Quality's last decision on the shipment is a release, which covers what was known then.
    pub is_released: bool,
    pub evaluation: Vec<u8>,
    /// Of the evaluation before; None where there was none.
    pub verdict: Option<Verdict>,
    /// The evaluation has taken in every reading of the ride that was recorded by then.
    pub known_at: Option<DateTime<Utc>>,
}

/// What an evaluation leaves behind.
#[derive(Debug, Clone)]
pub struct EvaluatedAssignment {
    pub assignment: AssignmentId,
    pub evaluation: Vec<u8>,
    pub verdict: Verdict,
    /// The next instant at which the clock alone changes the assessment.
    pub next_due_at: Option<DateTime<Utc>>,
    pub known_at: Option<DateTime<Utc>>,
}

const ASSIGNMENT_STATE: &str =
    "select a.id, a.organisation_id, a.shipment_id, s.reference, a.tracker_id, s.profile_id, a.from_at, a.until_at,
         coalesce(d.decision = 'release', false) as is_released, st.evaluation, st.verdict, st.known_at
     from assignment_states st
     join assignments a on a.id = st.assignment_id
     join shipments s on s.id = a.shipment_id
     left join dispositions d on d.id = s.disposition_id";

impl Connection {
    /// Locks the assignments that may see a reading of those trackers from those instants on, in the order of ids.
    pub async fn lock_assignments_of(
        &mut self,
        trackers: &[(TrackerId, DateTime<Utc>)],
    ) -> Result<Vec<AssignmentState>, StoreError> {
        let rows: Vec<StateRow> = statement(format!(
            "{ASSIGNMENT_STATE}
             join unnest($1::int[], $2::timestamptz[]) as n (tracker_id, earliest) on n.tracker_id = a.tracker_id
             where a.until_at is null or a.until_at > n.earliest
             order by a.id for update of st"
        ))
        .bind::<Array<Integer>, _>(column(trackers, |(tracker, _)| tracker.0))
        .bind::<Array<Timestamptz>, _>(column(trackers, |(_, earliest)| *earliest))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(StateRow::state).collect()
    }

    pub async fn lock_assignments(
        &mut self,
        assignments: &[AssignmentId],
    ) -> Result<Vec<AssignmentState>, StoreError> {
        let rows: Vec<StateRow> =
            statement(format!("{ASSIGNMENT_STATE} where a.id = any($1) order by a.id for update of st"))
                .bind::<Array<SqlUuid>, _>(column(assignments, |assignment| assignment.0))
                .load(&mut self.raw)
                .await?;
        rows.into_iter().map(StateRow::state).collect()
    }

    /// Locks those whose assessment the clock has changed by `now`.
    pub async fn lock_due_assignments(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<AssignmentState>, StoreError> {
        let rows: Vec<StateRow> = statement(format!(
            "{ASSIGNMENT_STATE} where st.next_due_at <= $1 order by a.id limit $2 for update of st"
        ))
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(StateRow::state).collect()
    }

    pub async fn store_evaluations(&mut self, evaluated: &[EvaluatedAssignment]) -> Result<(), StoreError> {
        if evaluated.is_empty() {
            return Ok(());
        }
        statement(
            "update assignment_states st set evaluation = n.evaluation, verdict = n.verdict, next_due_at = n.next_due_at,
                 known_at = n.known_at
             from unnest($1::uuid[], $2::bytea[], $3::text[], $4::timestamptz[], $5::timestamptz[])
                 as n (assignment_id, evaluation, verdict, next_due_at, known_at)
             where st.assignment_id = n.assignment_id",
        )
        .bind::<Array<SqlUuid>, _>(column(evaluated, |e| e.assignment.0))
        .bind::<Array<Binary>, _>(column(evaluated, |e| e.evaluation.as_slice()))
        .bind::<Array<Text>, _>(column(evaluated, |e| e.verdict.to_string()))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(evaluated, |e| e.next_due_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(evaluated, |e| e.known_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// What the given shipments' holds follow from. Their rows are locked until the transaction ends: of two transactions
    /// that evaluate two rides of one shipment, the later one here sees what the earlier one stored.
    pub async fn lock_shipment_verdicts(
        &mut self,
        shipments: &[ShipmentId],
    ) -> Result<Vec<JudgedShipment>, StoreError> {
        if shipments.is_empty() {
            return Ok(Vec::new());
        }
        // By itself: the statement after it then sees what was committed while this one waited.
        sql_query("select from shipments where id = any($1) order by id for no key update")
            .bind::<Array<SqlUuid>, _>(column(shipments, |shipment| shipment.0))
            .execute(&mut self.raw)
            .await?;
        let rows: Vec<JudgedRow> = sql_query(
            "select s.id, s.hold, s.profile_id, coalesce(d.decision = 'release', false) as is_released, st.verdict,
                 a.from_at, a.until_at
             from shipments s
             join assignments a on a.shipment_id = s.id
             join assignment_states st on st.assignment_id = a.id
             left join dispositions d on d.id = s.disposition_id
             where s.id = any($1) order by s.id",
        )
        .bind::<Array<SqlUuid>, _>(column(shipments, |shipment| shipment.0))
        .load(&mut self.raw)
        .await?;
        let mut judged: Vec<JudgedShipment> = Vec::new();
        for row in rows {
            // A ride that nobody has evaluated yet is one of which nothing is known.
            let verdict = row.verdict.as_deref().map_or(Ok(Verdict::Incomplete), str::parse);
            let verdict = verdict.map_err(|error| StoreError::unreadable("verdict", error))?;
            let ride = JudgedRide { from: row.from_at, until: row.until_at, verdict };
            match judged.last_mut().filter(|judged| judged.shipment.0 == row.id) {
                Some(judged) => judged.rides.push(ride),
                None => judged.push(JudgedShipment {
                    shipment: ShipmentId(row.id),
                    profile: ProfileId(row.profile_id),
                    hold: parse_hold(row.hold)?,
                    is_released: row.is_released,
                    rides: vec![ride],
                }),
            }
        }
        Ok(judged)
    }
}

/// What a shipment's hold follows from.
#[derive(Debug, Clone)]
pub struct JudgedShipment {
    pub shipment: ShipmentId,
    pub profile: ProfileId,
    /// The hold so far.
    pub hold: Option<HoldReason>,
    /// Quality's last decision is a release.
    pub is_released: bool,
    /// All of its rides, as judged.
    pub rides: Vec<JudgedRide>,
}

#[derive(QueryableByName)]
struct JudgedRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    hold: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    profile_id: Uuid,
    #[diesel(sql_type = Bool)]
    is_released: bool,
    #[diesel(sql_type = Nullable<Text>)]
    verdict: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = SqlUuid)]
    profile_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    is_released: bool,
    #[diesel(sql_type = Binary)]
    evaluation: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    verdict: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    known_at: Option<DateTime<Utc>>,
}

impl StateRow {
    fn state(self) -> Result<AssignmentState, StoreError> {
        let verdict = self.verdict.as_deref().map(str::parse).transpose();
        Ok(AssignmentState {
            assignment: AssignmentId(self.id),
            organisation: OrganisationId(self.organisation_id),
            shipment: ShipmentId(self.shipment_id),
            shipment_reference: self.reference,
            tracker: TrackerId(self.tracker_id),
            profile: ProfileId(self.profile_id),
            from: self.from_at,
            until: self.until_at,
            is_released: self.is_released,
            evaluation: self.evaluation,
            verdict: verdict.map_err(|error| StoreError::unreadable("verdict", error))?,
            known_at: self.known_at,
        })
    }
}
