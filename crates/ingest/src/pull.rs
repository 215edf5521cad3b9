//! Integrations whose events are fetched: their network server's MQTT broker is asked, for sites that let nothing in.
//!
//! Same parse, same queue as a webhook. An event is acknowledged to the broker when it is on a disk here, and the broker
//! keeps what was published meanwhile, so that nothing is lost while this program is away, if the network publishes with
//! QoS 1. (The Things Stack has QoS 0 only.)

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::Uri;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use networks::message::RefusalReason;
use networks::mqtt;
use rumqttc::tokio_rustls::rustls::ClientConfig;
use rumqttc::{
    AsyncClient, ClientError, ConnectionError, Event, EventLoop, MqttOptions, Packet, Publish, QoS,
    SubscribeReasonCode, TlsConfiguration, Transport,
};
use tokio::sync::mpsc;

use crate::integrations::Integration;
use crate::take::{NotTaken, take};
use crate::{Ingester, MAX_BODY};

/// How many events wait for their place on a disk.
const AT_ONCE: usize = 256;

/// How many were read beyond these.
const READ_AHEAD: usize = 64;

/// MQTT numbers what is not acknowledged in 16 bits, so that acknowledgements never wait for room.
const REQUESTS: usize = 1 << 16;

/// A body that is larger than a webhook's must still be read, or it would come again and again.
const LARGEST_PACKET: usize = 16 * MAX_BODY;

const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The pause after a failure grows to the last.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

/// A broker that was away for as long as this is news; every broker is restarted now and then.
const NEWS_AFTER: Duration = Duration::from_secs(300);

/// Where an integration's events are fetched.
#[derive(Clone)]
pub struct Feed {
    integration: String,
    username: String,
    options: MqttOptions,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold the password.
        f.debug_struct("Feed").field("integration", &self.integration).finish_non_exhaustive()
    }
}

/// The address is none.
#[derive(Debug, thiserror::Error)]
#[error("the url is none: write mqtt:// or mqtts:// with a host, such as mqtts://lns.example.org:8883")]
pub struct NoAddress;

/// Who fetches: no two at a time may have the same `client`.
pub struct Login<'a> {
    pub client: &'a str,
    /// On The Things Stack the application's, such as `boxes@depot`. Empty: without a log-in.
    pub username: &'a str,
    pub password: &'a str,
}

impl Feed {
    /// `tls` says which authorities are believed, for `mqtts://`.
    pub fn new(
        integration: &str,
        url: &str,
        login: &Login<'_>,
        tls: Arc<ClientConfig>,
    ) -> Result<Self, NoAddress> {
        let address: Uri = url.parse().map_err(|_| NoAddress)?;
        let is_tls = match address.scheme_str() {
            Some("mqtt") => false,
            Some("mqtts") => true,
            _ => return Err(NoAddress),
        };
        let host = address.host().filter(|host| !host.is_empty()).ok_or(NoAddress)?;
        let port = address.port_u16().unwrap_or(if is_tls { 8883 } else { 1883 });
        let mut options = MqttOptions::new(login.client, host.trim_matches(['[', ']']), port);
        options
            .set_keep_alive(KEEP_ALIVE)
            .set_clean_session(false)
            .set_manual_acks(true)
            .set_max_packet_size(LARGEST_PACKET, LARGEST_PACKET);
        if !login.username.is_empty() {
            options.set_credentials(login.username, login.password);
        }
        if is_tls {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls)));
        }
        Ok(Self { integration: integration.to_owned(), username: login.username.to_owned(), options })
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("there is no such integration")]
    NoIntegration,
    #[error("its network cannot be fetched by MQTT with this user name; it can post webhooks")]
    NoTopics,
    #[error("its MQTT broker does not let us subscribe")]
    NotAllowed,
    #[error(transparent)]
    Connection(#[from] Box<ConnectionError>),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("an event cannot be stored: {0}")]
    NotStored(NotTaken),
}

