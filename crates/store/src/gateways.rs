//! Gateways: when each of them last heard anything.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz};
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

/// A gateway's row is written anew only when it was heard so much later: what is judged on it is minutes.
const GATEWAY_STEP: chrono::Duration = chrono::Duration::minutes(1);

impl Connection {
    /// Notes which gateways heard something; returns their ids, in the order of `heard`. At most one element a gateway.
    pub async fn note_gateways(&mut self, heard: &[HeardGateway]) -> Result<Vec<GatewayId>, StoreError> {
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
        known.into_iter().map(|row| row.id.map(GatewayId).ok_or(StoreError::NotFound)).collect()
    }

    async fn known_gateways(&mut self, heard: &[HeardGateway]) -> Result<Vec<GatewayRow>, StoreError> {
        let rows = statement(
            "select g.id, g.heard_at
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
}
