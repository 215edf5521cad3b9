//! Connections: the pools they come from, transactions, locks, and the way to another version.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use std::collections::HashSet;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::NaiveDate;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig};
use diesel_async::{
    AnsiTransactionManager, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use futures_util::FutureExt;

use crate::address::Address;
use crate::statement::statement;
use crate::{Partitioned, StoreError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Any number that all Isotherm programs agree on: one of them migrates at a time.
const MIGRATION_LOCK: i64 = 0x1507_4E12;

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// What works in the background may wait for a lock, but not for ever.
const FOR_WORKERS: &str = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s";

/// Nobody waits longer for an answer.
const FOR_REQUESTS: &str =
    "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s";

/// PostgreSQL, reached through a pool of connections. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool<AsyncPgConnection>,
    address: Arc<Address>,
    /// Those that are known to exist.
    pub(crate) partitions: Arc<Mutex<HashSet<(Partitioned, NaiveDate)>>>,
}

/// One connection. Every statement of this crate is a method of it, so that a caller decides what belongs into
/// one transaction: `begin`, statements, `commit`. Dropped before `commit`, all of it is undone.
pub struct Connection {
    pub(crate) raw: Lease,
}

/// A connection of the pool. One with an open transaction does not go back there, where it would keep its locks
/// until somebody is handed it: it is closed, and the server undoes the transaction at once.
pub(crate) struct Lease {
    /// None only while it is dropped.
    held: Option<Object<AsyncPgConnection>>,
    in_transaction: bool,
}

impl Deref for Lease {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        match &self.held {
            Some(held) => held,
            None => unreachable!("only its drop takes the connection"),
        }
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        match &mut self.held {
            Some(held) => held,
            None => unreachable!("only its drop takes the connection"),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.in_transaction
            && let Some(held) = self.held.take()
        {
            drop(Object::take(held));
        }
    }
}

impl Store {
    /// `url` is a libpq URL such as `postgres://user@host/database`. Connects lazily.
    pub fn open(url: &str, connections: usize) -> Result<Self, StoreError> {
        let address = Arc::new(Address::parse(url)?);
        let pool = pool(&address.with_options(FOR_WORKERS), connections)?;
        Ok(Self { pool, address, partitions: Arc::default() })
    }

    /// The same database through connections of its own, with limits as people wait: however many requests there
    /// are, the work in the background finds its connections.
    pub fn for_requests(&self, connections: usize) -> Result<Self, StoreError> {
        let pool = pool(&self.address.with_options(FOR_REQUESTS), connections)?;
        Ok(Self { pool, ..self.clone() })
    }

    pub async fn connect(&self) -> Result<Connection, StoreError> {
        let raw = tokio::time::timeout(PATIENCE, self.pool.get())
            .await
            .map_err(|_| StoreError::Unavailable("no connection within 10 seconds".into()))?
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Connection { raw: Lease { held: Some(raw), in_transaction: false } })
    }

    /// A connection with a transaction begun.
    pub async fn begin(&self) -> Result<Connection, StoreError> {
        self.connect().await?.begin().await
    }

    /// A connection that sees the database as it is now until it is dropped, whatever others write meanwhile.
    pub async fn snapshot(&self) -> Result<Connection, StoreError> {
        let mut connection = self.begin().await?;
        connection.raw.batch_execute("set transaction isolation level repeatable read, read only").await?;
        Ok(connection)
    }
}

fn pool(address: &Address, connections: usize) -> Result<Pool<AsyncPgConnection>, StoreError> {
    let address = address.clone();
    let mut manager = ManagerConfig::default();
    manager.custom_setup = Box::new(move |_| {
        let address = address.clone();
        async move { address.connect().await }.boxed()
    });
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config("", manager);
    Pool::builder(manager)
        .max_size(connections)
        .build()
        .map_err(|error| StoreError::Unavailable(Box::new(error)))
}

impl Connection {
    /// Begins a transaction.
    pub async fn begin(mut self) -> Result<Self, StoreError> {
        // Before the statement: one that is given up half way may have begun.
        self.raw.in_transaction = true;
        AnsiTransactionManager::begin_transaction(&mut *self.raw).await?;
        Ok(self)
    }

    pub async fn commit(mut self) -> Result<(), StoreError> {
        AnsiTransactionManager::commit_transaction(&mut *self.raw).await?;
        self.raw.in_transaction = false;
        Ok(())
    }
}

/// Held shared by every transaction that takes readings in, and alone by those that change what readings are for.
const INTAKE_LOCK: i64 = 0x1507_4E13;

impl Connection {
    /// Taken by a batch of readings: no tracker is registered or bound until its transaction ends.
    pub async fn share_intake(&mut self) -> Result<(), StoreError> {
        self.lock("pg_advisory_xact_lock_shared", INTAKE_LOCK).await
    }

    /// Taken before a tracker is registered or bound: otherwise a batch that runs at the same time could store a
    /// reading that neither side sees in time to assess it.
    pub async fn lock_intake(&mut self) -> Result<(), StoreError> {
        self.lock("pg_advisory_xact_lock", INTAKE_LOCK).await
    }

    /// The time at which what this transaction stores becomes known: `now`, but always after every one given before, by
    /// whichever process. To be asked under the intake lock; who asks next waits for the end of this transaction.
    pub async fn recording_time(&mut self, now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Timestamptz)]
            at: DateTime<Utc>,
        }
        let sql = "update recording_clock set at = greatest(at + interval '1 microsecond', $1) returning at";
        let row: Row = statement(sql).bind::<Timestamptz, _>(now).get_result(&mut self.raw).await?;
        Ok(row.at)
    }

    pub(crate) async fn lock(&mut self, function: &str, lock: i64) -> Result<(), StoreError> {
        Ok(self.raw.batch_execute(&format!("select {function}({lock})")).await?)
    }
}

/// Brings the database to this version; returns the names of the migrations that were run.
pub async fn migrate(url: &str) -> Result<Vec<String>, StoreError> {
    with_harness(url, |harness| {
        let run = harness.run_pending_migrations(MIGRATIONS)?;
        Ok(run.iter().map(ToString::to_string).collect())
    })
    .await
}

/// Takes every migration back, newest first. All data is gone after it.
pub async fn revert_all(url: &str) -> Result<Vec<String>, StoreError> {
    with_harness(url, |harness| {
        let run = harness.revert_all_migrations(MIGRATIONS)?;
        Ok(run.iter().map(ToString::to_string).collect())
    })
    .await
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;
type MigrationError = Box<dyn std::error::Error + Send + Sync>;

async fn with_harness<F>(url: &str, work: F) -> Result<Vec<String>, StoreError>
where
    F: FnOnce(&mut Harness) -> Result<Vec<String>, MigrationError> + Send + 'static,
{
    let connected = Address::parse(url)?.connect().await;
    let mut connection = connected.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    connection.batch_execute(&format!("select pg_advisory_lock({MIGRATION_LOCK})")).await?;
    // The harness blocks its thread on the connection; the lock ends with the connection.
    tokio::task::spawn_blocking(move || work(&mut AsyncMigrationHarness::new(connection)))
        .await
        .map_err(|error| StoreError::Migration(Box::new(error)))?
        .map_err(StoreError::Migration)
}
