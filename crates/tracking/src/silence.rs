//! Silence by the clock: who has fallen silent, and because of which gateway.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::alert::{AlertKind, Severity};
use domain::silence::outage::{Gateway, Ride, Verdict, judge};
use domain::silence::{Heard, Planned, Schedule, silent_since};
use domain::{AlertId, AssignmentId, GatewayId, ShipmentId};
use store::{
    Connection, EndedAlert, EndedOutage, Ending, GatewayState, NewAlert, OutageRide, ScheduledRide,
    StoreError,
};
use uuid::Uuid;

use crate::Service;
use crate::alerting::{AlertWork, Told, instant};
use crate::live::Change;
use crate::whereabouts::Darkness;

/// How many rides one statement reads.
const AT_ONCE: i64 = 500;

/// A silent tracker is somebody's matter; what its box suffers meanwhile nobody knows. A gateway's alert is as grave as
/// those that it stands for.
const SEVERITY: Severity = Severity::Warning;

/// How many shipments a mail about a gateway names.
const NAMED_AT_MOST: usize = 20;

/// So many intervals before a tracker is silent it may be quiet, and the other way round: see `domain::silence`.
const SILENT_AFTER: i32 = 2;
const QUIET_AFTER: i32 = 1;

/// Tells of rides that have fallen silent: each by itself, or all those behind a dead gateway as one.
pub async fn raise_silence(service: &Service) -> Result<(), StoreError> {
    let Some(listening_since) = service.listening_since() else { return Ok(()) };
    let now = (service.clock)();
    // First without a lock: most rounds find nobody, and need not hold up a batch.
    let mut db = service.workers.connect().await?;
    let quiet = quiet_rides(&mut db, SILENT_AFTER, now).await?;
    let dark = service.darkness.of(&mut db, quiet.iter().map(shipment_of), now).await?;
    drop(db);
    let is_silent = |ride: &ScheduledRide| {
        let judged = judged(ride, &dark, listening_since);
        judged.is_some_and(|ride| silent_since(ride.schedule, &ride.heard, &ride.planned, now).is_some())
    };
    if !quiet.iter().any(is_silent) {
        return Ok(());
    }
    let mut db = service.workers.begin().await?;
    // Alone: a batch that is being stored at this moment may have heard of them.
    db.lock_intake().await?;
    let rides = quiet_rides(&mut db, QUIET_AFTER, now).await?;
    let dark = service.darkness.of(&mut db, rides.iter().map(shipment_of), now).await?;
    let gateways: BTreeSet<GatewayId> = rides.iter().flat_map(|ride| ride.gateways.clone()).collect();
    let gateways = db.gateway_states(&Vec::from_iter(gateways)).await?;
    let known = gateways
        .iter()
        .map(|state| (state.gateway, Gateway { heard_at: state.heard_at, is_out: state.alert.is_some() }));
    let judged: Vec<Ride> = rides.iter().filter_map(|ride| judged(ride, &dark, listening_since)).collect();
    let verdict = judge(&judged, &known.collect(), now);
    let mut telling = Telling::new(&rides, &gateways, now);
    telling.tell(&verdict);
    let changes = telling.apply(&mut db).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}

async fn quiet_rides(
    db: &mut Connection,
    intervals: i32,
    now: DateTime<Utc>,
) -> Result<Vec<ScheduledRide>, StoreError> {
    let (mut rides, mut after) = (Vec::new(), None);
    loop {
        let quiet = db.quiet_rides(now, intervals, after, AT_ONCE).await?;
        after = quiet.last().map(|ride| ride.assignment);
        rides.extend(quiet);
        if after.is_none() {
            return Ok(rides);
        }
    }
}

fn shipment_of(ride: &ScheduledRide) -> (domain::OrganisationId, ShipmentId) {
    (ride.organisation, ride.shipment)
}

fn judged(ride: &ScheduledRide, dark: &Darkness, listening_since: DateTime<Utc>) -> Option<Ride> {
    // While its gateway was dead a tracker could not be heard, as if that had been planned.
    let mut windows = dark.get(&ride.shipment).cloned().unwrap_or_default();
    windows.extend(ride.outage);
    let planned = Planned::new(&windows, &[]);
    Some(Ride {
        ride: ride.assignment,
        schedule: Schedule { interval: domain::Duration::from_seconds(ride.interval_s.into())? },
        heard: Heard {
            assigned_from: ride.from,
            last_received_at: ride.reported_at,
            listening_since: Some(listening_since),
        },
        planned,
        gateways: ride.gateways.clone(),
    })
}

type Silent = BTreeMap<AssignmentId, DateTime<Utc>>;

/// What is told in one round.
struct Telling<'a> {
    rides: BTreeMap<AssignmentId, &'a ScheduledRide>,
    gateways: BTreeMap<GatewayId, &'a GatewayState>,
    now: DateTime<Utc>,
    work: AlertWork,
    outages: Vec<(domain::OrganisationId, AlertId, GatewayId)>,
    joined: Vec<OutageRide>,
}

impl<'a> Telling<'a> {
    fn new(rides: &'a [ScheduledRide], gateways: &'a [GatewayState], now: DateTime<Utc>) -> Self {
        Self {
            rides: rides.iter().map(|ride| (ride.assignment, ride)).collect(),
            gateways: gateways.iter().map(|state| (state.gateway, state)).collect(),
            now,
            work: AlertWork::default(),
            outages: Vec::new(),
            joined: Vec::new(),
        }
    }

