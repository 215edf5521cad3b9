//! Users who were disabled while a token of theirs may still be good.
//!
//! A token is checked without the database, so the few that must not count are remembered here: the process that
//! disables somebody knows it at once, and every other one within a round of its watch.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use domain::UserId;
use store::StoreError;

use crate::Service;
use crate::credentials::SESSION;

/// Never shrinks: nobody is enabled again.
#[derive(Default)]
pub struct DisabledUsers(RwLock<HashSet<UserId>>);

impl DisabledUsers {
    pub fn contains(&self, user: UserId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&user)
    }

    pub fn add(&self, users: impl IntoIterator<Item = UserId>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend(users);
    }
}

impl Service {
    /// Learns of those whom any process disabled. Twice as far back as a token lasts: clocks of processes differ.
    pub async fn learn_disabled_users(&self) -> Result<(), StoreError> {
        let since = (self.wall_clock)() - SESSION * 2;
        self.disabled_users.add(self.workers.connect().await?.users_disabled_since(since).await?);
        Ok(())
    }
}
