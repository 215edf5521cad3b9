//! How the database is reached: by its URL, and through TLS where the URL asks for it.
//!
//! TLS is always verified: an encrypted connection to nobody knows whom protects nothing. So `sslmode=require` means
//! what libpq calls `verify-full`, against the public authorities or those in `sslrootcert`.

use std::sync::Arc;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

#[derive(Clone)]
pub(crate) struct Address {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Address {
    /// Reads `postgres://user:password@host/database?sslmode=…&sslrootcert=…`.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let (plain, wanted) = split(url)?;
        let mut config: Config =
            plain.parse().map_err(|error: tokio_postgres::Error| StoreError::Address(error.to_string()))?;
        config.ssl_mode(if wanted.tls { SslMode::Require } else { SslMode::Disable });
        let tls = wanted.tls.then(|| connector(wanted.authorities.as_deref())).transpose()?;
        Ok(Self { config, tls })
    }

    /// The same, with settings for the session, such as `-c lock_timeout=10s`.
    pub(crate) fn with_options(&self, options: &str) -> Self {
        let mut config = self.config.clone();
        let all = [config.get_options().unwrap_or_default(), options].join(" ");
        config.options(all.trim());
        Self { config, tls: self.tls.clone() }
    }

    pub(crate) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let failed = |error: tokio_postgres::Error| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            ConnectionError::BadConnection(format!("{error}{cause}"))
        };
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    tls: bool,
    /// A file of certificates in PEM.
    authorities: Option<String>,
}

/// The URL without what concerns TLS, and that.
fn split(url: &str) -> Result<(String, Wanted), StoreError> {
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(StoreError::Address("it does not begin with postgres://".to_owned()));
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut wanted, mut rest) = (Wanted::default(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("sslmode", "disable") => wanted.tls = false,
            ("sslmode", "require" | "verify-ca" | "verify-full") => wanted.tls = true,
            ("sslmode", other) => {
                let detail = format!("sslmode is `{other}`: write disable or verify-full");
                return Err(StoreError::Address(detail));
            }
            ("sslrootcert", file) => wanted.authorities = Some(file.to_owned()),
            _ => rest.push(pair),
        }
    }
    if wanted.authorities.is_some() && !wanted.tls {
        return Err(StoreError::Address(
            "sslrootcert without sslmode=verify-full protects nothing".to_owned(),
        ));
    }
    let separator = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{base}{separator}{}", rest.join("&")), wanted))
}

fn connector(authorities: Option<&str>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let failed = |error: String| StoreError::Address(format!("sslrootcert {file}: {error}"));
            let certificates =
                CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                roots.add(certificate).map_err(|error| failed(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(failed("holds no certificate".to_owned()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Address(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_asked_for_by_the_url_and_never_half_meant() {
        for (url, plain, tls, authorities) in [
            ("postgres://a@h/d", "postgres://a@h/d", false, None),
            (
                "postgres://a@h/d?sslmode=disable&connect_timeout=3",
                "postgres://a@h/d?connect_timeout=3",
                false,
                None,
            ),
            ("postgres://a@h/d?sslmode=verify-full", "postgres://a@h/d", true, None),
            (
                "postgres://a@h/d?sslrootcert=/etc/ca.pem&sslmode=require",
                "postgres://a@h/d",
                true,
                Some("/etc/ca.pem"),
            ),
        ] {
            let wanted = Wanted { tls, authorities: authorities.map(str::to_owned) };
            assert_eq!(split(url).unwrap(), (plain.to_owned(), wanted), "{url}");
        }
        for (url, word) in [
            ("postgres://a@h/d?sslmode=prefer", "prefer"),
            ("postgres://a@h/d?sslrootcert=/etc/ca.pem", "sslrootcert"),
            ("postgres://a@h/d?sslmode=disable&sslrootcert=/etc/ca.pem", "sslrootcert"),
            ("host=h dbname=d sslmode=require", "postgres://"),
        ] {
            let refused = split(url).unwrap_err().to_string();
            assert!(refused.contains(word), "{url}: {refused}");
        }
        let refused =
            Address::parse("postgres://a@h/d?sslmode=require&sslrootcert=/nowhere.pem").err().unwrap();
        assert!(refused.to_string().contains("/nowhere.pem"), "{refused}");
    }

    #[test]
    fn an_address_that_cannot_be_read_does_not_show_its_password() {
        let refused = Address::parse("postgres://a:hunter2@h:notaport/d").err().unwrap().to_string();
        assert!(!refused.contains("hunter2"), "{refused}");
    }
}
