//! What custody asks of contracts and trainings: whether somebody was entitled at an instant.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::OrganisationId;
use domain::access::Sight;
use domain::qualification::{Person, Qualified, TrainingTopic};
use uuid::Uuid;

use crate::qualifications::{Times, Training, TrainingRow, halves, validity};
use crate::schema::{badges, contracts, organisations, trainings, users};
use crate::{Connection, StoreError};

impl Connection {
    /// What spoke for each organisation and person at that instant, in the order in which they were asked for. An
    /// organisation outside the tenant's circle has nothing that speaks for it.
    pub async fn qualified_at(
        &mut self,
        tenant: OrganisationId,
        of: &[(OrganisationId, Option<Person>)],
        at: DateTime<Utc>,
    ) -> Result<Vec<Qualified>, StoreError> {
        let partners: Vec<i32> = of.iter().map(|(organisation, _)| organisation.0).collect();
        let rows: Vec<(i32, Times)> = contracts::table
            .inner_join(organisations::table.on(organisations::id.eq(contracts::partner_id)))
            .filter(contracts::organisation_id.eq(tenant.0).and(contracts::partner_id.eq_any(&partners)))
            .filter(organisations::host_id.eq(tenant.0))
            .select((contracts::partner_id, (contracts::from_at, contracts::until_at, contracts::ended_at)))
            .load(&mut self.raw)
            .await?;
        let under_contract = |organisation: OrganisationId| {
            let holds =
                |(partner, times): &(i32, Times)| *partner == organisation.0 && validity(*times).holds_at(at);
            organisation == tenant || rows.iter().any(holds)
        };
        let trained = self.trained_at(tenant, of, at).await?;
        let one = |(organisation, person): &(OrganisationId, Option<Person>)| Qualified {
            under_contract: under_contract(*organisation),
            trained: person.is_some_and(|person| trained.contains(&(*organisation, person))),
        };
        Ok(of.iter().map(one).collect())
    }

    /// Those of the given people whose training in good distribution practice held then, each with his organisation.
    async fn trained_at(
        &mut self,
        tenant: OrganisationId,
        of: &[(OrganisationId, Option<Person>)],
        at: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, Person)>, StoreError> {
        let (user_ids, badge_ids): (Vec<_>, Vec<_>) =
            of.iter().filter_map(|(_, person)| person.map(halves)).unzip();
        let user_ids: Vec<Uuid> = user_ids.into_iter().flatten().collect();
        let badge_ids: Vec<Uuid> = badge_ids.into_iter().flatten().collect();
        type Row = (Option<i32>, Option<i32>, TrainingRow);
        let rows: Vec<Row> = trainings::table
            .left_join(users::table.on(users::id.nullable().eq(trainings::user_id)))
            .left_join(badges::table.on(badges::id.nullable().eq(trainings::badge_id)))
            .filter(trainings::organisation_id.eq(tenant.0))
            .filter(trainings::topic.eq(TrainingTopic::Gdp.as_str()))
            .filter(trainings::user_id.eq_any(user_ids).or(trainings::badge_id.eq_any(badge_ids)))
            .select((
                users::organisation_id.nullable(),
                badges::holder_organisation_id.nullable(),
                TrainingRow::as_select(),
            ))
            .load(&mut self.raw)
            .await?;
        let mut trained = Vec::new();
        for (users, holders, row) in rows {
            let training = Training::try_from(row)?;
            if let (Some(organisation), true) = (users.or(holders), training.validity.holds_at(at)) {
                trained.push((OrganisationId(organisation), training.person));
            }
        }
        Ok(trained)
    }

    /// The organisation of a user of the tenant's circle or of a badge's holder, if it is to be seen.
    pub async fn organisation_of(
        &mut self,
        sight: Sight,
        person: Person,
    ) -> Result<OrganisationId, StoreError> {
        match person {
            Person::User(id) => Ok(self.user_record(sight, id).await?.organisation),
            Person::Badge(id) => Ok(self.badge(sight, id).await?.organisation),
        }
    }
}
