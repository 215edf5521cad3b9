//! A hundred random journeys through webhooks, queue and store: whatever order their readings come in, how often, and
//! what is killed on the way, each ends as the rules say of its readings, and each stored assessment can be reproduced.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::allowance::{Balance, Ride};
use domain::evaluate::evaluate;
use domain::profile::Profile;
use domain::{Humidity, Reading, Temperature, TrackerId};
use e2e::fleet::{dev_eui, log_frame, measured_at, minutes, text, twice_in_disorder, up};
use e2e::{Api, Installation, Part, Program, Sender, epcis, folder, until, within};
use serde_json::{Value, json};
use testkit::postgres::psql;
use wire::{Entry, Spread, Stamp, What};

const JOURNEYS: u64 = 100;

/// For the slowest machine: everything is stored.
const STORED_WITHIN: std::time::Duration = std::time::Duration::from_secs(300);

/// The same journeys in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// Rules of each kind, some of them without a range, some on humidity.
fn profiles() -> Vec<Value> {
    let warm = json!({ "name": "too warm", "above": 8.0, "delay": "20m", "hysteresis_c": 0.2, "severity": "critical" });
    let cold =
        json!({ "name": "too cold", "below": 2.0, "inclusive": true, "delay": "0s", "severity": "critical" });
    let in_all = json!({ "name": "in all", "above": 8.0, "exposure": "cumulative", "delay": "90m", "start_delay": "30m", "severity": "warning" });
    let damp = json!({ "name": "damp", "quantity": "humidity", "above": 60.0, "delay": "30m", "severity": "warning" });
    vec![
        json!({
            "name": "Journeys A", "max_gap": "40m", "range": { "min_c": 2.0, "max_c": 8.0 },
            "alarm": [warm, cold, in_all],
            "allowance": [{ "name": "out of the refrigerator", "up_to_c": 12.0, "total": "3h" }],
        }),
        json!({ "name": "Journeys B", "max_gap": "25m", "range": { "max_c": 8.0 }, "alarm": [in_all, warm, damp],
            "mkt": { "limit_c": 8.0, "window": "6h" } }),
        json!({ "name": "Journeys C", "max_gap": "70m", "alarm": [cold, warm] }),
    ]
}

struct Journey {
    tracker: u64,
    profile: usize,
    from: DateTime<Utc>,
    entries: Vec<Entry>,
}

impl Journey {
    fn random(tracker: u64, random: &mut Random) -> Self {
        let interval = [5, 10, 15, 30][random.below(4) as usize];
        let first = measured_at(0) + TimeDelta::minutes(random.below(10_000) as i64);
        let (mut entries, mut temperature, mut minute, mut sequence) = (Vec::new(), 500_i64, 0_i64, 0);
        // Some are long enough for checkpoints.
        let instants = if tracker.is_multiple_of(5) { 300 } else { 20 + random.below(80) };
        for _ in 0..instants {
            // Up to a tenth of a degree beside the limits and exactly at them, and holes now and then.
            temperature = match random.below(8) {
                0 => [200, 800, 199, 801, 780, 781][random.below(6) as usize],
                1 => 1_200,
                _ => (temperature + random.below(161) as i64 - 80).clamp(-200, 1_200),
            };
            minute += interval * if random.one_in(12) { 2 + random.below(12) as i64 } else { 1 };
            let times = if random.one_in(25) { 2 } else { 1 };
            for time in 0..times {
                let reading = wire::Reading {
                    // Two values of one instant.
                    temperature: (temperature + 37 * time) as i16,
                    spread: tracker.is_multiple_of(3).then(|| Spread {
                        below: random.below(64) as u8,
                        above: random.below(64) as u8,
                        out_of_range: if random.one_in(4) { random.below(65) as u8 } else { 0 },
                    }),
                    humidity: (!random.one_in(9)).then(|| 100 + random.below(40) as u8),
                };
                let stamp = Stamp::Utc(minutes(first + TimeDelta::minutes(minute)));
                entries.push(Entry { sequence, stamp, what: What::Reading(reading) });
                sequence += 1;
            }
        }
        let from = first + TimeDelta::minutes(random.below(60) as i64);
        Self { tracker, profile: random.below(3) as usize, from, entries }
    }

