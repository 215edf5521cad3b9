//! Shipments, and the trackers that ride with them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::evaluate::Verdict;
use domain::gs1::{Gtin, Lot, Sscc};
use domain::shipment::{HoldReason, ShipmentStatus};
use domain::{AssignmentId, DevEui, OrganisationId, ProfileId, ShipmentId, TrackerId, UserId};
use uuid::Uuid;

use crate::boxes::number_column;
use crate::schema::{assignments, shipments, trackers};
use crate::statement::statement;
use crate::trackers::{column, eui};
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

/// A tracker's ride with a shipment.
#[derive(Debug, Clone)]
pub struct Ride {
    pub assignment: AssignmentId,
    pub shipment: ShipmentId,
    pub tracker: TrackerId,
    pub dev_eui: DevEui,
    pub name: String,
    /// The number of the box that it rides in, where somebody said so.
    pub in_box: Option<u32>,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
    /// The fold of its readings, as `assessments` keeps it.
    pub evaluation: Vec<u8>,
    /// The evaluation has taken in every reading of the ride that was recorded by then.
    pub known_at: Option<DateTime<Utc>>,
    /// None as long as nobody has evaluated it.
    pub verdict: Option<Verdict>,
}

/// A ride that has ended.
#[derive(Debug, Clone, Copy)]
pub struct EndedRide {
    pub assignment: AssignmentId,
    pub tracker: TrackerId,
    pub until: DateTime<Utc>,
}

