//! What a package holds, and the statement about it that is signed.

use domain::custody::record::{KeyId, LedgerRow};
use domain::custody::{EntryHash, PhotoHash, PhotoKind};
use domain::evidence::{Evidence, PublicKey};
use domain::{OrganisationId, ShipmentId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::archive;

pub const FORMAT: &str = "isotherm evidence 1";
pub const README: &str = "README.txt";
pub const LEDGER: &str = "custody.jsonl";
pub const KEYS: &str = "keys.json";
pub const MANIFEST: &str = "manifest.json";
pub const SIGNATURE: &str = "manifest.sig";
/// The folder of the photos that entries of the ledger name.
pub const PHOTOS: &str = "photos/";

/// What is signed: whose evidence it is, where its ledger ended, and the hash of every file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub shipment: ShipmentId,
    pub reference: String,
    pub organisation: OrganisationId,
    /// RFC 3339.
    pub exported_at: String,
    pub exported_by: String,
    pub ledger: Head,
    pub files: Vec<Listed>,
}

/// Where the ledger ended when it was exported, so that nothing can be cut from its end; nor before, as far as the service
/// knew how long it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub rows: usize,
    /// SHA-256 of the last row's record; none of an empty ledger.
    pub hash: Option<EntryHash>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub name: String,
    pub bytes: usize,
    pub sha256: String,
}

/// The service's signature of the manifest's text (Ed25519, RFC 8032).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedBy {
    pub key: KeyId,
    #[serde(with = "hex::serde")]
    pub signature: [u8; 64],
}

/// More than the container can hold (4 GiB, 65,535 files), or a text that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the evidence is too large for one package, or cannot be written")]
pub struct TooLarge;

impl Head {
    pub fn of(rows: &[LedgerRow]) -> Self {
        Self { rows: rows.len(), hash: rows.last().map(|row| EntryHash::of(&row.record)) }
    }
}

impl Listed {
    pub fn of(name: &str, content: &[u8]) -> Self {
        Self { name: name.to_owned(), bytes: content.len(), sha256: hex::encode(Sha256::digest(content)) }
    }
}

/// One way of writing a value, so that another spelling of it is a changed one.
pub fn text_of(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}

/// Where a photo lies in the package.
pub fn photo_name(hash: &PhotoHash, kind: PhotoKind) -> String {
    format!("{PHOTOS}{hash}.{}", kind.extension())
}

/// A ledger, a row a line.
pub fn ledger_text(rows: &[LedgerRow]) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    Ok(text)
}

pub fn keys_text(keys: &[PublicKey]) -> Result<String, serde_json::Error> {
    text_of(&keys)
}

/// Writes the package. `sign` makes the signature of a text with the key of that name, which is among the evidence's.
pub fn package(
    evidence: &Evidence,
    key: &KeyId,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<Vec<u8>, TooLarge> {
    let written = |text: Result<String, serde_json::Error>| text.map_err(|_| TooLarge);
    let mut files: archive::Files = vec![(README.to_owned(), readme(evidence).into_bytes())];
    files.extend(evidence.documents.iter().cloned());
    files.extend(evidence.photos.iter().map(|(hash, kind, photo)| (photo_name(hash, *kind), photo.clone())));
    files.push((LEDGER.to_owned(), written(ledger_text(&evidence.ledger))?.into_bytes()));
    files.push((KEYS.to_owned(), written(keys_text(&evidence.keys))?.into_bytes()));
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        shipment: evidence.shipment,
        reference: evidence.reference.clone(),
        organisation: evidence.organisation,
        exported_at: evidence.exported_at.to_rfc3339(),
        exported_by: evidence.exported_by.clone(),
        ledger: Head {
            rows: evidence.ledger_length.max(evidence.ledger.len()),
            ..Head::of(&evidence.ledger)
        },
        files: files.iter().map(|(name, content)| Listed::of(name, content)).collect(),
    };
    let manifest = written(text_of(&manifest))?.into_bytes();
    let signed = SignedBy { key: key.clone(), signature: sign(&manifest) };
    files.push((MANIFEST.to_owned(), manifest));
    files.push((SIGNATURE.to_owned(), written(text_of(&signed))?.into_bytes()));
    archive::write(&files).ok_or(TooLarge)
}

fn readme(evidence: &Evidence) -> String {
    let mut text = format!(
        "Evidence of shipment {}, exported {} by {}.\n\n",
        evidence.reference,
        evidence.exported_at.to_rfc3339(),
        evidence.exported_by
    );
    text.push_str(
        "Check it without any connection:\n\n    isotherm verify THIS-FILE.zip --key KEYS.json\n\n\
         where KEYS.json is what the installation shows at /api/v1/keys, fetched by yourself or from somebody you \
         trust.\nA key that lies in the package proves nothing: whoever forges a package puts his own in.\n\n",
    );
    let what = |name: &str| match name {
        "shipment.json" => "what was shipped, from where to where, and the rules that it was held to",
        "readings.csv" => "every reading of its trackers, as it came to be known",
        "assessment.json" => "what the readings say, and what was known when",
        "alerts.json" => "who was woken when, and what became of it",
        "signatures.json" => "who decided and approved what, with name, time and meaning",
        _ => "a further document",
    };
    for (name, _) in &evidence.documents {
        text.push_str(&format!("{name}: {}\n", what(name)));
    }
    if !evidence.photos.is_empty() {
        text.push_str("photos: those that the ledger's entries name, by their SHA-256, as they came\n");
    }
    text.push_str(
        "custody.jsonl: the ledger of its custody, a row a line; each row names the hash of the one before it and is \
         signed\nkeys.json: the public keys of those signatures\nmanifest.json: the hash of every file; \
         manifest.sig: its signature\n",
    );
    text
}
