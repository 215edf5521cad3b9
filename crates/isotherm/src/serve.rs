//! The wiring of the services: what is started, with what, and in which order it stops.

use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use anyhow::Context;
use ingest::{AddressOf, CredentialRecord, Ingester, IntegrationRecord, Integrations};
use queue::{AmqpUrl, Broker, Packing, Queue, Sender, Spool, SpoolSettings};
use store::embedded::{Cluster, DATABASE, Options as ClusterOptions};
use store::{Credential, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracking::api::caller_address;
use tracking::credentials::{TokenKey, hash_token};
use tracking::{BadgeKey, LedgerKey, Mailer, NetworkServer, NetworkServers, Parts, Service};

use crate::Failure;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::http;
use crate::pull;
use crate::tls::Tls;

/// Connections to the database for requests.
const FOR_REQUESTS: usize = 12;

/// And for the consumer with its partitions, the clock, the notifier, downlinks, and room.
const FOR_WORKERS: usize = 8;

/// How often an ingester looks for new integrations: one that was added counts within a second.
const INTEGRATIONS_EVERY: Duration = Duration::from_millis(500);

/// How long a batch or an e-mail under way may take when the program stops.
const END_WITHIN: Duration = Duration::from_secs(15);

/// How long lines that are being made durable may take when the program stops.
const CLOSE_WITHIN: Duration = Duration::from_secs(8);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Both,
    Ingest,
    Track,
}

/// The times that the services go by.
pub struct Clocks {
    /// Of readings, alarms and silence.
    pub readings: Clock,
    /// Of log-ins.
    pub wall: Clock,
}

/// Runs until the program is told to stop (SIGINT or SIGTERM).
pub fn run(config: Config, part: Part) -> Result<(), Failure> {
    check_part(&config, part)?;
    let machine = clock::machine();
    let door = Door { tls: Tls::open(&config.http.tls, machine()).map_err(Failure::bad)?, inside: None };
    let database = match part {
        Part::Ingest => None,
        Part::Both | Part::Track => Some(open_database(&config, Cluster::start)?),
    };
    let clocks = Clocks { readings: machine.clone(), wall: machine };
    let runtime = runtime_for(part).context("the runtime cannot start")?;
    runtime.block_on(async {
        let database_url = database.as_ref().map(|database| database.url.as_str());
        let tls = door.tls.is_some();
        let running = start(&config, part, clocks, database_url, door).await?;
        tracing::info!(address = %running.address, tls, "isotherm answers");
        running.run_until(wait_for_stop()).await
    })?;
    Ok(())
}

/// Beside the server's own threads an ingester has little to do, in very small pieces: a second thread would only be
/// woken in vain, again and again.
fn runtime_for(part: Part) -> std::io::Result<tokio::runtime::Runtime> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if part == Part::Ingest {
        runtime.worker_threads(1);
    }
    runtime.enable_all().build()
}

fn check_part(config: &Config, part: Part) -> Result<(), Failure> {
    if part != Part::Both && config.is_queue_embedded() {
        let message =
            "a split installation needs RabbitMQ: set queue.url to amqp://…, or run `isotherm serve`";
        return Err(Failure::bad(message));
    }
    if part == Part::Ingest && (config.ingest.tracking_url.is_empty() || config.ingest.token.0.is_empty()) {
        let message =
            "set ingest.tracking_url and ingest.token: the ingester learns its integrations from there";
        return Err(Failure::bad(message));
    }
    Ok(())
}

/// The database's URL, and the embedded cluster that must live as long as it is used.
pub struct Database {
    pub url: String,
    _cluster: Option<Cluster>,
}

pub fn open_database<E>(
    config: &Config,
    start: impl FnOnce(&ClusterOptions) -> Result<Cluster, E>,
) -> Result<Database, Failure>
where
    E: ToString,
{
    if !config.is_database_embedded() {
        make_data_dir(&config.data_dir)?;
        return Ok(Database { url: config.database.url.0.clone(), _cluster: None });
    }
    let mut options = ClusterOptions::new(&config.data_dir);
    if !config.database.binaries.as_os_str().is_empty() {
        options.binaries = Some(config.database.binaries.clone());
    }
    let cluster = start(&options).map_err(Failure::bad)?;
    Ok(Database { url: cluster.url(DATABASE), _cluster: Some(cluster) })
}

/// For its owner alone, but where it is there already.
fn make_data_dir(data_dir: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .map_err(|error| Failure::bad(format!("data_dir {} cannot be made: {error}", data_dir.display())))
}

/// Where the service is reached, beside its configured address.
pub struct Door {
    /// Without it that address speaks plain HTTP.
    pub tls: Option<Tls>,
    /// One more, in plain HTTP, for the program itself.
    pub inside: Option<TcpListener>,
}

