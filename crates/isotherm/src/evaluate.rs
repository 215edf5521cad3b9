//! `isotherm evaluate`: readings in, assessment out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use domain::Reading;
use domain::evaluate::Verdict;
use domain::profile::Profile;
use domain::readings_csv::{CsvError, read_csv};

use crate::{Failure, named_file, open_input, print_json, read_input, unreadable};

#[derive(clap::Args)]
pub struct EvaluateOptions {
    /// The profile (TOML); standard input where `-`
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
    let profile = named_file(Some(&options.profile));
    let readings = named_file(options.readings.as_deref());
    if profile.is_none() && readings.is_none() {
        let message = "profile and readings cannot both be standard input: name a file for one of them";
        return Err(Failure::bad(message));
    }
    let profile = read_profile(profile)?;
    let mut readings = read_readings(readings)?;
    // In place, so that the rules need no copy of a long file.
    readings.sort_unstable();
    readings.dedup();
    let assessment =
        domain::evaluate::evaluate(&profile, &readings, options.from, options.to).map_err(Failure::bad)?;
    print_json(&assessment)?;
    Ok(ExitCode::from(u8::from(assessment.verdict != Verdict::NoExcursion)))
}

fn read_readings(file: Option<&Path>) -> Result<Vec<Reading>, Failure> {
    read_csv(open_input(file)?).map_err(|error| match error {
        CsvError::Io(reason) => unreadable(file, &reason),
        other => unreadable(file, &other),
    })
}

fn read_profile(file: Option<&Path>) -> Result<Profile, Failure> {
    let text = String::from_utf8(read_input(file)?).map_err(|_| unreadable(file, &"is not UTF-8 text"))?;
    Profile::from_toml(&text).map_err(|error| unreadable(file, &error))
}
