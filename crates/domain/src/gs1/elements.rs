//! What a code says: its elements by their meaning, whichever way they were written.

use chrono::NaiveDate;

use super::digital_link::{parse_link, write_link};
use super::element_string::{parse_string, write_string};
use super::{Expiry, Giai, Gln, Gs1Error, Gtin, Lot, NO_DAY, Serial, Sscc, quoted};

/// The elements of one code. Absent ones say nothing: a second scan of the same box adds to the first, and takes
/// nothing of it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elements {
    /// AI 00.
    pub sscc: Option<Sscc>,
    /// AI 01.
    pub gtin: Option<Gtin>,
    /// AI 02: what a logistic unit holds.
    pub contained: Option<Gtin>,
    /// AI 10.
    pub lot: Option<Lot>,
    /// AI 17.
    pub expiry: Option<Expiry>,
    /// AI 21.
    pub serial: Option<Serial>,
    /// AI 37: how many of `contained` a logistic unit holds.
    pub count: Option<u32>,
    /// AI 410.
    pub ship_to: Option<Gln>,
    /// AI 414.
    pub location: Option<Gln>,
    /// AI 417.
    pub party: Option<Gln>,
    /// AI 8004.
    pub asset: Option<Giai>,
    /// Elements that nobody asks for here, as they stand, identifier included.
    pub unread: Vec<String>,
    /// What speaks against the code without forbidding it.
    pub warnings: Vec<&'static str>,
}

/// Identifiers that are read, none of them the beginning of another.
pub(super) const KNOWN: &[&str] = &["00", "01", "02", "10", "17", "21", "37", "410", "414", "417", "8004"];

impl Elements {
    /// Reads what a scanner sent: an element string, with or without the symbology identifier and the separator in
    /// front; the digits of an EAN or ITF-14 barcode behind their symbology identifier (`]E0`, `]E4`, `]I1`); or a GS1
    /// Digital Link. `today` chooses the century of dates.
    ///
    /// Digits alone, without a symbology identifier, are refused where they can be a GTIN as well as an element string.
    /// What is printed for people, with brackets, is refused: a bracket may as well belong to a lot.
    pub fn parse(code: &[u8], today: NaiveDate) -> Result<Self, Gs1Error> {
        let code = code.trim_ascii();
        if code.is_empty() {
            return Err(Gs1Error::Empty);
        }
        let is_possible = |byte: &u8| byte.is_ascii_graphic() || *byte == super::element_string::SEPARATOR;
        if let Some(place) = code.iter().position(|byte| !is_possible(byte)) {
            return Err(Gs1Error::Garbage(place + 1));
        }
        // ASCII by now.
        let code = String::from_utf8_lossy(code);
        let elements = match code.strip_prefix(']').map(|rest| rest.split_at_checked(2)) {
            None if is_link(&code) => parse_link(&code, today),
            None => parse_plain(&code, today),
            Some(Some(("d2" | "C1" | "Q3" | "e0", content))) => parse_string(content, today),
            Some(Some(("E0" | "E4" | "I1", digits))) => {
                Ok(Self { gtin: Some(digits.parse()?), ..Self::default() })
            }
            Some(Some(("Q1" | "Q2" | "d1", content))) if is_link(content) => parse_link(content, today),
            Some(_) => Err(Gs1Error::OtherSymbol(code.chars().take(3).collect())),
        }?;
        if elements.is_empty() { Err(Gs1Error::NothingKnown) } else { Ok(elements) }
    }

    /// As a GS1 DataMatrix, GS1-128 or GS1 QR code carries them, behind its first separator. Empty where nothing is set.
    pub fn to_element_string(&self) -> String {
        write_string(self)
    }

    /// A GS1 Digital Link under `https://id.gs1.org`; `None` without a key that a link can begin with. What the link's
    /// syntax has no place for is left out: a lot, serial or expiry without a GTIN.
    pub fn to_digital_link(&self) -> Option<String> {
        write_link(self)
    }

    fn is_empty(&self) -> bool {
        self.written().is_empty()
    }

