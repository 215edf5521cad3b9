//! A private PostgreSQL cluster on a Unix socket, and a fresh database for each test.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Server, folder, free_port, on_path, until};

/// Where a cluster shared by all tests is, if the test command started one (a [`Postgres::url`]).
pub const SHARED: &str = "ISOTHERM_TEST_POSTGRES";

/// The oldest version that the schema works on.
const OLDEST: u32 = 15;

const INSTALL: &str = "install PostgreSQL 15 or newer (Debian: apt-get install postgresql)";

/// The superuser inside the cluster; it has no password, and only this machine's socket.
const USER: &str = "isotherm";

const FAST: &[&str] = &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB"];
const DURABLE: &[&str] =
    &["fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=256MB"];
const ROOM: &[&str] = &["listen_addresses=", "max_connections=300", "max_wal_size=512MB", "timezone=UTC"];

/// A cluster of the test's own.
pub struct Postgres {
    server: Server,
    folder: TempDir,
    /// Where it answers on 127.0.0.1, too; None: on its socket alone.
    port: Option<u16>,
}

/// A database that is dropped with the value.
pub struct Database {
    server: String,
    name: String,
}

/// The address of the shared cluster, or of one that this process starts at the first call and that ends with
/// it.
pub fn shared_url() -> anyhow::Result<String> {
    static OWN: OnceLock<Result<Postgres, String>> = OnceLock::new();
    if let Ok(url) = std::env::var(SHARED) {
        return Ok(url);
    }
    match OWN.get_or_init(|| Postgres::start().map_err(|error| format!("{error:#}"))) {
        Ok(cluster) => Ok(cluster.url()),
        Err(error) => bail!("{error}"),
    }
}

/// A fresh database in the shared cluster, copied from `template` if one is named (which must have no
/// connections at that moment).
pub fn database(template: Option<&str>) -> anyhow::Result<Database> {
    Database::create(&shared_url()?, template)
}

impl Postgres {
    /// Makes a new cluster and starts it; about a second. Nothing in it is synced to the disk: it is fast and does
    /// not survive a crash of the machine.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(FAST, None)
    }

    /// As [`start`](Self::start), and with TLS on a port of this machine; certificate and key in PEM.
    pub fn start_with_tls(certificate: &str, key: &str) -> anyhow::Result<Self> {
        Self::start_with(FAST, Some((certificate, key)))
    }

    /// As [`start`](Self::start), but synced to the disk as in production, for measuring.
    pub fn start_durable() -> anyhow::Result<Self> {
        Self::start_with(DURABLE, None)
    }

    fn start_with(settings: &[&str], tls: Option<(&str, &str)>) -> anyhow::Result<Self> {
        let binaries = binaries()?;
        let folder = folder("pg")?;
        let owner = owner()?;
        if let Some((uid, gid)) = owner {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))?;
        }
        let data = folder.path().join("data");
        let mut initdb = as_owner(&binaries.join("initdb"), owner, folder.path());
        initdb.args([
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        run(initdb.arg("--pgdata").arg(&data))?;

        let mut postgres = as_owner(&binaries.join("postgres"), owner, folder.path());
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path());
        let port = tls.map(|_| free_port()).transpose()?;
        for setting in settings.iter().chain(ROOM) {
            postgres.args(["-c", setting]);
        }
        if let (Some((certificate, key)), Some(port)) = (tls, port) {
            write_owned(&data.join("server.crt"), certificate, owner)?;
            write_owned(&data.join("server.key"), key, owner)?;
            postgres.args(["-c", "ssl=on", "-c", "listen_addresses=127.0.0.1", "-p", &port.to_string()]);
        }
        let log = std::fs::File::create(folder.path().join("log"))?;
        postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // Its own immediate shutdown, which takes its children along.
        let server = Server::start(postgres, Signal::QUIT)?;
        let cluster = Self { server, folder, port };
        cluster.await_ready()?;
        Ok(cluster)
    }

    /// `postgres:///postgres?host=FOLDER&user=isotherm`: understood by psql and by the service alike.
    pub fn url(&self) -> String {
        let url = url("postgres", &self.folder.path().to_string_lossy());
        self.port.map_or(url.clone(), |port| format!("{url}&port={port}"))
    }

    /// Its address over the network, if it has one: `postgres://isotherm@localhost:PORT/postgres`.
    pub fn network_url(&self) -> Option<String> {
        self.port.map(|port| format!("postgres://{USER}@localhost:{port}/postgres"))
    }

    /// Of the process that all others of the cluster descend from.
    pub fn process_id(&self) -> u32 {
        self.server.id()
    }

    /// A fresh database in this cluster.
    pub fn database(&self, template: Option<&str>) -> anyhow::Result<Database> {
        Database::create(&self.url(), template)
    }

    fn await_ready(&self) -> anyhow::Result<()> {
        let url = self.url();
        let ready = until("PostgreSQL answers", Duration::from_secs(30), || {
            (!self.server.is_running())
                .then_some(false)
                .or_else(|| psql(&url, "SELECT 1").is_ok().then_some(true))
        });
        let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        match ready {
            Ok(true) => Ok(()),
            Ok(false) => bail!("PostgreSQL ended while starting:\n{}", log()),
            Err(error) => Err(error.context(log())),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.server.end(Signal::QUIT);
    }
}

