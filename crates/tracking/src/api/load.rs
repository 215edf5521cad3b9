//! What is in a parent at an instant, shipment by shipment, and what a request says of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::custody::{BoxNumber, Exception, Seal};
use domain::gs1::Sscc;
use domain::{OrganisationId, ShipmentId};
use store::{Connection, ParentBox, Partner};

use super::boxes::key;
use super::fan_out::Said;
use super::meant::MOST_BOXES;
use super::parent_custody::BoxRef;
use super::problem::{ApiError, named};
use super::text::{non_empty, prose};
use crate::handover::Book;

/// The most shipments that are handed over as one. Nothing else comes in meanwhile, and each takes some 20 ms in a build
/// without optimisation: all of them no longer than a second.
const MOST_SHIPMENTS: usize = 50;

/// The boxes in a parent that are to be seen.
pub(super) struct Load(Vec<ParentBox>);

/// A shipment of the parent, its ledger open for writing.
pub(super) struct Part {
    pub book: Book,
    /// Those in the parent.
    pub boxes: Vec<BoxNumber>,
    pub exceptions: Vec<Exception>,
    pub seals: Vec<Seal>,
}

impl Load {
    pub(super) fn at(stays: Vec<ParentBox>, at: DateTime<Utc>) -> Result<Self, ApiError> {
        let is_there = |stay: &ParentBox| stay.from <= at && stay.until.is_none_or(|until| at < until);
        let there: Vec<ParentBox> = stays.into_iter().filter(is_there).collect();
        if there.is_empty() {
            return Err(ApiError::Conflict(
                "no box is in this parent at that time; see GET /parents/{id}".into(),
            ));
        }
        if there.len() > MOST_BOXES {
            return Err(ApiError::Conflict(format!(
                "{} boxes are in this parent: at most {MOST_BOXES} are handed over as one; hand over its shipments one by one",
                there.len()
            )));
        }
        Ok(Self(there))
    }

    /// Opens each shipment's book, in the order of their ids, so that two that do so never wait for each other.
    pub(super) async fn open(
        &self,
        db: &mut Connection,
        (tenant, parties): (OrganisationId, &Arc<[Partner]>),
        said: &Said<'_>,
    ) -> Result<Vec<Part>, ApiError> {
        let mut boxes: BTreeMap<ShipmentId, Vec<BoxNumber>> = BTreeMap::new();
        for stay in &self.0 {
            boxes.entry(stay.shipment).or_default().push(stay.number);
        }
        if boxes.len() > MOST_SHIPMENTS {
            return Err(ApiError::Conflict(format!(
                "boxes of {} shipments are in this parent: at most {MOST_SHIPMENTS} are handed over as one; hand them over one by one",
                boxes.len()
            )));
        }
        let mut exceptions = self.by_shipment(
            "exceptions",
            said.exceptions,
            |one| &one.of,
            |one, number| Ok(Exception { number, reason: prose("exceptions: reason", &one.reason, 1000)? }),
        )?;
        let mut seals = self.by_shipment(
            "seals",
            said.seals,
            |one| &one.of,
            |one, number| Ok(Seal { number, seal: non_empty("seals: seal", &one.seal, 100)? }),
        )?;
        let mut parts = Vec::with_capacity(boxes.len());
        for (shipment, mut boxes) in boxes {
            boxes.sort_unstable();
            let book = Book::open_among(db, tenant, shipment, Arc::clone(parties))
                .await
                .map_err(named("shipment"))?;
            let exceptions = exceptions.remove(&shipment).unwrap_or_default();
            parts.push(Part { book, boxes, exceptions, seals: seals.remove(&shipment).unwrap_or_default() });
        }
        Ok(parts)
    }

    fn by_shipment<T, U>(
        &self,
        field: &str,
        said: &[T],
        of: impl Fn(&T) -> &BoxRef,
        one: impl Fn(&T, BoxNumber) -> Result<U, ApiError>,
    ) -> Result<BTreeMap<ShipmentId, Vec<U>>, ApiError> {
        if said.len() > MOST_BOXES {
            return Err(ApiError::Unprocessable(format!("{field}: name at most {MOST_BOXES}")));
        }
        let mut all: BTreeMap<ShipmentId, BTreeMap<BoxNumber, U>> = BTreeMap::new();
        for element in said {
            let (shipment, number) = self.find(field, of(element))?;
            if all.entry(shipment).or_default().insert(number, one(element, number)?).is_some() {
                return Err(ApiError::Unprocessable(format!("{field}: a box is named twice")));
            }
        }
        Ok(all.into_iter().map(|(shipment, of)| (shipment, of.into_values().collect())).collect())
    }

    /// The box that is named.
    fn find(&self, field: &str, named: &BoxRef) -> Result<(ShipmentId, BoxNumber), ApiError> {
        let sscc: Option<Sscc> = key(field, named.sscc.as_deref())?;
        let (found, what) = match (sscc, named.shipment, named.r#box) {
            (Some(sscc), None, None) => {
                (self.0.iter().find(|stay| stay.sscc == Some(sscc)), format!("the SSCC {sscc}"))
            }
            (None, Some(shipment), Some(number)) => {
                let is_it = |stay: &&ParentBox| stay.shipment.0 == shipment && stay.number == number;
                (self.0.iter().find(is_it), format!("box {number} of the shipment {shipment}"))
            }
            _ => {
                return Err(ApiError::Unprocessable(format!(
                    "{field}: name a box by its sscc, or by shipment and box"
                )));
            }
        };
        found.map(|stay| (stay.shipment, stay.number)).ok_or_else(|| {
            ApiError::Unprocessable(format!("{field}: {what} is not in this parent at that time"))
        })
    }
}
