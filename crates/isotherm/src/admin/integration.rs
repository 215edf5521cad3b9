//! Integrations: what may post webhooks, how it proves that it is who it says, and from where it may.

use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::sender::AddressRange;
use networks::Network;
use serde_json::{Value, json};
use store::{Connection, Credential, Integration, StoreError};
use tracking::credentials::{given_credential, new_credential};

use super::{open, read_first_line};
use crate::config::Config;
use crate::serve::Database;
use crate::{Failure, clock};

#[derive(clap::Subcommand)]
pub enum IntegrationCommand {
    /// Adds a webhook source and prints its token, once
    ///
    /// Example: isotherm admin integration add --id depot --network chirpstack --allow 203.0.113.0/24
    Add(Wanted),
    /// Lists all there are, without their secrets
    ///
    /// Example: isotherm admin integration list
    List,
    /// Gives it a new token and prints it, once; the older one counts too until it is retired
    ///
    /// Example: isotherm admin integration rotate --id depot
    Rotate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        token: Token,
    },
    /// Drops the older token, once the sender has the new one
    ///
    /// Example: isotherm admin integration retire --id depot
    Retire(Which),
    /// Says where its webhooks may come from, in the place of what was said before
    ///
    /// Example: isotherm admin integration allow --id depot --allow 203.0.113.0/24 --allow 2001:db8::/32
    Allow {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        from: From,
    },
    /// Takes no webhook of it any more
    ///
    /// Example: isotherm admin integration disable --id depot
    Disable(Which),
    /// Takes its webhooks again
    ///
    /// Example: isotherm admin integration enable --id depot
    Enable(Which),
}

#[derive(clap::Args)]
pub struct Wanted {
    /// Lower-case letters, digits and hyphens; part of the webhook's address
    #[arg(long)]
    id: String,
    #[arg(long, help = format!("One of {}", Network::names()))]
    network: Network,
    #[command(flatten)]
    token: Token,
    #[command(flatten)]
    from: From,
    /// Answer 503 while the broker is away: for senders that try again by themselves
    #[arg(long)]
    refuse_when_broker_away: bool,
    /// The organisation's name; the one that the first start made where absent
    #[arg(long)]
    organisation: Option<String>,
}

#[derive(clap::Args)]
pub struct Which {
    /// As `isotherm admin integration list` shows it
    #[arg(long)]
    id: String,
}

#[derive(clap::Args)]
pub struct Token {
    /// Reads the token from the first line of standard input, where the network server made it, instead of making one
    #[arg(long)]
    token_stdin: bool,
}

impl Token {
    fn credential(&self, network: Network) -> Result<(String, Credential), Failure> {
        if !self.token_stdin {
            return Ok(new_credential(network));
        }
        given_credential(network, &read_first_line()?).map_err(Failure::bad)
    }
}

#[derive(clap::Args)]
pub struct From {
    /// Where webhooks may come from, in CIDR notation or as one address; may be repeated; from anywhere where absent
    #[arg(long, value_name = "RANGE")]
    allow: Vec<AddressRange>,
}

pub async fn run(
    config: &Config,
    database: &Database,
    command: IntegrationCommand,
) -> Result<Value, Failure> {
    use IntegrationCommand::{Add, Allow, Disable, Enable, List, Retire, Rotate};
    let named = if let Add(wanted) = &command { wanted.organisation.as_deref() } else { None };
    let (mut db, organisation) = open(config, database, named).await?;
    let db = &mut db;
    match command {
        Add(wanted) => add(db, organisation, wanted).await,
        List => Ok(all(db).await?.iter().map(shown).collect()),
        Rotate { which: Which { id }, token } => rotate(db, &id, &token).await,
        Retire(Which { id }) => retire(db, &id).await,
        Allow { which: Which { id }, from } => allow(db, &id, &from.allow).await,
        Disable(Which { id }) => disable(db, &id, Some((clock::machine())())).await,
        Enable(Which { id }) => disable(db, &id, None).await,
    }
}

