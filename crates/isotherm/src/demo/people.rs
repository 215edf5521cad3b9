//! One log-in a role, with passwords of their own for each demonstration.

use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::access::Role;
use domain::qualification::OrganisationKind;
use serde::Serialize;
use store::{Connection, NewUser, PartnerText, Store, SupplierProduct};
use tracking::credentials::{hash_password, new_token};

use super::fleet::INSULIN;
use crate::api::Api;

#[derive(Debug, Clone, Serialize)]
pub struct Login {
    pub role: Role,
    pub email: String,
    pub password: String,
}

impl Login {
    pub async fn log_in(&self, url: &str) -> anyhow::Result<Api> {
        Api::log_in(url, &self.email, &self.password).await
    }
}

/// Users of every role, the admin first.
pub async fn make(store: &Store, organisation: &str, now: DateTime<Utc>) -> anyhow::Result<Vec<Login>> {
    let mut db = store.begin().await?;
    let organisation = db.ensure_organisation(organisation, now).await?;
    let supplier = make_supplier(&mut db, organisation, now).await?;
    let mut logins = Vec::new();
    for role in Role::ALL {
        let password: String = new_token().chars().take(12).collect();
        let login = Login { role: *role, email: format!("{role}@demo.example"), password };
        let user = NewUser {
            organisation: if *role == Role::Supplier { supplier } else { organisation },
            email: login.email.clone(),
            name: None,
            role: *role,
            password_hash: hash_password(&login.password)?,
        };
        db.add_user(&user, now).await?;
        logins.push(login);
    }
    db.commit().await?;
    Ok(logins)
}

/// Whose products some of the shipments hold.
async fn make_supplier(
    db: &mut Connection,
    organisation: OrganisationId,
    now: DateTime<Utc>,
) -> anyhow::Result<OrganisationId> {
    let text = PartnerText {
        kind: OrganisationKind::Supplier,
        name: "Demo Supplier".to_owned(),
        gln: None,
        series: None,
    };
    let supplier = db.add_partner(organisation, &text, now).await?;
    let product = SupplierProduct { gtin: INSULIN.1.parse()?, name: Some(INSULIN.0.to_owned()) };
    db.set_products(organisation, supplier, &[product]).await?;
    Ok(supplier)
}

/// The content of `demo.json`.
pub fn json(url: &str, logins: &[Login]) -> serde_json::Value {
    serde_json::json!({ "url": url, "logins": logins })
}

pub fn table(logins: &[Login]) -> String {
    let line =
        |login: &Login| format!("  {:<12} {:<28} {}\n", login.role.as_str(), login.email, login.password);
    logins.iter().map(line).collect()
}
