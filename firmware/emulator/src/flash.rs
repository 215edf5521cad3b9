//! The second half of the flash, which the image writes: words of eight bytes, once between two erasures or to zero, and a supply
//! that may fail within any of it.

/// From the beginning of flash.
pub const DATA: u32 = 0x2_0000;
pub const KEYS: u32 = tracker::KEYS_AT - 0x0800_0000;
const LENGTH: usize = 0x2_0000;
const PAGE: u32 = 2048;

const PROGRAM: u32 = 1;
const ERASE: u32 = 2;
const START: u32 = 1 << 16;
const LOCK: u32 = 1 << 31;
const UNCORRECTABLE: u32 = 1 << 31;
const ERROR: u32 = 1 << 3;

/// What a supply that fails leaves of the operation that it was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Nothing,
    /// The word cannot be read; of a page, each second one.
    Torn,
    /// It was just over.
    Whole,
}

#[derive(Clone)]
pub struct Flash {
    bytes: Vec<u8>,
    torn: Vec<bool>,
    cr: u32,
    sr: u32,
    eccr: u32,
    keys: u32,
    /// The first half of a word that is being written.
    half: Option<(u32, u32)>,
    /// So many operations until the supply fails, and how.
    pub fails_after: Option<(u32, Cut)>,
    pub failed: bool,
    pub writes: u64,
    pub erases: u64,
    /// A word with an uncorrectable error was read.
    pub nmi: bool,
}

impl Default for Flash {
    fn default() -> Self {
        Self {
            bytes: vec![0xff; LENGTH],
            torn: vec![false; LENGTH / 8],
            cr: LOCK,
            sr: 0,
            eccr: 0,
            keys: 0,
            half: None,
            fails_after: None,
            failed: false,
            writes: 0,
            erases: 0,
            nmi: false,
        }
    }
}

impl Flash {
    /// As a programmer writes it. `at` is from the beginning of flash.
    pub fn program(&mut self, at: u32, bytes: &[u8]) {
        let from = (at - DATA) as usize;
        self.bytes[from..from + bytes.len()].copy_from_slice(bytes);
    }

    /// What an area holds now, with its torn words as a program would find them. `at` is from the beginning of flash.
    pub fn area(&self, at: u32, length: usize) -> (Vec<u8>, Vec<bool>) {
        let from = (at - DATA) as usize;
        (self.bytes[from..from + length].to_vec(), self.torn[from / 8..(from + length) / 8].to_vec())
    }

    /// A reset forgets what was being done.
    pub fn reset(&mut self) {
        (self.cr, self.sr, self.eccr, self.keys, self.half, self.nmi) = (LOCK, 0, 0, 0, None, false);
        (self.failed, self.fails_after) = (false, None);
    }

    pub fn load(&mut self, offset: u32, size: usize) -> u64 {
        let from = offset as usize;
        if self.torn[from / 8] {
            self.eccr |= UNCORRECTABLE;
            self.nmi = true;
        }
        let mut value = [0; 8];
        value[..size].copy_from_slice(&self.bytes[from..from + size]);
        u64::from_le_bytes(value)
    }

    /// A store into flash: two halves are a word.
    pub fn store(&mut self, offset: u32, size: usize, value: u64) {
        if size != 4 || self.cr & PROGRAM == 0 {
            self.sr |= ERROR;
            return;
        }
        match self.half.take() {
            None => self.half = Some((offset, value as u32)),
            Some((first, low)) if first + 4 == offset && first % 8 == 0 => {
                self.write(first, u64::from(low) | value << 32);
            }
            Some(_) => self.sr |= ERROR,
        }
    }

    fn write(&mut self, offset: u32, value: u64) {
        let (place, word) = (offset as usize, offset as usize / 8);
        let is_blank = !self.torn[word] && self.bytes[place..place + 8] == [0xff; 8];
        if !is_blank && value != 0 {
            self.sr |= ERROR;
            return;
        }
        self.writes += 1;
        match self.cut() {
            None | Some(Cut::Whole) => {
                self.bytes[place..place + 8].copy_from_slice(&value.to_le_bytes());
                self.torn[word] = false;
            }
            Some(Cut::Torn) => self.torn[word] = true,
            Some(Cut::Nothing) => {}
        }
    }

    fn cut(&mut self) -> Option<Cut> {
        let (left, cut) = self.fails_after?;
        if left > 0 {
            self.fails_after = Some((left - 1, cut));
            return None;
        }
        self.failed = true;
        Some(cut)
    }

    fn erase(&mut self, page: u32) {
        let Some(offset) = (page * PAGE).checked_sub(DATA) else { return };
        self.erases += 1;
        let cut = self.cut();
        for word in offset as usize / 8..(offset + PAGE) as usize / 8 {
            match cut {
                Some(Cut::Nothing) => {}
                Some(Cut::Torn) if word % 2 == 1 => self.torn[word] = true,
                _ => {
                    self.bytes[word * 8..word * 8 + 8].fill(0xff);
                    self.torn[word] = false;
                }
            }
        }
    }

    pub fn read_register(&self, offset: u32) -> u32 {
        match offset {
            0x10 => self.sr,
            0x14 => self.cr,
            0x18 => self.eccr,
            _ => 0,
        }
    }

    pub fn write_register(&mut self, offset: u32, value: u32) {
        match offset {
            0x08 => {
                self.keys = match (self.keys, value) {
                    (_, 0x4567_0123) => 1,
                    (1, 0xcdef_89ab) => {
                        self.cr &= !LOCK;
                        0
                    }
                    _ => 0,
                };
            }
            0x10 => self.sr &= !value,
            0x14 if self.cr & LOCK == 0 => {
                self.cr = value & !START;
                if value & ERASE != 0 && value & START != 0 {
                    self.erase(value >> 3 & 0x7f);
                }
            }
            0x18 => self.eccr &= !(value & UNCORRECTABLE),
            _ => {}
        }
    }
}
