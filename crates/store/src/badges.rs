//! Badges of people who have no account.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::access::Sight;
use domain::qualification::Validity;
use domain::{BadgeId, OrganisationId};
use uuid::Uuid;

use crate::schema::badges;
use crate::{Connection, StoreError};

/// A badge that shall be given out.
#[derive(Debug, Clone)]
pub struct NewBadge {
    /// The holder's.
    pub organisation: OrganisationId,
    pub holder: String,
    /// Of its number, keyed with the installation's key.
    pub number_hmac: [u8; 32],
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    pub id: BadgeId,
    /// The holder's.
    pub organisation: OrganisationId,
    /// The holder's name as printed.
    pub holder: String,
    pub validity: Validity,
    pub ended_reason: Option<String>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = badges)]
struct Row {
    id: Uuid,
    holder_organisation_id: i32,
    holder: String,
    from_at: DateTime<Utc>,
    until_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_reason: Option<String>,
}

impl From<Row> for Badge {
    fn from(row: Row) -> Self {
        Self {
            id: BadgeId(row.id),
            organisation: OrganisationId(row.holder_organisation_id),
            holder: row.holder,
            validity: Validity { from: row.from_at, until: row.until_at, ended_at: row.ended_at },
            ended_reason: row.ended_reason,
        }
    }
}

impl Connection {
    /// Refused by `badges_organisation_id_number_hmac_key` where the number was given out before, whatever became of it.
    pub async fn add_badge(
        &mut self,
        tenant: OrganisationId,
        new: &NewBadge,
        now: DateTime<Utc>,
    ) -> Result<BadgeId, StoreError> {
        let id = Uuid::now_v7();
        diesel::insert_into(badges::table)
            .values((
                badges::id.eq(id),
                badges::organisation_id.eq(tenant.0),
                badges::holder_organisation_id.eq(new.organisation.0),
                badges::holder.eq(&new.holder),
                badges::number_hmac.eq(new.number_hmac.as_slice()),
                badges::from_at.eq(new.from),
                badges::until_at.eq(new.until),
                badges::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(BadgeId(id))
    }

    /// An organisation's badges in the order in which they were given out.
    pub async fn badges(
        &mut self,
        tenant: OrganisationId,
        organisation: OrganisationId,
        after: Option<BadgeId>,
        limit: i64,
    ) -> Result<Vec<Badge>, StoreError> {
        let mut query = badges::table
            .filter(badges::organisation_id.eq(tenant.0))
            .filter(badges::holder_organisation_id.eq(organisation.0))
            .order(badges::id)
            .select(Row::as_select())
            .limit(limit)
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(badges::id.gt(after.0));
        }
        let rows: Vec<Row> = query.load(&mut self.raw).await?;
        Ok(rows.into_iter().map(Badge::from).collect())
    }

    /// The badge of that id, if it is to be seen.
    pub async fn badge(&mut self, sight: Sight, id: BadgeId) -> Result<Badge, StoreError> {
        let row: Row = badges::table
            .filter(badges::id.eq(id.0).and(badges::organisation_id.eq(sight.tenant.0)))
            .select(Row::as_select())
            .first(&mut self.raw)
            .await?;
        let badge = Badge::from(row);
        if sight.covers(badge.organisation) { Ok(badge) } else { Err(StoreError::NotFound) }
    }

    /// The tenant's badge with that number, whether it is valid or not: its validity says at which instants it is.
    pub async fn badge_by_hash(
        &mut self,
        tenant: OrganisationId,
        number_hmac: &[u8; 32],
    ) -> Result<Option<Badge>, StoreError> {
        let row: Option<Row> = badges::table
            .filter(badges::organisation_id.eq(tenant.0))
            .filter(badges::number_hmac.eq(number_hmac.as_slice()))
            .select(Row::as_select())
            .first(&mut self.raw)
            .await
            .optional()?;
        Ok(row.map(Badge::from))
    }

    /// False where it was revoked before, or is not the tenant's.
    pub async fn revoke_badge(
        &mut self,
        tenant: OrganisationId,
        id: BadgeId,
        at: DateTime<Utc>,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let standing = badges::table
            .filter(badges::id.eq(id.0).and(badges::organisation_id.eq(tenant.0)))
            .filter(badges::ended_at.is_null());
        let changed = diesel::update(standing)
            .set((badges::ended_at.eq(at), badges::ended_reason.eq(reason)))
            .execute(&mut self.raw)
            .await?;
        Ok(changed > 0)
    }
}
