//! The list of those on call, one an organisation: read and replaced as a whole.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, Bool, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::escalation::{LOOKS_BACK, Step};
use domain::{Duration, OrganisationId, StepId, UserId};
use uuid::Uuid;

use crate::alerts::parse_severity;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// A step with the user who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCallStep {
    pub step: Step,
    pub user: UserId,
    pub name: String,
    pub email: String,
    /// A disabled user is told nothing; the list says so until somebody else is put there.
    pub is_disabled: bool,
}

impl Connection {
    /// In the list's order.
    pub async fn on_call(&mut self, organisation: OrganisationId) -> Result<Vec<OnCallStep>, StoreError> {
        let rows: Vec<StepRow> = sql_query(
            "select s.id, s.user_id, u.name, u.email, s.wait_s, s.severity, u.disabled_at is not null as is_disabled
             from on_call_steps s join users u on u.id = s.user_id where s.organisation_id = $1 order by s.place",
        )
        .bind::<Integer, _>(organisation.0)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(StepRow::step).collect()
    }

    /// Until the transaction ends nobody else changes the organisation's list or runbooks.
    pub async fn lock_alerting(&mut self, organisation: OrganisationId) -> Result<(), StoreError> {
        sql_query("select from organisations where id = $1 for no key update")
            .bind::<Integer, _>(organisation.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Puts the steps in the place of the list, which the caller has locked ([`Connection::lock_alerting`]). Open alerts
    /// that are not too old for it are looked at again.
    pub async fn replace_on_call(
        &mut self,
        organisation: OrganisationId,
        steps: &[(Step, UserId)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query("delete from on_call_steps where organisation_id = $1")
            .bind::<Integer, _>(organisation.0)
            .execute(&mut self.raw)
            .await?;
        let waits = steps.iter().map(|(step, _)| i32::try_from(step.wait.seconds()));
        let waits: Vec<i32> =
            waits.collect::<Result<_, _>>().map_err(|error| StoreError::unreadable("wait", error))?;
        sql_query(
            "insert into on_call_steps (id, organisation_id, place, user_id, wait_s, severity)
             select n.id, $1, n.place, n.user_id, n.wait_s, n.severity
             from unnest($2::uuid[], $3::uuid[], $4::int[], $5::text[]) with ordinality
                 as n (id, user_id, wait_s, severity, place)",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<SqlUuid>, _>(column(steps, |(step, _)| step.id.0))
        .bind::<Array<SqlUuid>, _>(column(steps, |(_, user)| user.0))
        .bind::<Array<Integer>, _>(waits)
        .bind::<Array<Text>, _>(column(steps, |(step, _)| step.from.as_str()))
        .execute(&mut self.raw)
        .await?;
        // In the order of their ids, as everybody locks several alerts.
        sql_query(
            "with open as (select id from alerts where organisation_id = $1 and acknowledged_at is null
                 and closed_as is null and coalesce(reopened_at, created_at) >= $2 order by id for no key update)
             update alerts a set escalate_at = '-infinity' from open where a.id = open.id",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Timestamptz, _>(now - chrono::Duration::seconds(LOOKS_BACK.seconds()))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct StepRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Integer)]
    wait_s: i32,
    #[diesel(sql_type = Text)]
    severity: String,
    #[diesel(sql_type = Bool)]
    is_disabled: bool,
}

impl StepRow {
    fn step(self) -> Result<OnCallStep, StoreError> {
        let step = Step {
            id: StepId(self.id),
            wait: Duration::from_seconds(self.wait_s.into()).unwrap_or_default(),
            from: parse_severity(&self.severity)?,
        };
        let Self { user_id, name, email, is_disabled, .. } = self;
        Ok(OnCallStep { step, user: UserId(user_id), name, email, is_disabled })
    }
}
