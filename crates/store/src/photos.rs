//! Photos of a shipment's boxes, kept beside its ledger.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::custody::{PhotoHash, PhotoKind};
use domain::{OrganisationId, ShipmentId, UserId};

use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug)]
pub struct NewPhoto<'a> {
    pub organisation: OrganisationId,
    pub shipment: ShipmentId,
    pub hash: PhotoHash,
    /// The organisation itself or a partner, and who of it.
    pub kept_for: OrganisationId,
    pub kept_by: UserId,
    pub kind: PhotoKind,
    pub content: &'a [u8],
}

#[derive(Debug)]
pub struct Photo {
    pub hash: PhotoHash,
    pub kind: PhotoKind,
    pub content: Vec<u8>,
}

/// How many photos of a shipment are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct PhotoCounts {
    #[diesel(sql_type = BigInt)]
    pub all: i64,
    /// By the people of the organisation that was asked about.
    #[diesel(sql_type = BigInt)]
    pub own: i64,
}

#[derive(QueryableByName)]
struct PhotoRow {
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Binary)]
    content: Vec<u8>,
}

impl Connection {
    /// What is kept already stays as it is.
    pub async fn add_photo(&mut self, photo: &NewPhoto<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        sql_query(
            "insert into custody_photos
                 (shipment_id, sha256, organisation_id, kept_for, kept_by, kept_at, kind, content)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        )
        .bind::<SqlUuid, _>(photo.shipment.0)
        .bind::<Binary, _>(photo.hash.as_bytes().as_slice())
        .bind::<Integer, _>(photo.organisation.0)
        .bind::<Integer, _>(photo.kept_for.0)
        .bind::<SqlUuid, _>(photo.kept_by.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Text, _>(photo.kind.as_str())
        .bind::<Binary, _>(photo.content)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    pub async fn count_photos(
        &mut self,
        shipment: ShipmentId,
        kept_for: OrganisationId,
    ) -> Result<PhotoCounts, StoreError> {
        let counts = sql_query(
            "select count(*) as all, count(*) filter (where kept_for = $2) as own
             from custody_photos where shipment_id = $1",
        );
        let counts = counts.bind::<SqlUuid, _>(shipment.0).bind::<Integer, _>(kept_for.0);
        Ok(counts.get_result(&mut self.raw).await?)
    }

    pub async fn has_photo(&mut self, shipment: ShipmentId, hash: PhotoHash) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            found: i64,
        }
        let row: Row =
            sql_query("select count(*) as found from custody_photos where shipment_id = $1 and sha256 = $2")
                .bind::<SqlUuid, _>(shipment.0)
                .bind::<Binary, _>(hash.as_bytes().as_slice())
                .get_result(&mut self.raw)
                .await?;
        Ok(row.found > 0)
    }

    /// Those of the shipment's photos that are named, in the order of their hashes; whose the shipment is the caller knows.
    pub async fn photos(
        &mut self,
        shipment: ShipmentId,
        named: &[PhotoHash],
    ) -> Result<Vec<Photo>, StoreError> {
        let rows: Vec<PhotoRow> = sql_query(
            "select sha256, kind, content from custody_photos
             where shipment_id = $1 and sha256 = any($2) order by sha256",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Array<Binary>, _>(column(named, |hash| hash.as_bytes().to_vec()))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(photo).collect()
    }
}

fn photo(row: PhotoRow) -> Result<Photo, StoreError> {
    let hash = row.sha256.try_into().map_err(|_| StoreError::unreadable("photo", "its hash"))?;
    Ok(Photo {
        hash: PhotoHash::from_bytes(hash),
        kind: row.kind.parse().map_err(|error| StoreError::unreadable("kind of a photo", error))?,
        content: row.content,
    })
}
