//! The network servers that take downlinks, by the integrations that bring their uplinks.

use std::collections::BTreeMap;
use std::time::Duration;

use networks::Network;
use networks::downlink::chirpstack::{self, EnqueueRequest, EnqueueResponse};
use networks::downlink::{Frame, the_things_stack};
use store::DueDownlink;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::notify::in_full;

/// A network server that does not answer must not hold up the others for long.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 300;

/// How a network server is reached.
#[derive(Clone)]
pub struct NetworkServer {
    url: String,
    key: String,
    authorization: MetadataValue<Ascii>,
    webhook: String,
    channel: Channel,
    client: reqwest::Client,
}

/// Why it could not be reached by what is configured.
#[derive(Debug, thiserror::Error)]
pub enum NetworkServerError {
    #[error("the url is none: write http:// or https:// with a host, such as https://lns.example.org:8080")]
    Url,
    #[error("the key holds what no header can")]
    Key,
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

impl NetworkServer {
    /// Connects when there is something to hand over. `webhook` is the id that a webhook has on The Things Stack.
    /// Called in a runtime.
    pub fn new(url: &str, key: &str, webhook: &str) -> Result<Self, NetworkServerError> {
        let url = url.trim_end_matches('/').to_owned();
        let is_url = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
        let mut endpoint = Endpoint::from_shared(url.clone())
            .ok()
            .filter(|endpoint| is_url && endpoint.uri().host().is_some())
            .ok_or(NetworkServerError::Url)?
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE);
        if url.starts_with("https://") {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_webpki_roots())?;
        }
        let mut authorization: MetadataValue<Ascii> =
            format!("Bearer {key}").parse().map_err(|_| NetworkServerError::Key)?;
        authorization.set_sensitive(true);
        Ok(Self {
            channel: endpoint.connect_lazy(),
            client: reqwest::Client::builder().timeout(PATIENCE).build()?,
            key: key.to_owned(),
            webhook: webhook.to_owned(),
            authorization,
            url,
        })
    }
}

/// Why a network server did not take a downlink.
pub enum Refusal {
    /// It may later.
    ForNow(String),
    /// It never will.
    ForGood(String),
}

/// All that are configured.
#[derive(Clone, Default)]
pub struct NetworkServers(BTreeMap<String, NetworkServer>);

impl NetworkServers {
    /// By the ids of the integrations.
    pub fn new(servers: BTreeMap<String, NetworkServer>) -> Self {
        Self(servers)
    }

    pub(super) fn integrations(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The name by which the network speaks of it from now on.
    pub(super) async fn hand_over(&self, due: &DueDownlink) -> Result<String, Refusal> {
        let integration = &due.integration;
        let server = self.0.get(integration).ok_or_else(|| {
            Refusal::ForNow(format!("no network server is configured for the integration {integration}"))
        })?;
        let frame = Frame { f_port: due.f_port, payload: due.payload.clone() };
        match due.network.parse() {
            Ok(Network::Chirpstack) => server.enqueue(due, frame).await,
            Ok(Network::TheThingsStack) => server.push(due, &frame).await,
            Ok(other) => Err(Refusal::ForGood(format!("downlinks by {other} are not known yet"))),
            Err(error) => Err(Refusal::ForGood(error.to_string())),
        }
    }
}

impl NetworkServer {
    async fn enqueue(&self, due: &DueDownlink, frame: Frame) -> Result<String, Refusal> {
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| Refusal::ForNow(in_full(&error)))?;
        let mut request = Request::new(chirpstack::enqueue(due.dev_eui, frame, due.expires_at));
        request.metadata_mut().insert("authorization", self.authorization.clone());
        let codec = ProstCodec::<EnqueueRequest, EnqueueResponse>::default();
        let answer = client.unary(request, PathAndQuery::from_static(chirpstack::ENQUEUE), codec).await;
        Ok(answer.map_err(|status| refusal_of(&status))?.into_inner().id)
    }

    async fn push(&self, due: &DueDownlink, frame: &Frame) -> Result<String, Refusal> {
        let address = due.address.application.as_deref().zip(due.address.device.as_deref());
        let path = address.and_then(|(application, device)| {
            the_things_stack::push_path(the_things_stack::Device { application, device }, &self.webhook)
        });
        let path = path.ok_or_else(|| {
            let told = "application, device and webhook must be known: the webhook's id stands in the configuration, \
                        the others in each uplink";
            Refusal::ForGood(told.to_owned())
        })?;
        let name = format!("isotherm:{}:{}", due.dev_eui, due.number);
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let answer = request.json(&the_things_stack::push(frame, &name)).send().await;
        let answer = answer.map_err(|error| Refusal::ForNow(in_full(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(name);
        }
        let reason = cut(&format!("{status}: {}", answer.text().await.unwrap_or_default()));
        // What it says of the request; what it says of itself, of the key or of haste passes.
        let is_final = matches!(status.as_u16(), 400 | 404 | 409 | 422);
        Err(if is_final { Refusal::ForGood(reason) } else { Refusal::ForNow(reason) })
    }
}

fn refusal_of(status: &Status) -> Refusal {
    let reason = cut(&format!("{}: {}", status.code(), status.message()));
    match status.code() {
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition | Code::OutOfRange => {
            Refusal::ForGood(reason)
        }
        _ => Refusal::ForNow(reason),
    }
}

/// PostgreSQL's text cannot hold U+0000.
fn cut(text: &str) -> String {
    text.chars().filter(|letter| *letter != '\0').take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use domain::DevEui;
    use domain::ids::{OrganisationId, TrackerId};
    use store::NetworkAddress;

    use super::*;

    #[tokio::test]
    async fn a_network_that_takes_no_downlinks_yet_refuses_for_good_and_by_its_name() {
        let server = NetworkServer::new("http://127.0.0.1:1", "key", "isotherm").unwrap();
        let servers = NetworkServers::new([("depot".to_owned(), server)].into());
        let taking = [Network::Chirpstack, Network::TheThingsStack];
        for network in Network::ALL.into_iter().filter(|network| !taking.contains(network)) {
            let due = DueDownlink {
                organisation: OrganisationId(1),
                tracker: TrackerId(1),
                dev_eui: DevEui(1),
                number: 1,
                integration: "depot".to_owned(),
                network: network.to_string(),
                address: NetworkAddress::default(),
                f_port: 10,
                payload: vec![1],
                expires_at: chrono::DateTime::UNIX_EPOCH,
                attempts: 0,
            };
            let refused = servers.hand_over(&due).await;
            let Err(Refusal::ForGood(reason)) = refused else { panic!("{network}") };
            assert!(reason.contains(network.name()), "{network}: {reason}");
        }
    }
}
