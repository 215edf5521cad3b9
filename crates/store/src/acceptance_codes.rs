//! Codes and links with which somebody without an account accepts one offer of custody.
//!
//! A code is short, so that it can be told over the telephone and typed: what keeps it from being guessed is that five
//! wrong ones lock the codes of their offer. A link is as long as a key and is not guessed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrganisationId, ShipmentId};
use uuid::Uuid;

use crate::schema::acceptance_codes;
use crate::{Connection, StoreError};

/// Wrong codes after which those that stood are locked.
pub const MOST_ATTEMPTS: i32 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePurpose {
    /// Told, and typed at the other's device.
    Code,
    /// Sent, and opened.
    Link,
}

impl CodePurpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
        }
    }
}

#[derive(Debug, Clone)]
pub struct NewAcceptanceCode {
    pub tenant: OrganisationId,
    pub shipment: ShipmentId,
    /// The id of the offer's entry.
    pub offer: Uuid,
    pub purpose: CodePurpose,
    /// Of the secret, keyed with the installation's key; the secret itself is kept nowhere.
    pub secret_hmac: [u8; 32],
    /// Who is expected to accept.
    pub receiver: OrganisationId,
    pub receiver_name: Option<String>,
    /// It counts until just before.
    pub expires_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptanceCode {
    pub id: Uuid,
    pub tenant: OrganisationId,
    pub shipment: ShipmentId,
    pub offer: Uuid,
    pub purpose: CodePurpose,
    pub receiver: OrganisationId,
    pub receiver_name: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Wrong codes that were told since it was made.
    pub attempts: i32,
    pub used_at: Option<DateTime<Utc>>,
}

impl AcceptanceCode {
    pub fn is_locked(&self) -> bool {
        self.purpose == CodePurpose::Code && self.attempts >= MOST_ATTEMPTS
    }

    /// Whether it could be used at that time.
    pub fn is_open_at(&self, at: DateTime<Utc>) -> bool {
        self.used_at.is_none() && !self.is_locked() && at < self.expires_at
    }
}

/// What became of a secret that somebody showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeUse {
    /// It was right, and is used up now.
    Used(AcceptanceCode),
    /// The offer has no such code. As many more wrong ones may follow before its codes are locked; none where it has no
    /// code that could still be used.
    Wrong {
        left: Option<i32>,
    },
    /// It is right, but too many wrong ones came before.
    Locked,
    Expired,
    UsedBefore,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = acceptance_codes)]
struct Row {
    id: Uuid,
    organisation_id: i32,
    shipment_id: Uuid,
    offer_id: Uuid,
    purpose: String,
    secret_hmac: Vec<u8>,
    receiver_id: i32,
    receiver_name: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    attempts: i32,
    used_at: Option<DateTime<Utc>>,
}

impl From<Row> for AcceptanceCode {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            tenant: OrganisationId(row.organisation_id),
            shipment: ShipmentId(row.shipment_id),
            offer: row.offer_id,
            // The table knows no third.
            purpose: if row.purpose == "link" { CodePurpose::Link } else { CodePurpose::Code },
            receiver: OrganisationId(row.receiver_id),
            receiver_name: row.receiver_name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            attempts: row.attempts,
            used_at: row.used_at,
        }
    }
}

