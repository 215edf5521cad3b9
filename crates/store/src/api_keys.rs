//! API keys: users that are programs, which show a key in the place of a password.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::access::Role;
use domain::{OrganisationId, UserId};
use uuid::Uuid;

use crate::trackers::column;
use crate::{Connection, StoreError};

/// Stands where a password's hash would: no password has it.
const NO_PASSWORD: &str = "-";

/// A key that shall be able to act.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The tenant whose partner it is for.
    pub tenant: OrganisationId,
    /// In whose name it acts.
    pub organisation: OrganisationId,
    /// As printed beside what it does.
    pub name: String,
    pub role: Role,
    /// What is shown of it, and by which it is found.
    pub prefix: String,
    pub sha256: [u8; 32],
    pub expires_at: Option<DateTime<Utc>>,
    /// None: the operator, at the command line.
    pub created_by: Option<UserId>,
}

/// A key as those see it who look after keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    pub id: UserId,
    pub organisation: OrganisationId,
    pub name: String,
    pub role: Role,
    pub prefix: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Up to an hour older than its last use.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_reason: Option<String>,
}

/// What a process needs to recognise a key that was not revoked.
#[derive(Debug, Clone)]
pub struct UsableKey {
    pub id: UserId,
    pub organisation: OrganisationId,
    pub tenant: OrganisationId,
    pub role: Role,
    pub prefix: String,
    pub sha256: Vec<u8>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Connection {
    /// Makes the key and the user that it is.
    pub async fn add_api_key(&mut self, key: &NewApiKey, now: DateTime<Utc>) -> Result<UserId, StoreError> {
        let id = Uuid::now_v7();
        // A program has no address; `.invalid` is reserved for what is none (RFC 2606).
        let email = format!("{}@key.invalid", key.prefix);
        sql_query(
            "with program as (
                 insert into users (id, organisation_id, email, name, role, password_hash, created_at)
                 values ($1, $2, $3, $4, $5, $6, $7) returning id)
             insert into api_keys (user_id, organisation_id, prefix, sha256, expires_at, created_by)
             select id, $8, $9, $10, $11, $12 from program",
        )
        .bind::<SqlUuid, _>(id)
        .bind::<Integer, _>(key.organisation.0)
        .bind::<Text, _>(email)
        .bind::<Text, _>(&key.name)
        .bind::<Text, _>(key.role.as_str())
        .bind::<Text, _>(NO_PASSWORD)
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(key.tenant.0)
        .bind::<Text, _>(&key.prefix)
        .bind::<Binary, _>(key.sha256.as_slice())
        .bind::<Nullable<Timestamptz>, _>(key.expires_at)
        .bind::<Nullable<SqlUuid>, _>(key.created_by.map(|user| user.0))
        .execute(&mut self.raw)
        .await?;
        Ok(UserId(id))
    }

    /// The keys of a tenant's partners in the order in which they were made; of one of them where it is named.
    pub async fn api_keys(
        &mut self,
        tenant: OrganisationId,
        organisation: Option<OrganisationId>,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let rows: Vec<Row> = sql_query(format!(
            "{KEY} where k.organisation_id = $1 and ($2 is null or u.organisation_id = $2) and ($3 is null or u.id > $3)
             order by u.id limit $4"
        ))
        .bind::<Integer, _>(tenant.0)
        .bind::<Nullable<Integer>, _>(organisation.map(|id| id.0))
        .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.0))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(Row::key).collect()
    }

    pub async fn api_key(&mut self, tenant: OrganisationId, id: UserId) -> Result<ApiKeyRecord, StoreError> {
        let rows: Vec<Row> = sql_query(format!("{KEY} where k.organisation_id = $1 and u.id = $2"))
            .bind::<Integer, _>(tenant.0)
            .bind::<SqlUuid, _>(id.0)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.key()
    }

    /// False where it was revoked before.
    pub async fn revoke_api_key(
        &mut self,
        id: UserId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if !self.disable_user(id, now).await? {
            return Ok(false);
        }
        sql_query("update api_keys set revoked_reason = $1 where user_id = $2")
            .bind::<Text, _>(reason)
            .bind::<SqlUuid, _>(id.0)
            .execute(&mut self.raw)
            .await?;
        Ok(true)
    }

    /// Every key of the installation that was not revoked.
    pub async fn usable_api_keys(&mut self) -> Result<Vec<UsableKey>, StoreError> {
        let rows: Vec<UsableRow> = sql_query(
            "select u.id, u.organisation_id, k.organisation_id as tenant_id, u.role, k.prefix, k.sha256, k.expires_at
             from api_keys k join users u on u.id = k.user_id where u.disabled_at is null",
        )
        .load(&mut self.raw)
        .await?;
        let key = |row: UsableRow| {
            Ok(UsableKey {
                id: UserId(row.id),
                organisation: OrganisationId(row.organisation_id),
                tenant: OrganisationId(row.tenant_id),
                role: row.role.parse().map_err(|error| StoreError::unreadable("role", error))?,
                prefix: row.prefix,
                sha256: row.sha256,
                expires_at: row.expires_at,
            })
        };
        rows.into_iter().map(key).collect()
    }

    /// Notes when they were used, at most once an hour each.
    pub async fn note_api_keys_used(&mut self, ids: &[UserId], now: DateTime<Utc>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        sql_query(
            "update api_keys set last_used_at = $1
             where user_id = any($2) and (last_used_at is null or last_used_at <= $1 - interval '1 hour')",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(column(ids, |id| id.0))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

const KEY: &str =
    "select u.id, u.organisation_id, u.name, u.role, u.created_at, u.disabled_at, k.prefix, k.expires_at,
         k.last_used_at, k.revoked_reason
     from api_keys k join users u on u.id = k.user_id";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    disabled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    prefix: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_used_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    revoked_reason: Option<String>,
}

impl Row {
    fn key(self) -> Result<ApiKeyRecord, StoreError> {
        Ok(ApiKeyRecord {
            id: UserId(self.id),
            organisation: OrganisationId(self.organisation_id),
            name: self.name,
            role: self.role.parse().map_err(|error| StoreError::unreadable("role", error))?,
            prefix: self.prefix,
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            revoked_at: self.disabled_at,
            revoked_reason: self.revoked_reason,
        })
    }
}

#[derive(QueryableByName)]
struct UsableRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Integer)]
    tenant_id: i32,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    prefix: String,
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
}
