//! How far behind the reader is.
//!
//! "Is the queue empty?" is the wrong question: under load it never is, and a broker's count leaves out what
//! is on its way. So a mark is put at the queue's end now and then, and when everything before it was
//! acknowledged, the reader has caught up with the instant at which the mark was put.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much still waits to be read and acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Everything older than this was acknowledged; None: not known yet.
    pub behind: Option<Duration>,
}

/// A reader that is less than this far behind counts as having caught up. Longer than a mark takes through a
/// queue that is not behind, shorter than any tracker's interval.
const CAUGHT_UP: Duration = Duration::from_secs(15);

/// A mark is put at most this often.
const MARK_EVERY: Duration = Duration::from_secs(1);

/// A mark that did not come back for so long is taken for lost: another reader had it.
const MARK_LOST_AFTER: Duration = Duration::from_secs(10);

impl Backlog {
    /// Whether what waited, for instance during a restart, has been worked off.
    pub fn is_drained(&self) -> bool {
        self.behind.is_some_and(|behind| behind < CAUGHT_UP)
    }
}

/// Marks under way (`M` tells one from another) and the instant that was caught up with.
pub(crate) struct Watermark<M>(Mutex<State<M>>);

struct State<M> {
    under_way: Option<(M, Instant)>,
    caught_up_with: Option<Instant>,
}

impl<M: PartialEq + Clone> Watermark<M> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { under_way: None, caught_up_with: None }))
    }

    /// Whether it is time for a new mark.
    pub(crate) fn is_due(&self) -> bool {
        let state = self.state();
        match &state.under_way {
            Some((_, put)) => put.elapsed() >= MARK_LOST_AFTER,
            None => state.caught_up_with.is_none_or(|instant| instant.elapsed() >= MARK_EVERY),
        }
    }

    /// Notes that `mark` is about to be put at the end of the queue.
    pub(crate) fn put(&self, mark: M) {
        self.state().under_way = Some((mark, Instant::now()));
    }

    /// The mark could not be put.
    pub(crate) fn forget(&self, mark: &M) {
        let mut state = self.state();
        if state.under_way.as_ref().is_some_and(|(known, _)| known == mark) {
            state.under_way = None;
        }
    }

    pub(crate) fn under_way(&self) -> Option<M> {
        self.state().under_way.as_ref().map(|(mark, _)| mark.clone())
    }

    /// Everything before `mark` was acknowledged.
    pub(crate) fn reach(&self, mark: &M) {
        let mut state = self.state();
        if let Some((_, put)) = state.under_way.take_if(|(known, _)| known == mark) {
            state.caught_up_with = Some(put);
        }
    }

    pub(crate) fn behind(&self) -> Option<Duration> {
        self.state().caught_up_with.map(|instant| instant.elapsed())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_is_behind_until_its_own_mark_is_reached() {
        let watermark = Watermark::new();
        let backlog = || Backlog { behind: watermark.behind() };
        assert!(watermark.is_due() && !backlog().is_drained());

        watermark.put(1);
        watermark.reach(&7);
        assert!(!watermark.is_due() && !backlog().is_drained(), "another's mark says nothing");
        watermark.forget(&1);
        assert!(watermark.is_due(), "one that could not be put is put again");

        watermark.put(2);
        watermark.reach(&2);
        assert!(backlog().is_drained() && !watermark.is_due());
    }
}
