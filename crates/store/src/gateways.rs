//! Gateways: when each of them last heard anything, and which ride in a vehicle.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::{GatewayId, OrganisationId};

use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// A gateway as its network server names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayName {
    pub organisation: OrganisationId,
    pub integration: String,
    pub name: String,
}

#[derive(Debug, Clone)]
pub struct HeardGateway {
    pub gateway: GatewayName,
    pub heard_at: DateTime<Utc>,
}

/// A gateway that was heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownGateway {
    pub id: GatewayId,
    /// It rides in a vehicle, and is within so many metres of where it says that it is.
    pub vehicle_accuracy_m: Option<u32>,
}

/// A gateway with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct StoredGateway {
    #[diesel(sql_type = Integer)]
    pub id: i32,
    #[diesel(sql_type = Text)]
    pub integration_id: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Timestamptz)]
    pub heard_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub vehicle_accuracy_m: Option<i32>,
}

/// A gateway's row is written anew only when it was heard so much later: what is judged on it is minutes.
const GATEWAY_STEP: chrono::Duration = chrono::Duration::minutes(1);

impl Connection {
    /// Notes which gateways heard something; returns them in the order of `heard`. At most one element a gateway.
    pub async fn note_gateways(&mut self, heard: &[HeardGateway]) -> Result<Vec<KnownGateway>, StoreError> {
        if heard.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = self.known_gateways(heard).await?;
        let is_news = |(gateway, known): &(&HeardGateway, &GatewayRow)| {
            known.heard_at.is_none_or(|known| gateway.heard_at >= known + GATEWAY_STEP)
        };
        let news: Vec<&HeardGateway> =
            heard.iter().zip(&known).filter(is_news).map(|(gateway, _)| gateway).collect();
        if !news.is_empty() {
            self.write_gateways(&news).await?;
        }
        if known.iter().any(|row| row.id.is_none()) {
            known = self.known_gateways(heard).await?;
        }
        known.iter().map(|row| row.known().ok_or(StoreError::NotFound)).collect()
    }

    /// The gateways that ever heard a device of a tenant, by number, those after `after`.
    pub async fn gateways(
        &mut self,
        organisation: OrganisationId,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<StoredGateway>, StoreError> {
        let rows = statement(
            "select id, integration_id, name, heard_at, vehicle_accuracy_m from gateways
             where organisation_id = $1 and id > $2 order by id limit $3",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(after.unwrap_or(0))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        Ok(rows)
    }

    /// Says that a gateway rides in a vehicle, or none. Returns what was and what is.
    pub async fn set_vehicle(
        &mut self,
        organisation: OrganisationId,
        gateway: GatewayId,
        accuracy_m: Option<u32>,
    ) -> Result<(Option<i32>, StoredGateway), StoreError> {
        let before: VehicleRow = statement(
            "select vehicle_accuracy_m from gateways where organisation_id = $1 and id = $2 for update",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(gateway.0)
        .get_result(&mut self.raw)
        .await?;
        let after = statement(
            "update gateways set vehicle_accuracy_m = $1 where id = $2
             returning id, integration_id, name, heard_at, vehicle_accuracy_m",
        )
        .bind::<Nullable<Integer>, _>(accuracy_m.and_then(|metres| i32::try_from(metres).ok()))
        .bind::<Integer, _>(gateway.0)
        .get_result(&mut self.raw)
        .await?;
        Ok((before.vehicle_accuracy_m, after))
    }

    async fn known_gateways(&mut self, heard: &[HeardGateway]) -> Result<Vec<GatewayRow>, StoreError> {
        let rows = statement(
            "select g.id, g.heard_at, g.vehicle_accuracy_m
             from unnest($1::int[], $2::text[], $3::text[])
                 with ordinality as n (organisation_id, integration_id, name, place)
             left join gateways g using (organisation_id, integration_id, name)
             order by n.place",
        )
        .bind::<Array<Integer>, _>(column(heard, |h| h.gateway.organisation.0))
        .bind::<Array<Text>, _>(column(heard, |h| h.gateway.integration.as_str()))
        .bind::<Array<Text>, _>(column(heard, |h| h.gateway.name.as_str()))
        .load(&mut self.raw)
        .await?;
        Ok(rows)
    }

    /// In one order for all, so that two batches do not wait for each other.
    async fn write_gateways(&mut self, news: &[&HeardGateway]) -> Result<(), StoreError> {
        statement(
            "insert into gateways as g (organisation_id, integration_id, name, heard_at)
             select * from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[]) order by 1, 2, 3
             on conflict (organisation_id, integration_id, name) do update set
                 heard_at = greatest(g.heard_at, excluded.heard_at)",
        )
        .bind::<Array<Integer>, _>(column(news, |h| h.gateway.organisation.0))
        .bind::<Array<Text>, _>(column(news, |h| h.gateway.integration.as_str()))
        .bind::<Array<Text>, _>(column(news, |h| h.gateway.name.as_str()))
        .bind::<Array<Timestamptz>, _>(column(news, |h| h.heard_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct GatewayRow {
    #[diesel(sql_type = Nullable<Integer>)]
    id: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    heard_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    vehicle_accuracy_m: Option<i32>,
}

impl GatewayRow {
    fn known(&self) -> Option<KnownGateway> {
        let vehicle_accuracy_m = self.vehicle_accuracy_m.map(i32::unsigned_abs);
        Some(KnownGateway { id: GatewayId(self.id?), vehicle_accuracy_m })
    }
}

#[derive(QueryableByName)]
struct VehicleRow {
    #[diesel(sql_type = Nullable<Integer>)]
    vehicle_accuracy_m: Option<i32>,
}
