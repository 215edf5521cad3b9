//! Values as clients write and read them.

use chrono::{DateTime, Utc};
use domain::{DevEui, Humidity, Temperature};

use super::problem::ApiError;
use crate::arrived::{FARTHEST_BACK, MOST_AHEAD};

/// °C as a decimal number.
pub fn celsius(temperature: Temperature) -> f64 {
    f64::from(temperature.0) / 100.0
}

/// Relative humidity in % as a decimal number.
pub fn percent(humidity: Humidity) -> f64 {
    f64::from(humidity.0) / 100.0
}

/// A number of a tracker's log or of a downlink to it; none has more than 24 bits.
pub fn tracker_number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number <= 0xff_ffff)
}

/// A name that every file system takes.
pub fn file_name(text: &str) -> String {
    text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.', "_")
}

/// One line, trimmed, with at least one and at most `max` characters, none of them a control character.
pub fn non_empty(field: &str, text: &str, max: usize) -> Result<String, ApiError> {
    if text.trim().contains('\n') {
        return Err(ApiError::Unprocessable(format!("{field}: write one line of 1 to {max} characters")));
    }
    prose(field, text, max)
}

/// As [`non_empty`], of any number of lines.
pub fn prose(field: &str, text: &str, max: usize) -> Result<String, ApiError> {
    let text = text.trim();
    let length = text.chars().count();
    let is_blank = text.chars().all(|c| c.is_whitespace() || is_invisible(c));
    if is_blank || length > max || text.chars().any(|c| (c.is_control() && c != '\n') || turns_line(c)) {
        return Err(ApiError::Unprocessable(format!(
            "{field}: write 1 to {max} characters that can be seen, no control characters"
        )));
    }
    Ok(text.to_owned())
}

/// Takes no room: joiners, marks and the like.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{3164}')
}

/// Breaks the line unseen, or has it read the other way round: a name would show something else than was written.
fn turns_line(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Absent, or as `non_empty`; an empty text counts as absent.
pub fn optional(field: &str, text: Option<&str>, max: usize) -> Result<Option<String>, ApiError> {
    text.filter(|text| !text.trim().is_empty()).map(|text| non_empty(field, text, max)).transpose()
}

pub fn dev_eui(text: &str) -> Result<DevEui, ApiError> {
    text.parse().map_err(|error| ApiError::Unprocessable(format!("dev_eui: {error}")))
}

/// A time of something that has happened: at most ten minutes ahead of the service's clock, and no further back than
/// readings are believed.
pub fn happened(field: &str, at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), ApiError> {
    let wrong = match now - at {
        ago if ago < -MOST_AHEAD => "lies ahead",
        ago if ago > FARTHEST_BACK => "lies more than 400 days back",
        _ => return Ok(()),
    };
    let now = now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Err(ApiError::Unprocessable(format!("{field} {wrong}: by the service's clock it is {now}")))
}

/// An RFC 3339 time of a query.
pub fn time(field: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| {
        ApiError::BadRequest(format!("{field} is `{text}`: write a time such as 2026-03-01T08:00:00Z"))
    })?;
    Ok(Some(time.to_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_can_be_seen_and_reads_as_it_was_written() {
        for (text, is_text) in [
            ("Dr. Eve", true),
            ("د. ليلى", true),
            ("a\u{200d}b", true),
            ("", false),
            ("\u{200b}\u{2060}", false),
            ("\u{3164}", false),
            ("\u{202e}evE .rD\u{202c}", false),
            ("one\u{2028}two", false),
            ("\u{2066}x\u{2069}", false),
            ("a\u{0}b", false),
        ] {
            assert_eq!(non_empty("name", text, 20).is_ok(), is_text, "{text:?}");
        }
        assert!(non_empty("name", "a\nb", 20).is_err() && prose("note", "a\nb", 20).is_ok());
        assert!(prose("note", &"x".repeat(20), 20).is_ok() && prose("note", &"x".repeat(21), 20).is_err());
    }
}
