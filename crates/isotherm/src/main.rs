//! The program: its command line, and the wiring of the services. What they do stands in their crates.

mod admin;
mod api;
mod clock;
mod config;
mod decode;
mod demo;
mod evaluate;
mod http;
mod provision;
mod pull;
mod replay;
mod serve;
mod simulate;
mod tls;
mod verify;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use config::{Config, Options};
use tracing_subscriber::EnvFilter;

/// Cold-chain custody for medicines over LoRaWAN
///
/// Example: isotherm demo
#[derive(Parser)]
#[command(name = "isotherm", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows everything in one process, with a simulated fleet of trackers
    ///
    /// Example: isotherm demo --data /var/tmp/isotherm-demo --listen 127.0.0.1:8080 --speed 120
    #[command(verbatim_doc_comment)]
    Demo(demo::DemoOptions),
    /// Runs simulated trackers, whose network server posts to any ingester and takes downlinks
    ///
    /// Example: echo "$TOKEN" | isotherm simulate --token-stdin --url https://isotherm.example.org/webhooks/depot
    #[command(verbatim_doc_comment)]
    Simulate(simulate::SimulateOptions),
    /// Runs the ingester and the tracking service in one process
    ///
    /// Example: isotherm serve --config /etc/isotherm.toml
    Serve,
    /// Runs the ingester alone, on RabbitMQ
    ///
    /// Example: ISOTHERM_QUEUE__URL=amqp://localhost isotherm ingest --config /etc/isotherm/ingest.toml
    Ingest,
    /// Runs the tracking service alone, on RabbitMQ and PostgreSQL
    ///
    /// Example: isotherm track --config /etc/isotherm/track.toml
    Track,
    /// Brings the database to this version
    ///
    /// Example: isotherm migrate --config /etc/isotherm.toml
    Migrate,
    /// Prints the commented default configuration
    ///
    /// Example: isotherm config > /etc/isotherm.toml
    Config,
    /// Prints the OpenAPI 3.1 document of the API, from which clients are made
    ///
    /// Example: isotherm openapi > openapi.json
    #[command(name = "openapi")]
    OpenApi,
    /// Makes what must exist before anyone can log in or post
    ///
    /// Example: isotherm admin integration add --id depot --network chirpstack
    Admin(admin::AdminOptions),
    /// Trackers of one's own
    ///
    /// Example: isotherm tracker provision --dev-eui 70B3D57E5E000001 --name "Cold box 17" --out cold-box-17
    #[command(subcommand)]
    Tracker(provision::TrackerCommand),
    /// Shows what a network server's webhook says, as JSON
    ///
    /// ChirpStack's may be JSON or Protobuf, as its HTTP integration is set: which it is shows in the body.
    ///
    /// Example: isotherm decode --network chirpstack --event up body.json
    Decode(decode::DecodeOptions),
    /// Judges readings by a profile
    ///
    /// Example: isotherm evaluate --profile refrigerated.toml readings.csv
    Evaluate(evaluate::EvaluateOptions),
    /// Makes a shipment's stored assessments anew from its readings, and says where one differs
    ///
    /// Example: isotherm replay PO-2026-0042 --config /etc/isotherm.toml
    Replay(replay::ReplayOptions),
    /// Checks an evidence package without any connection: exit 0 whole, 1 altered, 2 unreadable
    ///
    /// Example: isotherm verify PO-2026-0042-evidence.zip --key keys.json
    Verify(verify::VerifyOptions),
}

/// Why a command ends: 1 is "the answer is no", 2 "the input or the call was bad".
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The input or the call was bad.
    pub fn bad(message: impl ToString) -> Self {
        Self { code: 2, message: message.to_string() }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::bad(format!("{error:#}"))
    }
}

fn main() -> ExitCode {
    let outcome = read_call().and_then(|cli| match cli {
        Some(cli) => {
            start_logging(&cli.command);
            run(cli)
        }
        None => Ok(ExitCode::SUCCESS),
    });
    outcome.unwrap_or_else(|failure| {
        eprintln!("isotherm: {}", on_one_line(&failure.message));
        ExitCode::from(failure.code)
    })
}

