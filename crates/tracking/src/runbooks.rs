//! The runbook of a kind of alert in an organisation: its own, or the one of the house.

use std::collections::{BTreeSet, HashMap};

use domain::OrganisationId;
use domain::alert::AlertKind;
use domain::runbook::Runbook;
use store::{Connection, OwnRunbook, StoreError};

/// The own runbooks of some organisations.
#[derive(Default)]
pub struct Runbooks(HashMap<(OrganisationId, AlertKind), OwnRunbook>);

impl Runbooks {
    pub async fn of(
        db: &mut Connection,
        organisations: impl Iterator<Item = OrganisationId>,
    ) -> Result<Self, StoreError> {
        let organisations: BTreeSet<OrganisationId> = organisations.collect();
        if organisations.is_empty() {
            return Ok(Self::default());
        }
        let own = db.own_runbooks(&Vec::from_iter(organisations)).await?;
        Ok(Self(own.into_iter().map(|own| ((own.organisation, own.kind), own)).collect()))
    }

    /// None where the organisation wrote none.
    pub fn own(&self, organisation: OrganisationId, kind: AlertKind) -> Option<&OwnRunbook> {
        self.0.get(&(organisation, kind))
    }

    pub fn get(&self, organisation: OrganisationId, kind: AlertKind) -> Runbook {
        let own = self.own(organisation, kind).map(|own| own.runbook.clone());
        own.unwrap_or_else(|| Runbook::default_for(kind))
    }

    /// The last lines of a mail about such an alert.
    pub fn in_mail(&self, organisation: OrganisationId, kind: AlertKind) -> String {
        let Runbook { what_to_do, who_to_call } = self.get(organisation, kind);
        format!("\nWhat to do:\n{what_to_do}\n\nWho to call: {who_to_call}\n")
    }
}
