//! Instants as whole Unix seconds: what the rules compute with, since sums of seconds decide.

use chrono::{DateTime, Utc};

/// Fractions of a second are cut, before 1970 too.
pub(crate) fn unix(instant: DateTime<Utc>) -> i64 {
    instant.timestamp()
}

/// An instant beyond what chrono can write (the year 262142) becomes the nearest one that it can.
pub(crate) fn utc(seconds: i64) -> DateTime<Utc> {
    let nearest = if seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp(seconds, 0).unwrap_or(nearest)
}
