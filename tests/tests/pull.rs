//! Events that are fetched from a network server's MQTT broker, while this program and the broker come and go.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use chrono::{DateTime, Utc};
use e2e::bodies::{Network, frame, minute};
use e2e::fleet::dev_eui;
use e2e::warm::{now, ship};
use e2e::{Api, Installation, Part, Program, folder, until};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use serde_json::Value;
use tempfile::TempDir;
use testkit::rabbitmq::RabbitMq;

/// A network server that publishes at its broker.
struct Publisher {
    client: AsyncClient,
    events: EventLoop,
}

impl Publisher {
    fn new(broker: &RabbitMq) -> Self {
        let url = broker.mqtt_url().unwrap();
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        let mut options = MqttOptions::new("network-server", "127.0.0.1", port);
        options.set_credentials("guest", "guest").set_keep_alive(Duration::from_secs(30));
        let (client, events) = AsyncClient::new(options, 16);
        Self { client, events }
    }

    /// Returns when the broker has it.
    async fn publish(&mut self, topic: &str, body: &[u8]) {
        self.client.publish(topic, QoS::AtLeastOnce, false, body).await.unwrap();
        loop {
            if let Event::Incoming(Packet::PubAck(_)) = self.events.poll().await.unwrap() {
                return;
            }
        }
    }
}

/// A service that fetches from a broker beside it; what is measured begins an hour and a half ago.
struct House {
    installation: Installation,
    broker: RabbitMq,
    network: Network,
    began: DateTime<Utc>,
    shipment: String,
    _folder: TempDir,
}

impl House {
    async fn start(network: Network) -> (Self, Program, Api) {
        let (folder, broker) = (folder("pull"), RabbitMq::start_with_mqtt().unwrap());
        let installation = Installation::embedded(&folder.path().join("i"))
            .with("ISOTHERM_PULL__DEPOT__URL", &broker.mqtt_url().unwrap())
            .with("ISOTHERM_PULL__DEPOT__USERNAME", "guest")
            .with("ISOTHERM_PULL__DEPOT__PASSWORD", "guest");
        installation.add_user("admin");
        installation.add_integration("depot", network.name());
        let program = installation.start(Part::Serve).await;
        let api = program.log_in("admin").await;
        let shipment = ship(&api, "S-1", &dev_eui(1)).await;
        let began = minute(now(&api).await - chrono::Duration::minutes(90));
        fetched(&program).await;
        (Self { installation, broker, network, began, shipment, _folder: folder }, program, api)
    }

    /// Publishes readings by their numbers, one a minute.
    async fn publish(&self, publisher: &mut Publisher, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let at = self.began + chrono::Duration::minutes(number.into());
            let body = self.network.uplink(&dev_eui(1), number, at, &frame(number, at, 500)).to_string();
            publisher.publish(self.topic(), body.as_bytes()).await;
        }
    }

    fn topic(&self) -> &'static str {
        match self.network {
            Network::ChirpStack => "application/a/device/0102030400000001/event/up",
            Network::TheThingsStack => "v3/guest/devices/box/up",
        }
    }

    async fn readings(&self, api: &Api, expected: usize) {
        let readings = until(&format!("{expected} readings"), async || {
            let readings = api.list(&format!("/shipments/{}/readings", self.shipment)).await;
            (readings.len() >= expected).then_some(readings)
        })
        .await;
        assert_eq!(readings.len(), expected);
        let uplinks = api.list(&format!("/trackers/{}/uplinks", dev_eui(1))).await;
        assert_eq!(uplinks.len(), expected, "each uplink once");
    }
}

async fn fetched(program: &Program) {
    until("events are fetched", async || program.log().contains("events are fetched").then_some(())).await;
}

#[tokio::test]
async fn what_is_published_while_the_program_is_killed_is_fetched_once_it_is_back() {
    let (house, program, api) = House::start(Network::ChirpStack).await;
    let mut publisher = Publisher::new(&house.broker);
    house.publish(&mut publisher, 0..20).await;
    house.readings(&api, 20).await;
    house.publish(&mut publisher, 20..40).await;
    program.kill();
    house.publish(&mut publisher, 40..60).await;
    let program = house.installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    house.readings(&api, 60).await;
}

#[tokio::test]
async fn a_broker_that_went_away_is_found_again() {
    let (mut house, _program, api) = House::start(Network::ChirpStack).await;
    house.publish(&mut Publisher::new(&house.broker), 0..5).await;
    house.readings(&api, 5).await;
    house.broker.stop();
    house.broker.start_again().unwrap();
    house.publish(&mut Publisher::new(&house.broker), 5..10).await;
    house.readings(&api, 10).await;
}

#[tokio::test]
async fn the_things_stacks_events_are_fetched_by_the_applications_name() {
    let (house, _program, api) = House::start(Network::TheThingsStack).await;
    let mut publisher = Publisher::new(&house.broker);
    house.publish(&mut publisher, 0..5).await;
    house.readings(&api, 5).await;
    // What is said of another application goes to others.
    publisher.publish("v3/other/devices/box/up", b"{").await;
    publisher.publish("v3/guest/devices/box/down/queued", b"{\"downlink_queued\":{}}").await;
    house.publish(&mut publisher, 5..6).await;
    house.readings(&api, 6).await;
    assert!(api.list("/unreadable-bodies").await.is_empty());
}

#[tokio::test]
async fn a_body_that_nobody_can_read_is_kept_and_holds_up_nothing() {
    let (house, _program, api) = House::start(Network::ChirpStack).await;
    let mut publisher = Publisher::new(&house.broker);
    publisher.publish(house.topic(), b"no JSON").await;
    house.publish(&mut publisher, 0..3).await;
    house.readings(&api, 3).await;
    let kept = api.list("/unreadable-bodies").await;
    let bodies: Vec<&Value> = kept.iter().map(|body| &body["body"]).collect();
    assert_eq!(bodies, ["no JSON"]);
}
