//! What is exported of a shipment, so that anybody can check it without the service: what the package holds, and the
//! keys that signed it. How it is packed and checked is the `report` crate's.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::custody::record::{KeyId, LedgerRow};
use crate::custody::{PhotoHash, PhotoKind};
use crate::{OrganisationId, ShipmentId};

/// The public half of a key of the service (Ed25519, RFC 8032).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    pub id: KeyId,
    #[serde(rename = "public_key", with = "hex::serde")]
    pub bytes: [u8; 32],
    pub first_used_at: DateTime<Utc>,
}

/// Everything that is known of one shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub shipment: ShipmentId,
    pub reference: String,
    pub organisation: OrganisationId,
    pub exported_at: DateTime<Utc>,
    /// The printed name of the person who asked for it.
    pub exported_by: String,
    /// The whole ledger of its custody.
    pub ledger: Vec<LedgerRow>,
    /// How many rows it had at least, by what is kept apart from it.
    pub ledger_length: usize,
    /// Every key that signed a row of it, and the one that signs the package.
    pub keys: Vec<PublicKey>,
    /// What people and programs read: by name, each with its content.
    pub documents: Vec<(String, Vec<u8>)>,
    /// Those that entries of the ledger name.
    pub photos: Vec<(PhotoHash, PhotoKind, Vec<u8>)>,
}
