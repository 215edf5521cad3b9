//! Reading packs and dead letters back. Reads touch the disk, so they run beside the asynchronous tasks.

use std::sync::Arc;

use bytes::Bytes;

use super::entry::{Entry, key, parse_dead, parse_key};
use super::{Shared, Spool};
use crate::error::SpoolError;

/// A read stops after about so many bytes, whatever else it may take.
const MAX_BYTES: usize = 16 << 20;

impl Spool {
    /// Packs from `offset` on (or from the head, if that is later): as many as fit into `max_lines` and
    /// `max_packs`, but at least one if there is any.
    pub(crate) async fn read(
        &self,
        offset: u64,
        max_lines: usize,
        max_packs: usize,
    ) -> Result<Vec<Entry>, SpoolError> {
        let from = offset.max(self.head());
        let to = *self.0.shared.tail.borrow();
        if from >= to {
            return Ok(Vec::new());
        }
        self.beside(move |shared| read_packs(shared, from..to, max_lines, max_packs)).await
    }

    /// The oldest dead letters with their reasons.
    pub(crate) async fn dead_letters(&self, limit: usize) -> Result<Vec<(Bytes, String)>, SpoolError> {
        self.beside(move |shared| {
            let mut letters = Vec::new();
            for guard in shared.dead.iter().take(limit) {
                let (key, value) = guard.into_inner()?;
                letters.push(parse_dead(parse_key(&key)?, &value)?);
            }
            Ok(letters)
        })
        .await
    }

    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let shared = Arc::clone(&self.0.shared);
        tokio::task::spawn_blocking(move || work(&shared)).await.unwrap_or(Err(SpoolError::Closed))
    }
}

fn read_packs(
    shared: &Shared,
    offsets: std::ops::Range<u64>,
    max_lines: usize,
    max_packs: usize,
) -> Result<Vec<Entry>, SpoolError> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut lines, mut bytes) = (0, 0);
    for guard in shared.packs.range(key(offsets.start)..key(offsets.end)) {
        let entry = Entry::from_guard(guard)?;
        lines += usize::try_from(entry.line_count()).unwrap_or(usize::MAX);
        bytes += entry.pack.len();
        if !entries.is_empty() && (lines > max_lines || bytes > MAX_BYTES) {
            break;
        }
        entries.push(entry);
        if entries.len() >= max_packs {
            break;
        }
    }
    Ok(entries)
}