/// Services that run.
pub struct Running {
    pub address: std::net::SocketAddr,
    sender: Option<Sender>,
    server: actix_web::dev::ServerHandle,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Runs until `told` is ready. None of the services ends by itself: one that did has failed, and the others must
    /// not go on as if nothing were missing.
    pub async fn run_until(mut self, told: impl Future<Output = ()>) -> anyhow::Result<()> {
        let failed = tokio::select! {
            () = told => false,
            _ = self.tasks.join_next() => true,
        };
        tracing::info!("stopping");
        self.stop().await;
        anyhow::ensure!(!failed, "a part of the service ended unexpectedly; its reason is in the log above");
        Ok(())
    }

    /// Streams and loops end, requests under way are answered, what was submitted is made durable.
    pub async fn stop(mut self) {
        // Fails only where everything has ended already.
        let _ = self.stop.send(true);
        self.server.stop(true).await;
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(END_WITHIN, ended).await.is_err() {
            tracing::warn!(
                "a batch or an e-mail takes too long; it is given up and done again at the next start"
            );
            self.tasks.shutdown().await;
        }
        if let Some(sender) = self.sender
            && !sender.close(CLOSE_WITHIN).await
        {
            tracing::error!("some webhooks were not made durable in time; their senders got no 2xx");
        }
    }
}

/// Starts the given part. `database_url` is there unless the part is the ingester.
pub async fn start(
    config: &Config,
    part: Part,
    clocks: Clocks,
    database_url: Option<&str>,
    door: Door,
) -> anyhow::Result<Running> {
    make_data_dir(&config.data_dir).map_err(|failure| anyhow::anyhow!(failure.message))?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let transport = Transport::open(config, part)?;
    let service = match database_url.zip(transport.queue) {
        Some((url, queue)) => Some(start_tracking(config, url, queue, &clocks, stopped.clone()).await?),
        None => None,
    };
    let mut ingester = None;
    if let Some(sender) = &transport.sender {
        let integrations = Integrations::open(&config.data_dir.join("integrations.json"))?;
        tasks.spawn(follow_integrations(
            source_of(config, service.as_ref())?,
            integrations.clone(),
            stopped.clone(),
        ));
        let (sender, clock) = (sender.clone(), clocks.readings.clone());
        let made = Ingester::new(integrations, sender, clock, address_of(config), stopped.clone())?;
        let made = web::Data::new(made);
        tasks.spawn(ingest::run(made.clone().into_inner()));
        for feed in pull::feeds(&config.pull)? {
            tasks.spawn(ingest::pull::run(made.clone().into_inner(), feed));
        }
        ingester = Some(made);
    }
    if let Some(service) = &service {
        tasks.spawn(tracking::run(service.clone().into_inner()));
    }
    let listen = config.http.listen;
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
    let tls = door.tls.as_ref().map(Tls::server_config).transpose()?;
    let (server, address) = http::serve(listener, tls, door.inside, ingester, service)?;
    if let Some(tls) = door.tls {
        tasks.spawn(tls.follow(clocks.wall, stopped));
    }
    let handle = server.handle();
    tasks.spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the server ended");
        }
    });
    Ok(Running { address, sender: transport.sender, server: handle, stop, tasks })
}

/// Where webhooks come from, by the same rule as other requests.
fn address_of(config: &Config) -> AddressOf {
    let behind_proxy = config.http.limits.behind_proxy;
    Arc::new(move |request| caller_address(request, behind_proxy))
}

/// The two ends of the queue, as far as the part needs them.
struct Transport {
    sender: Option<Sender>,
    queue: Option<Queue>,
}

impl Transport {
    fn open(config: &Config, part: Part) -> anyhow::Result<Self> {
        let packing = Packing { linger: Duration::from_millis(config.queue.linger_ms), ..Packing::default() };
        let spool = || {
            let settings = SpoolSettings {
                max_bytes: config.spool.max_bytes,
                min_free: config.spool.min_free_bytes,
                ..SpoolSettings::new(config.data_dir.join("spool"))
            };
            Spool::open(settings)
        };
        if config.is_queue_embedded() {
            let spool = spool()?;
            let (queue, sender) = (Queue::embedded(spool.clone()), Sender::embedded(spool, packing));
            return Ok(Self { sender: Some(sender), queue: Some(queue) });
        }
        let url: AmqpUrl = config.queue.url.0.parse().context("queue.url")?;
        let broker = Broker::new(url).with_prefix(config.queue.prefix.clone());
        let sender = match part {
            Part::Track => None,
            Part::Both | Part::Ingest => Some(Sender::rabbitmq(broker.clone(), spool()?, packing)),
        };
        let queue = (part != Part::Ingest).then(|| Queue::rabbitmq(broker));
        Ok(Self { sender, queue })
    }
}

