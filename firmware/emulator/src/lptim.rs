//! The low-power timer: 1,024 ticks a second, which go on in the deepest sleep.

use crate::HZ;

pub const IRQ: u32 = 39;
const TICKS_S: u64 = 1024;
const MATCH: u32 = 1;
const MATCH_WRITTEN: u32 = 1 << 3;
const OVERFLOW: u32 = 1 << 7;

#[derive(Default)]
pub struct Lptim {
    isr: u32,
    ier: u32,
    compare: u16,
    started_at: Option<u64>,
    /// Up to when its flags are right.
    seen: u64,
    other: [u32; 16],
}

impl Lptim {
    fn ticks(&self, now: u64) -> u64 {
        self.started_at.map_or(0, |at| (now - at) * TICKS_S / HZ)
    }

    /// Lets time pass: flags of what happened.
    pub fn pass(&mut self, now: u64) {
        let (before, after) = (self.seen, self.ticks(now));
        if after == before {
            return;
        }
        self.seen = after;
        if self.next_match(before) <= after {
            self.isr |= MATCH;
        }
        if after >> 16 != before >> 16 {
            self.isr |= OVERFLOW;
        }
    }

    /// The first tick after that one at which the counter is what it is compared with.
    fn next_match(&self, tick: u64) -> u64 {
        let next = tick + 1;
        next + u64::from(self.compare.wrapping_sub(next as u16))
    }

    pub fn is_asserted(&self) -> bool {
        self.isr & self.ier != 0
    }

    /// When it has something to tell next, in cycles.
    pub fn next_at(&self) -> u64 {
        let Some(at) = self.started_at else { return u64::MAX };
        let overflow = (self.seen | 0xffff) + 1;
        let next = [(MATCH, self.next_match(self.seen)), (OVERFLOW, overflow)];
        let due = next.into_iter().filter(|(flag, _)| self.ier & flag != 0).map(|(_, tick)| tick).min();
        due.map_or(u64::MAX, |tick| at + (tick * HZ).div_ceil(TICKS_S))
    }

    pub fn read(&mut self, offset: u32, now: u64) -> u32 {
        self.pass(now);
        match offset {
            0x00 => self.isr,
            0x08 => self.ier,
            0x14 => self.compare.into(),
            0x1c => (self.ticks(now) & 0xffff) as u32,
            _ => self.other[(offset / 4) as usize & 15],
        }
    }

    pub fn write(&mut self, offset: u32, value: u32, now: u64) {
        self.pass(now);
        match offset {
            0x04 => self.isr &= !value,
            0x08 => self.ier = value,
            0x10 => {
                self.other[4] = value & 1;
                if value & 6 != 0 && self.started_at.is_none() {
                    self.started_at = Some(now);
                    self.seen = 0;
                }
            }
            0x14 => {
                self.compare = value as u16;
                self.isr |= MATCH_WRITTEN;
            }
            _ => self.other[(offset / 4) as usize & 15] = value,
        }
    }
}
