//! `isotherm verify`: is an evidence package what the service exported?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::DateTime;
use domain::custody::record::KeyId;
use domain::evidence::PublicKey;
use report::{Checked, Fault};
use serde::{Deserialize, Serialize};

use crate::{Failure, name_of_input, named_file, print_json, read_input};

#[derive(clap::Args)]
pub struct VerifyOptions {
    /// The package; standard input where it is `-`
    evidence: PathBuf,
    /// The installation's keys, as it shows them at /api/v1/keys; or one public key as 64 hex digits
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Serialize)]
struct Verdict {
    whole: bool,
    /// The first entry that is not as it was exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    altered: Option<String>,
    #[serde(flatten)]
    checked: Option<Checked>,
}

pub fn run(options: &VerifyOptions) -> Result<ExitCode, Failure> {
    let keys = options.key.as_deref().map(keys).transpose()?;
    let file = named_file(Some(&options.evidence));
    let package = read_input(file)?;
    let checked = match report::check(&package, keys.as_deref()) {
        Ok(checked) => checked,
        Err(Fault::Altered(what)) => {
            print_json(&Verdict { whole: false, altered: Some(what), checked: None })?;
            return Ok(ExitCode::from(1));
        }
        Err(Fault::Unreadable(what)) => {
            return Err(Failure::bad(format!("{}: {what}", name_of_input(file))));
        }
    };
    if !checked.key_checked {
        eprintln!(
            "isotherm: it was signed with key {}, and that key was not checked: whoever forges a package signs it \
             with a key of his own. Give the installation's keys with --key.",
            checked.signed_by.0
        );
    }
    print_json(&Verdict { whole: true, altered: None, checked: Some(checked) })?;
    Ok(ExitCode::SUCCESS)
}

/// What `/api/v1/keys` answers.
#[derive(Deserialize)]
struct Published {
    keys: Vec<PublishedKey>,
}

#[derive(Deserialize)]
struct PublishedKey {
    public_key: String,
}

/// The keys of a file.
fn keys(path: &Path) -> Result<Vec<PublicKey>, Failure> {
    let file = named_file(Some(path));
    let bytes = read_input(file)?;
    let wrong = |what: &str| Failure::bad(format!("{}: {what}", name_of_input(file)));
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("it is no text"))?.trim();
    let published: Vec<String> = match serde_json::from_str::<Published>(text) {
        Ok(published) => published.keys.into_iter().map(|key| key.public_key).collect(),
        Err(_) => vec![text.to_owned()],
    };
    let key = |text: &String| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        // Since when it is used is not what is checked.
        Some(PublicKey { id: KeyId::of(&bytes), bytes, first_used_at: DateTime::UNIX_EPOCH })
    };
    let keys: Option<Vec<PublicKey>> = published.iter().map(key).collect();
    match keys {
        Some(keys) if !keys.is_empty() => Ok(keys),
        _ => Err(wrong("write the keys as /api/v1/keys answers them, or one public key as 64 hex digits")),
    }
}
