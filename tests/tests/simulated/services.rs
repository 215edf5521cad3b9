//! The ingester and the tracking service as the program wires them, on RabbitMQ and PostgreSQL, by a clock of one's own.

use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use domain::DevEui;
use e2e::folder;
use ingest::{CredentialRecord, Ingester, IntegrationRecord, Integrations};
use queue::{Broker, Packing, Queue, Sender, Spool, SpoolSettings};
use simulator::{Clock, Target};
use store::{Store, TrackerSettings};
use tempfile::TempDir;
use testkit::postgres::{Database, database};
use testkit::rabbitmq::{shared_url, unique_prefix};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracking::api::caller_address;
use tracking::credentials::{TokenKey, hash_token};
use tracking::{BadgeKey, LedgerKey, NetworkServer, NetworkServers, Parts, Quotas, Service};

const INTEGRATION: &str = "depot";
const TOKEN: &str = "the network server's token";

pub struct Services {
    pub target: Target,
    pub database: Database,
    stop: watch::Sender<bool>,
    server: ServerHandle,
    tasks: Vec<JoinHandle<()>>,
    _folder: TempDir,
}

impl Services {
    /// With these trackers, whose downlinks go to the network server at `url`.
    pub async fn start(clock: &Clock, trackers: &[DevEui], (url, key): (&str, &str)) -> Self {
        let (folder, database) = (folder("simulated"), database(None).unwrap());
        store::migrate(&database.url()).await.unwrap();
        let store = Store::open(&database.url(), 8).unwrap();
        let broker =
            Broker::new(shared_url().unwrap().parse().unwrap()).with_prefix(unique_prefix("simulated"));
        let (stop, stopped) = watch::channel(false);
        let integration = register(&store, clock, trackers).await;

        let spool = Spool::open(SpoolSettings::new(folder.path().join("spool"))).unwrap();
        let sender = Sender::rabbitmq(broker.clone(), spool, Packing::default());
        let integrations = Integrations::open(&folder.path().join("integrations.json")).unwrap();
        integrations.replace(vec![integration]).unwrap();
        let from: ingest::AddressOf = Arc::new(|request| caller_address(request, false));
        let ingester = Ingester::new(integrations, sender, clock.clone(), from, stopped.clone()).unwrap();
        let ingester = web::Data::new(ingester);
        let to = NetworkServer::new(url, key, "").unwrap();
        let service = Service::new(Parts {
            store: store.clone(),
            workers: store,
            queue: Queue::rabbitmq(broker),
            clock: clock.clone(),
            wall_clock: clock.clone(),
            tokens: TokenKey::load_or_create(&folder.path().join("token.key")).unwrap(),
            badges: BadgeKey::load_or_create(&folder.path().join("badge.key")).unwrap(),
            ledger_key: LedgerKey::load_or_create(&folder.path().join("ledger.key")).unwrap(),
            package: |_, _, _| Err("nothing is exported here".into()),
            labels: |_, _| Err("nothing is printed here".into()),
            mailer: None,
            network_servers: NetworkServers::new([(INTEGRATION.to_owned(), to)].into()),
            ingester_token_sha256: None,
            quotas: Quotas::default(),
            shutdown: stopped,
        });
        let service = Arc::new(service.unwrap());

        let mounted = ingester.clone();
        let app = move || App::new().configure(ingest::configure(mounted.clone()));
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/webhooks/{INTEGRATION}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        let tasks = vec![
            tokio::spawn(async move { server.await.unwrap() }),
            tokio::spawn(ingest::run(ingester.into_inner())),
            tokio::spawn(tracking::run(service)),
        ];
        let target = Target { url, token: TOKEN.to_owned() };
        Self { target, database, stop, server: handle, tasks, _folder: folder }
    }

    pub async fn stop(self) {
        self.stop.send(true).unwrap();
        self.server.stop(true).await;
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// What must exist before anything is heard.
async fn register(store: &Store, clock: &Clock, trackers: &[DevEui]) -> IntegrationRecord {
    let mut db = store.connect().await.unwrap();
    let organisation = db.ensure_organisation("Depot", clock()).await.unwrap();
    store.make_partitions_ahead(clock()).await.unwrap();
    let token_sha256 = hash_token(TOKEN);
    let credential = store::Credential { token_sha256: token_sha256.to_vec(), key: None };
    let integration = store::Integration::new(INTEGRATION, organisation, "chirpstack", credential);
    db.add_integration(&integration, clock()).await.unwrap();
    for dev_eui in trackers {
        let name = dev_eui.to_string();
        let settings = TrackerSettings { name: &name, codec: "isotherm", interval_s: 900, mapping: None };
        db.add_tracker(organisation, *dev_eui, &settings, clock()).await.unwrap();
    }
    IntegrationRecord {
        id: INTEGRATION.to_owned(),
        organisation,
        network: integration.network,
        credential: CredentialRecord { token_sha256: hex::encode(token_sha256), key: None },
        older: None,
        allowed: Vec::new(),
        refuse_when_broker_away: false,
    }
}
