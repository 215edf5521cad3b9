//! CSV files: what is read, and where a fault is reported.

use std::io::Read;

use domain::readings_csv::read_csv;
use domain::{Humidity, Reading, Temperature};
use proptest::prelude::*;

use crate::series::at;

fn refused(file: &str) -> String {
    read_csv(file.as_bytes()).unwrap_err().to_string()
}

#[test]
fn columns_are_found_by_name_and_optional_ones_may_be_empty() {
    let file = "\u{feff}humidity_pct,temperature_c , measured_at,max_c,min_c\r\n\
                45.5,5.25,2026-03-01T08:00:00Z,6,\r\n\
                ,\"-0.5\",2026-03-01T10:00:10.999+02:00,,-1\r\n";
    let expected = [
        Reading {
            measured_at: at(0),
            temperature: Temperature(525),
            min: None,
            max: Some(Temperature(600)),
            humidity: Some(Humidity(4_550)),
            out_of_range_s: None,
        },
        Reading {
            measured_at: at(10),
            temperature: Temperature(-50),
            min: Some(Temperature(-100)),
            max: None,
            out_of_range_s: None,
            humidity: None,
        },
    ];
    assert_eq!(read_csv(file.as_bytes()).unwrap(), expected);
}

#[test]
fn columns_that_mean_nothing_here_are_left_unread() {
    let file = "serial,measured_at,,temperature_c,note,,serial\n\
                7,2026-03-01T08:00:00Z,warm,5.25,\"door, open\",,7\n";
    assert_eq!(read_csv(file.as_bytes()).unwrap(), crate::series::readings(&[(0, 525)]));
    let short = refused("serial,measured_at,temperature_c\n7,2026-03-01T08:00:00Z\n");
    assert_eq!(short, "line 2, column 3: 2 fields where the header has 3");
}

#[test]
fn temperatures_are_rounded_half_to_even_at_the_hundredth() {
    for (text, hundredths) in
        [("8.005", 800), ("8.015", 802), ("8.0050001", 801), ("-0.005", 0), ("8", 800), ("5e0", 500)]
    {
        let file = format!("measured_at,temperature_c\n2026-03-01T08:00:00Z,{text}\n");
        assert_eq!(read_csv(file.as_bytes()).unwrap()[0].temperature, Temperature(hundredths), "{text}");
    }
}

#[test]
fn a_header_alone_is_a_file_without_readings() {
    assert_eq!(read_csv("measured_at,temperature_c\n".as_bytes()).unwrap(), []);
}

#[test]
fn a_fault_is_reported_with_line_column_and_reason() {
    let head = "measured_at,temperature_c\n2026-03-01T08:00:00Z,5\n";
    for (file, expected) in [
        (
            format!("{head}2026-03-01T08:00:00Z,warm\n"),
            "line 3, column 2 (temperature_c): `warm` is not a decimal number such as 5.25",
        ),
        (
            format!("{head}\n2026-03-01T08:00:00Z,\n"),
            "line 4, column 2 (temperature_c): `` is not a decimal number",
        ),
        (
            format!("{head}2026-03-01 08:00,5\n"),
            "line 3, column 1 (measured_at): `2026-03-01 08:00` is not an RFC 3339 time",
        ),
        (format!("{head}2026-03-01T08:00:00,5\n"), "line 3, column 1 (measured_at): "),
        (
            format!("{head}2026-03-01T08:00:00Z,-300\n"),
            "line 3, column 2 (temperature_c): -300 is out of range",
        ),
        (format!("{head}2026-03-01T08:00:00Z\n"), "line 3, column 2: 1 fields where the header has 2"),
        (format!("{head}2026-03-01T08:00:00Z,5,6\n"), "line 3, column 3: 3 fields where the header has 2"),
        (
            format!("{head}2026-03-01T08:00:00Z,\"5\n6\"\n"),
            "line 3, column 2 (temperature_c): `5 6` is not a decimal",
        ),
        ("measured_at,temperature,x\n".to_owned(), "line 1, column 1: there is no column temperature_c"),
        ("measured_at,min_c,min_c\n".to_owned(), "line 1, column 3 (min_c): is there twice"),
        ("measured_at\n".to_owned(), "line 1, column 1: there is no column temperature_c"),
        (String::new(), "line 1, column 1: there is no column measured_at"),
    ] {
        let reason = refused(&file);
        assert!(reason.starts_with(expected), "{file:?}: {reason}");
        assert!(!reason.contains('\n'), "{reason}");
        if !file.contains('"') {
            assert_eq!(refused(&file.replace('\n', "\r\n")), reason);
        }
    }
    let not_text = read_csv(&b"measured_at,temperature_c\n2026-03-01T08:00:00Z,\xff\n"[..]).unwrap_err();
    assert_eq!(not_text.to_string(), "line 2, column 2: is not UTF-8 text");
}

