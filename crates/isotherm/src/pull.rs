//! From the configuration to the MQTT brokers where events are fetched.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use ingest::pull::{Feed, Login};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::config::Pull;

/// By the ids of integrations.
pub fn feeds(pull: &BTreeMap<String, Pull>) -> anyhow::Result<Vec<Feed>> {
    let feed = |(integration, from): (&String, &Pull)| {
        let own = format!("isotherm-{integration}");
        let client = if from.client.is_empty() { &own } else { &from.client };
        let login = Login { client, username: &from.username, password: &from.password.0 };
        let feed = || anyhow::Ok(Feed::new(integration, &from.url, &login, client_config(&from.ca)?)?);
        feed().with_context(|| format!("pull.{integration}"))
    };
    pull.iter().map(feed).collect()
}

/// Believes the public authorities and, where it is named, those in the file.
fn client_config(authority: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if !authority.as_os_str().is_empty() {
        let failed = || format!("ca: {}", authority.display());
        let certificates: Result<Vec<_>, _> =
            CertificateDer::pem_file_iter(authority).with_context(failed)?.collect();
        for certificate in certificates.with_context(failed)? {
            roots.add(certificate).with_context(failed)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
