//! Is a package what the service exported?

use std::collections::BTreeSet;

use domain::custody::record::{self, KeyId, LedgerRow};
use domain::custody::{Entry, PhotoHash, PhotoKind};
use domain::evidence::PublicKey;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::archive::{self, Files};
use crate::manifest::{
    FORMAT, Head, KEYS, LEDGER, Listed, MANIFEST, Manifest, PHOTOS, SIGNATURE, SignedBy, keys_text,
    ledger_text, photo_name, text_of,
};

/// A package that is whole: as the key signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub reference: String,
    pub shipment: String,
    pub exported_at: String,
    pub exported_by: String,
    pub ledger_rows: usize,
    pub signed_by: KeyId,
    /// Whether that key was held against one that the caller trusts.
    pub key_checked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No package at all.
    #[error("{0}")]
    Unreadable(String),
    /// It is none that the service exported; says where that shows first.
    #[error("{0}")]
    Altered(String),
}

fn altered<T>(what: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Altered(what.into()))
}

/// Checks every byte of it. `trusted` are the installation's keys, from elsewhere than the package; without them it is
/// checked against the keys in it, which whoever forged it would have put there.
pub fn check(bytes: &[u8], trusted: Option<&[PublicKey]>) -> Result<Checked, Fault> {
    let Some(files) = archive::read(bytes) else {
        return Err(Fault::Unreadable("it is no evidence package".into()));
    };
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() != files.len() {
        return altered("a file is in it twice");
    }
    let manifest: Manifest = parsed(&files, MANIFEST)?;
    if manifest.format != FORMAT {
        return Err(Fault::Unreadable(format!("its format is `{}`, not `{FORMAT}`", manifest.format)));
    }
    let keys = keys(&files)?;
    let rows = rows(&files)?;
    check_rows(&manifest, &rows, &keys, trusted)?;
    let signed_by = check_signature(&files, &keys, trusted)?;
    check_files(&files, &manifest)?;
    check_photos(&files, &rows)?;
    if Head::of(&rows) != manifest.ledger {
        return altered(format!(
            "{LEDGER}: it ends with row {}, and the manifest says {}",
            rows.len(),
            manifest.ledger.rows
        ));
    }
    if archive::write(&files).as_deref() != Some(bytes) {
        return altered("the container: there are bytes in it that belong to no file");
    }
    Ok(Checked {
        reference: manifest.reference,
        shipment: manifest.shipment.to_string(),
        exported_at: manifest.exported_at,
        exported_by: manifest.exported_by,
        ledger_rows: rows.len(),
        signed_by,
        key_checked: trusted.is_some(),
    })
}

fn content<'a>(files: &'a Files, name: &str) -> Result<&'a str, Fault> {
    let Some((_, content)) = files.iter().find(|(known, _)| known == name) else {
        return altered(format!("{name} is missing"));
    };
    std::str::from_utf8(content).or_else(|_| altered(format!("{name} cannot be read")))
}

/// The value of a file, where it is written as the service writes it.
fn parsed<T: DeserializeOwned + Serialize>(files: &Files, name: &str) -> Result<T, Fault> {
    let text = content(files, name)?;
    let value: T =
        serde_json::from_str(text).or_else(|error| altered(format!("{name} cannot be read: {error}")))?;
    if text_of(&value).ok().as_deref() != Some(text) {
        return altered(format!("{name} is not written as the service writes it"));
    }
    Ok(value)
}

fn keys(files: &Files) -> Result<Vec<PublicKey>, Fault> {
    let keys: Vec<PublicKey> = parsed(files, KEYS)?;
    match keys.iter().find(|key| KeyId::of(&key.bytes) != key.id) {
        Some(key) => altered(format!("{KEYS}: key {} bears another name than its own", key.id.0)),
        None if keys_text(&keys).is_err() => altered(format!("{KEYS} cannot be read")),
        None => Ok(keys),
    }
}

fn rows(files: &Files) -> Result<Vec<LedgerRow>, Fault> {
    let text = content(files, LEDGER)?;
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let row = serde_json::from_str(line)
            .or_else(|error| altered(format!("{LEDGER}: row {} cannot be read: {error}", index + 1)))?;
        rows.push(row);
    }
    let written = ledger_text(&rows).unwrap_or_default();
    if written == text {
        return Ok(rows);
    }
    let first = text.lines().zip(written.lines()).position(|(is, should)| is != should);
    let place = first.map_or(rows.len(), |index| index + 1);
    altered(format!("{LEDGER}: row {place} is not written as the service writes it"))
}

