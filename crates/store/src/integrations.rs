//! Integrations: what may send webhooks, and how it proves that it is who it says.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::OrganisationId;
use domain::sender::{AddressRange, SharedKey};

use crate::schema::integrations;
use crate::{Connection, StoreError};

/// One webhook source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    pub id: String,
    pub organisation: OrganisationId,
    pub network: String,
    pub credential: Credential,
    /// The one before, which counts as well until it is retired.
    pub older: Option<Credential>,
    /// Where its webhooks may come from; empty: from anywhere.
    pub allowed: Vec<AddressRange>,
    pub refuse_when_broker_away: bool,
    /// Since when nothing of it is taken any more.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Its network's latest question whether it may post here.
    pub question: Option<Question>,
}

/// A network's question whether it may post here. Anybody may have asked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where a person says yes; the network's own address.
    pub url: String,
    pub asked_at: DateTime<Utc>,
}

/// What stands for an integration's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub token_sha256: Vec<u8>,
    /// The token as it is, of a network that signs with it.
    pub key: Option<SharedKey>,
}

impl Integration {
    /// One that may post from anywhere, and whose webhooks are spooled while the broker is away.
    pub fn new(id: &str, organisation: OrganisationId, network: &str, credential: Credential) -> Self {
        Self {
            id: id.to_owned(),
            organisation,
            network: network.to_owned(),
            credential,
            older: None,
            allowed: Vec::new(),
            refuse_when_broker_away: false,
            disabled_at: None,
            question: None,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = integrations)]
struct Row {
    id: String,
    organisation_id: i32,
    network: String,
    token_sha256: Vec<u8>,
    shared_key: Option<String>,
    older_token_sha256: Option<Vec<u8>>,
    older_shared_key: Option<String>,
    allowed_addresses: Vec<String>,
    on_broker_away: String,
    disabled_at: Option<DateTime<Utc>>,
    confirm_url: Option<String>,
    confirm_asked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Integration {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let credential =
            |token_sha256, key: Option<String>| Credential { token_sha256, key: key.map(SharedKey::new) };
        let allowed = row.allowed_addresses.iter().map(|range| range.parse());
        Ok(Self {
            id: row.id,
            organisation: OrganisationId(row.organisation_id),
            network: row.network,
            credential: credential(row.token_sha256, row.shared_key),
            older: row.older_token_sha256.map(|older| credential(older, row.older_shared_key)),
            allowed: allowed
                .collect::<Result<_, _>>()
                .map_err(|error| StoreError::unreadable("allowed_addresses", error))?,
            refuse_when_broker_away: row.on_broker_away == "refuse",
            disabled_at: row.disabled_at,
            question: row
                .confirm_url
                .zip(row.confirm_asked_at)
                .map(|(url, asked_at)| Question { url, asked_at }),
        })
    }
}

fn texts(allowed: &[AddressRange]) -> Vec<String> {
    allowed.iter().map(AddressRange::to_string).collect()
}

impl Connection {
    /// Refused by `integrations_pkey` where the id is taken, by `integrations_id_check` where it is not an id.
    pub async fn add_integration(
        &mut self,
        integration: &Integration,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Credential { token_sha256, key } = &integration.credential;
        let away = if integration.refuse_when_broker_away { "refuse" } else { "spool" };
        diesel::insert_into(integrations::table)
            .values((
                integrations::id.eq(&integration.id),
                integrations::organisation_id.eq(integration.organisation.0),
                integrations::network.eq(&integration.network),
                integrations::token_sha256.eq(token_sha256),
                integrations::shared_key.eq(key.as_ref().map(SharedKey::reveal)),
                integrations::allowed_addresses.eq(texts(&integration.allowed)),
                integrations::on_broker_away.eq(away),
                integrations::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Every enabled integration of the installation: what the ingesters copy.
    pub async fn integrations(&mut self) -> Result<Vec<Integration>, StoreError> {
        let all = self.all_integrations().await?;
        Ok(all.into_iter().filter(|integration| integration.disabled_at.is_none()).collect())
    }

    /// Every integration of the installation, disabled ones too, by id.
    pub async fn all_integrations(&mut self) -> Result<Vec<Integration>, StoreError> {
        let rows: Vec<Row> =
            integrations::table.order(integrations::id).select(Row::as_select()).load(&mut self.raw).await?;
        rows.into_iter().map(Integration::try_from).collect()
    }

    /// An organisation's own, disabled ones too, by id.
    pub async fn integrations_of(
        &mut self,
        organisation: OrganisationId,
    ) -> Result<Vec<Integration>, StoreError> {
        let all = self.all_integrations().await?;
        Ok(all.into_iter().filter(|integration| integration.organisation == organisation).collect())
    }

    /// As [`Connection::integrations_of`], each with when it was made.
    pub async fn integrations_with_age(
        &mut self,
        organisation: OrganisationId,
    ) -> Result<Vec<(Integration, DateTime<Utc>)>, StoreError> {
        let rows: Vec<(Row, DateTime<Utc>)> = integrations::table
            .filter(integrations::organisation_id.eq(organisation.0))
            .order(integrations::id)
            .select((Row::as_select(), integrations::created_at))
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(|(row, created_at)| Ok((row.try_into()?, created_at))).collect()
    }

    /// Says what an ingester does with its webhooks while the broker is away. False where there is no such integration.
    pub async fn set_broker_away(
        &mut self,
        organisation: OrganisationId,
        id: &str,
        refuse: bool,
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(integrations::table)
            .filter(integrations::organisation_id.eq(organisation.0).and(integrations::id.eq(id)))
            .set(integrations::on_broker_away.eq(if refuse { "refuse" } else { "spool" }))
            .execute(&mut self.raw)
            .await?;
        Ok(rows > 0)
    }

    /// Makes this the credential, and the one that was the older one. False where there is an older one still, or no
    /// such enabled integration: nobody is cut off unseen.
    pub async fn rotate_integration(
        &mut self,
        organisation: OrganisationId,
        id: &str,
        new: &Credential,
    ) -> Result<bool, StoreError> {
        // The values on the right are those from before.
        let rows = diesel::update(integrations::table)
            .filter(integrations::organisation_id.eq(organisation.0).and(integrations::id.eq(id)))
            .filter(integrations::older_token_sha256.is_null().and(integrations::disabled_at.is_null()))
            .set((
                integrations::older_token_sha256.eq(integrations::token_sha256.nullable()),
                integrations::older_shared_key.eq(integrations::shared_key),
                integrations::token_sha256.eq(&new.token_sha256),
                integrations::shared_key.eq(new.key.as_ref().map(SharedKey::reveal)),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(rows > 0)
    }

    /// Drops the older credential. False where there is none, or no such integration.
    pub async fn retire_integration(
        &mut self,
        organisation: OrganisationId,
        id: &str,
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(integrations::table)
            .filter(integrations::organisation_id.eq(organisation.0).and(integrations::id.eq(id)))
            .filter(integrations::older_token_sha256.is_not_null())
            .set((
                integrations::older_token_sha256.eq(None::<Vec<u8>>),
                integrations::older_shared_key.eq(None::<String>),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(rows > 0)
    }

    /// Says where its webhooks may come from from now on; empty: from anywhere. False where there is no such integration.
    pub async fn allow_integration(
        &mut self,
        organisation: OrganisationId,
        id: &str,
        allowed: &[AddressRange],
    ) -> Result<bool, StoreError> {
        let rows = diesel::update(integrations::table)
            .filter(integrations::organisation_id.eq(organisation.0).and(integrations::id.eq(id)))
            .set(integrations::allowed_addresses.eq(texts(allowed)))
            .execute(&mut self.raw)
            .await?;
        Ok(rows > 0)
    }

    /// Notes where a person says that the network may post here; of several questions, the latest one. Nothing happens where there is
    /// no such integration.
    pub async fn ask_to_confirm(
        &mut self,
        organisation: OrganisationId,
        id: &str,
        question: &Question,
    ) -> Result<(), StoreError> {
        diesel::update(integrations::table)
            .filter(integrations::organisation_id.eq(organisation.0).and(integrations::id.eq(id)))
            .filter(
                integrations::confirm_asked_at
                    .is_null()
                    .or(integrations::confirm_asked_at.le(question.asked_at).assume_not_null()),
            )
            .set((
                integrations::confirm_url.eq(&question.url),
                integrations::confirm_asked_at.eq(question.asked_at),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Takes nothing of it any more since that instant, or again with None. False where there is no such integration,
    /// or nothing to change.
    pub async fn disable_integration(
        &mut self,
        organisation: OrganisationId,
        id: &str,
        since: Option<DateTime<Utc>>,
    ) -> Result<bool, StoreError> {
        let changes = integrations::disabled_at.is_null().eq(since.is_some());
        let rows = diesel::update(integrations::table)
            .filter(integrations::organisation_id.eq(organisation.0).and(integrations::id.eq(id)))
            .filter(changes)
            .set(integrations::disabled_at.eq(since))
            .execute(&mut self.raw)
            .await?;
        Ok(rows > 0)
    }
}
