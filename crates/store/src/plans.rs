//! The plans of shipments: their legs, and who has to do with them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::plan::{Leg, Plan, TimeWindow};
use domain::{LaneId, OrganisationId, PlaceId, ShipmentId, TrackerId, UserId};
use uuid::Uuid;

use crate::trackers::column;
use crate::{Connection, StoreError};

/// A plan, and when it was made.
#[derive(Debug, Clone)]
pub struct StoredPlan {
    pub plan: Plan,
    pub planned_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct LegRow {
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Integer)]
    consignee_id: i32,
    #[diesel(sql_type = Timestamptz)]
    planned_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    lane_id: Option<Uuid>,
    #[diesel(sql_type = SqlUuid)]
    from_place_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    to_place_id: Uuid,
    #[diesel(sql_type = Integer)]
    carrier_id: i32,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    courier_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    pick_up_from: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pick_up_to: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    delivery_from: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    delivery_to: DateTime<Utc>,
}

impl LegRow {
    fn leg(&self) -> Result<Leg, StoreError> {
        Ok(Leg {
            number: u32::try_from(self.number).map_err(|error| StoreError::unreadable("leg", error))?,
            lane: self.lane_id.map(LaneId),
            from: PlaceId(self.from_place_id),
            to: PlaceId(self.to_place_id),
            carrier: OrganisationId(self.carrier_id),
            courier: self.courier_id.map(UserId),
            pick_up: TimeWindow { from: self.pick_up_from, to: self.pick_up_to },
            delivery: TimeWindow { from: self.delivery_from, to: self.delivery_to },
        })
    }
}

impl Connection {
    /// Puts a plan in the place of the former one. Its carriers and consignee become parties of the shipment; those of
    /// a former plan stay, for they may have had it in custody.
    pub async fn set_plan(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        plan: &Plan,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into plans (shipment_id, organisation_id, consignee_id, planned_at, planned_by)
             values ($1, $2, $3, $4, $5) on conflict (shipment_id) do update
             set consignee_id = excluded.consignee_id, planned_at = excluded.planned_at,
                 planned_by = excluded.planned_by",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(plan.consignee().0)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(by.0)
        .execute(&mut self.raw)
        .await?;
        sql_query("delete from legs where shipment_id = $1")
            .bind::<SqlUuid, _>(shipment.0)
            .execute(&mut self.raw)
            .await?;
        self.add_legs(organisation, shipment, plan.legs()).await?;
        let parties: Vec<_> = plan.parties().into_iter().filter(|party| *party != organisation).collect();
        self.add_parties(shipment, &parties, now).await
    }

    async fn add_legs(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        legs: &[Leg],
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into legs (shipment_id, organisation_id, number, lane_id, from_place_id, to_place_id, carrier_id,
                 courier_id, pick_up_from, pick_up_to, delivery_from, delivery_to)
             select $1, $2, n.* from unnest($3::int[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $8::uuid[],
                 $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[]) as n",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Array<Integer>, _>(column(legs, |leg| leg.number.cast_signed()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(legs, |leg| leg.lane.map(|lane| lane.0)))
        .bind::<Array<SqlUuid>, _>(column(legs, |leg| leg.from.0))
        .bind::<Array<SqlUuid>, _>(column(legs, |leg| leg.to.0))
        .bind::<Array<Integer>, _>(column(legs, |leg| leg.carrier.0))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(legs, |leg| leg.courier.map(|courier| courier.0)))
        .bind::<Array<Timestamptz>, _>(column(legs, |leg| leg.pick_up.from))
        .bind::<Array<Timestamptz>, _>(column(legs, |leg| leg.pick_up.to))
        .bind::<Array<Timestamptz>, _>(column(legs, |leg| leg.delivery.from))
        .bind::<Array<Timestamptz>, _>(column(legs, |leg| leg.delivery.to))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Of those shipments the plans that there are.
    pub async fn plans_of(
        &mut self,
        shipments: &[ShipmentId],
    ) -> Result<HashMap<ShipmentId, StoredPlan>, StoreError> {
        if shipments.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<LegRow> = sql_query(
            "select l.shipment_id, p.consignee_id, p.planned_at, l.number, l.lane_id, l.from_place_id, l.to_place_id,
                 l.carrier_id, l.courier_id, l.pick_up_from, l.pick_up_to, l.delivery_from, l.delivery_to
             from legs l join plans p on p.shipment_id = l.shipment_id
             where l.shipment_id = any($1) order by l.shipment_id, l.number",
        )
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .load(&mut self.raw)
        .await?;
        let mut plans = HashMap::new();
        for legs in rows.chunk_by(|one, next| one.shipment_id == next.shipment_id) {
            let Some(first) = legs.first() else { continue };
            let of_plan: Result<Vec<Leg>, StoreError> = legs.iter().map(LegRow::leg).collect();
            let plan = Plan::kept(OrganisationId(first.consignee_id), of_plan?);
            plans.insert(ShipmentId(first.shipment_id), StoredPlan { plan, planned_at: first.planned_at });
        }
        Ok(plans)
    }

    pub async fn plan(&mut self, shipment: ShipmentId) -> Result<Option<StoredPlan>, StoreError> {
        Ok(self.plans_of(&[shipment]).await?.remove(&shipment))
    }

    /// The names of those that are the tenant or its partners; others are left out.
    pub async fn circle_names(
        &mut self,
        tenant: OrganisationId,
        organisations: &[OrganisationId],
    ) -> Result<HashMap<OrganisationId, String>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            id: i32,
            #[diesel(sql_type = Text)]
            name: String,
        }
        let rows: Vec<Row> =
            sql_query("select id, name from organisations where id = any($1) and (id = $2 or host_id = $2)")
                .bind::<Array<Integer>, _>(column(organisations, |id| id.0))
                .bind::<Integer, _>(tenant.0)
                .load(&mut self.raw)
                .await?;
        Ok(rows.into_iter().map(|row| (OrganisationId(row.id), row.name)).collect())
    }

    /// To which organisation each of the enabled users belongs; others are left out.
    pub async fn organisations_of_users(
        &mut self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, OrganisationId>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
        }
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<Row> =
            sql_query("select id, organisation_id from users where id = any($1) and disabled_at is null")
                .bind::<Array<SqlUuid>, _>(column(users, |id| id.0))
                .load(&mut self.raw)
                .await?;
        Ok(rows.into_iter().map(|row| (UserId(row.id), OrganisationId(row.organisation_id))).collect())
    }

    /// With which shipments under way trackers ride at `now`.
    pub async fn shipments_of_trackers(
        &mut self,
        trackers: &[TrackerId],
        now: DateTime<Utc>,
    ) -> Result<Vec<(TrackerId, OrganisationId, ShipmentId)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            tracker_id: i32,
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
        }
        if trackers.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = sql_query(
            "select a.tracker_id, a.organisation_id, a.shipment_id from assignments a
             where a.tracker_id = any($1) and a.from_at <= $2 and (a.until_at is null or a.until_at > $2)",
        )
        .bind::<Array<Integer>, _>(column(trackers, |id| id.0))
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| {
            (TrackerId(row.tracker_id), OrganisationId(row.organisation_id), ShipmentId(row.shipment_id))
        };
        Ok(rows.into_iter().map(one).collect())
    }
}
