//! How a sender proves that it is who it says: with its token, or with a signature that only the token's holder can make.

use chrono::{DateTime, TimeDelta, Utc};
use networks::{OtherBody, SignedQuery};

use crate::MAX_BODY;
use crate::integrations::Integration;
use crate::tokens::ProvenTokens;

/// How far the time of a signature may be from ours, either way: what somebody recorded cannot be sent again for ever.
pub(crate) const MOST_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Which of an integration's two credentials a sender has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Current,
    Older,
}

/// What a request says before its body is read.
#[derive(Debug)]
pub enum Claim {
    /// With a right token: there is nothing left to prove.
    Token(Proof),
    /// With a signature, which the body belongs to.
    Signature(SignedQuery),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    #[error(
        "the Token in the query is not of this integration's key; enter what `isotherm admin integration rotate` prints as \
         the AS key in ThingPark"
    )]
    Signature,
    #[error(
        "the Token in the query is right, but of {}, and here it is {now}: more than {} minutes apart; set the clocks",
        signed_at.map_or_else(|| "no time that can be read".to_owned(), |at| at.to_string()),
        MOST_SKEW.num_minutes()
    )]
    Clock { signed_at: Option<DateTime<Utc>>, now: DateTime<Utc> },
    #[error("the Token in the query is right, but {0}")]
    Other(#[from] OtherBody),
    #[error("the Token in the query has come with another body before, and counts for that one alone")]
    Used,
}

impl Claim {
    /// None where neither is there: a wrong token is no claim.
    pub fn of(integration: &Integration, token: Option<&str>, query: &str) -> Option<Self> {
        let proven = token.and_then(|token| integration.prove(token)).map(Self::Token);
        let signed = || SignedQuery::read(query).filter(|_| integration.has_key()).map(Self::Signature);
        proven.or_else(signed)
    }

    /// In bytes. What belongs to a signature is read before anything is proven; ThingPark's bodies have some thousands.
    pub const fn longest_body(&self) -> usize {
        match self {
            Self::Token(_) => MAX_BODY,
            Self::Signature(_) => 64 * 1024,
        }
    }

    pub fn check(
        &self,
        (integration, proven): (&Integration, &ProvenTokens),
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Proof, NotProven> {
        let query = match self {
            Self::Token(proof) => return Ok(*proof),
            Self::Signature(query) => query,
        };
        let values = networks::signed_values(body).ok().flatten().ok_or(NotProven::Signature)?;
        let proof = integration.prove_signed(query, &values).ok_or(NotProven::Signature)?;
        if query.at.is_none_or(|at| (now - at).abs() > MOST_SKEW) {
            return Err(NotProven::Clock { signed_at: query.at, now });
        }
        query.is_about(&values)?;
        let is_proven = proven.proves(&integration.source.integration, query.token, body, now);
        is_proven.then_some(proof).ok_or(NotProven::Used)
    }
}

#[cfg(test)]
mod tests {
    use domain::OrganisationId;
    use domain::sender::SharedKey;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{CredentialRecord, IntegrationRecord};

    const BODY: &[u8] =
        br#"{"DevEUI_uplink":{"CustomerID":"7","DevEUI":"70B3D57ED00012AB","FPort":1,"FCntUp":2}}"#;
    const FIRST: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    const SECOND: &str = "1a1b2c3d4e5f60718293a4b5c6d7e8f9";

    fn credential(token: &str, has_key: bool) -> CredentialRecord {
        let token_sha256 = hex::encode(Sha256::digest(token.as_bytes()));
        CredentialRecord { token_sha256, key: has_key.then(|| SharedKey::new(token)) }
    }

    fn integration(current: CredentialRecord, older: Option<CredentialRecord>) -> Integration {
        let record = IntegrationRecord {
            id: "depot".to_owned(),
            organisation: OrganisationId(1),
            network: "actility".to_owned(),
            credential: current,
            older,
            allowed: Vec::new(),
            refuse_when_broker_away: false,
        };
        Integration::from_record(&record).unwrap()
    }

    /// A query that is signed with the key.
    fn signed(key: &str) -> String {
        signed_for("770B3D57ED00012AB12", "LrnDevEui=70B3D57ED00012AB&LrnFPort=1", key)
    }

    /// The same of a body with these values, as of noon.
    fn signed_for(values: &str, about: &str, key: &str) -> String {
        let query = format!("{about}&Time=2026-03-01T13:00:00.000+01:00");
        let whole = format!("{values}{query}{key}");
        format!("{query}&Token={}", hex::encode(Sha256::digest(whole.as_bytes())))
    }

    fn noon(and_seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400 + and_seconds, 0).unwrap()
    }

    /// As it is at an ingester that has seen nothing before.
    fn check(
        claim: &Claim,
        integration: &Integration,
        body: &[u8],
        at: DateTime<Utc>,
    ) -> Result<Proof, NotProven> {
        claim.check((integration, &ProvenTokens::default()), body, at)
    }