    fn readings(&self) -> Vec<Reading> {
        let celsius = |hundredths: i16| Temperature(hundredths.into());
        let reading = |entry: &Entry| {
            let What::Reading(found) = entry.what else { unreachable!("a journey has readings only") };
            Reading {
                measured_at: DateTime::from_timestamp(entry.stamp.unix_seconds().unwrap(), 0).unwrap(),
                temperature: celsius(found.temperature),
                min: found.ends().map(|(lowest, _)| celsius(lowest)),
                max: found.ends().map(|(_, highest)| celsius(highest)),
                humidity: found.humidity.map(|steps| Humidity(i32::from(steps) * 50)),
                out_of_range_s: found.spread.map(|spread| u32::from(spread.out_of_range) * 60),
            }
        };
        self.entries.iter().map(reading).collect()
    }

    fn webhooks(&self) -> Vec<Value> {
        let webhook = |(f_cnt, entry): (usize, &Entry)| {
            let payload = log_frame(&[*entry]);
            // Long after: receive times say nothing of the order of measurement.
            let received_at = measured_at(0) + TimeDelta::days(20) + TimeDelta::minutes(f_cnt as i64);
            up(&dev_eui(self.tracker), f_cnt as u32, received_at, &payload)
        };
        self.entries.iter().enumerate().map(webhook).collect()
    }

    async fn ship(&self, api: &Api, profiles: &[Value]) -> String {
        let (eui, reference) = (dev_eui(self.tracker), format!("J-{}", self.tracker));
        api.post("/trackers", &json!({ "dev_eui": eui, "name": "box", "codec": "isotherm" })).await;
        let shipment = json!({ "reference": reference, "profile": profiles[self.profile]["id"] });
        let id = api.post("/shipments", &shipment).await["id"].as_str().unwrap().to_owned();
        let bind = json!({ "dev_eui": eui, "from": text(self.from) });
        api.post(&format!("/shipments/{id}/trackers"), &bind).await;
        id
    }
}

fn fields<const N: usize>(of: &Value, names: [&str; N]) -> String {
    names.map(|name| of[name].to_string()).join(" ")
}

/// The assessment that is made anew, the evaluation that is kept, and the alerts that stand: all as the rules say.
async fn check(api: &Api, journey: &Journey, profile: &Profile, id: &str) {
    let shown = api.get(&format!("/shipments/{id}/assessment")).await;
    let ride = &shown["trackers"][0];
    let to = ride["to"].as_str().unwrap().parse().unwrap();
    let readings = journey.readings();
    let mut expected = evaluate(profile, &readings, Some(journey.from), Some(to)).unwrap();
    let told = serde_json::to_value(&expected).unwrap();
    for (field, value) in told.as_object().unwrap() {
        assert_eq!(ride[field], *value, "journey {}: {field}", journey.tracker);
    }
    let (tracker, from) = (TrackerId(1), journey.from);
    let aboard = Ride { tracker, from, until: to, readings: &readings };
    let spent = Balance::unknown().after(profile, &[aboard], from, to).statement(profile);
    let spent =
        if profile.allowances().is_empty() { Value::Null } else { serde_json::to_value(&spent).unwrap() };
    assert_eq!(shown["allowances"], spent, "journey {}", journey.tracker);
    let kept = api.get(&format!("/shipments/{id}")).await;
    assert_eq!(kept["assessment"], told["assessment"], "journey {}", journey.tracker);
    for seconds in ["in_range_s", "out_of_range_s"] {
        assert_eq!(kept["coverage"][seconds], told["coverage"][seconds], "journey {}", journey.tracker);
    }
    // What stood at the end of a ride ends with it.
    if !ride["until"].is_null() {
        expected.episodes.iter_mut().for_each(|episode| episode.ended_at = episode.ended_at.or(Some(to)));
    }
    let episodes = serde_json::to_value(&expected.episodes).unwrap();
    let alarmed = episodes.as_array().unwrap().iter().filter(|episode| !episode["alarmed_at"].is_null());
    let names = ["alarm", "severity", "began_at", "alarmed_at", "ended_at", "exposure_s"];
    let mut alarmed: Vec<String> = alarmed.map(|episode| fields(episode, names)).collect();
    let alerts = api.list(&format!("/shipments/{id}/alerts")).await;
    let standing = alerts.iter().filter(|a| !a["alarm"].is_null() && a["closed_at"].is_null());
    let mut standing: Vec<String> = standing.map(|alert| fields(alert, names)).collect();
    alarmed.sort();
    standing.sort();
    assert_eq!(standing, alarmed, "journey {}", journey.tracker);
}

fn replay(installation: &Installation, journey: &Journey) {
    let replay = installation.run(&["replay", &format!("J-{}", journey.tracker)], "");
    let told = String::from_utf8_lossy(&replay.stdout).into_owned();
    assert_eq!(replay.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&replay.stderr));
}