#[test]
fn a_quote_left_open_is_reported_where_it_opens() {
    let row = "2026-03-01T08:00:00Z,5\n";
    let mut file = format!("measured_at,temperature_c\n{row}\n2026-03-01T08:00:00Z,\"5\n{row}");
    let swallowed = "`5 2026-03-01T08:00:00Z,5` is not a decimal number such as 5.25";
    assert_eq!(refused(&file), format!("line 4, column 2 (temperature_c): {swallowed}"));
    file.push_str(&row.repeat(4_000));
    assert_eq!(refused(&file), "line 4, column 1: is longer than 65536 bytes: is a quote left open?");
    let commas = format!("measured_at,temperature_c\n{}\n", ",".repeat(70_000));
    assert_eq!(refused(&commas), "line 2, column 1: is longer than 65536 bytes: is a quote left open?");
}

#[test]
fn a_file_without_end_is_too_large() {
    let header = "measured_at,temperature_c\n".as_bytes();
    let refused = read_csv(header.chain(std::io::repeat(b'\n'))).unwrap_err().to_string();
    assert_eq!(refused, "the file is too large: at most 5256000 readings and 536870912 bytes are read");
}

/// Gives a few bytes at a time, as a pipe may.
struct Trickle<'a> {
    file: &'a [u8],
    at_once: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.at_once);
        self.file.read(&mut buffer[..length])
    }
}

/// A row of three columns, and a line break of each kind where it may stand.
const ROWS: [&str; 4] = [
    "",
    "2026-03-01T08:00:00Z,5,",
    "2026-03-01T08:00:00Z,5,\"a\n\nb\"",
    "2026-03-01T08:00:00Z,\" 5\n\",\"\"\"\"",
];

proptest! {
    #[test]
    fn any_file_is_read_or_refused_without_a_panic(
        body in proptest::collection::vec(any::<u8>(), 0..200),
        headed in any::<bool>(),
    ) {
        let mut file = if headed { b"measured_at,temperature_c\n".to_vec() } else { Vec::new() };
        file.extend(body);
        if let Err(refused) = read_csv(&file[..]) {
            prop_assert!(!refused.to_string().contains(char::is_control), "{}", refused);
        }
    }

    #[test]
    fn a_faulty_row_is_found_on_its_line_however_the_file_arrives(
        before in proptest::collection::vec(0..ROWS.len(), 0..12),
        breaks_within in 0..3_usize,
        (crlf, ended) in any::<(bool, bool)>(),
        at_once in 1..40_usize,
    ) {
        let rows: String = before.iter().map(|row| format!("{}\n", ROWS[*row])).collect();
        let mut file = format!("measured_at,temperature_c,note\n{rows}");
        let line = file.matches('\n').count() + 1;
        file.push_str(&format!("2026-03-01T08:00:00Z,warm,\"{}\"", "\n".repeat(breaks_within)));
        file.push_str(if ended { "\n" } else { "" });
        let file = if crlf { file.replace('\n', "\r\n") } else { file };
        let refused = read_csv(Trickle { file: file.as_bytes(), at_once }).unwrap_err().to_string();
        let expected = format!("line {line}, column 2 (temperature_c): `warm` is not a decimal number such as 5.25");
        prop_assert_eq!(refused, expected);
    }

    #[test]
    fn a_file_is_the_same_in_pieces(
        body in "[0-9TZ:,.\"\r\n éz+-]{0,80}",
        row in proptest::option::of(0..ROWS.len()),
        at_once in 1..20_usize,
    ) {
        let row = row.map_or("", |row| ROWS[row]);
        let file = format!("measured_at,temperature_c,note\r\n{row}\n{body}\n{row}");
        let whole = read_csv(file.as_bytes()).map_err(|error| error.to_string());
        let pieces = read_csv(Trickle { file: file.as_bytes(), at_once }).map_err(|error| error.to_string());
        prop_assert_eq!(pieces, whole);
    }
}
