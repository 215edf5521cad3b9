//! One source of settings: the default, a file, or a variable of the environment.
//!
//! Every value may be a secret, so no error repeats one: it says where, which key, and what is expected there.

use std::path::Path;

use figment::providers::Env;
use figment::util::nest;
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

const PREFIX: &str = "ISOTHERM_";
/// The environment's own names, which are no settings.
const NOT_SETTINGS: [&str; 2] = ["test_postgres", "test_amqp"];

/// The sections whose keys are the user's own: ids of integrations, each with these settings.
const OF_INTEGRATIONS: [(&str, &[&str]); 2] =
    [("downlinks", &["url", "key", "webhook"]), ("pull", &["url", "client", "username", "password", "ca"])];

/// Settings of one place.
pub struct Layer {
    place: String,
    values: Dict,
}

impl Layer {
    /// The layer below all others, with every setting there is: it says which keys the others may have, and the
    /// type of each.
    pub fn default(text: &str) -> Result<Self, String> {
        let place = "the default".to_owned();
        let values = read_toml(text).map_err(|reason| format!("{place}: {reason}"))?;
        Ok(Self { place, values })
    }

    pub fn file(file: &Path, default: &Self) -> Result<Self, String> {
        let place = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| format!("{place}: {error}"))?;
        let values = read_toml(&text).map_err(|reason| format!("{place}: {reason}"))?;
        Self { place, values }.of_the_types_in(default)
    }

    /// One layer a variable, so that an error can name it.
    pub fn environment(default: &Self) -> Result<Vec<Self>, String> {
        let variables = Env::prefixed(PREFIX).ignore(&NOT_SETTINGS).split("__");
        variables.iter().map(|(key, text)| Self::variable(key.as_str(), text, default)).collect()
    }

    /// The environment holds texts only. What is to be something else and is none stays one, and is refused as one.
    fn variable(key: &str, text: String, default: &Self) -> Result<Self, String> {
        let place = format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"));
        let known = Value::from(default.values.clone());
        let number = || text.trim().parse::<u64>().ok().map(Value::from);
        let value = match known.find_ref(key) {
            Some(Value::Num(..)) => number().unwrap_or_else(|| Value::from(text)),
            Some(Value::Bool(..)) => {
                text.trim().parse::<bool>().map_or_else(|_| Value::from(text), Value::from)
            }
            _ => Value::from(text),
        };
        let values = nest(key, value).into_dict().unwrap_or_default();
        Self { place, values }.of_the_types_in(default)
    }

    fn of_the_types_in(self, default: &Self) -> Result<Self, String> {
        match mismatch(&self.values, &default.values, "") {
            Some(reason) => Err(format!("{}: {reason}", self.place)),
            None => Ok(self),
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.place.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

fn read_toml(text: &str) -> Result<Dict, String> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = 1 + before.get(line_start..).unwrap_or_default().chars().count();
        let line = 1 + before.matches('\n').count();
        format!("line {line}, column {column}: {}", error.message())
    })
}

fn mismatch(given: &Dict, known: &Dict, section: &str) -> Option<String> {
    given.iter().find_map(|(name, value)| {
        let key = format!("{section}{name}");
        if let Some((_, settings)) = OF_INTEGRATIONS.iter().find(|(section, _)| *section == key) {
            return mismatch_of_integrations(value, &key, settings);
        }
        match (known.get(name), value) {
            (Some(Value::Dict(_, known)), Value::Dict(_, given)) => {
                mismatch(given, known, &format!("{key}."))
            }
            (Some(Value::Dict(..)), _) => Some(format!("{key}: a section is expected")),
            (Some(Value::Num(..)), value) if !is_whole(value) => {
                Some(format!("{key}: a whole number from 0 to 2^64 - 1 is expected"))
            }
            (Some(Value::Bool(..)), value) if value.to_bool().is_none() => {
                Some(format!("{key}: true or false is expected"))
            }
            (Some(Value::String(..)), value) if value.as_str().is_none() => {
                Some(format!("{key}: a text in quotes is expected"))
            }
            (Some(_), _) => None,
            (None, _) => Some(format!("there is no setting {key}; `isotherm config` prints all there are")),
        }
    })
}

fn mismatch_of_integrations(value: &Value, own: &str, settings: &[&str]) -> Option<String> {
    let section = |key: &str| Some(format!("{key}: a section is expected"));
    let Value::Dict(_, integrations) = value else { return section(own) };
    let texts: Dict = settings.iter().map(|name| ((*name).to_owned(), Value::from(""))).collect();
    integrations.iter().find_map(|(integration, settings)| {
        let key = format!("{own}.{integration}");
        let Value::Dict(_, given) = settings else { return section(&key) };
        mismatch(given, &texts, &format!("{key}."))
    })
}

fn is_whole(value: &Value) -> bool {
    let Value::Num(_, number) = value else { return false };
    let number = number.to_u128().or_else(|| number.to_i128().and_then(|number| number.try_into().ok()));
    number.is_some_and(|number| u64::try_from(number).is_ok())
}
