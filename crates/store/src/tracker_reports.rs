//! What trackers last said of themselves.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Jsonb, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::tracker_report::{Setup, Status};
use domain::{OrganisationId, TrackerId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Connection, StoreError};

/// What a tracker said, and when the network received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerReport<T> {
    pub organisation: OrganisationId,
    pub received_at: DateTime<Utc>,
    pub said: T,
}

pub type TrackerReports<T> = BTreeMap<TrackerId, TrackerReport<T>>;

impl Connection {
    /// Keeps how each tracker is; what was received before what is kept stays away.
    pub async fn keep_statuses(&mut self, statuses: &TrackerReports<Status>) -> Result<(), StoreError> {
        self.keep_reports("status", statuses).await
    }

    /// Keeps what is in force with each tracker, in the same way.
    pub async fn keep_setups(&mut self, setups: &TrackerReports<Setup>) -> Result<(), StoreError> {
        self.keep_reports("setup", setups).await
    }

    async fn keep_reports<T: Serialize>(
        &mut self,
        kind: &'static str,
        reports: &TrackerReports<T>,
    ) -> Result<(), StoreError> {
        if reports.is_empty() {
            return Ok(());
        }
        let said = reports.values().map(|report| serde_json::to_value(&report.said)).collect();
        let said: Result<Vec<serde_json::Value>, _> = said;
        sql_query(format!(
            "insert into tracker_reports as r (tracker_id, organisation_id, {kind}, {kind}_at)
             select * from unnest($1::int[], $2::int[], $3::jsonb[], $4::timestamptz[])
             on conflict (tracker_id) do update set {kind} = excluded.{kind}, {kind}_at = excluded.{kind}_at
                 where r.{kind}_at is null or r.{kind}_at < excluded.{kind}_at"
        ))
        .bind::<Array<Integer>, _>(reports.keys().map(|tracker| tracker.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(reports.values().map(|report| report.organisation.0).collect::<Vec<_>>())
        .bind::<Array<Jsonb>, _>(said.map_err(|error| StoreError::unreadable(kind, error))?)
        .bind::<Array<Timestamptz>, _>(reports.values().map(|report| report.received_at).collect::<Vec<_>>())
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

pub(crate) fn report<T: DeserializeOwned>(
    organisation: OrganisationId,
    kept: Option<(serde_json::Value, DateTime<Utc>)>,
) -> Result<Option<TrackerReport<T>>, StoreError> {
    let Some((said, received_at)) = kept else { return Ok(None) };
    let said = serde_json::from_value(said).map_err(|error| StoreError::unreadable("report", error))?;
    Ok(Some(TrackerReport { organisation, received_at, said }))
}
