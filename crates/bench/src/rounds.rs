//! The plan of a run: the two sides in turns, each alone on the machine's servers while it is measured.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{DateTime, Utc};

use crate::alerts;
use crate::installation::{self, Real, Side};
use crate::load::{self, Pace};
use crate::report::{Figures, Measured, Report};
use crate::servers::{Servers, Spent};
use crate::webhooks::{Fleet, request};

#[derive(clap::Args)]
pub struct Plan {
    /// Rounds of each side in each mode
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Readings of a round flat out
    #[arg(long, default_value_t = 30_000)]
    readings: u32,
    /// Seconds of a round at a pace
    #[arg(long, default_value_t = 12)]
    seconds: u32,
    /// Readings a second of a round at a pace
    #[arg(long, default_value_t = 1000)]
    pace: u32,
    /// Trackers, each with a shipment
    #[arg(long, default_value_t = 1000)]
    trackers: u32,
    /// Only modes whose name holds this
    #[arg(long, default_value = "")]
    only: String,
}

struct Mode {
    name: String,
    connections: usize,
    pace: Pace,
    readings: u32,
}

/// Sent before each round is measured: connections, statements and pages are warm then.
const WARM_UP: u32 = 3000;

/// Excursions whose alerts are timed.
const EXCURSIONS: u32 = 50;

const STORED_WITHIN: Duration = Duration::from_secs(120);

pub fn run(plan: &Plan) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(run_all(plan))
}

fn modes(plan: &Plan) -> Vec<Mode> {
    let flat_out = |connections: usize| Mode {
        name: format!("flat_out_{connections}_connections"),
        connections,
        pace: Pace::FlatOut,
        readings: plan.readings,
    };
    let paced = Mode {
        name: format!("paced_{}_a_second", plan.pace),
        connections: 256,
        pace: Pace::PerSecond(plan.pace),
        readings: plan.pace * plan.seconds,
    };
    let all = [flat_out(64), flat_out(256), paced];
    all.into_iter().filter(|mode| mode.name.contains(&plan.only)).collect()
}

/// So early that the last reading of the run is not ahead of the clock.
fn start_of(plan: &Plan, modes: &[Mode]) -> DateTime<Utc> {
    let of_mode = |mode: &Mode| (mode.readings + WARM_UP) * (plan.rounds + 1);
    let minutes = modes.iter().map(of_mode).sum::<u32>() / plan.trackers + 30;
    // The one place where the bench asks for the time of day: the real program goes by it.
    #[allow(clippy::disallowed_methods)]
    let now = Utc::now();
    let start = now - chrono::Duration::minutes(minutes.into());
    DateTime::from_timestamp(start.timestamp() / 60 * 60, 0).unwrap_or(start)
}

async fn run_all(plan: &Plan) -> anyhow::Result<()> {
    let modes = modes(plan);
    let fleet = Fleet { trackers: plan.trackers, start: start_of(plan, &modes) };
    eprintln!("· broker and database …");
    let servers = Servers::start()?;
    let folder = tempfile::tempdir()?;
    eprintln!("· {} trackers with shipments …", plan.trackers);
    let mut real = installation::real(&servers, folder.path(), &fleet).await?;
    let mut bare = installation::reference(&servers, folder.path()).await?;
    let mut report = Report::default();
    for mode in &modes {
        let mut figures = Figures::default();
        for _ in 0..plan.rounds {
            figures.ours.push(measure(&servers, &mut real.side, &fleet, mode).await?);
            figures.reference.push(measure(&servers, &mut bare, &fleet, mode).await?);
        }
        report.add(&mode.name, mode.connections, mode.readings, &figures);
        if let Pace::PerSecond(rate) = mode.pace {
            report.alerts = Some(time_alerts(&mut real, &fleet, mode, rate).await?);
        }
    }
    report.print()
}

/// The next `count` requests of a side.
fn requests(side: &mut Side, fleet: &Fleet, count: u32) -> anyhow::Result<Vec<Vec<u8>>> {
    let numbers = side.sent..side.sent + count;
    side.sent += count;
    numbers.map(|number| Ok(request(&side.path, &side.token, &fleet.body(number)?))).collect()
}

async fn measure(servers: &Servers, side: &mut Side, fleet: &Fleet, mode: &Mode) -> anyhow::Result<Measured> {
    let counter = side.counter().await?;
    counter.vacuum().await?;
    let running = side.start().await?;
    let warm_up = Arc::new(requests(side, fleet, WARM_UP)?);
    await_ready(side, &warm_up).await?;
    load::send(side.address, warm_up, mode.connections, Pace::FlatOut).await?;
    counter.await_readings(side.sent, STORED_WITHIN).await?;
    let requests = Arc::new(requests(side, fleet, mode.readings)?);

    let spent = || Spent::now(servers, running.ingest.id(), running.consume.id(), &counter);
    let before = spent()?;
    let began = Instant::now();
    let answers = load::send(side.address, requests, mode.connections, mode.pace).await?;
    counter.await_latest(side.sent, STORED_WITHIN).await?;
    let (took, after) = (began.elapsed(), spent()?);
    counter.await_readings(side.sent, STORED_WITHIN).await?;
    let measured = Measured::new(before, after, mode.readings, took, answers.took());
    eprintln!("  {} {}: {measured}", mode.name, side.name);
    Ok(measured)
}

/// An ingester that has just started does not know its integrations yet; the first webhook is repeated until it does.
/// It is one of those that are sent anyway, and the same reading is stored once.
async fn await_ready(side: &Side, requests: &Arc<Vec<Vec<u8>>>) -> anyhow::Result<()> {
    let first = Arc::new(requests.iter().take(1).cloned().collect::<Vec<_>>());
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match load::send(side.address, Arc::clone(&first), 1, Pace::FlatOut).await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error.context("no webhook is accepted")),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// One more round of the real program, in which some readings are too warm.
async fn time_alerts(
    real: &mut Real,
    fleet: &Fleet,
    mode: &Mode,
    rate: u32,
) -> anyhow::Result<alerts::Times> {
    let running = real.side.start().await?;
    let counter = real.side.counter().await?;
    let warm_up = Arc::new(requests(&mut real.side, fleet, WARM_UP)?);
    await_ready(&real.side, &warm_up).await?;
    load::send(real.side.address, warm_up, mode.connections, Pace::FlatOut).await?;
    counter.await_readings(real.side.sent, STORED_WITHIN).await?;

    let first = real.side.sent;
    let mut requests = requests(&mut real.side, fleet, mode.readings)?;
    let mut excursions = Vec::new();
    for excursion in 0..EXCURSIONS.min(fleet.trackers) {
        // Spread over the round and over the trackers; after its first second.
        let index =
            rate + excursion * ((mode.readings - rate) / EXCURSIONS) / fleet.trackers * fleet.trackers;
        let index = index + excursion;
        let slot = requests.get_mut(index as usize).context("the round is too short")?;
        *slot = request(&real.side.path, &real.side.token, &fleet.warm_body(first + index)?);
        excursions.push((fleet.tracker_of(first + index), index as usize));
    }
    let listening = alerts::listen(&real.url, &real.token).await?;
    let answers = load::send(real.side.address, Arc::new(requests), mode.connections, mode.pace).await?;
    counter.await_readings(real.side.sent, STORED_WITHIN).await?;
    let heard = listening.finish().await;
    drop(running);
    let posted = |index: usize| answers.began + Duration::from_secs_f64(index as f64 / f64::from(rate));
    alerts::Times::of(
        excursions.into_iter().map(|(tracker, index)| (tracker, posted(index))),
        &heard,
        &real.tracker_of,
    )
}
