//! The tracking service: consumes what the ingesters made durable, watches the clock, notifies, and answers the API.
//!
//! On the path of a reading it stands between the queue and the page: [`consume`] decodes payloads, asks the domain
//! what follows, and writes it in one transaction. It holds no rule (the domain does) and no SQL (the store does).

mod alerting;
pub mod api;
mod arrived;
mod assess;
mod badges;
mod binding;
mod consume;
pub mod credentials;
mod decide;
mod disabled;
mod downlinks;
mod escalate;
mod findings;
mod folds;
mod hand_ins;
mod handover;
mod heard;
#[cfg(test)]
mod house;
mod keys;
mod ledger;
mod limits;
mod links;
mod live;
mod metrics;
mod missing;
mod notify;
mod pending;
mod profiles;
mod recalls;
mod refusals;
mod replay;
mod reread;
mod runbooks;
mod said;
mod silence;
mod situation;
mod streams;
mod summary;
mod tally;
mod watch;
mod whereabouts;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::custody::record::KeyId;
use domain::evidence::Evidence;
use domain::label::{Label, LabelFormat};
use queue::{LinkState, Queue, QueueState};
use store::Store;
use tokio::sync::{Semaphore, watch as signal};

pub use badges::BadgeKey;
pub use downlinks::{NetworkServer, NetworkServerError, NetworkServers};
pub use keys::{ApiKey, add_api_key};
pub use ledger::LedgerKey;
pub use limits::Quotas;
pub use notify::{Mailer, MailerError};
pub use replay::{Replay, Replayed, replay};

/// Tells the time: the machine's, or a demonstration's.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Writes an evidence package that is signed with the key of that name.
pub type PackageEvidence = fn(
    &Evidence,
    &KeyId,
    &dyn Fn(&[u8]) -> [u8; 64],
) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

/// Draws labels: a page of a PDF each, or the picture of one.
pub type DrawLabels = fn(&[Label], LabelFormat) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

/// How many passwords are hashed at the same time.
const LOGINS_AT_ONCE: usize = 2;

/// How many streams look at the same time for what their listeners see: the other connections are for requests.
const STREAMS_AT_ONCE: usize = 2;

/// What all parts of the service share.
pub struct Service {
    /// For requests.
    pub store: Store,
    /// The same database through connections of their own, for what works in the background.
    workers: Store,
    /// What the ingesters made durable.
    pub queue: Queue,
    /// The time of readings, alarms and silence.
    pub clock: Clock,
    /// The time of log-ins.
    pub wall_clock: Clock,
    pub tokens: credentials::TokenKey,
    /// Keys the hashes of badges' numbers and of codes.
    pub badges: BadgeKey,
    /// Signs what is written of custody.
    pub ledger_key: ledger::LedgerKey,
    pub package: PackageEvidence,
    pub labels: DrawLabels,
    pub mailer: Option<Mailer>,
    /// Where downlinks go.
    pub network_servers: NetworkServers,
    /// What the ingesters use to ask for the integrations; None where they are in this process.
    pub ingester_token_sha256: Option<[u8; 32]>,
    disabled_users: disabled::DisabledUsers,
    api_keys: keys::ApiKeys,
    limits: limits::Limits,
    live: live::LiveChanges,
    profiles: profiles::Profiles,
    darkness: whereabouts::KnownDarkness,
    login_turns: Semaphore,
    streams: streams::Streams,
    stream_turns: Semaphore,
    metrics: metrics::Metrics,
    /// Since when nothing waits in the queue.
    listening_since: Mutex<Option<DateTime<Utc>>>,
    shutdown: signal::Receiver<bool>,
}

/// What a service is made from.
pub struct Parts {
    /// For requests.
    pub store: Store,
    /// The same database, for what works in the background.
    pub workers: Store,
    pub queue: Queue,
    pub clock: Clock,
    pub wall_clock: Clock,
    pub tokens: credentials::TokenKey,
    /// Keys the hashes of badges' numbers and of codes.
    pub badges: BadgeKey,
    /// Signs what is written of custody.
    pub ledger_key: ledger::LedgerKey,
    pub package: PackageEvidence,
    pub labels: DrawLabels,
    pub mailer: Option<Mailer>,
    /// Where downlinks go.
    pub network_servers: NetworkServers,
    pub ingester_token_sha256: Option<[u8; 32]>,
    pub quotas: Quotas,
    /// Becomes true when the service is to stop.
    pub shutdown: signal::Receiver<bool>,
}

impl Service {
    pub fn new(parts: Parts) -> Result<Self, prometheus::Error> {
        let Parts {
            store,
            workers,
            queue,
            clock,
            wall_clock,
            tokens,
            badges,
            ledger_key,
            package,
            labels,
            mailer,
            network_servers,
            ingester_token_sha256,
            quotas,
            shutdown,
        } = parts;
        Ok(Self {
            store,
            workers,
            queue,
            clock,
            wall_clock,
            tokens,
            badges,
            ledger_key,
            package,
            labels,
            mailer,
            network_servers,
            ingester_token_sha256,
            disabled_users: disabled::DisabledUsers::default(),
            api_keys: keys::ApiKeys::default(),
            limits: limits::Limits::new(quotas, &governor::clock::DefaultClock::default()),
            live: live::LiveChanges::default(),
            profiles: profiles::Profiles::default(),
            darkness: whereabouts::KnownDarkness::default(),
            login_turns: Semaphore::new(LOGINS_AT_ONCE),
            streams: streams::Streams::default(),
            stream_turns: Semaphore::new(STREAMS_AT_ONCE),
            metrics: metrics::Metrics::new()?,
            listening_since: Mutex::new(None),
            shutdown,
        })
    }

    /// Waits; false when the service is to stop.
    async fn pause(&self, time: Duration) -> bool {
        let mut stop = self.shutdown.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            _ = stop.wait_for(|stop| *stop) => false,
        }
    }
}

/// Consumes, watches the clock, notifies and speaks to trackers until the service is to stop.
pub async fn run(service: Arc<Service>) {
    tokio::join!(
        consume::run(&service),
        watch::run(&service),
        watch::learn(&service),
        findings::run(&service),
        notify::run(&service),
        downlinks::run(&service),
        reread::run(&service)
    );
}

impl Service {
    /// Whether everything that was sent has been worked off.
    pub fn is_caught_up(&self) -> bool {
        self.listening_since().is_some()
    }

    fn listening_since(&self) -> Option<DateTime<Utc>> {
        *self.listening_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the database answers.
    pub async fn check_database(&self) -> Result<(), store::StoreError> {
        self.store.connect().await?.first_organisation().await.map(drop)
    }

    /// What keeps the service from reading its queue; None where nothing does.
    pub fn queue_problem(&self) -> Option<String> {
        match self.queue.state() {
            QueueState::Embedded(spool) => spool.failed,
            QueueState::RabbitMq { consume: LinkState::Down { reason, .. }, .. } => Some(reason),
            QueueState::RabbitMq { .. } => None,
        }
    }

    /// Figures for Prometheus.
    pub fn metrics_text(&self) -> Option<String> {
        self.metrics.text().ok()
    }
}
