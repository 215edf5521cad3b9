//! The project's own commands: `cargo xtask demo`, `cargo xtask test` and what they are made of.
//!
//! For developers only. It runs the tools of others (cargo, npm, the checkers), says what is missing and shows what
//! takes long; it knows nothing of readings. Compiled before everything else, so it depends on little.

mod bench;
mod binaries;
mod checkers;
mod child;
mod clients;
mod demo;
mod firmware;
mod fuzz;
mod install;
mod needs;
mod page;
mod python;
mod release;
mod requirements;
mod root;
mod servers;
mod steps;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, shows and tests Isotherm")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds everything and runs the demo: services, page and simulated trackers in one process
    ///
    /// Example: cargo xtask demo --listen 127.0.0.1:8080
    Demo {
        /// Where the page, the API and the webhooks answer
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<String>,
        /// How much faster than real time the demo's clock runs
        #[arg(long, value_name = "N")]
        speed: Option<String>,
        /// The demo's folder [default: target/demo]
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
    },
    /// Checks and tests everything with real servers, as continuous integration does
    ///
    /// Example: cargo xtask test
    Test,
    /// Builds the page and target/debug/isotherm with the page inside
    ///
    /// Example: cargo xtask build
    Build,
    /// Makes from the API's document the types that the page is written against
    ///
    /// Example: cargo xtask clients
    Clients,
    /// Measures the whole path beside a bare reference: JSON with CPU time a reading, a few minutes
    ///
    /// Example: cargo xtask bench > bench.json
    Bench {
        /// Options of the bench itself, after `--`: `--help` shows them
        #[arg(last = true)]
        options: Vec<String>,
    },
    /// Builds the tracker's firmware and says what it takes of its chip
    ///
    /// Example: cargo xtask firmware --emulate
    Firmware(firmware::FirmwareOptions),
    /// Installs the optional checkers: cargo-deny, typos, cargo-nextest
    ///
    /// Example: cargo xtask tools
    Tools,
    /// Runs the tests' PostgreSQL and RabbitMQ until the standard input closes
    #[command(hide = true)]
    Servers,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Task::Demo { listen, speed, data } => demo::run(&demo::Wishes { listen, speed, data }),
        Task::Test => suite::run(),
        Task::Build => demo::build_only(),
        Task::Clients => clients::run(),
        Task::Bench { options } => bench::run(&options),
        Task::Firmware(options) => firmware::run(&options),
        Task::Tools => checkers::install(),
        Task::Servers => servers::serve(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}
