//! `isotherm decode`: one webhook body in, one JSON array out.

use std::path::PathBuf;

use networks::Network;

use crate::{Failure, named_file, print_json, read_input};

#[derive(clap::Args)]
pub struct DecodeOptions {
    #[arg(long, value_name = "NAME", help = format!("The network server that sent the body: {}", Network::names()))]
    network: String,
    /// The sender's own word for the event, as in its URL (up, join, …)
    #[arg(long, value_name = "KIND")]
    event: Option<String>,
    /// The body; standard input where absent or `-`
    file: Option<PathBuf>,
}

pub fn run(options: &DecodeOptions) -> Result<(), Failure> {
    let network: Network = options.network.parse().map_err(Failure::bad)?;
    let body = read_input(named_file(options.file.as_deref()))?;
    let events = networks::decode::decode(network, options.event.as_deref(), &body).map_err(Failure::bad)?;
    print_json(&events)
}
