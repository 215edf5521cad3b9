//! Room: the spool's byte limit and the disk's free-space watermark.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::SpoolSettings;
use crate::error::{Full, SpoolError};

/// How the spool learns how many bytes are free.
#[derive(Debug, Clone, Default)]
pub enum FreeSpace {
    /// From the file system that its folder is on: what an unprivileged process may still use.
    #[default]
    OfFileSystem,
    /// From this number, which its owner may change: for tests of a full disk.
    Given(Arc<AtomicU64>),
}

pub(super) struct Space {
    pub(super) dir: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) min_free: u64,
    free_space: FreeSpace,
    full_since: Mutex<Option<Instant>>,
}

impl Space {
    pub(super) fn new(settings: SpoolSettings) -> Self {
        let SpoolSettings { dir, max_bytes, min_free, free_space } = settings;
        Self { dir, max_bytes, min_free, free_space, full_since: Mutex::new(None) }
    }

    /// Says whether a spool with this many bytes waiting may take one more pack.
    pub(super) fn check(&self, bytes: u64) -> Result<(), SpoolError> {
        let free = self.free()?;
        match self.note(bytes, free) {
            None => Ok(()),
            Some(_) => Err(SpoolError::Full(Full {
                bytes,
                max_bytes: self.max_bytes,
                free,
                min_free: self.min_free,
            })),
        }
    }

    /// Free bytes and how long it has been full.
    pub(super) fn look(&self, bytes: u64) -> (Option<u64>, Option<Duration>) {
        match self.free() {
            Ok(free) => (Some(free), self.note(bytes, free)),
            Err(_) => (None, None),
        }
    }

    fn note(&self, bytes: u64, free: u64) -> Option<Duration> {
        let mut since = self.full_since.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes >= self.max_bytes || free < self.min_free {
            Some(since.get_or_insert_with(Instant::now).elapsed())
        } else {
            *since = None;
            None
        }
    }

    fn free(&self) -> Result<u64, SpoolError> {
        match &self.free_space {
            FreeSpace::Given(free) => Ok(free.load(Relaxed)),
            FreeSpace::OfFileSystem => match rustix::fs::statvfs(&self.dir) {
                Ok(found) => Ok(found.f_bavail.saturating_mul(found.f_frsize)),
                Err(error) => {
                    Err(SpoolError::FreeSpace { path: self.dir.clone(), reason: error.to_string() })
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_begins_at_the_limit_and_below_the_watermark_and_ends_by_itself() {
        let free = Arc::new(AtomicU64::new(50));
        let mut settings = SpoolSettings::new(".");
        (settings.max_bytes, settings.min_free) = (100, 50);
        settings.free_space = FreeSpace::Given(Arc::clone(&free));
        let space = Space::new(settings);

        for (bytes, free_now, full) in
            [(99, 50, false), (100, 50, true), (101, 50, true), (99, 49, true), (0, 0, true), (0, 50, false)]
        {
            free.store(free_now, Relaxed);
            assert_eq!(space.check(bytes).is_err(), full, "{bytes} bytes, {free_now} free");
            assert_eq!(space.look(bytes).1.is_some(), full, "{bytes} bytes, {free_now} free");
        }
    }
}
