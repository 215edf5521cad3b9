//! Profiles by id, read once: a version never changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ProfileId;
use store::{Connection, StoreError, StoredProfile};

#[derive(Default)]
pub struct Profiles(Mutex<HashMap<ProfileId, Arc<StoredProfile>>>);

impl Profiles {
    /// The given profiles; one that does not exist is missing from the answer.
    pub async fn get(
        &self,
        db: &mut Connection,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Arc<StoredProfile>>, StoreError> {
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        for id in ids {
            match self.known(*id) {
                Some(profile) => drop(found.insert(*id, profile)),
                None if missing.contains(id) => {}
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            for stored in db.profiles_by_id(&missing).await? {
                let stored = Arc::new(stored);
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(stored.id, stored.clone());
                found.insert(stored.id, stored);
            }
        }
        Ok(found)
    }

    pub async fn get_one(
        &self,
        db: &mut Connection,
        id: ProfileId,
    ) -> Result<Arc<StoredProfile>, StoreError> {
        self.get(db, &[id]).await?.remove(&id).ok_or(StoreError::NotFound)
    }

    fn known(&self, id: ProfileId) -> Option<Arc<StoredProfile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}
