//! The network servers whose webhooks can be read, by the names that users write.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A LoRaWAN network server as a sender of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// ChirpStack v4, JSON or protobuf.
    Chirpstack,
    /// ChirpStack v3, JSON of both marshalers.
    ChirpstackV3,
    /// The Things Stack v3, cloud or own installation, JSON.
    TheThingsStack,
    /// Helium, from its first console in JSON, or from its ChirpStack.
    Helium,
    /// Actility's ThingPark, JSON or XML.
    Actility,
    /// LORIOT, JSON.
    Loriot,
    /// AWS IoT Core for LoRaWAN, JSON by a rule that posts over HTTP.
    AwsIotCore,
    /// Milesight's gateways and platform, JSON.
    Milesight,
    /// Netmore, JSON.
    Netmore,
    /// Everynet, JSON.
    Everynet,
    /// Kerlink's Wanesy, JSON.
    Kerlink,
    /// Senet and SenRa, JSON of both formats.
    Senet,
    /// Orange's Live Objects, JSON.
    Orange,
}

/// A name that is none of [`Network::ALL`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known network; known are {known}", known = Network::names())]
pub struct UnknownNetwork(String);

impl Network {
    pub const ALL: [Self; 13] = [
        Self::Chirpstack,
        Self::ChirpstackV3,
        Self::TheThingsStack,
        Self::Helium,
        Self::Actility,
        Self::Loriot,
        Self::AwsIotCore,
        Self::Milesight,
        Self::Netmore,
        Self::Everynet,
        Self::Kerlink,
        Self::Senet,
        Self::Orange,
    ];

    /// The name in commands, configuration and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chirpstack => "chirpstack",
            Self::ChirpstackV3 => "chirpstack-v3",
            Self::TheThingsStack => "the-things-stack",
            Self::Helium => "helium",
            Self::Actility => "actility",
            Self::Loriot => "loriot",
            Self::AwsIotCore => "aws-iot-core",
            Self::Milesight => "milesight",
            Self::Netmore => "netmore",
            Self::Everynet => "everynet",
            Self::Kerlink => "kerlink",
            Self::Senet => "senet",
            Self::Orange => "orange",
        }
    }

    /// Whether its sender can sign what it posts with a key that both sides keep.
    pub const fn signs(self) -> bool {
        matches!(self, Self::Actility)
    }

    /// Whether it asks before it posts, without a credential, whether it may: [`confirmation`](crate::confirmation).
    pub const fn asks_first(self) -> bool {
        matches!(self, Self::AwsIotCore)
    }

    /// All names, as a text for whoever has to choose one.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Whether it sends webhooks of this content type, which is in lower case and without parameters. All send JSON.
    pub fn sends(self, content_type: &str) -> bool {
        content_type == "text/json"
            || content_type.ends_with("+json")
            || self.content_types().contains(&content_type)
    }

    /// The content types of its webhooks, as it should name them; which of them a body is tells the body.
    pub const fn content_types(self) -> &'static [&'static str] {
        match self {
            // As ChirpStack says it, and as it is registered (draft-ietf-dispatch-mime-protobuf) or used.
            Self::Chirpstack | Self::Helium => &[
                "application/json",
                "application/octet-stream",
                "application/protobuf",
                "application/x-protobuf",
            ],
            Self::Actility => &["application/json", "application/xml", "text/xml"],
            _ => &["application/json"],
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(name: &str) -> Result<Self, UnknownNetwork> {
        let known = Self::ALL.into_iter().find(|network| network.name() == name);
        known.ok_or_else(|| UnknownNetwork(name.chars().take(60).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_is_read_by_the_name_it_is_written_with() {
        for network in Network::ALL {
            assert_eq!(network.to_string().parse(), Ok(network));
            assert_eq!(serde_json::to_string(&network).unwrap(), format!("\"{network}\""));
        }
    }

    #[test]
    fn every_network_sends_json_chirpstack_protobuf_and_thingpark_xml_too() {
        for network in Network::ALL {
            for json in ["application/json", "text/json", "application/problem+json"] {
                assert!(network.sends(json), "{network}: {json}");
            }
            let is_chirpstack = matches!(network, Network::Chirpstack | Network::Helium);
            assert_eq!(network.sends("application/octet-stream"), is_chirpstack, "{network}");
            assert_eq!(network.sends("text/xml"), network == Network::Actility, "{network}");
            assert!(!network.sends("text/plain") && !network.sends(""), "{network}");
        }
    }

    #[test]
    fn an_unknown_network_is_answered_with_the_known_ones() {
        let refused = "carrier-pigeon".parse::<Network>().unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("`carrier-pigeon` is not a known network; known are {}", Network::names())
        );
        assert!(Network::names().starts_with("chirpstack, chirpstack-v3, the-things-stack, "));
    }
}
