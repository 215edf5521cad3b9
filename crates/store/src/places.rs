//! Places: where shipments begin, change hands and end.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::place::{Place, StorageClass};
use domain::{OrganisationId, PlaceId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::trackers::column;
use crate::{Connection, StoreError};

/// A place with what only people need of it.
#[derive(Debug, Clone)]
pub struct StoredPlace {
    pub place: Place,
    pub address: Option<String>,
    /// Its Global Location Number, 13 digits.
    pub gln: Option<String>,
    /// Whose it is: the tenant, or a partner of it.
    pub operator: Option<OrganisationId>,
    pub created_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    gln: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    operator_id: Option<i32>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    fence: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    opening: Option<serde_json::Value>,
    #[diesel(sql_type = Array<Text>)]
    storage: Vec<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl TryFrom<PlaceRow> for StoredPlace {
    type Error = StoreError;

    fn try_from(row: PlaceRow) -> Result<Self, StoreError> {
        let storage: Result<Vec<StorageClass>, _> = row.storage.iter().map(|class| class.parse()).collect();
        let place = Place {
            id: PlaceId(row.id),
            name: row.name,
            fence: row.fence.map(|fence| read_json("fence", fence)).transpose()?,
            opening: row.opening.map(|opening| read_json("opening", opening)).transpose()?,
            storage: storage.map_err(|error| StoreError::unreadable("storage class", error))?,
        };
        let operator = row.operator_id.map(OrganisationId);
        Ok(Self { place, address: row.address, gln: row.gln, operator, created_at: row.created_at })
    }
}

pub(crate) fn read_json<T: DeserializeOwned>(
    what: &'static str,
    value: serde_json::Value,
) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::unreadable(what, error))
}

pub(crate) fn write_json(
    what: &'static str,
    value: &impl Serialize,
) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::unreadable(what, error))
}

const COLUMNS: &str = "id, name, address, gln, operator_id, fence, opening, storage, created_at";

impl Connection {
    /// Refused by `places_organisation_id_name_key` where the name is taken.
    pub async fn add_place(
        &mut self,
        organisation: OrganisationId,
        place: &StoredPlace,
    ) -> Result<(), StoreError> {
        self.write_place(
            "insert into places (id, organisation_id, name, address, gln, operator_id, fence, opening, storage,
                 created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            organisation,
            place,
        )
        .await
        .map(drop)
    }

    /// Puts another description in the place of what is known; `NotFound` where there is no such place. Refused as
    /// `add_place` is.
    pub async fn change_place(
        &mut self,
        organisation: OrganisationId,
        place: &StoredPlace,
    ) -> Result<(), StoreError> {
        let changed = self
            .write_place(
                "update places set name = $3, address = $4, gln = $5, operator_id = $6, fence = $7, opening = $8,
                     storage = $9 where id = $1 and organisation_id = $2 and created_at = $10",
                organisation,
                place,
            )
            .await?;
        if changed == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    async fn write_place(
        &mut self,
        sql: &str,
        organisation: OrganisationId,
        stored: &StoredPlace,
    ) -> Result<usize, StoreError> {
        let StoredPlace { place, address, gln, operator, created_at } = stored;
        let fence = place.fence.as_ref().map(|fence| write_json("fence", fence)).transpose()?;
        let opening = place.opening.as_ref().map(|opening| write_json("opening", opening)).transpose()?;
        let written = sql_query(sql)
            .bind::<SqlUuid, _>(place.id.0)
            .bind::<Integer, _>(organisation.0)
            .bind::<Text, _>(place.name.as_str())
            .bind::<Nullable<Text>, _>(address.as_deref())
            .bind::<Nullable<Text>, _>(gln.as_deref())
            .bind::<Nullable<Integer>, _>(operator.map(|operator| operator.0))
            .bind::<Nullable<Jsonb>, _>(fence)
            .bind::<Nullable<Jsonb>, _>(opening)
            .bind::<Array<Text>, _>(column(&place.storage, ToString::to_string))
            .bind::<Timestamptz, _>(*created_at)
            .execute(&mut self.raw)
            .await?;
        Ok(written)
    }

    /// Locked against a change until the transaction ends.
    pub async fn lock_place(
        &mut self,
        organisation: OrganisationId,
        id: PlaceId,
    ) -> Result<StoredPlace, StoreError> {
        let sql = format!("select {COLUMNS} from places where organisation_id = $1 and id = $2 for update");
        let rows: Vec<PlaceRow> = sql_query(sql)
            .bind::<Integer, _>(organisation.0)
            .bind::<SqlUuid, _>(id.0)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.try_into()
    }

    pub async fn place(
        &mut self,
        organisation: OrganisationId,
        id: PlaceId,
    ) -> Result<StoredPlace, StoreError> {
        self.places_of(organisation, &[id]).await?.into_iter().next().ok_or(StoreError::NotFound)
    }

    /// Those of the given ones that are the organisation's.
    pub async fn places_of(
        &mut self,
        organisation: OrganisationId,
        ids: &[PlaceId],
    ) -> Result<Vec<StoredPlace>, StoreError> {
        let sql = format!("select {COLUMNS} from places where organisation_id = $1 and id = any($2)");
        let rows: Vec<PlaceRow> = sql_query(sql)
            .bind::<Integer, _>(organisation.0)
            .bind::<Array<SqlUuid>, _>(column(ids, |id| id.0))
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// In the order of their names.
    pub async fn places(
        &mut self,
        organisation: OrganisationId,
        after: Option<PlaceId>,
        limit: i64,
    ) -> Result<Vec<StoredPlace>, StoreError> {
        let sql = format!(
            "select {COLUMNS} from places where organisation_id = $1 and ($2 is null or name > (
                 select name from places where organisation_id = $1 and id = $2))
             order by name limit $3"
        );
        let rows: Vec<PlaceRow> = sql_query(sql)
            .bind::<Integer, _>(organisation.0)
            .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.0))
            .bind::<BigInt, _>(limit)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
