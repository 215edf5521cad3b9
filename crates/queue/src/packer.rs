//! Gathers lines that wait together into packs, and hands each pack to its delivery; many packs may be under
//! way at once.
//!
//! Waiting for company saves messages when lines come one by one (a calm thousand a second), and costs time
//! for nothing when everybody who could send is already waiting for an answer (a few busy connections). The
//! packer cannot know which it is, but it can see it: a line that arrives while the pack before it is still
//! under way would have fitted into that pack, had it waited longer; a line that arrives after the answer
//! would not. So it keeps one number, its *patience*: how long it waits for one more line, doubled in the
//! first case, halved in the second, and never beyond [`Packing::linger`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::PublishError;
use crate::sender::{OnBrokerAway, Outlet};

/// How lines are gathered into packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing {
    /// The longest time a line waits for company.
    pub linger: Duration,
    /// A pack with this many lines is sent at once.
    pub max_lines: usize,
    /// A pack with this many bytes is sent at once; the line that reaches it still belongs to it.
    pub max_bytes: usize,
    /// Packs under way at the same time; when there are as many, lines wait.
    pub max_in_flight: usize,
}

impl Default for Packing {
    fn default() -> Self {
        Self { linger: Duration::from_millis(20), max_lines: 500, max_bytes: 512 * 1024, max_in_flight: 64 }
    }
}

/// The timer's own resolution: the packer looks at its mailbox at most this often, which spares it a wake-up for
/// every line.
const TICK: Duration = Duration::from_millis(1);

/// With much patience it looks less often still: so many times before the patience is over.
const LOOKS: u32 = 4;

/// One line and the submitter who waits for it, if he still does.
pub(crate) struct Waiting {
    pub(crate) line: Bytes,
    pub(crate) away: OnBrokerAway,
    pub(crate) answer: oneshot::Sender<Result<(), PublishError>>,
}

pub(crate) enum Post {
    Line(Waiting),
    /// Deliver what came before, tell when it is answered, and end.
    Close(oneshot::Sender<()>),
}

#[derive(Default)]
struct Pack {
    lines: Vec<Waiting>,
    bytes: usize,
}

impl Pack {
    fn push(&mut self, waiting: Waiting) {
        self.bytes += waiting.line.len() + 1;
        self.lines.push(waiting);
    }

    fn is_full(&self, packing: &Packing) -> bool {
        self.lines.len() >= packing.max_lines || self.bytes >= packing.max_bytes
    }
}

pub(crate) struct Packer {
    posts: mpsc::Receiver<Post>,
    packing: Packing,
    outlet: Arc<Outlet>,
    slots: Arc<Semaphore>,
    slot_count: u32,
    /// Packs that are not settled yet.
    under_way: Arc<AtomicUsize>,
    patience: Duration,
    closing: Option<oneshot::Sender<()>>,
}

impl Packer {
    pub(crate) fn new(posts: mpsc::Receiver<Post>, packing: Packing, outlet: Arc<Outlet>) -> Self {
        let slot_count = u32::try_from(packing.max_in_flight.clamp(1, 10_000)).unwrap_or(1);
        let slots = Arc::new(Semaphore::new(slot_count as usize));
        let under_way = Arc::default();
        Self { posts, packing, outlet, slots, slot_count, under_way, patience: Duration::ZERO, closing: None }
    }

    /// Runs until it is told to close or every sender is gone; what was accepted is delivered either way.
    pub(crate) async fn run(mut self) {
        while let Some(pack) = self.gather().await {
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { break };
            let outlet = Arc::clone(&self.outlet);
            // A task of its own: a submitter who gives up must not take the others' pack with him.
            let under_way = Arc::clone(&self.under_way);
            under_way.fetch_add(1, Relaxed);
            tokio::spawn(async move {
                let settled = outlet.deliver(pack.lines).await;
                // Before the answers: what they bring about must not look as if it had come meanwhile.
                under_way.fetch_sub(1, Relaxed);
                outlet.answer(settled);
                drop(slot);
            });
        }
        // All slots free again means that every pack is answered.
        let _all = self.slots.acquire_many(self.slot_count).await;
        if let Some(closed) = self.closing.take() {
            let _ = closed.send(());
        }
    }

    async fn gather(&mut self) -> Option<Pack> {
        if self.closing.is_some() {
            return None;
        }
        let mut pack = Pack::default();
        match self.posts.recv().await? {
            Post::Line(first) => pack.push(first),
            Post::Close(closed) => {
                self.closing = Some(closed);
                return None;
            }
        }
        self.learn();
        let began = Instant::now();
        let mut last_came = began;
        tokio::task::yield_now().await;
        loop {
            if self.pull(&mut pack) > 0 {
                last_came = Instant::now();
            }
            let full = pack.is_full(&self.packing) || self.closing.is_some();
            if full || began.elapsed() >= self.packing.linger || last_came.elapsed() >= self.patience {
                return Some(pack);
            }
            let rest = self.packing.linger.saturating_sub(began.elapsed());
            tokio::time::sleep((self.patience / LOOKS).max(TICK).min(rest.max(TICK))).await;
        }
    }

    /// Adjusts the patience when the first line of a pack has come (see the module's head).
    fn learn(&mut self) {
        self.patience = if self.under_way.load(Relaxed) > 0 {
            (self.patience * 2).clamp(TICK, self.packing.linger.max(TICK))
        } else if self.patience <= TICK {
            Duration::ZERO
        } else {
            self.patience / 2
        };
    }

    /// Moves what waits in the mailbox into the pack and says how many lines that were.
    fn pull(&mut self, pack: &mut Pack) -> usize {
        let before = pack.lines.len();
        while !pack.is_full(&self.packing) {
            match self.posts.try_recv() {
                Ok(Post::Line(waiting)) => pack.push(waiting),
                Ok(Post::Close(closed)) => {
                    self.closing = Some(closed);
                    break;
                }
                Err(_) => break,
            }
        }
        pack.lines.len() - before
    }
}
