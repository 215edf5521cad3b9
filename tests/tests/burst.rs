//! A thousand webhooks as ChirpStack and The Things Stack send them, in disorder and twice, twelve of one device at a time: exactly the
//! uplinks that there were, whatever a network made of them on the way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use e2e::bodies::{Field, Network};
use e2e::warm::{integrations, now};
use e2e::{Api, Installation, Part, Program, fleet, folder, until};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use reqwest::Client;
use serde_json::{Value, json};

/// Requests of one device under way at the same time.
const AT_ONCE: usize = 12;

/// Of each network.
const DEVICES: u64 = 5;

/// Frames of a device that nothing happens to.
const PLAIN: u32 = 60;

/// What one device's network sends, and what it amounts to.
struct Story {
    network: Network,
    dev_eui: String,
    began: DateTime<Utc>,
    webhooks: Vec<Value>,
    /// Counter, payload, and when the first gateway had it.
    uplinks: BTreeSet<(u32, String, DateTime<Utc>)>,
}

/// A frame, as a network may tell of it several times.
#[derive(Clone, Copy)]
struct Frame {
    dev_addr: &'static str,
    f_cnt: u32,
    payload: [u8; 4],
}

impl Story {
    fn new(network: Network, number: u64, began: DateTime<Utc>) -> Self {
        let dev_eui = fleet::dev_eui(number);
        Self { network, dev_eui, began, webhooks: Vec::new(), uplinks: BTreeSet::new() }
    }

    /// So many seconds after the beginning.
    fn at(&self, seconds: i64) -> DateTime<Utc> {
        self.began + Duration::seconds(seconds)
    }

    /// One reception of a frame, by a gateway.
    fn heard(&mut self, frame: Frame, seconds: i64, gateway: &str) {
        let received_at = self.at(seconds);
        let mut body = self.network.uplink(&self.dev_eui, frame.f_cnt, received_at, &frame.payload);
        *body.pointer_mut(self.network.pointer(Field::DevAddr)).unwrap() = json!(frame.dev_addr);
        *body.pointer_mut(self.network.pointer(Field::GatewayId)).unwrap() = json!(gateway);
        if self.network == Network::ChirpStack {
            body["deduplicationId"] = json!(format!("{}-{seconds}-{gateway}", self.dev_eui));
        }
        self.webhooks.push(body);
    }

    /// What the network made of a frame, without its bytes.
    fn normalized(&mut self, frame: Frame, seconds: i64) {
        self.heard(frame, seconds, "a");
        let mut body = self.webhooks.pop().unwrap();
        let mut uplink = body.as_object_mut().unwrap().remove("uplink_message").unwrap();
        uplink.as_object_mut().unwrap().remove("frm_payload");
        uplink["normalized_payload"] = json!({ "air": { "temperature": 5.0 } });
        body["uplink_normalized"] = uplink;
        self.webhooks.push(body);
    }

    fn amounts_to(&mut self, frame: Frame, seconds: i64) {
        let payload = frame.payload.iter().map(|byte| format!("{byte:02x}")).collect();
        self.uplinks.insert((frame.f_cnt, payload, self.at(seconds)));
    }

    /// One reception, one uplink.
    fn once(&mut self, frame: Frame, seconds: i64) {
        self.heard(frame, seconds, "a");
        self.amounts_to(frame, seconds);
    }
}