async fn add(db: &mut Connection, organisation: OrganisationId, wanted: Wanted) -> Result<Value, Failure> {
    let (token, credential) = wanted.token.credential(wanted.network)?;
    let integration = Integration {
        allowed: wanted.from.allow,
        refuse_when_broker_away: wanted.refuse_when_broker_away,
        ..Integration::new(&wanted.id, organisation, wanted.network.name(), credential)
    };
    let id = &integration.id;
    db.add_integration(&integration, (clock::machine())()).await.map_err(|error| refusal(id, error))?;
    Ok(with_token(id, &token))
}

/// The token, which is shown this once.
fn with_token(id: &str, token: &str) -> Value {
    json!({ "id": id, "path": path(id), "token": token })
}

fn path(id: &str) -> String {
    format!("/webhooks/{id}")
}

/// What there is to know of an integration, but for its secrets.
fn shown(integration: &Integration) -> Value {
    json!({
        "id": integration.id,
        "path": path(&integration.id),
        "organisation": integration.organisation,
        "network": integration.network,
        "has_older_token": integration.older.is_some(),
        "allowed": integration.allowed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "refuse_when_broker_away": integration.refuse_when_broker_away,
        "disabled_at": integration.disabled_at,
        "confirm_url": integration.question.as_ref().map(|question| &question.url),
        "confirm_asked_at": integration.question.as_ref().map(|question| question.asked_at),
    })
}

async fn all(db: &mut Connection) -> Result<Vec<Integration>, Failure> {
    db.all_integrations().await.map_err(Failure::bad)
}

/// Whoever has the command line has the integrations of all organisations.
async fn find(db: &mut Connection, id: &str) -> Result<Integration, Failure> {
    let found = all(db).await?.into_iter().find(|integration| integration.id == id);
    found.ok_or_else(|| {
        Failure::bad(format!("there is no integration `{id}`; `isotherm admin integration list` shows all"))
    })
}

async fn rotate(db: &mut Connection, id: &str, token: &Token) -> Result<Value, Failure> {
    let integration = find(db, id).await?;
    if integration.disabled_at.is_some() {
        let told = format!("`{id}` is disabled; `isotherm admin integration enable --id {id}` comes first");
        return Err(Failure::bad(told));
    }
    let network = integration.network.parse().map_err(Failure::bad)?;
    let (token, credential) = token.credential(network)?;
    if !db.rotate_integration(integration.organisation, id, &credential).await.map_err(Failure::bad)? {
        return Err(Failure::bad(format!(
            "`{id}` has an older token still, and its sender may be using it; when it is not, \
             `isotherm admin integration retire --id {id}` comes first"
        )));
    }
    eprintln!(
        "isotherm: the older token counts too, until `isotherm admin integration retire --id {id}` drops it"
    );
    Ok(with_token(id, &token))
}

async fn retire(db: &mut Connection, id: &str) -> Result<Value, Failure> {
    let integration = find(db, id).await?;
    if !db.retire_integration(integration.organisation, id).await.map_err(Failure::bad)? {
        return Err(Failure::bad(format!("`{id}` has no older token")));
    }
    Ok(shown(&Integration { older: None, ..integration }))
}

async fn allow(db: &mut Connection, id: &str, allowed: &[AddressRange]) -> Result<Value, Failure> {
    let integration = find(db, id).await?;
    db.allow_integration(integration.organisation, id, allowed).await.map_err(Failure::bad)?;
    if allowed.is_empty() {
        eprintln!("isotherm: webhooks of `{id}` are taken from anywhere");
    }
    Ok(shown(&Integration { allowed: allowed.to_vec(), ..integration }))
}

async fn disable(db: &mut Connection, id: &str, since: Option<DateTime<Utc>>) -> Result<Value, Failure> {
    let integration = find(db, id).await?;
    db.disable_integration(integration.organisation, id, since).await.map_err(Failure::bad)?;
    Ok(shown(&find(db, id).await?))
}

fn refusal(id: &str, error: StoreError) -> Failure {
    if error.is_refused_by("integrations_pkey") {
        return Failure::bad(format!("an integration `{id}` exists already"));
    }
    if error.is_refused_by("integrations_id_check") {
        return Failure::bad(format!(
            "`{id}` is no id: write lower-case letters, digits and hyphens, at most 63"
        ));
    }
    Failure::bad(error)
}
