//! What a tracker's flash holds, read by the application itself on a copy of it.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use emulator::Flash;
use tracker::{Parts, Region, Tracker};
use wire::{Firmware, ResetCause};

/// As the firmware has it: from the beginning of flash, and pages.
const LOG: (u32, usize) = (0x2_a800, 40);
const MEMORY: (u32, usize) = (0x3_e800, 2);
const PAGE: usize = 2048;

pub struct Copy {
    bytes: Vec<u8>,
    torn: Vec<bool>,
}

#[derive(Debug)]
pub struct Torn;

impl NorFlashError for Torn {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Copy {
    type Error = Torn;
}

impl ReadNorFlash for Copy {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Torn> {
        let from = offset as usize;
        if self.torn[from / 8..(from + bytes.len()).div_ceil(8)].contains(&true) {
            return Err(Torn);
        }
        bytes.copy_from_slice(&self.bytes[from..from + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Copy {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Torn> {
        self.bytes[from as usize..to as usize].fill(0xff);
        self.torn[from as usize / 8..to as usize / 8].fill(false);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Torn> {
        self.bytes[offset as usize..offset as usize + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

/// The application over a copy, which knows what the tracker knows. What it writes itself is the copy's.
pub fn held(flash: &Flash) -> Tracker<Copy, Copy> {
    let [log, memory] = [LOG, MEMORY].map(|(at, pages)| {
        let (bytes, torn) = flash.area(at, pages * PAGE);
        Copy { bytes, torn }
    });
    let parts = Parts {
        region: Region::Eu868,
        firmware: Firmware { major: 0, minor: 0, patch: 0 },
        calibration: 0,
        reset_cause: ResetCause::PowerOn,
        seed: 1,
        fastest: Region::Eu868.fastest(),
        log_pages: LOG.1,
    };
    Tracker::start(parts, log, memory, 0).expect("its flash can be read")
}
