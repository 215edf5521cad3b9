//! Makes entries, each naming the hash of the one that it continues.

use chrono::{DateTime, TimeDelta, Utc};
use domain::custody::{
    Act, Actor, Addressee, BoxNumber, Custody, Effect, Entry, EntryHash, Organisation, Seen, Strength,
};
use domain::{OrganisationId, ShipmentId};
use uuid::Uuid;

pub const SHIPPER: i32 = 1;
pub const SHIPMENT: ShipmentId = ShipmentId(Uuid::from_u128(7));

/// Entries with their hashes, in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub entries: Vec<(EntryHash, Entry)>,
}

pub fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::minutes(minute)
}

pub fn organisation(id: i32) -> Organisation {
    Organisation { id: OrganisationId(id), name: format!("organisation {id}"), gln: None }
}

fn actor(id: i32) -> Actor {
    Actor {
        organisation: organisation(id),
        person: None,
        user: None,
        badge: None,
        written_on: None,
        strength: Strength::Account,
    }
}

impl History {
    pub fn packed(boxes: &[BoxNumber]) -> (Self, EntryHash) {
        let mut history = Self::default();
        let packed = history.write(SHIPPER, Act::Packed { boxes: boxes.to_vec(), seals: Vec::new() });
        (history, packed)
    }

    /// Written a minute after the entry before it.
    pub fn write(&mut self, by: i32, act: Act) -> EntryHash {
        let number = self.entries.len();
        let entry = Entry {
            shipment: SHIPMENT,
            id: Uuid::from_u128(number as u128),
            at: minute(number as i64),
            by: actor(by),
            whereabouts: None,
            act,
        };
        let hash = EntryHash::of(&entry.to_text().unwrap());
        self.entries.push((hash, entry));
        hash
    }

    pub fn offer(&mut self, by: i32, continues: EntryHash, to: i32, boxes: &[BoxNumber]) -> EntryHash {
        let to = Addressee { organisation: organisation(to), person: None };
        let (boxes, seen) = (boxes.to_vec(), Seen::default());
        self.write(by, Act::Offered { continues, boxes, exceptions: Vec::new(), parent: None, to, seen })
    }

    pub fn accept(&mut self, by: i32, answers: EntryHash, boxes: &[BoxNumber]) -> EntryHash {
        let (boxes, seen) = (boxes.to_vec(), Seen::default());
        self.write(by, Act::Accepted { answers, boxes, exceptions: Vec::new(), quarantine: false, seen })
    }

    pub fn refuse(&mut self, by: i32, answers: EntryHash, boxes: &[BoxNumber]) -> EntryHash {
        let (boxes, reason, seen) = (boxes.to_vec(), "wet".to_owned(), Seen::default());
        self.write(by, Act::Refused { answers, boxes, reason, seen })
    }

    pub fn withdraw(&mut self, by: i32, answers: EntryHash) -> EntryHash {
        self.write(by, Act::Withdrawn { answers, reason: "another truck".to_owned() })
    }

    pub fn correct(&mut self, by: i32, corrects: EntryHash, effect: Effect) -> EntryHash {
        self.write(by, Act::Corrected { corrects, effect, reason: "seen on the paper".to_owned() })
    }

    /// From `by` to `to`, all boxes that are named.
    pub fn hand_over(&mut self, by: i32, link: EntryHash, to: i32, boxes: &[BoxNumber]) -> EntryHash {
        let offer = self.offer(by, link, to, boxes);
        self.accept(to, offer, boxes)
    }

    pub fn custody(&self) -> Custody {
        Custody::of(self.entries.iter().map(|(hash, entry)| (*hash, entry)))
    }
}

/// Whose the box is now.
pub fn custodian(custody: &Custody, number: BoxNumber) -> i32 {
    custody.boxes[&number].present.organisation.id.0
}
