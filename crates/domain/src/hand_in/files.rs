//! A whole file: JSON as a list, or CSV with a header. What is wrong with the file is said of the file, what is wrong with
//! a line of the line.

use serde_json::{Map, Value};

use super::fields::{NAMES, fault, quoted};
use super::{Fault, HandIn};
use crate::readings_csv::records::{Record, Records};

/// The most events of one file.
pub const MOST_EVENTS: usize = 1000;

/// One event of a file, or what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Of CSV the line on which it begins, the header being line 1; of JSON its place in the list, from 1.
    pub number: u64,
    pub read: Result<HandIn, Fault>,
}

/// Why nothing of a file can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    #[error("the body is no list of events in JSON: {0}")]
    NoList(String),
    #[error("the file has more than {MOST_EVENTS} events: send it in parts")]
    TooMany,
    #[error("the file is empty: its first line names the columns, {}", NAMES.join(", "))]
    NoHeader,
    #[error("line 1: there is no column `{0}`; write some of {names}", names = NAMES.join(", "))]
    UnknownColumn(String),
    #[error("line 1: the column {0} is there twice: remove one")]
    TwiceColumn(&'static str),
    #[error("line 1: the column {0} is missing")]
    MissingColumn(&'static str),
    #[error("{0}")]
    Unreadable(String),
}

/// A list of objects.
pub fn read_json(body: &[u8]) -> Result<Vec<Line>, FileFault> {
    let all: Vec<Value> =
        serde_json::from_slice(body).map_err(|error| FileFault::NoList(error.to_string()))?;
    if all.len() > MOST_EVENTS {
        return Err(FileFault::TooMany);
    }
    let read = |value: Value| match value {
        Value::Object(map) => HandIn::read(&map),
        _ => Err(fault("event", "an object is expected: {\"event_id\": …}".into())),
    };
    Ok((1..).zip(all).map(|(number, value)| Line { number, read: read(value) }).collect())
}

/// Columns in any order, separated by commas, or by semicolons as spreadsheets of some languages write them: the header
/// says which, since no column's name holds either. UTF-8, with or without a byte order mark; LF or CR LF.
pub fn read_csv(body: &[u8]) -> Result<Vec<Line>, FileFault> {
    let header =
        body.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let separator = if header.contains(&b';') && !header.contains(&b',') { b';' } else { b',' };
    let mut records = Records::separated_by(separator, body);
    let header = records.next().map_err(|error| FileFault::Unreadable(error.to_string()))?;
    let columns = columns(&header.ok_or(FileFault::NoHeader)?)?;
    let mut lines = Vec::new();
    loop {
        let line = match records.next() {
            Ok(None) => return Ok(lines),
            Ok(Some(record)) => Line { number: record.line, read: event(&columns, &record) },
            // Where the next record begins is not certain any more.
            Err(error) => return Err(FileFault::Unreadable(error.to_string())),
        };
        if lines.len() == MOST_EVENTS {
            return Err(FileFault::TooMany);
        }
        lines.push(line);
    }
}

fn columns(header: &Record) -> Result<Vec<&'static str>, FileFault> {
    let mut columns = Vec::with_capacity(header.fields());
    for index in 0..header.fields() {
        let text = header.field(index).trim_start_matches('\u{feff}').trim();
        let name = NAMES.into_iter().find(|known| *known == text);
        let name = name.ok_or_else(|| FileFault::UnknownColumn(quoted(text)))?;
        if columns.contains(&name) {
            return Err(FileFault::TwiceColumn(name));
        }
        columns.push(name);
    }
    match ["event_id", "what", "at", "by"].into_iter().find(|name| !columns.contains(name)) {
        Some(missing) => Err(FileFault::MissingColumn(missing)),
        None => Ok(columns),
    }
}

fn event(columns: &[&'static str], record: &Record) -> Result<HandIn, Fault> {
    if record.fields() != columns.len() {
        let reason = format!("{} fields where the header has {}", record.fields(), columns.len());
        return Err(fault("line", reason));
    }
    let field = |(index, name): (usize, &&str)| ((*name).to_owned(), Value::from(record.field(index)));
    HandIn::read(&columns.iter().enumerate().map(field).collect::<Map<_, _>>())
}
