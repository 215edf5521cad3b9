//! The integrations as this ingester knows them: a durable local copy of what the tracking service keeps.
//!
//! The copy lets the ingester start, and go on, while the tracking service and its database are away.

use std::collections::HashMap;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use domain::sender::{AddressRange, SharedKey};
use networks::message::{OrganisationId, Source};
use networks::{Network, SignedQuery, SignedValues};
use queue::OnBrokerAway;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::proof::Proof;

/// One webhook source, as the tracking service hands it out and as the copy on disk keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationRecord {
    pub id: String,
    pub organisation: OrganisationId,
    /// As text, so that one network that only a newer release knows does not keep the others from being served.
    pub network: String,
    #[serde(flatten)]
    pub credential: CredentialRecord,
    /// The one before, which counts as well until it is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<CredentialRecord>,
    /// Where webhooks may come from, in CIDR notation; empty: from anywhere.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Answer 503 while the broker is away (right where the sender tries again), instead of spooling.
    pub refuse_when_broker_away: bool,
}

/// What stands for a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRecord {
    /// Lower hex.
    pub token_sha256: String,
    /// The token itself, of a network that signs with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SharedKey>,
}

/// An integration as a request meets it.
#[derive(Debug)]
pub struct Integration {
    pub source: Source,
    pub network: Network,
    pub away: OnBrokerAway,
    allowed: Vec<AddressRange>,
    credential: Credential,
    older: Option<Credential>,
}

#[derive(Debug)]
struct Credential {
    token_sha256: [u8; 32],
    key: Option<SharedKey>,
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
    pub(crate) fn from_record(record: &IntegrationRecord) -> Result<Self, String> {
        let allowed = record.allowed.iter().map(|range| range.parse());
        Ok(Self {
            source: Source { organisation: record.organisation, integration: record.id.clone() },
            network: record.network.parse().map_err(|error| format!("{error}"))?,
            away: if record.refuse_when_broker_away { OnBrokerAway::Refuse } else { OnBrokerAway::Spool },
            allowed: allowed.collect::<Result<_, _>>().map_err(|error| format!("{error}"))?,
            credential: Credential::from_record(&record.credential)?,
            older: record.older.as_ref().map(Credential::from_record).transpose()?,
        })
    }

    /// Whether webhooks may come from there.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|range| range.contains(address))
    }

    /// Which of this integration's credentials the token is.
    pub fn prove(&self, token: &str) -> Option<Proof> {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        self.proof(|credential| credential.token_sha256.ct_eq(&given))
    }

    /// Whether a signature can be checked.
    pub fn has_key(&self) -> bool {
        [Some(&self.credential), self.older.as_ref()].into_iter().flatten().any(|one| one.key.is_some())
    }

    /// With which of this integration's keys the webhook is signed.
    pub fn prove_signed(&self, query: &SignedQuery, values: &SignedValues) -> Option<Proof> {
        let is_signed = |key: &SharedKey| query.expected(values, key).ct_eq(&query.token);
        self.proof(|credential| credential.key.as_ref().map_or(Choice::from(0), is_signed))
    }

    /// Both are looked at in any case, so that the time tells nothing.
    fn proof(&self, is: impl Fn(&Credential) -> Choice) -> Option<Proof> {
        let current = is(&self.credential);
        let older = self.older.as_ref().map_or(Choice::from(0), is);
        match (bool::from(current), bool::from(older)) {
            (true, _) => Some(Proof::Current),
            (false, true) => Some(Proof::Older),
            (false, false) => None,
        }
    }
}

