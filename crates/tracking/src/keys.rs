//! API keys that count now: a program shows one in the place of a password.
//!
//! As disabled users are, they are remembered by each process, so that a request costs no look into the database: what is
//! made or revoked counts at once in the process that did it, and in every other one within a round of its watch.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, Utc};
use domain::UserId;
use store::{ApiKeyRecord, Connection, NewApiKey, StoreError, UsableKey};
use subtle::ConstantTimeEq;

use crate::Service;
use crate::credentials::{Holder, hash_token, new_token};

/// What every key begins with, so that people and scanners for leaked secrets know one.
const MARK: &str = "ist_";

/// Of a partner, at the same time.
const MOST_KEYS: usize = 20;

/// How many random hex digits of a key are shown.
const SHOWN: usize = 10;

/// A new key. Told once, and kept nowhere.
pub struct ApiKey {
    /// By which it is recognised, and its client id (OAuth 2.0).
    pub prefix: String,
    /// The whole of it, with 256 random bits behind the prefix.
    pub key: String,
}

/// Whoever logs one does not tell the key.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl ApiKey {
    pub fn draw() -> Self {
        let shown: String = new_token().chars().take(SHOWN).collect();
        let prefix = format!("{MARK}{shown}");
        let key = format!("{prefix}_{}", new_token());
        Self { prefix, key }
    }

    /// What is kept of it: a plain hash, since it is random through and through.
    pub fn sha256(&self) -> [u8; 32] {
        hash_token(&self.key)
    }
}

/// A partner has as many keys as it may have that can be used at the same time.
#[derive(Debug, thiserror::Error)]
#[error("{partner} has {MOST_KEYS} keys that can be used: revoke one of them first")]
pub struct TooManyKeys {
    partner: String,
}

/// Keeps a new key of the partner; returns its id. Within a transaction, since two at a time would count the same keys.
pub async fn add_api_key(
    db: &mut Connection,
    partner: &str,
    new: &NewApiKey,
    now: DateTime<Utc>,
) -> Result<Result<UserId, TooManyKeys>, StoreError> {
    db.lock_organisation(new.organisation).await?;
    let there = db.api_keys(new.tenant, Some(new.organisation), None, i64::MAX).await?;
    let is_open =
        |key: &&ApiKeyRecord| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end);
    if there.iter().filter(is_open).count() >= MOST_KEYS {
        return Ok(Err(TooManyKeys { partner: partner.to_owned() }));
    }
    db.add_api_key(new, now).await.map(Ok)
}

/// The prefix of a text that can be a key.
pub fn prefix_of(key: &str) -> Option<&str> {
    let (prefix, _) = key.rsplit_once('_')?;
    prefix.starts_with(MARK).then_some(prefix)
}

struct Known {
    sha256: Vec<u8>,
    holder: Holder,
    expires_at: Option<DateTime<Utc>>,
    /// Since the last round.
    used: AtomicBool,
}

#[derive(Default)]
pub struct ApiKeys(RwLock<HashMap<String, Known>>);

impl ApiKeys {
    /// Whose key that is, where it counts at `now`, and until when.
    pub fn holder(&self, key: &str, now: DateTime<Utc>) -> Option<(Holder, Option<DateTime<Utc>>)> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(prefix_of(key)?)?;
        let is_same = bool::from(known.sha256.ct_eq(&hash_token(key)));
        if !is_same || known.expires_at.is_some_and(|end| end <= now) {
            return None;
        }
        known.used.store(true, Ordering::Relaxed);
        Some((known.holder, known.expires_at))
    }

    /// Puts these in the place of those before; returns whose were used meanwhile.
    fn replace(&self, keys: Vec<UsableKey>) -> Vec<UserId> {
        let one = |key: UsableKey| {
            let UsableKey { id: user, organisation, tenant, role, prefix, sha256, expires_at } = key;
            let holder = Holder { user, organisation, tenant, role };
            (prefix, Known { sha256, holder, expires_at, used: AtomicBool::new(false) })
        };
        let keys = keys.into_iter().map(one).collect();
        let before = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), keys);
        let used = before.into_values().filter(|known| known.used.load(Ordering::Relaxed));
        used.map(|known| known.holder.user).collect()
    }
}

impl Service {
    /// Learns which keys count, and notes which were used.
    pub async fn learn_api_keys(&self) -> Result<(), StoreError> {
        let mut db = self.workers.connect().await?;
        let used = self.api_keys.replace(db.usable_api_keys().await?);
        db.note_api_keys_used(&used, (self.wall_clock)()).await
    }
}

#[cfg(test)]
mod tests {
    use domain::OrganisationId;
    use domain::access::Role;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn usable(key: &ApiKey, expires_at: Option<DateTime<Utc>>) -> UsableKey {
        UsableKey {
            id: UserId(uuid::Uuid::now_v7()),
            organisation: OrganisationId(2),
            tenant: OrganisationId(1),
            role: Role::Supplier,
            prefix: key.prefix.clone(),
            sha256: key.sha256().to_vec(),
            expires_at,
        }
    }

    #[test]
    fn a_key_counts_as_it_was_told_until_it_expires_or_is_gone() {
        let (key, other) = (ApiKey::draw(), ApiKey::draw());
        assert_ne!(key.key, other.key);
        assert_eq!((key.prefix.len(), key.key.len()), (14, 79));
        assert!(!format!("{key:?}").contains(&key.key));
        let (keys, known) = (ApiKeys::default(), usable(&key, Some(at(10))));
        keys.replace(vec![known.clone(), usable(&other, None)]);
        let (holder, end) = keys.holder(&key.key, at(9)).unwrap();
        assert_eq!((holder.user, holder.role, end), (known.id, Role::Supplier, Some(at(10))));
        assert!(keys.holder(&key.key, at(10)).is_none(), "from then on");
        assert!(keys.holder(&other.key, at(1_000_000_000)).is_some());
        let anothers = format!("{}_{}", key.prefix, other.key.rsplit_once('_').unwrap().1);
        let cut = &key.key[..key.key.len() - 1];
        for wrong in [&*anothers, cut, &key.prefix, "", "ist_", "_", "ist__", &format!("{}0", key.key)] {
            assert!(keys.holder(wrong, at(0)).is_none(), "{wrong}");
        }
        let mut used = keys.replace(Vec::new());
        used.sort_unstable_by_key(|id| *id != known.id);
        assert_eq!((used.len(), used[0]), (2, known.id));
        assert!(keys.holder(&key.key, at(9)).is_none(), "revoked");
        assert_eq!(keys.replace(Vec::new()), []);
    }
}