/// What the command line says; None where it asked for help or the version, which are printed here.
fn read_call() -> Result<Option<Cli>, Failure> {
    let call = refuse_nothing(Cli::command()).try_get_matches();
    match call.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Ok(Some(cli)),
        Err(asked) if !asked.use_stderr() => {
            // A reader that closes early is no failure.
            let _ = asked.print();
            Ok(None)
        }
        Err(wrong) => Err(Failure::bad(without_usage(&wrong.to_string()))),
    }
}

/// A call that names no command is a wrong call like any other; clap would answer it with a page of help.
fn refuse_nothing(command: clap::Command) -> clap::Command {
    command.arg_required_else_help(false).mut_subcommands(refuse_nothing)
}

/// Of clap's message what is wrong and what it proposes; below it stand the usage and where to read more.
fn without_usage(message: &str) -> String {
    let below = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let told: Vec<&str> = message.lines().take_while(|line| !below(line)).collect();
    let told = told.join("\n").replace("\n\n  tip:", "; tip:");
    told.strip_prefix("error: ").unwrap_or(&told).to_owned()
}

fn on_one_line(message: &str) -> String {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    message.lines().map(words).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let load = || Config::load(&cli.options).map_err(Failure::bad);
    match cli.command {
        Command::Demo(demo) => demo::run(&cli.options, &demo)?,
        Command::Simulate(options) => simulate::run(&options)?,
        Command::Serve => serve::run(load()?, serve::Part::Both)?,
        Command::Ingest => serve::run(load()?, serve::Part::Ingest)?,
        Command::Track => serve::run(load()?, serve::Part::Track)?,
        Command::Migrate => admin::migrate(&load()?)?,
        Command::Config => print_text(config::DEFAULT)?,
        Command::OpenApi => print_json(&tracking::api::document())?,
        Command::Admin(options) => admin::run(&load()?, options)?,
        Command::Tracker(provision::TrackerCommand::Provision(options)) => provision::run(&options)?,
        Command::Decode(options) => decode::run(&options)?,
        Command::Evaluate(options) => return evaluate::run(&options),
        Command::Verify(options) => return verify::run(&options),
        Command::Replay(options) => return replay::run(&load()?, &options),
    }
    Ok(ExitCode::SUCCESS)
}

/// The result of a command. A reader that closes early, such as `head`, is no failure.
pub fn print_text(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::bad(error)),
        _ => Ok(()),
    }
}

pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::bad)?;
    print_text(&format!("{text}\n"))
}

/// The file that an argument names; None, absent or `-`, is standard input.
pub fn named_file(argument: Option<&Path>) -> Option<&Path> {
    argument.filter(|file| file.as_os_str() != "-")
}

/// How messages call what [`named_file`] returns.
pub fn name_of_input(file: Option<&Path>) -> String {
    file.map_or("standard input".to_owned(), |file| file.display().to_string())
}

/// What [`named_file`] returns, for reading piece by piece.
pub fn open_input(file: Option<&Path>) -> Result<Box<dyn Read>, Failure> {
    match file {
        Some(path) => match std::fs::File::open(path) {
            Ok(open) => Ok(Box::new(open)),
            Err(error) => Err(unreadable(file, &error)),
        },
        None => Ok(Box::new(std::io::stdin())),
    }
}

/// The content of what [`named_file`] returns.
pub fn read_input(file: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open_input(file)?.read_to_end(&mut bytes).map_err(|error| unreadable(file, &error))?;
    Ok(bytes)
}

/// What is wrong with what [`named_file`] returns.
pub fn unreadable(file: Option<&Path>, reason: &dyn std::fmt::Display) -> Failure {
    Failure::bad(format!("{}: {reason}", name_of_input(file)))
}

/// Log lines go to standard error: as text on a terminal, else as JSON. Commands are quiet, services are not.
fn start_logging(command: &Command) {
    let default = match command {
        Command::Serve | Command::Ingest | Command::Track => {
            "info,tracing_actix_web=warn,lapin=warn,fjall=warn,lsm_tree=warn"
        }
        _ => "warn,fjall=error,lsm_tree=error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { log.init() } else { log.json().init() }
}
