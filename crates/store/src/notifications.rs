//! The outbox: notifications that wait for the mail server, and how far they are.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::access::Role;
use domain::{AlertId, OrganisationId, ShipmentId};
use uuid::Uuid;

use crate::trackers::column;
use crate::{Connection, StoreError};

/// A message to be sent to every user of the given roles in the organisation.
#[derive(Debug, Clone)]
pub struct NewNotification {
    pub organisation: OrganisationId,
    pub alert: AlertId,
    pub subject: String,
    pub body: String,
}

#[derive(Debug, Clone)]
pub struct DueNotification {
    pub id: Uuid,
    pub organisation: OrganisationId,
    pub alert: AlertId,
    /// The alert's.
    pub shipment: Option<ShipmentId>,
    pub email: String,
    pub subject: String,
    pub body: String,
    /// Attempts so far.
    pub attempts: i32,
    /// It was to wake somebody on call, and the alert is no longer as open as it was then.
    pub is_late: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct NotificationCounts {
    pub pending: i64,
    /// Pending after at least one failed attempt.
    pub failing: i64,
    pub sent: i64,
}

impl Connection {
    /// Puts one notification a recipient into the outbox; where nobody has one of the roles, the admins are told.
    /// Whoever was told of the alert before is told this, too.
    pub async fn add_notifications(
        &mut self,
        notifications: &[NewNotification],
        roles: &[Role],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if notifications.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into notifications (id, organisation_id, alert_id, user_id, subject, body, created_at,
                 next_attempt_at)
             select gen_random_uuid(), n.o, n.a, u.id, n.s, n.b, $5, $5
             from unnest($1::int[], $2::uuid[], $3::text[], $4::text[]) as n (o, a, s, b)
             join users u on u.organisation_id = n.o and u.disabled_at is null
                 and (u.role = any($6) or (u.role = $7 and not exists (select from users other
                     where other.organisation_id = n.o and other.role = any($6) and other.disabled_at is null))
                     or exists (select from notifications earlier
                         where earlier.alert_id = n.a and earlier.user_id = u.id))",
        )
        .bind::<Array<Integer>, _>(column(notifications, |n| n.organisation.0))
        .bind::<Array<SqlUuid>, _>(column(notifications, |n| n.alert.0))
        .bind::<Array<Text>, _>(column(notifications, |n| n.subject.as_str()))
        .bind::<Array<Text>, _>(column(notifications, |n| n.body.as_str()))
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Text>, _>(column(roles, ToString::to_string))
        .bind::<Text, _>(Role::Admin.to_string())
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Notifications whose next attempt is due, locked against other senders until the transaction ends.
    pub async fn lock_due_notifications(
        &mut self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<DueNotification>, StoreError> {
        let rows: Vec<DueRow> = sql_query(
            "select n.id, n.organisation_id, n.alert_id, a.shipment_id, u.email, n.subject, n.body, n.attempts,
                 n.step_id is not null and (a.acknowledged_at is not null or a.closed_as is not null
                     or coalesce(a.reopened_at, a.created_at) <> n.opened_at) as is_late
             from notifications n join users u on u.id = n.user_id join alerts a on a.id = n.alert_id
             where n.next_attempt_at <= $1 order by n.next_attempt_at, n.id limit $2
             for update of n skip locked",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(DueRow::notification).collect())
    }

    pub async fn notification_counts(
        &mut self,
        organisation: OrganisationId,
    ) -> Result<NotificationCounts, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            pending: i64,
            #[diesel(sql_type = BigInt)]
            failing: i64,
            #[diesel(sql_type = BigInt)]
            sent: i64,
        }
        let row: Row = sql_query(
            "select count(*) filter (where next_attempt_at is not null) as pending,
                 count(*) filter (where next_attempt_at is not null and attempts > 0) as failing,
                 count(*) filter (where sent_at is not null) as sent
             from notifications where organisation_id = $1",
        )
        .bind::<Integer, _>(organisation.0)
        .get_result(&mut self.raw)
        .await?;
        Ok(NotificationCounts { pending: row.pending, failing: row.failing, sent: row.sent })
    }
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = SqlUuid)]
    alert_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    shipment_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Bool)]
    is_late: bool,
}

impl DueRow {
    fn notification(self) -> DueNotification {
        DueNotification {
            id: self.id,
            organisation: OrganisationId(self.organisation_id),
            alert: AlertId(self.alert_id),
            shipment: self.shipment_id.map(ShipmentId),
            email: self.email,
            subject: self.subject,
            body: self.body,
            attempts: self.attempts,
            is_late: self.is_late,
        }
    }
}
