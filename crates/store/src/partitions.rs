//! Time partitions of the tables that grow with every uplink: one a day, made ahead and on demand.

use std::sync::PoisonError;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::{Connection, Store, StoreError};

/// The width of a partition in days. Wider ones write more WAL a reading; narrower ones cost more to plan.
const PARTITION_DAYS: i64 = 1;

/// One program makes a partition at a time.
const PARTITION_LOCK: i64 = 0x1507_4E14;

/// How far ahead of the clock partitions are made.
const DAYS_AHEAD: i64 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partitioned {
    /// By measured_at.
    Readings,
    /// By received_at.
    Uplinks,
}

impl Partitioned {
    fn table(self) -> &'static str {
        match self {
            Self::Readings => "readings",
            Self::Uplinks => "uplinks",
        }
    }
}

/// The first day of the partition that holds `at`.
pub fn partition_day(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    let since_epoch = day.signed_duration_since(NaiveDate::default()).num_days();
    day - Duration::days(since_epoch.rem_euclid(PARTITION_DAYS))
}

impl Store {
    /// Makes those of the given partitions that are missing, over a connection of its own: a transaction that made
    /// one would lock its table against readers until it ends.
    pub async fn ensure_partitions(&self, wanted: &[(Partitioned, NaiveDate)]) -> Result<(), StoreError> {
        let missing: Vec<_> = {
            let known = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
            wanted.iter().filter(|partition| !known.contains(partition)).copied().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        self.connect().await?.make_partitions(&missing).await?;
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
        Ok(())
    }

    /// After a statement that met a partition which is not there: somebody may have dropped it.
    pub fn forget_partitions(&self) {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Makes the partitions that a clock at `now` will need next.
    pub async fn make_partitions_ahead(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let days = (0..=DAYS_AHEAD).map(|ahead| partition_day(now + Duration::days(ahead)));
        let both = |day| [(Partitioned::Readings, day), (Partitioned::Uplinks, day)];
        self.ensure_partitions(&days.flat_map(both).collect::<Vec<_>>()).await
    }
}

impl Connection {
    async fn make_partitions(&mut self, wanted: &[(Partitioned, NaiveDate)]) -> Result<(), StoreError> {
        #[derive(QueryableByName)]
        struct Missing {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let names: Vec<String> = wanted
            .iter()
            .map(|(partitioned, day)| format!("{}_{}", partitioned.table(), day.format("%Y%m%d")))
            .collect();
        let missing: Vec<Missing> =
            sql_query("select name from unnest($1::text[]) as n (name) where to_regclass(name) is null")
                .bind::<diesel::sql_types::Array<Text>, _>(&names)
                .load(&mut self.raw)
                .await?;
        for ((partitioned, day), name) in wanted.iter().zip(&names) {
            if missing.iter().all(|one| one.name != *name) {
                continue;
            }
            self.make_partition(*partitioned, *day, name).await?;
        }
        Ok(())
    }

    /// Attached to its table, not made as a part of it: that would wait for every reader of the table, and let
    /// everybody else wait behind it. Values are names and dates made here, never input.
    async fn make_partition(
        &mut self,
        partitioned: Partitioned,
        day: NaiveDate,
        name: &str,
    ) -> Result<(), StoreError> {
        let (table, end) = (partitioned.table(), day + Duration::days(PARTITION_DAYS));
        let made = format!(
            "do $$ begin
                 perform pg_advisory_xact_lock({PARTITION_LOCK});
                 if to_regclass('{name}') is null then
                     create table {name} (like {table} including all);
                     alter table {table} attach partition {name} for values from ('{day}') to ('{end}');
                 end if;
             end $$"
        );
        Ok(self.raw.batch_execute(&made).await?)
    }
}
