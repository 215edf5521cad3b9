//! Which organisation is meant. A name that is misspelt must not make one.

use domain::OrganisationId;
use store::{Connection, Store, StoreError};

use crate::config::Config;
use crate::{Failure, clock};

/// As the schema has it.
const LONGEST_NAME: usize = 200;

pub fn check_name(name: &str) -> Result<(), Failure> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Failure::bad(format!("--name: 1 to {LONGEST_NAME} characters on one line are expected")));
    }
    Ok(())
}

/// The organisation that the first start made; made now where there is none yet. The configuration's name decides
/// then, and never again: a command that was called without the configuration must not make a second one.
pub async fn first(db: &mut Connection, config: &Config) -> Result<OrganisationId, Failure> {
    let first = match db.first_organisation().await {
        Err(StoreError::NotFound) => {
            db.ensure_organisation(&config.organisation.name, (clock::machine())()).await
        }
        known => known,
    };
    first.map_err(Failure::bad)
}

/// The organisation of that name, which must be there.
pub async fn named(store: &Store, name: &str) -> Result<OrganisationId, Failure> {
    find(store, name).await?.ok_or_else(|| {
        let name = name.chars().take(60).collect::<String>();
        Failure::bad(format!(
            "there is no organisation `{name}`; `isotherm admin organisation add --name NAME` makes one"
        ))
    })
}

pub async fn add(store: &Store, name: &str) -> Result<OrganisationId, Failure> {
    if find(store, name).await?.is_some() {
        return Err(Failure::bad(format!("an organisation `{name}` exists already")));
    }
    let mut db = store.connect().await.map_err(Failure::bad)?;
    db.ensure_organisation(name, (clock::machine())()).await.map_err(Failure::bad)
}

/// The store makes an organisation that it does not find. What a transaction made is gone when it is given up, but
/// the number it took is not given out again: an organisation that has the same number twice was there before.
async fn find(store: &Store, name: &str) -> Result<Option<OrganisationId>, Failure> {
    if check_name(name).is_err() {
        return Ok(None);
    }
    let given_up = async || {
        let mut db = store.begin().await?;
        db.ensure_organisation(name, (clock::machine())()).await
    };
    let (once, again) = (given_up().await.map_err(Failure::bad)?, given_up().await.map_err(Failure::bad)?);
    Ok((once == again).then_some(once))
}
