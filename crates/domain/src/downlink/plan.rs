//! What to say to a tracker now.
//!
//! What is urgent (its clock, what people want) is a reason for a downlink of its own. Readings that are missing are
//! asked for when the copies in later frames should have brought them. An acknowledgement costs what it saves, so it goes
//! along with those, or waits until it is about many entries or some hours.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{BUDGET, Command, Entries, Span};
use crate::Duration;
use crate::silence::numbers::{Hole, Numbers};

/// What is left of the budget for people and clocks: routine never uses it up.
const RESERVED: usize = 2;

/// The room that there is everywhere in EU868 (DR0), without the downlink's number: 51 bytes less 3.
const ROOM: usize = 48;

/// A reading travels in three uplinks, so after so many intervals no copy of it is on its way.
pub const COPIES: i32 = 3;

/// An acknowledgement is worth a downlink if it is about so many entries (of thousands that a log holds),
pub const MANY: u32 = 180;

/// or if the last one was so long ago.
pub const ACKNOWLEDGED_EVERY: TimeDelta = TimeDelta::hours(6);

/// What was asked for is asked for again after so long, and so often in all: then the tracker does not have it.
const ASKED_AGAIN_AFTER: TimeDelta = TimeDelta::hours(4);
const MOST_ASKED: usize = 3;

/// A log that is asked for by time is asked for so many intervals at once: with a reading to an uplink and an uplink in four
/// minutes they have come before it is asked again.
pub const MOST_READ: i32 = 48;

/// The tracker's epoch, 2024-01-01T00:00:00Z, in Unix seconds.
const EPOCH_S: i64 = 1_704_067_200;

/// What a downlink asked for: [`Entries`] or a [`Span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<T> {
    pub what: T,
    pub at: DateTime<Utc>,
}

/// Readings lie further apart than their tracker measures, and its log is asked for by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When the readings beside it were measured.
    pub after: DateTime<Utc>,
    pub before: DateTime<Utc>,
}

/// A tracker asks how far its clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRequest {
    /// By its clock, since 2024-01-01T00:00:00Z, or since its start where that was never set.
    pub seconds: u32,
    /// How often the clock was set before.
    pub setting: u8,
    /// By the network's clock.
    pub received_at: DateTime<Utc>,
}

/// What is known of a tracker that no downlink is on its way to.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub interval: Duration,
    /// When this service had worked off what waited: until then nobody can say what is missing.
    pub listening_since: DateTime<Utc>,
    pub numbers: &'a Numbers,
    /// What the tracker itself said that it has no more.
    pub lost: &'a [Entries],
    /// Up to which number it was acknowledged, and the tracker said that this came.
    pub acknowledged: Option<u32>,
    /// When that was for the last time; before the first time, since when the tracker is followed.
    pub acknowledged_at: DateTime<Utc>,
    /// What was asked for, and the tracker said that it came.
    pub asked: &'a [Asked<Entries>],
    /// Of a tracker whose log is asked for by time, the latest first; otherwise none.
    pub gaps: &'a [Gap],
    /// What of it was asked for and may have come, since another request ends the answer to one.
    pub read: &'a [Asked<Span>],
    /// When downlinks were handed over; those of the last 24 hours count.
    pub sent: &'a [DateTime<Utc>],
    /// One that was not answered.
    pub clock: Option<ClockRequest>,
    /// What people want, in their order.
    pub wanted: &'a [Command],
}

/// The commands of one downlink; none: there is nothing to say that would be worth one.
pub fn plan(situation: &Situation<'_>, now: DateTime<Utc>) -> Vec<Command> {
    let spent = situation.sent.iter().filter(|at| now - **at < TimeDelta::hours(24)).count();
    if spent >= BUDGET {
        return Vec::new();
    }
    let mut urgent: Vec<Command> = situation.clock.and_then(answer).into_iter().collect();
    urgent.extend(situation.wanted);
    let is_routine = spent < BUDGET - RESERVED;
    let missing = if is_routine { missing(situation, now) } else { Vec::new() };
    let held = unacknowledged(situation);
    let is_worth_it = is_routine && held.is_some_and(|held| is_due(situation, held, now));
    if urgent.is_empty() && missing.is_empty() && !is_worth_it {
        return Vec::new();
    }
    let mut said = Said::default();
    said.add(urgent);
    // Before what may fill it: it makes room in the tracker's log.
    said.add(held.map(Command::Acknowledge));
    said.add(missing);
    said.commands
}

/// Commands in the order in which they find room.
struct Said {
    commands: Vec<Command>,
    room: usize,
}

impl Default for Said {
    fn default() -> Self {
        Self { commands: Vec::new(), room: ROOM }
    }
}

impl Said {
    fn add(&mut self, commands: impl IntoIterator<Item = Command>) {
        for command in commands {
            let Some(room) = self.room.checked_sub(command.length()) else { return };
            self.room = room;
            self.commands.push(command);
        }
    }
}

