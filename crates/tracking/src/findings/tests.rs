//! Custody's alerts on a real database and on a clock that the test sets: for each kind what raises it, what must not, and
//! what late data make of it. The rules themselves are tested in the domain; here is what they are told.

mod handovers;
mod places;
mod rounds;

use domain::custody::{
    Act, Actor, Addressee, Entry, EntryHash, Organisation, Seal, Seen, Strength, Whereabouts as Where,
};
use domain::place::{Fence, Place, Point, Position, PositionSource};
use domain::plan::{Lane, Leg, Plan, TimeWindow};
use domain::qualification::{Person, TrainingTopic};
use domain::route::{Corridor, CorridorText};
use domain::{Duration, LaneId, PlaceId, UserId};
use store::{AlertView, ContractText, StoredPlace};

use super::*;
use crate::handover::Book;
use crate::house::{Box, House, at};

/// A shipment that goes by the first carrier from the depot to the cross-dock and by the second to the pharmacy: to be
/// picked up by 600 and 12 000, and accepted by 21 600 (seconds). All are under contract and trained.
struct Way {
    house: House,
    of: Box,
    first: OrganisationId,
    second: OrganisationId,
    pharmacy: OrganisationId,
    depot: StoredPlace,
    dock: StoredPlace,
    lane: Lane,
    packed: EntryHash,
}

fn seconds(seconds: i64) -> Duration {
    Duration::from_seconds(seconds).unwrap()
}

fn point(lat: f64) -> Point {
    Point::from_degrees(lat, 11.5).unwrap()
}

fn place(name: &str, lat: f64) -> StoredPlace {
    let fence = Some(Fence::circle(point(lat), 500).unwrap());
    let (id, name) = (PlaceId(Uuid::now_v7()), name.to_owned());
    let place = Place { id, name, fence, opening: None, storage: Vec::new() };
    StoredPlace { place, address: None, gln: None, operator: None, created_at: at(0) }
}

fn leg(number: u32, lane: &Lane, carrier: OrganisationId, begins: i64) -> Leg {
    Leg {
        number,
        lane: (number == 1).then_some(lane.id),
        from: if number == 1 { lane.from } else { lane.to },
        to: if number == 1 { lane.to } else { lane.from },
        carrier,
        courier: None,
        pick_up: TimeWindow { from: at(begins), to: at(begins + 600) },
        delivery: TimeWindow { from: at(begins + 3_600), to: at(begins + 10_200) },
    }
}

impl Way {
    async fn new() -> Self {
        let house = House::new().await;
        let of = house.ship(1, 900).await;
        let [first, second] = ["First", "Second"].map(|name| house.partner("carrier", name));
        let pharmacy = house.partner("consignee", "Pharmacy");
        let (depot, dock) = (place("depot", 48.0), place("dock", 48.5));
        let path = CorridorText {
            path: serde_json::from_value(serde_json::json!([[48.0, 11.5], [48.5, 11.5]])).unwrap(),
            width_m: 2_000,
        };
        let lane = Lane {
            id: LaneId(Uuid::now_v7()),
            name: "south".to_owned(),
            from: depot.place.id,
            to: dock.place.id,
            corridor: Some(Corridor::try_from(path).unwrap()),
            duration: seconds(7_200),
            dark: Vec::new(),
            hold_time: None,
            unattended: false,
        };
        let mut way =
            Self { house, of, first, second, pharmacy, depot, dock, lane, packed: EntryHash::of("") };
        way.settle().await;
        let boxes = vec![1];
        let seals = vec![Seal { number: 1, seal: "S-1".to_owned() }];
        way.packed = way.write(way.house.owner, 0, Act::Packed { boxes, seals }).await;
        way
    }

    async fn settle(&self) {
        let mut db = self.house.service.store.begin().await.unwrap();
        let owner = self.house.owner;
        for place in [&self.depot, &self.dock] {
            db.add_place(owner, place).await.unwrap();
        }
        db.add_lane(owner, &self.lane, at(0)).await.unwrap();
        for partner in [self.first, self.second, self.pharmacy] {
            let contract =
                ContractText { title: "carriage".to_owned(), reference: None, from: at(-1), until: None };
            db.add_contract(owner, partner, &contract, at(0)).await.unwrap();
        }
        let legs = vec![leg(1, &self.lane, self.first, 0), leg(2, &self.lane, self.second, 11_400)];
        let plan = Plan::new(self.pharmacy, legs, std::slice::from_ref(&self.lane)).unwrap();
        let user = db.user_by_email("coordinator@example.org").await.unwrap().id;
        db.set_plan(owner, self.of.shipment.id, &plan, user, at(0)).await.unwrap();
        db.mark_watch(owner, self.of.shipment.id, at(0)).await.unwrap();
        db.commit().await.unwrap();
    }

