//! How many streams of events are open: this process's own, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{OrganisationId, UserId};

/// A page that is open has one, and one that was closed counts until that is noticed.
pub const MOST_OF_A_USER: usize = 20;
pub const MOST_OF_AN_ORGANISATION: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Listener {
    User(UserId),
    Organisation(OrganisationId),
}

impl Listener {
    fn most(self) -> usize {
        match self {
            Self::User(_) => MOST_OF_A_USER,
            Self::Organisation(_) => MOST_OF_AN_ORGANISATION,
        }
    }
}

#[derive(Default, Clone)]
pub struct Streams(Arc<Mutex<HashMap<Listener, usize>>>);

/// An open stream, which counts until it is dropped.
pub struct OpenStream {
    of: [Listener; 2],
    streams: Streams,
}

impl Streams {
    /// None where the user or the organisation has as many as there may be.
    pub fn open(&self, user: UserId, organisation: OrganisationId) -> Option<OpenStream> {
        let of = [Listener::User(user), Listener::Organisation(organisation)];
        let mut open = self.counts();
        if of.iter().any(|one| open.get(one).is_some_and(|count| *count >= one.most())) {
            return None;
        }
        of.iter().for_each(|one| *open.entry(*one).or_default() += 1);
        Some(OpenStream { of, streams: self.clone() })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Listener, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.counts();
        for one in self.of {
            match open.get_mut(&one) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(open.remove(&one)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u128) -> UserId {
        UserId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_user_and_an_organisation_have_so_many_and_a_closed_one_makes_room() {
        let (streams, own) = (Streams::default(), OrganisationId(1));
        let mut open: Vec<_> = (0..MOST_OF_A_USER).map(|_| streams.open(user(0), own).unwrap()).collect();
        assert!(streams.open(user(0), own).is_none());
        assert!(streams.open(user(1), own).is_some(), "each has his own");
        open.pop();
        open.push(streams.open(user(0), own).unwrap());
        for number in 0..MOST_OF_AN_ORGANISATION - MOST_OF_A_USER {
            let number = 1 + u128::try_from(number / MOST_OF_A_USER).unwrap();
            open.push(streams.open(user(number), own).unwrap());
        }
        assert!(streams.open(user(999), own).is_none());
        assert!(streams.open(user(999), OrganisationId(2)).is_some());
        open.clear();
        assert!(streams.counts().is_empty(), "whoever has none is forgotten");
    }
}
