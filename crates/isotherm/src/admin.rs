//! `isotherm migrate` and `isotherm admin`: what must exist before anyone can log in or post.
//!
//! All work beside a running service and without one; what is kept in the database starts the embedded cluster then, for as
//! long as it runs.

mod api_key;
mod integration;
mod organisation;
pub mod self_signed;

use domain::OrganisationId;
use domain::access::Role;
use serde_json::json;
use store::embedded::Cluster;
use store::{Connection, NewUser, Store};
use tracking::credentials::{hash_password, is_email};

use self::api_key::WantedKey;
use self::integration::IntegrationCommand;
use self::self_signed::SelfSigned;
use crate::config::Config;
use crate::serve::{Database, open_database};
use crate::{Failure, clock, print_json};

#[derive(clap::Args)]
pub struct AdminOptions {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Organisations beside the one that the first start makes
    ///
    /// Example: isotherm admin organisation add --name "Depot North"
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// People who log in
    ///
    /// Example: echo "$PASSWORD" | isotherm admin user add --email q@example.org --role quality --password-stdin
    #[command(subcommand)]
    User(UserCommand),
    /// Network servers that post webhooks
    ///
    /// Example: isotherm admin integration add --id depot --network chirpstack
    #[command(subcommand)]
    Integration(IntegrationCommand),
    /// Keys by which programs of partners use the API
    ///
    /// Example: isotherm admin api-key add --partner "Novo Supply" --name "Batch release" --role supplier
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Certificates for `http.tls`
    ///
    /// Example: isotherm admin tls self-signed --host 192.168.1.20
    #[command(subcommand)]
    Tls(TlsCommand),
}

#[derive(clap::Subcommand)]
enum TlsCommand {
    /// Makes a certificate that nobody vouches for, with its key: for development and demonstrations
    ///
    /// Example: isotherm admin tls self-signed --host isotherm.local --host 192.168.1.20 --out /etc/isotherm
    SelfSigned(SelfSigned),
}

#[derive(clap::Subcommand)]
enum OrganisationCommand {
    /// Adds an organisation, whose users see nothing of another's
    ///
    /// Example: isotherm admin organisation add --name "Depot North"
    Add {
        /// At most 200 characters; how --organisation of the other commands names it
        #[arg(long)]
        name: String,
    },
}

#[derive(clap::Subcommand)]
enum UserCommand {
    /// Adds a user
    ///
    /// Example: echo "$PASSWORD" | isotherm admin user add --email q@example.org --role quality --password-stdin
    Add {
        #[arg(long)]
        email: String,
        /// As printed beside what the user does; the e-mail address where absent
        #[arg(long)]
        name: Option<String>,
        /// admin, coordinator, packer, courier, receiver, dispatcher, quality, supplier or auditor
        #[arg(long)]
        role: Role,
        /// Reads the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
        /// The organisation's name; the one that the first start made where absent
        #[arg(long)]
        organisation: Option<String>,
    },
}

#[derive(clap::Subcommand)]
enum ApiKeyCommand {
    /// Adds a key and prints it, once
    ///
    /// Example: isotherm admin api-key add --partner "Novo Supply" --name "Batch release" --role supplier
    Add {
        /// The name of the partner in whose name it acts; made where there is none
        #[arg(long)]
        partner: String,
        /// As printed beside what is done with it
        #[arg(long)]
        name: String,
        /// supplier (reads of its products) or dispatcher (a carrier's system, which hands in handovers)
        #[arg(long)]
        role: Role,
        /// The tenant's name; the one that the first start made where absent
        #[arg(long)]
        organisation: Option<String>,
    },
}

/// Brings the database to this version.
pub fn migrate(config: &Config) -> Result<(), Failure> {
    let database = open_database(config, Cluster::connect_or_start)?;
    let run = block_on(async {
        let run = store::migrate(&database.url).await.map_err(Failure::bad)?;
        open(config, &database, None).await?;
        Ok(run)
    })?;
    print_json(&json!({ "migrations": run }))
}

