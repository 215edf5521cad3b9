//! What is kept of secrets that are short enough to be guessed: numbers of badges and codes of offers.
//!
//! A plain hash of eight digits is undone in a second. These are keyed with a file of the installation, so that who
//! reads the database alone learns nothing (HMAC-SHA-256, RFC 2104).

use std::path::Path;

use domain::OrganisationId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::credentials::{CredentialError, load_or_create_secret};

/// The installation's `badge.key`. Who loses it has to give every badge out anew.
pub struct BadgeKey(Hmac<Sha256>);

impl BadgeKey {
    /// Made at the first start; readable by its owner alone.
    pub fn load_or_create(path: &Path) -> Result<Self, CredentialError> {
        let secret = load_or_create_secret(path)?;
        let key = Hmac::new_from_slice(&secret).map_err(|error| CredentialError::Key {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self(key))
    }

    /// Of a badge's number. Blanks around it and the case of its letters do not matter: scanners differ in both.
    pub fn hash(&self, tenant: OrganisationId, number: &str) -> [u8; 32] {
        self.keyed("badge", &[&tenant.0.to_be_bytes(), number.trim().to_uppercase().as_bytes()])
    }

    /// Of a code that was told for an offer. Blanks and hyphens between its digits do not matter.
    pub fn hash_code(&self, tenant: OrganisationId, offer: Uuid, code: &str) -> [u8; 32] {
        let digits: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        self.keyed("code", &[&tenant.0.to_be_bytes(), offer.as_bytes(), digits.as_bytes()])
    }

    /// Of the secret of a link: whoever opens it does not say for which offer.
    pub fn hash_link(&self, secret: &str) -> [u8; 32] {
        self.keyed("link", &[secret.trim().as_bytes()])
    }

    /// All parts but the last have a fixed length, so that no two lists of parts are the same bytes.
    fn keyed(&self, what: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(what.as_bytes());
        mac.update(&[0]);
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::new_code;

    #[test]
    fn a_number_has_one_hash_in_its_tenant_and_under_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = |name: &str| BadgeKey::load_or_create(&folder.path().join(name)).unwrap();
        let (own, other) = (key("a"), key("b"));
        let (tenant, neighbour) = (OrganisationId(1), OrganisationId(2));
        let hash = own.hash(tenant, "AB 1234");
        assert_eq!(own.hash(tenant, " ab 1234\r\n"), hash);
        assert_eq!(key("a").hash(tenant, "AB 1234"), hash, "read back");
        assert_ne!(own.hash(neighbour, "AB 1234"), hash);
        assert_ne!(own.hash(tenant, "AB1234"), hash);
        assert_ne!(other.hash(tenant, "AB 1234"), hash);
    }

    #[test]
    fn the_hash_is_the_standards() {
        // By an independent implementation: HMAC-SHA-256, key 32 times 0x0b, of "badge", 0, 0, 0, 0, 1, "AB".
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        std::fs::write(&path, [0x0b; 32]).unwrap();
        let key = BadgeKey::load_or_create(&path).unwrap();
        let expected = "42ad0c14332c84a83fe3cc7cc2a5c4651662d784fc0a5e19deefbff734b8a9ef";
        assert_eq!(hex::encode(key.hash(OrganisationId(1), "ab")), expected);
    }

    #[test]
    fn a_code_is_its_offers_and_a_link_stands_alone() {
        let folder = tempfile::tempdir().unwrap();
        let key = BadgeKey::load_or_create(&folder.path().join("a")).unwrap();
        let (tenant, offer, other) = (OrganisationId(1), Uuid::from_u128(1), Uuid::from_u128(2));
        let hash = key.hash_code(tenant, offer, "01234567");
        assert_eq!(key.hash_code(tenant, offer, "0123 45-67 "), hash);
        assert_ne!(key.hash_code(tenant, other, "01234567"), hash);
        assert_ne!(key.hash_code(OrganisationId(2), offer, "01234567"), hash);
        assert_ne!(key.hash_link("01234567"), hash);
        assert_ne!(key.hash(tenant, "01234567"), hash);
    }

    #[test]
    fn a_code_has_eight_digits_and_is_rarely_the_one_before() {
        let codes: std::collections::HashSet<String> = (0..1000).map(|_| new_code()).collect();
        assert!(codes.iter().all(|code| code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit())));
        assert!(codes.len() > 990, "{}", codes.len());
    }
}
