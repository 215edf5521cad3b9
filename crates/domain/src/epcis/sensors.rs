//! Trackers: when each rode in what, what it measured hour by hour, and when that was out of range.

use chrono::{DateTime, Duration, DurationRound, Utc};

use super::document::{Action, BizStep, Event, Kind, SensorElement, SensorMetadata, SensorReport, What};
use super::names::Names;
use super::{Known, Ride};
use crate::Reading;
use crate::evaluate::{Assessment, evaluate, flaws};
use crate::profile::Quantity;

/// What is reported at once: a whole hour of UTC, or the part of one that the ride has.
const REPORTED: Duration = Duration::hours(1);

pub(super) fn events(known: &Known, names: &Names, now: DateTime<Utc>) -> Vec<Event> {
    let of_ride = |ride: &Ride| {
        let sensor = Sensor { known, names, ride, until: ride.until.map_or(now, |until| until.min(now)) };
        let mut events = vec![sensor.bound(Action::Add, BizStep::Installing, ride.from)];
        events.extend(ride.until.map(|until| sensor.bound(Action::Delete, BizStep::Removing, until)));
        events.extend(sensor.hours().into_iter().filter_map(|(from, to)| sensor.report(from, to)));
        events.extend(sensor.excursions().into_iter().filter_map(|(from, to)| sensor.alarm(from, to)));
        events
    };
    known.rides.iter().flat_map(of_ride).collect()
}

struct Sensor<'a> {
    known: &'a Known<'a>,
    names: &'a Names,
    ride: &'a Ride<'a>,
    /// How far it is known: its end, or now.
    until: DateTime<Utc>,
}

impl Sensor<'_> {
    /// The tracker began or ceased to ride: in its box, or with the shipment where nobody said in which one.
    fn bound(&self, action: Action, step: BizStep, at: DateTime<Utc>) -> Event {
        let parent =
            self.ride.in_box.map_or_else(|| self.names.shipment(), |number| self.names.of_box(number));
        let what =
            What::Children { parent, children: vec![Names::tracker(self.ride)], quantities: Vec::new() };
        let (ride, place) = (self.ride.assignment, self.place());
        let id = self.names.event(&format!("{step} {ride} {place} {}", at.to_rfc3339()));
        Event {
            biz_step: Some(step),
            ..Event::new((Kind::AssociationEvent, action), id, at, what, self.names.shipment())
        }
    }

    /// Who does not see the tracker's box is told of the shipment instead: another statement, and so another event.
    fn place(&self) -> String {
        self.ride.in_box.map_or_else(|| "shipment".to_owned(), |number| format!("box {number}"))
    }

    /// Hours that are over, or were cut off by the end of the ride: one that still goes on is reported when it is over.
    fn hours(&self) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let end = |from: DateTime<Utc>| Some(from.duration_trunc(REPORTED).ok()? + REPORTED);
        let mut hours = Vec::new();
        let mut from = self.ride.from;
        while let Some(to) = end(from).filter(|_| from < self.until) {
            let is_over = to <= self.until || self.ride.until == Some(self.until);
            if is_over {
                hours.push((from, to.min(self.until)));
            }
            from = to;
        }
        hours
    }

    fn report(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Event> {
        let measured = self.assess(from, to)?;
        let report = SensorReport { mean_value: measured.mean, ..temperatures(&measured)? };
        Some(self.reported("report", (from, Some(to)), to, report))
    }

    /// Uninterrupted times out of range. An alarm about humidity says nothing of the temperature.
    fn excursions(&self) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let profile = self.known.profile;
        let is_of_temperature = |quantity: Quantity| quantity == Quantity::Temperature;
        let judged_by_temperature = profile.range().is_some()
            || profile.alarms().iter().all(|alarm| is_of_temperature(alarm.quantity));
        let mut excursions: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        if !judged_by_temperature || self.ride.from >= self.until {
            return excursions;
        }
        let flaws = flaws(profile, self.ride.readings, self.ride.from, self.until);
        for flaw in flaws.into_iter().filter(|flaw| flaw.beyond.is_some()) {
            match excursions.last_mut().filter(|(_, to)| *to == flaw.from) {
                Some((_, to)) => *to = flaw.to,
                None => excursions.push((flaw.from, flaw.to)),
            }
        }
        excursions
    }

    fn alarm(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Event> {
        let report = temperatures(&self.assess(from, to)?)?;
        let goes_on = self.ride.until.is_none() && to >= self.until;
        let span = (from, Some(to).filter(|_| !goes_on));
        let alarm = SensorReport { exception: Some("ALARM_CONDITION"), ..report };
        Some(self.reported("alarm", span, from, alarm))
    }

    fn reported(
        &self,
        what: &str,
        (from, to): (DateTime<Utc>, Option<DateTime<Utc>>),
        at: DateTime<Utc>,
        report: SensorReport,
    ) -> Event {
        // Another measurement is another event: a repository keeps no two of one name.
        let (min, max) = (report.min_value.0, report.max_value.0);
        let mean = report.mean_value.map_or(String::new(), |mean| mean.0.to_string());
        let end = to.map_or(String::new(), |to| to.to_rfc3339());
        let (ride, place) = (self.ride.assignment, self.place());
        let id = format!("{what} {ride} {place} {} {end} {min} {max} {mean}", from.to_rfc3339());
        let id = self.names.event(&id);
        let numbers = self.known.boxes.iter().map(|one| one.number);
        let objects =
            self.names.boxes(numbers.filter(|box_| self.ride.in_box.is_none_or(|own| own == *box_)));
        let what = What::Objects { objects };
        let metadata = SensorMetadata { start_time: from, end_time: to, device: Names::tracker(self.ride) };
        Event {
            biz_step: Some(BizStep::SensorReporting),
            sensor_element_list: vec![SensorElement { sensor_metadata: metadata, sensor_report: [report] }],
            ..Event::new((Kind::ObjectEvent, Action::Observe), id, at, what, self.names.shipment())
        }
    }

    fn assess(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Assessment> {
        let stands_from = from - Duration::seconds(self.known.profile.max_gap().seconds());
        let readings = between(self.ride.readings, stands_from, to);
        evaluate(self.known.profile, readings, Some(from), Some(to)).ok()
    }
}

/// None where nothing is known.
fn temperatures(measured: &Assessment) -> Option<SensorReport> {
    Some(SensorReport {
        kind: "Temperature",
        exception: None,
        min_value: measured.min?,
        max_value: measured.max?,
        mean_value: None,
        uom: "CEL",
    })
}

/// Of readings in order of time.
fn between(readings: &[Reading], from: DateTime<Utc>, to: DateTime<Utc>) -> &[Reading] {
    let begins = readings.partition_point(|reading| reading.measured_at < from);
    let ends = readings.partition_point(|reading| reading.measured_at < to);
    readings.get(begins..ends).unwrap_or_default()
}
