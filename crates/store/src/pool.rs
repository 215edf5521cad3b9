//! The tracker pool: who is out, and who is back. What that makes of a tracker is the domain's to say.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::pool::{LastRide, PoolState, Whereabouts};
use domain::tracker_report::{Sensed, Status};
use domain::{DevEui, OrganisationId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::statement::statement;
use crate::tracker_reports::{InForce, InForceRow, TrackerReport, report};
use crate::trackers::{Tracker, TrackerRow, stored_eui};
use crate::{Connection, StoreError};

/// A tracker with what is known of its whereabouts.
#[derive(Debug, Clone)]
pub struct PooledTracker {
    pub tracker: Tracker,
    pub whereabouts: Whereabouts,
    /// The shipment of its last ride, and its reference.
    pub last_shipment: Option<(ShipmentId, String)>,
    /// Network receive time of its latest uplink.
    pub heard_at: Option<DateTime<Utc>>,
    /// What it last said of itself.
    pub status: Option<TrackerReport<Status>>,
    pub in_force: Option<InForce>,
    pub restart: Option<Restart>,
    /// What it told last, each by itself.
    pub sensed: Option<Sensed>,
}

/// The last restart that a tracker wrote down.
#[derive(Debug, Clone, Copy)]
pub struct Restart {
    /// By its clock; none where it did not know the time, as after most restarts.
    pub at: Option<DateTime<Utc>>,
    /// When the network received word of it.
    pub received_at: DateTime<Utc>,
}

const POOLED: &str =
    "select t.id, t.organisation_id, t.dev_eui, t.name, t.codec, t.interval_s, t.mapping, t.returned_at, t.lost_at,
         l.heard_at, r.from_at, r.until_at, r.days_to_return, r.shipment_id, r.reference, o.status, o.status_at, f.setup,
         f.setup_at, f.told_number, f.told_commands, f.told_ended_at, n.at as restarted_at,
         n.received_at as restart_received_at, q.sensed
     from trackers t
     left join tracker_states l on l.tracker_id = t.id
     left join tracker_reports o on o.tracker_id = t.id
     left join setups_in_force f on f.tracker_id = t.id
     left join lateral (select at, received_at from tracker_log g where g.tracker_id = t.id and g.kind = 'restarted'
         order by g.number desc limit 1) n on true
     left join lateral (select jsonb_object_agg(e.key, e.value) || jsonb_build_object('at', max(e.at)) as sensed
         from (select distinct on (v.key) v.key, v.value, m.at
             from (select at, sensed from tracker_senses x where x.tracker_id = t.id
                 order by x.at desc, x.sensed desc limit 24) m
             cross join lateral jsonb_each(m.sensed) v order by v.key, m.at desc, v.value desc) e) q on true
     left join lateral (select a.from_at, a.until_at, s.days_to_return, s.id as shipment_id, s.reference
         from assignments a join shipments s on s.id = a.shipment_id and s.status <> 'cancelled'
         where a.tracker_id = t.id order by a.until_at desc nulls first, a.from_at desc limit 1) r on true";

impl Connection {
    /// Trackers of one organisation in the order of their DevEUIs, after `after`.
    pub async fn pooled_trackers(
        &mut self,
        organisation: OrganisationId,
        after: Option<DevEui>,
        limit: i64,
    ) -> Result<Vec<PooledTracker>, StoreError> {
        let rows: Vec<Row> = sql_query(format!(
            "{POOLED} where t.organisation_id = $1 and ($2 is null or t.dev_eui > $2) order by t.dev_eui limit $3"
        ))
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<BigInt>, _>(after.map(stored_eui))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(Row::tracker).collect()
    }

    pub async fn pooled_tracker(
        &mut self,
        organisation: OrganisationId,
        dev_eui: DevEui,
    ) -> Result<PooledTracker, StoreError> {
        let rows: Vec<Row> = sql_query(format!("{POOLED} where t.organisation_id = $1 and t.dev_eui = $2"))
            .bind::<Integer, _>(organisation.0)
            .bind::<BigInt, _>(stored_eui(dev_eui))
            .load(&mut self.raw)
            .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.tracker()
    }

    /// The trackers of all organisations that must be back by now and are not, in the order of their ids. Of one that is
    /// lost nobody waits for the return.
    pub async fn overdue_trackers(&mut self, now: DateTime<Utc>) -> Result<Vec<PooledTracker>, StoreError> {
        // None may take less than a day.
        let rows: Vec<Row> = sql_query(format!(
            "{POOLED} where r.until_at <= $1 - interval '1 day'
                 and (t.returned_at is null or t.returned_at < r.until_at) order by t.id"
        ))
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        let mut those = rows.into_iter().map(Row::tracker).collect::<Result<Vec<_>, _>>()?;
        those.retain(|pooled| pooled.whereabouts.state(now) == PoolState::Overdue);
        Ok(those)
    }

    /// Notes that somebody says that the tracker is back.
    pub async fn note_returned(&mut self, tracker: TrackerId, at: DateTime<Utc>) -> Result<(), StoreError> {
        statement("update trackers set returned_at = $1 where id = $2")
            .bind::<Timestamptz, _>(at)
            .bind::<Integer, _>(tracker.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Notes that somebody says that the tracker is lost.
    pub async fn note_lost(&mut self, tracker: TrackerId, at: DateTime<Utc>) -> Result<(), StoreError> {
        statement("update trackers set lost_at = $1 where id = $2")
            .bind::<Timestamptz, _>(at)
            .bind::<Integer, _>(tracker.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    tracker: TrackerRow,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    returned_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    lost_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    heard_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    from_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    days_to_return: Option<i32>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    shipment_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    status: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    status_at: Option<DateTime<Utc>>,
    #[diesel(embed)]
    in_force: InForceRow,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    restarted_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    restart_received_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    sensed: Option<serde_json::Value>,
}

impl Row {
    fn tracker(self) -> Result<PooledTracker, StoreError> {
        let (until, days_to_return) = (self.until_at, self.days_to_return);
        let tracker = self.tracker.tracker()?;
        let sensed = self.sensed.map(serde_json::from_value).transpose();
        let organisation = tracker.organisation;
        Ok(PooledTracker {
            status: report(organisation, self.status.zip(self.status_at))?,
            in_force: self.in_force.in_force()?,
            sensed: sensed.map_err(|error| StoreError::unreadable("what was sensed", error))?,
            restart: self
                .restart_received_at
                .map(|received_at| Restart { at: self.restarted_at, received_at }),
            tracker,
            whereabouts: Whereabouts {
                last_ride: self.from_at.map(|from| LastRide { from, until, days_to_return }),
                returned_at: self.returned_at,
                lost_at: self.lost_at,
            },
            last_shipment: self.shipment_id.map(ShipmentId).zip(self.reference),
            heard_at: self.heard_at,
        })
    }
}