impl Credential {
    fn from_record(record: &CredentialRecord) -> Result<Self, String> {
        let mut token_sha256 = [0; 32];
        hex::decode_to_slice(&record.token_sha256, &mut token_sha256).map_err(|error| error.to_string())?;
        let key = record.key.clone();
        key.as_ref().map_or(Ok(()), SharedKey::check).map_err(|error| error.to_string())?;
        Ok(Self { token_sha256, key })
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

    /// Written beside and renamed, so that a crash leaves the old copy or the new one. It may hold keys, so it is for its
    /// owner alone.
    fn write(&self, records: &[IntegrationRecord]) -> Result<(), CopyError> {
        let failed = |reason: String| CopyError::File { path: self.path.clone(), action: "written", reason };
        let bytes = serde_json::to_vec_pretty(records).map_err(|error| failed(error.to_string()))?;
        let beside = self.path.with_extension("new");
        let write = || {
            // A file that an earlier release left there is readable by others.
            let _ = std::fs::remove_file(&beside);
            let mut file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&beside, &self.path)
        };
        write().map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn record(id: &str, token: &str) -> IntegrationRecord {
        IntegrationRecord {
            id: id.to_owned(),
            organisation: OrganisationId(1),
            network: Network::Chirpstack.to_string(),
            credential: credential(token),
            older: None,
            allowed: Vec::new(),
            refuse_when_broker_away: false,
        }
    }

    fn credential(token: &str) -> CredentialRecord {
        CredentialRecord { token_sha256: hex::encode(Sha256::digest(token.as_bytes())), key: None }
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
        assert_eq!(a.prove("one"), Some(Proof::Current));
        assert_eq!(a.prove("two"), None, "another integration's token");
        assert_eq!(a.prove(""), None);
        assert!(!std::fs::read_to_string(&path).unwrap().contains("one\""), "no token on the disk");
    }

    #[test]
    fn while_there_is_an_older_credential_either_counts() {
        let rotated = IntegrationRecord { older: Some(credential("one")), ..record("a", "two") };
        let integration = Integration::from_record(&rotated).unwrap();
        let proofs = ["two", "one", "three"].map(|token| integration.prove(token));
        assert_eq!(proofs, [Some(Proof::Current), Some(Proof::Older), None]);
        let retired = Integration::from_record(&record("a", "two")).unwrap();
        assert_eq!(retired.prove("one"), None);
    }

    #[test]
    fn webhooks_may_come_from_what_is_listed_or_from_anywhere() {
        let of = |allowed: &[&str]| IntegrationRecord {
            allowed: allowed.iter().map(|range| (*range).to_owned()).collect(),
            ..record("a", "one")
        };
        for (allowed, address, is_admitted) in [
            (&[][..], "192.0.2.1", true),
            (&["203.0.113.0/24"], "203.0.113.255", true),
            (&["203.0.113.0/24"], "203.0.114.0", false),
            (&["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", true),
            (&["203.0.113.0/24"], "::ffff:203.0.113.1", true),
        ] {
            let integration = Integration::from_record(&of(allowed)).unwrap();
            assert_eq!(integration.admits(address.parse().unwrap()), is_admitted, "{address} in {allowed:?}");
        }
        // Rather not served than open to anybody.
        assert!(Integration::from_record(&of(&["everywhere"])).is_err());
    }

    #[test]
    fn a_copy_of_an_earlier_release_is_read_and_a_copy_with_a_key_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("integrations.json");
        let mut earlier = serde_json::to_value([record("a", "one")]).unwrap();
        let fields = earlier[0].as_object_mut().unwrap();
        fields.retain(|field, _| field != "older" && field != "allowed");
        assert_eq!(
            fields.keys().collect::<Vec<_>>(),
            ["id", "network", "organisation", "refuse_when_broker_away", "token_sha256"]
        );
        std::fs::write(&path, earlier.to_string()).unwrap();
        let integrations = Integrations::open(&path).unwrap();
        assert_eq!(integrations.find("a").unwrap().prove("one"), Some(Proof::Current));

        let key = Some(SharedKey::new("0a".repeat(16)));
        let signing = IntegrationRecord {
            credential: CredentialRecord { key, ..credential("one") },
            ..record("a", "one")
        };
        integrations.replace(vec![signing]).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Integrations::open(&path).unwrap().find("a").is_some());
    }

    #[test]
    fn an_integration_whose_key_is_none_is_not_served_instead_of_open_to_anybody() {
        let with = |key: &str| CredentialRecord { key: Some(SharedKey::new(key)), ..credential("one") };
        let (none, one) = (["", "one", &"g".repeat(32)].map(with), with(&"0a".repeat(16)));
        for bad in none {
            let current = IntegrationRecord { credential: bad.clone(), ..record("a", "one") };
            let older = IntegrationRecord { older: Some(bad), ..record("a", "one") };
            for refused in [current, older] {
                let reason = Integration::from_record(&refused).unwrap_err();
                assert_eq!(reason, "a key has 32 hexadecimal digits");
            }
        }
        let good = IntegrationRecord { credential: one, ..record("a", "one") };
        assert!(Integration::from_record(&good).unwrap().has_key());
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
