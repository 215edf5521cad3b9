//! Bytes to log: everything is checked once in [`LogFrame::decode`], the entries come without errors.

use super::{
    KIND_BITS, LOST_BITS, MAX_ENTRIES, MAX_LEN, NUMBER_BITS, SPREAD_BITS, SpreadStyle, Style, VALUE_BITS,
};
use crate::bits::{BitReader, unzigzag};
use crate::entry::{Entry, Event, EventKind, HUMIDITY_MAX, Reading, Spread, Stamp, Step, What};
use crate::error::DecodeError;

/// A whole and valid frame; borrows the bytes that it was decoded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogFrame<'a> {
    newest: Entry,
    bytes: &'a [u8],
}

impl<'a> LogFrame<'a> {
    /// Checks every bit. An error means that nothing of the frame is to be believed.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let length = bytes.len();
        if length > MAX_LEN {
            return Err(DecodeError::TooLong { length });
        }
        let mut steps = Steps::begin(bytes).ok_or(DecodeError::EndsInside { entry: 0 })?;
        let newest = steps.next()?.ok_or(DecodeError::EndsInside { entry: 0 })?;
        while steps.next()?.is_some() {}
        Ok(Self { newest, bytes })
    }

    /// The entry with the highest sequence number.
    pub fn newest(&self) -> Entry {
        self.newest
    }

    /// All entries, newest first; their sequence numbers go down by one.
    pub fn entries(&self) -> Entries<'a> {
        Entries { steps: Steps::begin(self.bytes) }
    }
}

/// The entries of a [`LogFrame`], newest first.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    steps: Option<Steps<'a>>,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        // Decode has been through all of it.
        self.steps.as_mut()?.next().ok().flatten()
    }
}

/// Where a frame has been read to.
#[derive(Debug, Clone)]
struct Steps<'a> {
    bits: BitReader<'a>,
    style: Style,
    /// The entry read before, which is the later one.
    later: Option<Entry>,
    reading: Option<Reading>,
    /// The humidity read before.
    humidity: Option<u8>,
    /// How many were read.
    entry: u8,
}

/// What stands in front of an entry.
enum Head {
    Reading { minutes: u32 },
    Other { minutes: u32 },
}

impl<'a> Steps<'a> {
    fn begin(bytes: &'a [u8]) -> Option<Self> {
        let mut bits = BitReader::new(bytes);
        let time_unknown = bits.bit()?;
        let humidity = bits.bit()?;
        let spread = *SpreadStyle::ALL.get(usize::try_from(bits.bits(2)?).ok()?)?;
        // The step and the low bits stand in front of the second entry.
        let style = Style { time_unknown, humidity, spread, step: Step::Minutes1, low: 0 };
        Some(Self { bits, style, later: None, reading: None, humidity: None, entry: 0 })
    }

    /// The next entry; none at the end.
    fn next(&mut self) -> Result<Option<Entry>, DecodeError> {
        let entry = self.entry;
        let found = match self.later {
            None => self.first()?,
            Some(_) if self.bits.is_padding() => return Ok(None),
            Some(_) if usize::from(entry) == MAX_ENTRIES => return Err(DecodeError::Reserved { entry }),
            Some(later) => self.following(&later)?,
        };
        self.later = Some(found);
        self.entry = entry.saturating_add(1);
        Ok(Some(found))
    }

    fn first(&mut self) -> Result<Entry, DecodeError> {
        let cut = DecodeError::EndsInside { entry: self.entry };
        let sequence = self.bits.bits(NUMBER_BITS).ok_or(cut)?;
        let minutes = self.bits.bits(NUMBER_BITS).ok_or(cut)?;
        let is_other = self.bits.bit().ok_or(cut)?;
        let stamp = if self.style.time_unknown { Stamp::SinceStart(minutes) } else { Stamp::Utc(minutes) };
        let what = if is_other { self.other(sequence)? } else { self.reading()? };
        Ok(Entry { sequence, stamp, what })
    }

    fn following(&mut self, later: &Entry) -> Result<Entry, DecodeError> {
        let entry = self.entry;
        if entry == 1 {
            // Three bits number all eight steps.
            self.style.step = Step::from_code(self.byte(3)?).unwrap_or(Step::Minutes1);
            self.style.low = self.bits(3)?;
        }
        let head = self.head()?;
        let (Head::Reading { minutes } | Head::Other { minutes }) = head;
        let sequence = later.sequence.checked_sub(1).ok_or(DecodeError::SequenceBeforeFirst { entry })?;
        let minutes = later.stamp.minutes().checked_sub(minutes);
        let stamp = later.stamp.at(minutes.ok_or(DecodeError::TimeBeforeEpoch { entry })?);
        let what = match head {
            Head::Reading { .. } => self.reading()?,
            Head::Other { .. } => self.other(sequence)?,
        };
        Ok(Entry { sequence, stamp, what })
    }

