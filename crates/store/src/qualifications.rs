//! Contracts with partners and trainings of people: what entitled whom, and when. Rows end; none is ever removed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::qualification::{Person, TrainingTopic, Validity};
use domain::{BadgeId, ContractId, OrganisationId, TrainingId, UserId};
use uuid::Uuid;

use crate::schema::{contracts, trainings};
use crate::{Connection, StoreError};

/// What a contract says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractText {
    pub title: String,
    pub reference: Option<String>,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub id: ContractId,
    pub partner: OrganisationId,
    pub title: String,
    pub reference: Option<String>,
    pub validity: Validity,
    pub ended_reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    pub id: TrainingId,
    pub person: Person,
    pub topic: TrainingTopic,
    pub validity: Validity,
    pub ended_reason: Option<String>,
}

pub(crate) type Times = (DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

pub(crate) fn validity((from, until, ended_at): Times) -> Validity {
    Validity { from, until, ended_at }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = contracts)]
struct ContractRow {
    id: Uuid,
    partner_id: i32,
    title: String,
    reference: Option<String>,
    from_at: DateTime<Utc>,
    until_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_reason: Option<String>,
}

impl From<ContractRow> for Contract {
    fn from(row: ContractRow) -> Self {
        Self {
            id: ContractId(row.id),
            partner: OrganisationId(row.partner_id),
            title: row.title,
            reference: row.reference,
            validity: validity((row.from_at, row.until_at, row.ended_at)),
            ended_reason: row.ended_reason,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = trainings)]
pub(crate) struct TrainingRow {
    id: Uuid,
    user_id: Option<Uuid>,
    badge_id: Option<Uuid>,
    topic: String,
    from_at: DateTime<Utc>,
    until_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_reason: Option<String>,
}

impl TryFrom<TrainingRow> for Training {
    type Error = StoreError;

    fn try_from(row: TrainingRow) -> Result<Self, StoreError> {
        let person = match (row.user_id, row.badge_id) {
            (Some(user), _) => Person::User(UserId(user)),
            (None, Some(badge)) => Person::Badge(BadgeId(badge)),
            (None, None) => return Err(StoreError::unreadable("training", "it is nobody's")),
        };
        Ok(Self {
            id: TrainingId(row.id),
            person,
            topic: row.topic.parse().map_err(|error| StoreError::unreadable("topic", error))?,
            validity: validity((row.from_at, row.until_at, row.ended_at)),
            ended_reason: row.ended_reason,
        })
    }
}

impl Connection {
    pub async fn add_contract(
        &mut self,
        tenant: OrganisationId,
        partner: OrganisationId,
        text: &ContractText,
        now: DateTime<Utc>,
    ) -> Result<ContractId, StoreError> {
        let id = Uuid::now_v7();
        diesel::insert_into(contracts::table)
            .values((
                contracts::id.eq(id),
                contracts::organisation_id.eq(tenant.0),
                contracts::partner_id.eq(partner.0),
                contracts::title.eq(&text.title),
                contracts::reference.eq(&text.reference),
                contracts::from_at.eq(text.from),
                contracts::until_at.eq(text.until),
                contracts::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(ContractId(id))
    }

    /// A partner's contracts in the order in which they were recorded.
    pub async fn contracts(
        &mut self,
        tenant: OrganisationId,
        partner: OrganisationId,
        after: Option<ContractId>,
        limit: i64,
    ) -> Result<Vec<Contract>, StoreError> {
        let mut query = contracts::table
            .filter(contracts::organisation_id.eq(tenant.0).and(contracts::partner_id.eq(partner.0)))
            .order(contracts::id)
            .select(ContractRow::as_select())
            .limit(limit)
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(contracts::id.gt(after.0));
        }
        let rows: Vec<ContractRow> = query.load(&mut self.raw).await?;
        Ok(rows.into_iter().map(Contract::from).collect())
    }

    pub async fn contract(&mut self, tenant: OrganisationId, id: ContractId) -> Result<Contract, StoreError> {
        let row: ContractRow = contracts::table
            .filter(contracts::id.eq(id.0).and(contracts::organisation_id.eq(tenant.0)))
            .select(ContractRow::as_select())
            .first(&mut self.raw)
            .await?;
        Ok(row.into())
    }

    /// False where it has ended before, or is not the tenant's.
    pub async fn end_contract(
        &mut self,
        tenant: OrganisationId,
        id: ContractId,
        at: DateTime<Utc>,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let standing = contracts::table
            .filter(contracts::id.eq(id.0).and(contracts::organisation_id.eq(tenant.0)))
            .filter(contracts::ended_at.is_null());
        let changed = diesel::update(standing)
            .set((contracts::ended_at.eq(at), contracts::ended_reason.eq(reason)))
            .execute(&mut self.raw)
            .await?;
        Ok(changed > 0)
    }

    pub async fn add_training(
        &mut self,
        tenant: OrganisationId,
        person: Person,
        topic: TrainingTopic,
        (from, until): (DateTime<Utc>, Option<DateTime<Utc>>),
        now: DateTime<Utc>,
    ) -> Result<TrainingId, StoreError> {
        let id = Uuid::now_v7();
        let (user, badge) = halves(person);
        diesel::insert_into(trainings::table)
            .values((
                trainings::id.eq(id),
                trainings::organisation_id.eq(tenant.0),
                trainings::user_id.eq(user),
                trainings::badge_id.eq(badge),
                trainings::topic.eq(topic.to_string()),
                trainings::from_at.eq(from),
                trainings::until_at.eq(until),
                trainings::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(TrainingId(id))
    }

    /// A person's trainings in the order in which they were recorded.
    pub async fn trainings(
        &mut self,
        tenant: OrganisationId,
        person: Person,
        after: Option<TrainingId>,
        limit: i64,
    ) -> Result<Vec<Training>, StoreError> {
        let mut query = trainings::table
            .filter(trainings::organisation_id.eq(tenant.0))
            .order(trainings::id)
            .select(TrainingRow::as_select())
            .limit(limit)
            .into_boxed();
        query = match person {
            Person::User(id) => query.filter(trainings::user_id.eq(id.0)),
            Person::Badge(id) => query.filter(trainings::badge_id.eq(id.0)),
        };
        if let Some(after) = after {
            query = query.filter(trainings::id.gt(after.0));
        }
        let rows: Vec<TrainingRow> = query.load(&mut self.raw).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    pub async fn training(&mut self, tenant: OrganisationId, id: TrainingId) -> Result<Training, StoreError> {
        let row: TrainingRow = trainings::table
            .filter(trainings::id.eq(id.0).and(trainings::organisation_id.eq(tenant.0)))
            .select(TrainingRow::as_select())
            .first(&mut self.raw)
            .await?;
        row.try_into()
    }

    /// False where it has ended before, or is not the tenant's.
    pub async fn end_training(
        &mut self,
        tenant: OrganisationId,
        id: TrainingId,
        at: DateTime<Utc>,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let standing = trainings::table
            .filter(trainings::id.eq(id.0).and(trainings::organisation_id.eq(tenant.0)))
            .filter(trainings::ended_at.is_null());
        let changed = diesel::update(standing)
            .set((trainings::ended_at.eq(at), trainings::ended_reason.eq(reason)))
            .execute(&mut self.raw)
            .await?;
        Ok(changed > 0)
    }
}

/// The user's id, or the badge's.
pub(crate) fn halves(person: Person) -> (Option<Uuid>, Option<Uuid>) {
    match person {
        Person::User(id) => (Some(id.0), None),
        Person::Badge(id) => (None, Some(id.0)),
    }
}
