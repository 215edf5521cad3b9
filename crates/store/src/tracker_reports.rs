//! What trackers last said of themselves.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::downlink::Command;
use domain::tracker_report::{Setup, Status};
use domain::{DevEui, OrganisationId, TrackerId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::downlinks::{EndedRow, end_those};
use crate::missing::{number, stored};
use crate::trackers::column;
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

    /// Ends the downlinks that setups name, which is the proof that they were obeyed: in any order, and whatever networks said
    /// of them. Of lower numbers it proves nothing, since one that was lost leaves no trace. Returns whose they were.
    pub async fn confirm_downlinks(
        &mut self,
        named: &[(TrackerId, u32)],
        now: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, DevEui)>, StoreError> {
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let found = "select distinct d.tracker_id, d.number, 'acknowledged' as state, null::text as reason
             from unnest($3::int[], $4::int[]) as n (tracker_id, number)
             join downlinks d on d.tracker_id = n.tracker_id and d.number = n.number and d.state <> 'acknowledged'";
        let rows: Vec<EndedRow> = sql_query(end_those(found))
            .bind::<Timestamptz, _>(now)
            // Nobody is paused by what was obeyed.
            .bind::<Timestamptz, _>(now)
            .bind::<Array<Integer>, _>(column(named, |(tracker, _)| tracker.0))
            .bind::<Array<Integer>, _>(column(named, |(_, number)| stored(*number)))
            .load(&mut self.raw)
            .await?;
        Ok(rows.into_iter().map(EndedRow::whose).collect())
    }

    /// Ends the downlinks that the trackers did not obey, by setups that are later than those that are kept: what is on its
    /// way below a number that was obeyed, and what a network says came, but lies above the last one that was obeyed, long
    /// after it came. A tracker that has lost its memory refused nothing. Returns whose they were.
    pub async fn refuse_downlinks(
        &mut self,
        setups: &TrackerReports<Setup>,
        paused_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, DevEui)>, StoreError> {
        if setups.is_empty() {
            return Ok(Vec::new());
        }
        let found = "select d.tracker_id, d.number, 'refused' as state,
                 'the last one that the tracker says it obeyed is number ' || n.obeyed as reason
             from unnest($3::int[], $4::int[], $5::timestamptz[]) as n (tracker_id, obeyed, at)
             left join tracker_reports r on r.tracker_id = n.tracker_id
             join downlinks d on d.tracker_id = n.tracker_id
             where (r.setup_at is null or r.setup_at < n.at)
                 and ((d.ended_at is null and d.number < n.obeyed)
                     or (d.state = 'acknowledged' and d.number > n.obeyed and d.ended_at < n.at
                         and n.obeyed >= coalesce((r.setup ->> 'downlink')::int, 0)))";
        let setups: Vec<_> = setups.iter().collect();
        let rows: Vec<EndedRow> = sql_query(end_those(found))
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(paused_until)
            .bind::<Array<Integer>, _>(column(&setups, |(tracker, _)| tracker.0))
            .bind::<Array<Integer>, _>(column(&setups, |(_, setup)| stored(setup.said.downlink)))
            .bind::<Array<Timestamptz>, _>(column(&setups, |(_, setup)| setup.received_at))
            .load(&mut self.raw)
            .await?;
        Ok(rows.into_iter().map(EndedRow::whose).collect())
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
    Ok(Some(TrackerReport { organisation, received_at, said: read(said)? }))
}

/// What is in force with a tracker by its last word of it, and what told it its limits last.
#[derive(Debug, Clone)]
pub struct InForce {
    pub setup: Setup,
    pub received_at: DateTime<Utc>,
    pub told: Option<ToldDownlink>,
}

/// A downlink that told a tracker its limits.
#[derive(Debug, Clone)]
pub struct ToldDownlink {
    pub number: u32,
    pub commands: Vec<Command>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// As `setups_in_force` has it.
#[derive(QueryableByName)]
pub(crate) struct InForceRow {
    #[diesel(sql_type = Nullable<Jsonb>)]
    setup: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    setup_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    told_number: Option<i32>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    told_commands: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    told_ended_at: Option<DateTime<Utc>>,
}

impl InForceRow {
    pub(crate) fn in_force(self) -> Result<Option<InForce>, StoreError> {
        let Some((setup, received_at)) = self.setup.zip(self.setup_at) else { return Ok(None) };
        let ended_at = self.told_ended_at;
        let told = self.told_number.zip(self.told_commands).map(|(told, commands)| {
            Ok::<_, StoreError>(ToldDownlink { number: number(told)?, commands: read(commands)?, ended_at })
        });
        Ok(Some(InForce { setup: read(setup)?, received_at, told: told.transpose()? }))
    }
}

fn read<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::unreadable("report", error))
}
