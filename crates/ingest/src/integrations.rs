//! The integrations as this ingester knows them: a durable local copy of what the tracking service keeps.
//!
//! The copy lets the ingester start, and go on, while the tracking service and its database are away.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use networks::Network;
use networks::message::{OrganisationId, Source};
use queue::OnBrokerAway;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// One webhook source, as the tracking service hands it out and as the copy on disk keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationRecord {
    pub id: String,
    pub organisation: OrganisationId,
    /// As text, so that one network that only a newer release knows does not keep the others from being served.
    pub network: String,
    /// Lower hex; the token itself is nowhere kept.
    pub token_sha256: String,
    /// Answer 503 while the broker is away (right where the sender tries again), instead of spooling.
    pub refuse_when_broker_away: bool,
}

/// An integration as a request meets it.
#[derive(Debug)]
pub struct Integration {
    pub source: Source,
    pub network: Network,
    pub away: OnBrokerAway,
    token_sha256: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the copy of the integrations in {} cannot be {action}: {reason}", path.display())]
    File { path: PathBuf, action: &'static str, reason: String },
}

/// The integrations by id. Cheap to clone; all clones see the same.
#[derive(Clone)]
pub struct Integrations {
    path: PathBuf,
    known: Arc<RwLock<Known>>,
}

#[derive(Default)]
struct Known {
    records: Vec<IntegrationRecord>,
    /// Whether this is a list that somebody gave, and not just none.
    is_known: bool,
    /// Whether the file holds the same.
    on_disk: bool,
    by_id: HashMap<String, Arc<Integration>>,
}

impl Known {
    fn new(records: Vec<IntegrationRecord>, on_disk: bool) -> Self {
        let integration = |record: &IntegrationRecord| match Integration::from_record(record) {
            Ok(integration) => Some((record.id.clone(), Arc::new(integration))),
            Err(reason) => {
                tracing::error!(integration = record.id, reason, "an integration cannot be served");
                None
            }
        };
        Self { by_id: records.iter().filter_map(integration).collect(), is_known: true, on_disk, records }
    }
}

impl Integration {
    fn from_record(record: &IntegrationRecord) -> Result<Self, String> {
        let mut token_sha256 = [0; 32];
        hex::decode_to_slice(&record.token_sha256, &mut token_sha256).map_err(|error| error.to_string())?;
        Ok(Self {
            source: Source { organisation: record.organisation, integration: record.id.clone() },
            network: record.network.parse().map_err(|error| format!("{error}"))?,
            away: if record.refuse_when_broker_away { OnBrokerAway::Refuse } else { OnBrokerAway::Spool },
            token_sha256,
        })
    }

    /// Whether the token is this integration's; takes the same time wherever they differ.
    pub fn accepts(&self, token: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        bool::from(given.ct_eq(&self.token_sha256))
    }
}

impl Integrations {
    /// The copy that an earlier run left at `path`, if any.
    pub fn open(path: &Path) -> Result<Self, CopyError> {
        let failed = |reason: String| CopyError::File { path: path.to_owned(), action: "read", reason };
        let known = match std::fs::read(path) {
            Ok(bytes) => {
                Known::new(serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?, true)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Known::default(),
            Err(error) => return Err(failed(error.to_string())),
        };
        Ok(Self { path: path.to_owned(), known: Arc::new(RwLock::new(known)) })
    }

    pub fn find(&self, id: &str) -> Option<Arc<Integration>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_id.get(id).cloned()
    }

    /// Whether there ever was a list, here or in an earlier run. Before that every sender looks like a stranger.
    pub fn is_known(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_known
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).by_id.len()
    }

    /// Takes over a newer list: in memory at once, and on disk. Does nothing where nothing changed; a list that could
    /// not be written is written at the next call.
    pub fn replace(&self, records: Vec<IntegrationRecord>) -> Result<(), CopyError> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if known.on_disk && known.records == records {
                return Ok(());
            }
        }
        let written = self.write(&records);
        let known = Known::new(records, written.is_ok());
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        written
    }

    /// Written beside and renamed, so that a crash leaves the old copy or the new one.
    fn write(&self, records: &[IntegrationRecord]) -> Result<(), CopyError> {
        let failed = |reason: String| CopyError::File { path: self.path.clone(), action: "written", reason };
        let bytes = serde_json::to_vec_pretty(records).map_err(|error| failed(error.to_string()))?;
        let beside = self.path.with_extension("new");
        let write = || {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)
        };
        write().map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, token: &str) -> IntegrationRecord {
        IntegrationRecord {
            id: id.to_owned(),
            organisation: OrganisationId(1),
            network: Network::Chirpstack.to_string(),
            token_sha256: hex::encode(Sha256::digest(token.as_bytes())),
            refuse_when_broker_away: false,
        }
    }

    #[test]
    fn the_copy_outlives_the_process_and_knows_each_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("integrations.json");
        let integrations = Integrations::open(&path).unwrap();
        assert!(integrations.find("a").is_none() && !integrations.is_known());
        integrations.replace(vec![record("a", "one"), record("b", "two")]).unwrap();

        let again = Integrations::open(&path).unwrap();
        assert_eq!((again.count(), again.is_known()), (2, true));
        let a = again.find("a").unwrap();
        assert!(a.accepts("one"));
        assert!(!a.accepts("two"), "another integration's token");
        assert!(!a.accepts(""));
        assert!(!std::fs::read_to_string(&path).unwrap().contains("one\""), "no token on the disk");
    }

    #[test]
    fn an_integration_that_was_taken_away_is_gone_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let integrations = Integrations::open(&folder.path().join("i.json")).unwrap();
        integrations.replace(vec![record("a", "one")]).unwrap();
        integrations.replace(vec![]).unwrap();
        assert!(integrations.find("a").is_none());
    }

    #[test]
    fn a_list_that_could_not_be_written_counts_at_once_and_is_written_at_the_next_call() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("later/integrations.json");
        let integrations = Integrations::open(&path).unwrap();
        assert!(integrations.replace(vec![record("a", "one")]).is_err());
        assert!(integrations.find("a").is_some());
        std::fs::create_dir(folder.path().join("later")).unwrap();
        integrations.replace(vec![record("a", "one")]).unwrap();
        assert!(Integrations::open(&path).unwrap().find("a").is_some());
    }

    #[test]
    fn an_integration_of_a_network_that_is_not_known_here_keeps_no_other_from_being_served() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("i.json");
        let integrations = Integrations::open(&path).unwrap();
        let newer = IntegrationRecord { network: "carrier-pigeon".into(), ..record("b", "two") };
        integrations.replace(vec![newer, record("a", "one")]).unwrap();
        assert!(integrations.find("b").is_none() && integrations.find("a").is_some());
        assert_eq!(Integrations::open(&path).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_copy_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("integrations.json");
        std::fs::write(&path, "{").unwrap();
        let error = Integrations::open(&path).map(drop).unwrap_err().to_string();
        assert!(error.contains("integrations.json") && error.contains("cannot be read"), "{error}");
    }
}
