//! Entries and the heads of pages as words of 64 bits, which flash writes whole or not at all.
//!
//! From the most significant bit: two bits of kind, the content, and a CRC of seven bits over all of that. A word that a
//! failing supply left half written is known by its sum, and its place is passed over. Erased flash reads as ones, which no
//! word is.

use wire::{Event, EventKind, LOST_MAX, Reading, Spread, Stamp, What};

/// The longest time from a page's head to an entry in it, in minutes: 2.8 days.
pub const MAX_AFTER: u32 = 0xfff;

/// The head of a page: what its first entry will be numbered, and from when its entries count their minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub first: u32,
    pub base: Stamp,
}

const HEAD: u64 = 0b00;
const READING: u64 = 0b01;
const OTHER: u64 = 0b10;
/// Bits of a sequence number and of minutes.
const NUMBER: u32 = 24;

/// Stands for no spread where the minutes out of range stand.
const NO_SPREAD: u8 = 0x7f;

struct Packer {
    word: u64,
    left: u32,
}

impl Packer {
    const fn new(kind: u64) -> Self {
        Self { word: kind << 62, left: 62 }
    }

    fn put(mut self, value: impl Into<u64>, bits: u32) -> Self {
        self.left -= bits;
        self.word |= (value.into() & ((1 << bits) - 1)) << self.left;
        self
    }

    fn finish(self) -> [u8; 8] {
        (self.word | u64::from(sum(self.word))).to_be_bytes()
    }
}

struct Unpacker {
    word: u64,
    left: u32,
}

impl Unpacker {
    fn new(bytes: [u8; 8]) -> Option<(u64, Self)> {
        let word = u64::from_be_bytes(bytes);
        let content = word & !0x7f;
        (u64::from(sum(content)) == word & 0x7f && word >> 62 != 0b11)
            .then_some((word >> 62, Self { word, left: 62 }))
    }

    fn take(&mut self, bits: u32) -> u64 {
        self.left -= bits;
        self.word >> self.left & ((1 << bits) - 1)
    }

    fn small(&mut self, bits: u32) -> u8 {
        (self.take(bits) & 0xff) as u8
    }

    fn number(&mut self, bits: u32) -> u32 {
        (self.take(bits) & 0xffff_ffff) as u32
    }

    /// Whether the bits that nothing uses are as they were written. A word that was cut off, and has the right sum by chance, is
    /// seldom so.
    fn is_over(&self) -> bool {
        self.word >> 7 & ((1 << (self.left - 7)) - 1) == 0
    }
}

/// CRC-7 (polynomial x^7 + x^3 + 1, as in MMC) of the 57 bits above it, from ones so that no word of zeros is sound.
fn sum(word: u64) -> u8 {
    let mut crc = 0x7f_u8;
    for place in (7..64).rev() {
        let bit = (word >> place & 1) as u8 ^ crc >> 6;
        crc = crc << 1 & 0x7f ^ if bit == 1 { 0x09 } else { 0 };
    }
    crc
}

pub fn write_head(head: Head) -> [u8; 8] {
    let known = matches!(head.base, Stamp::Utc(_));
    Packer::new(HEAD).put(head.first, NUMBER).put(head.base.minutes(), NUMBER).put(known, 1).finish()
}

pub fn read_head(bytes: [u8; 8]) -> Option<Head> {
    let (HEAD, mut from) = Unpacker::new(bytes)? else { return None };
    let (first, minutes) = (from.number(NUMBER), from.number(NUMBER));
    let base = if from.take(1) == 1 { Stamp::Utc(minutes) } else { Stamp::SinceStart(minutes) };
    from.is_over().then_some(Head { first, base })
}

