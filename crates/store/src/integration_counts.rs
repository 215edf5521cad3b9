//! What came by each integration: how much, how much of it twice, what was turned away and why, and since when.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::refusal::RefusalReason;
use domain::{AlertId, OrganisationId};
use uuid::Uuid;

use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// What a batch brought by one integration. At least one message, so that there are times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeCount {
    pub organisation: OrganisationId,
    pub integration: String,
    /// Events that were not known before.
    pub accepted: i64,
    /// Events that were.
    pub repeated: i64,
    /// Bodies that nobody can read.
    pub unreadable: i64,
    /// When the first and the last of them arrived.
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

/// What an ingester turned away of one integration for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalCount {
    pub organisation: OrganisationId,
    pub integration: String,
    pub reason: RefusalReason,
    pub count: i64,
    /// When the first and the last of them were reported.
    pub first_refused_at: DateTime<Utc>,
    pub last_refused_at: DateTime<Utc>,
}

/// What an integration is not refused for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedRefusal {
    pub organisation: OrganisationId,
    pub integration: String,
    pub reason: RefusalReason,
    /// When something of it was taken in for the last time.
    pub seen_at: DateTime<Utc>,
}

/// An alert about refused webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingRefusal {
    pub organisation: OrganisationId,
    pub alert: AlertId,
    pub subject: String,
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// How many rows of each integration a batch made.
pub type MadeRows = HashMap<(OrganisationId, String), i64>;

#[derive(QueryableByName)]
pub(crate) struct MadeRow {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Text)]
    integration_id: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl MadeRow {
    pub(crate) fn by_integration(rows: Vec<Self>) -> MadeRows {
        let one = |row: Self| ((OrganisationId(row.organisation_id), row.integration_id), row.count);
        rows.into_iter().map(one).collect()
    }
}

