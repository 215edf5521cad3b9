//! The private PostgreSQL cluster of the embedded default: `database.url = "embedded:"`.
//!
//! The program runs the machine's own PostgreSQL on a Unix socket inside its data folder, without a network port and
//! without a password: the folder is closed to everyone else. What is committed is on disk. The cluster ends with the
//! program, however that ends, and survives the kill of either.
//!
//! It knows nothing of tables and migrations: it hands out a URL, and from there on an embedded database is like any
//! other. On a reading's path it stands still below the store.
//!
//! Calls block (a first start takes about a second): call them before the async runtime, or through
//! `spawn_blocking`.

mod account;
mod binaries;
mod child;
mod claim;
mod error;
mod initialise;
mod layout;
mod remains;
mod server;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

pub use error::EmbeddedError;

use account::Account;
use binaries::Binaries;
use claim::{Claim, Visit};
use layout::Layout;
use server::{Recipe, Server};

/// The database that every cluster holds from its first start.
pub const DATABASE: &str = "isotherm";
/// The cluster's only role.
const ROLE: &str = "isotherm";

const POLL: Duration = Duration::from_millis(20);
/// How long a service waits for a short command that holds the cluster just now.
const CLAIM_PATIENCE: Duration = Duration::from_secs(10);
/// How long a command waits for a service that is still starting; its first start may make the cluster.
const READY_PATIENCE: Duration = Duration::from_secs(60);
/// How long an ending service lets visiting commands finish.
const GUEST_PATIENCE: Duration = Duration::from_secs(5);

/// Where the cluster lives and what runs it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program's data folder; the cluster lies in `postgres` below it. Made if it is missing.
    pub data_dir: PathBuf,
    /// A folder with PostgreSQL's programs, preferred to the machine's: itself, its `bin`, or one into which npm
    /// installed `@embedded-postgres/…`.
    pub binaries: Option<PathBuf>,
}

impl Options {
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), binaries: None }
    }
}

/// A running cluster. Stopped when dropped by the one that started it.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    role: Role,
}

#[derive(Debug)]
enum Role {
    /// In this order the fields are dropped: the server first, then the claim.
    Owner {
        server: Server,
        claim: Claim,
    },
    Guest {
        _visit: Visit,
    },
}

impl Cluster {
    /// Starts the cluster of a data folder and makes it before where it is missing.
    ///
    /// # Errors
    /// [`EmbeddedError::InUse`] where another program holds it, and whatever else keeps it from starting.
    pub fn start(options: &Options) -> Result<Self, EmbeddedError> {
        let layout = Layout::below(&options.data_dir)?;
        match Claim::take_within(&layout.data_dir, CLAIM_PATIENCE)? {
            Some(claim) => Self::own(layout, claim, options),
            None => Err(EmbeddedError::InUse { data_dir: layout.data_dir }),
        }
    }

    /// Connects to the cluster that another program runs on this data folder, else starts it: then it stops with this
    /// value. For commands that work beside a running service and without one.
    ///
    /// # Errors
    /// As [`Cluster::start`], and [`EmbeddedError::OwnerNotReady`] where the other program does not get it up.
    pub fn connect_or_start(options: &Options) -> Result<Self, EmbeddedError> {
        let layout = Layout::below(&options.data_dir)?;
        let begun = Instant::now();
        while begun.elapsed() < READY_PATIENCE {
            if let Some(claim) = Claim::take(&layout.data_dir)? {
                return Self::own(layout, claim, options);
            }
            if remains::is_ready(&layout.data, None)
                && let Some(visit) = Visit::begin(&layout.data_dir)?
            {
                return Ok(Self { layout, role: Role::Guest { _visit: visit } });
            }
            thread::sleep(POLL);
        }
        let seconds = READY_PATIENCE.as_secs();
        Err(EmbeddedError::OwnerNotReady { data_dir: layout.data_dir, seconds })
    }

    fn own(layout: Layout, claim: Claim, options: &Options) -> Result<Self, EmbeddedError> {
        let account = Account::choose(&layout.folder);
        layout.prepare(&account)?;
        remains::clear(&layout)?;
        let configured = options.binaries.as_deref();
        let binaries = Binaries::find(configured, &layout.data_dir, &layout.data, &account)?;
        let recipe = Recipe { binaries, layout: layout.clone(), account };
        if binaries::made_by(&layout.data).is_none() {
            initialise::make_cluster(&recipe)?;
        }
        let programs = recipe.binaries.folder.display().to_string();
        let major = recipe.binaries.major;
        let server = Server::start(recipe)?;
        tracing::info!(folder = %layout.folder.display(), programs, major, "the embedded database is up");
        Ok(Self { layout, role: Role::Owner { server, claim } })
    }

    /// The connection URL of a database in this cluster; [`DATABASE`] is the one that is always there.
    pub fn url(&self, database: &str) -> String {
        self.layout.url(database, ROLE)
    }

    /// Whether this program started it, and not another one.
    pub fn is_owner(&self) -> bool {
        matches!(self.role, Role::Owner { .. })
    }

    /// Stops it (a fast shutdown: clients are cut off, what is committed is written) where this program started it.
    /// Dropping does the same; this says so at the place where it happens.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Role::Owner { server, claim } = &mut self.role {
            claim.see_guests_off(GUEST_PATIENCE);
            server.stop();
        }
    }
}