/// Which shipments a list shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct ShipmentFilter {
    /// A part of it.
    pub reference: Option<String>,
    pub status: Option<ShipmentStatus>,
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
        let rows: Vec<ShipmentRow> =
            sql_query(format!("{SHIPMENT} where s.organisation_id = $1 and s.id = $2"))
                .bind::<Integer, _>(organisation.0)
                .bind::<SqlUuid, _>(id.0)
                .load(&mut self.raw)
                .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.try_into()
    }

    pub async fn shipments(
        &mut self,
        organisation: OrganisationId,
        filter: &ShipmentFilter,
        limit: i64,
    ) -> Result<Vec<Shipment>, StoreError> {
        let (before_at, before_id) = filter.before.map(|(at, id)| (at, id.0)).unzip();
        let rows: Vec<ShipmentRow> = sql_query(format!(
            "{SHIPMENT} where s.organisation_id = $1
                 and ($2 is null or s.reference ilike '%' || replace(replace(replace($2, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%')
                 and ($3 is null or s.status = $3)
                 and ($4 is null or (s.created_at, s.id) < ($4, $5))
                 and ($6 is null or s.id in ({WITH_SSCC}))
                 and (($7 is null and $8 is null) or s.id in ({WITH_CONTENT}))
             order by s.created_at desc, s.id desc limit $9"
        ))
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<Text>, _>(filter.reference.as_deref())
        .bind::<Nullable<Text>, _>(filter.status.map(|status| status.to_string()))
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<Nullable<Text>, _>(filter.sscc.map(|sscc| sscc.to_string()))
        .bind::<Nullable<Text>, _>(filter.gtin.map(|gtin| gtin.to_string()))
        .bind::<Nullable<Text>, _>(filter.lot.as_ref().map(Lot::as_str))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// The trackers that ride or rode with the given shipments, in the order of their beginnings.
    pub async fn rides(&mut self, of: &[ShipmentId]) -> Result<Vec<Ride>, StoreError> {
        let rows: Vec<RideRow> = sql_query(
            "select a.id, a.shipment_id, a.tracker_id, t.dev_eui, t.name, a.box_number, a.from_at, a.until_at, st.evaluation,
                 st.known_at, st.verdict
             from assignments a
             join trackers t on t.id = a.tracker_id
             join assignment_states st on st.assignment_id = a.id
             where a.shipment_id = any($1) order by a.from_at, a.id",
        )
        .bind::<Array<SqlUuid>, _>(column(of, |id| id.0))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(RideRow::ride).collect()
    }

    /// Whether the tracker rides with some shipment at any time of `[from, ∞)`. Locks the tracker against a second
    /// binding until the transaction ends.
    pub async fn is_tracker_bound(
        &mut self,
        tracker: TrackerId,
        from: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        trackers::table
            .find(tracker.0)
            .for_no_key_update()
            .select(trackers::id)
            .first::<i32>(&mut self.raw)
            .await?;
        let bound = assignments::table
            .filter(assignments::tracker_id.eq(tracker.0))
            .filter(assignments::until_at.is_null().or(assignments::until_at.gt(from)));
        Ok(diesel::select(diesel::dsl::exists(bound)).get_result(&mut self.raw).await?)
    }

    /// Binds a tracker from an instant on, in one of the shipment's boxes where that is known; a draft is packed from then.
    /// `evaluation` is the empty fold.
    pub async fn bind_tracker(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        (tracker, in_box): (TrackerId, Option<u32>),
        from: DateTime<Utc>,
        evaluation: &[u8],
        now: DateTime<Utc>,
    ) -> Result<AssignmentId, StoreError> {
        let id = Uuid::now_v7();
        diesel::insert_into(assignments::table)
            .values((
                assignments::id.eq(id),
                assignments::organisation_id.eq(organisation.0),
                assignments::shipment_id.eq(shipment.0),
                assignments::tracker_id.eq(tracker.0),
                assignments::box_number.eq(in_box.map(number_column)),
                assignments::from_at.eq(from),
                assignments::created_at.eq(now),
            ))
            .execute(&mut self.raw)
            .await?;
        diesel::insert_into(crate::schema::assignment_states::table)
            .values((
                crate::schema::assignment_states::assignment_id.eq(id),
                crate::schema::assignment_states::organisation_id.eq(organisation.0),
                crate::schema::assignment_states::evaluation.eq(evaluation),
            ))
            .execute(&mut self.raw)
            .await?;
        diesel::update(shipments::table.find(shipment.0))
            .filter(shipments::status.eq(ShipmentStatus::Draft.to_string()))
            .set(shipments::status.eq(ShipmentStatus::Packed.to_string()))
            .execute(&mut self.raw)
            .await?;
        Ok(AssignmentId(id))
    }

    /// Ends the tracker's ride with the shipment that is still open and began before `until`, if there is one.
    pub async fn unbind_tracker(
        &mut self,
        shipment: ShipmentId,
        tracker: TrackerId,
        until: DateTime<Utc>,
    ) -> Result<Option<AssignmentId>, StoreError> {
        let open = assignments::table
            .filter(assignments::shipment_id.eq(shipment.0).and(assignments::tracker_id.eq(tracker.0)))
            .filter(assignments::until_at.is_null().and(assignments::from_at.lt(until)));
        let ended: Option<Uuid> = diesel::update(open)
            .set(assignments::until_at.eq(until))
            .returning(assignments::id)
            .get_result(&mut self.raw)
            .await
            .optional()?;
        Ok(ended.map(AssignmentId))
    }

    /// Ends all rides of a shipment that are open at `at`; one that had not begun by then ends a second after its beginning.
    pub async fn end_rides(
        &mut self,
        shipment: ShipmentId,
        at: DateTime<Utc>,
    ) -> Result<Vec<EndedRide>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Integer)]
            tracker_id: i32,
            #[diesel(sql_type = Timestamptz)]
            until_at: DateTime<Utc>,
        }
        let rows: Vec<Row> = sql_query(
            "update assignments set until_at = greatest($2, from_at + interval '1 second')
             where shipment_id = $1 and (until_at is null or until_at > greatest($2, from_at + interval '1 second'))
             returning id, tracker_id, until_at",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Timestamptz, _>(at)
        .load(&mut self.raw)
        .await?;
        let ended = |row: Row| EndedRide {
            assignment: AssignmentId(row.id),
            tracker: TrackerId(row.tracker_id),
            until: row.until_at,
        };
        Ok(rows.into_iter().map(ended).collect())
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

const SHIPMENT: &str =
    "select s.id, s.reference, s.profile_id, s.status, s.hold, s.origin, s.destination, s.created_at,
         s.days_to_return, s.cancelled_at, s.cancel_reason, s.turned_back_at, s.turn_back_reason,
         (select count(*) from boxes b where b.shipment_id = s.id) as boxes,
         (select rs.hold_before from recall_shipments rs
          where rs.shipment_id = s.id order by rs.held_at desc limit 1) as hold_before_recall,
         (select count(*) from alerts al
          where al.shipment_id = s.id and al.acknowledged_at is null and al.closed_as is null)
         + (select count(distinct al.id) from assignments a
             join alert_rides r on r.assignment_id = a.id and r.until_at is null
             join alerts al on al.id = r.alert_id and al.acknowledged_at is null and al.closed_as is null
             where a.shipment_id = s.id) as open_alerts
     from shipments s";

/// The shipments of a list's organisation that have a box, or a box in a parent, with the list's SSCC.
const WITH_SSCC: &str = "select b.shipment_id from boxes b where b.organisation_id = $1 and b.sscc = $6
     union all
     select pb.shipment_id from parents p join parent_boxes pb on pb.parent_id = p.id
     where p.organisation_id = $1 and p.sscc = $6";

/// Those that hold something with the list's GTIN and lot.
const WITH_CONTENT: &str = "select c.shipment_id from box_contents c
     where c.organisation_id = $1 and ($7 is null or c.gtin = $7) and ($8 is null or c.lot = $8)";

#[derive(QueryableByName)]
struct RideRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = BigInt)]
    dev_eui: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Integer>)]
    box_number: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = diesel::sql_types::Binary)]
    evaluation: Vec<u8>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    known_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    verdict: Option<String>,
}

impl RideRow {
    fn ride(self) -> Result<Ride, StoreError> {
        let verdict = self.verdict.as_deref().map(str::parse).transpose();
        Ok(Ride {
            assignment: AssignmentId(self.id),
            shipment: ShipmentId(self.shipment_id),
            tracker: TrackerId(self.tracker_id),
            dev_eui: eui(self.dev_eui),
            name: self.name,
            in_box: self.box_number.and_then(|number| number.try_into().ok()),
            from: self.from_at,
            until: self.until_at,
            evaluation: self.evaluation,
            known_at: self.known_at,
            verdict: verdict.map_err(|error| StoreError::unreadable("verdict", error))?,
        })
    }
}
