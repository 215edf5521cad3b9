//! A shipment of two boxes from a consignor by a carrier to a pharmacy, as far as a test lets it come.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use domain::custody::record::{KeyId, Record};
use domain::custody::{
    Act, Actor, Addressee, BoxNumber, Custody, Entry, EntryHash, Organisation, Seen, Strength, Whereabouts,
};
use domain::epcis::{HoldChange, Known, Ride, document};
use domain::packing::{Content, PackedBox};
use domain::profile::Profile;
use domain::{AssignmentId, DevEui, OrganisationId, Reading, ShipmentId, Temperature};
use serde_json::Value;
use uuid::Uuid;

pub const CONSIGNOR: i32 = 1;
pub const CARRIER: i32 = 2;
pub const PHARMACY: i32 = 3;
pub const OTHER: i32 = 4;

pub const SSCC: &str = "https://id.gs1.org/00/106141412345678908";
pub const TRACKER: &str = "urn:dev:mac:70b3d57ed0000001";

/// In which box, from and until when, and readings: minutes and hundredths of a degree.
pub type Rode = (Option<BoxNumber>, i64, Option<i64>, Vec<(i64, i32)>);

pub struct Scene {
    pub boxes: Vec<PackedBox>,
    pub ledger: Vec<(Record, Entry)>,
    pub ride: Option<Rode>,
    pub holds: Vec<HoldChange>,
    pub turned_back_at: Option<DateTime<Utc>>,
    pub profile: &'static str,
}

/// So many minutes after the beginning.
pub fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-02T08:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minutes)
}

pub fn party(id: i32) -> Organisation {
    // Of the pharmacy the number is known.
    let gln = (id == PHARMACY).then(|| "9506000134307".to_owned());
    Organisation { id: OrganisationId(id), name: format!("Party {id}"), gln }
}

pub fn content(gtin: &str, lot: &str, serial: &str, quantity: u32) -> Content {
    Content {
        product: Some("Vaccine".to_owned()),
        gtin: gtin.parse().ok(),
        lot: lot.parse().ok(),
        expiry: None,
        serial: serial.parse().ok(),
        quantity,
    }
}

impl Scene {
    pub fn new() -> Self {
        let contents = vec![
            content("09506000134352", "A1", "", 10),
            content("09506000134376", "", "S1", 1),
            content("", "B2", "", 5),
        ];
        let first = PackedBox { number: 1, sscc: Some("106141412345678908".parse().unwrap()), contents };
        let second = PackedBox { number: 2, sscc: None, contents: Vec::new() };
        Self {
            boxes: vec![first, second],
            ledger: Vec::new(),
            ride: None,
            holds: Vec::new(),
            turned_back_at: None,
            profile: "name = \"P\"\nmax_gap = \"40m\"\n[range]\nmin_c = 2.0\nmax_c = 8.0\n",
        }
    }

    pub fn write(&mut self, by: i32, minutes: i64, act: Act) -> EntryHash {
        let by = Actor {
            organisation: party(by),
            person: Some("Somebody".to_owned()),
            user: None,
            badge: None,
            written_on: None,
            strength: Strength::Account,
        };
        let whereabouts = matches!(act, Act::Accepted { .. }).then(|| Whereabouts {
            place: Some("Dock 3".to_owned()),
            lat: Some(52.5),
            lon: Some(13.4),
            accuracy_m: Some(20),
        });
        let number = self.ledger.len() as u128;
        let id = Uuid::from_u128(number + 1);
        let entry =
            Entry { shipment: ShipmentId(Uuid::from_u128(7)), id, at: at(minutes), by, whereabouts, act };
        let hash = EntryHash::of(&entry.to_text().unwrap());
        let record = Record {
            shipment: entry.shipment,
            sequence: number as u32 + 1,
            previous: None,
            recorded_at: at(minutes) + Duration::seconds(30),
            entry: hash,
            assessment: None,
            hold: None,
        };
        self.ledger.push((record, entry));
        hash
    }

    pub fn pack(&mut self) -> EntryHash {
        self.write(CONSIGNOR, 0, Act::Packed { boxes: vec![1, 2], seals: Vec::new() })
    }

    pub fn offer(&mut self, from: i32, to: i32, minutes: i64, continues: EntryHash) -> EntryHash {
        let to = Addressee { organisation: party(to), person: None };
        let (boxes, seen) = (vec![1, 2], Seen::default());
        let act = Act::Offered { continues, boxes, exceptions: Vec::new(), parent: None, to, seen };
        self.write(from, minutes, act)
    }

    pub fn accept(&mut self, by: i32, minutes: i64, answers: EntryHash, quarantine: bool) -> EntryHash {
        let (boxes, seen) = (vec![1, 2], Seen::default());
        self.write(by, minutes, Act::Accepted { answers, boxes, exceptions: Vec::new(), quarantine, seen })
    }

    /// Packed, and handed to the carrier ten minutes later; the entry by which he has it.
    pub fn dispatch(&mut self) -> EntryHash {
        let packed = self.pack();
        let offer = self.offer(CONSIGNOR, CARRIER, 10, packed);
        self.accept(CARRIER, 15, offer, false)
    }

    /// The document as JSON.
    pub fn document(&self, now: i64) -> Value {
        let custody = Custody::of(self.ledger.iter().map(|(record, entry)| (record.entry, entry)));
        let profile = Profile::from_toml(self.profile).unwrap();
        let readings: Vec<Reading> =
            self.ride.iter().flat_map(|(.., readings)| readings).map(reading).collect();
        let ride = |(in_box, from, until, _): &Rode| Ride {
            assignment: AssignmentId(Uuid::from_u128(9)),
            dev_eui: "70b3d57ed0000001".parse::<DevEui>().unwrap(),
            in_box: *in_box,
            from: at(*from),
            until: until.map(at),
            readings: &readings,
        };
        let hold = |change: &HoldChange| HoldChange { ..*change };
        let known = Known {
            shipment: ShipmentId(Uuid::from_u128(7)),
            owner: OrganisationId(CONSIGNOR),
            installation: KeyId("00112233aabbccdd".to_owned()),
            boxes: &self.boxes,
            ledger: &self.ledger,
            custody: &custody,
            consignees: BTreeSet::from([OrganisationId(PHARMACY)]),
            turned_back_at: self.turned_back_at,
            profile: &profile,
            rides: self.ride.iter().map(ride).collect(),
            holds: self.holds.iter().map(hold).collect(),
        };
        serde_json::to_value(document(&known, at(now))).unwrap()
    }

    pub fn events(&self, now: i64) -> Vec<Value> {
        self.document(now)["epcisBody"]["eventList"].as_array().unwrap().clone()
    }
}

fn reading((minutes, temperature): &(i64, i32)) -> Reading {
    Reading {
        measured_at: at(*minutes),
        temperature: Temperature(*temperature),
        min: None,
        max: None,
        humidity: None,
        out_of_range_s: None,
    }
}

/// Of each event the fields that are asked for, where it has them.
pub fn fields(events: &[Value], names: &[&str]) -> Vec<Value> {
    let of = |event: &Value| {
        let some = names.iter().filter(|name| event.get(**name).is_some());
        some.map(|name| ((*name).to_owned(), event[*name].clone())).collect::<serde_json::Map<_, _>>().into()
    };
    events.iter().map(of).collect()
}

/// What happened, in one word an event.
pub fn steps(events: &[Value]) -> Vec<String> {
    let word = |event: &Value| event["bizStep"].as_str().unwrap_or("-").to_owned();
    events.iter().map(word).collect()
}
