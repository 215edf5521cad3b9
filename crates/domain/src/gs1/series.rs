//! Where an organisation's own SSCCs come from: its company prefix, an extension digit and a serial reference.

use std::fmt;
use std::str::FromStr;

use super::{Gs1Error, Sscc, as_text, check_digit, quoted};

/// How many digits of an SSCC stand before the one that checks them.
const UNCHECKED_DIGITS: usize = 17;

/// A GS1 company prefix: 4 to 12 digits, given to a company by GS1 (GS1 General Specifications, 1.4.4). A prefix of zeros
/// alone is nobody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompanyPrefix(String);

impl FromStr for CompanyPrefix {
    type Err = Gs1Error;

    fn from_str(text: &str) -> Result<Self, Gs1Error> {
        let kind = "GS1 company prefix";
        if !(4..=12).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Gs1Error::NotDigits { kind, text: quoted(text), expected: "4 to 12 digits" });
        }
        if text.bytes().all(|byte| byte == b'0') {
            return Err(Gs1Error::Zero { kind, text: quoted(text) });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CompanyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

as_text!(CompanyPrefix);

/// All SSCCs of one company prefix with one extension digit (GS1 General Specifications, 2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsccSeries {
    prefix: CompanyPrefix,
    extension: u8,
}

impl SsccSeries {
    /// `extension` is 0 to 9.
    pub fn new(prefix: CompanyPrefix, extension: u8) -> Result<Self, Gs1Error> {
        if extension > 9 {
            return Err(Gs1Error::Extension(extension));
        }
        Ok(Self { prefix, extension })
    }

    pub fn prefix(&self) -> &CompanyPrefix {
        &self.prefix
    }

    /// 0 to 9: the digit in front, by which a company has ten series.
    pub fn extension(&self) -> u8 {
        self.extension
    }

    /// How many SSCCs there are: their serial references are those below it.
    pub fn size(&self) -> u64 {
        // The extension digit takes one; a prefix leaves 4 to 12 digits.
        let digits = UNCHECKED_DIGITS.saturating_sub(1 + self.prefix.0.len());
        10_u64.pow(u32::try_from(digits).unwrap_or(0))
    }

    /// The SSCC of a serial reference; `None` from [`SsccSeries::size`] on: the series is used up.
    pub fn sscc(&self, serial: u64) -> Option<Sscc> {
        if serial >= self.size() {
            return None;
        }
        let begin = format!("{}{}", self.extension, self.prefix);
        let unchecked = format!("{begin}{serial:0width$}", width = UNCHECKED_DIGITS - begin.len());
        let digit = check_digit(unchecked.bytes().map(|byte| u64::from(byte - b'0')));
        format!("{unchecked}{digit}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(prefix: &str, extension: u8) -> SsccSeries {
        SsccSeries::new(prefix.parse().unwrap(), extension).unwrap()
    }

    #[test]
    fn an_sscc_is_made_of_extension_prefix_serial_reference_and_check_digit() {
        for (prefix, extension, serial, expected) in [
            ("0614141", 1, 234_567_890, "106141412345678908"),
            ("0614141", 0, 0, "006141410000000005"),
            ("4012", 3, 0, "340120000000000000"),
            ("4012", 3, 999_999_999_999, "340129999999999994"),
            ("950600013430", 9, 7, "995060001343000079"),
        ] {
            let sscc = series(prefix, extension).sscc(serial).unwrap();
            assert_eq!(sscc.to_string(), expected, "{prefix} {extension} {serial}");
        }
    }

    #[test]
    fn a_series_ends_and_then_gives_nothing() {
        for (prefix, size) in
            [("9506", 1_000_000_000_000), ("0614141", 1_000_000_000), ("950600013430", 10_000)]
        {
            let series = series(prefix, 0);
            assert_eq!(series.size(), size);
            assert!(series.sscc(size - 1).is_some());
            assert_eq!((series.sscc(size), series.sscc(u64::MAX)), (None, None));
        }
    }

    #[test]
    fn what_no_company_can_have_is_no_prefix() {
        for text in ["", "061", "0614141061414", "061414a", "0614 141", "٠٦١٤١٤١"] {
            assert!(matches!(text.parse::<CompanyPrefix>(), Err(Gs1Error::NotDigits { .. })), "{text}");
        }
        for text in ["0000", "000000000000"] {
            assert!(matches!(text.parse::<CompanyPrefix>(), Err(Gs1Error::Zero { .. })), "{text}");
        }
        let (lowest, highest) = ("0001".parse::<CompanyPrefix>(), "999999999999".parse::<CompanyPrefix>());
        assert!(lowest.is_ok() && highest.is_ok());
        let refused = SsccSeries::new(lowest.unwrap(), 10).unwrap_err().to_string();
        assert_eq!(refused, "10 is no extension digit: write 0 to 9");
    }

    proptest! {
        #[test]
        fn each_serial_reference_has_an_sscc_of_its_own_that_reads_back(
            prefix in "[1-9][0-9]{3,11}", extension in 0..10_u8, one: u64, other: u64,
        ) {
            let series = series(&prefix, extension);
            let (one, other) = (one % series.size(), other % series.size());
            let text = series.sscc(one).unwrap().to_string();
            let begin = format!("{extension}{prefix}");
            prop_assert!(text.parse::<Sscc>().is_ok() && text.starts_with(&begin));
            prop_assert_eq!(series.sscc(one) == series.sscc(other), one == other);
        }
    }
}