/// Row by row, so that the first bad one is named: its links, then its signature.
fn check_rows(
    manifest: &Manifest,
    rows: &[LedgerRow],
    keys: &[PublicKey],
    trusted: Option<&[PublicKey]>,
) -> Result<(), Fault> {
    let whole = record::read(manifest.organisation, manifest.shipment, rows);
    let linked = whole.as_ref().err().map_or(rows.len(), |fault| fault.place.saturating_sub(1));
    for (index, row) in rows.iter().enumerate().take(linked) {
        let place = index + 1;
        let Some(key) = key_of(&row.key, keys, trusted)? else {
            return altered(format!(
                "{LEDGER}: row {place} was signed with key {}, which is not one of the installation's",
                row.key.0
            ));
        };
        if !is_signed(&key, row.record.as_bytes(), &row.signature) {
            return altered(format!("{LEDGER}: row {place} is not as key {} signed it", row.key.0));
        }
    }
    whole.map(|_| ()).or_else(|fault| altered(format!("{LEDGER}: row {}: {}", fault.place, fault.what)))
}

fn check_signature(files: &Files, keys: &[PublicKey], trusted: Option<&[PublicKey]>) -> Result<KeyId, Fault> {
    let signed: SignedBy = parsed(files, SIGNATURE)?;
    let Some(key) = key_of(&signed.key, keys, trusted)? else {
        return altered(format!(
            "{SIGNATURE}: it was signed with key {}, which is not one of the installation's",
            signed.key.0
        ));
    };
    if !is_signed(&key, content(files, MANIFEST)?.as_bytes(), &signed.signature) {
        return altered(format!("{MANIFEST} is not as key {} signed it", signed.key.0));
    }
    Ok(signed.key)
}

/// The key of that name: in the package, and among the trusted ones where there are any. The latter's bytes count.
fn key_of(id: &KeyId, keys: &[PublicKey], trusted: Option<&[PublicKey]>) -> Result<Option<PublicKey>, Fault> {
    let Some(inside) = keys.iter().find(|key| key.id == *id) else {
        return altered(format!("{KEYS}: key {} is missing", id.0));
    };
    Ok(match trusted {
        None => Some(inside.clone()),
        Some(trusted) => trusted.iter().find(|key| key.bytes == inside.bytes).cloned(),
    })
}

fn is_signed(key: &PublicKey, text: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(&key.bytes)
        .is_ok_and(|key| key.verify_strict(text, &Signature::from_bytes(signature)).is_ok())
}

fn check_files(files: &Files, manifest: &Manifest) -> Result<(), Fault> {
    let is_listed = |name: &str| name != MANIFEST && name != SIGNATURE;
    let found: Vec<Listed> = files
        .iter()
        .filter(|(name, _)| is_listed(name))
        .map(|(name, content)| Listed::of(name, content))
        .collect();
    for listed in &manifest.files {
        match found.iter().find(|found| found.name == listed.name) {
            None => return altered(format!("{} is missing", listed.name)),
            Some(found) if found != listed => return altered(format!("{} was changed", listed.name)),
            Some(_) => {}
        }
    }
    match found.iter().find(|found| !manifest.files.contains(found)) {
        Some(added) => altered(format!("{} was added", added.name)),
        None if found != manifest.files => altered("the files are in another order"),
        None => Ok(()),
    }
}

/// Each photo that an entry names is there, and is that photo; and there is none that no entry names.
fn check_photos(files: &Files, rows: &[LedgerRow]) -> Result<(), Fault> {
    let mut unnamed: BTreeSet<&str> =
        files.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with(PHOTOS)).collect();
    for (index, row) in rows.iter().enumerate() {
        let Some(hash) = Entry::from_text(&row.entry).ok().and_then(|entry| entry.act.photo()) else {
            continue;
        };
        let names = PhotoKind::ALL.iter().map(|kind| photo_name(&hash, *kind));
        let named: Vec<String> = names.collect();
        let Some((name, photo)) = files.iter().find(|(name, _)| named.contains(name)) else {
            return altered(format!("{PHOTOS}{hash}, which row {} of {LEDGER} names, is missing", index + 1));
        };
        if PhotoHash::of(photo) != hash {
            return altered(format!("{name} is not the photo that row {} of {LEDGER} names", index + 1));
        }
        unnamed.remove(name.as_str());
    }
    match unnamed.first() {
        Some(name) => altered(format!("{name} is named by no row of {LEDGER}")),
        None => Ok(()),
    }
}
