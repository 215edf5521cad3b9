//! Boxes: what a shipment holds.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::access::Sight;
use domain::gs1::{Expiry, Sscc};
use domain::packing::{Content, NewBox, PackedBox};
use domain::{OrganisationId, ShipmentId};
use uuid::Uuid;

use crate::sight::{sees_box, sees_content, viewer};
use crate::trackers::column;
use crate::{Connection, StoreError};

/// Taken by whoever packs and by whoever calls a lot back, each organisation for itself.
const PACKING_LOCK: i32 = 0x1507_4E14;

impl Connection {
    /// Held alone until the transaction ends, so that a recall sees every box, a box sees every recall, and two boxes
    /// that are packed at the same time see each other's SSCC.
    pub async fn lock_packing(&mut self, organisation: OrganisationId) -> Result<(), StoreError> {
        sql_query("select pg_advisory_xact_lock($1, $2)")
            .bind::<Integer, _>(PACKING_LOCK)
            .bind::<Integer, _>(organisation.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Adds boxes, numbered from `first` on. One that is there already is an empty one, and is filled.
    pub async fn add_boxes(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        first: u32,
        boxes: &[NewBox],
    ) -> Result<(), StoreError> {
        let numbers: Vec<i32> = (first..).take(boxes.len()).map(number_column).collect();
        sql_query(
            "insert into boxes (shipment_id, number, organisation_id, sscc)
             select $1, n.number, $2, n.sscc from unnest($3::int[], $4::text[]) as n (number, sscc)
             on conflict (shipment_id, number) do update set sscc = excluded.sscc",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<Integer>, _>(&numbers)
        .bind::<Array<Nullable<Text>>, _>(column(boxes, |one| one.sscc.map(|sscc| sscc.to_string())))
        .execute(&mut self.raw)
        .await?;
        let contents: Vec<(i32, &Content)> = numbers
            .iter()
            .zip(boxes)
            .flat_map(|(number, one)| one.contents.iter().map(|content| (*number, content)))
            .collect();
        self.add_contents(organisation, shipment, &contents).await
    }

    async fn add_contents(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        contents: &[(i32, &Content)],
    ) -> Result<(), StoreError> {
        if contents.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into box_contents
                 (organisation_id, shipment_id, box_number, product, gtin, lot, expires_on, serial, quantity)
             select $1, $2, n.number, n.product, n.gtin, n.lot, n.expires_on, n.serial, n.quantity
             from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $9::int[])
                 as n (number, product, gtin, lot, expires_on, serial, quantity)",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Array<Integer>, _>(column(contents, |(number, _)| *number))
        .bind::<Array<Nullable<Text>>, _>(column(contents, |(_, c)| c.product.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(contents, |(_, c)| c.gtin.map(|gtin| gtin.to_string())))
        .bind::<Array<Nullable<Text>>, _>(column(contents, |(_, c)| c.lot.as_ref().map(|lot| lot.as_str())))
        .bind::<Array<Nullable<Date>>, _>(column(contents, |(_, c)| c.expiry.map(Expiry::date)))
        .bind::<Array<Nullable<Text>>, _>(column(contents, |(_, c)| c.serial.as_ref().map(|s| s.as_str())))
        .bind::<Array<Integer>, _>(column(contents, |(_, c)| number_column(c.quantity)))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The numbers and SSCCs of all boxes of those shipments, for whoever has them in hand.
    pub async fn box_codes(
        &mut self,
        shipments: &[ShipmentId],
    ) -> Result<HashMap<ShipmentId, Vec<(u32, Option<Sscc>)>>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
            #[diesel(sql_type = Integer)]
            number: i32,
            #[diesel(sql_type = Nullable<Text>)]
            sscc: Option<String>,
        }
        let rows: Vec<Row> = sql_query(
            "select shipment_id, number, sscc from boxes where shipment_id = any($1) order by shipment_id, number",
        )
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .load(&mut self.raw)
        .await?;
        let mut codes: HashMap<ShipmentId, Vec<(u32, Option<Sscc>)>> = HashMap::new();
        for Row { shipment_id, number, sscc } in rows {
            let number = u32::try_from(number).map_err(|error| StoreError::unreadable("box", error))?;
            codes
                .entry(ShipmentId(shipment_id))
                .or_default()
                .push((number, parsed("sscc", sscc.as_deref())?));
        }
        Ok(codes)
    }

    /// The shipment's boxes with what is in them, by number, as far as it is to be seen.
    pub async fn boxes(&mut self, sight: Sight, shipment: ShipmentId) -> Result<Vec<PackedBox>, StoreError> {
        let rows: Vec<BoxRow> = sql_query(format!(
            "select b.number, b.sscc, c.id as content, c.product, c.gtin, c.lot, c.expires_on, c.serial, c.quantity
             from boxes b left join box_contents c on c.shipment_id = b.shipment_id and c.box_number = b.number and {}
             where b.organisation_id = $1 and b.shipment_id = $2 and {} order by b.number, c.id",
            sees_content(sight, "c", "$3"),
            sees_box(sight, ("b.shipment_id", "b.number"), "$3")
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .load(&mut self.raw)
        .await?;
        let mut boxes: Vec<PackedBox> = Vec::new();
        for row in rows {
            let number = u32::try_from(row.number).map_err(|error| StoreError::unreadable("box", error))?;
            if boxes.last().is_none_or(|last| last.number != number) {
                boxes.push(PackedBox {
                    number,
                    sscc: parsed("sscc", row.sscc.as_deref())?,
                    contents: vec![],
                });
            }
            if let (Some(content), Some(last)) = (row.content.content()?, boxes.last_mut()) {
                last.contents.push(content);
            }
        }
        Ok(boxes)
    }

    /// The boxes of other shipments under way that carry one of those SSCCs: the SSCC and that shipment's reference.
    pub async fn sscc_in_use(
        &mut self,
        organisation: OrganisationId,
        but_for: Option<ShipmentId>,
        codes: &[Sscc],
    ) -> Result<Option<(String, String)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            sscc: String,
            #[diesel(sql_type = Text)]
            reference: String,
        }
        let rows: Vec<Row> = sql_query(
            "select b.sscc, s.reference from boxes b join shipments s on s.id = b.shipment_id
             where b.organisation_id = $1 and b.sscc = any($2) and s.id is distinct from $3
                 and s.status not in ('received', 'closed', 'cancelled')
             order by b.sscc limit 1",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<Text>, _>(column(codes, ToString::to_string))
        .bind::<Nullable<SqlUuid>, _>(but_for.map(|id| id.0))
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().next().map(|row| (row.sscc, row.reference)))
    }
}

/// A number that the domain has checked to be within PostgreSQL's.
pub(crate) fn number_column(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) fn parsed<T: std::str::FromStr>(
    what: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError>
where
    T::Err: ToString,
{
    text.map(str::parse).transpose().map_err(|error: T::Err| StoreError::unreadable(what, error))
}

#[derive(QueryableByName)]
struct BoxRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Nullable<Text>)]
    sscc: Option<String>,
    #[diesel(embed)]
    content: ContentRow,
}

#[derive(QueryableByName)]
pub(crate) struct ContentRow {
    /// None where the box is empty.
    #[diesel(sql_type = Nullable<BigInt>)]
    content: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    product: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    gtin: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    lot: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    expires_on: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    serial: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    quantity: Option<i32>,
}

impl ContentRow {
    pub(crate) fn content(self) -> Result<Option<Content>, StoreError> {
        let (Some(_), Some(quantity)) = (self.content, self.quantity) else { return Ok(None) };
        Ok(Some(Content {
            product: self.product,
            gtin: parsed("gtin", self.gtin.as_deref())?,
            lot: parsed("lot", self.lot.as_deref())?,
            expiry: self.expires_on.map(Expiry::from),
            serial: parsed("serial", self.serial.as_deref())?,
            quantity: u32::try_from(quantity).map_err(|error| StoreError::unreadable("quantity", error))?,
        }))
    }
}
