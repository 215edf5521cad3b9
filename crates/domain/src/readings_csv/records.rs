//! The records of a CSV file, one after another, each with the line on which it begins.
//!
//! `csv-core` knows the format. It is fed here by hand, since only who hands it the bytes can tell on which line a
//! record begins: before it there may be blank lines and the second half of a CR LF, within it quoted line breaks.

use std::io::{BufRead, BufReader, Read, Take};

use csv_core::ReadRecordResult;

use super::{CsvError, MOST_BYTES};

/// Of text and of fields in one record: far more than any logger writes. What is longer is a quote left open, which
/// would draw the rest of the file into memory.
const LONGEST_RECORD: usize = 64 * 1024;

/// Holds one record at a time, and no more than a buffer of the file.
pub(crate) struct Records<R> {
    file: BufReader<Take<R>>,
    parser: csv_core::Reader,
    /// Line breaks between records, which the parser does not see.
    skipped_lines: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Fields as they stand between the commas, without quotes.
pub(crate) struct Record<'a> {
    pub line: u64,
    text: &'a str,
    /// Where in `text` each field ends.
    ends: &'a [usize],
}

impl<R: Read> Records<R> {
    pub fn of(file: R) -> Self {
        Self::separated_by(b',', file)
    }

    pub fn separated_by(separator: u8, file: R) -> Self {
        Self {
            // One byte more than may be, to tell a file that is too large from one that just fits.
            file: BufReader::with_capacity(64 * 1024, file.take(MOST_BYTES + 1)),
            parser: csv_core::ReaderBuilder::new().delimiter(separator).build(),
            skipped_lines: 0,
            text: vec![0; 1024],
            ends: vec![0; 16],
        }
    }

    /// `None` behind the last one.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, CsvError> {
        self.skip_blank_lines()?;
        let line = self.parser.line() + self.skipped_lines;
        let too_long = || CsvError::Line {
            line,
            column: 1,
            reason: format!("is longer than {LONGEST_RECORD} bytes: is a quote left open?"),
        };
        let (mut length, mut fields) = (0, 0);
        loop {
            let input = filled(&mut self.file)?;
            let text = self.text.get_mut(length..).unwrap_or_default();
            let ends = self.ends.get_mut(fields..).unwrap_or_default();
            let (result, read, written, ended) = self.parser.read_record(input, text, ends);
            self.file.consume(read);
            length += written;
            fields += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => grow(&mut self.text).ok_or_else(too_long)?,
                ReadRecordResult::OutputEndsFull => grow(&mut self.ends).ok_or_else(too_long)?,
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let text = self.text.get(..length).unwrap_or_default();
        Record::new(line, text, self.ends.get(..fields).unwrap_or_default()).map(Some)
    }

    fn skip_blank_lines(&mut self) -> Result<(), CsvError> {
        loop {
            let input = filled(&mut self.file)?;
            let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let breaks = input.iter().take(blank).filter(|byte| **byte == b'\n').count();
            let is_over = blank < input.len() || input.is_empty();
            self.skipped_lines += breaks as u64;
            self.file.consume(blank);
            if is_over {
                return Ok(());
            }
        }
    }
}

/// What follows in the file; empty at its end.
fn filled<R: Read>(file: &mut BufReader<Take<R>>) -> Result<&[u8], CsvError> {
    let is_end = file.fill_buf().map_err(CsvError::Io)?.is_empty();
    if is_end && file.get_ref().limit() == 0 {
        return Err(CsvError::TooLarge);
    }
    Ok(file.buffer())
}

/// `None` where it is as long as it may become.
fn grow<T: Copy + Default>(buffer: &mut Vec<T>) -> Option<()> {
    (buffer.len() < LONGEST_RECORD).then(|| buffer.resize(buffer.len() * 2, T::default()))
}

impl<'a> Record<'a> {
    fn new(line: u64, bytes: &'a [u8], ends: &'a [usize]) -> Result<Self, CsvError> {
        match std::str::from_utf8(bytes) {
            // Halves of one character may stand on both sides of a comma.
            Ok(text) if ends.iter().all(|end| text.is_char_boundary(*end)) => Ok(Self { line, text, ends }),
            _ => {
                let begins = [0].iter().chain(ends);
                let is_text = |(begin, end): (&usize, &usize)| {
                    bytes.get(*begin..*end).is_some_and(|field| std::str::from_utf8(field).is_ok())
                };
                let column = begins.zip(ends).take_while(|field| is_text(*field)).count() + 1;
                Err(CsvError::Line { line, column, reason: "is not UTF-8 text".to_owned() })
            }
        }
    }

    pub fn fields(&self) -> usize {
        self.ends.len()
    }

    /// From 0, without blanks around it; empty where there is none.
    pub fn field(&self, index: usize) -> &'a str {
        let begin = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(self.text.len()),
            None => 0,
        };
        let end = self.ends.get(index).copied().unwrap_or(begin);
        self.text.get(begin..end).unwrap_or_default().trim()
    }
}
