//! GS1 Digital Link: the elements of a code as a web address.

use chrono::NaiveDate;

use super::elements::KNOWN;
use super::{Elements, Gs1Error, quoted};

/// Keys that a link's path begins with, behind whatever path the host has of its own.
const KEYS: &[&str] = &["00", "01", "414", "417", "8004"];

/// Where GS1 itself answers.
const HOST: &str = "https://id.gs1.org";

/// `link` begins with `http://` or `https://`. Of the path, the first key from which on it is pairs of identifier and
/// value to its end; of the query, what has an identifier for its name. The compressed form is not read.
pub(super) fn parse_link(link: &str, today: NaiveDate) -> Result<Elements, Gs1Error> {
    let no_link = || Gs1Error::NoLink(quoted(link));
    let (_, address) = link.split_once("://").ok_or_else(no_link)?;
    let (address, _) = address.split_once('#').unwrap_or((address, ""));
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (_, path) = path.split_once('/').ok_or_else(no_link)?;
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let pairs = pairs_of(&segments).ok_or_else(no_link)?;
    let of_query = query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    let mut elements = Elements::default();
    for (identifier, value) in pairs.into_iter().chain(of_query) {
        let value = decode(value).ok_or_else(no_link)?;
        let is_identifier =
            (2..=4).contains(&identifier.len()) && identifier.bytes().all(|b| b.is_ascii_digit());
        match KNOWN.iter().find(|known| **known == identifier) {
            // A link may leave the zeros in front of a GTIN away.
            Some(known @ (&"01" | &"02")) => {
                let gtin: super::Gtin = value.parse()?;
                elements.take(known, &gtin.to_string(), today)?;
            }
            Some(known) => elements.take(known, &value, today)?,
            None if is_identifier => elements.unread.push(format!("{identifier}{value}")),
            None => {}
        }
    }
    Ok(elements)
}

fn pairs_of<'a>(segments: &[&'a str]) -> Option<Vec<(&'a str, &'a str)>> {
    let is_identifier =
        |text: &str| (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (0..segments.len()).find_map(|start| {
        let rest = segments.get(start..)?;
        let begins = rest.first().is_some_and(|first| KEYS.contains(first));
        let (pairs, left) = rest.as_chunks::<2>();
        let whole =
            begins && left.is_empty() && pairs.iter().all(|[identifier, _]| is_identifier(identifier));
        whole.then(|| pairs.iter().map(|[identifier, value]| (*identifier, *value)).collect())
    })
}

/// Takes percent-encoding back (RFC 3986, 2.1); none where it is broken, or hides what is not ASCII.
fn decode(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut decoded = parts.next()?.to_owned();
    for part in parts {
        let (hex, rest) = part.split_at_checked(2)?;
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(hex, 16).ok().filter(|byte| is_hex && byte.is_ascii_graphic())?;
        decoded.push(char::from(byte));
        decoded.push_str(rest);
    }
    Some(decoded)
}

fn encode(text: &str) -> String {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

pub(super) fn write_link(elements: &Elements) -> Option<String> {
    let written = elements.written();
    let (key, value) =
        KEYS.iter().find_map(|key| written.iter().find(|(identifier, _)| identifier == key))?;
    let mut link = format!("{HOST}/{key}/{}", encode(value));
    if *key == "01" {
        // In the order that the syntax asks for.
        for (identifier, value) in written.iter().filter(|(identifier, _)| ["10", "21"].contains(identifier))
        {
            link.push_str(&format!("/{identifier}/{}", encode(value)));
        }
        if let Some((identifier, value)) = written.iter().find(|(identifier, _)| *identifier == "17") {
            link.push_str(&format!("?{identifier}={value}"));
        }
    }
    Some(link)
}
