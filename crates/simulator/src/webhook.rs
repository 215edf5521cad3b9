//! What the network reports, as each network server posts it.
//!
//! Written from the networks' own documents, and without a look at what reads it.

mod actility;
mod aws_iot_core;
mod chirpstack;
mod loriot;
mod the_things_stack;

use std::str::FromStr;

use serde_json::Value;
use tracker::Region;

use crate::world::Report;

/// The network servers that are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sender {
    /// The only one whose downlinks are played, too.
    #[default]
    Chirpstack,
    TheThingsStack,
    Actility,
    Loriot,
    AwsIotCore,
}

/// The word for `?event=`, empty where the network has none, and the body.
pub type Post = (&'static str, Value);

/// A name that is none of [`Sender::ALL`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not played; those that are: {names}", names = Sender::ALL.map(Sender::name).join(", "))]
pub struct NotPlayed(String);

impl Sender {
    pub const ALL: [Self; 5] =
        [Self::Chirpstack, Self::TheThingsStack, Self::Actility, Self::Loriot, Self::AwsIotCore];

    /// As integrations have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chirpstack => "chirpstack",
            Self::TheThingsStack => "the-things-stack",
            Self::Actility => "actility",
            Self::Loriot => "loriot",
            Self::AwsIotCore => "aws-iot-core",
        }
    }

    /// What it posts of a report: nothing of what it does not tell, and two of an uplink where it tells of it twice.
    pub fn posts(self, report: &Report, region: Region) -> Vec<Post> {
        match self {
            Self::Chirpstack => vec![chirpstack::post(report, region)],
            Self::TheThingsStack => the_things_stack::post(report, region).into_iter().collect(),
            Self::Actility => actility::post(report).into_iter().collect(),
            Self::Loriot => loriot::posts(report),
            Self::AwsIotCore => aws_iot_core::post(report, region).into_iter().collect(),
        }
    }
}

/// Adds a field that is not always there.
fn put(body: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = body {
        fields.insert(name.to_owned(), value.into());
    }
}

impl FromStr for Sender {
    type Err = NotPlayed;

    fn from_str(name: &str) -> Result<Self, NotPlayed> {
        let known = Self::ALL.into_iter().find(|sender| sender.name() == name);
        known.ok_or_else(|| NotPlayed(name.chars().take(60).collect()))
    }
}
