//! Numbers of any width in a row of bytes, the most significant bit first.

/// A unary part this long is followed by the number itself.
const ESCAPE: u32 = 8;
/// The bits of a number behind the escape: room for the difference of any two temperatures, with its sign.
const ESCAPED: u32 = 17;
/// The longest number of [`BitWriter::gamma`] has this many bits.
const GAMMA_BITS: u32 = 17;

/// Reads from the front; `None` where the bytes end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// The next `count` bits, at most 32.
    pub(crate) fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    /// What [`BitWriter::rice`] wrote with the same `low`.
    pub(crate) fn rice(&mut self, low: u32) -> Option<u32> {
        let mut high = 0;
        while high < ESCAPE && self.bit()? {
            high += 1;
        }
        if high == ESCAPE { self.bits(ESCAPED) } else { Some(high << low | self.bits(low)?) }
    }

    /// What [`BitWriter::gamma`] wrote.
    pub(crate) fn gamma(&mut self) -> Option<u32> {
        let mut width = 0;
        while !self.bit()? {
            width += 1;
            if width == GAMMA_BITS {
                return None;
            }
        }
        Some((1 << width | self.bits(width)?) - 1)
    }

    /// How many bits are left, and whether all of them are set: padding, where they are fewer than eight.
    pub(crate) fn is_padding(&self) -> bool {
        let mut rest = *self;
        let left = (self.bytes.len() * 8).saturating_sub(self.at);
        left < 8 && (0..left).all(|_| rest.bit() == Some(true))
    }
}

/// Writes from the front; `None` where the room ends first. What was written then is to be forgotten, see [`Self::back_to`].
#[derive(Debug)]
pub(crate) struct BitWriter<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        Self { room, at: 0 }
    }

    /// How many bits were written.
    pub(crate) const fn written(&self) -> usize {
        self.at
    }

    /// Forgets what was written behind that many bits.
    pub(crate) fn back_to(&mut self, written: usize) {
        self.at = written;
    }

    pub(crate) fn bit(&mut self, set: bool) -> Option<()> {
        let byte = self.room.get_mut(self.at / 8)?;
        let mask = 0x80 >> (self.at % 8);
        *byte = if set { *byte | mask } else { *byte & !mask };
        self.at += 1;
        Some(())
    }

    /// The lowest `count` bits of `value`, at most 32.
    pub(crate) fn bits(&mut self, value: u32, count: u32) -> Option<()> {
        (0..count).rev().try_for_each(|place| self.bit(value >> place & 1 == 1))
    }

    /// A number below 2^17 that is likely small: `value >> low` as so many ones and a zero, then its `low` lowest bits;
    /// from eight ones on (and no zero), all its 17 bits instead.
    pub(crate) fn rice(&mut self, value: u32, low: u32) -> Option<()> {
        let high = value >> low;
        (0..high.min(ESCAPE)).try_for_each(|_| self.bit(true))?;
        if high >= ESCAPE {
            return self.bits(value, ESCAPED);
        }
        self.bit(false)?;
        self.bits(value, low)
    }

    /// Elias' gamma code of `value + 1`: as many zeros as it has bits behind its first, then itself. `None` also from
    /// 2^17 − 1 on.
    pub(crate) fn gamma(&mut self, value: u32) -> Option<()> {
        let shifted = value.checked_add(1)?;
        let width = shifted.ilog2();
        if width >= GAMMA_BITS {
            return None;
        }
        self.bits(0, width)?;
        self.bits(shifted, width + 1)
    }

    /// Fills the last byte with ones and returns how many bytes there are.
    pub(crate) fn finish(mut self) -> usize {
        while !self.at.is_multiple_of(8) && self.bit(true).is_some() {}
        self.at / 8
    }
}

/// Whole numbers by their distance from 0: 0, −1, 1, −2, 2 … become 0, 1, 2, 3, 4.
pub(crate) const fn zigzag(value: i32) -> u32 {
    (value << 1 ^ value >> 31).cast_unsigned()
}

pub(crate) const fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}
