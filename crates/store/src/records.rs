//! What is written beside the work itself: the audit trail, and first answers to requests that may be repeated.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::{OrganisationId, UserId};

use crate::schema::idempotency_keys;
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub organisation: OrganisationId,
    /// None where the service itself acted.
    pub actor: Option<UserId>,
    /// A verb and a noun, such as `alert.acknowledged`.
    pub action: &'static str,
    /// The id of what was changed.
    pub subject: String,
    pub detail: serde_json::Value,
}

/// An entry as it is read.
#[derive(Debug, Clone)]
pub struct AuditRecord {
    /// Its place in the trail.
    pub id: i64,
    pub at: DateTime<Utc>,
    pub action: String,
    /// The e-mail address; None where the service itself acted.
    pub actor: Option<String>,
    pub detail: serde_json::Value,
}

/// The first answer to a request with an Idempotency-Key.
#[derive(Debug, Clone)]
pub struct FirstAnswer {
    pub request_sha256: Vec<u8>,
    pub status: u16,
    pub answer: serde_json::Value,
}

impl Connection {
    pub async fn write_audit(
        &mut self,
        entries: &[AuditEntry],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into audit_entries (organisation_id, at, actor, action, subject, detail)
             select o, $6, a, w, s, d from unnest($1::int[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[])
                 as n (o, a, w, s, d)",
        )
        .bind::<Array<Integer>, _>(column(entries, |e| e.organisation.0))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(entries, |e| e.actor.map(|id| id.0)))
        .bind::<Array<Text>, _>(column(entries, |e| e.action))
        .bind::<Array<Text>, _>(column(entries, |e| e.subject.as_str()))
        .bind::<Array<Jsonb>, _>(column(entries, |e| e.detail.clone()))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// How many wrong badges or codes were shown on an account after `since`. The action stands in the statement, as it does
    /// in the index that answers it.
    pub async fn count_refused_signatures(
        &mut self,
        actor: UserId,
        since: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let sql = "select count(*) from audit_entries
             where actor = $1 and action = 'custody.signature_refused' and at > $2";
        let row: Row = sql_query(sql)
            .bind::<SqlUuid, _>(actor.0)
            .bind::<Timestamptz, _>(since)
            .get_result(&mut self.raw)
            .await?;
        Ok(row.count)
    }

    /// What is on record of a subject, the earliest first.
    pub async fn audit_of(
        &mut self,
        organisation: OrganisationId,
        subject: &str,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            id: i64,
            #[diesel(sql_type = Timestamptz)]
            at: DateTime<Utc>,
            #[diesel(sql_type = Text)]
            action: String,
            #[diesel(sql_type = Nullable<Text>)]
            email: Option<String>,
            #[diesel(sql_type = Jsonb)]
            detail: serde_json::Value,
        }
        let rows: Vec<Row> = sql_query(
            "select e.id, e.at, e.action, u.email, e.detail from audit_entries e
             left join users u on u.id = e.actor
             where e.organisation_id = $1 and e.subject = $2 and ($3 is null or e.id > $3) order by e.id limit $4",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Text, _>(subject)
        .bind::<Nullable<BigInt>, _>(after)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| {
            let Row { id, at, action, email: actor, detail } = row;
            AuditRecord { id, at, action, actor, detail }
        };
        Ok(rows.into_iter().map(one).collect())
    }

    pub async fn first_answer(&mut self, user: UserId, key: &str) -> Result<Option<FirstAnswer>, StoreError> {
        let row: Option<(Vec<u8>, i32, serde_json::Value)> = idempotency_keys::table
            .find((user.0, key))
            .select((idempotency_keys::request_sha256, idempotency_keys::status, idempotency_keys::answer))
            .first(&mut self.raw)
            .await
            .optional()?;
        let answer = |(request_sha256, status, answer)| {
            let status = u16::try_from(status).map_err(|error| StoreError::unreadable("status", error))?;
            Ok(FirstAnswer { request_sha256, status, answer })
        };
        row.map(answer).transpose()
    }

    /// Refused by `idempotency_keys_pkey` where the same request is being answered at this moment.
    pub async fn keep_first_answer(
        &mut self,
        organisation: OrganisationId,
        user: UserId,
        key: &str,
        first: &FirstAnswer,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::organisation_id.eq(organisation.0),
                idempotency_keys::user_id.eq(user.0),
                idempotency_keys::key.eq(key),
                idempotency_keys::request_sha256.eq(&first.request_sha256),
                idempotency_keys::status.eq(i32::from(first.status)),
                idempotency_keys::answer.eq(&first.answer),
                idempotency_keys::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}
