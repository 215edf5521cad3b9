//! Shipments: made, found and shown.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::access::Sight;
use domain::gs1::{Gtin, Lot, Sscc};
use domain::shipment::{HoldReason, ShipmentStatus};
use domain::{OrganisationId, ProfileId, ShipmentId, UserId};
use uuid::Uuid;

use crate::schema::shipments;
use crate::sight::{sees_box, sees_content, sees_shipment, viewer};
use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct NewShipment {
    pub organisation: OrganisationId,
    pub reference: String,
    pub profile: ProfileId,
    pub origin: Option<String>,
    pub destination: Option<String>,
    /// How long its trackers may take to come back; None: as the domain has it.
    pub days_to_return: Option<i32>,
    pub created_by: Option<UserId>,
}

/// When a shipment was called off or turned back, and why.
#[derive(Debug, Clone)]
pub struct Halt {
    pub at: DateTime<Utc>,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct Shipment {
    pub id: ShipmentId,
    pub reference: String,
    pub profile: ProfileId,
    pub status: ShipmentStatus,
    pub hold: Option<HoldReason>,
    pub origin: Option<String>,
    pub destination: Option<String>,
    pub days_to_return: Option<i32>,
    pub cancelled: Option<Halt>,
    pub turned_back: Option<Halt>,
    pub created_at: DateTime<Utc>,
    /// Neither acknowledged nor closed.
    pub open_alerts: i64,
    /// How many it has.
    pub boxes: i64,
    /// The hold that stood before the last recall of something in it.
    pub hold_before_recall: Option<HoldReason>,
}

/// Which shipments a list shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct ShipmentFilter {
    /// A part of it.
    pub reference: Option<String>,
    pub status: Option<ShipmentStatus>,
    /// Packed, and not yet taken over by whom it is for.
    pub under_way: bool,
    /// Of one of its boxes, or of a parent that one of them is or was in.
    pub sscc: Option<Sscc>,
    /// Of something in it; with `lot`, of the same thing.
    pub gtin: Option<Gtin>,
    pub lot: Option<Lot>,
    pub before: Option<(DateTime<Utc>, ShipmentId)>,
}

#[derive(QueryableByName)]
struct ShipmentRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = SqlUuid)]
    profile_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    hold: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    origin: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    destination: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    days_to_return: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    cancelled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    cancel_reason: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    turned_back_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    turn_back_reason: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    open_alerts: i64,
    #[diesel(sql_type = BigInt)]
    boxes: i64,
    #[diesel(sql_type = Nullable<Text>)]
    hold_before_recall: Option<String>,
}

fn halt(at: Option<DateTime<Utc>>, reason: Option<String>) -> Option<Halt> {
    at.zip(reason).map(|(at, reason)| Halt { at, reason })
}

impl TryFrom<ShipmentRow> for Shipment {
    type Error = StoreError;

    fn try_from(row: ShipmentRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ShipmentId(row.id),
            reference: row.reference,
            profile: ProfileId(row.profile_id),
            status: row.status.parse().map_err(|error| StoreError::unreadable("status", error))?,
            hold: parse_hold(row.hold)?,
            origin: row.origin,
            destination: row.destination,
            days_to_return: row.days_to_return,
            cancelled: halt(row.cancelled_at, row.cancel_reason),
            turned_back: halt(row.turned_back_at, row.turn_back_reason),
            created_at: row.created_at,
            open_alerts: row.open_alerts,
            boxes: row.boxes,
            hold_before_recall: parse_hold(row.hold_before_recall)?,
        })
    }
}

pub(crate) fn parse_hold(text: Option<String>) -> Result<Option<HoldReason>, StoreError> {
    text.map(|hold| hold.parse().map_err(|error| StoreError::unreadable("hold", error))).transpose()
}

