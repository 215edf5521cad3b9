//! What other companies' systems handed in, and which of it still waits for what it continues.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::access::Sight;
use domain::gs1::Sscc;
use domain::{OrganisationId, ShipmentId, UserId};
use uuid::Uuid;

use crate::sight::{sees_box, sees_shipment, viewer};
use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// One event as it was handed in. With the tenant, `party` and `event_id` name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHandIn {
    pub party: OrganisationId,
    pub event_id: String,
    pub shipment: ShipmentId,
    /// What its entry bears.
    pub entry_id: Uuid,
    /// Of what was sent.
    pub sent_sha256: Vec<u8>,
    /// The domain's text of it.
    pub event: String,
    pub handed_in_by: UserId,
    /// His printed name then.
    pub person: String,
    pub received_at: DateTime<Utc>,
    /// None: it waits.
    pub written_at: Option<DateTime<Utc>>,
}

const HAND_IN: &str =
    "select party_id, event_id, shipment_id, entry_id, sent_sha256, event, handed_in_by, person, received_at,
    written_at from hand_ins";

impl Connection {
    /// Those of the tenant that are known already, of pairs of organisation and event id.
    pub async fn known_hand_ins(
        &mut self,
        tenant: OrganisationId,
        events: &[(OrganisationId, String)],
    ) -> Result<Vec<StoredHandIn>, StoreError> {
        let rows: Vec<Row> = sql_query(format!(
            "{HAND_IN} where organisation_id = $1
                 and (party_id, event_id) in (select * from unnest($2::int[], $3::text[]))"
        ))
        .bind::<Integer, _>(tenant.0)
        .bind::<Array<Integer>, _>(column(events, |(party, _)| party.0))
        .bind::<Array<Text>, _>(column(events, |(_, event)| event.as_str()))
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(Row::hand_in).collect())
    }

    /// Those of the shipment that wait. Whose shipment it is the caller knows.
    pub async fn waiting_hand_ins(&mut self, shipment: ShipmentId) -> Result<Vec<StoredHandIn>, StoreError> {
        let rows: Vec<Row> = sql_query(format!("{HAND_IN} where shipment_id = $1 and written_at is null"))
            .bind::<SqlUuid, _>(shipment.0)
            .load(&mut self.raw)
            .await?;
        Ok(rows.into_iter().map(Row::hand_in).collect())
    }

    /// Those of a shipment that are to be seen, the latest first: a partner sees what its own systems handed in.
    pub async fn hand_ins(
        &mut self,
        sight: Sight,
        shipment: ShipmentId,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<StoredHandIn>, StoreError> {
        let (before_at, before_id) = before.unzip();
        let rows: Vec<Row> = sql_query(format!(
            "{HAND_IN} where organisation_id = $1 and shipment_id = $2 and ($3 is null or party_id = $3)
                 and ($4 is null or (received_at, entry_id) < ($4, $5))
             order by received_at desc, entry_id desc limit $6"
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(Row::hand_in).collect())
    }

    /// Refused by `hand_ins_pkey` where there is one of that name.
    pub async fn add_hand_in(
        &mut self,
        tenant: OrganisationId,
        one: &StoredHandIn,
    ) -> Result<(), StoreError> {
        statement(
            "insert into hand_ins (organisation_id, party_id, event_id, shipment_id, entry_id, sent_sha256, event,
                 handed_in_by, person, received_at, written_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind::<Integer, _>(tenant.0)
        .bind::<Integer, _>(one.party.0)
        .bind::<Text, _>(one.event_id.as_str())
        .bind::<SqlUuid, _>(one.shipment.0)
        .bind::<SqlUuid, _>(one.entry_id)
        .bind::<Binary, _>(one.sent_sha256.as_slice())
        .bind::<Text, _>(one.event.as_str())
        .bind::<SqlUuid, _>(one.handed_in_by.0)
        .bind::<Text, _>(one.person.as_str())
        .bind::<Timestamptz, _>(one.received_at)
        .bind::<Nullable<Timestamptz>, _>(one.written_at)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// It waits no longer: its entry is in the ledger.
    pub async fn note_hand_in_written(
        &mut self,
        tenant: OrganisationId,
        (party, event_id): (OrganisationId, &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        statement(
            "update hand_ins set written_at = $1 where organisation_id = $2 and party_id = $3 and event_id = $4",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(tenant.0)
        .bind::<Integer, _>(party.0)
        .bind::<Text, _>(event_id)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The shipment of that reference, if it is to be seen.
    pub async fn shipment_of_reference(
        &mut self,
        sight: Sight,
        reference: &str,
    ) -> Result<Option<ShipmentId>, StoreError> {
        let rows: Vec<Named> = statement(format!(
            "select s.id as shipment_id, 0 as number from shipments s
             where s.organisation_id = $1 and s.reference = $2 and {}",
            sees_shipment(sight, "s.id", "$3")
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<Text, _>(reference)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().next().map(|row| ShipmentId(row.shipment_id)))
    }

    /// The boxes that bear that SSCC or ever bore it, of shipments that are to be seen.
    pub async fn boxes_of_sscc(
        &mut self,
        sight: Sight,
        sscc: Sscc,
    ) -> Result<Vec<(ShipmentId, u32)>, StoreError> {
        let rows: Vec<Named> = statement(format!(
            "select b.shipment_id, b.number from boxes b where b.organisation_id = $1 and b.sscc = $2 and {}
             order by b.shipment_id, b.number",
            sees_box(sight, ("b.shipment_id", "b.number"), "$3")
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<Text, _>(sscc.to_string())
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .load(&mut self.raw)
        .await?;
        let one = |row: &Named| Some((ShipmentId(row.shipment_id), u32::try_from(row.number).ok()?));
        Ok(rows.iter().filter_map(one).collect())
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Integer)]
    number: i32,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    party_id: i32,
    #[diesel(sql_type = Text)]
    event_id: String,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    entry_id: Uuid,
    #[diesel(sql_type = Binary)]
    sent_sha256: Vec<u8>,
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = SqlUuid)]
    handed_in_by: Uuid,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    written_at: Option<DateTime<Utc>>,
}

impl Row {
    fn hand_in(self) -> StoredHandIn {
        StoredHandIn {
            party: OrganisationId(self.party_id),
            event_id: self.event_id,
            shipment: ShipmentId(self.shipment_id),
            entry_id: self.entry_id,
            sent_sha256: self.sent_sha256,
            event: self.event,
            handed_in_by: UserId(self.handed_in_by),
            person: self.person,
            received_at: self.received_at,
            written_at: self.written_at,
        }
    }
}
