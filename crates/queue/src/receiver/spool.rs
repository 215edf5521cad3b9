//! Reading the spool: a cursor that runs ahead of the head.

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::{Batch, MAX_BYTES, Mark, Place};
use crate::error::QueueError;
use crate::pack;
use crate::spool::Spool;

pub(super) struct Cursor {
    next: u64,
    tail: watch::Receiver<u64>,
    /// Gathered and not handed out yet: a dropped future leaves it here.
    lines: Vec<Bytes>,
    bytes: usize,
}

impl Cursor {
    pub(super) fn new(spool: &Spool) -> Self {
        Self { next: spool.head(), tail: spool.tail(), lines: Vec::new(), bytes: 0 }
    }

    pub(super) async fn next_batch(
        &mut self,
        spool: &Spool,
        max_lines: usize,
        deadline: Instant,
    ) -> Result<Batch, QueueError> {
        while !self.is_full(max_lines) {
            self.tail.mark_unchanged();
            if !self.gather(spool, max_lines).await? {
                break;
            }
            if self.is_full(max_lines) || self.next < *self.tail.borrow() {
                continue;
            }
            if timeout_at(deadline, self.tail.changed()).await.is_err() {
                break;
            }
        }
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        let place = match self.next.checked_sub(1) {
            Some(through) if !lines.is_empty() => Place::Spool { through },
            _ => Place::Nothing,
        };
        Ok(Batch { lines, mark: Mark(place) })
    }

    fn is_full(&self, max_lines: usize) -> bool {
        self.lines.len() >= max_lines || self.bytes >= MAX_BYTES
    }

    /// Takes what fits; false: the next pack does not.
    async fn gather(&mut self, spool: &Spool, max_lines: usize) -> Result<bool, QueueError> {
        let room = max_lines.saturating_sub(self.lines.len());
        for entry in spool.read(self.next, room, usize::MAX).await? {
            let before = self.lines.len();
            pack::split_into(&entry.pack, &mut self.lines);
            if before > 0 && self.lines.len() > max_lines {
                self.lines.truncate(before);
                return Ok(false);
            }
            self.next = entry.offset + 1;
            self.bytes += entry.pack.len();
            if self.bytes >= MAX_BYTES {
                break;
            }
        }
        Ok(true)
    }
}
