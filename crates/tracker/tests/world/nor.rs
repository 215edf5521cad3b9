//! A flash as the chip's: words of eight bytes that are written once, or to zero, and pages that are erased whole. Its
//! supply may fail within any write or erase.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

pub const PAGE: usize = 2048;

/// Clones are the same flash, so that it outlives the program that was running.
#[derive(Clone)]
pub struct Nor(Rc<RefCell<Cells>>);

struct Cells {
    bytes: Vec<u8>,
    /// Words that cannot be read: their error correction was cut off.
    torn: Vec<bool>,
    supply: Rc<RefCell<Supply>>,
}

/// What feeds all the flash of a tracker.
pub struct Supply {
    /// Writes and erases until it fails.
    pub left: Option<u32>,
    pub failed: bool,
    /// So many writes and erases fail by themselves, with a steady supply.
    pub refusals: u32,
    /// What a cut leaves behind follows from it.
    pub noise: u64,
    pub writes: u64,
    pub erases: u64,
}

#[derive(Debug)]
pub struct Fault;

impl NorFlashError for Fault {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Supply {
    pub fn steady() -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self { left: None, failed: false, refusals: 0, noise: 1, writes: 0, erases: 0 }))
    }

    fn random(&mut self) -> u64 {
        self.noise =
            self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.noise >> 33
    }

    /// Whether this operation fails, with the supply or by itself.
    fn fails(&mut self) -> bool {
        if self.refusals > 0 {
            self.refusals -= 1;
            return true;
        }
        match &mut self.left {
            Some(0) => self.failed = true,
            Some(left) => *left -= 1,
            None => {}
        }
        self.failed
    }
}

impl Nor {
    pub fn erased(pages: usize, supply: Rc<RefCell<Supply>>) -> Self {
        let (bytes, torn) = (vec![0xff; pages * PAGE], vec![false; pages * PAGE / 8]);
        Self(Rc::new(RefCell::new(Cells { bytes, torn, supply })))
    }
}

impl Nor {
    /// Four words from there on.
    pub fn bytes(&self, from: u32) -> [u8; 32] {
        self.0.borrow().bytes[from as usize..from as usize + 32].try_into().unwrap()
    }
}

impl ErrorType for Nor {
    type Error = Fault;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        let cells = self.0.borrow();
        let from = offset as usize;
        if cells.torn[from / 8..(from + bytes.len()).div_ceil(8)].contains(&true) {
            return Err(Fault);
        }
        bytes.copy_from_slice(&cells.bytes[from..from + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Fault> {
        let mut cells = self.0.borrow_mut();
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(PAGE) && to.is_multiple_of(PAGE) && from < to);
        let supply = Rc::clone(&cells.supply);
        let mut supply = supply.borrow_mut();
        supply.erases += 1;
        if supply.failed {
            return Err(Fault);
        }
        if supply.fails() {
            // Some words are erased, some are as they were, some are neither.
            for word in from / 8..to / 8 {
                match supply.random() % 3 {
                    0 => cells.set(word, [0xff; 8]),
                    1 => {}
                    _ => cells.torn[word] = true,
                }
            }
            return Err(Fault);
        }
        (from / 8..to / 8).for_each(|word| cells.set(word, [0xff; 8]));
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Fault> {
        let mut cells = self.0.borrow_mut();
        let supply = Rc::clone(&cells.supply);
        let mut supply = supply.borrow_mut();
        assert!((offset as usize).is_multiple_of(8) && bytes.len().is_multiple_of(8));
        for (word, bytes) in (offset as usize / 8..).zip(bytes.chunks(8)) {
            if supply.failed {
                return Err(Fault);
            }
            supply.writes += 1;
            let is_blank = !cells.torn[word] && cells.bytes[word * 8..word * 8 + 8] == [0xff; 8];
            assert!(is_blank || bytes == [0; 8], "a word was written twice");
            if supply.fails() {
                match supply.random() % 4 {
                    0 => {}
                    1 => cells.torn[word] = true,
                    2 => cells.set(word, bytes.try_into().unwrap()),
                    _ => {
                        let noise = supply.random() as u8;
                        let mixed: Vec<u8> = bytes.iter().map(|byte| byte | noise).collect();
                        cells.set(word, mixed.try_into().unwrap());
                    }
                }
                return Err(Fault);
            }
            cells.set(word, bytes.try_into().unwrap());
        }
        Ok(())
    }
}

impl Cells {
    fn set(&mut self, word: usize, bytes: [u8; 8]) {
        self.bytes[word * 8..word * 8 + 8].copy_from_slice(&bytes);
        self.torn[word] = false;
    }
}