async fn start_tracking(
    config: &Config,
    url: &str,
    queue: Queue,
    clocks: &Clocks,
    shutdown: watch::Receiver<bool>,
) -> anyhow::Result<web::Data<Service>> {
    for migration in store::migrate(url).await? {
        tracing::info!(migration, "the database was brought to a newer version");
    }
    let workers = Store::open(url, FOR_WORKERS)?;
    let now = (clocks.readings)();
    workers.connect().await?.first_organisation_or(&config.organisation.name, now).await?;
    workers.make_partitions_ahead(now).await?;
    let mailer = match config.smtp.url.0.as_str() {
        "" => None,
        url => Some(Mailer::new(url, &config.smtp.from)?),
    };
    let token = &config.ingest.token.0;
    let service = Service::new(Parts {
        store: workers.for_requests(FOR_REQUESTS)?,
        workers,
        queue,
        clock: clocks.readings.clone(),
        wall_clock: clocks.wall.clone(),
        tokens: TokenKey::load_or_create(&config.data_dir.join("token.key"))?,
        badges: BadgeKey::load_or_create(&config.data_dir.join("badge.key"))?,
        ledger_key: LedgerKey::load_or_create(&config.data_dir.join("ledger.key"))?,
        package: |evidence, key, sign| Ok(report::package(evidence, key, sign)?),
        labels: |labels, format| Ok(label::draw(labels, format)?),
        mailer,
        network_servers: network_servers(config)?,
        ingester_token_sha256: (!token.is_empty()).then(|| hash_token(token)),
        quotas: config.http.limits.quotas(),
        shutdown,
    })?;
    // Before the first request: a token that was given before the restart may be one of theirs.
    service.learn_disabled_users().await?;
    service.learn_api_keys().await?;
    Ok(web::Data::new(service))
}

/// Where downlinks go.
fn network_servers(config: &Config) -> anyhow::Result<NetworkServers> {
    let servers = config.downlinks.iter().map(|(integration, to)| {
        let server = NetworkServer::new(&to.url, &to.key.0, &to.webhook);
        Ok((integration.clone(), server.with_context(|| format!("downlinks.{integration}"))?))
    });
    Ok(NetworkServers::new(servers.collect::<anyhow::Result<_>>()?))
}

/// Where an ingester learns the integrations from.
enum IntegrationSource {
    Store(Store),
    Service { client: reqwest::Client, url: String, token: String },
}

fn source_of(config: &Config, service: Option<&web::Data<Service>>) -> anyhow::Result<IntegrationSource> {
    Ok(match service {
        Some(service) => IntegrationSource::Store(service.store.clone()),
        None => IntegrationSource::Service {
            client: client_of(&config.ingest.tracking_ca)?,
            url: format!("{}/api/v1/ingester/integrations", config.ingest.tracking_url.trim_end_matches('/')),
            token: config.ingest.token.0.clone(),
        },
    })
}

/// A client that believes the public authorities and, where it is named, that in the file.
fn client_of(authority: &Path) -> anyhow::Result<reqwest::Client> {
    let mut client = reqwest::Client::builder();
    if !authority.as_os_str().is_empty() {
        let failed = || format!("ingest.tracking_ca: {}", authority.display());
        let pem = std::fs::read(authority).with_context(failed)?;
        let known = reqwest::Certificate::from_pem_bundle(&pem).with_context(failed)?;
        anyhow::ensure!(!known.is_empty(), "{}: holds no certificate; PEM is expected", failed());
        for certificate in known {
            client = client.add_root_certificate(certificate);
        }
    }
    Ok(client.build()?)
}

impl IntegrationSource {
    async fn read(&self) -> anyhow::Result<Vec<IntegrationRecord>> {
        match self {
            Self::Store(store) => {
                let integrations = store.connect().await?.integrations().await?;
                Ok(integrations.into_iter().map(record).collect())
            }
            Self::Service { client, url, token } => {
                let request = client.get(url).bearer_auth(token).timeout(Duration::from_secs(5));
                Ok(request.send().await?.error_for_status()?.json().await?)
            }
        }
    }
}

fn record(integration: store::Integration) -> IntegrationRecord {
    IntegrationRecord {
        id: integration.id,
        organisation: integration.organisation,
        network: integration.network,
        credential: credential_record(integration.credential),
        older: integration.older.map(credential_record),
        allowed: integration.allowed.iter().map(ToString::to_string).collect(),
        refuse_when_broker_away: integration.refuse_when_broker_away,
    }
}

fn credential_record(Credential { token_sha256, key }: Credential) -> CredentialRecord {
    CredentialRecord { token_sha256: token_sha256.iter().map(|byte| format!("{byte:02x}")).collect(), key }
}

/// Keeps the ingester's copy fresh. While the source is away the copy stands.
async fn follow_integrations(source: IntegrationSource, copy: Integrations, mut stop: watch::Receiver<bool>) {
    let mut away = false;
    loop {
        let outcome = match source.read().await {
            Ok(records) => copy.replace(records).map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => away = false,
            // Once, not twice a second.
            Err(error) if !away => {
                away = true;
                tracing::warn!(%error, "the integrations cannot be brought up to date; the copy stands");
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(INTEGRATIONS_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Returns when the program is to stop.
pub async fn wait_for_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
