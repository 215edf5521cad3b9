//! Passwords, tokens and the key that signs them.

use std::io::Write;
use std::ops::RangeInclusive;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use chrono::{DateTime, Duration, Utc};
use domain::access::Role;
use domain::sender::SharedKey;
use domain::{OrganisationId, UserId};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use networks::Network;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Credential;

/// How long a log-in lasts.
pub(crate) const SESSION: Duration = Duration::hours(12);

/// Passwords shorter than this are refused (NIST SP 800-63B asks for at least 8).
pub const MIN_PASSWORD_CHARS: usize = 8;

/// How long a token may be that a sender made.
const TOKEN_CHARS: RangeInclusive<usize> = 20..=200;

#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("the password has fewer than {MIN_PASSWORD_CHARS} characters")]
    PasswordTooShort,
    #[error("the password cannot be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    #[error("a token has 20 to 200 letters, digits and signs of ASCII, and no blank")]
    NoToken,
    #[error("a key of this network has 32 hexadecimal digits")]
    NoKey,
    #[error("the signing key in {path} cannot be used: {reason}")]
    Key { path: String, reason: String },
}

/// Whom a token is for.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    pub user: UserId,
    pub organisation: OrganisationId,
    /// As in [`Claims`].
    pub tenant: OrganisationId,
    pub role: Role,
}

/// Who sent a request, as the token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: UserId,
    pub organisation: OrganisationId,
    /// The organisation itself, or for a partner's user the tenant that hosts the partner.
    pub tenant: OrganisationId,
    pub role: Role,
    /// Seconds since the Unix epoch.
    pub exp: i64,
}

impl From<Claims> for Holder {
    fn from(claims: Claims) -> Self {
        let Claims { sub: user, organisation, tenant, role, .. } = claims;
        Self { user, organisation, tenant, role }
    }
}

/// Signs and checks access tokens with Ed25519.
pub struct TokenKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TokenKey {
    /// The installation's key, made at the first start; readable by its owner alone.
    pub fn load_or_create(path: &Path) -> Result<Self, CredentialError> {
        let secret = load_or_create_secret(path)?;
        Self::from_secret(secret)
            .map_err(|reason| CredentialError::Key { path: path.display().to_string(), reason })
    }

    fn from_secret(secret: [u8; 32]) -> Result<Self, String> {
        let key = SigningKey::from_bytes(&secret);
        let der = key.to_pkcs8_der().map_err(|error| error.to_string())?;
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        let decoding = DecodingKey::from_ed_der(key.verifying_key().as_bytes());
        Ok(Self { encoding, decoding })
    }

    /// A token and the instant at which it expires.
    pub fn sign(&self, holder: Holder, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
        let expires_at = now + SESSION;
        Some((self.sign_until(holder, expires_at)?, expires_at))
    }

    /// A token that counts until just before that.
    pub fn sign_until(&self, holder: Holder, expires_at: DateTime<Utc>) -> Option<String> {
        let Holder { user: sub, organisation, tenant, role } = holder;
        let claims = Claims { sub, organisation, tenant, role, exp: expires_at.timestamp() };
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.encoding).ok()
    }

    /// What the token says, if this key signed it and it has not expired at `now`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        // The library would ask the machine's clock; the service's is passed in.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &rules).ok()?.claims;
        (claims.exp > now.timestamp()).then_some(claims)
    }
}

