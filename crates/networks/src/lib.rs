//! What LoRaWAN network servers send, turned into one shape: [`Event`].
//!
//! Second station of a reading's path. The ingester calls [`parse`] once for each webhook body and puts the
//! events on the queue as [`message`]s; behind the queue the tracking service turns an uplink's payload into
//! readings with [`payload`], and says something to a tracker with [`downlink`]. `isotherm decode` prints the same events as [`decode`] shows them.
//!
//! It must not know: a socket, a header, a clock, a database, or which devices exist.

mod actility;
mod aws_iot_core;
mod chirpstack;
mod chirpstack_v3;
pub mod decode;
pub mod downlink;
mod event;
mod everynet;
mod fields;
mod helium;
mod kerlink;
mod keys;
mod loriot;
pub mod message;
mod milesight;
pub mod mqtt;
mod netmore;
mod network;
mod orange;
pub mod payload;
mod senet;
mod the_things_stack;

pub use actility::{OtherBody, SignedQuery, SignedValues, signed_values};
pub use event::{Event, EventKind, Gateway, Location};
pub use keys::without_keys;
pub use network::{Network, UnknownNetwork};

/// Why a webhook's body can never be read. Sending the same body again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not JSON, or a value of a kind that its field cannot have.
    #[error("line {line}, column {column}: {reason}")]
    Malformed { line: usize, column: usize, reason: String },
    /// Bytes that are no JSON, and no protobuf message of this sender either.
    #[error("as a protobuf message (JSON would begin with {{): {0}")]
    Protobuf(String),
    /// A value in XML that its field cannot have, or more XML than is read.
    #[error("in the XML: {0}")]
    Xml(String),
    /// An event of this kind always has the field.
    #[error("the field `{field}` is missing, which {sender} sends with every {kind}")]
    Missing { field: &'static str, sender: Network, kind: EventKind },
}

/// Reads one webhook body: every event in it, in the order of the body. A list without an event is none.
///
/// `event` is the sender's own word for the kind, from the query or the path of its URL. A word that the
/// network is known to use decides; without one, or with one that somebody made up, the body's shape does.
/// Fields left out because they are the sender's default are filled in, others are `None`.
pub fn parse(network: Network, event: Option<&str>, body: &[u8]) -> Result<Vec<Event>, ParseError> {
    let event = event.filter(|word| !word.is_empty());
    let one = match network {
        Network::Milesight => return milesight::parse(event, body),
        Network::Netmore => return netmore::parse(body),
        Network::Chirpstack => chirpstack::parse(event, body),
        Network::ChirpstackV3 => chirpstack_v3::parse(event, body),
        Network::TheThingsStack => the_things_stack::parse(event, body),
        Network::Helium => helium::parse(event, body),
        Network::Actility => actility::parse(body),
        Network::Loriot => loriot::parse(body),
        Network::AwsIotCore => aws_iot_core::parse(body),
        Network::Everynet => everynet::parse(body),
        Network::Kerlink => kerlink::parse(event, body),
        Network::Senet => senet::parse(body),
        Network::Orange => orange::parse(body),
    };
    one.map(|event| vec![event])
}

/// Where the network asks by this body whether it may post here, before it posts anything and without a credential: the address by
/// which a person says yes. It is the network's own; nothing here ever opens it.
pub fn confirmation(network: Network, body: &[u8]) -> Option<String> {
    match network {
        Network::AwsIotCore => aws_iot_core::confirmation(body),
        _ => None,
    }
}
