//! A shipment of two boxes from the shipper (1) by a carrier (2) and another (3) to the pharmacy (9).

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::{AlertKind, Severity};
use domain::custody::{
    Act, Actor, Addressee, BoxNumber, Custody, Effect, Entry, EntryHash, Organisation, Seal, Seen, Strength,
    Whereabouts,
};
use domain::event::Event;
use domain::place::{Ending, Fence, Place, Point, Stay};
use domain::plan::{Leg, Plan, TimeWindow};
use domain::route::Dwell;
use domain::watch::{Delays, Finding, Lacking, Situation, findings, next_change};
use domain::{OrganisationId, PlaceId, ShipmentId, UserId};
use uuid::Uuid;

pub const SHIPPER: i32 = 1;
pub const FIRST: i32 = 2;
pub const SECOND: i32 = 3;
pub const STRANGER: i32 = 7;
pub const PHARMACY: i32 = 9;

pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::minutes(minute)
}

pub fn place(number: u128) -> PlaceId {
    PlaceId(Uuid::from_u128(number))
}

/// The nth place lies on the equator, n degrees east.
pub fn point(number: u128) -> Point {
    Point::from_degrees(0.0, number as f64).unwrap()
}

/// Picked up from 0 to 60, delivered by 180; the next from 180 to 240, delivered by 360.
pub fn plan() -> Plan {
    planned(&[FIRST, SECOND], PHARMACY)
}

/// Each leg three hours after the one before it.
pub fn planned(carriers: &[i32], consignee: i32) -> Plan {
    let window = |from, to| TimeWindow { from: at(from), to: at(to) };
    let leg = |(number, carrier): (u32, &i32)| {
        let begins = i64::from(number - 1) * 180;
        Leg {
            number,
            lane: None,
            from: place(number.into()),
            to: place(u128::from(number) + 1),
            carrier: OrganisationId(*carrier),
            courier: (*carrier == SECOND).then_some(driver()),
            pick_up: window(begins, begins + 60),
            delivery: window(begins + 120, begins + 180),
        }
    };
    let legs = (1..).zip(carriers).map(leg).collect();
    Plan::new(OrganisationId(consignee), legs, &[]).unwrap()
}

pub fn driver() -> UserId {
    UserId(Uuid::from_u128(77))
}

/// What is known, in the order in which it came to be known.
#[derive(Clone)]
pub struct Scene {
    pub entries: Vec<(EntryHash, Entry)>,
    /// Of entries that came to be known later than they were written.
    pub known_at: BTreeMap<EntryHash, DateTime<Utc>>,
    pub plan: Option<Plan>,
    pub planned_at: Option<DateTime<Utc>>,
    pub places: Vec<Place>,
    pub stays: Vec<(PlaceId, Stay)>,
    pub off_route: Vec<Stay>,
    pub dwells: Vec<Dwell>,
    pub lacking: BTreeMap<EntryHash, Vec<Lacking>>,
    pub out_of_range: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    pub events: Vec<Event>,
    pub holds_until: Option<DateTime<Utc>>,
    pub product: Severity,
}

impl Scene {
    /// Packed at −10, with seals.
    pub fn packed() -> (Self, EntryHash) {
        let place = |number: u128| Place {
            id: place(number),
            name: format!("place {number}"),
            fence: Some(Fence::circle(point(number), 300).unwrap()),
            opening: None,
            storage: Vec::new(),
        };
        let mut scene = Self {
            entries: Vec::new(),
            known_at: BTreeMap::new(),
            plan: Some(plan()),
            planned_at: None,
            places: vec![place(1), place(2), place(3)],
            stays: Vec::new(),
            off_route: Vec::new(),
            dwells: Vec::new(),
            lacking: BTreeMap::new(),
            out_of_range: Vec::new(),
            events: Vec::new(),
            holds_until: None,
            product: Severity::Critical,
        };
        let seals = [1, 2].map(|number| Seal { number, seal: format!("S-{number}") }).to_vec();
        let packed = scene.write(SHIPPER, -10, Act::Packed { boxes: vec![1, 2], seals });
        (scene, packed)
    }

    pub fn write(&mut self, by: i32, minute: i64, act: Act) -> EntryHash {
        self.write_at(by, minute, None, act)
    }

    pub fn write_at(
        &mut self,
        by: i32,
        minute: i64,
        whereabouts: Option<Whereabouts>,
        act: Act,
    ) -> EntryHash {
        let user = (by == SECOND).then(driver);
        let by = Actor {
            organisation: organisation(by),
            person: None,
            user,
            badge: None,
            written_on: None,
            strength: Strength::Account,
        };
        let id = Uuid::from_u128(self.entries.len() as u128);
        let entry =
            Entry { shipment: ShipmentId(Uuid::from_u128(1)), id, at: at(minute), by, whereabouts, act };
        let hash = EntryHash::of(&entry.to_text().unwrap());
        self.entries.push((hash, entry));
        hash
    }

