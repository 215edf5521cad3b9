//! Alerts: one row an episode or subject; raised, amended and ended in batches.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::alert::{AlertKind, LiveAlert, Severity};
use domain::{AlertId, AssignmentId, OrganisationId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct NewAlert {
    pub id: AlertId,
    pub organisation: OrganisationId,
    pub shipment: Option<ShipmentId>,
    pub assignment: Option<AssignmentId>,
    pub tracker: Option<TrackerId>,
    /// What the alert is about where that is no assignment, such as an integration's id.
    pub subject: Option<String>,
    /// What it is about within its shipment: the key of a finding about custody.
    pub finding: Option<String>,
    /// What a person should know of it, in words.
    pub detail: Option<String>,
    pub kind: AlertKind,
    /// The name of the profile's alarm.
    pub alarm: Option<String>,
    pub severity: Severity,
    pub episode: Episode,
}

/// The times and figures of an alert's episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Episode {
    pub began_at: DateTime<Utc>,
    pub alarmed_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub exposure_s: Option<i64>,
    /// In hundredths of the alarm's unit.
    pub extreme: Option<i32>,
}

/// How an alert ends by data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Closed,
    Withdrawn,
    MergedInto(AlertId),
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
            Self::MergedInto(_) => "merged",
        }
    }

    fn into_alert(self) -> Option<Uuid> {
        match self {
            Self::MergedInto(alert) => Some(alert.0),
            Self::Closed | Self::Withdrawn => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Amendment {
    pub id: AlertId,
    pub severity: Severity,
    pub episode: Episode,
    /// The severity rose: an earlier acknowledgement no longer covers it.
    pub reopen: bool,
    /// None: as before.
    pub detail: Option<String>,
}

#[derive(Debug, Clone)]
pub struct EndedAlert {
    pub id: AlertId,
    pub ending: Ending,
    pub ended_at: Option<DateTime<Utc>>,
    pub reason: String,
}

impl Connection {
    /// Raises alerts; one whose subject has an open alert of that kind already is left out. Returns the raised.
    pub async fn raise_alerts(
        &mut self,
        alerts: &[NewAlert],
        now: DateTime<Utc>,
    ) -> Result<Vec<AlertId>, StoreError> {
        #[derive(QueryableByName)]
        struct Raised {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        if alerts.is_empty() {
            return Ok(Vec::new());
        }
        let raised: Vec<Raised> = sql_query(
            "insert into alerts (id, organisation_id, shipment_id, assignment_id, tracker_id, subject, kind, alarm,
                 severity, began_at, alarmed_at, ended_at, exposure_s, extreme, finding, detail, created_at)
             select *, $17::timestamptz from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[], $5::int[],
                 $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[],
                 $12::timestamptz[], $13::bigint[], $14::int[], $15::text[], $16::text[])
             on conflict (organisation_id, kind, subject)
                 where subject is not null and closed_as is null and acknowledged_at is null do nothing
             returning id",
        )
        .bind::<Array<SqlUuid>, _>(column(alerts, |a| a.id.0))
        .bind::<Array<Integer>, _>(column(alerts, |a| a.organisation.0))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(alerts, |a| a.shipment.map(|id| id.0)))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(alerts, |a| a.assignment.map(|id| id.0)))
        .bind::<Array<Nullable<Integer>>, _>(column(alerts, |a| a.tracker.map(|id| id.0)))
        .bind::<Array<Nullable<Text>>, _>(column(alerts, |a| a.subject.as_deref()))
        .bind::<Array<Text>, _>(column(alerts, |a| a.kind.to_string()))
        .bind::<Array<Nullable<Text>>, _>(column(alerts, |a| a.alarm.as_deref()))
        .bind::<Array<Text>, _>(column(alerts, |a| a.severity.to_string()))
        .bind::<Array<Timestamptz>, _>(column(alerts, |a| a.episode.began_at))
        .bind::<Array<Timestamptz>, _>(column(alerts, |a| a.episode.alarmed_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(alerts, |a| a.episode.ended_at))
        .bind::<Array<Nullable<BigInt>>, _>(column(alerts, |a| a.episode.exposure_s))
        .bind::<Array<Nullable<Integer>>, _>(column(alerts, |a| a.episode.extreme))
        .bind::<Array<Nullable<Text>>, _>(column(alerts, |a| a.finding.as_deref()))
        .bind::<Array<Nullable<Text>>, _>(column(alerts, |a| a.detail.as_deref()))
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        Ok(raised.into_iter().map(|row| AlertId(row.id)).collect())
    }

    /// One that is open anew, or of another severity, is told to those on call as such.
    pub async fn amend_alerts(
        &mut self,
        amendments: &[Amendment],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if amendments.is_empty() {
            return Ok(());
        }
        sql_query(
            "update alerts a set severity = n.severity, began_at = n.began_at, alarmed_at = n.alarmed_at,
                 ended_at = n.ended_at, exposure_s = n.exposure_s, extreme = n.extreme,
                 detail = coalesce(n.detail, a.detail),
                 acknowledged_at = case when n.reopen then null else a.acknowledged_at end,
                 acknowledged_by = case when n.reopen then null else a.acknowledged_by end,
                 acknowledge_reason = case when n.reopen then null else a.acknowledge_reason end,
                 reopened_at = case when n.reopen then $10 else a.reopened_at end,
                 escalate_at = case when n.reopen or n.severity <> a.severity then '-infinity' else a.escalate_at end
             from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
                 $6::bigint[], $7::int[], $8::boolean[], $9::text[])
                 as n (id, severity, began_at, alarmed_at, ended_at, exposure_s, extreme, reopen, detail)
             where a.id = n.id",
        )
        .bind::<Array<SqlUuid>, _>(column(amendments, |a| a.id.0))
        .bind::<Array<Text>, _>(column(amendments, |a| a.severity.to_string()))
        .bind::<Array<Timestamptz>, _>(column(amendments, |a| a.episode.began_at))
        .bind::<Array<Timestamptz>, _>(column(amendments, |a| a.episode.alarmed_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(amendments, |a| a.episode.ended_at))
        .bind::<Array<Nullable<BigInt>>, _>(column(amendments, |a| a.episode.exposure_s))
        .bind::<Array<Nullable<Integer>>, _>(column(amendments, |a| a.episode.extreme))
        .bind::<Array<diesel::sql_types::Bool>, _>(column(amendments, |a| a.reopen))
        .bind::<Array<Nullable<Text>>, _>(column(amendments, |a| a.detail.as_deref()))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    pub async fn end_alerts(&mut self, ended: &[EndedAlert], now: DateTime<Utc>) -> Result<(), StoreError> {
        if ended.is_empty() {
            return Ok(());
        }
        sql_query(
            "update alerts a set closed_as = n.closed_as, merged_into = n.merged_into, closed_reason = n.reason,
                 ended_at = coalesce(n.ended_at, a.ended_at), closed_at = $6
             from unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::text[])
                 as n (id, closed_as, merged_into, ended_at, reason)
             where a.id = n.id and a.closed_as is null",
        )
        .bind::<Array<SqlUuid>, _>(column(ended, |e| e.id.0))
        .bind::<Array<Text>, _>(column(ended, |e| e.ending.word()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(ended, |e| e.ending.into_alert()))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(ended, |e| e.ended_at))
        .bind::<Array<Text>, _>(column(ended, |e| e.reason.as_str()))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The live alerts of the given assignments' alarms, locked until the transaction ends: those that are still
    /// unsettled from the given instants on ([`LiveAlert::is_unsettled`]).
    pub async fn lock_live_alerts(
        &mut self,
        assignments: &[(AssignmentId, Option<DateTime<Utc>>)],
    ) -> Result<Vec<(AssignmentId, LiveAlert)>, StoreError> {
        let rows: Vec<LiveRow> = statement(
            "select id, al.assignment_id, alarm, severity, began_at, alarmed_at, ended_at, exposure_s, extreme,
                 acknowledged_at is not null as acknowledged
             from alerts al
             join unnest($1::uuid[], $2::timestamptz[]) as n (assignment_id, settled_until)
                 on n.assignment_id = al.assignment_id
             where alarm is not null and closed_as is null
                 and (ended_at is null or n.settled_until is null or ended_at >= n.settled_until)
             order by id for update of al",
        )
        .bind::<Array<SqlUuid>, _>(column(assignments, |(id, _)| id.0))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(assignments, |(_, settled_until)| *settled_until))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(LiveRow::alert).collect()
    }

    /// Silence alerts of trackers that reported again, in a later second than the one since which they are silent:
    /// closed at the instant of that report. Returns whose they were.
    pub async fn close_silence_alerts(
        &mut self,
        reported: &[(TrackerId, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, AlertId, ShipmentId)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
        }
        let rows: Vec<Row> = statement(
            "update alerts a set closed_as = 'closed', closed_at = $1, closed_reason = 'it reports again',
                 ended_at = r.at
             from unnest($2::int[], $3::timestamptz[]) as r (tracker_id, at)
             where a.tracker_id = r.tracker_id and a.kind = 'silence' and a.closed_as is null
                 and date_trunc('second', r.at) > a.began_at
             returning a.organisation_id, a.id, a.shipment_id",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Integer>, _>(column(reported, |(tracker, _)| tracker.0))
        .bind::<Array<Timestamptz>, _>(column(reported, |(_, at)| *at))
        .load(&mut self.raw)
        .await?;
        let one =
            |row: Row| (OrganisationId(row.organisation_id), AlertId(row.id), ShipmentId(row.shipment_id));
        Ok(rows.into_iter().map(one).collect())
    }

    /// The silence alert of a ride that has ended: nobody waits for its tracker any more. One that began only after the
    /// end is withdrawn.
    pub async fn close_silence_of(
        &mut self,
        ride: AssignmentId,
        ended_at: DateTime<Utc>,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<AlertId>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let rows: Vec<Row> = sql_query(
            "update alerts set closed_as = case when began_at < $2 then 'closed' else 'withdrawn' end,
                 ended_at = case when began_at < $2 then $2 end, closed_at = $4, closed_reason = $3
             where assignment_id = $1 and kind = 'silence' and closed_as is null returning id",
        )
        .bind::<SqlUuid, _>(ride.0)
        .bind::<Timestamptz, _>(ended_at)
        .bind::<Text, _>(reason)
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(|row| AlertId(row.id)).collect())
    }
}

