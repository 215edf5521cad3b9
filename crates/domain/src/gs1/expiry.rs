//! The date until which a product may be used.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::{Gs1Error, as_text, quoted};

/// Said of a label whose expiry has no day.
pub const NO_DAY: &str = "the expiry on the label has no day: the last day of its month is taken";

/// The last day on which a product may be used (AI 17). Written as `YYYY-MM-DD`; on a label as `YYMMDD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry(NaiveDate);

impl Expiry {
    /// Of a label: six digits `YYMMDD`; the day 00 is read as the last of the month, and true says that it was. The
    /// century is the one that brings the year within 49 before and 50 after that of `today` (GS1 General
    /// Specifications, 7.12).
    pub fn from_label(text: &str, today: NaiveDate) -> Result<(Self, bool), Gs1Error> {
        let wrong = || Gs1Error::NoDate(quoted(text));
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let digits: u32 = text.parse().map_err(|_| wrong())?;
        let (yy, month, day) = (digits / 10_000, digits / 100 % 100, digits % 100);
        let year = full_year(i32::try_from(yy).map_err(|_| wrong())?, today.year());
        let date = match day {
            0 => last_of_month(year, month),
            day => NaiveDate::from_ymd_opt(year, month, day),
        };
        Ok((Self(date.ok_or_else(wrong)?), day == 0))
    }

    /// As a label has it, always with its day.
    pub fn to_label(self) -> String {
        self.0.format("%y%m%d").to_string()
    }

    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// Whether the product must not be used any more on that day.
    pub fn is_over(self, today: NaiveDate) -> bool {
        today > self.0
    }
}

fn full_year(yy: i32, this_year: i32) -> i32 {
    let century = this_year - this_year.rem_euclid(100);
    match yy - this_year.rem_euclid(100) {
        51..=99 => century - 100 + yy,
        -99..=-50 => century + 100 + yy,
        _ => century + yy,
    }
}

fn last_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    let next = match month {
        12 => NaiveDate::from_ymd_opt(year.checked_add(1)?, 1, 1),
        month => NaiveDate::from_ymd_opt(year, month.checked_add(1)?, 1),
    };
    // Month 00 would be the last day of the year before.
    next?.pred_opt().filter(|date| date.month() == month)
}

impl From<NaiveDate> for Expiry {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl FromStr for Expiry {
    type Err = Gs1Error;

    /// `YYYY-MM-DD`. A day must be there: its absence is a label's, and is read by [`Expiry::from_label`].
    fn from_str(text: &str) -> Result<Self, Gs1Error> {
        let wrong = || Gs1Error::NoDay(quoted(text));
        let well_formed = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| wrong())?;
        if well_formed { Ok(Self(date)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.format("%Y-%m-%d").fmt(f)
    }
}

as_text!(Expiry);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_label_without_a_day_means_the_last_of_its_month() {
        for (label, date, no_day) in [
            ("270331", "2027-03-31", false),
            ("270300", "2027-03-31", true),
            ("270200", "2027-02-28", true),
            ("280200", "2028-02-29", true),
            ("281200", "2028-12-31", true),
            ("280229", "2028-02-29", false),
        ] {
            let read = Expiry::from_label(label, day("2026-03-01")).unwrap();
            assert_eq!((read.0.to_string(), read.1), (date.to_owned(), no_day), "{label}");
            assert!(!read.0.to_label().ends_with("00"), "never printed");
        }
        for label in
            ["270229", "271300", "270000", "270001", "270332", "27033", "2703311", "27O331", "+70331"]
        {
            assert!(Expiry::from_label(label, day("2026-03-01")).is_err(), "{label}");
        }
    }

    #[test]
    fn the_century_is_the_nearest_to_now() {
        for (label, today, year) in [
            ("760101", "2026-03-01", 2076),
            ("770101", "2026-03-01", 1977),
            ("990101", "2026-03-01", 1999),
            ("000101", "2026-03-01", 2000),
            ("250101", "2075-03-01", 2125),
            ("260101", "2075-03-01", 2026),
        ] {
            assert_eq!(
                Expiry::from_label(label, day(today)).unwrap().0.date().year(),
                year,
                "{label} in {today}"
            );
        }
    }

    #[test]
    fn it_is_over_the_day_after() {
        let expiry: Expiry = "2027-03-31".parse().unwrap();
        assert!(!expiry.is_over(day("2027-03-31")) && expiry.is_over(day("2027-04-01")));
        for text in
            ["2027-3-31", "2027-02-30", "270331", "2027-03", "+2027-03-31", "31.03.2027", " 2027-03-31"]
        {
            assert!(text.parse::<Expiry>().is_err(), "{text}");
        }
    }
}
