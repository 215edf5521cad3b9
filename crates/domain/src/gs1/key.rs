//! Keys of digits alone, the last of which checks the others.

use std::fmt;
use std::str::FromStr;

use super::{Gs1Error, as_text, check_digit, quoted};

/// The number that `text` writes, where it is `lengths` digits long with the right last one and not all zeros.
fn read(kind: &'static str, expected: &'static str, text: &str, lengths: &[usize]) -> Result<u64, Gs1Error> {
    let not_digits = || Gs1Error::NotDigits { kind, text: quoted(text), expected };
    if !lengths.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not_digits());
    }
    let value: u64 = text.parse().map_err(|_| not_digits())?;
    if value == 0 {
        return Err(Gs1Error::Zero { kind, text: quoted(text) });
    }
    let digits = text.bytes().map(|byte| u64::from(byte - b'0'));
    let right = check_digit(digits.take(text.len() - 1).collect::<Vec<_>>().into_iter());
    if value % 10 != right {
        let digit = |value: u64| char::from_digit(u32::try_from(value).unwrap_or(0), 10).unwrap_or('0');
        let (found, expected) = (digit(value % 10), digit(right));
        return Err(Gs1Error::CheckDigit { kind, text: quoted(text), found, expected });
    }
    Ok(value)
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $expected:literal, $lengths:expr, $width:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl FromStr for $name {
            type Err = Gs1Error;

            fn from_str(text: &str) -> Result<Self, Gs1Error> {
                read($kind, $expected, text, $lengths).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $width, "}"), self.0)
            }
        }

        as_text!($name);
    };
}

key! {
    /// A product as it is traded (Global Trade Item Number, AI 01). Read with 8, 12, 13 or 14 digits and written with 14,
    /// zeros in front: all four are the same number, and their check digit is the same.
    Gtin, "GTIN", "8, 12, 13 or 14 digits", &[8, 12, 13, 14], "14"
}
key! {
    /// A logistic unit: a box, a pallet, a roll cage (Serial Shipping Container Code, AI 00). 18 digits.
    Sscc, "SSCC", "18 digits", &[18], "18"
}
key! {
    /// A place or a party (Global Location Number, AI 410, 414 and 417). 13 digits.
    Gln, "GLN", "13 digits", &[13], "13"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_keys_are_right_and_each_with_another_last_digit_is_not() {
        fn check<K: FromStr<Err = Gs1Error> + fmt::Display>(good: &str, written: &str) {
            assert_eq!(good.parse::<K>().unwrap_or_else(|e| panic!("{e}")).to_string(), written);
            let (head, last) = good.split_at(good.len() - 1);
            for digit in (0..10).map(|digit| digit.to_string()).filter(|digit| digit != last) {
                let wrong = format!("{head}{digit}").parse::<K>();
                assert!(matches!(wrong, Err(Gs1Error::CheckDigit { .. })), "{head}{digit}");
            }
        }
        check::<Gtin>("09506000134352", "09506000134352");
        check::<Gtin>("9506000134352", "09506000134352");
        // GTIN-12 and GTIN-8 of the General Specifications' kind.
        check::<Gtin>("614141123452", "00614141123452");
        check::<Gtin>("96385074", "00000096385074");
        check::<Gln>("9506000134307", "9506000134307");
        check::<Sscc>("106141412345678908", "106141412345678908");
        check::<Sscc>("006141411234567890", "006141411234567890");
    }

    #[test]
    fn another_length_is_another_thing() {
        for text in
            ["", "9", "950600013435", "95060001343521", "095060001343520", "0950600013435 ", "+9506000134352"]
        {
            assert!(text.parse::<Gtin>().is_err(), "{text}");
        }
        for text in ["10614141234567890", "1061414123456789080", "10614141234567890B", "٠٦١٤١٤١١٢٣٤٥٦٧٨٩٠"]
        {
            assert!(matches!(text.parse::<Sscc>(), Err(Gs1Error::NotDigits { .. })), "{text}");
        }
        for text in ["00000000", "00000000000000"] {
            assert!(matches!(text.parse::<Gtin>(), Err(Gs1Error::Zero { .. })), "{text}");
        }
        let refused = "09506000134353".parse::<Gtin>().unwrap_err().to_string();
        assert_eq!(
            refused,
            "`09506000134353` is no GTIN: its last digit is 3 and would be 2, so a digit is misread"
        );
    }

    #[test]
    fn keys_travel_in_json_as_their_digits() {
        let gtin: Gtin = serde_json::from_str(r#""9506000134352""#).unwrap();
        assert_eq!(serde_json::to_string(&gtin).unwrap(), r#""09506000134352""#);
        assert!(serde_json::from_str::<Sscc>(r#""106141412345678909""#).is_err());
    }
}
