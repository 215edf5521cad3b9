//! The configuration: defaults, file, environment, options; the later wins.

mod layer;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use figment::Figment;
use figment::error::Kind;
use figment::providers::Serialized;
use serde::{Deserialize, Deserializer, de};
use tracking::Quotas;

use self::layer::Layer;

/// What `isotherm config` prints, and what holds where nothing else is said.
pub const DEFAULT: &str = include_str!("default.toml");

/// A text that must not be printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "(secret)" })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data_dir: PathBuf,
    pub http: Http,
    pub database: Database,
    pub queue: Queue,
    pub spool: Spool,
    pub ingest: Ingest,
    pub smtp: Smtp,
    pub organisation: Organisation,
    /// By the ids of integrations.
    pub downlinks: BTreeMap<String, Downlinks>,
    /// By the ids of integrations.
    pub pull: BTreeMap<String, Pull>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    pub tls: TlsFiles,
    pub limits: Limits,
}

/// Requests a minute; 0: any number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub per_user: u32,
    pub per_address: u32,
    pub log_ins: u32,
    pub behind_proxy: bool,
}

impl Limits {
    pub fn quotas(&self) -> Quotas {
        let Self { per_user, per_address, log_ins, behind_proxy } = *self;
        Quotas { per_user, per_address, log_ins, behind_proxy }
    }
}

/// Both or none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    pub fn are_named(&self) -> bool {
        !self.cert.as_os_str().is_empty()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: Secret,
    pub binaries: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    pub url: Secret,
    pub prefix: String,
    pub linger_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spool {
    pub max_bytes: u64,
    pub min_free_bytes: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    pub tracking_url: String,
    pub tracking_ca: PathBuf,
    pub token: Secret,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub url: Secret,
    pub from: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    pub name: String,
}

/// The network server that takes the downlinks of an integration's trackers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Downlinks {
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub key: Secret,
    /// The webhook's id on The Things Stack.
    #[serde(default)]
    pub webhook: String,
}

/// The MQTT broker where an integration's events are fetched.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pull {
    pub url: String,
    /// The client's id there; made of the integration's where it is empty.
    pub client: String,
    pub username: String,
    pub password: Secret,
    /// A PEM file.
    pub ca: PathBuf,
}

/// What the command line says.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Options {
    /// The configuration file (TOML); `isotherm config` prints one with every default.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where everything embedded lives (`data_dir`).
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// Where the service answers (`http.listen`).
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    listen: Option<SocketAddr>,
}

impl Config {
    pub fn load(options: &Options) -> Result<Self, String> {
        let default = Layer::default(DEFAULT)?;
        let file = options.config.as_deref().map(|file| Layer::file(file, &default)).transpose()?;
        let environment = Layer::environment(&default)?;
        let mut figment = Figment::from(default);
        for layer in file.into_iter().chain(environment) {
            figment = figment.merge(layer);
        }
        if let Some(data) = &options.data {
            figment = figment.merge(Serialized::default("data_dir", data));
        }
        if let Some(listen) = &options.listen {
            figment = figment.merge(Serialized::default("http.listen", listen));
        }
        let config: Self = figment.extract().map_err(|error| reason(&error))?;
        config.check()
    }

    fn check(self) -> Result<Self, String> {
        if self.queue.linger_ms > 20 {
            return Err("queue.linger_ms: 0 to 20 is expected".to_owned());
        }
        match [&self.http.tls.cert, &self.http.tls.key].map(|file| file.as_os_str().is_empty()) {
            [false, true] => {
                return Err("http.tls.key: the key's file is expected beside http.tls.cert".to_owned());
            }
            [true, false] => {
                return Err("http.tls.cert: a certificate's file is expected beside http.tls.key".to_owned());
            }
            _ => {}
        }
        if let Some((integration, _)) =
            self.downlinks.iter().find(|(_, to)| to.url.is_empty() || to.key.0.is_empty())
        {
            return Err(format!("downlinks.{integration}: url and key are expected"));
        }
        if let Some((integration, _)) = self.pull.iter().find(|(_, from)| from.url.is_empty()) {
            return Err(format!("pull.{integration}: a url is expected"));
        }
        if self.organisation.name.trim().is_empty() {
            return Err("organisation.name: a name is expected".to_owned());
        }
        Ok(self)
    }

    pub fn is_database_embedded(&self) -> bool {
        self.database.url.0 == "embedded:"
    }

    pub fn is_queue_embedded(&self) -> bool {
        self.queue.url.0 == "embedded:"
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| de::Error::custom("an address and port such as 127.0.0.1:8080 is expected"))
}

/// What figment's own message would repeat is the value, which may be a secret.
fn reason(error: &figment::Error) -> String {
    let told = match &error.kind {
        Kind::Message(message) => message.clone(),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("{expected} is expected"),
        _ => "cannot be read".to_owned(),
    };
    let place = error.metadata.as_ref().map_or("the configuration", |metadata| metadata.name.as_ref());
    format!("{place}: {}: {told}", error.path.join("."))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_printed_default_is_the_default() {
        let config = Config::load(&Options::default()).unwrap();
        assert!(config.is_database_embedded() && config.is_queue_embedded());
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn options_win_over_the_file_and_an_unknown_key_is_named() {
        let folder = std::env::temp_dir().join(format!("isotherm-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.toml");
        std::fs::write(&file, "data_dir = \"x\"\n[http]\nlisten = \"0.0.0.0:1\"\n").unwrap();
        let options = |file: &Path| Options {
            config: Some(file.to_owned()),
            data: None,
            listen: Some("127.0.0.1:2".parse().unwrap()),
        };
        let config = Config::load(&options(&file)).unwrap();
        assert_eq!((config.data_dir, config.http.listen.port()), (PathBuf::from("x"), 2));
        std::fs::write(&file, "[http]\nport = 1\n").unwrap();
        let error = Config::load(&options(&file)).unwrap_err();
        let told = "there is no setting http.port; `isotherm config` prints all there are";
        assert_eq!(error, format!("{}: {told}", file.display()));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn downlinks_go_by_integrations_and_an_unknown_key_of_one_is_named() {
        let folder = std::env::temp_dir().join(format!("isotherm-downlinks-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a.toml");
        let options = Options { config: Some(file.clone()), data: None, listen: None };
        let load = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Config::load(&options)
        };
        let config = load("[downlinks.depot]\nurl = \"http://127.0.0.1:1\"\nkey = \"hunter2\"\n").unwrap();
        let depot = &config.downlinks["depot"];
        assert_eq!((depot.url.as_str(), depot.key.0.as_str()), ("http://127.0.0.1:1", "hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
        for (text, told) in [
            ("[downlinks]\ndepot = 7\n", "downlinks.depot: a section is expected"),
            ("[downlinks.depot]\nurl = 7\n", "downlinks.depot.url: a text in quotes is expected"),
            (
                "[downlinks.depot]\nurl = \"\"\ntoken = \"hunter2\"\n",
                "there is no setting downlinks.depot.token; `isotherm config` prints all there are",
            ),
        ] {
            let error = load(text).unwrap_err();
            assert_eq!(error, format!("{}: {told}", file.display()), "{text}");
        }
        let without_key = load("[downlinks.depot]\nurl = \"http://127.0.0.1:1\"\n").unwrap_err();
        assert_eq!(without_key, "downlinks.depot: url and key are expected");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_secret_is_never_printed() {
        let config = Config::load(&Options::default()).unwrap();
        let mut config = config;
        config.smtp.url = Secret("smtp://user:hunter2@host".into());
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