    /// Takes the value of a known identifier.
    pub(super) fn take(
        &mut self,
        identifier: &'static str,
        value: &str,
        today: NaiveDate,
    ) -> Result<(), Gs1Error> {
        match identifier {
            "00" => set(&mut self.sscc, identifier, value.parse()?),
            "01" => set(&mut self.gtin, identifier, fourteen(value)?),
            "02" => set(&mut self.contained, identifier, fourteen(value)?),
            "10" => {
                set(&mut self.lot, identifier, value.parse().map_err(|error| too_long(error, value, 20))?)
            }
            "17" => {
                let (expiry, no_day) = Expiry::from_label(value, today)?;
                if no_day && !self.warnings.contains(&NO_DAY) {
                    self.warnings.push(NO_DAY);
                }
                set(&mut self.expiry, identifier, expiry)
            }
            "21" => {
                set(&mut self.serial, identifier, value.parse().map_err(|error| too_long(error, value, 20))?)
            }
            "37" => set(&mut self.count, identifier, count(value)?),
            "410" => set(&mut self.ship_to, identifier, value.parse()?),
            "414" => set(&mut self.location, identifier, value.parse()?),
            "417" => set(&mut self.party, identifier, value.parse()?),
            "8004" => {
                set(&mut self.asset, identifier, value.parse().map_err(|error| too_long(error, value, 30))?)
            }
            _ => Ok(()),
        }
    }

    /// The known elements by identifier, as they are written, those of a fixed length first.
    pub(super) fn written(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("00", self.sscc.as_ref().map(ToString::to_string)),
            ("01", self.gtin.as_ref().map(ToString::to_string)),
            ("02", self.contained.as_ref().map(ToString::to_string)),
            ("410", self.ship_to.as_ref().map(ToString::to_string)),
            ("414", self.location.as_ref().map(ToString::to_string)),
            ("417", self.party.as_ref().map(ToString::to_string)),
            ("17", self.expiry.map(Expiry::to_label)),
            ("10", self.lot.as_ref().map(ToString::to_string)),
            ("21", self.serial.as_ref().map(ToString::to_string)),
            ("37", self.count.as_ref().map(ToString::to_string)),
            ("8004", self.asset.as_ref().map(ToString::to_string)),
        ];
        all.into_iter().filter_map(|(identifier, value)| Some((identifier, value?))).collect()
    }
}

fn is_link(code: &str) -> bool {
    let scheme = code.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
}

/// Without a symbology identifier.
fn parse_plain(code: &str, today: NaiveDate) -> Result<Elements, Gs1Error> {
    let gtin: Option<Gtin> = code.parse().ok();
    match (gtin, parse_string(code, today)) {
        (Some(_), Ok(elements)) if !elements.is_empty() => Err(Gs1Error::Ambiguous(quoted(code))),
        (Some(gtin), _) => Ok(Elements { gtin: Some(gtin), ..Elements::default() }),
        (None, parsed) => parsed,
    }
}

/// The same element twice is one; with another value nobody knows which is meant.
fn set<T: PartialEq>(field: &mut Option<T>, identifier: &'static str, value: T) -> Result<(), Gs1Error> {
    if field.as_ref().is_some_and(|known| *known != value) {
        return Err(Gs1Error::Twice { identifier });
    }
    *field = Some(value);
    Ok(())
}

/// In a code, a GTIN has all its digits.
fn fourteen(value: &str) -> Result<Gtin, Gs1Error> {
    if value.len() != 14 {
        let expected = "14 digits";
        return Err(Gs1Error::NotDigits { kind: "GTIN of a code", text: quoted(value), expected });
    }
    value.parse()
}

fn count(value: &str) -> Result<u32, Gs1Error> {
    let well_formed = (1..=8).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|_| well_formed).ok_or_else(|| Gs1Error::NoCount(quoted(value)))
}

fn too_long(error: Gs1Error, value: &str, max: usize) -> Gs1Error {
    if value.len() > max { Gs1Error::Long { source: Box::new(error) } } else { error }
}