    fn tell(&mut self, verdict: &Verdict) {
        for (ride, since) in &verdict.alone {
            self.tell_of_ride(*ride, *since);
        }
        for (gateway, silent) in &verdict.dead {
            self.tell_of_gateway(*gateway, silent);
        }
        for (gateway, silent) in &verdict.further {
            self.amend_gateway(*gateway, silent);
        }
    }

    fn tell_of_ride(&mut self, ride: AssignmentId, since: DateTime<Utc>) {
        let Some(ride) = self.rides.get(&ride) else { return };
        let alert = NewAlert {
            shipment: Some(ride.shipment),
            assignment: Some(ride.assignment),
            tracker: Some(ride.tracker),
            ..new_alert(ride, AlertKind::Silence, since, self.now)
        };
        let reference = Some(ride.shipment_reference.clone());
        self.work.add(alert, Told { reference, ..Told::default() });
    }

    fn tell_of_gateway(&mut self, gateway: GatewayId, silent: &Silent) {
        let rides: Vec<&ScheduledRide> =
            silent.keys().filter_map(|ride| self.rides.get(ride).copied()).collect();
        let (Some(first), Some(state)) = (rides.first(), self.gateways.get(&gateway)) else { return };
        let alert = NewAlert {
            subject: Some(format!("gateway {} (integration {})", state.name, state.integration)),
            ..new_alert(first, AlertKind::GatewaySilent, state.heard_at, self.now)
        };
        self.outages.push((first.organisation, alert.id, gateway));
        self.join(alert.id, silent);
        let lines = vec![format!("Silent with it: {} trackers", rides.len()), named(&rides)];
        self.work.add(alert, Told { lines, ..Told::default() });
    }

    fn amend_gateway(&mut self, gateway: GatewayId, silent: &Silent) {
        let Some(alert) = self.gateways.get(&gateway).and_then(|state| state.alert) else { return };
        let rides: Vec<_> = silent.keys().filter_map(|ride| self.rides.get(ride).copied()).collect();
        let Some(first) = rides.first() else { return };
        let because = format!("Silent with it: {} more; {}", rides.len(), named(&rides));
        self.work.update(first.organisation, None, alert, &because);
        self.join(alert, silent);
    }

    fn join(&mut self, alert: AlertId, silent: &Silent) {
        for (id, since) in silent {
            let Some(ride) = self.rides.get(id) else { continue };
            let organisation = ride.organisation;
            self.joined.push(OutageRide { organisation, alert, ride: *id, silent_since: *since });
        }
    }

    async fn apply(self, db: &mut Connection) -> Result<Vec<crate::live::OwnedChange>, StoreError> {
        let shipment =
            |joined: &OutageRide| Some((joined.organisation, self.rides.get(&joined.ride)?.shipment));
        let shipments: Vec<_> = self.joined.iter().filter_map(shipment).collect();
        let mut changes = self.work.apply(db, self.now).await?;
        db.add_outages(&self.outages).await?;
        db.add_outage_rides(&self.joined, self.now).await?;
        changes.extend(shipments.into_iter().map(|(owner, id)| (owner, Change::Shipment { id })));
        Ok(changes)
    }
}

fn new_alert(of: &ScheduledRide, kind: AlertKind, since: DateTime<Utc>, now: DateTime<Utc>) -> NewAlert {
    NewAlert {
        id: AlertId(Uuid::now_v7()),
        organisation: of.organisation,
        shipment: None,
        assignment: None,
        tracker: None,
        subject: None,
        finding: None,
        detail: None,
        kind,
        alarm: None,
        severity: SEVERITY,
        episode: instant(since, now),
    }
}

fn named(rides: &[&ScheduledRide]) -> String {
    let references: BTreeSet<&str> = rides.iter().map(|ride| ride.shipment_reference.as_str()).collect();
    let named: Vec<&str> = references.iter().copied().take(NAMED_AT_MOST).collect();
    let more = match references.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("Shipments: {}{more}", named.join(", "))
}

/// Takes rides out of the alerts about gateways that explain their silence no longer, and ends the alerts that are
/// over.
pub async fn end_outages(service: &Service) -> Result<(), StoreError> {
    let now = (service.clock)();
    if !service.workers.connect().await?.has_outages().await? {
        return Ok(());
    }
    let mut db = service.workers.begin().await?;
    let left = db.release_outage_rides(now).await?;
    let ended = db.ended_outages().await?;
    let mut work = AlertWork::default();
    let mut amended: BTreeMap<AlertId, (domain::OrganisationId, usize)> = BTreeMap::new();
    for ride in &left {
        amended.entry(ride.alert).or_insert((ride.organisation, 0)).1 += 1;
    }
    for outage in &ended {
        amended.remove(&outage.alert);
        work.end(outage.organisation, None, ending(outage, now));
    }
    for (alert, (organisation, count)) in amended {
        let because = format!("Heard again, or riding no longer: {count}");
        work.update(organisation, None, alert, &because);
    }
    let mut changes = work.apply(&mut db, now).await?;
    db.commit().await?;
    changes.extend(left.iter().map(|ride| (ride.organisation, Change::Shipment { id: ride.shipment })));
    service.live.publish(changes);
    Ok(())
}

fn ending(outage: &EndedOutage, now: DateTime<Utc>) -> EndedAlert {
    let reason = match outage.heard_at {
        Some(_) => "the gateway was heard again",
        None => "its trackers are heard by others or ride no longer",
    };
    EndedAlert {
        id: outage.alert,
        ending: Ending::Closed,
        ended_at: Some(outage.heard_at.unwrap_or(now)),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
pub mod tests;
