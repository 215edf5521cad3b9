//! One log-in a role, with passwords of their own for each demonstration.

use chrono::{DateTime, Utc};
use domain::access::Role;
use serde::Serialize;
use store::{NewUser, Store};
use tracking::credentials::{hash_password, new_token};

#[derive(Debug, Clone, Serialize)]
pub struct Login {
    pub role: Role,
    pub email: String,
    pub password: String,
}

/// Users of every role, the admin first.
pub async fn make(store: &Store, organisation: &str, now: DateTime<Utc>) -> anyhow::Result<Vec<Login>> {
    let mut db = store.begin().await?;
    let organisation = db.ensure_organisation(organisation, now).await?;
    let mut logins = Vec::new();
    for role in Role::ALL {
        let password: String = new_token().chars().take(12).collect();
        let login = Login { role: *role, email: format!("{role}@demo.example"), password };
        let user = NewUser {
            organisation,
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

/// The content of `demo.json`.
pub fn json(url: &str, logins: &[Login]) -> serde_json::Value {
    serde_json::json!({ "url": url, "logins": logins })
}

pub fn table(logins: &[Login]) -> String {
    let line =
        |login: &Login| format!("  {:<12} {:<28} {}\n", login.role.as_str(), login.email, login.password);
    logins.iter().map(line).collect()
}