    fn head(&mut self) -> Result<Head, DecodeError> {
        let entry = self.entry;
        let cut = DecodeError::EndsInside { entry };
        if !self.bits.bit().ok_or(cut)? {
            return Ok(Head::Reading { minutes: self.style.step.minutes() });
        }
        if !self.bits.bit().ok_or(cut)? {
            return Ok(Head::Reading { minutes: self.bits.gamma().ok_or(cut)? });
        }
        if self.bits.bit().ok_or(cut)? {
            return Err(DecodeError::Reserved { entry });
        }
        Ok(Head::Other { minutes: self.bits.gamma().ok_or(cut)? })
    }

    fn other(&mut self, sequence: u32) -> Result<What, DecodeError> {
        let entry = self.entry;
        let cut = DecodeError::EndsInside { entry };
        if self.bits.bit().ok_or(cut)? {
            let behind = self.bits(LOST_BITS)?;
            let count = self.bits(LOST_BITS)?.saturating_add(1);
            let first = sequence.checked_sub(behind).and_then(|end| end.checked_sub(count));
            return Ok(What::Lost { first: first.ok_or(DecodeError::Lost { entry })?, count });
        }
        let kind = self.byte(KIND_BITS)?;
        let value = self.byte(VALUE_BITS)?;
        let kind = EventKind::of(kind).ok_or(DecodeError::UnknownEvent { entry, kind })?;
        Ok(What::Event(Event { kind, value }))
    }

    fn reading(&mut self) -> Result<What, DecodeError> {
        let entry = self.entry;
        let wrong = DecodeError::Temperature { entry };
        let temperature = match self.reading {
            None => i32::from(u16::try_from(self.bits(16)?).map_err(|_| wrong)?.cast_signed()),
            Some(later) => {
                let difference = self.bits.rice(self.style.low);
                i32::from(later.temperature) + unzigzag(difference.ok_or(DecodeError::EndsInside { entry })?)
            }
        };
        let temperature = i16::try_from(temperature).map_err(|_| wrong)?;
        let spread = self.spread()?;
        let humidity = self.humidity()?;
        let reading = Reading { temperature, spread, humidity };
        if !reading.is_sound() {
            return Err(wrong);
        }
        self.reading = Some(reading);
        Ok(What::Reading(reading))
    }

    fn spread(&mut self) -> Result<Option<Spread>, DecodeError> {
        if self.style.spread == SpreadStyle::Without {
            return Ok(None);
        }
        let (below, above) = (self.end()?, self.end()?);
        let is_out = self.bits(1)? == 1;
        let out_of_range = if is_out { self.byte(SPREAD_BITS)?.saturating_add(1) } else { 0 };
        Ok(Some(Spread { below, above, out_of_range }))
    }

    fn end(&mut self) -> Result<u8, DecodeError> {
        let entry = self.entry;
        let end = match self.style.spread {
            SpreadStyle::Without => Some(0),
            SpreadStyle::Flat => self.bits.rice(0),
            SpreadStyle::Uneven => self.bits.rice(2),
            SpreadStyle::Wide => self.bits.bits(SPREAD_BITS),
        };
        let end = end.ok_or(DecodeError::EndsInside { entry })?;
        u8::try_from(end).map_err(|_| DecodeError::Temperature { entry })
    }

    fn humidity(&mut self) -> Result<Option<u8>, DecodeError> {
        let entry = self.entry;
        if !self.style.humidity || self.bits(1)? == 0 {
            return Ok(None);
        }
        let steps = match self.humidity {
            None => self.bits(8)?.cast_signed(),
            Some(later) => {
                let difference = self.bits.rice(1).ok_or(DecodeError::EndsInside { entry })?;
                i32::from(later) + unzigzag(difference)
            }
        };
        let steps = u8::try_from(steps).ok().filter(|steps| *steps <= HUMIDITY_MAX);
        self.humidity = Some(steps.ok_or(DecodeError::Humidity { entry })?);
        Ok(self.humidity)
    }

    fn bits(&mut self, count: u32) -> Result<u32, DecodeError> {
        self.bits.bits(count).ok_or(DecodeError::EndsInside { entry: self.entry })
    }

    fn byte(&mut self, count: u32) -> Result<u8, DecodeError> {
        let cut = DecodeError::EndsInside { entry: self.entry };
        u8::try_from(self.bits(count)?).map_err(|_| cut)
    }
}
