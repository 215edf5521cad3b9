//! TLS in the server: certificate and key from their files, at the start and each time they change.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, ServerConfig};
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::TlsFiles;

/// How often the files are looked at. By what is in them: renewals come as links, too, and within the same second.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A certificate with its key, and the files that they come from.
pub struct Tls {
    files: TlsFiles,
    found: Found,
    /// From when on what was found can be used, where it is early.
    waits_until: Option<DateTime<Utc>>,
    shown: Arc<Shown>,
}

/// What stands in the files; where one cannot be read, the reason.
type Found = Result<Pem, String>;

#[derive(PartialEq, Eq)]
struct Pem {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// Why what stands in the files cannot be shown.
enum Unusable {
    /// It is to be used from then on.
    Until(DateTime<Utc>, String),
    Wrong(String),
}

impl From<Unusable> for String {
    fn from(reason: Unusable) -> Self {
        match reason {
            Unusable::Until(_, reason) | Unusable::Wrong(reason) => reason,
        }
    }
}

/// What the server shows to whoever connects now.
#[derive(Debug)]
struct Shown(watch::Sender<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.borrow().clone())
    }
}

impl Tls {
    /// None where the configuration names no files. An error says which file, and what is wrong with it at that time.
    pub fn open(files: &TlsFiles, now: DateTime<Utc>) -> Result<Option<Self>, String> {
        if !files.are_named() {
            return Ok(None);
        }
        let found = read(files);
        let pem = found.as_ref().map_err(String::clone)?;
        let shown = Arc::new(Shown(watch::Sender::new(Arc::new(certified(pem, files, now)?))));
        Ok(Some(Self { files: files.clone(), found, waits_until: None, shown }))
    }

    /// For a server that shows each connection what counts at that moment.
    pub fn server_config(&self) -> Result<ServerConfig, Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        Ok(config.with_no_client_auth().with_cert_resolver(self.shown.clone()))
    }

    /// Takes up what is renewed until the program stops, as soon as it is valid. A renewal that cannot be used is told of
    /// once, and what was shown before it stays.
    pub async fn follow(mut self, clock: Clock, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let files = self.files.clone();
            // A disk that hangs holds up no request.
            let Ok(found) = tokio::task::spawn_blocking(move || read(&files)).await else { continue };
            let now = clock();
            if found == self.found && self.waits_until.is_none_or(|from| now < from) {
                continue;
            }
            self.found = found;
            let renewed = match &self.found {
                Ok(pem) => certified(pem, &self.files, now),
                Err(reason) => Err(Unusable::Wrong(reason.clone())),
            };
            self.waits_until = match &renewed {
                Err(Unusable::Until(from, _)) => Some(*from),
                _ => None,
            };
            match renewed {
                Ok(renewed) => {
                    self.shown.0.send_replace(Arc::new(renewed));
                    tracing::info!(cert = %self.files.cert.display(), "the renewed certificate is taken up");
                }
                Err(reason) => {
                    tracing::error!(
                        reason = String::from(reason),
                        "the renewed certificate cannot be used; the one before it stays"
                    );
                }
            }
        }
    }
}

fn read(files: &TlsFiles) -> Found {
    let cert = std::fs::read(&files.cert).map_err(|error| wrong_cert(files, error))?;
    let key = std::fs::read(&files.key).map_err(|error| wrong_key(files, error))?;
    Ok(Pem { cert, key })
}

fn certified(pem: &Pem, files: &TlsFiles, now: DateTime<Utc>) -> Result<CertifiedKey, Unusable> {
    let no_cert =
        || Unusable::Wrong(wrong_cert(files, "holds no certificate that can be read; PEM is expected"));
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(&pem.cert).collect::<Result<_, _>>().map_err(|_| no_cert())?;
    let (begins_at, ends_at) = chain.first().and_then(validity).ok_or_else(no_cert)?;
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if ends_at <= now {
        return Err(Unusable::Wrong(wrong_cert(files, format!("expired at {}", text(ends_at)))));
    }
    if now < begins_at {
        let reason = wrong_cert(files, format!("is valid from {} on", text(begins_at)));
        return Err(Unusable::Until(begins_at, reason));
    }
    let key = PrivateKeyDer::from_pem_slice(&pem.key).map_err(|_| {
        let expected = "holds no private key that can be read; PEM without a password is expected";
        Unusable::Wrong(wrong_key(files, expected))
    })?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| {
        Unusable::Wrong(match error {
            Error::InconsistentKeys(_) => {
                wrong_key(files, format!("is not the key of the certificate in {}", files.cert.display()))
            }
            error => wrong_key(files, error),
        })
    })
}

/// From when on it is believed, and from when on nobody believes it any more.
fn validity(certificate: &CertificateDer<'_>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let at = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
    let validity = certificate.validity();
    Some((at(validity.not_before)?, at(validity.not_after)?))
}

fn wrong_cert(files: &TlsFiles, reason: impl Display) -> String {
    wrong("cert", &files.cert, reason)
}

fn wrong_key(files: &TlsFiles, reason: impl Display) -> String {
    wrong("key", &files.key, reason)
}

fn wrong(setting: &str, file: &Path, reason: impl Display) -> String {
    format!("http.tls.{setting}: {}: {reason}", file.display())
}