/// `after` is at most [`MAX_AFTER`]; `sequence` is the entry's own number. `None` where a loss is out of its bounds.
pub fn write(after: u32, sequence: u32, what: &What) -> Option<[u8; 8]> {
    Some(match *what {
        What::Reading(Reading { temperature, spread, humidity }) => {
            let Spread { below, above, out_of_range } =
                spread.unwrap_or(Spread { out_of_range: NO_SPREAD, ..Spread::default() });
            Packer::new(READING)
                .put(after, 12)
                .put(temperature.cast_unsigned(), 16)
                .put(below, 6)
                .put(above, 6)
                .put(out_of_range, 7)
                .put(humidity.unwrap_or(u8::MAX), 8)
                .finish()
        }
        What::Event(Event { kind, value }) => {
            Packer::new(OTHER).put(after, 12).put(false, 1).put(kind as u8, 5).put(value, 8).finish()
        }
        What::Lost { first, count } => {
            let behind = sequence.checked_sub(first)?.checked_sub(count)?;
            if behind >= LOST_MAX || count > LOST_MAX {
                return None;
            }
            Packer::new(OTHER)
                .put(after, 12)
                .put(true, 1)
                .put(behind, 17)
                .put(count.checked_sub(1)?, 17)
                .finish()
        }
    })
}

/// The minutes after the page's head, and what there is.
pub fn read(bytes: [u8; 8], sequence: u32) -> Option<(u32, What)> {
    let (kind, mut from) = Unpacker::new(bytes)?;
    let after = from.number(12);
    let what = match kind {
        READING => {
            let temperature = (from.take(16) & 0xffff) as u16;
            let spread = Spread { below: from.small(6), above: from.small(6), out_of_range: from.small(7) };
            let spread = Some(spread).filter(|spread| spread.out_of_range != NO_SPREAD);
            let humidity = Some(from.small(8)).filter(|steps| *steps != u8::MAX);
            let reading = Reading { temperature: temperature.cast_signed(), spread, humidity };
            // What was cut off and passes for sound by chance is often no reading that can be.
            What::Reading(Some(reading).filter(Reading::is_sound)?)
        }
        OTHER if from.take(1) == 1 => {
            let (behind, count) = (from.number(17), from.number(17) + 1);
            What::Lost { first: sequence.checked_sub(behind)?.checked_sub(count)?, count }
        }
        OTHER => {
            let kind = *EventKind::ALL.get(usize::from(from.small(5)))?;
            What::Event(Event { kind, value: from.small(8) })
        }
        _ => return None,
    };
    from.is_over().then_some((after, what))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::{MAX_MINUTES, MAX_SEQUENCE};

    use super::*;

    fn any_what() -> impl Strategy<Value = What> {
        let humidity = proptest::option::of(0..=200_u8);
        prop_oneof![
            (-27_200..32_700_i16, proptest::option::of((0..64_u8, 0..64_u8, 0..65_u8)), humidity).prop_map(
                |(temperature, spread, humidity)| {
                    let spread =
                        spread.map(|(below, above, out_of_range)| Spread { below, above, out_of_range });
                    What::Reading(Reading { temperature, spread, humidity })
                }
            ),
            (0..EventKind::ALL.len(), any::<u8>())
                .prop_map(|(kind, value)| What::Event(Event { kind: EventKind::ALL[kind], value })),
            (0..1000_u32, 1..=LOST_MAX).prop_map(|(first, count)| What::Lost { first, count }),
        ]
    }

    proptest! {
        #[test]
        fn a_word_is_read_as_it_was_written_and_no_bit_of_it_can_turn(
            what in any_what(), after in 0..=MAX_AFTER, bit in 0..64_usize,
        ) {
            let sequence = 2 * LOST_MAX - 1;
            let what = match what {
                What::Lost { first, count } => What::Lost { first: sequence - count - first, count },
                what => what,
            };
            let mut word = write(after, sequence, &what).unwrap();
            prop_assert_eq!(read(word, sequence), Some((after, what)));
            prop_assert_eq!(read_head(word), None);
            word[bit / 8] ^= 0x80 >> (bit % 8);
            prop_assert_eq!(read(word, sequence), None);
        }

        #[test]
        fn a_head_is_read_as_it_was_written(first in 0..=MAX_SEQUENCE, minutes in 0..=MAX_MINUTES, known: bool) {
            let base = if known { Stamp::Utc(minutes) } else { Stamp::SinceStart(minutes) };
            let word = write_head(Head { first, base });
            prop_assert_eq!(read_head(word), Some(Head { first, base }));
            prop_assert_eq!(read(word, MAX_SEQUENCE), None);
        }
    }

    #[test]
    fn erased_and_zeroed_flash_are_no_words() {
        for word in [[0xff; 8], [0; 8]] {
            assert_eq!((read_head(word), read(word, 5)), (None, None));
        }
    }
}
