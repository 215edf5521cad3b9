//! Alerts as people see them: listed, shown, and acknowledged one by one.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::alert::{AlertKind, Severity};
use domain::{AlertId, DevEui, OrganisationId, ShipmentId, Temperature, UserId};
use uuid::Uuid;

use crate::alerts::{Episode, EpisodeRow, parse_kind, parse_severity};
use crate::tracker_reports::{InForce, InForceRow};
use crate::trackers::eui;
use crate::{Connection, StoreError};

/// An alert as a person sees it.
#[derive(Debug, Clone)]
pub struct AlertView {
    pub id: AlertId,
    pub kind: AlertKind,
    pub alarm: Option<String>,
    pub severity: Severity,
    pub subject: Option<String>,
    /// What a person should know of it, in words.
    pub detail: Option<String>,
    pub shipment: Option<ShipmentId>,
    pub shipment_reference: Option<String>,
    pub dev_eui: Option<DevEui>,
    pub episode: Episode,
    /// `closed`, `withdrawn` or `merged`.
    pub closed_as: Option<String>,
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_reason: Option<String>,
    pub merged_into: Option<AlertId>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub acknowledged_by: Option<String>,
    pub acknowledge_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    /// Of missing readings.
    pub missing: Option<MissingNumbers>,
    /// Of the temperature, where all is known of the tracker's own alarms until it ended: whether one of that kind stood.
    pub own_alarm: Option<bool>,
    /// With the tracker.
    pub in_force: Option<InForce>,
    /// Of a gateway: how many rides it has made silent, and some of them.
    pub rides: Option<i64>,
    pub affected: Vec<AffectedRide>,
}

/// How many of a tracker's readings are missing, and the lowest and highest of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingNumbers {
    pub first: i32,
    pub last: i32,
    pub readings: i32,
}

/// A ride that was silent because of a gateway.
#[derive(Debug, Clone)]
pub struct AffectedRide {
    pub dev_eui: DevEui,
    pub shipment: ShipmentId,
    pub shipment_reference: String,
    pub silent_since: DateTime<Utc>,
    /// None while it is.
    pub until: Option<DateTime<Utc>>,
}

/// Alerts of this kind name the entry by which somebody came to have a box.
const UNQUALIFIED: &str = AlertKind::CustodianUnqualified.as_str();

/// How many of an alert's rides are shown with it.
const RIDES_SHOWN: i32 = 50;

#[derive(Debug, Clone, Copy, Default)]
pub struct AlertFilter {
    /// As this partner sees them: what somebody lacked who had a box is told where that was one of its own people alone.
    pub partner: Option<OrganisationId>,
    /// About it, or about a gateway that took one of its trackers out of hearing.
    pub shipment: Option<ShipmentId>,
    /// Neither acknowledged nor closed.
    pub open_only: bool,
    pub before: Option<(DateTime<Utc>, AlertId)>,
}

