//! The people of a tenant and of its partners, which keys are not, and those who may no longer log in.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::access::{Role, Sight};
use domain::{OrganisationId, UserId};
use uuid::Uuid;

use crate::schema::{api_keys, organisations, users};
use crate::{Connection, StoreError};

/// A user as those see him who look after users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    pub id: UserId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
}

/// Which users a list shows, in the order in which they were made.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    pub organisation: Option<OrganisationId>,
    pub after: Option<UserId>,
}

type Row = (Uuid, i32, String, String, String, String, DateTime<Utc>, Option<DateTime<Utc>>);

impl TryFrom<Row> for UserRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let (id, organisation, organisation_name, email, name, role, created_at, disabled_at) = row;
        Ok(Self {
            id: UserId(id),
            organisation: OrganisationId(organisation),
            organisation_name,
            email,
            name,
            role: role.parse().map_err(|error| StoreError::unreadable("role", error))?,
            created_at,
            disabled_at,
        })
    }
}

impl Connection {
    pub async fn users(
        &mut self,
        sight: Sight,
        filter: &UserFilter,
        limit: i64,
    ) -> Result<Vec<UserRecord>, StoreError> {
        self.users_where(sight, filter, None, limit).await
    }

    /// The user of that id, enabled or not, if he is to be seen.
    pub async fn user_record(&mut self, sight: Sight, id: UserId) -> Result<UserRecord, StoreError> {
        let rows = self.users_where(sight, &UserFilter::default(), Some(id), 1).await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)
    }

    async fn users_where(
        &mut self,
        sight: Sight,
        filter: &UserFilter,
        id: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<UserRecord>, StoreError> {
        let tenant = sight.tenant.0;
        let circle = organisations::id.eq(tenant).or(organisations::host_id.eq(tenant).assume_not_null());
        let mut query = users::table
            .inner_join(organisations::table)
            .filter(circle)
            .filter(users::id.ne_all(api_keys::table.select(api_keys::user_id)))
            .order(users::id)
            .select((
                users::id,
                organisations::id,
                organisations::name,
                users::email,
                users::name,
                users::role,
                users::created_at,
                users::disabled_at,
            ))
            .limit(limit)
            .into_boxed();
        for organisation in [sight.partner(), filter.organisation].into_iter().flatten() {
            query = query.filter(users::organisation_id.eq(organisation.0));
        }
        if let Some(id) = id {
            query = query.filter(users::id.eq(id.0));
        }
        if let Some(after) = filter.after {
            query = query.filter(users::id.gt(after.0));
        }
        let rows: Vec<Row> = query.load(&mut self.raw).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// False where the user was disabled before.
    pub async fn disable_user(&mut self, id: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let enabled = users::table.filter(users::id.eq(id.0).and(users::disabled_at.is_null()));
        let changed = diesel::update(enabled).set(users::disabled_at.eq(now)).execute(&mut self.raw).await?;
        Ok(changed > 0)
    }

    /// Users of the whole installation who were disabled at or after that time.
    pub async fn users_disabled_since(&mut self, since: DateTime<Utc>) -> Result<Vec<UserId>, StoreError> {
        let ids: Vec<Uuid> =
            users::table.filter(users::disabled_at.ge(since)).select(users::id).load(&mut self.raw).await?;
        Ok(ids.into_iter().map(UserId).collect())
    }
}