impl Connection {
    /// Refused by `shipments_organisation_id_reference_key` where the reference is taken.
    pub async fn add_shipment(
        &mut self,
        shipment: &NewShipment,
        now: DateTime<Utc>,
    ) -> Result<ShipmentId, StoreError> {
        let id = Uuid::now_v7();
        diesel::insert_into(shipments::table)
            .values((
                shipments::id.eq(id),
                shipments::organisation_id.eq(shipment.organisation.0),
                shipments::reference.eq(&shipment.reference),
                shipments::profile_id.eq(shipment.profile.0),
                shipments::status.eq(ShipmentStatus::Draft.to_string()),
                shipments::origin.eq(&shipment.origin),
                shipments::destination.eq(&shipment.destination),
                shipments::days_to_return.eq(shipment.days_to_return),
                shipments::created_at.eq(now),
                shipments::created_by.eq(shipment.created_by.map(|user| user.0)),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(ShipmentId(id))
    }

    pub async fn shipment(
        &mut self,
        organisation: OrganisationId,
        id: ShipmentId,
    ) -> Result<Shipment, StoreError> {
        self.shipment_seen_by(Sight::of(organisation, organisation), id).await
    }

    /// As [`Connection::shipment`], where it is to be seen from there.
    pub async fn shipment_seen_by(&mut self, sight: Sight, id: ShipmentId) -> Result<Shipment, StoreError> {
        let rows: Vec<ShipmentRow> = sql_query(format!(
            "{} where s.organisation_id = $1 and s.id = $2 and {}",
            select(sight, "$3"),
            sees_shipment(sight, "s.id", "$3")
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.try_into()
    }

    pub async fn shipments(
        &mut self,
        sight: Sight,
        filter: &ShipmentFilter,
        limit: i64,
    ) -> Result<Vec<Shipment>, StoreError> {
        let (before_at, before_id) = filter.before.map(|(at, id)| (at, id.0)).unzip();
        let (select, seen) = (select(sight, "$3"), sees_shipment(sight, "s.id", "$3"));
        let (with_sscc, with_content) = (with_sscc(sight, "$3"), with_content(sight, "$3"));
        let rows: Vec<ShipmentRow> = sql_query(format!(
            "{select} where s.organisation_id = $1 and {seen}
                 and ($2 is null or s.reference ilike '%' || replace(replace(replace($2, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%')
                 and ($10 is null or s.status = $10)
                 and (not $11 or s.status in ('packed', 'in_transit', 'delivered'))
                 and ($4 is null or (s.created_at, s.id) < ($4, $5))
                 and ($6 is null or s.id in ({with_sscc}))
                 and (($7 is null and $8 is null) or s.id in ({with_content}))
             order by s.created_at desc, s.id desc limit $9"
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<Nullable<Text>, _>(filter.reference.as_deref())
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<Nullable<Text>, _>(filter.sscc.map(|sscc| sscc.to_string()))
        .bind::<Nullable<Text>, _>(filter.gtin.map(|gtin| gtin.to_string()))
        .bind::<Nullable<Text>, _>(filter.lot.as_ref().map(Lot::as_str))
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<Text>, _>(filter.status.map(|status| status.to_string()))
        .bind::<Bool, _>(filter.under_way)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Whether it may become that is the domain's to say.
    pub async fn set_status(
        &mut self,
        shipment: ShipmentId,
        status: ShipmentStatus,
    ) -> Result<(), StoreError> {
        diesel::update(shipments::table.find(shipment.0))
            .set(shipments::status.eq(status.as_str()))
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Calls a shipment off.
    pub async fn cancel_shipment(
        &mut self,
        shipment: ShipmentId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        statement("update shipments set status = $1, cancelled_at = $2, cancel_reason = $3 where id = $4")
            .bind::<Text, _>(ShipmentStatus::Cancelled.as_str())
            .bind::<Timestamptz, _>(now)
            .bind::<Text, _>(reason)
            .bind::<SqlUuid, _>(shipment.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Notes that a shipment turns back. Its status stays.
    pub async fn turn_shipment_back(
        &mut self,
        shipment: ShipmentId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        statement("update shipments set turned_back_at = $1, turn_back_reason = $2 where id = $3")
            .bind::<Timestamptz, _>(now)
            .bind::<Text, _>(reason)
            .bind::<SqlUuid, _>(shipment.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    pub async fn set_holds(&mut self, holds: &[(ShipmentId, Option<HoldReason>)]) -> Result<(), StoreError> {
        if holds.is_empty() {
            return Ok(());
        }
        sql_query(
            "update shipments s set hold = n.hold
             from unnest($1::uuid[], $2::text[]) as n (id, hold) where s.id = n.id",
        )
        .bind::<Array<SqlUuid>, _>(column(holds, |(id, _)| id.0))
        .bind::<Array<Nullable<Text>>, _>(column(holds, |(_, hold)| hold.map(|hold| hold.to_string())))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

/// Shipments as they are seen, which counts the boxes.
fn select(sight: Sight, viewer: &str) -> String {
    let boxes = sees_box(sight, ("b.shipment_id", "b.number"), viewer);
    format!(
        "select s.id, s.reference, s.profile_id, s.status, s.hold, s.origin, s.destination, s.created_at,
         s.days_to_return, s.cancelled_at, s.cancel_reason, s.turned_back_at, s.turn_back_reason,
         (select count(*) from boxes b where b.shipment_id = s.id and {boxes}) as boxes,
         (select rs.hold_before from recall_shipments rs
          where rs.shipment_id = s.id order by rs.held_at desc limit 1) as hold_before_recall,
         (select count(*) from alerts al
          where al.shipment_id = s.id and al.acknowledged_at is null and al.closed_as is null)
         + (select count(distinct al.id) from assignments a
             join alert_rides r on r.assignment_id = a.id and r.until_at is null
             join alerts al on al.id = r.alert_id and al.acknowledged_at is null and al.closed_as is null
             where a.shipment_id = s.id) as open_alerts
     from shipments s"
    )
}

/// The shipments of a list's organisation that have a box, or a box in a parent, with the list's SSCC: as far as the box is
/// to be seen, so that nobody learns by asking what he does not see.
fn with_sscc(sight: Sight, viewer: &str) -> String {
    format!(
        "select b.shipment_id from boxes b where b.organisation_id = $1 and b.sscc = $6 and {}
         union all
         select pb.shipment_id from parents p join parent_boxes pb on pb.parent_id = p.id
         where p.organisation_id = $1 and p.sscc = $6 and {}",
        sees_box(sight, ("b.shipment_id", "b.number"), viewer),
        sees_box(sight, ("pb.shipment_id", "pb.box_number"), viewer)
    )
}

/// Those that hold something with the list's GTIN and lot that is to be seen.
fn with_content(sight: Sight, viewer: &str) -> String {
    format!(
        "select c.shipment_id from box_contents c
         where c.organisation_id = $1 and ($7 is null or c.gtin = $7) and ($8 is null or c.lot = $8) and {}",
        sees_content(sight, "c", viewer)
    )
}