impl Connection {
    /// Newest first.
    pub async fn alerts(
        &mut self,
        organisation: OrganisationId,
        filter: AlertFilter,
        limit: i64,
    ) -> Result<Vec<AlertView>, StoreError> {
        let (before_at, before_id) = filter.before.map(|(at, id)| (at, id.0)).unzip();
        let open =
            if filter.open_only { "and a.acknowledged_at is null and a.closed_as is null" } else { "" };
        let rows: Vec<AlertRow> = sql_query(format!(
            "{ALERT} where a.organisation_id = $1 {open}
                 and ($2 is null or a.shipment_id = $2 or exists (select from alert_rides r
                     join assignments x on x.id = r.assignment_id
                     where r.alert_id = a.id and x.shipment_id = $2))
                 and ($3 is null or (a.created_at, a.id) < ($3, $4))
                 and ($5 is null or a.kind <> '{UNQUALIFIED}' or exists (select from custody_records c
                     where c.shipment_id = a.shipment_id
                         and a.finding = 'entry ' || encode(sha256(convert_to(c.entry, 'UTF8')), 'hex')
                         and (c.entry::jsonb #>> '{{by,organisation,id}}')::int = $5))
             order by a.created_at desc, a.id desc limit $6"
        ))
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<SqlUuid>, _>(filter.shipment.map(|id| id.0))
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<Nullable<Integer>, _>(filter.partner.map(|id| id.0))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let mut views = rows.into_iter().map(AlertRow::view).collect::<Result<Vec<_>, _>>()?;
        self.add_affected(&mut views).await?;
        Ok(views)
    }

    pub async fn alert(
        &mut self,
        organisation: OrganisationId,
        id: AlertId,
    ) -> Result<AlertView, StoreError> {
        let rows: Vec<AlertRow> = sql_query(format!("{ALERT} where a.organisation_id = $1 and a.id = $2"))
            .bind::<Integer, _>(organisation.0)
            .bind::<SqlUuid, _>(id.0)
            .load(&mut self.raw)
            .await?;
        let mut view = rows.into_iter().next().ok_or(StoreError::NotFound)?.view()?;
        self.add_affected(std::slice::from_mut(&mut view)).await?;
        Ok(view)
    }

    /// Adds the rides to the alerts about gateways: those that are still silent first.
    async fn add_affected(&mut self, views: &mut [AlertView]) -> Result<(), StoreError> {
        let gateways = views.iter().filter(|view| view.kind == AlertKind::GatewaySilent);
        let alerts: Vec<Uuid> = gateways.map(|view| view.id.0).collect();
        if alerts.is_empty() {
            return Ok(());
        }
        let rows: Vec<AffectedRow> = sql_query(
            "select * from (
                 select r.alert_id, t.dev_eui, a.shipment_id, s.reference, r.silent_since, r.until_at,
                     count(*) over (partition by r.alert_id) as rides, row_number() over (partition by r.alert_id
                         order by r.until_at is not null, s.reference, t.dev_eui) as place
                 from alert_rides r
                 join assignments a on a.id = r.assignment_id
                 join shipments s on s.id = a.shipment_id
                 join trackers t on t.id = a.tracker_id
                 where r.alert_id = any($1)) r
             where place <= $2 order by alert_id, place",
        )
        .bind::<Array<SqlUuid>, _>(alerts)
        .bind::<Integer, _>(RIDES_SHOWN)
        .load(&mut self.raw)
        .await?;
        for row in rows {
            if let Some(view) = views.iter_mut().find(|view| view.id.0 == row.alert_id) {
                view.rides = Some(row.rides);
                view.affected.push(row.ride());
            }
        }
        Ok(())
    }

    /// Acknowledges an open alert; false where it is acknowledged or closed already.
    pub async fn acknowledge_alert(
        &mut self,
        organisation: OrganisationId,
        id: AlertId,
        by: UserId,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let updated = sql_query(
            "update alerts set acknowledged_at = $3, acknowledged_by = $4, acknowledge_reason = $5
             where organisation_id = $1 and id = $2 and acknowledged_at is null and closed_as is null",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(by.0)
        .bind::<Text, _>(reason)
        .execute(&mut self.raw)
        .await?;
        Ok(updated == 1)
    }
}

const ALERT: &str = "select a.id, a.kind, a.alarm, a.severity, a.subject, a.detail, a.shipment_id, s.reference, t.dev_eui,
         a.began_at, a.alarmed_at, a.ended_at, a.exposure_s, a.extreme, a.closed_as, a.closed_at, a.closed_reason,
         a.merged_into, a.acknowledged_at, u.email as acknowledged_by, a.acknowledge_reason, a.created_at,
         m.first_number, m.last_number, m.readings, o.own_alarm, f.setup, f.setup_at, f.told_number, f.told_commands,
         f.told_ended_at
     from alerts a
     left join alert_readings m on m.alert_id = a.id
     left join shipments s on s.id = a.shipment_id
     left join trackers t on t.id = a.tracker_id
     left join users u on u.id = a.acknowledged_by
     left join setups_in_force f on f.tracker_id = a.tracker_id
     left join lateral (select exists (select from tracker_log l
             where l.tracker_id = a.tracker_id and l.kind = replace(a.kind, 'temperature', 'alarm')
                 and l.at <= a.ended_at and not exists (select from tracker_log n
                     where n.tracker_id = l.tracker_id and n.number > l.number and n.at < a.began_at
                         and n.kind in ('alarm_high', 'alarm_low', 'alarm_ended'))) as own_alarm
         from tracker_states k where k.tracker_id = a.tracker_id and k.holes = 0 and k.followed_to_at > a.ended_at
             and a.kind in ('temperature_high', 'temperature_low')) o on true";

#[derive(QueryableByName)]
struct AlertRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    alarm: Option<String>,
    #[diesel(sql_type = Text)]
    severity: String,
    #[diesel(sql_type = Nullable<Text>)]
    subject: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    detail: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    shipment_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    dev_eui: Option<i64>,
    #[diesel(embed)]
    episode: EpisodeRow,
    #[diesel(sql_type = Nullable<Text>)]
    closed_as: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    closed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    closed_reason: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    merged_into: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    acknowledged_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    acknowledged_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    acknowledge_reason: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Integer>)]
    first_number: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    last_number: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    readings: Option<i32>,
    #[diesel(sql_type = Nullable<Bool>)]
    own_alarm: Option<bool>,
    #[diesel(embed)]
    in_force: InForceRow,
}

#[derive(QueryableByName)]
struct AffectedRow {
    #[diesel(sql_type = SqlUuid)]
    alert_id: Uuid,
    #[diesel(sql_type = BigInt)]
    dev_eui: i64,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Timestamptz)]
    silent_since: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    rides: i64,
}

impl AffectedRow {
    fn ride(self) -> AffectedRide {
        AffectedRide {
            dev_eui: eui(self.dev_eui),
            shipment: ShipmentId(self.shipment_id),
            shipment_reference: self.reference,
            silent_since: self.silent_since,
            until: self.until_at,
        }
    }
}

impl AlertRow {
    fn view(self) -> Result<AlertView, StoreError> {
        let numbers = self.first_number.zip(self.last_number).zip(self.readings);
        Ok(AlertView {
            id: AlertId(self.id),
            kind: parse_kind(&self.kind)?,
            alarm: self.alarm,
            severity: parse_severity(&self.severity)?,
            subject: self.subject,
            detail: self.detail,
            shipment: self.shipment_id.map(ShipmentId),
            shipment_reference: self.reference,
            dev_eui: self.dev_eui.map(eui),
            episode: self.episode.episode(),
            closed_as: self.closed_as,
            closed_at: self.closed_at,
            closed_reason: self.closed_reason,
            merged_into: self.merged_into.map(AlertId),
            acknowledged_at: self.acknowledged_at,
            acknowledged_by: self.acknowledged_by,
            acknowledge_reason: self.acknowledge_reason,
            created_at: self.created_at,
            missing: numbers.map(|((first, last), readings)| MissingNumbers { first, last, readings }),
            own_alarm: self.own_alarm,
            in_force: self.in_force.in_force()?,
            rides: None,
            affected: Vec::new(),
        })
    }
}

/// The extreme of a temperature alert; other quantities have none in °C.
pub fn extreme_temperature(alert: &AlertView) -> Option<Temperature> {
    match alert.kind {
        AlertKind::TemperatureHigh | AlertKind::TemperatureLow => alert.episode.extreme.map(Temperature),
        _ => None,
    }
}