impl Connection {
    /// Adds to what came by the integrations. What names none of its organisation's is not counted: it must not keep the
    /// batch from being stored. At most one element an integration; in one order for all, so that two batches do not
    /// wait for each other.
    pub async fn add_intake_counts(&mut self, counts: &[IntakeCount]) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        statement(
            "insert into integration_counts as c (integration_id, organisation_id, accepted, repeated, unreadable,
                 first_seen_at, last_seen_at)
             select i.id, i.organisation_id, n.accepted, n.repeated, n.unreadable, n.first_seen_at, n.last_seen_at
             from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[],
                 $7::timestamptz[])
                 as n (id, organisation_id, accepted, repeated, unreadable, first_seen_at, last_seen_at)
             join integrations i using (id, organisation_id) order by i.id
             on conflict (integration_id) do update set
                 accepted = c.accepted + excluded.accepted, repeated = c.repeated + excluded.repeated,
                 unreadable = c.unreadable + excluded.unreadable,
                 first_seen_at = least(c.first_seen_at, excluded.first_seen_at),
                 last_seen_at = greatest(c.last_seen_at, excluded.last_seen_at)",
        )
        .bind::<Array<Text>, _>(column(counts, |c| c.integration.as_str()))
        .bind::<Array<Integer>, _>(column(counts, |c| c.organisation.0))
        .bind::<Array<BigInt>, _>(column(counts, |c| c.accepted))
        .bind::<Array<BigInt>, _>(column(counts, |c| c.repeated))
        .bind::<Array<BigInt>, _>(column(counts, |c| c.unreadable))
        .bind::<Array<Timestamptz>, _>(column(counts, |c| c.first_seen_at))
        .bind::<Array<Timestamptz>, _>(column(counts, |c| c.last_seen_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Adds to what was turned away, as [`Connection::add_intake_counts`] does. At most one element an integration and
    /// reason.
    pub async fn add_refusal_counts(&mut self, counts: &[RefusalCount]) -> Result<(), StoreError> {
        if counts.is_empty() {
            return Ok(());
        }
        statement(
            "insert into integration_refusals as r (integration_id, reason, organisation_id, count, first_refused_at,
                 last_refused_at)
             select i.id, n.reason, i.organisation_id, n.count, n.first_refused_at, n.last_refused_at
             from unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[])
                 as n (id, organisation_id, reason, count, first_refused_at, last_refused_at)
             join integrations i using (id, organisation_id) order by i.id, n.reason
             on conflict (integration_id, reason) do update set
                 count = r.count + excluded.count,
                 first_refused_at = least(r.first_refused_at, excluded.first_refused_at),
                 last_refused_at = greatest(r.last_refused_at, excluded.last_refused_at)",
        )
        .bind::<Array<Text>, _>(column(counts, |c| c.integration.as_str()))
        .bind::<Array<Integer>, _>(column(counts, |c| c.organisation.0))
        .bind::<Array<Text>, _>(column(counts, |c| c.reason.as_str()))
        .bind::<Array<BigInt>, _>(column(counts, |c| c.count))
        .bind::<Array<Timestamptz>, _>(column(counts, |c| c.first_refused_at))
        .bind::<Array<Timestamptz>, _>(column(counts, |c| c.last_refused_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// What was refused at this instant for the last time, or before, though something of that integration was taken in
    /// since, with when that was.
    pub async fn mended_refusals(
        &mut self,
        refused_until: DateTime<Utc>,
    ) -> Result<Vec<MendedRefusal>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = Text)]
            integration_id: String,
            #[diesel(sql_type = Text)]
            reason: String,
            #[diesel(sql_type = Timestamptz)]
            last_seen_at: DateTime<Utc>,
        }
        let rows: Vec<Row> = statement(
            "select r.organisation_id, r.integration_id, r.reason, c.last_seen_at
             from integration_refusals r join integration_counts c using (integration_id)
             where r.last_refused_at <= $1 and r.last_refused_at < c.last_seen_at",
        )
        .bind::<Timestamptz, _>(refused_until)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| {
            let reason = row.reason.parse().map_err(|error| StoreError::unreadable("reason", error))?;
            Ok(MendedRefusal {
                organisation: OrganisationId(row.organisation_id),
                integration: row.integration_id,
                reason,
                seen_at: row.last_seen_at,
            })
        };
        rows.into_iter().map(one).collect()
    }

    /// The alerts about refused webhooks that data have not ended, acknowledged or not.
    pub async fn standing_refusals(&mut self) -> Result<Vec<StandingRefusal>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Text)]
            subject: String,
            #[diesel(sql_type = Nullable<Timestamptz>)]
            acknowledged_at: Option<DateTime<Utc>>,
        }
        let rows: Vec<Row> = statement(
            "select organisation_id, id, subject, acknowledged_at from alerts
             where kind = 'webhook_refused' and closed_as is null and subject is not null order by id",
        )
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| StandingRefusal {
            organisation: OrganisationId(row.organisation_id),
            alert: AlertId(row.id),
            subject: row.subject,
            acknowledged_at: row.acknowledged_at,
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// What came by each of an organisation's integrations; one that brought nothing yet is not among them.
    pub async fn intake_counts(
        &mut self,
        organisation: OrganisationId,
    ) -> Result<Vec<IntakeCount>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            integration_id: String,
            #[diesel(sql_type = BigInt)]
            accepted: i64,
            #[diesel(sql_type = BigInt)]
            repeated: i64,
            #[diesel(sql_type = BigInt)]
            unreadable: i64,
            #[diesel(sql_type = Timestamptz)]
            first_seen_at: DateTime<Utc>,
            #[diesel(sql_type = Timestamptz)]
            last_seen_at: DateTime<Utc>,
        }
        let rows: Vec<Row> = statement(
            "select integration_id, accepted, repeated, unreadable, first_seen_at, last_seen_at
             from integration_counts where organisation_id = $1 order by integration_id",
        )
        .bind::<Integer, _>(organisation.0)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| IntakeCount {
            organisation,
            integration: row.integration_id,
            accepted: row.accepted,
            repeated: row.repeated,
            unreadable: row.unreadable,
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// What was turned away of each of an organisation's integrations.
    pub async fn refusal_counts(
        &mut self,
        organisation: OrganisationId,
    ) -> Result<Vec<RefusalCount>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            integration_id: String,
            #[diesel(sql_type = Text)]
            reason: String,
            #[diesel(sql_type = BigInt)]
            count: i64,
            #[diesel(sql_type = Timestamptz)]
            first_refused_at: DateTime<Utc>,
            #[diesel(sql_type = Timestamptz)]
            last_refused_at: DateTime<Utc>,
        }
        let rows: Vec<Row> = statement(
            "select integration_id, reason, count, first_refused_at, last_refused_at
             from integration_refusals where organisation_id = $1 order by integration_id, reason",
        )
        .bind::<Integer, _>(organisation.0)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| {
            let reason = row.reason.parse().map_err(|error| StoreError::unreadable("reason", error))?;
            Ok(RefusalCount {
                organisation,
                integration: row.integration_id,
                reason,
                count: row.count,
                first_refused_at: row.first_refused_at,
                last_refused_at: row.last_refused_at,
            })
        };
        rows.into_iter().map(one).collect()
    }
}
