//! The fold: readings in order of time, one after another, with a state that can be put away in between.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::assessment::{Assessment, Episode};
use super::standing::{Level, Standing};
use super::tally::Tally;
use crate::profile::Profile;
use crate::reading::Reading;
use crate::time::{unix, utc};

/// A reading from before the last one: the fold must start again from a state before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a reading of {measured_at:?} came after one of {last:?} that is after it: evaluate again from before it"
)]
pub struct OutOfOrder {
    pub measured_at: DateTime<Utc>,
    pub last: DateTime<Utc>,
}

/// An evaluation that has seen readings up to some instant. Every call must bring the profile it was started
/// with; serialised, it is a checkpoint that belongs to that version of the profile.
///
/// Of the last instant it keeps what its readings say together, since more may join them; all time before that
/// instant is tallied. So its size has a bound, whatever a tracker sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    from: i64,
    /// Distinct readings at or after `from`.
    readings: u64,
    /// The last one taken.
    last: Option<Reading>,
    /// Distinct readings of its instant.
    of_instant: u64,
    /// What they say together.
    standing: Option<Standing>,
    tally: Tally,
    /// Episodes that ended before this are no longer held; `None`: all are.
    settled_until: Option<i64>,
    /// Instants since then.
    unsettled: u32,
}

/// An evaluation that took further readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Continued {
    pub evaluation: Evaluation,
    /// The checkpoints passed on the way, in order of time. From each of them the rest can be folded again.
    pub checkpoints: Vec<Evaluation>,
    /// Episodes that ended on the way and that the evaluation no longer holds; by alarm, then by time.
    pub settled: Vec<Episode>,
}

impl Continued {
    /// As [`Evaluation::assess`], with the episodes that were settled on the way.
    pub fn assess(&self, profile: &Profile, to: DateTime<Utc>) -> Assessment {
        let mut assessment = self.evaluation.assess(profile, to);
        assessment.episodes.extend(self.settled.iter().cloned());
        let place = |episode: &Episode| profile.alarms().iter().position(|a| a.name == episode.alarm);
        assessment.episodes.sort_by_key(|episode| (episode.began_at, place(episode)));
        assessment
    }
}

impl Evaluation {
    /// An evaluation of the span that begins at `from` (fractions of a second are cut).
    pub fn start(profile: &Profile, from: DateTime<Utc>) -> Self {
        let from = unix(from);
        let tally = Tally::start(profile, from);
        Self {
            from,
            readings: 0,
            last: None,
            of_instant: 0,
            standing: None,
            tally,
            settled_until: None,
            unsettled: 0,
        }
    }

    /// The last reading taken: the next must not be before it, nor, at the same instant, of a lower value.
    pub fn last(&self) -> Option<&Reading> {
        self.last.as_ref()
    }

    /// The instant of the latest reading.
    pub fn last_measured_at(&self) -> Option<DateTime<Utc>> {
        self.last.map(|reading| reading.measured_at)
    }

    /// The latest reading of the span; of several at that instant the warmest.
    pub fn latest(&self) -> Option<&Reading> {
        self.last.as_ref().filter(|reading| unix(reading.measured_at) >= self.from)
    }

    /// Episodes that ended before this instant are settled: [`Evaluation::assess`] no longer lists them, and only
    /// a reading from before it can change them. `None`: it lists all.
    pub fn settled_until(&self) -> Option<DateTime<Utc>> {
        self.settled_until.map(utc)
    }

    /// Takes the next reading in their order, which is by time and then by value; a repetition of the last one changes
    /// nothing. Of those before the span only the last instant matters: it stands into it.
    pub fn push(&mut self, profile: &Profile, reading: &Reading) -> Result<(), OutOfOrder> {
        let reading = reading.in_whole_seconds();
        let at = unix(reading.measured_at);
        let level = Level::of(&reading);
        match (self.last, &mut self.standing) {
            (Some(last), _) if reading < last => {
                return Err(OutOfOrder { measured_at: reading.measured_at, last: last.measured_at });
            }
            (Some(last), _) if reading == last => return Ok(()),
            (_, Some(standing)) if standing.since == at => {
                standing.level = standing.level.with(level);
                self.of_instant += 1;
            }
            _ => {
                self.tally.advance(profile, self.standing.as_ref(), at);
                self.standing = Some(Standing { since: at, level });
                self.of_instant = 1;
                self.unsettled += 1;
            }
        }
        self.last = Some(reading);
        if at >= self.from {
            self.readings += 1;
        }
        Ok(())
    }

