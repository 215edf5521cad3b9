//! Ids of entries that follow from what they are made of, so that what comes again is the same entry.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::{OrganisationId, ParentId, ShipmentId};

/// The id of the entry that one request about a parent writes for a shipment: `act` is what the request asks for, `part`
/// counts the shipment's entries from 0 where one is not enough.
pub fn fanned_out_id(request: Uuid, act: &str, parent: ParentId, shipment: ShipmentId, part: u32) -> Uuid {
    derived(&[
        b"parent",
        request.as_bytes(),
        act.as_bytes(),
        parent.0.as_bytes(),
        shipment.0.as_bytes(),
        &part.to_be_bytes(),
    ])
}

/// The id of the entry that an organisation's own system hands in; `event` is the system's id of it.
pub fn handed_in_id(organisation: OrganisationId, event: &str) -> Uuid {
    derived(&[b"hand-in", &organisation.0.to_be_bytes(), event.as_bytes()])
}

/// A UUID of version 8 made of a SHA-256 (RFC 9562, B.2). Each part is counted, so that two lists of parts never read as
/// one text.
pub(crate) fn derived(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.finalize()) {
        *byte = hashed;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}
