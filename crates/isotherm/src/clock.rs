//! The only place that asks the machine for the time.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

/// Tells the time to whoever is handed it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The machine's time.
#[allow(clippy::disallowed_methods)]
pub fn machine() -> Clock {
    Arc::new(Utc::now)
}

/// A clock that shows `start` now and runs `speed` times as fast as the machine's.
pub fn scaled(machine: &Clock, start: DateTime<Utc>, speed: u32) -> Clock {
    let (machine, begun) = (machine.clone(), machine());
    Arc::new(move || scale(begun, start, speed, machine()))
}

fn scale(begun: DateTime<Utc>, start: DateTime<Utc>, speed: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let elapsed_us = (now - begun).num_microseconds().unwrap_or_default();
    start + Duration::microseconds(elapsed_us.saturating_mul(speed.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_clock_begins_at_its_start_and_runs_faster() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        assert_eq!(scale(at(1000), at(0), 120, at(1000)), at(0));
        assert_eq!(scale(at(1000), at(0), 120, at(1001)), at(120));
        assert_eq!(scale(at(1000), at(0), 1, at(1060)), at(60));
    }
}
