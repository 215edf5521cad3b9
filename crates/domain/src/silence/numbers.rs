//! Which of a tracker's numbered readings came, and which lie missing between them.
//!
//! A tracker numbers its readings for life, one by one. What is kept of them is small: the lowest and the highest
//! number that are followed, and the holes between. The first frame ever received says where following begins; what
//! is numbered lower is nobody's loss. In whatever order later frames come, the same holes are left.
//!
//! A tracker that left more than [`MOST_HOLES`] holes, by very bad radio or in bad faith, is followed from behind the
//! oldest of them on: that hole is forgotten, and an alert that tells of it stays until somebody acknowledges it.

use chrono::{DateTime, Utc};

/// How many holes of one tracker are kept.
pub const MOST_HOLES: usize = 64;

/// An unbroken run of numbers that one frame brought, with the times of its two ends where the tracker knew them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub first: u32,
    pub last: u32,
    pub first_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
}

/// The numbers from `from` to `to`; what is no hole between them was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    pub from: u32,
    pub to: u32,
    /// When the reading of the highest number was measured, where that is known.
    pub to_at: Option<DateTime<Utc>>,
}

/// Consecutive numbers that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    pub first: u32,
    pub last: u32,
    /// When the readings beside it were measured, where that is known.
    pub before_at: Option<DateTime<Utc>>,
    pub after_at: Option<DateTime<Utc>>,
    /// When this service came to know of it.
    pub known_at: DateTime<Utc>,
    /// It was waited for long enough.
    pub overdue: bool,
}

impl Hole {
    pub fn count(&self) -> u32 {
        self.last - self.first + 1
    }

    /// What a run leaves of it: nothing, one hole or two.
    fn without(self, run: &Run) -> impl Iterator<Item = Self> {
        let apart = run.last < self.first || run.first > self.last;
        let below = run.first.checked_sub(1).filter(|last| !apart && *last >= self.first);
        let above = Some(run.last.saturating_add(1)).filter(|first| !apart && *first <= self.last);
        let below = below.map(|last| Self { last, after_at: run.first_at, ..self });
        let above = above.map(|first| Self { first, before_at: run.last_at, ..self });
        apart.then_some(self).into_iter().chain(below).chain(above)
    }
}

/// What is kept of one tracker's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Numbers {
    /// `None`: no number has ever been received.
    pub followed: Option<Followed>,
    /// In the order of their numbers.
    pub holes: Vec<Hole>,
}

impl Numbers {
    /// Takes a frame's run into account; `now` is when this service came to know of it.
    pub fn receive(&mut self, run: &Run, now: DateTime<Utc>) {
        let Some(followed) = &mut self.followed else {
            self.followed = Some(Followed { from: run.first, to: run.last, to_at: run.last_at });
            return;
        };
        if self.holes.iter().any(|hole| run.first <= hole.last && run.last >= hole.first) {
            self.holes = self.holes.iter().flat_map(|hole| hole.without(run)).collect();
        }
        if run.first > followed.to.saturating_add(1) {
            self.holes.push(Hole {
                first: followed.to + 1,
                last: run.first - 1,
                before_at: followed.to_at,
                after_at: run.first_at,
                known_at: now,
                overdue: false,
            });
        }
        if run.last > followed.to {
            (followed.to, followed.to_at) = (run.last, run.last_at);
        }
        let too_many = self.holes.len().saturating_sub(MOST_HOLES);
        if let Some(forgotten) = self.holes.drain(..too_many).next_back() {
            followed.from = forgotten.last + 1;
        }
    }
}

impl Numbers {
    /// The tracker still holds entries from `oldest` on: what lies below the first one that was received can still come.
    pub fn begin_at(&mut self, oldest: u32, now: DateTime<Utc>) {
        let Some(followed) = self.followed.as_mut().filter(|followed| oldest < followed.from) else { return };
        if self.holes.len() < MOST_HOLES {
            let hole = Hole {
                first: oldest,
                last: followed.from - 1,
                before_at: None,
                after_at: None,
                known_at: now,
                overdue: false,
            };
            self.holes.insert(0, hole);
            followed.from = oldest;
        }
    }
}

