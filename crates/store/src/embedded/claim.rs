//! Who may start the cluster, and who only visits. One program owns it at a time, by an exclusive lock that the
//! kernel releases however the program ends; visitors (a command beside a running service) hold a shared lock,
//! so that the owner gives them a moment before it stops.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::error::{EmbeddedError, io};

const POLL: Duration = Duration::from_millis(10);

/// The right to start and stop the cluster of one data folder, held until dropped.
#[derive(Debug)]
pub(super) struct Claim {
    _owner: File,
    guests: File,
}

/// A visitor's mark, held until dropped.
#[derive(Debug)]
pub(super) struct Visit {
    _guests: File,
}

impl Claim {
    /// The right to own, or none where another program has it.
    pub(super) fn take(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        let owner = open(data_dir, "postgres.lock")?;
        let guests = open(data_dir, "postgres.guests.lock")?;
        Ok(owner.try_lock().is_ok().then_some(Self { _owner: owner, guests }))
    }

    /// As [`Claim::take`], but waits for a short command that may hold it just now.
    pub(super) fn take_within(data_dir: &Path, patience: Duration) -> Result<Option<Self>, EmbeddedError> {
        let begun = Instant::now();
        loop {
            let claim = Self::take(data_dir)?;
            if claim.is_some() || begun.elapsed() > patience {
                return Ok(claim);
            }
            thread::sleep(POLL);
        }
    }

    /// Waits until no visitor is left and lets none in again, but no longer than `patience`.
    pub(super) fn see_guests_off(&self, patience: Duration) {
        let begun = Instant::now();
        while self.guests.try_lock().is_err() && begun.elapsed() < patience {
            thread::sleep(POLL);
        }
    }
}

impl Visit {
    /// None where the owner is just closing.
    pub(super) fn begin(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        let guests = open(data_dir, "postgres.guests.lock")?;
        Ok(guests.try_lock_shared().is_ok().then_some(Self { _guests: guests }))
    }
}

fn open(data_dir: &Path, name: &str) -> Result<File, EmbeddedError> {
    let path = data_dir.join(name);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(io("opening", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_at_a_time_and_the_next_after_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let first = Claim::take(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(Claim::take(folder.path()).unwrap().is_none());
        drop(first);
        assert!(Claim::take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_closing_owner_lets_no_visitor_in() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Claim::take(folder.path()).unwrap().unwrap();
        let visit = Visit::begin(folder.path()).unwrap();
        assert!(visit.is_some());
        drop(visit);
        owner.see_guests_off(Duration::ZERO);
        assert!(Visit::begin(folder.path()).unwrap().is_none());
    }
}
