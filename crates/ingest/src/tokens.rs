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

/// How many tokens of one integration are remembered, some 2.5 MiB of them: 27 webhooks a second over all the time for which one
/// counts.
const MOST: usize = 16_384;

/// A SHA-256.
type Hash = [u8; 32];

/// By integration, so that nobody pushes out another one's. Only those are here of which a token still counts.
#[derive(Default)]
pub struct ProvenTokens(Mutex<HashMap<String, Proven>>);

#[derive(Default)]
struct Proven {
    body_of: HashMap<Hash, Hash>,
    /// In the order in which they came.
    since: VecDeque<(DateTime<Utc>, Hash)>,
}

impl ProvenTokens {
    /// Whether the token is new to the integration or has proven this same body, which a sender may send again. It counts from now
    /// on for no other.
    pub fn proves(&self, integration: &str, token: Hash, body: &[u8], now: DateTime<Utc>) -> bool {
        let body: Hash = Sha256::digest(body).into();
        let mut integrations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        integrations.retain(|_, proven| proven.has_any(now));
        integrations.entry(integration.to_owned()).or_default().proves(token, body, now)
    }
}

impl Proven {
    /// Of those that still count; the others are forgotten.
    fn has_any(&mut self, now: DateTime<Utc>) -> bool {
        while self.since.front().is_some_and(|(since, _)| now - *since > COUNTS) {
            self.forget_oldest();
        }
        !self.since.is_empty()
    }

    fn proves(&mut self, token: Hash, body: Hash, now: DateTime<Utc>) -> bool {
        if let Some(first) = self.body_of.get(&token) {
            return *first == body;
        }
        if self.since.len() == MOST {
            self.forget_oldest();
        }
        self.body_of.insert(token, body);
        self.since.push_back((now, token));
        true
    }

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
                tokens.proves("depot", token(token_of), body.as_bytes(), at(0)),
                is_proven,
                "{token_of} {body}"
            );
        }
    }

    #[test]
    fn a_token_is_remembered_for_as_long_as_it_counts() {
        let tokens = ProvenTokens::default();
        assert!(tokens.proves("depot", token(1), b"a", at(0)));
        assert!(!tokens.proves("depot", token(1), b"b", at(600)));
        assert!(tokens.proves("depot", token(1), b"b", at(601)));
        assert!(!tokens.proves("depot", token(1), b"a", at(601)));
    }

    #[test]
    fn only_so_many_are_remembered_and_the_oldest_go_first() {
        let tokens = ProvenTokens::default();
        for number in 0..=MOST {
            assert!(tokens.proves("depot", token(number), b"a", at(0)));
        }
        assert!(!tokens.proves("depot", token(1), b"b", at(0)));
        assert!(!tokens.proves("depot", token(MOST), b"b", at(0)));
        let integrations = tokens.0.lock().unwrap();
        let proven = &integrations["depot"];
        assert_eq!((proven.body_of.len(), proven.since.len()), (MOST, MOST));
        assert!(!proven.body_of.contains_key(&token(0)));
    }

    #[test]
    fn an_integration_takes_no_token_from_another_and_pushes_none_of_it_out() {
        let tokens = ProvenTokens::default();
        assert!(tokens.proves("depot", token(0), b"a", at(0)));
        for number in 0..=MOST {
            assert!(tokens.proves("other", token(number), b"b", at(0)));
        }
        assert!(tokens.proves("depot", token(0), b"a", at(0)));
        assert!(!tokens.proves("depot", token(0), b"b", at(0)));
    }

    #[test]
    fn nothing_stays_of_an_integration_that_is_silent() {
        let tokens = ProvenTokens::default();
        assert!(tokens.proves("depot", token(1), b"a", at(0)));
        assert!(tokens.proves("other", token(2), b"a", at(601)));
        let integrations = tokens.0.lock().unwrap();
        assert_eq!(integrations.keys().collect::<Vec<_>>(), ["other"]);
    }
}
