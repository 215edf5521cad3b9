//! Keys for programs of partners, made by the operator.

use domain::OrganisationId;
use domain::access::{Role, Sight};
use domain::qualification::OrganisationKind;
use serde_json::{Value, json};
use store::{Connection, NewApiKey, Partner, PartnerText};
use tracking::{ApiKey, add_api_key};

use super::organisation::check_name;
use crate::{Failure, clock};

pub struct WantedKey {
    pub partner: String,
    pub name: String,
    pub role: Role,
}

/// Makes a key for a partner of the tenant, which is made where there is none of that name.
pub async fn add(db: Connection, tenant: OrganisationId, wanted: WantedKey) -> Result<Value, Failure> {
    check_name("--name", &wanted.name)?;
    let kind = match wanted.role {
        Role::Supplier => OrganisationKind::Supplier,
        Role::Dispatcher => OrganisationKind::Carrier,
        other => {
            return Err(Failure::bad(format!(
                "--role: a key is a supplier's or a dispatcher's, not {other}'s"
            )));
        }
    };
    let now = (clock::machine())();
    let mut db = db.begin().await.map_err(Failure::bad)?;
    let partner = partner(&mut db, tenant, &wanted.partner, kind).await?;
    let key = ApiKey::draw();
    let new = NewApiKey {
        tenant,
        organisation: partner,
        name: wanted.name.trim().to_owned(),
        role: wanted.role,
        prefix: key.prefix.clone(),
        sha256: key.sha256(),
        expires_at: None,
        created_by: None,
    };
    let added = add_api_key(&mut db, wanted.partner.trim(), &new, now).await.map_err(Failure::bad)?;
    let id = added.map_err(Failure::bad)?;
    db.commit().await.map_err(Failure::bad)?;
    Ok(json!({
        "id": id, "name": new.name, "role": new.role, "organisation": partner, "prefix": key.prefix, "key": key.key,
    }))
}

/// The partner of that name; one that has to be made is told of, for it may be misspelt.
async fn partner(
    db: &mut Connection,
    tenant: OrganisationId,
    name: &str,
    kind: OrganisationKind,
) -> Result<OrganisationId, Failure> {
    check_name("--partner", name)?;
    let name = name.trim();
    let partners = db.partners(Sight::of(tenant, tenant), None, i64::MAX).await.map_err(Failure::bad)?;
    let is_it = |partner: &&Partner| !partner.is_tenant && partner.text.name == name;
    if let Some(partner) = partners.iter().find(is_it) {
        return Ok(partner.id);
    }
    eprintln!("isotherm: there was no {kind} `{name}`; it is made");
    let text = PartnerText { kind, name: name.to_owned(), gln: None, series: None };
    db.add_partner(tenant, &text, (clock::machine())()).await.map_err(Failure::bad)
}
