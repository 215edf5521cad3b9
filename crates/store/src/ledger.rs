//! The custody ledger of each shipment, as it was written; and the keys that signed it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::custody::record::{KeyId, LedgerRow};
use domain::evidence::PublicKey;
use domain::{OrganisationId, ShipmentId};
use uuid::Uuid;

use crate::schema::{custody_records, ledger_keys};
use crate::trackers::column;
use crate::{Connection, StoreError};

type Row = (Uuid, i32, i32, Uuid, String, String, Vec<u8>, String);

impl Connection {
    /// How many rows a shipment's ledger has at least; kept apart from it.
    pub async fn ledger_length(&mut self, shipment: ShipmentId) -> Result<usize, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            ledger_rows: i32,
        }
        let row: Row = sql_query("select ledger_rows from shipments where id = $1")
            .bind::<SqlUuid, _>(shipment.0)
            .get_result(&mut self.raw)
            .await?;
        length_of(row.ledger_rows)
    }

    /// A shipment's ledger from its first row on; whose it is the caller knows.
    pub async fn ledger(&mut self, shipment: ShipmentId) -> Result<Vec<LedgerRow>, StoreError> {
        let rows: Vec<Row> = custody_records::table
            .filter(custody_records::shipment_id.eq(shipment.0))
            .order(custody_records::sequence)
            .select(custody_records::all_columns)
            .load(&mut self.raw)
            .await?;
        rows.into_iter().map(row).collect()
    }

    /// The ledgers of several shipments, as [`Connection::ledger`], each with the length that is kept apart from it.
    pub async fn ledgers(
        &mut self,
        shipments: &[ShipmentId],
    ) -> Result<HashMap<ShipmentId, (usize, Vec<LedgerRow>)>, StoreError> {
        #[derive(QueryableByName)]
        struct Length {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Integer)]
            ledger_rows: i32,
        }
        let ids: Vec<Uuid> = column(shipments, |id| id.0);
        // First, for an entry may be written meanwhile.
        let lengths: Vec<Length> = sql_query("select id, ledger_rows from shipments where id = any($1)")
            .bind::<Array<SqlUuid>, _>(&ids)
            .load(&mut self.raw)
            .await?;
        let rows: Vec<Row> = custody_records::table
            .filter(custody_records::shipment_id.eq_any(&ids))
            .order((custody_records::shipment_id, custody_records::sequence))
            .select(custody_records::all_columns)
            .load(&mut self.raw)
            .await?;
        let mut ledgers = HashMap::new();
        for Length { id, ledger_rows } in lengths {
            ledgers.insert(ShipmentId(id), (length_of(ledger_rows)?, Vec::new()));
        }
        for row in rows.into_iter().map(row) {
            let row = row?;
            if let Some((_, rows)) = ledgers.get_mut(&row.shipment) {
                rows.push(row);
            }
        }
        Ok(ledgers)
    }

    /// Those of the shipments whose ledger has the entry that is named beside them.
    pub async fn shipments_with_entries(
        &mut self,
        entries: &[(ShipmentId, Uuid)],
    ) -> Result<Vec<ShipmentId>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
        }
        let rows: Vec<Row> = sql_query(
            "select c.shipment_id from unnest($1::uuid[], $2::uuid[]) as wanted (shipment_id, entry_id)
             join custody_records c using (shipment_id, entry_id) order by c.shipment_id",
        )
        .bind::<Array<SqlUuid>, _>(column(entries, |(shipment, _)| shipment.0))
        .bind::<Array<SqlUuid>, _>(column(entries, |(_, entry)| *entry))
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|row| ShipmentId(row.shipment_id)).collect())
    }

    /// Puts a row at the end. The caller has locked the ledger; a writer's id that is there already is refused by
    /// `custody_records_shipment_id_entry_id_key`.
    pub async fn append_to_ledger(&mut self, row: &LedgerRow) -> Result<(), StoreError> {
        let sequence = i32::try_from(row.sequence)
            .map_err(|error| StoreError::unreadable("number of a ledger's row", error))?;
        diesel::insert_into(custody_records::table)
            .values((
                custody_records::shipment_id.eq(row.shipment.0),
                custody_records::sequence.eq(sequence),
                custody_records::organisation_id.eq(row.organisation.0),
                custody_records::entry_id.eq(row.entry_id),
                custody_records::entry.eq(&row.entry),
                custody_records::record.eq(&row.record),
                custody_records::signature.eq(row.signature.as_slice()),
                custody_records::key_id.eq(&row.key.0),
            ))
            .execute(&mut self.raw)
            .await?;
        sql_query("update shipments set ledger_rows = $2 where id = $1")
            .bind::<SqlUuid, _>(row.shipment.0)
            .bind::<Integer, _>(sequence)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Notes the key with which a service signs from now on.
    pub async fn note_key(&mut self, key: &PublicKey) -> Result<(), StoreError> {
        diesel::insert_into(ledger_keys::table)
            .values((
                ledger_keys::id.eq(&key.id.0),
                ledger_keys::public_key.eq(key.bytes.as_slice()),
                ledger_keys::first_used_at.eq(key.first_used_at),
            ))
            .on_conflict(ledger_keys::id)
            .do_nothing()
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Every key that has signed, the latest first.
    pub async fn keys(&mut self) -> Result<Vec<PublicKey>, StoreError> {
        let rows: Vec<(String, Vec<u8>, DateTime<Utc>)> = ledger_keys::table
            .order((ledger_keys::first_used_at.desc(), ledger_keys::id))
            .select(ledger_keys::all_columns)
            .load(&mut self.raw)
            .await?;
        let key = |(id, bytes, first_used_at): (String, Vec<u8>, DateTime<Utc>)| {
            let bytes = bytes.try_into().map_err(|_| StoreError::unreadable("key", "not 32 bytes"))?;
            Ok(PublicKey { id: KeyId(id), bytes, first_used_at })
        };
        rows.into_iter().map(key).collect()
    }
}

fn length_of(count: i32) -> Result<usize, StoreError> {
    usize::try_from(count).map_err(|error| StoreError::unreadable("length of a ledger", error))
}

fn row(row: Row) -> Result<LedgerRow, StoreError> {
    let (shipment, sequence, organisation, entry_id, entry, record, signature, key) = row;
    Ok(LedgerRow {
        shipment: ShipmentId(shipment),
        sequence: u32::try_from(sequence)
            .map_err(|error| StoreError::unreadable("number of a ledger's row", error))?,
        organisation: OrganisationId(organisation),
        entry_id,
        entry,
        record,
        signature: signature.try_into().map_err(|_| StoreError::unreadable("signature", "not 64 bytes"))?,
        key: KeyId(key),
    })
}