pub fn run(config: &Config, options: AdminOptions) -> Result<(), Failure> {
    match options.subject {
        Subject::Organisation(OrganisationCommand::Add { name }) => {
            let database = open_database(config, Cluster::connect_or_start)?;
            print_json(&block_on(add_organisation(config, &database, &name))?)
        }
        Subject::User(UserCommand::Add { email, name, role, organisation, .. }) => {
            let password_hash = hash_password(&read_first_line()?).map_err(Failure::bad)?;
            let database = open_database(config, Cluster::connect_or_start)?;
            let wanted = WantedUser { email, name, role, password_hash };
            print_json(&block_on(add_user(config, &database, wanted, organisation.as_deref()))?)
        }
        Subject::Integration(command) => {
            let database = open_database(config, Cluster::connect_or_start)?;
            print_json(&block_on(integration::run(config, &database, command))?)
        }
        Subject::ApiKey(ApiKeyCommand::Add { partner, name, role, organisation }) => {
            let database = open_database(config, Cluster::connect_or_start)?;
            let wanted = WantedKey { partner, name, role };
            print_json(&block_on(async {
                let (db, tenant) = open(config, &database, organisation.as_deref()).await?;
                api_key::add(db, tenant, wanted).await
            })?)
        }
        Subject::Tls(TlsCommand::SelfSigned(wanted)) => {
            print_json(&self_signed::make(wanted, (clock::machine())())?)
        }
    }
}

/// A secret, as whoever calls pipes it in: the first line, without its newline.
pub fn read_first_line() -> Result<String, Failure> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::bad(format!("standard input: {error}")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Runtime::new().map_err(Failure::bad)?.block_on(work)
}

/// A connection to a database of this version, and the organisation that is meant: the first one, which the
/// configuration names where it is made here, or the one of that name.
pub async fn open(
    config: &Config,
    database: &Database,
    organisation: Option<&str>,
) -> Result<(Connection, OrganisationId), Failure> {
    store::migrate(&database.url).await.map_err(Failure::bad)?;
    let store = Store::open(&database.url, 1).map_err(Failure::bad)?;
    let mut db = store.connect().await.map_err(Failure::bad)?;
    let first = db.first_organisation_or(&config.organisation.name, (clock::machine())()).await;
    let meant = match organisation {
        Some(name) => organisation::named(&mut db, name).await?,
        None => first.map_err(Failure::bad)?,
    };
    Ok((db, meant))
}

async fn add_organisation(
    config: &Config,
    database: &Database,
    name: &str,
) -> Result<serde_json::Value, Failure> {
    let (mut db, _) = open(config, database, None).await?;
    let id = organisation::add(&mut db, name).await?;
    Ok(json!({ "id": id, "name": name }))
}

struct WantedUser {
    email: String,
    name: Option<String>,
    role: Role,
    password_hash: String,
}

async fn add_user(
    config: &Config,
    database: &Database,
    wanted: WantedUser,
    organisation: Option<&str>,
) -> Result<serde_json::Value, Failure> {
    let WantedUser { email, name, role, password_hash } = wanted;
    if !is_email(&email) {
        return Err(Failure::bad(format!("`{email}` is no e-mail address")));
    }
    if let Some(name) = &name {
        organisation::check_name("--name", name)?;
    }
    let (mut db, organisation) = open(config, database, organisation).await?;
    let user = NewUser { organisation, email, name, role, password_hash };
    let (added, email) = (db.add_user(&user, (clock::machine())()).await, user.email.to_lowercase());
    let id = added.map_err(|error| match error {
        error if error.is_refused_by("users_email_key") => {
            Failure::bad(format!("a user {email} exists already"))
        }
        other => Failure::bad(other),
    })?;
    Ok(json!({ "id": id, "email": email, "role": role }))
}
