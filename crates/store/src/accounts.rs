//! Organisations and users.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Jsonb, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::access::Role;
use domain::{OrganisationId, UserId};
use uuid::Uuid;

use crate::schema::{api_keys, organisations, users};
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub organisation: OrganisationId,
    /// The organisation itself, or for a partner's user the tenant that hosts the partner.
    pub tenant: OrganisationId,
    pub organisation_name: String,
    pub email: String,
    /// As printed beside what the user did.
    pub name: String,
    pub role: Role,
    /// A PHC string; never leaves the service.
    pub password_hash: String,
}

/// Somebody who shall be able to log in.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub organisation: OrganisationId,
    pub email: String,
    /// The e-mail address where absent.
    pub name: Option<String>,
    pub role: Role,
    pub password_hash: String,
}

impl Connection {
    /// The organisation of that name; made, with the shipped profiles, if there is none.
    pub async fn ensure_organisation(
        &mut self,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<OrganisationId, StoreError> {
        let (mut names, mut definitions) = (Vec::new(), Vec::new());
        for (_, profile) in domain::library::all() {
            names.push(profile.name());
            let definition = serde_json::to_value(profile);
            definitions.push(definition.map_err(|error| StoreError::unreadable("profile", error))?);
        }
        // One statement, so that no organisation is ever seen without its profiles, and one that exists gets none.
        sql_query(
            "with made as (
                 insert into organisations (name, created_at) values ($1, $2) on conflict do nothing returning id)
             insert into profiles (id, organisation_id, name, version, definition, created_at)
             select gen_random_uuid(), made.id, p.name, 1, p.definition, $2
             from made, unnest($3::text[], $4::jsonb[]) as p (name, definition)",
        )
        .bind::<Text, _>(name)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Jsonb>, _>(definitions)
        .execute(&mut self.raw)
        .await?;
        self.organisation_named(name).await
    }

    pub async fn organisation_named(&mut self, name: &str) -> Result<OrganisationId, StoreError> {
        let id = organisations::table
            .filter(organisations::name.eq(name).and(organisations::host_id.is_null()))
            .select(organisations::id)
            .first(&mut self.raw)
            .await?;
        Ok(OrganisationId(id))
    }

    /// The first organisation; made with this name where there is none yet. A name that changes later makes no
    /// second one.
    pub async fn first_organisation_or(
        &mut self,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<OrganisationId, StoreError> {
        match self.first_organisation().await {
            Err(StoreError::NotFound) => self.ensure_organisation(name, now).await,
            known => known,
        }
    }

    /// The organisation that the first start made.
    pub async fn first_organisation(&mut self) -> Result<OrganisationId, StoreError> {
        let id = organisations::table
            .filter(organisations::host_id.is_null())
            .order(organisations::id)
            .select(organisations::id)
            .first(&mut self.raw)
            .await?;
        Ok(OrganisationId(id))
    }

    /// Refused by `users_email_key` where the address is taken.
    pub async fn add_user(&mut self, user: &NewUser, now: DateTime<Utc>) -> Result<UserId, StoreError> {
        let (id, email) = (Uuid::now_v7(), user.email.to_lowercase());
        diesel::insert_into(users::table)
            .values((
                users::id.eq(id),
                users::organisation_id.eq(user.organisation.0),
                users::name.eq(user.name.as_ref().unwrap_or(&email)),
                users::email.eq(&email),
                users::role.eq(user.role.to_string()),
                users::password_hash.eq(&user.password_hash),
                users::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(UserId(id))
    }

    /// The enabled user with that address; a key has none.
    pub async fn user_by_email(&mut self, email: &str) -> Result<User, StoreError> {
        let id = users::table
            .filter(users::email.eq(email.to_lowercase()))
            .filter(users::id.ne_all(api_keys::table.select(api_keys::user_id)))
            .select(users::id)
            .first(&mut self.raw)
            .await?;
        self.user_by_id(UserId(id)).await
    }

    /// The enabled user of that id.
    pub async fn user_by_id(&mut self, id: UserId) -> Result<User, StoreError> {
        type Row = (i32, Option<i32>, String, String, String, String, String);
        let (organisation, host, organisation_name, email, name, role, password_hash): Row = users::table
            .inner_join(organisations::table)
            .filter(users::id.eq(id.0).and(users::disabled_at.is_null()))
            .select((
                organisations::id,
                organisations::host_id,
                organisations::name,
                users::email,
                users::name,
                users::role,
                users::password_hash,
            ))
            .first(&mut self.raw)
            .await?;
        let role = role.parse().map_err(|error| StoreError::unreadable("role", error))?;
        let tenant = OrganisationId(host.unwrap_or(organisation));
        let organisation = OrganisationId(organisation);
        Ok(User { id, organisation, tenant, organisation_name, email, name, role, password_hash })
    }
}
