//! Element strings: identifier and value, one after the other, as a symbol carries them.

use chrono::NaiveDate;

use super::elements::KNOWN;
use super::{Elements, Gs1Error, quoted};

/// FNC1 as scanners send it: ends an element without a fixed length that is not the last.
pub(super) const SEPARATOR: u8 = 0x1D;

/// The length of an element, identifier included, where its first two digits say it (GS1 General Specifications,
/// 7.8.5): such an element needs no separator behind it.
fn fixed_length(first_two: &str) -> Option<usize> {
    Some(match first_two {
        "00" => 20,
        "01" | "02" | "03" => 16,
        "04" => 18,
        "11" | "12" | "13" | "14" | "15" | "16" | "17" | "18" | "19" => 8,
        "20" => 4,
        "31" | "32" | "33" | "34" | "35" | "36" => 10,
        "41" => 16,
        _ => return None,
    })
}

/// `content` is ASCII.
pub(super) fn parse_string(content: &str, today: NaiveDate) -> Result<Elements, Gs1Error> {
    let separator = char::from(SEPARATOR);
    let mut rest = content.strip_prefix(separator).unwrap_or(content);
    if rest.is_empty() {
        return Err(Gs1Error::Empty);
    }
    let mut elements = Elements::default();
    while !rest.is_empty() {
        let (element, after) = first_element(rest)?;
        match KNOWN.iter().find_map(|known| Some((*known, element.strip_prefix(known)?))) {
            Some((identifier, "")) => {
                return Err(Gs1Error::EmptyElement { identifier: identifier.to_owned() });
            }
            Some((identifier, value)) => elements.take(identifier, value, today)?,
            None => elements.unread.push(element.to_owned()),
        }
        // Scanners are told to bear a separator where none is needed.
        rest = after.strip_prefix(separator).unwrap_or(after);
    }
    Ok(elements)
}

/// The first element, and what follows it.
fn first_element(text: &str) -> Result<(&str, &str), Gs1Error> {
    let end = text.find(char::from(SEPARATOR)).unwrap_or(text.len());
    let (until_separator, _) = text.split_at(end);
    let identifier = until_separator.get(..2).filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(identifier) = identifier else {
        let is_bracketed = text.starts_with('(');
        return Err(if is_bracketed {
            Gs1Error::Brackets
        } else {
            Gs1Error::NoIdentifier(quoted(until_separator))
        });
    };
    let Some(length) = fixed_length(identifier) else { return Ok(text.split_at(end)) };
    if until_separator.len() < length {
        let (identifier, found) = (identifier.to_owned(), until_separator.len());
        return Err(Gs1Error::Short { identifier, found, expected: length });
    }
    Ok(text.split_at(length))
}

/// Elements of a fixed length first, so that the fewest separators are needed.
pub(super) fn write_string(elements: &Elements) -> String {
    let mut string = String::new();
    let mut is_open = false;
    for (identifier, value) in elements.written() {
        if is_open {
            string.push(char::from(SEPARATOR));
        }
        string.push_str(identifier);
        string.push_str(&value);
        is_open = identifier.get(..2).is_none_or(|two| fixed_length(two).is_none());
    }
    string
}