#[derive(QueryableByName)]
pub(crate) struct EpisodeRow {
    #[diesel(sql_type = Timestamptz)]
    began_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    alarmed_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    exposure_s: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    extreme: Option<i32>,
}

impl EpisodeRow {
    pub(crate) fn episode(&self) -> Episode {
        let Self { began_at, alarmed_at, ended_at, exposure_s, extreme } = *self;
        Episode { began_at, alarmed_at, ended_at, exposure_s, extreme }
    }
}

pub(crate) fn parse_kind(text: &str) -> Result<AlertKind, StoreError> {
    text.parse().map_err(|error| StoreError::unreadable("alert kind", error))
}

pub(crate) fn parse_severity(text: &str) -> Result<Severity, StoreError> {
    text.parse().map_err(|error| StoreError::unreadable("severity", error))
}

#[derive(QueryableByName)]
struct LiveRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    assignment_id: Uuid,
    #[diesel(sql_type = Text)]
    alarm: String,
    #[diesel(sql_type = Text)]
    severity: String,
    #[diesel(embed)]
    episode: EpisodeRow,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    acknowledged: bool,
}

impl LiveRow {
    fn alert(self) -> Result<(AssignmentId, LiveAlert), StoreError> {
        let alert = LiveAlert {
            id: AlertId(self.id),
            alarm: self.alarm,
            severity: parse_severity(&self.severity)?,
            acknowledged: self.acknowledged,
            began_at: self.episode.began_at,
            alarmed_at: self.episode.alarmed_at,
            ended_at: self.episode.ended_at,
            exposure_s: self.episode.exposure_s.unwrap_or_default(),
            extreme: self.episode.extreme.unwrap_or_default(),
        };
        Ok((AssignmentId(self.assignment_id), alert))
    }
}