impl Database {
    fn create(server: &str, template: Option<&str>) -> anyhow::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let template = template.unwrap_or("template0");
        // Process ids come back; a killed test may have left its database.
        psql(server, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))?;
        psql(server, &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""))?;
        Ok(Self { server: server.to_owned(), name })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database's address, as [`Postgres::url`].
    pub fn url(&self) -> String {
        self.server.replacen("///postgres?", &format!("///{}?", self.name), 1)
    }

    /// Runs SQL as the superuser, as [`psql`].
    pub fn psql(&self, sql: &str) -> anyhow::Result<String> {
        psql(&self.url(), sql)
    }

    /// Keeps the database at the end and gives its name, for one that others copy.
    pub fn keep_as_template(self) -> String {
        let name = self.name.clone();
        std::mem::forget(self);
        name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = psql(&self.server, &format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name));
    }
}

/// Writes a file that the server's user alone may read.
fn write_owned(path: &Path, text: &str, owner: Option<(u32, u32)>) -> anyhow::Result<()> {
    std::fs::write(path, text)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    if let Some((uid, gid)) = owner {
        std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
    }
    Ok(())
}

fn url(database: &str, host: &str) -> String {
    format!("postgres:///{database}?host={host}&user={USER}")
}

/// Runs SQL in the database of that address; the answer is unaligned text, a row a line.
pub fn psql(url: &str, sql: &str) -> anyhow::Result<String> {
    let mut psql = Command::new(binaries()?.join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
    let output = run(psql.arg("--dbname").arg(url).arg("--command").arg(sql))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn run(command: &mut Command) -> anyhow::Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {program}"))?;
    if !output.status.success() {
        bail!("{program}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}

/// The folder with initdb, postgres and psql: the newest that the machine has.
fn binaries() -> anyhow::Result<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(find_binaries)
        .as_deref()
        .with_context(|| format!("no PostgreSQL on this machine: {INSTALL}"))
}

fn find_binaries() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.extend(
        on_path("postgres")
            .and_then(|file| file.canonicalize().ok())
            .and_then(|file| Some(file.parent()?.to_owned())),
    );
    let complete =
        |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).is_file());
    let versioned = |folder: PathBuf| Some((version(&folder)?, folder));
    let newest = folders.into_iter().filter(complete).filter_map(versioned).max();
    newest.filter(|(version, _)| *version >= OLDEST).map(|(_, folder)| folder)
}

/// The major version: `postgres (PostgreSQL) 15.8 (Debian …)` → 15.
fn version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// PostgreSQL refuses to run as root: then it is `postgres`'s or `nobody`'s. None: we are not root.
fn owner() -> anyhow::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = ids("postgres").or_else(|| ids("nobody"));
    found.map(Some).context("as root, tests need a user `postgres` or `nobody` to run PostgreSQL as")
}

fn as_owner(program: &Path, owner: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("LC_ALL", "C");
    if let Some((uid, gid)) = owner {
        command.uid(uid).gid(gid);
    }
    command
}
