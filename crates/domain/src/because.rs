//! Why an assessment changed: kept beside each, and told to people in words.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::named_enum::named_enum;

named_enum! {
    /// What brought an assessment about.
    Cause, "cause" {
        /// Readings that followed on what was known.
        Readings = "readings",
        /// Readings from before the latest one known.
        LateReadings = "late_readings",
        /// Time alone: an alarm's delay was reached, or what stood stands no longer.
        Clock = "clock",
        /// A tracker was bound, with what it had measured since.
        Bound = "bound",
        /// A tracker's ride ended.
        Unbound = "unbound",
    }
}

/// The cause with the readings behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Because {
    pub cause: Cause,
    pub new_readings: usize,
    /// When the first and the last of them were measured; `None` where there is none.
    pub measured: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Because {
    /// Of readings in order of time.
    pub fn of(cause: Cause, measured_at: impl ExactSizeIterator<Item = DateTime<Utc>> + Clone) -> Self {
        let measured = measured_at.clone().next().zip(measured_at.clone().last());
        Self { cause, new_readings: measured_at.len(), measured }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::Clock => return f.write_str("time passed without a reading"),
            Cause::Bound => return f.write_str("the tracker was bound"),
            Cause::Unbound => return f.write_str("the tracker's ride ended"),
            Cause::Readings | Cause::LateReadings => {}
        }
        match self.new_readings {
            1 => f.write_str("1 reading")?,
            count => write!(f, "{count} readings")?,
        }
        if let Some((first, last)) = self.measured {
            let utc = |instant: DateTime<Utc>| instant.format("%Y-%m-%d %H:%M:%S");
            match first == last {
                true => write!(f, " of {} UTC", utc(first))?,
                false => write!(f, " of {} to {} UTC", utc(first), utc(last))?,
            }
        }
        f.write_str(if self.cause == Cause::LateReadings { " arrived late" } else { " arrived" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::utc;

    #[test]
    fn people_are_told_which_readings_came_and_that_they_came_late() {
        let of = |cause, seconds: &[i64]| Because::of(cause, seconds.iter().map(|s| utc(*s))).to_string();
        assert_eq!(of(Cause::Readings, &[0]), "1 reading of 1970-01-01 00:00:00 UTC arrived");
        assert_eq!(
            of(Cause::LateReadings, &[0, 60, 3_600]),
            "3 readings of 1970-01-01 00:00:00 to 1970-01-01 01:00:00 UTC arrived late"
        );
        assert_eq!(of(Cause::Clock, &[]), "time passed without a reading");
    }
}
