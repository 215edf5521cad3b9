//! The durable spool: a first-in, first-out list of packs in a folder on this machine's disk.
//!
//! In the embedded installation it is the queue itself; in the split one it stands behind the ingester for
//! the time when the broker is away. An append resolves when the pack is synced to the disk; packs that are
//! appended together share one sync. Reading starts at the head; removing is through an offset, after the
//! reader's commit. A removal is not synced: the worst a crash can do is deliver again.
//!
//! A record's value starts with how many bytes and lines were ever appended, itself included, so that opening
//! a spool of gigabytes needs its first and last record only.

mod entry;
mod read;
mod space;
mod writer;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::SpoolError;
use entry::Entry;
pub use space::FreeSpace;
use space::Space;
use writer::{Job, Writer};

/// Where the spool is and how much it may hold.
#[derive(Debug, Clone)]
pub struct SpoolSettings {
    /// The spool's own folder; made if absent.
    pub dir: PathBuf,
    /// Nothing is accepted once this many bytes of packs wait.
    pub max_bytes: u64,
    /// Nothing is accepted while the file system has fewer bytes free. Leave room for removing, too: some
    /// hundred megabytes.
    pub min_free: u64,
    /// How free space is found out.
    pub free_space: FreeSpace,
}

impl SpoolSettings {
    /// The defaults: 8 GiB (about a day at 200 events a second), and 512 MiB of the disk stay free.
    pub fn new(dir: impl AsRef<Path>) -> Self {
        Self {
            dir: dir.as_ref().to_owned(),
            max_bytes: 8 << 30,
            min_free: 512 << 20,
            free_space: FreeSpace::OfFileSystem,
        }
    }
}

/// A spool's condition at the moment of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolState {
    /// Packs, lines and bytes that wait.
    pub packs: u64,
    pub lines: u64,
    pub bytes: u64,
    pub max_bytes: u64,
    /// Dead letters kept in this spool.
    pub dead_letters: u64,
    /// Bytes free on the file system; None where it does not say.
    pub free: Option<u64>,
    pub min_free: u64,
    /// How long it has been full, if it is.
    pub full_for: Option<Duration>,
    /// Why it takes nothing more until the process is started again, if so.
    pub failed: Option<String>,
}

/// Handle of an open spool; clones share it. One process may have it open, and the folder is free again when
/// the last clone is dropped.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    /// None only while dropping.
    jobs: Option<mpsc::UnboundedSender<Job>>,
    writer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What the handles and the writer's thread both see.
struct Shared {
    // Before the database, so that their files are released first.
    packs: fjall::Keyspace,
    dead: fjall::Keyspace,
    database: fjall::Database,
    space: Space,
    /// The lowest offset that may still be there.
    head: AtomicU64,
    /// One past the highest offset on the disk.
    tail: watch::Sender<u64>,
    appended: Totals,
    removed: Totals,
    dead_count: AtomicU64,
    failed: Mutex<Option<String>>,
}

#[derive(Default)]
struct Totals {
    bytes: AtomicU64,
    lines: AtomicU64,
}

impl Totals {
    fn set(&self, entry: &Entry) {
        self.bytes.store(entry.bytes_through, Relaxed);
        self.lines.store(entry.lines_through, Relaxed);
    }
}

impl Shared {
    fn waiting_bytes(&self) -> u64 {
        self.appended.bytes.load(Relaxed).saturating_sub(self.removed.bytes.load(Relaxed))
    }

    fn note_failure(&self, error: &SpoolError) {
        if let SpoolError::Storage(_) = error {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    }
}

impl Spool {
    /// Opens the spool, or makes it. Blocks for as long as the disk needs (seconds after a crash with much
    /// in it).
    pub fn open(settings: SpoolSettings) -> Result<Self, SpoolError> {
        let shared = Arc::new(open_shared(settings)?);
        let (jobs, mailbox) = mpsc::unbounded_channel();
        let writer = Writer::new(Arc::clone(&shared), mailbox)?;
        let writer = std::thread::Builder::new()
            .name("spool-writer".into())
            .spawn(move || writer.run())
            .map_err(|error| open_error(&shared.space, error))?;
        Ok(Self(Arc::new(Inner { jobs: Some(jobs), writer: Some(writer), shared })))
    }

