//! `isotherm simulate`: trackers, radio and a network server, against any ingester.

use std::net::SocketAddr;
use std::time::{Duration as Pause, Instant};

use anyhow::Context;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use simulator::{
    City, Device, Fleet, Gateway, Journey, LANES, Leg, Live, NetworkServer, Plan, Posts, Region, Sender,
    Target, World, dev_eui,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::admin::read_first_line;
use crate::clock::{self, Clock};
use crate::serve::wait_for_stop;
use crate::{Failure, print_json};

/// How often progress is told.
const TELLS: Pause = Pause::from_secs(10);

/// So often a tracker goes from one end of its lane to the other, and so long it stays there.
const TRIPS: u32 = 20;
const STAYS: Duration = Duration::hours(6);

/// Along the way there is a gateway every so many metres.
const GATEWAY_EVERY_M: f64 = 3_000.0;

#[derive(clap::Args)]
pub struct SimulateOptions {
    /// Where webhooks go, such as https://isotherm.example.org/webhooks/depot, of an integration with --network
    #[arg(long, required_unless_present = "list")]
    url: Option<String>,
    /// Reads the integration's token from the first line of standard input
    #[arg(long, required_unless_present = "list")]
    token_stdin: bool,
    /// Prints the trackers as JSON, each as POST /api/v1/trackers takes it, and ends
    #[arg(long)]
    list: bool,
    /// As which network server it posts: chirpstack, the-things-stack, actility, loriot or aws-iot-core; downlinks are ChirpStack's
    #[arg(long, value_name = "NAME", default_value = "chirpstack")]
    network: Sender,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    trackers: u16,
    /// Another one is another fleet, with DevEUIs of its own; the same one is the same fleet
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    seed: u16,
    /// eu868 or us915
    #[arg(long, default_value = "eu868", value_parser = region)]
    region: Region,
    /// Of a hundred uplinks, and of as many downlinks, so many are lost beside those that nobody is near enough to hear
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=90))]
    lost: u8,
    /// Ends after so many hours of the trackers' time; until Ctrl-C where absent
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u16).range(1..=2400))]
    hours: Option<u16>,
    /// How many times as fast as the machine's clock; it begins so long ago that it ends in the present
    #[arg(long, value_name = "N", default_value_t = 1, requires = "hours", value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Where the network server takes downlinks, by ChirpStack's API, with the integration's token as its key
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8090")]
    downlinks: SocketAddr,
}

pub fn region(word: &str) -> Result<Region, String> {
    match word {
        "eu868" => Ok(Region::Eu868),
        "us915" => Ok(Region::Us915),
        _ => Err("eu868 or us915".to_owned()),
    }
}

pub fn run(options: &SimulateOptions) -> Result<(), Failure> {
    let machine = clock::machine();
    let clock = clock::scaled(&machine, begins(options, machine()), options.speed);
    let plans = plans(options, clock());
    let (Some(url), false) = (&options.url, options.list) else { return print_json(&listed(&plans)) };
    let token = read_first_line()?;
    let fleet = Fleet::new(world(options, &plans), &plans)
        .map_err(|error| Failure::bad(format!("the trackers do not start: {error:?}")))?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let target = Target { url: url.clone(), token };
    let outcome = runtime.block_on(simulate(options, fleet, target, clock))?;
    print_json(&outcome)
}

/// So that the trackers' time is never ahead of the service's, and both are one at the end.
fn begins(options: &SimulateOptions, now: DateTime<Utc>) -> DateTime<Utc> {
    let simulated = Duration::hours(options.hours.unwrap_or_default().into());
    now - simulated + simulated / options.speed.cast_signed()
}

/// Each goes to and fro on one of the lanes; those of one lane set out one after the other.
fn plans(options: &SimulateOptions, begins: DateTime<Utc>) -> Vec<Plan> {
    let plan = |(number, (from, to, hours)): (u64, &(City, City, i64))| {
        let starts_at = begins + Duration::seconds((number.cast_signed() * 97) % 3600);
        let departs_at = starts_at + Duration::hours(1 + number.cast_signed() % 12);
        let first = Leg { from: *from, to: *to, departs_at, takes: Duration::hours(*hours) };
        let journey = (1..TRIPS).fold(Journey::from(first), |journey, trip| {
            let next = if trip % 2 == 0 { *to } else { *from };
            let departs_at = journey.arrives_at() + STAYS;
            journey.then(next, departs_at, first.takes)
        });
        let number = (u64::from(options.seed) << 16) | number;
        Plan { number, journey, starts_at, fastest: None, incidents: Vec::new() }
    };
    (1..=u64::from(options.trackers)).zip(LANES.iter().cycle()).map(plan).collect()
}

