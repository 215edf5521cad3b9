//! What is said to a tracker: at each limit and one unit beside it, and as properties over random radio.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod logs;
mod properties;
mod rules;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Duration;
use domain::downlink::{Asked, ClockRequest, Command, Entries, Gap, Situation, Span, plan};
use domain::silence::numbers::{Numbers, Run};

/// Of seconds.
fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn entries(first: u32, last: u32) -> Entries {
    Entries { first, last }
}

/// A tracker that sends every 15 minutes, and what is known of it. Nothing was said to it yet.
#[derive(Default, Clone)]
struct Tracker {
    numbers: Numbers,
    lost: Vec<Entries>,
    acknowledged: Option<u32>,
    asked: Vec<Asked<Entries>>,
    gaps: Vec<Gap>,
    read: Vec<Asked<Span>>,
    sent: Vec<DateTime<Utc>>,
    clock: Option<ClockRequest>,
    wanted: Vec<Command>,
}

const INTERVAL_S: i64 = 900;

impl Tracker {
    /// All of these heard at second 0.
    fn heard(runs: &[(u32, u32)]) -> Self {
        let mut tracker = Self::default();
        runs.iter().for_each(|(first, last)| tracker.hear(*first, *last, at(0)));
        tracker
    }

    fn hear(&mut self, first: u32, last: u32, now: DateTime<Utc>) {
        self.numbers.receive(&Run { first, last, first_at: None, last_at: None }, now);
    }

    fn at(&self, now: DateTime<Utc>) -> Vec<Command> {
        let situation = Situation {
            interval: Duration::from_seconds(INTERVAL_S).unwrap(),
            listening_since: at(-1_000_000),
            numbers: &self.numbers,
            lost: &self.lost,
            acknowledged: self.acknowledged,
            acknowledged_at: at(0),
            asked: &self.asked,
            gaps: &self.gaps,
            read: &self.read,
            sent: &self.sent,
            clock: self.clock,
            wanted: &self.wanted,
        };
        plan(&situation, now)
    }

    fn after(&self, seconds: i64) -> Vec<Command> {
        self.at(at(seconds))
    }
}

fn acknowledge(first: u32, last: u32) -> Command {
    Command::Acknowledge(entries(first, last))
}

fn resend(first: u32, last: u32) -> Command {
    Command::Resend(entries(first, last))
}

const HOUR_S: i64 = 3_600;

fn ago(hours: i64) -> DateTime<Utc> {
    at(0) - TimeDelta::hours(hours)
}
