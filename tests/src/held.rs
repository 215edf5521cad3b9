//! A table that is kept locked, so that whatever needs it waits.

use std::thread::JoinHandle;

use testkit::postgres::psql;

use crate::until;

/// Locked until this is dropped.
pub struct HeldTable {
    url: String,
    table: &'static str,
    holder: Option<JoinHandle<()>>,
}

impl HeldTable {
    pub async fn hold(url: &str, table: &'static str) -> Self {
        let lock = format!("begin; lock table {table} in access exclusive mode; select pg_sleep(600)");
        let address = url.to_owned();
        let holder = std::thread::spawn(move || {
            // It is ended half way.
            let _ = psql(&address, &lock);
        });
        let held = Self { url: url.to_owned(), table, holder: Some(holder) };
        until("the table is locked", async || (held.count("granted") == 1).then_some(())).await;
        held
    }

    /// Waits until so many wait for it.
    pub async fn keeps_waiting(&self, count: usize) {
        until("others wait for the table", async || (self.count("not granted") >= count).then_some(())).await;
    }

    fn count(&self, which: &str) -> usize {
        let sql = format!("select count(*) from {} and {which}", self.locks());
        psql(&self.url, &sql).unwrap().parse().unwrap()
    }

    fn locks(&self) -> String {
        let table = self.table;
        format!(
            "pg_locks where relation = '{table}'::regclass and (not granted or mode = 'AccessExclusiveLock')"
        )
    }
}

impl Drop for HeldTable {
    fn drop(&mut self) {
        let end = format!("select pg_terminate_backend(pid) from {} and granted", self.locks());
        psql(&self.url, &end).unwrap();
        self.holder.take().unwrap().join().unwrap();
    }
}
