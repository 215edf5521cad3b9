//! A house to test in: a service on a real database, on a clock that the test sets, with trackers and shipments.

mod frames;
pub mod messages;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use domain::access::Role;
use domain::alert::AlertKind;
use domain::place::Position;
use domain::profile::Profile;
use domain::{DevEui, OrganisationId, ProfileId, ShipmentId, Temperature};
use queue::{Queue, Spool, SpoolSettings};
use store::{AlertFilter, AlertView, NewShipment, NewUser, Store, Tracker, TrackerSettings, Uplink};
use tempfile::TempDir;
use testkit::postgres::{Database, database};
use uuid::Uuid;

use self::frames::frame;
use crate::arrived::{Arrived, Located};
use crate::binding::bind;
use crate::consume::consume_batch;
use crate::credentials::TokenKey;
use crate::{BadgeKey, Clock, LedgerKey, Parts, Service};

/// A minute's beginning, which is the zero of all times here.
pub const START: i64 = 1_790_000_040;

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(START + second, 0).unwrap()
}

pub struct House {
    pub service: Service,
    pub database: Database,
    pub owner: OrganisationId,
    profile: ProfileId,
    seconds: Arc<AtomicI64>,
    folder: TempDir,
}

/// A tracker on its way with a shipment of its own.
pub struct Box {
    pub tracker: Tracker,
    pub shipment: store::Shipment,
}

impl House {
    pub async fn new() -> Self {
        let database = database(None).unwrap();
        store::migrate(&database.url()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let seconds = Arc::new(AtomicI64::new(0));
        let service = service(&database.url(), &folder, &seconds);
        let mut db = service.store.connect().await.unwrap();
        let owner = db.ensure_organisation("Depot", at(0)).await.unwrap();
        for role in [Role::Admin, Role::Coordinator, Role::Quality, Role::Courier] {
            let (email, password_hash) = (format!("{role}@example.org"), "-".to_owned());
            let user = NewUser { organisation: owner, email, name: None, role, password_hash };
            db.add_user(&user, at(0)).await.unwrap();
        }
        let text = "name = \"p\"\nmax_gap = \"40m\"\n[range]\nmin_c = 2.0\nmax_c = 8.0\n";
        let profile = db.add_profile(owner, &Profile::from_toml(text).unwrap(), at(0)).await.unwrap().id;
        drop(db);
        Self { service, database, owner, profile, seconds, folder }
    }

    /// Another service in the place of this one, that has worked off what waited.
    pub fn restart(&mut self) {
        self.service = service(&self.database.url(), &self.folder, &self.seconds);
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.service.clock)()
    }

    pub async fn draft(&self, number: u64) -> store::Shipment {
        let mut db = self.service.store.connect().await.unwrap();
        let made = NewShipment {
            organisation: self.owner,
            reference: format!("S-{number:02}"),
            profile: self.profile,
            origin: None,
            destination: None,
            days_to_return: None,
            created_by: None,
        };
        let shipment = db.add_shipment(&made, self.now()).await.unwrap();
        db.shipment(self.owner, shipment).await.unwrap()
    }

    pub async fn ship(&self, number: u64, interval_s: i32) -> Box {
        self.ship_with(number, interval_s, "isotherm").await
    }

    /// With a tracker that is read by that codec.
    pub async fn ship_with(&self, number: u64, interval_s: i32, codec: &str) -> Box {
        let (now, shipment) = (self.now(), self.draft(number).await);
        let mut db = self.service.store.begin().await.unwrap();
        let (dev_eui, name) = (DevEui(number), number.to_string());
        let settings = TrackerSettings { name: &name, codec, interval_s, mapping: None };
        let tracker = db.add_tracker(self.owner, dev_eui, &settings, now).await.unwrap();
        bind(&self.service, &mut db, &shipment, &tracker, None, now, now).await.unwrap();
        db.commit().await.unwrap();
        Box { tracker, shipment }
    }

    /// Readings a quarter of an hour apart, the last one measured and received now.
    pub async fn hear(&self, of: &Box, numbers: RangeInclusive<u32>, gateways: &[&str]) {
        self.hear_late(of, numbers, self.now(), gateways).await;
    }

    /// Received now, however long ago the last one was measured.
    pub async fn hear_late(
        &self,
        of: &Box,
        numbers: RangeInclusive<u32>,
        measured_at: DateTime<Utc>,
        gateways: &[&str],
    ) {
        let frame = frame(numbers.clone(), measured_at, Temperature(525));
        self.receive(of, *numbers.end(), frame, gateways).await;
    }

    /// One reading, received now.
    pub async fn measure(&self, of: &Box, number: u32, measured_at: DateTime<Utc>, hundredths: i32) {
        self.receive(of, number, frame(number..=number, measured_at, Temperature(hundredths)), &[]).await;
    }

