//! Keys and attributes that are written in GS1's set of 82 characters.

use std::fmt;
use std::str::FromStr;

use super::{Gs1Error, as_text, quoted};

/// The signs of the set beside letters and digits (GS1 General Specifications, 7.11: AI encodable character set 82).
const SIGNS: &[u8] = b"!\"%&'()*+,-./:;<=>?_";

pub(super) fn is_in_set_82(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || SIGNS.contains(&byte)
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Gs1Error;

            fn from_str(text: &str) -> Result<Self, Gs1Error> {
                if (1..=$max).contains(&text.len()) && text.bytes().all(is_in_set_82) {
                    return Ok(Self(text.to_owned()));
                }
                Err(Gs1Error::NotInSet { kind: $kind, text: quoted(text), max: $max })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        as_text!($name);
    };
}

text! {
    /// A batch or lot, as its maker calls it (AI 10): means something beside its GTIN only. Case counts.
    Lot, "lot", 20
}
text! {
    /// One single item of a GTIN (AI 21). Case counts.
    Serial, "serial number", 20
}
text! {
    /// An asset, such as a tracker or a reusable box (Global Individual Asset Identifier, AI 8004).
    Giai, "GIAI", 30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_has_82_characters() {
        assert_eq!((0..=255).filter(|byte| is_in_set_82(*byte)).count(), 82);
    }

    #[test]
    fn a_lot_has_1_to_20_characters_of_the_set() {
        for text in ["A", "0", "AbC-1/2_3.(4)", "12345678901234567890"] {
            assert_eq!(text.parse::<Lot>().unwrap().to_string(), text);
        }
        for text in ["", "123456789012345678901", "A B", "Ä", "A#1", "A\u{1d}1", "A@1", "A~1"] {
            assert!(text.parse::<Lot>().is_err(), "{text}");
        }
        assert_eq!(
            "A B".parse::<Lot>().unwrap_err().to_string(),
            "`A B` is no lot: 1 to 20 letters, digits or signs of GS1's set of 82 are expected"
        );
        assert_ne!("a1".parse::<Lot>().unwrap(), "A1".parse::<Lot>().unwrap());
        assert!("1".repeat(30).parse::<Giai>().is_ok() && "1".repeat(31).parse::<Giai>().is_err());
    }
}
