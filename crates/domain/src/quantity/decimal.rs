//! A decimal's text as a whole number of hundredths, digit by digit: no binary float decides a value.

pub(super) enum Unreadable {
    NotADecimal,
    TooLarge,
}

/// Sign, digits, optional point and digits, optional power of ten (`5.25`, `525e-2`); no blanks, no thousands
/// separator.
pub(super) fn parse_hundredths(text: &str) -> Result<i32, Unreadable> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((decimal, exponent)) => (decimal, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let mut digits = whole.bytes().chain(fraction.bytes());
    if !digits.clone().all(|byte| byte.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return Err(Unreadable::NotADecimal);
    }
    // Digits up to the second decimal, once the power of ten has moved the point.
    let kept = whole.len() as i64 + i64::from(exponent) + 2;
    let mut magnitude: i32 = 0;
    for digit in digits.by_ref().take(usize::try_from(kept).unwrap_or(0)) {
        magnitude = appended(magnitude, digit)?;
    }
    // Zero stays zero, however many zeros the power of ten appends.
    let appended_zeros = if magnitude == 0 { 0 } else { kept - (whole.len() + fraction.len()) as i64 };
    for _ in 0..appended_zeros {
        magnitude = appended(magnitude, b'0')?;
    }
    // Before the first digit stand zeros, which round nothing up.
    if kept >= 0 && rounds_up(magnitude, digits) {
        magnitude = magnitude.checked_add(1).ok_or(Unreadable::TooLarge)?;
    }
    Ok(if negative { -magnitude } else { magnitude })
}

/// One that no `i32` holds is as good as the largest: what is not zero is far out of range or rounded to zero.
fn parse_exponent(text: &str) -> Result<i32, Unreadable> {
    let (largest, digits) = match text.strip_prefix('-') {
        Some(digits) => (-i32::MAX, digits),
        None => (i32::MAX, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable::NotADecimal);
    }
    Ok(text.parse().unwrap_or(largest))
}

fn appended(magnitude: i32, digit: u8) -> Result<i32, Unreadable> {
    let shifted = magnitude.checked_mul(10).and_then(|shifted| shifted.checked_add(i32::from(digit - b'0')));
    shifted.ok_or(Unreadable::TooLarge)
}

/// Whether the digits cut off behind the second decimal carry the kept ones up: half to even.
fn rounds_up(kept: i32, mut cut_off: impl Iterator<Item = u8>) -> bool {
    match cut_off.next() {
        None | Some(b'0'..=b'4') => false,
        Some(b'5') if cut_off.all(|digit| digit == b'0') => kept % 2 != 0,
        Some(_) => true,
    }
}
