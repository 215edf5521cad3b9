//! Open alerts of which somebody on call may have to be told, and what is told of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::alert::AlertKind;
use domain::escalation::{Told, Watched};
use domain::{AlertId, OrganisationId, StepId, UserId};
use uuid::Uuid;

use crate::alerts::parse_kind;
use crate::alerts::parse_severity;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// An open alert that is to be looked at.
#[derive(Debug, Clone)]
pub struct EscalatingAlert {
    pub id: AlertId,
    pub organisation: OrganisationId,
    pub kind: AlertKind,
    /// Its shipment is on hold.
    pub is_held: bool,
    pub watched: Watched,
    /// The steps that were told of it.
    pub told: Vec<Told>,
}

/// A message to somebody on call.
#[derive(Debug, Clone)]
pub struct StepNotification {
    pub organisation: OrganisationId,
    pub alert: AlertId,
    pub user: UserId,
    pub subject: String,
    pub body: String,
    pub told: Told,
    /// The step's place in the list, from 1, and how many there are.
    pub place: i32,
    pub steps: i32,
}

impl Connection {
    /// Open alerts whose time has come, locked until the transaction ends; what another process has locked is left to it.
    /// So are those of an organisation whose list is being changed ([`Connection::lock_alerting`]), since the list that
    /// could be read would be the former one; until the transaction ends nobody else changes it.
    pub async fn lock_alerts_to_escalate(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<EscalatingAlert>, StoreError> {
        let organisations: Vec<OrganisationRow> = sql_query(
            "select id from organisations o where exists (select from alerts a where a.organisation_id = o.id
                 and a.escalate_at <= $1 and a.acknowledged_at is null and a.closed_as is null)
             order by id for share skip locked",
        )
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        let rows: Vec<AlertRow> = sql_query(
            "select a.id, a.organisation_id, a.kind, a.severity, coalesce(a.reopened_at, a.created_at) as opened_at,
                 s.hold is not null as is_held
             from alerts a left join shipments s on s.id = a.shipment_id
             where a.escalate_at <= $1 and a.acknowledged_at is null and a.closed_as is null
                 and a.organisation_id = any($2)
             order by a.escalate_at, a.id limit $3 for no key update of a skip locked",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Integer>, _>(column(&organisations, |row| row.id))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let mut told = self.told_of(&column(&rows, |row| row.id)).await?;
        rows.into_iter()
            .map(|row| {
                let told = told.remove(&row.id).unwrap_or_default();
                row.alert(told)
            })
            .collect()
    }

    async fn told_of(&mut self, alerts: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Told>>, StoreError> {
        let mut of: BTreeMap<Uuid, Vec<Told>> = BTreeMap::new();
        if alerts.is_empty() {
            return Ok(of);
        }
        let rows: Vec<ToldRow> = sql_query(
            "select alert_id, opened_at, step_id, max(round) as round, max(created_at) as at from notifications
             where alert_id = any($1) and step_id is not null group by alert_id, opened_at, step_id",
        )
        .bind::<Array<SqlUuid>, _>(alerts)
        .load(&mut self.raw)
        .await?;
        for row in rows {
            let round = u32::try_from(row.round).map_err(|error| StoreError::unreadable("round", error))?;
            let told = Told { opened_at: row.opened_at, round, step: StepId(row.step_id), at: row.at };
            of.entry(row.alert_id).or_default().push(told);
        }
        Ok(of)
    }

    /// When each alert is to be looked at next; none: never again, as long as neither it nor the list changes.
    pub async fn set_escalations(
        &mut self,
        next: &[(AlertId, Option<DateTime<Utc>>)],
    ) -> Result<(), StoreError> {
        if next.is_empty() {
            return Ok(());
        }
        sql_query(
            "update alerts a set escalate_at = n.at from unnest($1::uuid[], $2::timestamptz[]) as n (id, at)
             where a.id = n.id",
        )
        .bind::<Array<SqlUuid>, _>(column(next, |(alert, _)| alert.0))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(next, |(_, at)| *at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Puts messages to those on call into the outbox. A step of a round that was told is left out, and a message of an
    /// earlier round to the same step that still waits is called off: nobody finds a night's mails all at once.
    pub async fn add_step_notifications(
        &mut self,
        new: &[StepNotification],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        self.call_off_earlier(new, now).await?;
        let rounds: Vec<i32> = new.iter().map(|n| i32::try_from(n.told.round).unwrap_or(i32::MAX)).collect();
        sql_query(
            "insert into notifications (id, organisation_id, alert_id, user_id, subject, body, created_at,
                 next_attempt_at, opened_at, round, step_id, place, steps)
             select gen_random_uuid(), o, a, u, s, b, $6, $6, t, r, i, p, n
             from unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $7::timestamptz[], $8::int[],
                 $9::uuid[], $10::int[], $11::int[]) as x (o, a, u, s, b, t, r, i, p, n)
             on conflict (alert_id, opened_at, round, step_id) where step_id is not null do nothing",
        )
        .bind::<Array<Integer>, _>(column(new, |n| n.organisation.0))
        .bind::<Array<SqlUuid>, _>(column(new, |n| n.alert.0))
        .bind::<Array<SqlUuid>, _>(column(new, |n| n.user.0))
        .bind::<Array<Text>, _>(column(new, |n| n.subject.as_str()))
        .bind::<Array<Text>, _>(column(new, |n| n.body.as_str()))
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Timestamptz>, _>(column(new, |n| n.told.opened_at))
        .bind::<Array<Integer>, _>(rounds)
        .bind::<Array<SqlUuid>, _>(column(new, |n| n.told.step.0))
        .bind::<Array<Integer>, _>(column(new, |n| n.place))
        .bind::<Array<Integer>, _>(column(new, |n| n.steps))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    async fn call_off_earlier(
        &mut self,
        new: &[StepNotification],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // One that is being sent at this moment is left alone.
        sql_query(
            "with earlier as (select n.id from notifications n
                 join unnest($1::uuid[], $2::uuid[]) as x (alert_id, step_id) using (alert_id, step_id)
                 where n.next_attempt_at is not null for update of n skip locked),
             off as (update notifications n set next_attempt_at = null, called_off_at = $3
                 from earlier where n.id = earlier.id returning n.id, n.organisation_id)
             insert into notification_attempts (organisation_id, notification_id, at, outcome, words)
             select organisation_id, id, $3, 'called_off', 'the same person is told anew' from off",
        )
        .bind::<Array<SqlUuid>, _>(column(new, |n| n.alert.0))
        .bind::<Array<SqlUuid>, _>(column(new, |n| n.told.step.0))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct OrganisationRow {
    #[diesel(sql_type = Integer)]
    id: i32,
}

#[derive(QueryableByName)]
struct AlertRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    severity: String,
    #[diesel(sql_type = Timestamptz)]
    opened_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    is_held: bool,
}

impl AlertRow {
    fn alert(self, told: Vec<Told>) -> Result<EscalatingAlert, StoreError> {
        let severity = parse_severity(&self.severity)?;
        Ok(EscalatingAlert {
            id: AlertId(self.id),
            organisation: OrganisationId(self.organisation_id),
            kind: parse_kind(&self.kind)?,
            is_held: self.is_held,
            watched: Watched { opened_at: self.opened_at, severity, is_open: true },
            told,
        })
    }
}

#[derive(QueryableByName)]
struct ToldRow {
    #[diesel(sql_type = SqlUuid)]
    alert_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    opened_at: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    step_id: Uuid,
    #[diesel(sql_type = Integer)]
    round: i32,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}