    async fn receive(&self, of: &Box, number: u32, payload: Vec<u8>, gateways: &[&str]) {
        let json: Vec<_> = gateways.iter().map(|id| serde_json::json!({ "id": id })).collect();
        let gateways = serde_json::to_string(&json).unwrap();
        let uplink = Uplink { f_cnt: i64::from(number), gateways, ..self.uplink(of, 11, payload) };
        assert_eq!(self.take_in(uplink).await, None);
    }

    /// A message of another kind than a log, which the network received at that second.
    pub async fn hear_on(&self, of: &Box, f_port: i32, payload: &str, second: i64) {
        assert_eq!(self.hear_problem(of, f_port, payload, second).await, None);
    }

    /// What was wrong with it.
    pub async fn hear_problem(&self, of: &Box, f_port: i32, payload: &str, second: i64) -> Option<String> {
        let payload = hex::decode(payload).unwrap();
        self.take_in(Uplink { received_at: at(second), ..self.uplink(of, f_port, payload) }).await
    }

    pub fn uplink(&self, of: &Box, f_port: i32, payload: Vec<u8>) -> Uplink {
        let now = self.now();
        Uplink {
            organisation: self.owner,
            integration: "depot".to_owned(),
            dev_eui: Some(of.tracker.dev_eui),
            dev_addr: None,
            f_cnt: 1,
            f_port,
            payload: Some(payload),
            decoded: None,
            confirmed: false,
            gateways: "[]".to_owned(),
            received_at: now,
            arrived_at: now,
            problem: None,
            gave_readings: false,
            address: store::NetworkAddress::default(),
        }
    }

    pub async fn take_in(&self, uplink: Uplink) -> Option<String> {
        let mut arrived = Arrived { uplinks: vec![uplink], ..Arrived::default() };
        consume_batch(&self.service, &mut arrived).await.unwrap();
        arrived.uplinks.remove(0).problem
    }

    /// Where a tracker was, as networks work it out.
    pub async fn locate(&self, of: &Box, position: Position) {
        let (organisation, dev_eui) = (self.owner, of.tracker.dev_eui);
        let located = vec![Located { organisation, dev_eui, position }];
        consume_batch(&self.service, &mut Arrived { located, ..Arrived::default() }).await.unwrap();
    }

    /// A partner of that kind.
    pub fn partner(&self, kind: &str, name: &str) -> OrganisationId {
        let sql = format!(
            "insert into organisations (host_id, kind, name, created_at)
             values ({}, '{kind}', '{name}', now()) returning id",
            self.owner
        );
        let id = self.database.psql(&sql).unwrap();
        OrganisationId(id.split_whitespace().next().unwrap().parse().unwrap())
    }

    pub fn set(&self, second: i64) {
        self.seconds.store(second, Relaxed);
    }

    /// Oldest first.
    pub async fn alerts(&self, shipment: Option<ShipmentId>) -> Vec<AlertView> {
        let filter = AlertFilter { shipment, ..AlertFilter::default() };
        let mut alerts =
            self.service.store.connect().await.unwrap().alerts(self.owner, filter, 1000).await.unwrap();
        alerts.reverse();
        alerts
    }

    pub async fn kinds(&self) -> Vec<AlertKind> {
        self.alerts(None).await.iter().map(|alert| alert.kind).collect()
    }

    pub fn told(&self, what: &str) -> String {
        self.database
            .psql(&format!("select {what} from notifications n join users u on u.id = n.user_id"))
            .unwrap()
    }

    pub fn audited(&self, alert: &AlertView) -> String {
        let sql = format!(
            "select string_agg(action, ' ' order by id) from audit_entries where subject = '{}'",
            alert.id
        );
        self.database.psql(&sql).unwrap().trim().to_owned()
    }
}

fn service(url: &str, folder: &TempDir, seconds: &Arc<AtomicI64>) -> Service {
    let store = Store::open(url, 4).unwrap();
    let seconds = seconds.clone();
    let clock: Clock = Arc::new(move || at(seconds.load(Relaxed)));
    // Each with a queue of its own: what went through the one before was worked off.
    let spool = folder.path().join(Uuid::now_v7().to_string());
    let service = Service::new(Parts {
        store: store.clone(),
        workers: store,
        queue: Queue::embedded(Spool::open(SpoolSettings::new(spool)).unwrap()),
        clock: clock.clone(),
        wall_clock: clock.clone(),
        tokens: TokenKey::load_or_create(&folder.path().join("token.key")).unwrap(),
        badges: BadgeKey::load_or_create(&folder.path().join("badge.key")).unwrap(),
        ledger_key: LedgerKey::load_or_create(&folder.path().join("ledger.key")).unwrap(),
        package: |_, _, _| Err("nothing is exported here".into()),
        labels: |_, _| Err("nothing is printed here".into()),
        mailer: None,
        network_servers: crate::NetworkServers::default(),
        ingester_token_sha256: None,
        quotas: crate::Quotas::default(),
        shutdown: tokio::sync::watch::channel(false).1,
    });
    let service = service.unwrap();
    *service.listening_since.lock().unwrap() = Some(clock());
    service
}