/// Fetches until the service stops. A new connection is a new client: what the last one did not acknowledge comes again.
pub async fn run(ingester: Arc<Ingester>, feed: Feed) {
    let mut stop = ingester.shutdown.clone();
    let mut outage = Outage::default();
    loop {
        let ended = tokio::select! {
            ended = fetch(&ingester, &feed, &mut outage) => ended,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let pause = outage.failed();
        tracing::warn!(integration = feed.integration, reason = %ended, ?pause, "events cannot be fetched now");
        if outage.is_news()
            && let Some(known) = ingester.integrations.find(&feed.integration)
        {
            ingester.refusals.count(Some(&known.source), RefusalReason::Fetch);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Since when, and how often, a broker could not be reached.
#[derive(Default)]
struct Outage(Option<(Instant, usize)>);

impl Outage {
    fn over(&mut self) {
        self.0 = None;
    }

    /// The pause until the next attempt.
    fn failed(&mut self) -> Duration {
        let (_, times) = self.0.get_or_insert_with(|| (Instant::now(), 0));
        *times += 1;
        let [.., longest] = PAUSES;
        PAUSES.get(*times - 1).copied().unwrap_or(longest)
    }

    fn is_news(&self) -> bool {
        self.0.is_some_and(|(since, _)| since.elapsed() >= NEWS_AFTER)
    }
}

/// One connection, from its first packet to its end.
async fn fetch(ingester: &Ingester, feed: &Feed, outage: &mut Outage) -> Ended {
    let Some(known) = ingester.integrations.find(&feed.integration) else { return Ended::NoIntegration };
    let Some(topics) = mqtt::topics(known.network, &feed.username) else { return Ended::NoTopics };
    let (client, mut events) = AsyncClient::new(feed.options.clone(), REQUESTS);
    for topic in topics {
        if let Err(error) = client.try_subscribe(topic, QoS::AtLeastOnce) {
            return error.into();
        }
    }
    let (read, to_take) = mpsc::channel(READ_AHEAD);
    // The reading side is never cut off in the middle of a packet: it goes on beside the taking one.
    tokio::select! {
        ended = read_packets(&mut events, read, (feed, outage)) => ended,
        ended = take_all(ingester, feed, &client, to_take) => ended,
    }
}

async fn read_packets(
    events: &mut EventLoop,
    read: mpsc::Sender<Arrived>,
    (feed, outage): (&Feed, &mut Outage),
) -> Ended {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::Publish(publish))) => {
                // Closed: the taking side has ended, and says why.
                if read.send(Arrived::of(publish)).await.is_err() {
                    return std::future::pending().await;
                }
            }
            Ok(Event::Incoming(Packet::SubAck(answer))) => {
                if answer.return_codes.contains(&SubscribeReasonCode::Failure) {
                    return Ended::NotAllowed;
                }
                outage.over();
                tracing::info!(integration = feed.integration, "events are fetched");
            }
            Ok(_) => {}
            Err(error) => return Box::new(error).into(),
        }
    }
}

/// Acknowledges in the order of arrival, as MQTT has it.
async fn take_all(
    ingester: &Ingester,
    feed: &Feed,
    client: &AsyncClient,
    mut to_take: mpsc::Receiver<Arrived>,
) -> Ended {
    let mut waiting = FuturesOrdered::new();
    loop {
        let done = tokio::select! {
            Some(arrived) = to_take.recv(), if waiting.len() < AT_ONCE => {
                // Each time anew: one that was taken away is to take nothing more.
                let Some(known) = ingester.integrations.find(&feed.integration) else {
                    return Ended::NoIntegration;
                };
                waiting.push_back(take_one(ingester, known, arrived));
                continue;
            }
            Some(done) = waiting.next(), if !waiting.is_empty() => done,
            // The reading side has ended, and says why.
            else => return std::future::pending().await,
        };
        match done {
            // Sent again it would be no better; it is kept for inspection.
            (publish, Ok(()) | Err(NotTaken::Unreadable(_) | NotTaken::NotWritten(_))) => {
                if let Err(error) = client.try_ack(&publish) {
                    return error.into();
                }
            }
            (_, Err(error @ NotTaken::NotStored(_))) => return Ended::NotStored(error),
        }
    }
}