    #[test]
    fn a_sender_proves_itself_by_a_token_or_by_a_signature_with_either_key() {
        let both = integration(credential(SECOND, true), Some(credential(FIRST, true)));
        let check = |token: Option<&str>, query: &str| {
            Claim::of(&both, token, query).map(|claim| check(&claim, &both, BODY, noon(0)))
        };
        assert_eq!(check(Some(SECOND), ""), Some(Ok(Proof::Current)));
        assert_eq!(check(Some(FIRST), ""), Some(Ok(Proof::Older)));
        assert_eq!(check(None, &signed(SECOND)), Some(Ok(Proof::Current)));
        assert_eq!(check(None, &signed(FIRST)), Some(Ok(Proof::Older)));
        assert_eq!(check(Some("wrong"), &signed(SECOND)), Some(Ok(Proof::Current)));
        assert_eq!(check(None, &signed("another")), Some(Err(NotProven::Signature)));
        assert_eq!(check(None, "event=up"), None);
        assert_eq!(check(Some("wrong"), ""), None);
    }

    #[test]
    fn a_signature_counts_with_its_own_body_and_a_key_alone() {
        let signing = integration(credential(FIRST, true), None);
        let claim = Claim::of(&signing, None, &signed(FIRST)).unwrap();
        for body in [&br#"{"DevEUI_uplink":{"FCntUp":3}}"#[..], br#"{"x":1}"#, b"{"] {
            assert_eq!(check(&claim, &signing, body, noon(0)), Err(NotProven::Signature));
        }
        let hashed = integration(credential(FIRST, false), None);
        assert!(Claim::of(&hashed, None, &signed(FIRST)).is_none());
    }

    #[test]
    fn a_signature_that_is_about_another_device_or_port_than_its_body_is_refused_with_which() {
        let signing = integration(credential(FIRST, true), None);
        let refused = |body: &str, values: &str, about: &str| {
            let claim = Claim::of(&signing, None, &signed_for(values, about, FIRST)).unwrap();
            check(&claim, &signing, body.as_bytes(), noon(0)).map_err(|error| error.to_string())
        };
        let moved = std::str::from_utf8(BODY).unwrap().replace(r#":1,"FCntUp":2"#, r#":12,"FCntUp":"""#);
        let port = "the Token in the query is right, but `LrnFPort` in the query is not the body's `FPort`";
        assert_eq!(
            refused(&moved, "770B3D57ED00012AB12", "LrnDevEui=70B3D57ED00012AB&LrnFPort=1"),
            Err(port.to_owned())
        );
        let whole = std::str::from_utf8(BODY).unwrap();
        let device =
            "the Token in the query is right, but `LrnDevEui` in the query is not the body's `DevEUI`";
        for about in ["LrnDevEui=70B3D57ED00012AC&LrnFPort=1", "LrnFPort=1", "x=LrnDevEui=70B3D57ED00012AB"] {
            assert_eq!(refused(whole, "770B3D57ED00012AB12", about), Err(device.to_owned()), "{about}");
        }
    }

    #[test]
    fn a_signature_counts_for_one_body_however_often_that_is_sent() {
        let signing = integration(credential(FIRST, true), None);
        let claim = Claim::of(&signing, None, &signed(FIRST)).unwrap();
        let proven = ProvenTokens::default();
        // What is not signed could be anything.
        let other = String::from_utf8(BODY.to_vec()).unwrap().replace("}}", r#","LrrLAT":"45.7"}}"#);
        let check = |body: &[u8], at| claim.check((&signing, &proven), body, at);
        assert_eq!(check(BODY, noon(-300)), Ok(Proof::Current));
        assert_eq!(check(BODY, noon(0)), Ok(Proof::Current));
        assert_eq!(check(other.as_bytes(), noon(300)), Err(NotProven::Used));
        assert_eq!(check(BODY, noon(300)), Ok(Proof::Current));
    }

    #[test]
    fn a_signature_counts_for_five_minutes_before_and_after() {
        let signing = integration(credential(FIRST, true), None);
        let claim = Claim::of(&signing, None, &signed(FIRST)).unwrap();
        for (seconds, counts) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
            let checked = check(&claim, &signing, BODY, noon(seconds));
            assert_eq!(checked.is_ok(), counts, "{seconds} s later: {checked:?}");
        }
        assert_eq!(
            check(&claim, &signing, BODY, noon(3600)).unwrap_err().to_string(),
            "the Token in the query is right, but of 2026-03-01 12:00:00 UTC, and here it is 2026-03-01 13:00:00 UTC: more \
             than 5 minutes apart; set the clocks"
        );
        let untimed = hex::encode(Sha256::digest(format!("770B3D57ED00012AB12Time=now{FIRST}")));
        let claim = Claim::of(&signing, None, &format!("Time=now&Token={untimed}")).unwrap();
        let refused = check(&claim, &signing, BODY, noon(0));
        assert_eq!(refused, Err(NotProven::Clock { signed_at: None, now: noon(0) }));
    }
}
