//! `isotherm admin tls self-signed`: a certificate that nobody vouches for, for development and demonstrations.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::pki_types::ServerName;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Failure;

/// Always in the certificate, so that it serves the machine itself.
const OF_THE_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(clap::Args)]
pub struct SelfSigned {
    /// A name or IP address by which the service is reached, beside localhost; may be repeated
    #[arg(long = "host", value_name = "NAME_OR_IP", value_parser = host)]
    pub hosts: Vec<String>,
    /// How long it is valid; Apple's devices refuse more than 825
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=825))]
    pub days: u32,
    /// Where cert.pem and key.pem are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,
    /// Replaces the files that are there
    #[arg(long)]
    pub force: bool,
}

/// What was made; its files by their absolute paths.
#[derive(Serialize)]
pub struct Made {
    pub cert: PathBuf,
    pub key: PathBuf,
    /// SHA-256, as browsers show it beside a certificate that they do not know.
    fingerprint: String,
    hosts: Vec<String>,
    expires_at: String,
}

fn host(text: &str) -> Result<String, String> {
    let known = ServerName::try_from(text).map_err(|_| "a host name or an IP address is expected")?;
    Ok(known.to_str().into_owned())
}

/// Makes a certificate that is valid from now on, with its key, and writes both.
pub fn make(wanted: SelfSigned, now: DateTime<Utc>) -> Result<Made, Failure> {
    let out = std::path::absolute(&wanted.out).map_err(|error| failed(&wanted.out, &error))?;
    let (cert, key) = (out.join("cert.pem"), out.join("key.pem"));
    let there = [&cert, &key].into_iter().find(|file| file.exists());
    if let Some(file) = there.filter(|_| !wanted.force) {
        return Err(Failure::bad(format!("{} is there already; --force replaces it", file.display())));
    }
    let mut hosts: Vec<String> = OF_THE_MACHINE.map(str::to_owned).into();
    for host in wanted.hosts {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let expires_at = now + wanted.days * DAY;
    let key_pair = KeyPair::generate().map_err(Failure::bad)?;
    let params = params(&hosts, now, expires_at).map_err(Failure::bad)?;
    let made = params.self_signed(&key_pair).map_err(Failure::bad)?;
    fs::create_dir_all(&out).map_err(|error| failed(&out, &error))?;
    write(&key, &key_pair.serialize_pem(), 0o600)?;
    write(&cert, &made.pem(), 0o644)?;
    let fingerprint: Vec<String> =
        Sha256::digest(made.der()).iter().map(|byte| format!("{byte:02X}")).collect();
    let expires_at = expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(Made { cert, key, fingerprint: fingerprint.join(":"), hosts, expires_at })
}

fn params(
    hosts: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    // Named for what it is reached by, so that several in one list can be told apart.
    let name = hosts.get(OF_THE_MACHINE.len()).or(hosts.first());
    params.distinguished_name.push(DnType::CommonName, name.map_or("", String::as_str));
    let at = |time: DateTime<Utc>| {
        date_time_ymd(1970, 1, 1) + Duration::from_secs(time.timestamp().try_into().unwrap_or_default())
    };
    (params.not_before, params.not_after) = (at(from), at(to));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// Beside it first: a service that looks meanwhile sees the old file or the new one.
fn write(file: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let part = file.with_extension("pem.part");
    let write = || {
        let mut open = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&part)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&part, file)
    };
    write().map_err(|error| failed(file, &error))
}

fn failed(file: &Path, error: &std::io::Error) -> Failure {
    Failure::bad(format!("{}: {error}", file.display()))
}
