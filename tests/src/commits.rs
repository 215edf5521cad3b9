//! Commits that wait until they are let go, so that a test can act in the middle of one.

use testkit::postgres::psql;

use crate::until;

/// A batch's transaction waits at its commit while there is a row in `held_commits`. It does so in a deferred trigger,
/// each of whose statements sees what others have committed meanwhile.
const PREPARE: &str = "
    create table held_commits (since timestamptz not null default now());
    create function wait_while_held() returns trigger language plpgsql as $$
    begin
        while exists (select from held_commits) loop
            perform pg_sleep(0.01);
        end loop;
        return null;
    end $$;
    create constraint trigger wait_while_held after insert on readings
        deferrable initially deferred for each row execute function wait_while_held();";

/// Backends that wait in their commit.
const WAITING: &str = "from pg_stat_activity where datname = current_database() and state = 'active'
    and query ilike 'commit%' and wait_event = 'PgSleep'";

/// The commits of one database in which readings are stored.
pub struct Commits {
    url: String,
}

impl Commits {
    /// The database must have its tables, and nobody may have held its commits before.
    pub fn of(database_url: &str) -> Self {
        let commits = Self { url: database_url.to_owned() };
        commits.run(PREPARE);
        commits
    }

    /// From now on they wait.
    pub fn hold(&self) {
        self.run("insert into held_commits default values");
    }

    /// What waits is committed, if its backend still lives.
    pub fn release(&self) {
        self.run("delete from held_commits");
    }

    /// Ends the backends that wait, as the end of the server would; returns when they are gone. What they were to
    /// commit is undone.
    pub fn break_off(&self) {
        self.run(&format!("select pg_terminate_backend(pid, 60000) {WAITING}"));
    }

    /// Returns when a batch is in the middle of its commit.
    pub async fn until_one_waits(&self) {
        until("a batch waits in its commit", async || {
            (self.run(&format!("select count(*) {WAITING}")) != "0").then_some(())
        })
        .await;
    }

    fn run(&self, sql: &str) -> String {
        psql(&self.url, sql).unwrap()
    }
}
