//! Which organisation is meant, and new ones.

use domain::OrganisationId;
use store::{Connection, StoreError};

use crate::{Failure, clock};

/// As the schema has it.
const LONGEST_NAME: usize = 200;

/// Of an organisation, or of a user as printed.
pub fn check_name(option: &str, name: &str) -> Result<(), Failure> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > LONGEST_NAME || name.chars().any(char::is_control) {
        let expected = format!("{option}: 1 to {LONGEST_NAME} characters on one line are expected");
        return Err(Failure::bad(expected));
    }
    Ok(())
}

/// The organisation of that name, made where there is none: scripts name a new one so. Whoever misspelt it is told.
pub async fn named(db: &mut Connection, name: &str) -> Result<OrganisationId, Failure> {
    check_name("--organisation", name)?;
    match db.organisation_named(name).await {
        Err(StoreError::NotFound) => {
            eprintln!("isotherm: there was no organisation `{name}`; it is made");
            db.ensure_organisation(name, (clock::machine())()).await.map_err(Failure::bad)
        }
        known => known.map_err(Failure::bad),
    }
}

pub async fn add(db: &mut Connection, name: &str) -> Result<OrganisationId, Failure> {
    check_name("--name", name)?;
    match db.organisation_named(name).await {
        Err(StoreError::NotFound) => {
            db.ensure_organisation(name, (clock::machine())()).await.map_err(Failure::bad)
        }
        Ok(_) => Err(Failure::bad(format!("an organisation `{name}` exists already"))),
        Err(other) => Err(Failure::bad(other)),
    }
}
