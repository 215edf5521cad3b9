//! What can go wrong with the private cluster, in words that say what to do.

use std::path::{Path, PathBuf};

/// Why the private cluster is not there. Each text is one line for a person: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    #[error(
        "no usable PostgreSQL (15 or later) was found: install it (Debian, Ubuntu: postgresql), or name a folder \
         with its programs as database.binaries. Looked at: {looked}"
    )]
    NoBinaries { looked: String },

    #[error(
        "the database in {data} was made by PostgreSQL {wanted}, which was not found: install that version, or name \
         a folder with its programs as database.binaries. Looked at: {looked}"
    )]
    VersionMissing { data: PathBuf, wanted: u32, looked: String },

    #[error(
        "the database's socket {socket} would be a path of {length} characters, and the most is {limit}: choose a \
         shorter data folder with --data"
    )]
    SocketPathTooLong { socket: PathBuf, length: usize, limit: usize },

    #[error(
        "{folder} is closed to the user '{user}' that the database runs as (it refuses to run as root): choose a \
         data folder elsewhere with --data, for instance below /var/lib or /var/tmp"
    )]
    Closed { folder: PathBuf, user: String },

    #[error(
        "{folder} belongs to another user (uid {owner}): run as that user, or choose another folder with --data"
    )]
    ForeignOwner { folder: PathBuf, owner: u32 },

    #[error("{data_dir} is in use by another Isotherm: stop that one, or choose another folder with --data")]
    InUse { data_dir: PathBuf },

    #[error(
        "the Isotherm that holds {data_dir} did not bring its database up within {seconds} s: look at its log"
    )]
    OwnerNotReady { data_dir: PathBuf, seconds: u64 },

    #[error(
        "an earlier PostgreSQL (process {pid}) still runs in {data} and does not end: end it, then start again"
    )]
    StillRunning { data: PathBuf, pid: i32 },

    #[error("the database could not be made in {data}: {detail}")]
    Initialise { data: PathBuf, detail: String },

    #[error("PostgreSQL did not start in {data}: {detail}")]
    Start { data: PathBuf, detail: String },

    #[error("{action} {path}: {source}")]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
}

/// Names the deed and the file beside an input/output error.
pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> EmbeddedError {
    let path = path.to_path_buf();
    move |source| EmbeddedError::Io { action, path, source }
}
