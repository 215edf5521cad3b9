//! `isotherm demo`: everything in one process, with a simulated fleet that posts to the real ingester.

mod couriers;
mod fleet;
mod people;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, Duration, Utc};
use domain::access::Role;
use simulator::{Live, NetworkServer, Sender};
use store::Store;
use store::embedded::Cluster;
use tokio::sync::watch;
use tracking::credentials::new_token;

use crate::admin::self_signed::{self, SelfSigned};
use crate::clock::{self, Clock};
use crate::config::{Config, Downlinks, Options, Secret, TlsFiles};
use crate::serve::{Clocks, Door, Part, open_database, start, wait_for_stop};
use crate::tls::Tls;
use crate::{Failure, print_text};

/// How long ago, by the machine's clock, a demonstration begins.
const BEGINS_BEFORE: Duration = Duration::days(3);

/// Marks a folder as a demonstration's, which the next one may replace.
const MARK: &str = "demo.json";

#[derive(clap::Args)]
pub struct DemoOptions {
    /// How many times as fast as the machine's the demonstration's clock runs
    #[arg(long, value_name = "N", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Answers by https with a certificate of its own, as browsers want before they open a phone's camera
    #[arg(long)]
    tls: bool,
}

pub fn run(options: &Options, demo: &DemoOptions) -> Result<(), Failure> {
    let mut config = Config::load(options).map_err(Failure::bad)?;
    config.database.url = Secret("embedded:".into());
    config.queue.url = Secret("embedded:".into());
    config.smtp.url = Secret::default();
    if options.data.is_none() {
        config.data_dir = PathBuf::from("isotherm-demo");
    }
    let machine = clock::machine();
    let mut tls =
        if demo.tls { None } else { Tls::open(&config.http.tls, machine()).map_err(Failure::bad)? };
    clear(&config)?;
    if demo.tls {
        tls = Tls::open(&own_certificate(&config, machine())?, machine()).map_err(Failure::bad)?;
    }
    let door = door(tls).context("the loopback address")?;
    say(&format!("starting the database in {} …", config.data_dir.display()));
    let database = open_database(&config, Cluster::start)?;
    let begins = machine() - BEGINS_BEFORE;
    let scaled = clock::scaled(&machine, begins, demo.speed);
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    runtime.block_on(show(&config, &database.url, door, machine, scaled, demo.speed))?;
    Ok(())
}

/// For this machine and the address on which it listens.
fn own_certificate(config: &Config, now: DateTime<Utc>) -> Result<TlsFiles, Failure> {
    let listens = config.http.listen.ip();
    let hosts = if listens.is_unspecified() { Vec::new() } else { vec![listens.to_string()] };
    let out = config.data_dir.join("tls");
    let made = self_signed::make(SelfSigned { hosts, days: 30, out, force: false }, now)?;
    Ok(TlsFiles { cert: made.cert, key: made.key })
}

/// With TLS the demonstration's own people and trackers come by a door of theirs: whose name the certificate bears is
/// nothing to them.
fn door(tls: Option<Tls>) -> std::io::Result<Door> {
    let inside = tls.is_some().then(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).transpose()?;
    Ok(Door { tls, inside })
}

/// Progress, for the person in front of the terminal.
fn say(text: &str) {
    eprintln!("{text}");
}

/// Takes an earlier demonstration away. Any other content is somebody's, and stays.
fn clear(config: &Config) -> Result<(), Failure> {
    let data_dir = &config.data_dir;
    let is_demo = data_dir.join(MARK).is_file();
    let is_empty = std::fs::read_dir(data_dir).map_or(true, |mut entries| entries.next().is_none());
    if !is_demo && !is_empty {
        let message = "is not empty and no demonstration's: choose another folder with --data";
        return Err(Failure::bad(format!("{} {message}", data_dir.display())));
    }
    if is_demo {
        // Fails where another demonstration runs there, before anything is taken away.
        drop(open_database(config, Cluster::start)?);
        let failed = |error| Failure::bad(format!("{} cannot be cleared: {error}", data_dir.display()));
        std::fs::remove_dir_all(data_dir).map_err(failed)?;
    }
    std::fs::create_dir_all(data_dir)
        .and_then(|()| std::fs::write(data_dir.join(MARK), "{}\n"))
        .map_err(|error| Failure::bad(format!("{} cannot be made: {error}", data_dir.display())))
}