/// Adds numbers, each with its time, to runs: in the order in which they stand in a frame. Those that the last run
/// holds already are nothing new: each frame repeats what the one before it brought.
pub fn add_to_runs(runs: &mut Vec<Run>, numbered: impl IntoIterator<Item = (u32, Option<DateTime<Utc>>)>) {
    for (number, at) in numbered {
        match runs.last_mut() {
            Some(run) if (run.first..=run.last).contains(&number) => {}
            Some(run) if run.last.checked_add(1) == Some(number) => (run.last, run.last_at) = (number, at),
            _ => runs.push(Run { first: number, last: number, first_at: at, last_at: at }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::utc;

    /// Number n is measured at minute n.
    fn at(number: u32) -> Option<DateTime<Utc>> {
        Some(utc(i64::from(number) * 60))
    }

    fn run(first: u32, last: u32) -> Run {
        Run { first, last, first_at: at(first), last_at: at(last) }
    }

    fn received(runs: &[(u32, u32)]) -> Numbers {
        let mut numbers = Numbers::default();
        runs.iter().for_each(|(first, last)| numbers.receive(&run(*first, *last), utc(7)));
        numbers
    }

    fn holes(numbers: &Numbers) -> Vec<(u32, u32)> {
        for hole in &numbers.holes {
            assert_eq!((hole.before_at, hole.after_at), (at(hole.first - 1), at(hole.last + 1)), "{hole:?}");
        }
        numbers.holes.iter().map(|hole| (hole.first, hole.last)).collect()
    }

    #[test]
    fn holes_lie_between_what_was_received() {
        for (scenario, runs, expected) in [
            ("every frame came", &[(10, 12), (13, 13), (14, 14)][..], &[][..]),
            ("one frame is lost", &[(10, 12), (14, 14)], &[(13, 13)]),
            ("the next one repeats it", &[(10, 12), (12, 14)], &[]),
            ("it comes late", &[(10, 12), (14, 14), (13, 13)], &[]),
            ("the middle of a hole comes", &[(10, 12), (20, 20), (15, 16)], &[(13, 14), (17, 19)]),
            ("its lower end", &[(10, 12), (20, 20), (13, 14)], &[(15, 19)]),
            ("its upper end", &[(10, 12), (20, 20), (18, 19)], &[(13, 17)]),
            ("a frame longer than the hole", &[(10, 12), (20, 20), (11, 20)], &[]),
            ("a frame over two holes", &[(1, 1), (5, 5), (9, 9), (3, 7)], &[(2, 2), (8, 8)]),
            ("what is numbered below the first is not waited for", &[(10, 12), (3, 4), (13, 13)], &[]),
            ("everything twice", &[(1, 2), (5, 5), (1, 2), (5, 5)], &[(3, 4)]),
        ] {
            assert_eq!(holes(&received(runs)), expected, "{scenario}");
        }
    }

    #[test]
    fn what_is_left_of_a_hole_keeps_since_when_it_is_known() {
        let mut numbers = received(&[(1, 1), (9, 9)]);
        numbers.holes[0].overdue = true;
        numbers.receive(&run(5, 5), utc(99));
        numbers.receive(&run(12, 12), utc(99));
        let known: Vec<_> =
            numbers.holes.iter().map(|hole| (hole.first, hole.known_at, hole.overdue)).collect();
        assert_eq!(known, [(2, utc(7), true), (6, utc(7), true), (10, utc(99), false)]);
    }

    #[test]
    fn beyond_the_most_holes_the_oldest_is_forgotten_and_never_comes_again() {
        let most = MOST_HOLES as u32;
        let mut every_other: Vec<(u32, u32)> = (0..=most).map(|n| (2 * n, 2 * n)).collect();
        let full = received(&every_other);
        assert_eq!((full.holes.len(), full.followed.unwrap().from), (MOST_HOLES, 0));
        every_other.push((2 * most + 2, 2 * most + 2));
        let over = received(&every_other);
        assert_eq!((over.holes.len(), over.holes[0].first), (MOST_HOLES, 3));
        assert_eq!(over.followed.unwrap().from, 2, "one further");
        every_other.push((0, 1));
        assert_eq!(received(&every_other), over);
    }

    #[test]
    fn what_the_tracker_still_holds_below_the_first_one_is_missing() {
        let below = |oldest| {
            let mut numbers = received(&[(10, 12), (14, 14)]);
            numbers.begin_at(oldest, utc(8));
            let holes: Vec<_> = numbers.holes.iter().map(|hole| (hole.first, hole.last)).collect();
            (numbers.followed.unwrap().from, holes)
        };
        assert_eq!(below(10), (10, vec![(13, 13)]));
        assert_eq!(below(9), (9, vec![(9, 9), (13, 13)]));
        assert_eq!(below(0), (0, vec![(0, 9), (13, 13)]));
        let mut numbers = Numbers::default();
        numbers.begin_at(0, utc(8));
        assert_eq!(numbers, Numbers::default(), "nothing is followed yet");
    }

    #[test]
    fn frames_fall_into_unbroken_runs() {
        let mut runs = Vec::new();
        add_to_runs(&mut runs, []);
        assert_eq!(runs, []);
        add_to_runs(&mut runs, [1, 2, 3].map(|n| (n, at(n))));
        assert_eq!(runs, [run(1, 3)]);
        add_to_runs(&mut runs, [2, 3, 4, 7, 8, 8].map(|n| (n, at(n))));
        assert_eq!(runs, [run(1, 4), run(7, 8)]);
        add_to_runs(&mut runs, [6, 7].map(|n| (n, at(n))));
        assert_eq!(runs, [run(1, 4), run(7, 8), run(6, 7)]);
    }
}
