//! Readings from a CSV file: what `isotherm evaluate` reads, and uploads of loggers.
//!
//! The header is `measured_at` (RFC 3339) and `temperature_c`, optionally `min_c`, `max_c`, `humidity_pct` and
//! `out_of_range_s`, in any order; other columns, of which a logger's export has many, are left unread. A file is read whole or not
//! at all: every fault is an error with its place.

use std::io::Read;

use chrono::DateTime;

use crate::quantity::QuantityError;
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
/// half to even to 0.01. The file is held in memory.
pub fn read_csv(file: impl Read) -> Result<Vec<Reading>, CsvError> {
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(CsvError::Io)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(CsvError::TooLarge);
    }
    let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let refused = |error| refused(&bytes, error);
    let columns = Columns::find(csv.headers().map_err(refused)?)?;
    let mut readings = Vec::new();
    let mut record = csv::StringRecord::new();
    while csv.read_record(&mut record).map_err(refused)? {
        if readings.len() >= MOST_READINGS {
            return Err(CsvError::TooLarge);
        }
        readings.push(columns.reading(&bytes, &record)?);
    }
    Ok(readings)
}

/// Where each field stands, from 0.
struct Columns {
    measured_at: usize,
    temperature: usize,
    min: Option<usize>,
    max: Option<usize>,
    humidity: Option<usize>,
    out_of_range_s: Option<usize>,
}

const NAMES: [&str; 6] = ["measured_at", "temperature_c", "min_c", "max_c", "humidity_pct", "out_of_range_s"];

impl Columns {
    fn find(header: &csv::StringRecord) -> Result<Self, CsvError> {
        // Spreadsheets begin UTF-8 files with a byte order mark; csv removes it where it stands alone.
        let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| NAMES.contains(name)) {
            if names.iter().take(index).any(|earlier| earlier == name) {
                let reason = "is there twice: remove one".to_owned();
                return Err(CsvError::Field { line: 1, column: index + 1, name: (*name).to_owned(), reason });
            }
        }
        let place = |name| names.iter().position(|known| *known == name);
        let required = |name| place(name).ok_or(CsvError::MissingColumn(name));
        Ok(Self {
            measured_at: required("measured_at")?,
            temperature: required("temperature_c")?,
            min: place("min_c"),
            max: place("max_c"),
            humidity: place("humidity_pct"),
            out_of_range_s: place("out_of_range_s"),
        })
    }

    fn reading(&self, file: &[u8], record: &csv::StringRecord) -> Result<Reading, CsvError> {
        let text = |column: usize| record.get(column).unwrap_or_default();
        let fault = |column: usize, name: &str, reason: String| {
            let line = line(file, record.position());
            // A quoted field may hold a line break, and a message is one line.
            let reason = reason.replace(char::is_control, " ");
            CsvError::Field { line, column: column + 1, name: name.to_owned(), reason }
        };
        let measured_at = DateTime::parse_from_rfc3339(text(self.measured_at)).map_err(|_| {
            let given = shortened(text(self.measured_at));
            let reason = format!("`{given}` is not an RFC 3339 time such as 2026-03-01T08:00:00Z");
            fault(self.measured_at, "measured_at", reason)
        })?;
        let quantity =
            |column: usize, name: &str, error: QuantityError| fault(column, name, error.to_string());
        let optional = |column: Option<usize>| column.filter(|column| !text(*column).is_empty());
        let temperature =
            |column: usize, name: &str| text(column).parse().map_err(|error| quantity(column, name, error));
        Ok(Reading {
            measured_at: utc(unix(measured_at.to_utc())),
            temperature: temperature(self.temperature, "temperature_c")?,
            min: optional(self.min).map(|column| temperature(column, "min_c")).transpose()?,
            max: optional(self.max).map(|column| temperature(column, "max_c")).transpose()?,
            humidity: optional(self.humidity)
                .map(|column| text(column).parse().map_err(|error| quantity(column, "humidity_pct", error)))
                .transpose()?,
            out_of_range_s: optional(self.out_of_range_s)
                .map(|column| {
                    text(column).parse().map_err(|_| {
                        let given = shortened(text(column));
                        let reason = format!("`{given}` is not a whole number of seconds");
                        fault(column, "out_of_range_s", reason)
                    })
                })
                .transpose()?,
        })
    }
}

/// The line on which a record begins. The position that csv keeps is where it began to look for the record,
/// before blank lines and before the second half of a CR LF.
fn line(file: &[u8], looked_from: Option<&csv::Position>) -> u64 {
    let offset = looked_from.map_or(0, |position| position.byte() as usize);
    let blank = file.iter().skip(offset).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let newlines = file.iter().take(offset + blank).filter(|byte| **byte == b'\n').count();
    newlines as u64 + 1
}

fn shortened(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn refused(file: &[u8], error: csv::Error) -> CsvError {
    let line = line(file, error.position());
    match error.into_kind() {
        csv::ErrorKind::Io(error) => CsvError::Io(error),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => CsvError::Line {
            line,
            column: expected_len.min(len) as usize + 1,
            reason: format!("{len} fields where the header has {expected_len}"),
        },
        csv::ErrorKind::Utf8 { err, .. } => {
            CsvError::Line { line, column: err.field() + 1, reason: "is not UTF-8 text".to_owned() }
        }
        other => CsvError::Line { line, column: 1, reason: format!("is not CSV: {other:?}") },
    }
}