/// Every webhook twice, in disorder; in the middle the program is killed and started again.
async fn send_all(
    installation: &Installation,
    mut program: Program,
    token: &str,
    journeys: &[Journey],
) -> Program {
    let webhooks = twice_in_disorder(journeys.iter().flat_map(Journey::webhooks).collect());
    let (half, count) = (webhooks.len() / 2, webhooks.len());
    let sender: Arc<Sender> = Sender::new(&program.url, "depot?event=up", token);
    let sending = sender.start(webhooks);
    within(STORED_WITHIN, "half of the webhooks", async || (sender.accepted() >= half).then_some(())).await;
    program.kill();
    program = installation.start(Part::Serve).await;
    sender.follow(&program.url);
    sending.await.unwrap();
    assert_eq!(sender.accepted(), count);
    let distinct: usize =
        journeys.iter().map(|j| j.readings().into_iter().collect::<BTreeSet<_>>().len()).sum();
    let database_url = installation.database_url();
    within(STORED_WITHIN, "all readings are stored", async || {
        let stored = psql(&database_url, "select count(*) from readings").unwrap();
        (stored == distinct.to_string()).then_some(())
    })
    .await;
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_random_journeys_end_as_the_rules_say_and_can_be_replayed() {
    let folder = folder("journeys");
    let installation = Installation::embedded(&folder.path().join("d"));
    let program = installation.start(Part::Serve).await;
    installation.add_user("admin");
    let token = installation.add_integration("depot", "chirpstack");
    let api = program.log_in("admin").await;
    let mut stored = Vec::new();
    for profile in profiles() {
        stored.push(api.post("/profiles", &profile).await);
    }
    let mut random = Random(7);
    let journeys: Vec<Journey> = (0..JOURNEYS).map(|tracker| Journey::random(tracker, &mut random)).collect();
    let mut ids = Vec::new();
    for journey in &journeys {
        ids.push(journey.ship(&api, &stored).await);
    }
    until("the ingester knows the integration", async || {
        (program.ingest_readiness().await.1["integrations"] == 1).then_some(())
    })
    .await;
    let program = send_all(&installation, program, &token, &journeys).await;

    let api = program.log_in("admin").await;
    let profiles: Vec<Profile> =
        profiles().into_iter().map(|profile| serde_json::from_value(profile).unwrap()).collect();
    let mut causes = BTreeSet::new();
    let schema = epcis::schema();
    for (journey, id) in journeys.iter().zip(&ids) {
        if let Some(schema) = &schema {
            epcis::check(schema, &api.get(&format!("/shipments/{id}/epcis")).await);
        }
        check(&api, journey, &profiles[journey.profile], id).await;
        for past in api.list(&format!("/shipments/{id}/assessments")).await {
            causes.insert(past["cause"].as_str().unwrap().to_owned());
        }
        replay(&installation, journey);
    }
    for (journey, id) in journeys.iter().zip(&ids).skip(3).step_by(7) {
        // In the middle of what was measured, and of alerts that stand.
        let until = journey.readings()[journey.entries.len() / 2].measured_at;
        let until = text(until.max(journey.from + TimeDelta::minutes(1)));
        let eui = dev_eui(journey.tracker);
        api.post(&format!("/shipments/{id}/trackers/{eui}/unbind"), &json!({ "until": until })).await;
        check(&api, journey, &profiles[journey.profile], id).await;
        replay(&installation, journey);
    }
    assert!(causes.contains("late_readings") && causes.contains("bound"), "{causes:?}");
    a_changed_record_is_found(&installation, &ids[0]);
}

fn a_changed_record_is_found(installation: &Installation, id: &str) {
    let last = format!("where id = (select max(id) from assessments where shipment_id = '{id}')");
    let verdict =
        format!("update assessments set verdict = 'no_excursion' {last} and verdict <> 'no_excursion'");
    psql(&installation.database_url(), &verdict).unwrap();
    assert_eq!(installation.run(&["replay", id], "").status.code(), Some(1), "a changed verdict");
    let forge = "update assessments set verdict = assessment->>'assessment',
         assessment = jsonb_set(assessment, '{coverage,out_of_range_s}', '7')";
    psql(&installation.database_url(), &format!("{forge} {last}")).unwrap();
    let replay = installation.run(&["replay", id], "");
    assert_eq!(replay.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&replay.stdout).unwrap();
    assert_eq!(told["reproduced"], false);
    let differing: Vec<&Value> =
        told["assessments"].as_array().unwrap().iter().filter(|one| one["reproduced"] == false).collect();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0]["differences"]["coverage"][0]["out_of_range_s"], 7);
    let unknown = installation.run(&["replay", "no such shipment"], "");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no shipment `no such shipment`"));
}