fn world(options: &SimulateOptions, plans: &[Plan]) -> World {
    let seed = options.seed.into();
    // The first trackers are one on each lane.
    let lanes = plans.iter().take(LANES.len()).filter_map(|plan| plan.journey.legs().next());
    let gateways =
        lanes.zip(0..).flat_map(|(leg, lane)| Gateway::along(leg, GATEWAY_EVERY_M, lane << 16, seed));
    World {
        lost_permille: u64::from(options.lost) * 10,
        doubled_permille: 20,
        ..World::new(seed, options.region, gateways.collect())
    }
}

fn listed(plans: &[Plan]) -> Value {
    let tracker = |plan: &Plan| {
        let dev_eui = dev_eui(plan.number);
        json!({ "dev_eui": dev_eui, "name": format!("Simulated {}", plan.number & 0xffff), "codec": "isotherm", "interval_s": 300 })
    };
    plans.iter().map(tracker).collect()
}

async fn simulate(
    options: &SimulateOptions,
    fleet: Fleet,
    target: Target,
    clock: Clock,
) -> Result<Value, Failure> {
    let failed = |error| Failure::bad(format!("--downlinks {}: {error}", options.downlinks));
    let listener = TcpListener::bind(options.downlinks).await.map_err(failed)?;
    introduce(&fleet, &target, listener.local_addr().map_err(failed)?);
    let ends = options.hours.map(|hours| clock() + Duration::hours(hours.into()));
    let (url, network_server) = (target.url.clone(), NetworkServer { listener, key: target.token.clone() });
    let live = Live { target, sender: options.network, network_server, clock, speed: options.speed };
    let (stop, stopped) = watch::channel(false);
    let end = || {
        stop.send_replace(true);
    };
    let mut told = Instant::now();
    let run = simulator::run(fleet, live, stopped, |fleet, posts| {
        if told.elapsed() >= TELLS {
            told = Instant::now();
            tell(fleet, posts);
        }
        let is_over = ends.is_some_and(|ends| fleet.next_at().is_none_or(|at| at >= ends));
        // As long as nothing was taken, the call is wrong rather than the ingester away.
        if is_over || (posts.taken == 0 && posts.refused > 0) {
            end();
        }
    });
    tokio::pin!(run);
    let (fleet, posts) = tokio::select! {
        ended = &mut run => ended,
        () = wait_for_stop() => {
            end();
            run.await
        }
    };
    tell(&fleet, &posts);
    match posts.problem.as_ref().filter(|_| posts.taken == 0) {
        Some(problem) => Err(Failure::bad(format!("{url} does not take webhooks: {problem}"))),
        None => Ok(figures(&fleet, &posts)),
    }
}

/// What whoever started it does next.
fn introduce(fleet: &Fleet, target: &Target, downlinks: SocketAddr) {
    let ends = [fleet.devices.first(), fleet.devices.last()].map(|device| device.map(Device::dev_eui));
    if let [Some(first), Some(last)] = ends {
        eprintln!("trackers {first} to {last}; --list prints what POST /api/v1/trackers takes of each");
    }
    let integration = target.url.rsplit('/').next().unwrap_or_default();
    eprintln!("webhooks go to {}", target.url);
    eprintln!(
        "downlinks are taken at http://{downlinks}: [downlinks.{integration}] of the tracking service, with the token as key"
    );
}

/// Progress, for the person in front of the terminal.
fn tell(fleet: &Fleet, posts: &Posts) {
    let (written, acknowledged) = fleet.entries();
    let at = fleet.next_at().map(|at| at.format("%F %R").to_string()).unwrap_or_default();
    let (sent, downlinks, Posts { taken, refused, problem }) =
        (fleet.totals.uplinks, fleet.totals.downlinks, posts);
    let problem = problem.as_ref().map(|problem| format!(" ({problem})")).unwrap_or_default();
    eprintln!(
        "{at} · {sent} uplinks · webhooks: {taken} taken, {refused} not{problem} · {downlinks} downlinks · \
         entries: {written} written, {acknowledged} acknowledged"
    );
}

fn figures(fleet: &Fleet, posts: &Posts) -> Value {
    let (written, acknowledged) = fleet.entries();
    json!({
        "ended_at": fleet.next_at(),
        "uplinks": fleet.totals.uplinks, "airtime_s": fleet.totals.airtime_ms / 1000, "bytes": fleet.totals.bytes,
        "downlinks": fleet.totals.downlinks,
        "webhooks": { "taken": posts.taken, "refused": posts.refused },
        "entries": { "written": written, "acknowledged": acknowledged },
    })
}
