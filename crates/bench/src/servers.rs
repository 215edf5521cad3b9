//! The private broker and database of a run, and what is asked of them while measuring.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use testkit::postgres::{Database, Postgres};
use testkit::rabbitmq::RabbitMq;
use tokio_postgres::{Client, NoTls};

use crate::cpu::time_of_tree;

pub struct Servers {
    pub postgres: Postgres,
    pub rabbitmq: RabbitMq,
}

impl Servers {
    pub fn start() -> anyhow::Result<Self> {
        Ok(Self { postgres: Postgres::start_durable()?, rabbitmq: RabbitMq::start()? })
    }
}

/// A connection that counts readings. Its own backend is left out of what the database is charged with.
pub struct Counter {
    client: Client,
    backend: u32,
}

impl Counter {
    pub async fn connect(database: &Database) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("set max_parallel_workers_per_gather = 0").await?;
        let pid: i32 = client.query_one("select pg_backend_pid()", &[]).await?.get(0);
        Ok(Self { client, backend: pid.unsigned_abs() })
    }

    pub async fn readings(&self) -> anyhow::Result<u64> {
        let count: i64 = self.client.query_one("select count(*) from readings", &[]).await?.get(0);
        Ok(u64::try_from(count)?)
    }

    /// Waits until every tracker's latest state is its last reading of the `sent` so far: readings come in turn and
    /// number from 0, so that the states add up to all of them. To ask that is cheap, and to count is not.
    pub async fn await_latest(&self, sent: u32, within: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + within;
        let sum = "select coalesce(sum(sequence + 1), 0)::bigint from tracker_states";
        loop {
            let latest: i64 = self.client.query_one(sum, &[]).await?.get(0);
            if latest == i64::from(sent) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{latest} of {sent} within {within:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until there are exactly so many readings.
    pub async fn await_readings(&self, sent: u32, within: Duration) -> anyhow::Result<()> {
        self.await_latest(sent, within).await?;
        let deadline = Instant::now() + within;
        loop {
            let count = self.readings().await?;
            ensure!(count <= u64::from(sent), "{count} readings of {sent}: some count twice");
            if count == u64::from(sent) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "only {count} readings of {sent} within {within:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// So that neither side's dead rows are cleaned up, nor its pages written, at the other's expense.
    pub async fn vacuum(&self) -> anyhow::Result<()> {
        self.client.batch_execute("vacuum analyze").await.context("vacuum")?;
        self.client.batch_execute("checkpoint").await.context("checkpoint")
    }

    pub fn backend(&self) -> u32 {
        self.backend
    }
}

/// CPU time so far of the four parts.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    pub ingest: Duration,
    pub consumer: Duration,
    pub broker: Duration,
    pub database: Duration,
}

impl Spent {
    pub fn now(servers: &Servers, ingest: u32, consumer: u32, counter: &Counter) -> anyhow::Result<Self> {
        Ok(Self {
            ingest: time_of_tree(ingest, None)?,
            consumer: time_of_tree(consumer, None)?,
            broker: time_of_tree(servers.rabbitmq.process_id().context("the broker is gone")?, None)?,
            database: time_of_tree(servers.postgres.process_id(), Some(counter.backend()))?,
        })
    }
}