/// Everything that deduplication must not be fooled by.
fn story(network: Network, number: u64, began: DateTime<Utc>) -> Story {
    let mut story = Story::new(network, number, began);
    let frame = |f_cnt: u32| {
        let [_, _, high, low] = f_cnt.to_be_bytes();
        Frame { dev_addr: "01f725bb", f_cnt, payload: [number as u8, high, low, 7] }
    };
    for number in 0..PLAIN {
        let seconds = i64::from(number) * 600;
        story.once(frame(number), seconds);
        match number % 4 {
            // A gateway that was late by a moment, so that the network tells of it again.
            0 => story.heard(frame(number), seconds + 2, "b"),
            // At the same instant.
            1 => story.heard(frame(number), seconds, "b"),
            _ => {}
        }
    }
    // Late gateways, each within five minutes of the one before: one chain.
    let chain = frame(100);
    story.once(chain, 40_000);
    story.heard(chain, 40_240, "b");
    story.heard(chain, 40_480, "c");
    // Exactly five minutes are a copy, and a second more is another uplink: the counter was reset.
    let limit = frame(101);
    story.once(limit, 50_000);
    story.heard(limit, 50_300, "b");
    let reset = frame(102);
    story.once(reset, 51_000);
    story.once(reset, 51_301);
    // A day later an ABP device begins anew, with the same first frame.
    story.once(frame(0), 86_400);
    // A join in between: the counter begins anew under another address, within the minute.
    story.once(Frame { dev_addr: "01f725bc", ..frame(0) }, 30);
    // Another payload under the same counter.
    story.once(Frame { payload: [9; 4], ..frame(1) }, 601);
    // Counters have 32 bits.
    story.once(frame(65_536), 60_000);
    story.once(frame(u32::MAX), 60_600);
    if network == Network::TheThingsStack {
        // What is told again without its bytes is no uplink of its own.
        story.normalized(frame(2), 1200);
        story.normalized(chain, 40_241);
    }
    // Telling of it again on another day's retry changes nothing: it says when it was received.
    story.heard(frame(3), 1800, "a");
    story
}

/// All of a device, twelve at a time, in disorder and twice.
async fn send(program: &Program, client: &Client, story: &Story, token: &str) {
    let path = match story.network {
        Network::ChirpStack => "chirpstack?event=up",
        Network::TheThingsStack => "the-things-stack",
    };
    let one = |webhook: Value| async move { fleet::post(client, &program.url, path, token, &webhook).await };
    let posts = stream::iter(fleet::twice_in_disorder(story.webhooks.clone()));
    let answers: BTreeSet<_> = posts.map(one).buffer_unordered(AT_ONCE).collect().await;
    assert_eq!(answers, BTreeSet::from([Some(204)]), "{}", story.dev_eui);
}

async fn shown(api: &Api, dev_eui: &str) -> Vec<(u32, String, DateTime<Utc>)> {
    let uplinks = api.list(&format!("/trackers/{dev_eui}/uplinks")).await;
    let one = |uplink: &Value| {
        let f_cnt = u32::try_from(uplink["f_cnt"].as_u64().unwrap()).unwrap();
        let payload = uplink["payload"].as_str().unwrap().to_owned();
        (f_cnt, payload, uplink["received_at"].as_str().unwrap().parse().unwrap())
    };
    uplinks.iter().map(one).collect()
}

#[tokio::test]
async fn a_burst_in_disorder_ends_as_exactly_the_uplinks_that_there_were() {
    let folder = folder("burst");
    let installation = Installation::embedded(&folder.path().join("i"));
    installation.add_user("admin");
    let tokens = Network::ALL.map(|network| installation.add_integration(network.name(), network.name()));
    let tokens: BTreeMap<_, _> = Network::ALL.map(Network::name).into_iter().zip(tokens).collect();
    let program = installation.start(Part::Serve).await;
    let api = program.log_in("admin").await;
    integrations(&program.url, tokens.len()).await;

    let began = e2e::bodies::minute(now(&api).await - Duration::days(2));
    let of = |network: Network| {
        (1..=DEVICES).map(move |number| story(network, 100 * (network as u64 + 1) + number, began))
    };
    let stories: Vec<Story> = Network::ALL.into_iter().flat_map(of).collect();
    let webhooks: usize = stories.iter().map(|story| story.webhooks.len()).sum();
    for story in &stories {
        let tracker = json!({ "dev_eui": story.dev_eui, "name": "box", "codec": "isotherm" });
        api.post("/trackers", &tracker).await;
    }
    let client = Client::new();
    join_all(stories.iter().map(|story| send(&program, &client, story, &tokens[story.network.name()]))).await;
    until("everything is worked off", async || (api.get("/status").await["caught_up"] == true).then_some(()))
        .await;
    let mut uplinks = 0;
    for story in &stories {
        let shown = shown(&api, &story.dev_eui).await;
        assert_eq!(shown.len(), story.uplinks.len(), "{}: each once", story.dev_eui);
        assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), story.uplinks, "{}", story.dev_eui);
        uplinks += story.uplinks.len();
    }
    eprintln!("{webhooks} webhooks, each twice, are {uplinks} uplinks of {} devices", stories.len());
    assert!(webhooks >= 1000, "{webhooks}");
}
