//! Log to bytes: the newest entry, then as many before it as fit.

use super::{
    KIND_BITS, LOST_BITS, MAX_ENTRIES, MAX_LEN, NUMBER_BITS, SPREAD_BITS, SpreadStyle, Style, VALUE_BITS,
};
use crate::bits::{BitWriter, zigzag};
use crate::entry::{Entry, LOST_MAX, MAX_MINUTES, MAX_SEQUENCE, Reading, Spread, Stamp, Step, What};
use crate::error::EncodeError;

/// What a frame came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Bytes.
    pub length: usize,
    /// How many of the given entries it holds.
    pub entries: usize,
}

/// Writes as many of `entries` as `room` has space for, in the shortest way.
///
/// They come newest first. The frame ends, without an error, at the first one that it cannot say: its sequence number
/// is not the one before, it is later than the one behind it or more than 91 days earlier, its time is of the other
/// kind, it has a spread where the others have none, or a value is out of range. What is left out can be
/// the newest of a frame of its own. `step` is how far apart most of them are.
pub fn encode(
    entries: impl Iterator<Item = Entry> + Clone,
    step: Step,
    room: &mut [u8],
) -> Result<Written, EncodeError> {
    let newest = entries.clone().next().ok_or(EncodeError::Nothing)?;
    check(&newest)?;
    let space = room.len().min(MAX_LEN);
    let room = room.get_mut(..space).unwrap_or_default();
    let mut best: Option<(Style, Run)> = None;
    for style in styles(matches!(newest.stamp, Stamp::SinceStart(_)), step) {
        let Some(run) = write(style, entries.clone(), &mut BitWriter::new(room)) else { continue };
        if best.is_none_or(|(_, known)| run.is_better(known)) {
            best = Some((style, run));
        }
    }
    let (style, _) = best.ok_or(EncodeError::NoRoom)?;
    let mut writer = BitWriter::new(room);
    let run = write(style, entries, &mut writer).ok_or(EncodeError::NoRoom)?;
    Ok(Written { length: writer.finish(), entries: run.entries })
}

/// All ways to write a frame: the entries are few, and a byte of air costs more than a pass over them.
fn styles(time_unknown: bool, step: Step) -> impl Iterator<Item = Style> {
    [false, true].into_iter().flat_map(move |humidity| {
        SpreadStyle::ALL.into_iter().flat_map(move |spread| {
            (0..8).map(move |low| Style { time_unknown, humidity, spread, step, low })
        })
    })
}

/// Whether the newest entry can be said at all.
fn check(newest: &Entry) -> Result<(), EncodeError> {
    if newest.sequence > MAX_SEQUENCE {
        return Err(EncodeError::NumbersExhausted);
    }
    let fits = match newest.what {
        What::Reading(reading) => reading.is_sound(),
        What::Event(_) => true,
        What::Lost { first, count } => lost(newest.sequence, first, count).is_some(),
    };
    if fits && newest.stamp.minutes() <= MAX_MINUTES { Ok(()) } else { Err(EncodeError::Value) }
}

/// How far the last of the lost entries lies behind the first that tells of them, and how many there are less one.
fn lost(sequence: u32, first: u32, count: u32) -> Option<(u32, u32)> {
    let behind = sequence.checked_sub(first)?.checked_sub(count)?;
    let less_one = count.checked_sub(1)?;
    (behind < LOST_MAX && less_one < LOST_MAX).then_some((behind, less_one))
}

/// How far a style came.
#[derive(Debug, Clone, Copy)]
struct Run {
    entries: usize,
    bits: usize,
}

impl Run {
    fn is_better(self, than: Self) -> bool {
        (self.entries, than.bits) > (than.entries, self.bits)
    }
}

/// `None`: not even the newest entry fits.
fn write(style: Style, entries: impl Iterator<Item = Entry>, to: &mut BitWriter<'_>) -> Option<Run> {
    to.bit(style.time_unknown)?;
    to.bit(style.humidity)?;
    to.bits(style.spread as u32, 2)?;
    let mut state = State { style, later: None, is_second: false, reading: None, humidity: None };
    let mut run = Run { entries: 0, bits: to.written() };
    for entry in entries.take(MAX_ENTRIES) {
        if state.entry(&entry, to).is_none() {
            to.back_to(run.bits);
            break;
        }
        run = Run { entries: run.entries + 1, bits: to.written() };
    }
    (run.entries > 0).then_some(run)
}