    /// Resolves when the pack is on the disk.
    pub(crate) async fn append(&self, pack: Bytes, lines: u64) -> Result<(), SpoolError> {
        self.ask(|done| Job::Append { pack, lines, done }).await
    }

    /// Forgets every pack up to and including `offset`; one that is gone already is no error.
    pub(crate) async fn remove_through(&self, offset: u64) -> Result<(), SpoolError> {
        self.ask(|done| Job::Remove { through: offset, done }).await
    }

    pub(crate) async fn add_dead_letter(&self, line: Bytes, reason: String) -> Result<(), SpoolError> {
        self.ask(|done| Job::AddDeadLetter { line, reason, done }).await
    }

    /// Appends all dead letters of this moment as packs and removes them, in one step; says how many.
    pub(crate) async fn replay_dead_letters(&self) -> Result<u64, SpoolError> {
        self.ask(|done| Job::ReplayDeadLetters { done }).await
    }

    /// Changes whenever packs were appended.
    pub(crate) fn tail(&self) -> watch::Receiver<u64> {
        self.0.shared.tail.subscribe()
    }

    pub(crate) fn head(&self) -> u64 {
        self.0.shared.head.load(Relaxed)
    }

    pub fn state(&self) -> SpoolState {
        let shared = &self.0.shared;
        let tail = *shared.tail.borrow();
        let bytes = shared.waiting_bytes();
        let (free, full_for) = shared.space.look(bytes);
        SpoolState {
            packs: tail.saturating_sub(self.head()),
            lines: shared.appended.lines.load(Relaxed).saturating_sub(shared.removed.lines.load(Relaxed)),
            bytes,
            max_bytes: shared.space.max_bytes,
            dead_letters: shared.dead_count.load(Relaxed),
            free,
            min_free: shared.space.min_free,
            full_for,
            failed: shared.failed.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, SpoolError>>) -> Job,
    ) -> Result<T, SpoolError> {
        let (done, answer) = oneshot::channel();
        let jobs = self.0.jobs.as_ref().ok_or(SpoolError::Closed)?;
        jobs.send(job(done)).map_err(|_| SpoolError::Closed)?;
        answer.await.unwrap_or(Err(SpoolError::Closed))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer finishes what it was given and ends; only then is the folder free for the next one.
        self.jobs.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn open_error(space: &Space, reason: impl std::fmt::Display) -> SpoolError {
    SpoolError::Open { path: space.dir.clone(), reason: reason.to_string() }
}

fn open_shared(settings: SpoolSettings) -> Result<Shared, SpoolError> {
    let space = Space::new(settings);
    // What waits is readable by its owner alone, whatever the folder above lets others see.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&space.dir)
        .map_err(|error| open_error(&space, error))?;
    let open = || -> fjall::Result<_> {
        let database = fjall::Database::builder(&space.dir)
            .worker_threads(1)
            .cache_size(8 << 20)
            .max_journaling_size(64 << 20)
            .open()?;
        let keyspace = |name| {
            database.keyspace(name, || fjall::KeyspaceCreateOptions::default().max_memtable_size(16 << 20))
        };
        let (packs, dead) = (keyspace("packs")?, keyspace("dead")?);
        Ok((database, packs, dead))
    };
    let (database, packs, dead) = open().map_err(|error| match error {
        fjall::Error::Locked => open_error(&space, "another process has it open"),
        other => open_error(&space, other),
    })?;

    let (appended, removed) = (Totals::default(), Totals::default());
    let (mut head, mut tail) = (0, 0);
    if let (Some(first), Some(last)) = (packs.first_key_value(), packs.last_key_value()) {
        let (first, last) = (Entry::from_guard(first)?, Entry::from_guard(last)?);
        (head, tail) = (first.offset, last.offset + 1);
        appended.set(&last);
        removed.bytes.store(first.bytes_through.saturating_sub(first.pack.len() as u64), Relaxed);
        removed.lines.store(first.lines_through.saturating_sub(first.line_count()), Relaxed);
    }
    let dead_count = AtomicU64::new(dead.len()? as u64);
    Ok(Shared {
        packs,
        dead,
        database,
        space,
        head: AtomicU64::new(head),
        tail: watch::Sender::new(tail),
        appended,
        removed,
        dead_count,
        failed: Mutex::new(None),
    })
}
