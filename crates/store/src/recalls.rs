//! Recalls: lots that quality called back, and the shipments that are on hold because of them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::gs1::{Gtin, Lot};
use domain::packing::Content;
use domain::shipment::HoldReason;
use domain::{OrganisationId, RecallId, ShipmentId, UserId};
use uuid::Uuid;

use crate::boxes::{ContentRow, parsed};
use crate::shipments::parse_hold;
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct NewRecall {
    pub organisation: OrganisationId,
    pub gtin: Gtin,
    pub lot: Lot,
    pub reason: String,
    pub created_by: UserId,
}

#[derive(Debug, Clone)]
pub struct Recall {
    pub id: RecallId,
    pub gtin: Gtin,
    pub lot: Lot,
    pub reason: String,
    pub created_at: DateTime<Utc>,
    /// The e-mail address of who called it back.
    pub created_by: String,
    /// How many shipments were put on hold because of it.
    pub shipments: i64,
}

/// A shipment that a recall put on hold.
#[derive(Debug, Clone)]
pub struct RecalledShipment {
    pub id: ShipmentId,
    pub reference: String,
    pub held_at: DateTime<Utc>,
    /// As it is now.
    pub hold: Option<HoldReason>,
}

const RECALL: &str = "select r.id, r.gtin, r.lot, r.reason, r.created_at, u.email,
         (select count(*) from recall_shipments rs where rs.recall_id = r.id) as shipments
     from recalls r join users u on u.id = r.created_by";

impl Connection {
    /// The caller holds the packing lock, or a box that is packed at the same time is missed.
    pub async fn add_recall(
        &mut self,
        recall: &NewRecall,
        now: DateTime<Utc>,
    ) -> Result<RecallId, StoreError> {
        let id = Uuid::now_v7();
        sql_query(
            "insert into recalls (id, organisation_id, gtin, lot, reason, created_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind::<SqlUuid, _>(id)
        .bind::<Integer, _>(recall.organisation.0)
        .bind::<Text, _>(recall.gtin.to_string())
        .bind::<Text, _>(recall.lot.as_str())
        .bind::<Text, _>(&recall.reason)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(recall.created_by.0)
        .execute(&mut self.raw)
        .await?;
        Ok(RecallId(id))
    }

    /// Everything that was ever packed with that lot, of whichever product.
    pub async fn contents_with_lot(
        &mut self,
        organisation: OrganisationId,
        lot: &Lot,
    ) -> Result<Vec<(ShipmentId, Content)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
            #[diesel(embed)]
            content: ContentRow,
        }
        let rows: Vec<Row> = sql_query(
            "select shipment_id, id as content, product, gtin, lot, expires_on, serial, quantity from box_contents
             where organisation_id = $1 and lot = $2",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Text, _>(lot.as_str())
        .load(&mut self.raw)
        .await?;
        let mut contents = Vec::with_capacity(rows.len());
        for row in rows {
            contents.extend(row.content.content()?.map(|content| (ShipmentId(row.shipment_id), content)));
        }
        Ok(contents)
    }

    /// The recalls of one of those lots, of whichever product.
    pub async fn recalls_of_lots(
        &mut self,
        organisation: OrganisationId,
        lots: &[Lot],
    ) -> Result<Vec<Recall>, StoreError> {
        let rows: Vec<RecallRow> = sql_query(format!(
            "{RECALL} where r.organisation_id = $1 and r.lot = any($2) order by r.created_at, r.id"
        ))
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<Text>, _>(column(lots, Lot::as_str))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(RecallRow::recall).collect()
    }

    pub async fn recalls(
        &mut self,
        organisation: OrganisationId,
        before: Option<(DateTime<Utc>, RecallId)>,
        limit: i64,
    ) -> Result<Vec<Recall>, StoreError> {
        let (before_at, before_id) = before.map(|(at, id)| (at, id.0)).unzip();
        let rows: Vec<RecallRow> = sql_query(format!(
            "{RECALL} where r.organisation_id = $1 and ($2 is null or (r.created_at, r.id) < ($2, $3))
             order by r.created_at desc, r.id desc limit $4"
        ))
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(RecallRow::recall).collect()
    }

    pub async fn recall(&mut self, organisation: OrganisationId, id: RecallId) -> Result<Recall, StoreError> {
        let rows: Vec<RecallRow> = sql_query(format!("{RECALL} where r.organisation_id = $1 and r.id = $2"))
            .bind::<Integer, _>(organisation.0)
            .bind::<SqlUuid, _>(id.0)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.recall()
    }

    /// The shipments that the recall put on hold, in the order in which it did.
    pub async fn recalled_shipments(
        &mut self,
        recall: RecallId,
    ) -> Result<Vec<RecalledShipment>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Text)]
            reference: String,
            #[diesel(sql_type = Timestamptz)]
            held_at: DateTime<Utc>,
            #[diesel(sql_type = Nullable<Text>)]
            hold: Option<String>,
        }
        let rows: Vec<Row> = sql_query(
            "select s.id, s.reference, rs.held_at, s.hold
             from recall_shipments rs join shipments s on s.id = rs.shipment_id
             where rs.recall_id = $1 order by rs.held_at, s.reference",
        )
        .bind::<SqlUuid, _>(recall.0)
        .load(&mut self.raw)
        .await?;
        let shipment = |row: Row| {
            let (id, hold) = (ShipmentId(row.id), parse_hold(row.hold)?);
            Ok(RecalledShipment { id, reference: row.reference, held_at: row.held_at, hold })
        };
        rows.into_iter().map(shipment).collect()
    }

    /// The holds of shipments, whose rows are locked until the transaction ends, as where readings change a hold.
    pub async fn lock_holds(
        &mut self,
        organisation: OrganisationId,
        shipments: &[ShipmentId],
    ) -> Result<Vec<(ShipmentId, Option<HoldReason>)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Nullable<Text>)]
            hold: Option<String>,
        }
        let rows: Vec<Row> = sql_query(
            "select id, hold from shipments where organisation_id = $1 and id = any($2)
             order by id for no key update",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(|row| Ok((ShipmentId(row.id), parse_hold(row.hold)?))).collect()
    }

    /// Keeps that a recall concerns those shipments, with the hold that stood before: to be called before it changes.
    pub async fn add_recalled(
        &mut self,
        organisation: OrganisationId,
        recall: RecallId,
        shipments: &[ShipmentId],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        // One that an earlier recall holds keeps what stood before that one.
        sql_query(
            "insert into recall_shipments (recall_id, shipment_id, organisation_id, held_at, hold_before)
             select $1, s.id, $2, $3, case when s.hold = 'recall'
                 then (select rs.hold_before from recall_shipments rs
                       where rs.shipment_id = s.id order by rs.held_at desc limit 1)
                 else s.hold end
             from shipments s where s.organisation_id = $2 and s.id = any($4)
             on conflict do nothing",
        )
        .bind::<SqlUuid, _>(recall.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct RecallRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    gtin: String,
    #[diesel(sql_type = Text)]
    lot: String,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = BigInt)]
    shipments: i64,
}

impl RecallRow {
    fn recall(self) -> Result<Recall, StoreError> {
        Ok(Recall {
            id: RecallId(self.id),
            gtin: parsed("gtin", Some(&self.gtin))?.ok_or(StoreError::NotFound)?,
            lot: parsed("lot", Some(&self.lot))?.ok_or(StoreError::NotFound)?,
            reason: self.reason,
            created_at: self.created_at,
            created_by: self.email,
            shipments: self.shipments,
        })
    }
}
