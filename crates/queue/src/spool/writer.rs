//! The one thread that writes. What waits for it is committed together: one journal entry, one sync.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use fjall::{OwnedWriteBatch, PersistMode};
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::entry::{Entry, dead_value, key, parse_dead, parse_key};
use crate::error::SpoolError;

type Done<T> = oneshot::Sender<Result<T, SpoolError>>;

pub(super) enum Job {
    Append { pack: Bytes, lines: u64, done: Done<()> },
    Remove { through: u64, done: Done<()> },
    AddDeadLetter { line: Bytes, reason: String, done: Done<()> },
    ReplayDeadLetters { done: Done<u64> },
}

/// Jobs that share one commit at most.
const GROUP: usize = 256;

pub(super) struct Writer {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedReceiver<Job>,
    next_dead: u64,
}

/// A commit in the making: what it will change, and who waits for it.
struct Group {
    batch: OwnedWriteBatch,
    must_sync: bool,
    tail: u64,
    bytes_through: u64,
    lines_through: u64,
    dead_added: u64,
    dead_removed: u64,
    waiting: Vec<Done<()>>,
    replayed: Vec<(Done<u64>, u64)>,
    /// The last removed record.
    removed: Option<Entry>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, jobs: mpsc::UnboundedReceiver<Job>) -> Result<Self, SpoolError> {
        let next_dead = match shared.dead.last_key_value() {
            Some(last) => parse_key(&last.key()?)? + 1,
            None => 0,
        };
        Ok(Self { shared, jobs, next_dead })
    }

    pub(super) fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let mut group = self.begin();
            self.add(&mut group, first);
            for _ in 1..GROUP {
                match self.jobs.try_recv() {
                    Ok(job) => self.add(&mut group, job),
                    Err(_) => break,
                }
            }
            self.commit(group);
        }
    }

    fn begin(&self) -> Group {
        Group {
            batch: self.shared.database.batch(),
            must_sync: false,
            tail: *self.shared.tail.borrow(),
            bytes_through: self.shared.appended.bytes.load(Relaxed),
            lines_through: self.shared.appended.lines.load(Relaxed),
            dead_added: 0,
            dead_removed: 0,
            waiting: Vec::new(),
            replayed: Vec::new(),
            removed: None,
        }
    }

    fn add(&mut self, group: &mut Group, job: Job) {
        match job {
            Job::Append { pack, lines, done } => {
                let waiting = group.bytes_through - self.shared.removed.bytes.load(Relaxed);
                match self.shared.space.check(waiting) {
                    Ok(()) => {
                        self.append(group, pack, lines);
                        group.waiting.push(done);
                    }
                    Err(error) => answer(done, Err(error)),
                }
            }
            Job::Remove { through, done } => match self.remove(group, through) {
                Ok(()) => group.waiting.push(done),
                Err(error) => answer(done, Err(error)),
            },
            Job::AddDeadLetter { line, reason, done } => {
                // No limit here: what becomes a dead letter was accepted before and leaves the packs.
                group.batch.insert(&self.shared.dead, key(self.next_dead), dead_value(&line, &reason));
                self.next_dead += 1;
                group.dead_added += 1;
                group.must_sync = true;
                group.waiting.push(done);
            }
            // A second one in the same commit would find the same letters again.
            Job::ReplayDeadLetters { done } if !group.replayed.is_empty() => group.replayed.push((done, 0)),
            Job::ReplayDeadLetters { done } => match self.replay(group) {
                Ok(count) => group.replayed.push((done, count)),
                Err(error) => answer(done, Err(error)),
            },
        }
    }

    fn append(&self, group: &mut Group, pack: Bytes, lines: u64) {
        group.bytes_through += pack.len() as u64;
        group.lines_through += lines;
        let Group { bytes_through, lines_through, .. } = *group;
        let entry = Entry { offset: group.tail, bytes_through, lines_through, pack };
        group.batch.insert(&self.shared.packs, key(entry.offset), entry.value());
        group.tail += 1;
        group.must_sync = true;
    }

    fn remove(&self, group: &mut Group, through: u64) -> Result<(), SpoolError> {
        let head = group.removed.as_ref().map_or(self.shared.head.load(Relaxed), |last| last.offset + 1);
        if through < head {
            return Ok(());
        }
        let Some(value) = self.shared.packs.get(key(through))? else { return Ok(()) };
        group.removed = Some(Entry::parse(through, &value)?);
        for offset in head..=through {
            group.batch.remove(&self.shared.packs, key(offset));
        }
        Ok(())
    }

    fn replay(&self, group: &mut Group) -> Result<u64, SpoolError> {
        let mut letters = Vec::new();
        for guard in self.shared.dead.iter() {
            let (dead_key, value) = guard.into_inner()?;
            let (line, _reason) = parse_dead(parse_key(&dead_key)?, &value)?;
            letters.push((dead_key, line));
        }
        let count = letters.len() as u64;
        for (dead_key, line) in letters {
            self.append(group, line, 1);
            group.batch.remove(&self.shared.dead, dead_key);
        }
        group.dead_removed += count;
        Ok(count)
    }

    fn commit(&self, group: Group) {
        let Group { batch, must_sync, waiting, replayed, .. } = group;
        let durability = if must_sync { PersistMode::SyncAll } else { PersistMode::Buffer };
        let committed = batch.durability(Some(durability)).commit().map_err(SpoolError::from);
        match &committed {
            Ok(()) => self.publish(group.tail, group.bytes_through, group.lines_through, &group.removed),
            Err(error) => self.shared.note_failure(error),
        }
        if committed.is_ok() {
            let dead = &self.shared.dead_count;
            dead.store((dead.load(Relaxed) + group.dead_added).saturating_sub(group.dead_removed), Relaxed);
        }
        for done in waiting {
            answer(done, committed.clone());
        }
        for (done, count) in replayed {
            answer(done, committed.clone().map(|()| count));
        }
    }

    /// Lets the others see what is on the disk now.
    fn publish(&self, tail: u64, bytes_through: u64, lines_through: u64, removed: &Option<Entry>) {
        self.shared.appended.bytes.store(bytes_through, Relaxed);
        self.shared.appended.lines.store(lines_through, Relaxed);
        if let Some(last) = removed {
            self.shared.removed.set(last);
            self.shared.head.store(last.offset + 1, Relaxed);
        }
        self.shared.tail.send_if_modified(|known| std::mem::replace(known, tail) != tail);
    }
}

fn answer<T>(done: Done<T>, outcome: Result<T, SpoolError>) {
    // Whoever asked may have stopped waiting; the disk has it all the same.
    let _ = done.send(outcome);
}
