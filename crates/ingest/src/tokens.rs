//! Which body each of ThingPark's tokens has proven: most of a body is not signed, so that somebody who saw a webhook could send
//! another one with its token.
//!
//! An ingester remembers what it saw itself, and forgets it when it is stopped; after that the signature's time is what counts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::proof::MOST_SKEW;

/// For how long a token counts: from so long before its time until so long after it.
const COUNTS: TimeDelta = TimeDelta::minutes(2 * MOST_SKEW.num_minutes());

/// How many tokens are remembered, some 10 MiB of them: a hundred webhooks a second over all the time for which one counts.
const MOST: usize = 65_536;

/// A SHA-256.
type Hash = [u8; 32];

#[derive(Default)]
pub struct ProvenTokens(Mutex<Proven>);

#[derive(Default)]
struct Proven {
    body_of: HashMap<Hash, Hash>,
    /// In the order in which they came.
    since: VecDeque<(DateTime<Utc>, Hash)>,
}

impl ProvenTokens {
    /// Whether the token is new or has proven this same body, which a sender may send again. It counts from now on for no other.
    pub fn proves(&self, token: Hash, body: &[u8], now: DateTime<Utc>) -> bool {
        let mut proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while proven.since.front().is_some_and(|(since, _)| now - *since > COUNTS) {
            proven.forget_oldest();
        }
        let body: Hash = Sha256::digest(body).into();
        if let Some(first) = proven.body_of.get(&token) {
            return *first == body;
        }
        if proven.since.len() == MOST {
            proven.forget_oldest();
        }
        proven.body_of.insert(token, body);
        proven.since.push_back((now, token));
        true
    }
}

impl Proven {
    fn forget_oldest(&mut self) {
        if let Some((_, token)) = self.since.pop_front() {
            self.body_of.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400 + seconds, 0).unwrap()
    }

    fn token(number: usize) -> Hash {
        Sha256::digest(number.to_be_bytes()).into()
    }

    #[test]
    fn a_token_proves_one_body_as_often_as_it_comes_and_no_other() {
        let tokens = ProvenTokens::default();
        for (token_of, body, is_proven) in
            [(1, "a", true), (1, "a", true), (1, "b", false), (1, "a", true), (2, "b", true), (2, "", false)]
        {
            assert_eq!(
                tokens.proves(token(token_of), body.as_bytes(), at(0)),
                is_proven,
                "{token_of} {body}"
            );
        }
    }

    #[test]
    fn a_token_is_remembered_for_as_long_as_it_counts() {
        let tokens = ProvenTokens::default();
        assert!(tokens.proves(token(1), b"a", at(0)));
        assert!(!tokens.proves(token(1), b"b", at(600)));
        assert!(tokens.proves(token(1), b"b", at(601)));
        assert!(!tokens.proves(token(1), b"a", at(601)));
    }

    #[test]
    fn only_so_many_are_remembered_and_the_oldest_go_first() {
        let tokens = ProvenTokens::default();
        for number in 0..=MOST {
            assert!(tokens.proves(token(number), b"a", at(0)));
        }
        assert!(!tokens.proves(token(1), b"b", at(0)));
        assert!(!tokens.proves(token(MOST), b"b", at(0)));
        let proven = tokens.0.lock().unwrap();
        assert_eq!((proven.body_of.len(), proven.since.len()), (MOST, MOST));
        assert!(!proven.body_of.contains_key(&token(0)));
    }
}
