//! Readings from a CSV file: what `isotherm evaluate` reads, and uploads of loggers.
//!
//! The header is `measured_at` (RFC 3339) and `temperature_c`, optionally `min_c`, `max_c`, `humidity_pct` and
//! `out_of_range_s`, in any order; other columns, of which a logger's export has many, are left unread. A file is read whole or not
//! at all: every fault is an error with its place.

pub(crate) mod records;

use std::fmt::Display;
use std::io::Read;
use std::str::FromStr;

use chrono::DateTime;

use self::records::{Record, Records};
use crate::reading::Reading;
use crate::time::{unix, utc};

/// Ten years of one reading a minute; more is no file of one box.
pub const MOST_READINGS: usize = 5_256_000;
/// Enough for that many lines of 100 bytes.
pub const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// Where a file cannot be read, and why. Lines and columns count from 1, the header being line 1.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("line {line}, column {column} ({name}): {reason}")]
    Field { line: u64, column: usize, name: String, reason: String },
    #[error("line {line}, column {column}: {reason}")]
    Line { line: u64, column: usize, reason: String },
    #[error("line 1, column 1: there is no column {0}: the header names measured_at and temperature_c")]
    MissingColumn(&'static str),
    #[error("the file is too large: at most {MOST_READINGS} readings and {MOST_BYTES} bytes are read")]
    TooLarge,
    #[error("the file cannot be read")]
    Io(#[source] std::io::Error),
}

/// All readings of a file in its order. Fractions of a second are cut; temperatures and humidities are rounded
/// half to even to 0.01. Of the file itself no more than a record is held in memory.
pub fn read_csv(file: impl Read) -> Result<Vec<Reading>, CsvError> {
    let mut records = Records::of(file);
    let columns = match records.next()? {
        Some(header) => Columns::find(&header)?,
        None => return Err(CsvError::MissingColumn(MEASURED_AT)),
    };
    let mut readings = Vec::new();
    while let Some(record) = records.next()? {
        if readings.len() >= MOST_READINGS {
            return Err(CsvError::TooLarge);
        }
        readings.push(columns.reading(&record)?);
    }
    Ok(readings)
}

/// Where each field stands, from 0.
struct Columns {
    count: usize,
    measured_at: usize,
    temperature: usize,
    min: Option<usize>,
    max: Option<usize>,
    humidity: Option<usize>,
    out_of_range_s: Option<usize>,
}

const MEASURED_AT: &str = "measured_at";
const NAMES: [&str; 6] = [MEASURED_AT, "temperature_c", "min_c", "max_c", "humidity_pct", "out_of_range_s"];

impl Columns {
    fn find(header: &Record) -> Result<Self, CsvError> {
        // Spreadsheets begin UTF-8 files with a byte order mark; csv-core removes it where it comes in one piece.
        let name = |index| header.field(index).trim_start_matches('\u{feff}').trim();
        let names: Vec<&str> = (0..header.fields()).map(name).collect();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| NAMES.contains(name)) {
            if names.iter().take(index).any(|earlier| earlier == name) {
                let reason = "is there twice: remove one".to_owned();
                return Err(CsvError::Field { line: 1, column: index + 1, name: (*name).to_owned(), reason });
            }
        }
        let place = |name| names.iter().position(|known| *known == name);
        let required = |name| place(name).ok_or(CsvError::MissingColumn(name));
        Ok(Self {
            count: names.len(),
            measured_at: required(MEASURED_AT)?,
            temperature: required("temperature_c")?,
            min: place("min_c"),
            max: place("max_c"),
            humidity: place("humidity_pct"),
            out_of_range_s: place("out_of_range_s"),
        })
    }

    fn reading(&self, record: &Record) -> Result<Reading, CsvError> {
        if record.fields() != self.count {
            let (column, fields) = (record.fields().min(self.count) + 1, record.fields());
            let reason = format!("{fields} fields where the header has {}", self.count);
            return Err(CsvError::Line { line: record.line, column, reason });
        }
        let time = record.field(self.measured_at);
        let measured_at = DateTime::parse_from_rfc3339(time).map_err(|_| {
            let reason =
                format!("`{}` is not an RFC 3339 time such as 2026-03-01T08:00:00Z", shortened(time));
            fault(record, self.measured_at, MEASURED_AT, reason)
        })?;
        Ok(Reading {
            measured_at: utc(unix(measured_at.to_utc())),
            temperature: parsed(record, self.temperature, "temperature_c")?,
            min: optional(record, self.min, "min_c")?,
            max: optional(record, self.max, "max_c")?,
            humidity: optional(record, self.humidity, "humidity_pct")?,
            out_of_range_s: optional::<Seconds>(record, self.out_of_range_s, "out_of_range_s")?.map(|s| s.0),
        })
    }
}

/// A count that is refused in words of ours.
struct Seconds(u32);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{}` is not a whole number of seconds", shortened(text)))
    }
}

fn parsed<T: FromStr<Err: Display>>(record: &Record, column: usize, name: &str) -> Result<T, CsvError> {
    record.field(column).parse().map_err(|error: T::Err| fault(record, column, name, error.to_string()))
}

fn optional<T: FromStr<Err: Display>>(
    record: &Record,
    column: Option<usize>,
    name: &str,
) -> Result<Option<T>, CsvError> {
    let given = column.filter(|column| !record.field(*column).is_empty());
    given.map(|column| parsed(record, column, name)).transpose()
}

fn fault(record: &Record, column: usize, name: &str, reason: String) -> CsvError {
    // A quoted field may hold a line break, and a message is one line.
    let reason = reason.replace(char::is_control, " ");
    CsvError::Field { line: record.line, column: column + 1, name: name.to_owned(), reason }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