    /// A trained person of that organisation.
    async fn driver(&self, of: OrganisationId) -> UserId {
        let id = self.untrained(of).await;
        self.train(id).await;
        id
    }

    async fn untrained(&self, of: OrganisationId) -> UserId {
        let mut db = self.house.service.store.connect().await.unwrap();
        let new = store::NewUser {
            organisation: of,
            email: format!("{}@example.org", Uuid::now_v7()),
            name: None,
            role: domain::access::Role::Courier,
            password_hash: "-".to_owned(),
        };
        db.add_user(&new, at(0)).await.unwrap()
    }

    async fn train(&self, user: UserId) {
        let mut db = self.house.service.store.connect().await.unwrap();
        let (owner, now, span) = (self.house.owner, self.house.now(), (at(-1), None));
        db.add_training(owner, Person::User(user), TrainingTopic::Gdp, span, now).await.unwrap();
        db.mark_watches_of(owner, None, now).await.unwrap();
    }

    async fn write(&self, by: OrganisationId, second: i64, act: Act) -> EntryHash {
        self.write_as((by, None, Strength::System), second, None, act).await
    }

    async fn write_as(
        &self,
        (by, user, strength): (OrganisationId, Option<UserId>, Strength),
        second: i64,
        whereabouts: Option<Where>,
        act: Act,
    ) -> EntryHash {
        let mut db = self.house.service.store.begin().await.unwrap();
        db.lock_intake().await.unwrap();
        let mut book = Book::open(&mut db, self.house.owner, self.of.shipment.id).await.unwrap();
        let organisation =
            book.party(by).unwrap_or(Organisation { id: by, name: "Depot".to_owned(), gln: None });
        let entry = Entry {
            shipment: self.of.shipment.id,
            id: Uuid::now_v7(),
            at: at(second),
            by: Actor { organisation, person: None, user, badge: None, written_on: None, strength },
            whereabouts,
            act,
        };
        let hash = EntryHash::of(&entry.to_text().unwrap());
        book.write(&self.house.service, &mut db, entry, self.house.now()).await.unwrap();
        db.commit().await.unwrap();
        hash
    }

    async fn offer(
        &self,
        by: OrganisationId,
        second: i64,
        continues: EntryHash,
        to: OrganisationId,
    ) -> EntryHash {
        let organisation = Organisation { id: to, name: to.to_string(), gln: None };
        let to = Addressee { organisation, person: None };
        let (boxes, exceptions, parent, seen) = (vec![1], Vec::new(), None, Seen::default());
        self.write(by, second, Act::Offered { continues, boxes, exceptions, parent, to, seen }).await
    }

    async fn accept(&self, by: OrganisationId, second: i64, answers: EntryHash) -> EntryHash {
        self.write(by, second, accepted(answers, Seen::default())).await
    }

    /// Offered a second before it is accepted.
    async fn hand_over(
        &self,
        from: OrganisationId,
        link: EntryHash,
        to: OrganisationId,
        second: i64,
    ) -> EntryHash {
        let offer = self.offer(from, second - 1, link, to).await;
        self.accept(to, second, offer).await
    }

    /// Sets the clock and looks, twice: a round changes nothing that the one before has not.
    async fn look(&self, second: i64) -> Vec<AlertView> {
        self.house.set(second);
        for _ in 0..2 {
            look(&self.house.service).await.unwrap();
        }
        self.house.alerts(None).await
    }

    /// The kinds of alerts at that second, and how each was closed.
    async fn kinds(&self, second: i64) -> Vec<(AlertKind, Option<String>)> {
        self.look(second).await.into_iter().map(|alert| (alert.kind, alert.closed_as)).collect()
    }

    async fn seen_at(&self, second: i64, lat: f64) {
        self.house.set(second);
        let (accuracy_m, source) = (20, PositionSource::Network);
        self.house.locate(&self.of, Position { at: at(second), accuracy_m, point: point(lat), source }).await;
    }
}

fn accepted(answers: EntryHash, seen: Seen) -> Act {
    Act::Accepted { answers, boxes: vec![1], exceptions: Vec::new(), quarantine: false, seen }
}

fn open(kind: AlertKind) -> Vec<(AlertKind, Option<String>)> {
    vec![(kind, None)]
}

fn closed(kind: AlertKind) -> Vec<(AlertKind, Option<String>)> {
    vec![(kind, Some("closed".to_owned()))]
}

fn withdrawn(kind: AlertKind) -> Vec<(AlertKind, Option<String>)> {
    vec![(kind, Some("withdrawn".to_owned()))]
}