/// `None`: a clock that is off by more than can be said is none.
fn answer(request: ClockRequest) -> Option<Command> {
    let by_its_clock = EPOCH_S + i64::from(request.seconds);
    let forward_s = i32::try_from(request.received_at.timestamp() - by_its_clock).ok()?;
    Some(Command::Clock { setting: request.setting, forward_s })
}

/// What no copy will bring any more, the oldest first.
fn missing(situation: &Situation<'_>, now: DateTime<Utc>) -> Vec<Command> {
    let wait = TimeDelta::seconds(i64::from(COPIES) * situation.interval.seconds());
    let waited = |known_at: DateTime<Utc>| now - known_at.max(situation.listening_since) >= wait;
    let holes = situation.numbers.holes.iter().filter(|hole| waited(hole.known_at));
    let entries = holes
        .flat_map(|hole| still_missing(hole, situation))
        .filter(|entries| may_be_asked(situation.asked, |asked| asked.meets(*entries), now));
    let span = missing_of_log(situation, now - wait, now);
    entries.map(Command::Resend).chain(span.map(Command::ReadLog)).collect()
}

/// What a log is asked for by time that was measured before `until`: of what was asked for least often the latest, and what is
/// missing close before it. Nothing while an answer may be on its way: another request would end it.
fn missing_of_log(situation: &Situation<'_>, until: DateTime<Utc>, now: DateTime<Utc>) -> Option<Span> {
    if situation.read.iter().any(|read| now - read.at < ASKED_AGAIN_AFTER) {
        return None;
    }
    let length = TimeDelta::seconds(i64::from(MOST_READ) * situation.interval.seconds());
    let second = TimeDelta::seconds(1);
    let gaps = || situation.gaps.iter().filter(|gap| gap.before <= until);
    let times_asked = |span: Span| {
        situation.read.iter().filter(|read| read.what.from <= span.from && span.to <= read.what.to).count()
    };
    let parts = gaps().flat_map(|gap| parts(gap, length)).map(|part| (times_asked(part), part));
    // Of those that were asked for as often, the first.
    let (_, latest) = parts.filter(|(times, _)| *times < MOST_ASKED).min_by_key(|(times, _)| *times)?;
    let reach = latest.to - length + second;
    let from = gaps().map(|gap| gap.after + second).filter(|from| (reach..latest.from).contains(from)).min();
    Some(Span { from: from.unwrap_or(latest.from), to: latest.to })
}

/// What lies within a gap, from its end on in parts that are no longer.
fn parts(gap: &Gap, length: TimeDelta) -> impl Iterator<Item = Span> {
    let second = TimeDelta::seconds(1);
    let first = gap.after + second;
    let ends = std::iter::successors(Some(gap.before - second), move |to| Some(*to - length));
    ends.take_while(move |to| first <= *to).map(move |to| Span { from: first.max(to - length + second), to })
}

/// Of a hole, what the tracker did not lose.
fn still_missing(hole: &Hole, situation: &Situation<'_>) -> Vec<Entries> {
    Entries { first: hole.first, last: hole.last }.without_all(situation.lost)
}

fn may_be_asked<T>(asked: &[Asked<T>], is_same: impl Fn(&T) -> bool, now: DateTime<Utc>) -> bool {
    let before = || asked.iter().filter(|asked| is_same(&asked.what)).map(|asked| asked.at);
    before().count() < MOST_ASKED && before().all(|at| now - at >= ASKED_AGAIN_AFTER)
}

/// What is held from the first number on without a gap, where some of it was not acknowledged. A tracker forgets in the order
/// of its numbers, so that what lies behind a gap is no use to it; what it lost itself leaves none.
fn unacknowledged(situation: &Situation<'_>) -> Option<Entries> {
    let followed = situation.numbers.followed?;
    let gap =
        situation.numbers.holes.iter().find_map(|hole| still_missing(hole, situation).into_iter().next());
    let last = gap.map_or(Some(followed.to), |gap| gap.first.checked_sub(1))?;
    let is_new =
        last >= followed.from && situation.acknowledged.is_none_or(|acknowledged| last > acknowledged);
    // From 0 on where nothing below can come any more: a tracker forgets nothing that does not follow on what it forgot.
    let below = followed.from.checked_sub(1).map(|last| Entries { first: 0, last });
    let is_whole = below.is_none_or(|below| below.without_all(situation.lost).is_empty());
    is_new.then_some(Entries { first: if is_whole { 0 } else { followed.from }, last })
}

fn is_due(situation: &Situation<'_>, held: Entries, now: DateTime<Utc>) -> bool {
    let from = situation.numbers.followed.map_or(held.first, |followed| followed.from);
    let new = held.last - situation.acknowledged.map_or(from, |last| last.max(from));
    new >= MANY || now - situation.acknowledged_at >= ACKNOWLEDGED_EVERY
}