impl Connection {
    /// Refused by `acceptance_codes_offer_id_secret_hmac_key` where the offer has a code with the same secret.
    pub async fn add_acceptance_code(
        &mut self,
        new: &NewAcceptanceCode,
        now: DateTime<Utc>,
    ) -> Result<Uuid, StoreError> {
        let id = Uuid::now_v7();
        diesel::insert_into(acceptance_codes::table)
            .values((
                acceptance_codes::id.eq(id),
                acceptance_codes::organisation_id.eq(new.tenant.0),
                acceptance_codes::shipment_id.eq(new.shipment.0),
                acceptance_codes::offer_id.eq(new.offer),
                acceptance_codes::purpose.eq(new.purpose.as_str()),
                acceptance_codes::secret_hmac.eq(new.secret_hmac.as_slice()),
                acceptance_codes::receiver_id.eq(new.receiver.0),
                acceptance_codes::receiver_name.eq(&new.receiver_name),
                acceptance_codes::created_at.eq(now),
                acceptance_codes::expires_at.eq(new.expires_at),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(id)
    }

    /// The codes and links of an offer in the order in which they were made.
    pub async fn acceptance_codes(
        &mut self,
        tenant: OrganisationId,
        offer: Uuid,
    ) -> Result<Vec<AcceptanceCode>, StoreError> {
        let rows: Vec<Row> = acceptance_codes::table
            .filter(acceptance_codes::organisation_id.eq(tenant.0))
            .filter(acceptance_codes::offer_id.eq(offer))
            .order(acceptance_codes::id)
            .select(Row::as_select())
            .load(&mut self.raw)
            .await?;
        Ok(rows.into_iter().map(AcceptanceCode::from).collect())
    }

    /// What a link leads to, whoever's it is: who opens it knows nothing but its secret.
    pub async fn acceptance_link(
        &mut self,
        secret_hmac: &[u8; 32],
    ) -> Result<Option<AcceptanceCode>, StoreError> {
        let row: Option<Row> = acceptance_codes::table
            .filter(acceptance_codes::secret_hmac.eq(secret_hmac.as_slice()))
            .filter(acceptance_codes::purpose.eq(CodePurpose::Link.as_str()))
            .select(Row::as_select())
            .first(&mut self.raw)
            .await
            .optional()?;
        Ok(row.map(AcceptanceCode::from))
    }

    /// Uses a code or a link up. A wrong one is counted against every open code of the offer, so the caller commits
    /// whatever comes of it. Who shows another one at the same time waits.
    pub async fn use_acceptance_code(
        &mut self,
        tenant: OrganisationId,
        offer: Uuid,
        secret_hmac: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<CodeUse, StoreError> {
        let rows: Vec<Row> = acceptance_codes::table
            .filter(acceptance_codes::organisation_id.eq(tenant.0))
            .filter(acceptance_codes::offer_id.eq(offer))
            .order(acceptance_codes::id)
            .select(Row::as_select())
            .for_update()
            .load(&mut self.raw)
            .await?;
        let place = rows.iter().position(|row| row.secret_hmac == secret_hmac);
        let codes: Vec<AcceptanceCode> = rows.into_iter().map(AcceptanceCode::from).collect();
        let Some(shown) = place.and_then(|place| codes.get(place)) else {
            let open = codes.iter().filter(|code| code.is_open_at(now));
            return self.count_wrong_code(open.filter(|code| code.purpose == CodePurpose::Code)).await;
        };
        match shown {
            code if code.used_at.is_some() => Ok(CodeUse::UsedBefore),
            code if now >= code.expires_at => Ok(CodeUse::Expired),
            code if code.is_locked() => Ok(CodeUse::Locked),
            code => {
                diesel::update(acceptance_codes::table.find(code.id))
                    .set(acceptance_codes::used_at.eq(now))
                    .execute(&mut self.raw)
                    .await?;
                Ok(CodeUse::Used(AcceptanceCode { used_at: Some(now), ..code.clone() }))
            }
        }
    }

    async fn count_wrong_code(
        &mut self,
        open: impl Iterator<Item = &AcceptanceCode>,
    ) -> Result<CodeUse, StoreError> {
        let (ids, left): (Vec<Uuid>, Vec<i32>) =
            open.map(|code| (code.id, MOST_ATTEMPTS - code.attempts - 1)).unzip();
        diesel::update(acceptance_codes::table.filter(acceptance_codes::id.eq_any(&ids)))
            .set(acceptance_codes::attempts.eq(acceptance_codes::attempts + 1))
            .execute(&mut self.raw)
            .await?;
        Ok(CodeUse::Wrong { left: left.into_iter().max() })
    }
}
