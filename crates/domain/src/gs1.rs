//! GS1 keys and the codes that carry them: what a label says of a product, a box, a place or an asset.
//!
//! On the path of a box this is where a scan or a typed number becomes a value that can be trusted: lengths, characters
//! and check digits are looked at once, here, and a value of these types is right from then on. Rules: GS1 General
//! Specifications (keys, element strings) and GS1 Digital Link URI Syntax. It knows no scanner and no shipment.

mod digital_link;
mod element_string;
mod elements;
mod expiry;
mod key;
mod series;
mod text;

pub use elements::Elements;
pub use expiry::{Expiry, NO_DAY};
pub use key::{Gln, Gtin, Sscc};
pub use series::{CompanyPrefix, SsccSeries};
pub use text::{Giai, Lot, Serial};

/// Why a text is not the key, or the code, that it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gs1Error {
    #[error("`{text}` is no {kind}: {expected} are expected")]
    NotDigits { kind: &'static str, text: String, expected: &'static str },
    #[error(
        "`{text}` is no {kind}: its last digit is {found} and would be {expected}, so a digit is misread"
    )]
    CheckDigit { kind: &'static str, text: String, found: char, expected: char },
    #[error("`{text}` is no {kind}: it is all zeros")]
    Zero { kind: &'static str, text: String },
    #[error("`{text}` is no {kind}: 1 to {max} letters, digits or signs of GS1's set of 82 are expected")]
    NotInSet { kind: &'static str, text: String, max: usize },
    #[error("`{0}` is no date of a label: six digits YYMMDD of a day that exists are expected")]
    NoDate(String),
    #[error("`{0}` is no date: YYYY-MM-DD of a day that exists is expected")]
    NoDay(String),
    #[error("`{0}` is no count: 1 to 8 digits are expected")]
    NoCount(String),
    #[error("{0} is no extension digit: write 0 to 9")]
    Extension(u8),
    #[error("the code is empty")]
    Empty,
    #[error("the code holds a character that no GS1 code can hold, at place {0}")]
    Garbage(usize),
    #[error(
        "the code begins with {0}, which no GS1 symbol does: scan the GS1 DataMatrix, GS1-128 or QR code"
    )]
    OtherSymbol(String),
    #[error(
        "the brackets are printed for people and are not in the code: scan the symbol, or type each key by itself"
    )]
    Brackets,
    #[error("`{0}` begins with no application identifier: two to four digits that say what follows")]
    NoIdentifier(String),
    #[error("the element {identifier} ends after {found} characters, and has {expected}")]
    Short { identifier: String, found: usize, expected: usize },
    #[error("the element {identifier} is empty")]
    EmptyElement { identifier: String },
    #[error(
        "{source}; a scanner that leaves out the separator (FNC1, sent as GS, 0x1D) makes one element of two"
    )]
    Long { source: Box<Gs1Error> },
    #[error("the code holds {identifier} twice, with different values")]
    Twice { identifier: &'static str },
    #[error("`{0}` can be a GTIN as well as an element string: type it into the field that it belongs to")]
    Ambiguous(String),
    #[error("the code holds nothing that is known here")]
    NothingKnown,
    #[error(
        "`{0}` is no GS1 Digital Link: an address with a key such as https://id.gs1.org/01/09506000134352 is expected"
    )]
    NoLink(String),
}

/// So much of a text as an error may repeat.
fn quoted(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The digit that belongs behind `digits`, all of them 0 to 9: from the right, weights 3, 1, 3, 1, … (GS1 General
/// Specifications, 7.9).
fn check_digit(digits: impl DoubleEndedIterator<Item = u64>) -> u64 {
    let weighted = digits.rev().zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight);
    (10 - weighted.sum::<u64>() % 10) % 10
}

/// Travels in JSON as the text that people write.
macro_rules! as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use as_text;
