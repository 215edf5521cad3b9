//! The whole path beside a bare reference: CPU time a reading of each part, and how soon an alert is on the page.
//!
//! For developers only. It starts a private RabbitMQ and a private PostgreSQL that syncs to the disk, and sends the
//! same webhooks in turns to the real program and to a reference that does the least that could be called the same
//! work (parse, packed confirmed publish, batch insert with the latest state). Rates depend on the machine and on
//! what else it does; the ratio of two neighbouring rounds does not.

mod alerts;
mod cpu;
mod installation;
mod load;
mod reference;
mod report;
mod rounds;
mod servers;
mod webhooks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "Measures the whole path beside a bare reference; JSON on standard output")]
struct Arguments {
    #[command(flatten)]
    plan: rounds::Plan,
    #[command(subcommand)]
    role: Option<Role>,
}

/// The reference is two processes of this binary.
#[derive(Subcommand)]
enum Role {
    #[command(hide = true)]
    ReferenceIngest(reference::ingest::Options),
    #[command(hide = true)]
    ReferenceConsume(reference::consume::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.role {
        None => rounds::run(&arguments.plan),
        Some(Role::ReferenceIngest(options)) => reference::ingest::run(&options),
        Some(Role::ReferenceConsume(options)) => reference::consume::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