    pub fn offer(&mut self, by: i32, minute: i64, continues: EntryHash, to: i32) -> EntryHash {
        let to = Addressee { organisation: organisation(to), person: None };
        let (boxes, seen) = (vec![1, 2], Seen::default());
        let act = Act::Offered { continues, boxes, exceptions: Vec::new(), parent: None, to, seen };
        self.write(by, minute, act)
    }

    pub fn accept(&mut self, by: i32, minute: i64, answers: EntryHash) -> EntryHash {
        self.accept_seeing(by, minute, answers, &[1, 2], Seen::default(), None)
    }

    pub fn accept_seeing(
        &mut self,
        by: i32,
        minute: i64,
        answers: EntryHash,
        boxes: &[BoxNumber],
        seen: Seen,
        whereabouts: Option<Whereabouts>,
    ) -> EntryHash {
        let (boxes, exceptions) = (boxes.to_vec(), Vec::new());
        let act = Act::Accepted { answers, boxes, exceptions, quarantine: false, seen };
        self.write_at(by, minute, whereabouts, act)
    }

    pub fn refuse(&mut self, by: i32, minute: i64, answers: EntryHash) -> EntryHash {
        let (boxes, reason) = (vec![1, 2], "wet".to_owned());
        self.write(by, minute, Act::Refused { answers, boxes, reason, seen: Seen::default() })
    }

    pub fn annul(&mut self, minute: i64, corrects: EntryHash) {
        let (effect, reason) = (Effect::Annulled, "in error".to_owned());
        self.write(SHIPPER, minute, Act::Corrected { corrects, effect, reason });
    }

    /// Offered a minute before it is accepted.
    pub fn hand_over(&mut self, from: i32, link: EntryHash, to: i32, minute: i64) -> EntryHash {
        let offer = self.offer(from, minute - 1, link, to);
        self.accept(to, minute, offer)
    }

    /// As planned from its packing to its end.
    pub fn as_planned() -> (Self, [EntryHash; 4]) {
        let (mut scene, packed) = Self::packed();
        let first = scene.hand_over(SHIPPER, packed, FIRST, 30);
        let second = scene.hand_over(FIRST, first, SECOND, 170);
        let last = scene.hand_over(SECOND, second, PHARMACY, 350);
        (scene, [packed, first, second, last])
    }

    pub fn findings(&self, minute: i64) -> Vec<Finding> {
        self.ask(minute, findings)
    }

    pub fn next_change(&self, minute: i64) -> Option<DateTime<Utc>> {
        self.ask(minute, next_change)
    }

    fn ask<T>(&self, minute: i64, question: impl Fn(&Situation) -> T) -> T {
        let custody = Custody::of(self.entries.iter().map(|(hash, entry)| (*hash, entry)));
        let entries = self.entries.iter().map(|(hash, entry)| (*hash, entry)).collect();
        question(&Situation {
            now: at(minute),
            custody: &custody,
            entries: &entries,
            known_at: &self.known_at,
            plan: self.plan.as_ref(),
            planned_at: self.planned_at,
            places: &self.places,
            stays: &self.stays,
            off_route: &self.off_route,
            dwells: &self.dwells,
            lacking: &self.lacking,
            out_of_range: &self.out_of_range,
            events: &self.events,
            holds_until: self.holds_until,
            product: self.product,
            delays: Delays::default(),
        })
    }

    /// The kinds at that minute, with whether each lasts.
    pub fn kinds(&self, minute: i64) -> Vec<(AlertKind, bool)> {
        self.findings(minute).iter().map(|finding| (finding.kind, finding.ended.is_none())).collect()
    }
}

fn organisation(id: i32) -> Organisation {
    Organisation { id: OrganisationId(id), name: format!("organisation {id}"), gln: None }
}

pub fn inside(from: i64, until: Option<i64>) -> Stay {
    Stay { inside: true, ..stay(from, until) }
}

/// Last seen inside at that minute; two hours later nothing is known.
pub fn lost(from: i64, last: i64) -> Stay {
    Stay { last_at: at(last), ending: Ending::Lost(at(last + 120)), ..inside(from, None) }
}

pub fn outside(from: i64, until: Option<i64>) -> Stay {
    Stay { inside: false, ..stay(from, until) }
}

fn stay(from: i64, until: Option<i64>) -> Stay {
    let ending = until.map_or(Ending::Lasts, |until| Ending::Changed(at(until)));
    Stay { inside: true, from: at(from), last_at: at(until.unwrap_or(from)), ending }
}