struct State {
    style: Style,
    /// The entry written before, which is the later one.
    later: Option<Entry>,
    is_second: bool,
    /// The reading written before.
    reading: Option<Reading>,
    /// The humidity written before.
    humidity: Option<u8>,
}

impl State {
    fn entry(&mut self, entry: &Entry, to: &mut BitWriter<'_>) -> Option<()> {
        let is_reading = matches!(entry.what, What::Reading(_));
        match self.later {
            None => {
                to.bits(entry.sequence, NUMBER_BITS)?;
                to.bits(entry.stamp.minutes(), NUMBER_BITS)?;
                to.bit(!is_reading)?;
            }
            Some(later) => {
                if self.is_second {
                    to.bits(u32::from(self.style.step.code()), 3)?;
                    to.bits(self.style.low, 3)?;
                }
                self.distance(entry, &later, is_reading, to)?;
            }
        }
        match entry.what {
            What::Reading(reading) => self.reading(&reading, to)?,
            What::Event(event) => {
                to.bit(false)?;
                to.bits(u32::from(event.kind.code()), KIND_BITS)?;
                to.bits(u32::from(event.value), VALUE_BITS)?;
            }
            What::Lost { first, count } => {
                let (behind, less_one) = lost(entry.sequence, first, count)?;
                to.bit(true)?;
                to.bits(behind, LOST_BITS)?;
                to.bits(less_one, LOST_BITS)?;
            }
        }
        self.is_second = self.later.is_none();
        self.later = Some(*entry);
        Some(())
    }

    fn distance(&self, entry: &Entry, later: &Entry, is_reading: bool, to: &mut BitWriter<'_>) -> Option<()> {
        let follows = entry.sequence.checked_add(1) == Some(later.sequence);
        let same_scale = later.stamp.at(entry.stamp.minutes()) == entry.stamp;
        if !follows || !same_scale {
            return None;
        }
        let minutes = later.stamp.minutes().checked_sub(entry.stamp.minutes())?;
        if is_reading && minutes == self.style.step.minutes() {
            return to.bit(false);
        }
        to.bits(if is_reading { 0b10 } else { 0b110 }, if is_reading { 2 } else { 3 })?;
        to.gamma(minutes)
    }

    fn reading(&mut self, reading: &Reading, to: &mut BitWriter<'_>) -> Option<()> {
        let spread = self.style.spread;
        if reading.spread.is_some() != (spread != SpreadStyle::Without) || !reading.is_sound() {
            return None;
        }
        match self.reading {
            None => to.bits(u32::from(reading.temperature.cast_unsigned()), 16)?,
            Some(later) => {
                let difference = i32::from(reading.temperature) - i32::from(later.temperature);
                to.rice(zigzag(difference), self.style.low)?;
            }
        }
        if let Some(found) = reading.spread {
            write_spread(&found, spread, to)?;
        }
        match (self.style.humidity, reading.humidity) {
            (false, Some(_)) => return None,
            (false, None) => {}
            (true, found) => to.bit(found.is_some())?,
        }
        if let Some(steps) = reading.humidity {
            match self.humidity {
                None => to.bits(u32::from(steps), 8)?,
                Some(later) => to.rice(zigzag(i32::from(steps) - i32::from(later)), 1)?,
            }
            self.humidity = Some(steps);
        }
        self.reading = Some(*reading);
        Some(())
    }
}

fn write_spread(spread: &Spread, style: SpreadStyle, to: &mut BitWriter<'_>) -> Option<()> {
    for end in [spread.below, spread.above].map(u32::from) {
        match style {
            SpreadStyle::Without => {}
            SpreadStyle::Flat => to.rice(end, 0)?,
            SpreadStyle::Uneven => to.rice(end, 2)?,
            SpreadStyle::Wide => to.bits(end, SPREAD_BITS)?,
        }
    }
    to.bit(spread.out_of_range > 0)?;
    match spread.out_of_range.checked_sub(1) {
        None => Some(()),
        Some(less_one) => to.bits(u32::from(less_one), SPREAD_BITS),
    }
}
