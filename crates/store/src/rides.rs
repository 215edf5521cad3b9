//! Rides: the trackers that travel with shipments, each for an interval of time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::evaluate::Verdict;
use domain::shipment::ShipmentStatus;
use domain::{AssignmentId, DevEui, OrganisationId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::boxes::number_column;
use crate::schema::{assignments, shipments, trackers};
use crate::trackers::{column, eui};
use crate::{Connection, StoreError};

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

impl Connection {
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
}

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
