//! Silence: the rides that it is judged on, and what the alert about a dead gateway holds more than others do.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::silence::Window;
use domain::{AlertId, AssignmentId, GatewayId, OrganisationId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::trackers::column;
use crate::{Connection, StoreError};

/// A ride under way, as silence is judged on it.
#[derive(Debug, Clone)]
pub struct ScheduledRide {
    pub organisation: OrganisationId,
    pub assignment: AssignmentId,
    pub shipment: ShipmentId,
    pub shipment_reference: String,
    pub tracker: TrackerId,
    pub interval_s: i32,
    pub from: DateTime<Utc>,
    /// When its tracker last told what it is there for.
    pub reported_at: Option<DateTime<Utc>>,
    /// Those that heard its tracker's latest uplink.
    pub gateways: Vec<GatewayId>,
    /// The latest outage of its gateway that is over.
    pub outage: Option<Window>,
}

/// A gateway, and the alert that tells that it is dead.
#[derive(Debug, Clone)]
pub struct GatewayState {
    pub gateway: GatewayId,
    pub integration: String,
    pub name: String,
    pub heard_at: DateTime<Utc>,
    pub alert: Option<AlertId>,
}

/// A ride that is silent because of the gateway that an alert tells of.
#[derive(Debug, Clone, Copy)]
pub struct OutageRide {
    pub organisation: OrganisationId,
    pub alert: AlertId,
    pub ride: AssignmentId,
    pub silent_since: DateTime<Utc>,
}

/// A ride that is no longer silent because of that gateway.
#[derive(Debug, Clone, Copy)]
pub struct LeftRide {
    pub organisation: OrganisationId,
    pub alert: AlertId,
    pub ride: AssignmentId,
    pub shipment: ShipmentId,
}

/// An alert about a gateway that ends.
#[derive(Debug, Clone, Copy)]
pub struct EndedOutage {
    pub organisation: OrganisationId,
    pub alert: AlertId,
    /// When the gateway was heard again; None: nobody waits for it any more.
    pub heard_at: Option<DateTime<Utc>>,
}

impl Connection {
    /// Rides under way whose tracker reported last at least so many intervals ago and of which no alert tells yet that
    /// they are silent, in the order of their ids. Whether they are is the domain's to say.
    pub async fn quiet_rides(
        &mut self,
        now: DateTime<Utc>,
        intervals: i32,
        after: Option<AssignmentId>,
        limit: i64,
    ) -> Result<Vec<ScheduledRide>, StoreError> {
        let rows: Vec<ScheduledRow> = sql_query(
            "select a.organisation_id, a.id, a.shipment_id, s.reference, a.tracker_id, t.interval_s, a.from_at,
                 l.reported_at, coalesce(l.gateways, '{}') as gateways, o.silent_since, o.until_at
             from assignments a
             join shipments s on s.id = a.shipment_id and s.status in ('packed', 'in_transit', 'delivered')
             join trackers t on t.id = a.tracker_id
             left join tracker_states l on l.tracker_id = a.tracker_id
             left join lateral (select r.silent_since, r.until_at from alert_rides r
                 where r.assignment_id = a.id order by r.until_at desc nulls first limit 1) o on true
             where a.from_at <= $1 and (a.until_at is null or a.until_at > $1)
                 and greatest(l.reported_at, a.from_at) <= $1 - make_interval(secs => $2 * t.interval_s)
                 and not exists (select from alerts al
                     where al.assignment_id = a.id and al.kind = 'silence' and al.closed_as is null)
                 and (o.silent_since is null or o.until_at is not null)
                 and ($3 is null or a.id > $3)
             order by a.id limit $4",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(intervals)
        .bind::<Nullable<SqlUuid>, _>(after.map(|id| id.0))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(ScheduledRow::ride).collect())
    }

    pub async fn gateway_states(&mut self, gateways: &[GatewayId]) -> Result<Vec<GatewayState>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            id: i32,
            #[diesel(sql_type = Text)]
            integration_id: String,
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Timestamptz)]
            heard_at: DateTime<Utc>,
            #[diesel(sql_type = Nullable<SqlUuid>)]
            alert_id: Option<Uuid>,
        }
        let rows: Vec<Row> = sql_query(
            "select g.id, g.integration_id, g.name, g.heard_at, (select al.id from alert_gateways ag
                     join alerts al on al.id = ag.alert_id and al.closed_as is null
                 where ag.gateway_id = g.id order by al.id limit 1) as alert_id
             from gateways g where g.id = any($1) order by g.id",
        )
        .bind::<Array<Integer>, _>(column(gateways, |gateway| gateway.0))
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| GatewayState {
            gateway: GatewayId(row.id),
            integration: row.integration_id,
            name: row.name,
            heard_at: row.heard_at,
            alert: row.alert_id.map(AlertId),
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Says which gateways the given alerts are about.
    pub async fn add_outages(
        &mut self,
        outages: &[(OrganisationId, AlertId, GatewayId)],
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into alert_gateways (organisation_id, alert_id, gateway_id)
             select * from unnest($1::int[], $2::uuid[], $3::int[])",
        )
        .bind::<Array<Integer>, _>(column(outages, |(organisation, _, _)| organisation.0))
        .bind::<Array<SqlUuid>, _>(column(outages, |(_, alert, _)| alert.0))
        .bind::<Array<Integer>, _>(column(outages, |(_, _, gateway)| gateway.0))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Adds rides to alerts about gateways; one may come back that had left.
    pub async fn add_outage_rides(
        &mut self,
        rides: &[OutageRide],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into alert_rides (organisation_id, alert_id, assignment_id, silent_since, joined_at)
             select *, $5::timestamptz from unnest($1::int[], $2::uuid[], $3::uuid[], $4::timestamptz[])
             on conflict (alert_id, assignment_id) do update set
                 silent_since = excluded.silent_since, joined_at = excluded.joined_at, until_at = null",
        )
        .bind::<Array<Integer>, _>(column(rides, |ride| ride.organisation.0))
        .bind::<Array<SqlUuid>, _>(column(rides, |ride| ride.alert.0))
        .bind::<Array<SqlUuid>, _>(column(rides, |ride| ride.ride.0))
        .bind::<Array<Timestamptz>, _>(column(rides, |ride| ride.silent_since))
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Whether an alert tells of a gateway now.
    pub async fn has_outages(&mut self) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            some: bool,
        }
        let rows: Vec<Row> = sql_query(
            "select exists (select from alerts where kind = 'gateway_silent' and closed_as is null) as some",
        )
        .load(&mut self.raw)
        .await?;
        Ok(rows.iter().any(|row| row.some))
    }

    /// Takes the rides out of alerts about gateways that the outage explains no longer: the gateway or the tracker was
    /// heard again, or another gateway that could hear it, or the ride is over.
    pub async fn release_outage_rides(&mut self, now: DateTime<Utc>) -> Result<Vec<LeftRide>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = SqlUuid)]
            alert_id: Uuid,
            #[diesel(sql_type = SqlUuid)]
            assignment_id: Uuid,
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
        }
        let rows: Vec<Row> = sql_query(
            "update alert_rides r set until_at = $1
             from alerts al, alert_gateways ag, gateways dead, assignments a, shipments s, tracker_states l
             where r.until_at is null and al.id = r.alert_id and al.closed_as is null and ag.alert_id = r.alert_id
                 and dead.id = ag.gateway_id and a.id = r.assignment_id and s.id = a.shipment_id
                 and l.tracker_id = a.tracker_id
                 and (dead.heard_at > al.began_at or date_trunc('second', l.reported_at) > r.silent_since
                     or a.until_at <= $1 or s.status not in ('packed', 'in_transit', 'delivered')
                     or exists (select from gateways g where g.id = any(l.gateways) and g.heard_at > r.joined_at))
             returning r.organisation_id, r.alert_id, r.assignment_id, a.shipment_id",
        )
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| LeftRide {
            organisation: OrganisationId(row.organisation_id),
            alert: AlertId(row.alert_id),
            ride: AssignmentId(row.assignment_id),
            shipment: ShipmentId(row.shipment_id),
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Alerts about gateways that were heard again, or that no ride is silent because of any more.
    pub async fn ended_outages(&mut self) -> Result<Vec<EndedOutage>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Nullable<Timestamptz>)]
            heard_at: Option<DateTime<Utc>>,
        }
        let rows: Vec<Row> = sql_query(
            "select al.organisation_id, al.id, case when g.heard_at > al.began_at then g.heard_at end as heard_at
             from alerts al
             join alert_gateways ag on ag.alert_id = al.id
             join gateways g on g.id = ag.gateway_id
             where al.kind = 'gateway_silent' and al.closed_as is null
                 and (g.heard_at > al.began_at or not exists (select from alert_rides r
                     where r.alert_id = al.id and r.until_at is null))
             order by al.id",
        )
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| EndedOutage {
            organisation: OrganisationId(row.organisation_id),
            alert: AlertId(row.id),
            heard_at: row.heard_at,
        };
        Ok(rows.into_iter().map(one).collect())
    }
}

#[derive(QueryableByName)]
struct ScheduledRow {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = Integer)]
    interval_s: i32,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    reported_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Array<Integer>)]
    gateways: Vec<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    silent_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
}

impl ScheduledRow {
    fn ride(self) -> ScheduledRide {
        ScheduledRide {
            organisation: OrganisationId(self.organisation_id),
            assignment: AssignmentId(self.id),
            shipment: ShipmentId(self.shipment_id),
            shipment_reference: self.reference,
            tracker: TrackerId(self.tracker_id),
            interval_s: self.interval_s,
            from: self.from_at,
            reported_at: self.reported_at,
            gateways: self.gateways.into_iter().map(GatewayId).collect(),
            outage: self.silent_since.zip(self.until_at).map(|(from, to)| Window { from, to }),
        }
    }
}