/// What was read and waits to be taken.
struct Arrived {
    /// Without its payload, from when on only its number counts: it is acknowledged in its turn.
    publish: Publish,
    /// None where it is larger than any event.
    payload: Option<Bytes>,
}

impl Arrived {
    fn of(mut publish: Publish) -> Self {
        let payload = std::mem::take(&mut publish.payload);
        Self { publish, payload: Some(payload).filter(|payload| payload.len() <= MAX_BODY) }
    }
}

async fn take_one(
    ingester: &Ingester,
    known: Arc<Integration>,
    Arrived { publish, payload }: Arrived,
) -> (Publish, Result<(), NotTaken>) {
    let Some(payload) = payload else {
        ingester.refusals.count(Some(&known.source), RefusalReason::Size);
        return (publish, Ok(()));
    };
    let taken = take(ingester, &known, mqtt::word(&publish.topic), payload).await;
    (publish, taken)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use queue::{Packing, Sender, Spool, SpoolSettings};
    use tokio::sync::watch;

    use super::*;
    use crate::{CredentialRecord, IntegrationRecord, Integrations};

    fn ingester(folder: &std::path::Path) -> Ingester {
        let integrations = Integrations::open(&folder.join("integrations.json")).unwrap();
        let spool = Spool::open(SpoolSettings::new(folder.join("spool"))).unwrap();
        let clock = Arc::new(|| DateTime::UNIX_EPOCH);
        let address_of = Arc::new(|_: &actix_web::HttpRequest| std::net::Ipv4Addr::LOCALHOST.into());
        let sender = Sender::embedded(spool, Packing::default());
        Ingester::new(integrations, sender, clock, address_of, watch::channel(false).1).unwrap()
    }

    fn depot() -> Arc<Integration> {
        let record = IntegrationRecord {
            id: "depot".to_owned(),
            organisation: domain::OrganisationId(1),
            network: "chirpstack".to_owned(),
            credential: CredentialRecord { token_sha256: "00".repeat(32), key: None },
            older: None,
            allowed: Vec::new(),
            refuse_when_broker_away: false,
        };
        Arc::new(Integration::from_record(&record).unwrap())
    }

    #[tokio::test]
    async fn what_waits_for_its_turn_to_be_acknowledged_holds_no_payload() {
        let folder = tempfile::tempdir().unwrap();
        let ingester = ingester(folder.path());
        for (payload, is_held, is_taken) in [
            (&br#"{"deviceInfo":{},"fCnt":1}"#[..], true, true),
            (b"no event", true, false),
            (&[b' '; MAX_BODY][..], true, false),
            (&[b' '; MAX_BODY + 1][..], false, true),
        ] {
            let topic = "application/7c/device/0101010101010101/event/up";
            let arrived = Arrived::of(Publish::new(topic, QoS::AtLeastOnce, payload));
            assert_eq!(arrived.payload.is_some(), is_held, "{}", payload.len());
            let (publish, taken) = take_one(&ingester, depot(), arrived).await;
            assert_eq!((publish.payload.len(), taken.is_ok()), (0, is_taken), "{}", payload.len());
            assert_eq!(publish.topic, topic);
        }
    }

    /// Of a payload that somebody else holds, too, one sees whether it was let go.
    #[tokio::test]
    async fn a_body_is_let_go_before_its_events_are_on_a_disk() {
        let folder = tempfile::tempdir().unwrap();
        let ingester = ingester(folder.path());
        for body in [&br#"{"deviceInfo":{},"fCnt":1}"#[..], b"no event"] {
            let body = Bytes::copy_from_slice(body);
            let depot = depot();
            let mut taking = std::pin::pin!(take(&ingester, &depot, None, body.clone()));
            assert!(futures_util::poll!(&mut taking).is_pending());
            assert!(body.is_unique());
        }
    }
}