/// 32 random bytes of the installation's own, made at the first start; readable by their owner alone.
pub(crate) fn load_or_create_secret(path: &Path) -> Result<[u8; 32], CredentialError> {
    let failed = |reason: String| CredentialError::Key { path: path.display().to_string(), reason };
    match std::fs::read(path) {
        Ok(bytes) => <[u8; 32]>::try_from(bytes)
            .map_err(|bytes| failed(format!("{} bytes instead of 32", bytes.len()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret: [u8; 32] = rand::random();
            write_beside(path, &secret).map_err(|error| failed(error.to_string()))?;
            Ok(secret)
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Written beside and renamed, so that a kill in the middle leaves no half key.
fn write_beside(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(secret)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

/// An Argon2id hash as a PHC string. Takes tens of milliseconds of CPU on purpose.
pub fn hash_password(password: &str) -> Result<String, CredentialError> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(CredentialError::PasswordTooShort);
    }
    let hash: PasswordHash =
        Argon2::default().hash_password(password.as_bytes()).map_err(CredentialError::Hash)?;
    Ok(hash.to_string())
}

/// The hash of no password: what a log-in without user is held against.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWtub3dzLWl0$3V1x6WcZ4m0o9o4sJmXc0l8rJ1mKqQ6o2m5X1y0yq0A";

/// Whether the password is the hash's. Without a hash the same work is done, so that the answer's time does not
/// tell whether a user exists.
pub fn verify_password(password: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known
}

/// Whether a text can be an e-mail address. Only a letter that arrives shows that it is one.
pub fn is_email(text: &str) -> bool {
    let has_both = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    has_both && text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// A new code for an offer of custody: eight digits that can be told and typed.
pub fn new_code() -> String {
    format!("{:08}", rand::random_range(0..100_000_000_u32))
}

/// A new token for an integration, and what is kept of it. Where the network's sender signs with it, it is a key of 128
/// bits as hex.
pub fn new_credential(network: Network) -> (String, Credential) {
    let token = if network.signs() { hex::encode(rand::random::<[u8; 16]>()) } else { new_token() };
    let credential = kept_of(network, &token);
    (token, credential)
}

/// A token that the sender made, as some network servers do, and what is kept of it.
pub fn given_credential(network: Network, token: &str) -> Result<(String, Credential), CredentialError> {
    if network.signs() {
        let token = token.to_ascii_lowercase();
        SharedKey::new(token.as_str()).check().map_err(|_| CredentialError::NoKey)?;
        let kept = kept_of(network, &token);
        return Ok((token, kept));
    }
    let is_token = TOKEN_CHARS.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_token.then(|| (token.to_owned(), kept_of(network, token))).ok_or(CredentialError::NoToken)
}

/// A hash, and the token itself of a network that signs with it.
fn kept_of(network: Network, token: &str) -> Credential {
    let key = network.signs().then(|| SharedKey::new(token));
    Credential { token_sha256: hash_token(token).to_vec(), key }
}

/// A new secret for an integration, or of a link: 256 random bits as hex.
pub fn new_token() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// What is kept of such a secret. It is random through and through, so a plain hash suffices.
pub fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_token_that_a_sender_made_is_taken_where_it_is_long_enough_and_a_key_where_it_is_one() {
        let taken = |network, token: &str| given_credential(network, token).map(|(token, _)| token).ok();
        for (length, is_token) in [(19, false), (20, true), (200, true), (201, false)] {
            let token = "x".repeat(length);
            assert_eq!(taken(Network::Milesight, &token), is_token.then_some(token), "{length}");
        }
        assert_eq!(taken(Network::Milesight, &"with a blank".repeat(3)), None);
        for (digits, is_key) in [(31, false), (32, true), (33, false)] {
            assert_eq!(taken(Network::Actility, &"A".repeat(digits)), is_key.then(|| "a".repeat(digits)));
        }
        assert_eq!(taken(Network::Actility, &"g".repeat(32)), None);
    }

    #[test]
    fn a_token_counts_until_it_expires_and_only_under_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = TokenKey::load_or_create(&folder.path().join("a")).unwrap();
        let other = TokenKey::load_or_create(&folder.path().join("b")).unwrap();
        let user = UserId(uuid::Uuid::now_v7());
        let (organisation, tenant) = (OrganisationId(3), OrganisationId(1));
        let holder = Holder { user, organisation, tenant, role: Role::Receiver };
        let (token, expires_at) = key.sign(holder, at(1000)).unwrap();
        assert_eq!(expires_at, at(1000 + 12 * 3600));
        let claims = key.verify(&token, at(1000 + 12 * 3600 - 1)).unwrap();
        assert_eq!((claims.sub, claims.organisation, claims.tenant), (user, organisation, tenant));
        assert_eq!(claims.role, Role::Receiver);
        assert_eq!(key.verify(&token, expires_at), None);
        assert_eq!(other.verify(&token, at(1000)), None);
        let again = TokenKey::load_or_create(&folder.path().join("a")).unwrap();
        assert!(again.verify(&token, at(1000)).is_some());
    }

    #[test]
    fn a_token_of_another_algorithm_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = TokenKey::load_or_create(&folder.path().join("a")).unwrap();
        let claims = Claims {
            sub: UserId(uuid::Uuid::nil()),
            organisation: OrganisationId(1),
            tenant: OrganisationId(1),
            role: Role::Admin,
            exp: i64::MAX,
        };
        let forged =
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(b"x"))
                .unwrap();
        assert_eq!(key.verify(&forged, at(0)), None);
    }

    #[test]
    fn a_password_is_checked_against_its_hash_and_a_missing_user_never_matches() {
        let hash = hash_password("correct horse").unwrap();
        assert!(verify_password("correct horse", Some(&hash)));
        assert!(!verify_password("correct horsf", Some(&hash)));
        assert!(!verify_password("correct horse", None));
        let (hash, nobody) = (PasswordHash::new(&hash).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!((hash.algorithm, hash.params), (nobody.algorithm, nobody.params), "the same work");
        assert!(matches!(hash_password("1234567"), Err(CredentialError::PasswordTooShort)));
        assert!(hash_password("12345678").is_ok());
    }
}
