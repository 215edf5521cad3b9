//! Quality's decisions on shipments: signatures with what they were given on. Only added to.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::evaluate::Verdict;
use domain::shipment::{Disposition, Flaws, HoldReason};
use domain::{DispositionId, OrganisationId, ShipmentId, UserId};
use uuid::Uuid;

use crate::shipments::parse_hold;
use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// A decision as it is signed.
#[derive(Debug, Clone)]
pub struct Decision {
    pub decision: Disposition,
    /// Of a release: it ends the hold for a recall, too.
    pub lifts_recall: bool,
    /// The signer's e-mail address then.
    pub printed_name: String,
    pub meaning: String,
    pub reason: String,
    pub at: DateTime<Utc>,
    /// The hold that it settles.
    pub hold: Option<HoldReason>,
    /// The assessment that it was taken on; None without a tracker.
    pub verdict: Option<Verdict>,
    /// That assessment in full.
    pub assessment: serde_json::Value,
    /// The name of what was known.
    pub digest: String,
}

/// A decision as it is kept.
#[derive(Debug, Clone)]
pub struct KeptDecision {
    pub id: DispositionId,
    pub shipment: ShipmentId,
    pub decision: Decision,
}

impl Connection {
    /// Adds a decision, which is the shipment's last one from now on. The shipment must be the organisation's.
    pub async fn add_disposition(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        by: UserId,
        decision: &Decision,
        flaws: &Flaws,
    ) -> Result<DispositionId, StoreError> {
        let id = Uuid::now_v7();
        let flaws = serde_json::to_value(flaws).map_err(|error| StoreError::unreadable("flaws", error))?;
        statement(
            "insert into dispositions (id, organisation_id, shipment_id, decision, lifts_recall, decided_by,
                 printed_name, meaning, reason, decided_at, hold, verdict, assessment, digest, flaws)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind::<SqlUuid, _>(id)
        .bind::<Integer, _>(organisation.0)
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Text, _>(decision.decision.as_str())
        .bind::<Bool, _>(decision.lifts_recall)
        .bind::<SqlUuid, _>(by.0)
        .bind::<Text, _>(decision.printed_name.as_str())
        .bind::<Text, _>(decision.meaning.as_str())
        .bind::<Text, _>(decision.reason.as_str())
        .bind::<Timestamptz, _>(decision.at)
        .bind::<Nullable<Text>, _>(decision.hold.map(HoldReason::as_str))
        .bind::<Nullable<Text>, _>(decision.verdict.map(Verdict::as_str))
        .bind::<Jsonb, _>(decision.assessment.clone())
        .bind::<Text, _>(decision.digest.as_str())
        .bind::<Jsonb, _>(flaws)
        .execute(&mut self.raw)
        .await?;
        statement("update shipments set disposition_id = $1 where id = $2")
            .bind::<SqlUuid, _>(id)
            .bind::<SqlUuid, _>(shipment.0)
            .execute(&mut self.raw)
            .await?;
        Ok(DispositionId(id))
    }

    /// The decisions on a shipment, the latest first.
    pub async fn dispositions(
        &mut self,
        shipment: ShipmentId,
        before: Option<(DateTime<Utc>, DispositionId)>,
        limit: i64,
    ) -> Result<Vec<KeptDecision>, StoreError> {
        let (before_at, before_id) = before.map(|(at, id)| (at, id.0)).unzip();
        let rows: Vec<Row> = sql_query(format!(
            "{DECISION} where d.shipment_id = $1 and ($2 is null or (d.decided_at, d.id) < ($2, $3))
             order by d.decided_at desc, d.id desc limit $4"
        ))
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(Row::decision).collect()
    }

    /// The last decision on each of the given shipments that has one.
    pub async fn last_dispositions(
        &mut self,
        shipments: &[ShipmentId],
    ) -> Result<HashMap<ShipmentId, KeptDecision>, StoreError> {
        let rows: Vec<Row> =
            sql_query(format!("{DECISION} join shipments s on s.disposition_id = d.id where s.id = any($1)"))
                .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
                .load(&mut self.raw)
                .await?;
        let decided = rows.into_iter().map(|row| Ok((ShipmentId(row.shipment_id), row.decision()?)));
        decided.collect()
    }

    /// What the last decision on a shipment covers; None where there is none.
    pub async fn settled_flaws(&mut self, shipment: ShipmentId) -> Result<Option<Flaws>, StoreError> {
        #[derive(QueryableByName)]
        struct FlawsRow {
            #[diesel(sql_type = Jsonb)]
            flaws: serde_json::Value,
        }
        let rows: Vec<FlawsRow> = statement(
            "select d.flaws from shipments s join dispositions d on d.id = s.disposition_id where s.id = $1",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .load(&mut self.raw)
        .await?;
        let read = |row: FlawsRow| {
            serde_json::from_value(row.flaws).map_err(|error| StoreError::unreadable("flaws", error))
        };
        rows.into_iter().next().map(read).transpose()
    }
}

const DECISION: &str =
    "select d.id, d.shipment_id, d.decision, d.lifts_recall, d.printed_name, d.meaning, d.reason,
         d.decided_at, d.hold, d.verdict, d.assessment, d.digest
     from dispositions d";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Text)]
    decision: String,
    #[diesel(sql_type = Bool)]
    lifts_recall: bool,
    #[diesel(sql_type = Text)]
    printed_name: String,
    #[diesel(sql_type = Text)]
    meaning: String,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Timestamptz)]
    decided_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    hold: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    verdict: Option<String>,
    #[diesel(sql_type = Jsonb)]
    assessment: serde_json::Value,
    #[diesel(sql_type = Text)]
    digest: String,
}

impl Row {
    fn decision(self) -> Result<KeptDecision, StoreError> {
        let verdict = self.verdict.as_deref().map(str::parse).transpose();
        let decision = Decision {
            decision: self.decision.parse().map_err(|error| StoreError::unreadable("decision", error))?,
            lifts_recall: self.lifts_recall,
            printed_name: self.printed_name,
            meaning: self.meaning,
            reason: self.reason,
            at: self.decided_at,
            hold: parse_hold(self.hold)?,
            verdict: verdict.map_err(|error| StoreError::unreadable("verdict", error))?,
            assessment: self.assessment,
            digest: self.digest,
        };
        Ok(KeptDecision { id: DispositionId(self.id), shipment: ShipmentId(self.shipment_id), decision })
    }
}
