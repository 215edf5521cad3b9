//! What can go wrong, in the words of the person who has to act on it. All errors are `Clone`, because one
//! failed pack answers many waiting webhooks.

use std::path::PathBuf;
use std::sync::Arc;

/// The spool takes nothing more: it reached its byte limit or the disk's free-space watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// Bytes of packs waiting in the spool.
    pub bytes: u64,
    /// The limit for `bytes`.
    pub max_bytes: u64,
    /// Bytes free on the file system of the spool.
    pub free: u64,
    /// The watermark: below this many free bytes nothing is accepted.
    pub min_free: u64,
}

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { bytes, max_bytes, free, min_free } = self;
        if free < min_free {
            write!(f, "the disk has {free} bytes free, fewer than the {min_free} that must stay free")
        } else {
            write!(f, "the spool holds {bytes} of at most {max_bytes} bytes")
        }
    }
}

/// Why a line was not made durable. Nothing is known to be stored after any of these.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PublishError {
    /// The broker did not take it and the caller chose not to spool. Trying again later is right.
    #[error("the message broker is away: {0}")]
    BrokerAway(String),
    #[error("no room for the event: {0}; the tracking service must catch up, or give the spool more room")]
    Full(Full),
    #[error(transparent)]
    Spool(SpoolError),
    /// The caller's mistake: a line is not empty and holds no newline.
    #[error("an event line must not be empty or contain a newline")]
    NotOneLine,
    #[error("the queue is shutting down")]
    Closed,
}

impl From<SpoolError> for PublishError {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::Full(full) => Self::Full(full),
            SpoolError::Closed => Self::Closed,
            other => Self::Spool(other),
        }
    }
}

/// Why the reading side could not do what was asked. What was not acknowledged is delivered again.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueueError {
    #[error("the message broker is away: {0}")]
    BrokerAway(String),
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Failures of the spool on disk.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpoolError {
    #[error("cannot open the spool in {}: {reason}; only one process may use it, and it must be writable", path.display())]
    Open { path: PathBuf, reason: String },
    #[error("no room in the spool: {0}")]
    Full(Full),
    /// After a failed write or sync the store accepts nothing more until the process is started again, since
    /// what the disk holds is then unknown.
    #[error("the spool's disk failed: {0}; check the disk, then restart the service")]
    Storage(Arc<fjall::Error>),
    #[error("cannot ask for the free space of {}: {reason}", path.display())]
    FreeSpace { path: PathBuf, reason: String },
    #[error("entry {offset} of the spool is damaged")]
    Damaged { offset: u64 },
    #[error("the spool is closed")]
    Closed,
}

impl From<fjall::Error> for SpoolError {
    fn from(error: fjall::Error) -> Self {
        Self::Storage(Arc::new(error))
    }
}
