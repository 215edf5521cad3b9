//! `isotherm evaluate`: readings in, assessment out.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use domain::evaluate::Verdict;
use domain::profile::Profile;

use crate::{Failure, print_json, read_input};

#[derive(clap::Args)]
pub struct EvaluateOptions {
    /// The profile (TOML)
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Where the span begins (RFC 3339); the first reading where absent
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<DateTime<Utc>>,
    /// Where the span ends, not included; the end of the last reading's standing where absent
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<DateTime<Utc>>,
    /// The readings (CSV); standard input where absent or `-`
    readings: Option<PathBuf>,
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc()).map_err(|_| "write a time such as 2026-03-01T08:00:00Z".to_owned())
}

/// 0 where nothing is wrong, 1 for an excursion or an incomplete record.
pub fn run(options: &EvaluateOptions) -> Result<ExitCode, Failure> {
    let name = options.profile.display();
    let text = std::fs::read_to_string(&options.profile)
        .map_err(|error| Failure::bad(format!("{name}: {error}")))?;
    let profile = Profile::from_toml(&text).map_err(|error| Failure::bad(format!("{name}: {error}")))?;
    let csv = read_input(options.readings.as_deref())?;
    let source =
        options.readings.as_deref().map_or("standard input".into(), |file| file.display().to_string());
    let readings = domain::readings_csv::read_csv(csv.as_slice())
        .map_err(|error| Failure::bad(format!("{source}: {error}")))?;
    let assessment =
        domain::evaluate::evaluate(&profile, &readings, options.from, options.to).map_err(Failure::bad)?;
    print_json(&assessment)?;
    Ok(ExitCode::from(u8::from(assessment.verdict != Verdict::NoExcursion)))
}
