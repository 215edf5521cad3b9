//! What things are called in a document: GS1's keys as Digital Links under id.gs1.org where they are known, and otherwise
//! names that follow from what is kept, so that the same thing has the same name in each export.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::document::Uri;
use super::{Known, Ride};
use crate::custody::{Act, BoxNumber, Entry, EntryHash, Organisation, derived};
use crate::gs1::{Elements, Gln, Gtin, Lot, Serial, Sscc};
use crate::{OrganisationId, ShipmentId};

pub(super) struct Names {
    shipment: ShipmentId,
    installation: String,
    ssccs: BTreeMap<BoxNumber, Sscc>,
    glns: BTreeMap<OrganisationId, Gln>,
}

impl Names {
    pub(super) fn of(known: &Known) -> Self {
        let sscc = |one: &crate::packing::PackedBox| Some((one.number, one.sscc?));
        let gln = |party: &Organisation| Some((party.id, party.gln.as_deref()?.parse().ok()?));
        Self {
            shipment: known.shipment,
            installation: known.installation.0.clone(),
            ssccs: known.boxes.iter().filter_map(sscc).collect(),
            // As it was called last.
            glns: known.ledger.iter().flat_map(|(_, entry)| parties(entry)).filter_map(gln).collect(),
        }
    }

    pub(super) fn shipment(&self) -> Uri {
        urn(self.shipment.0)
    }

    pub(super) fn of_box(&self, number: BoxNumber) -> Uri {
        let sscc = self.ssccs.get(&number).copied();
        link(Elements { sscc, ..Elements::default() })
            .unwrap_or_else(|| self.made(&[b"box", self.shipment.0.as_bytes(), &number.to_be_bytes()]))
    }

    pub(super) fn boxes(&self, numbers: impl IntoIterator<Item = BoxNumber>) -> Vec<Uri> {
        numbers.into_iter().map(|number| self.of_box(number)).collect()
    }

    pub(super) fn party(&self, id: OrganisationId) -> Uri {
        let party = self.glns.get(&id).copied();
        let number = id.0.to_be_bytes();
        link(Elements { party, ..Elements::default() })
            .unwrap_or_else(|| self.made(&[b"organisation", self.installation.as_bytes(), &number]))
    }

    /// A DevEUI is an EUI-64, for which RFC 9039 has names.
    pub(super) fn tracker(ride: &Ride) -> Uri {
        Uri(format!("urn:dev:mac:{}", ride.dev_eui))
    }

    /// A product, with its lot where that is known.
    pub(super) fn class(gtin: Gtin, lot: Option<&Lot>) -> Option<Uri> {
        link(Elements { gtin: Some(gtin), lot: lot.cloned(), ..Elements::default() })
    }

    /// One item of a product.
    pub(super) fn item(gtin: Gtin, serial: &Serial) -> Option<Uri> {
        link(Elements { gtin: Some(gtin), serial: Some(serial.clone()), ..Elements::default() })
    }

    /// Of what an entry of the ledger says; `part` where it says several things.
    pub(super) fn event_of(&self, entry: EntryHash, what: &str, part: u32) -> Uri {
        self.made(&[b"entry", entry.as_bytes(), what.as_bytes(), &part.to_be_bytes()])
    }

    /// Of anything else: `text` says what makes it this one and no other.
    pub(super) fn event(&self, text: &str) -> Uri {
        self.made(&[b"event", self.shipment.0.as_bytes(), text.as_bytes()])
    }

    fn made(&self, parts: &[&[u8]]) -> Uri {
        urn(derived(&[&[b"epcis".as_slice()], parts].concat()))
    }
}

fn parties(entry: &Entry) -> impl Iterator<Item = &Organisation> {
    let to = match &entry.act {
        Act::Offered { to, .. } => Some(&to.organisation),
        _ => None,
    };
    [&entry.by.organisation].into_iter().chain(to)
}

fn urn(id: Uuid) -> Uri {
    Uri(id.urn().to_string())
}

fn link(elements: Elements) -> Option<Uri> {
    elements.to_digital_link().map(Uri)
}