async fn show(
    config: &Config,
    database_url: &str,
    door: Door,
    machine: Clock,
    scaled: Clock,
    speed: u32,
) -> anyhow::Result<()> {
    let clocks = Clocks { readings: scaled.clone(), wall: machine };
    let network_server = network_server().await.context("the loopback address")?;
    let downlinks = [(fleet::INTEGRATION.to_owned(), reach(&network_server)?)].into();
    let config = &Config { downlinks, ..config.clone() };
    let scheme = if door.tls.is_some() { "https" } else { "http" };
    let inside = door.inside.as_ref().map(TcpListener::local_addr).transpose()?;
    let running = start(config, Part::Both, clocks, Some(database_url), door).await?;
    let url = format!("{scheme}://{}", reachable(running.address));
    let own_url = inside.map_or(url.clone(), |inside| format!("http://{inside}"));
    let (stop, stopped) = watch::channel(false);
    say("making people, profiles and shipments …");
    let made = tokio::select! {
        made = make(config, database_url, &own_url, &scaled) => made,
        () = wait_for_stop() => { running.stop().await; return Ok(()) }
    };
    let Made { logins, fleet, target, couriers } = made?;
    std::fs::write(
        config.data_dir.join(MARK),
        serde_json::to_string_pretty(&people::json(&url, &logins))? + "\n",
    )?;
    let couriers = tokio::spawn(couriers::run(couriers, scaled.clone(), stopped.clone()));
    let live = Live { target, sender: Sender::Chirpstack, network_server, clock: scaled, speed };
    let fleet = tokio::spawn(simulator::run(fleet, live, stopped, |_, _| {}));
    say("");
    print_text(&format!("Isotherm is at {url}\n\n{}", people::table(&logins)))
        .map_err(|failure| anyhow::anyhow!(failure.message))?;
    say(&format!(
        "\nThe clock runs {speed} times as fast as yours. Within a minute the first alerts arrive."
    ));
    say("Press Ctrl-C to stop.");
    let told = async {
        wait_for_stop().await;
        say("stopping …");
        // Fails only where the fleet has ended already.
        let _ = stop.send(true);
    };
    running.run_until(told).await?;
    couriers.await.context("the couriers")?;
    fleet.await.context("the fleet")?;
    Ok(())
}

/// The fleet's own, for downlinks.
async fn network_server() -> std::io::Result<NetworkServer> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    Ok(NetworkServer { listener, key: new_token() })
}

/// What the service is told of it.
fn reach(network_server: &NetworkServer) -> std::io::Result<Downlinks> {
    let url = format!("http://{}", network_server.listener.local_addr()?);
    Ok(Downlinks { url, key: Secret(network_server.key.clone()), webhook: String::new() })
}

/// Everything that the demonstration shows.
struct Made {
    logins: Vec<people::Login>,
    fleet: simulator::Fleet,
    target: simulator::Target,
    couriers: couriers::Couriers,
}

async fn make(config: &Config, database_url: &str, url: &str, scaled: &Clock) -> anyhow::Result<Made> {
    let store = Store::open(database_url, 2)?;
    let logins = people::make(&store, &config.organisation.name, scaled()).await?;
    let login = |role| logins.iter().find(|login| login.role == role).context("a role has no log-in");
    let (admin, quality) = (login(Role::Admin)?, login(Role::Quality)?);
    let target = fleet::make_integration(&store, url, scaled()).await?;
    let (fleet, ways) = fleet::make(url, admin, quality, scaled()).await?;
    let couriers = couriers::make(url, admin, login(Role::Packer)?, ways).await?;
    Ok(Made { logins, fleet, target, couriers })
}

/// An address that a browser on this machine can open.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address }
}
