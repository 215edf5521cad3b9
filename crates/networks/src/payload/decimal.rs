//! A decimal as its sender wrote it, and what it is in another unit: exact, since a binary float decides no value.

/// More significant digits than any sender has reason to write; a float has 17.
const MOST_DIGITS: usize = 25;

/// What stands further behind the point than this is nothing in any unit.
const MOST_DECIMALS: i32 = 33;

/// `digits` / 10^`decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    decimals: u32,
}

/// A unit as a part of another one: (value × `times` + `plus`) / `over`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) times: i128,
    pub(crate) plus: i128,
    pub(crate) over: i128,
}

impl Scale {
    pub(crate) const fn times(times: i128) -> Self {
        Self { times, plus: 0, over: 1 }
    }
}

impl Decimal {
    /// As JSON writes numbers, or the same with a plus. `None`: it is no number, or one with more digits than any sensor.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((decimal, exponent)) => (decimal, exponent.parse::<i16>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
        let written: String = whole.chars().chain(fraction.chars()).collect();
        if written.is_empty() || !written.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let significant = written.trim_start_matches('0').trim_end_matches('0');
        if significant.is_empty() {
            return Some(Self { digits: 0, decimals: 0 });
        }
        if significant.len() > MOST_DIGITS {
            return None;
        }
        let cut = written.len() - written.trim_end_matches('0').len();
        let decimals = i32::try_from(fraction.len()).ok()? - i32::try_from(cut).ok()? - i32::from(exponent);
        let digits: i128 = significant.parse().ok()?;
        Self::of(if negative { -digits } else { digits }, decimals)
    }

    fn of(digits: i128, decimals: i32) -> Option<Self> {
        if decimals < 0 {
            let digits = digits.checked_mul(10_i128.checked_pow(decimals.unsigned_abs())?)?;
            return Some(Self { digits, decimals: 0 });
        }
        let beyond = u32::try_from(decimals - MOST_DECIMALS).unwrap_or_default();
        let digits = digits / 10_i128.checked_pow(beyond).unwrap_or(i128::MAX);
        Some(Self { digits, decimals: decimals.min(MOST_DECIMALS).unsigned_abs() })
    }

    /// A whole number of that scale's, half to even. `None`: it is too large for one.
    pub(crate) fn to_whole(self, scale: Scale) -> Option<i64> {
        let one = 10_i128.checked_pow(self.decimals)?;
        let value = self.digits.checked_mul(scale.times)?.checked_add(scale.plus.checked_mul(one)?)?;
        let over = one.checked_mul(scale.over)?;
        let (whole, rest) = (value.div_euclid(over), value.rem_euclid(over));
        let up = match (rest * 2).cmp(&over) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => whole % 2 != 0,
            std::cmp::Ordering::Greater => true,
        };
        i64::try_from(whole + i128::from(up)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundredths(text: &str) -> Option<i64> {
        Decimal::read(text)?.to_whole(Scale::times(100))
    }

    #[test]
    fn what_lies_between_two_hundredths_is_rounded_half_to_even() {
        for (text, expected) in [
            ("29.995", Some(3_000)),
            ("29.985", Some(2_998)),
            ("29.9850000000000000001", Some(2_999)),
            ("-29.995", Some(-3_000)),
            ("-0.005", Some(0)),
            ("-0.0051", Some(-1)),
            ("21.50", Some(2_150)),
            ("+4", Some(400)),
            ("0", Some(0)),
            ("-0.0", Some(0)),
            ("000", Some(0)),
            ("1e2", Some(10_000)),
            ("2150E-2", Some(2_150)),
            ("21.399999618530273", Some(2_140)),
            ("5.551115123125783e-17", Some(0)),
            ("1e-300", Some(0)),
            ("0e999", Some(0)),
            ("1e16", Some(1_000_000_000_000_000_000)),
            ("1e17", None),
            ("1e300", None),
            ("1e99999", None),
            ("12345678901234567890123456", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1,5", None),
            ("1 5", None),
            ("0x10", None),
            ("NaN", None),
            ("--1", None),
            ("1e", None),
            ("٣", None),
        ] {
            assert_eq!(hundredths(text), expected, "{text}");
        }
    }
}