    /// Takes further readings, in order of time. Every so many instants it settles what is over and leaves a
    /// checkpoint: the fewer, the less a late reading folds again, and the fewer episodes a kept evaluation holds.
    pub fn continue_with<'a>(
        mut self,
        profile: &Profile,
        readings: impl IntoIterator<Item = &'a Reading>,
        instants_a_checkpoint: u32,
    ) -> Result<Continued, OutOfOrder> {
        let (mut checkpoints, mut settled) = (Vec::new(), Vec::new());
        for reading in readings {
            self.push(profile, reading)?;
            if self.unsettled >= instants_a_checkpoint {
                settled.extend(self.settle(profile));
                checkpoints.push(self.clone());
            }
        }
        Ok(Continued { evaluation: self, checkpoints, settled })
    }

    /// Lets go of the episodes that are over, and returns them. What lasts is held on to.
    fn settle(&mut self, profile: &Profile) -> Vec<Episode> {
        let position = self.tally.position;
        self.settled_until = Some(position);
        self.unsettled = 0;
        let alarms = self.tally.alarms.iter_mut().zip(profile.alarms());
        alarms.flat_map(|(tally, alarm)| tally.settle(alarm, position)).collect()
    }

    /// The assessment of the span up to `to`, without the mean kinetic temperature and its windows, and with those
    /// episodes that are not settled.
    ///
    /// `to` is not before the last reading or `from`: an earlier one is moved there, since what is tallied is
    /// not taken apart again.
    pub fn assess(&self, profile: &Profile, to: DateTime<Utc>) -> Assessment {
        let to = self.earliest_end().max(unix(to));
        let tally = self.tallied_until(profile, to);
        let alarms = || tally.alarms.iter().zip(profile.alarms());
        let mut episodes: Vec<Episode> =
            alarms().flat_map(|(tally, alarm)| tally.episodes(alarm, to)).collect();
        // Stable, so that episodes that begin together stay in the profile's order.
        episodes.sort_by_key(|episode| episode.began_at);
        Assessment {
            from: utc(self.from),
            to: utc(to),
            readings: self.readings_before(to),
            min: tally.min(),
            max: tally.max(),
            mean: tally.mean(),
            mkt: None,
            coverage: tally.coverage,
            episodes,
            exposures: alarms().map(|(tally, alarm)| tally.total(alarm)).collect(),
            mkt_windows: Vec::new(),
            verdict: tally.verdict(),
        }
    }

    /// An instant after `t` that is not later than the next one at which [`Evaluation::assess`] has another
    /// verdict or other episodes although no reading came: an alarm's start delay is over or its delay is
    /// reached, or what stands stands no longer. `None`: nothing changes any more.
    ///
    /// Seconds that merely add up are no change. When the instant has come, ask again.
    pub fn next_change_after(&self, profile: &Profile, t: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let t = unix(t);
        let begins = self.earliest_end();
        let stood = self.standing.map(|standing| standing.until(profile));
        let tally = self.tallied_until(profile, begins.max(t));
        let starts = profile.alarms().iter().map(|alarm| self.from + alarm.start_delay.seconds());
        let ripenings =
            tally.alarms.iter().zip(profile.alarms()).filter_map(|(tally, alarm)| tally.ripens_at(alarm));
        // The span ends before `to`: what begins at an instant is first seen a second after it.
        starts
            .filter(|start| stood.is_some_and(|stood| *start < stood))
            .chain(stood)
            .chain([begins])
            .map(|instant| instant.saturating_add(1))
            .chain(ripenings.filter(|ripe| stood.is_some_and(|stood| *ripe <= stood)))
            .filter(|instant| *instant > t)
            .min()
            .map(utc)
    }

    fn earliest_end(&self) -> i64 {
        self.standing.map_or(self.from, |standing| standing.since.max(self.from))
    }

    /// Readings at `to` itself are outside the span; `to` is not before the last one.
    fn readings_before(&self, to: i64) -> u64 {
        match self.standing {
            Some(standing) if standing.since == to => self.readings.saturating_sub(self.of_instant),
            _ => self.readings,
        }
    }

    fn tallied_until(&self, profile: &Profile, to: i64) -> Tally {
        let mut tally = self.tally.clone();
        tally.advance(profile, self.standing.as_ref(), to);
        tally
    }
}
