//! Profiles: versions that never change, each with its definition as one document.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::profile::Profile;
use domain::{OrganisationId, ProfileId};
use uuid::Uuid;

use crate::schema::profiles;
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct StoredProfile {
    pub id: ProfileId,
    pub version: i32,
    pub profile: Profile,
}

impl Connection {
    /// A profile of that name as its next version.
    pub async fn add_profile(
        &mut self,
        organisation: OrganisationId,
        profile: &Profile,
        now: DateTime<Utc>,
    ) -> Result<StoredProfile, StoreError> {
        let definition =
            serde_json::to_value(profile).map_err(|error| StoreError::unreadable("profile", error))?;
        let latest: Option<i32> = profiles::table
            .filter(profiles::organisation_id.eq(organisation.0).and(profiles::name.eq(profile.name())))
            .select(diesel::dsl::max(profiles::version))
            .first(&mut self.raw)
            .await?;
        let (id, version) = (Uuid::now_v7(), latest.unwrap_or(0) + 1);
        diesel::insert_into(profiles::table)
            .values((
                profiles::id.eq(id),
                profiles::organisation_id.eq(organisation.0),
                profiles::name.eq(profile.name()),
                profiles::version.eq(version),
                profiles::definition.eq(definition),
                profiles::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(StoredProfile { id: ProfileId(id), version, profile: profile.clone() })
    }

    /// By name, each name's newest version first; those that follow after the given one.
    pub async fn profiles(
        &mut self,
        organisation: OrganisationId,
        after: Option<ProfileId>,
        limit: i64,
    ) -> Result<Vec<StoredProfile>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Integer)]
            version: i32,
            #[diesel(sql_type = Jsonb)]
            definition: serde_json::Value,
        }
        let rows: Vec<Row> = sql_query(
            "select id, version, definition from profiles
             where organisation_id = $1 and ($2 is null or (name, -version) > (
                 select name, -version from profiles where organisation_id = $1 and id = $2))
             order by name, -version limit $3",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.0))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(|row| stored_profile((row.id, row.version, row.definition))).collect()
    }

    pub async fn profile(
        &mut self,
        organisation: OrganisationId,
        id: ProfileId,
    ) -> Result<StoredProfile, StoreError> {
        let row = profiles::table
            .filter(profiles::organisation_id.eq(organisation.0).and(profiles::id.eq(id.0)))
            .select((profiles::id, profiles::version, profiles::definition))
            .first(&mut self.raw)
            .await?;
        stored_profile(row)
    }

    /// Profiles of any organisation, for work that already knows whose shipment it has.
    pub async fn profiles_by_id(&mut self, ids: &[ProfileId]) -> Result<Vec<StoredProfile>, StoreError> {
        let rows = profiles::table
            .filter(profiles::id.eq_any(column(ids, |id| id.0)))
            .select((profiles::id, profiles::version, profiles::definition))
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(stored_profile).collect()
    }
}

fn stored_profile(
    (id, version, definition): (Uuid, i32, serde_json::Value),
) -> Result<StoredProfile, StoreError> {
    let profile =
        serde_json::from_value(definition).map_err(|error| StoreError::unreadable("profile", error))?;
    Ok(StoredProfile { id: ProfileId(id), version, profile })
}
