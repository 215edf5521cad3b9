//! The chip's flash, and what lies where in it.

use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m_rt::exception;
use embassy_stm32::flash::{Blocking, Flash};
use embassy_stm32::{Peri, pac, peripherals};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use static_cell::StaticCell;

pub const PAGE: u32 = 2048;

/// Where flash begins in the chip's addresses.
const BASE: u32 = 0x0800_0000;

/// The log's pages, from the beginning of flash.
pub const LOG: Area = Area { from: 0x2_a800, pages: 40 };
/// What the tracker remembers.
pub const MEMORY: Area = Area { from: 0x3_e800, pages: 2 };
/// The last page of 256 KiB.
pub const KEYS: Area = Area { from: tracker::KEYS_AT - BASE, pages: 1 };

#[derive(Clone, Copy)]
pub struct Area {
    /// Bytes from the beginning of flash.
    pub from: u32,
    pub pages: u32,
}

pub type Shared = &'static RefCell<Flash<'static, Blocking>>;

pub fn open(flash: Peri<'static, peripherals::FLASH>) -> Shared {
    static FLASH: StaticCell<RefCell<Flash<'static, Blocking>>> = StaticCell::new();
    FLASH.init(RefCell::new(Flash::new_blocking(flash)))
}

/// One area of it.
pub struct Part {
    pub flash: Shared,
    pub area: Area,
}

#[derive(Debug)]
pub struct FlashError;

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Part {
    type Error = FlashError;
}

impl Part {
    /// From the beginning of flash.
    fn at(&self, offset: u32, length: usize) -> Result<u32, FlashError> {
        let end = u32::try_from(length).ok().and_then(|length| offset.checked_add(length));
        let fits = end.is_some_and(|end| end <= self.area.pages * PAGE);
        fits.then_some(self.area.from + offset).ok_or(FlashError)
    }
}

impl ReadNorFlash for Part {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let at = BASE + self.at(offset, bytes.len())?;
        TORN.store(false, Ordering::Relaxed);
        for (address, byte) in (at..).zip(bytes) {
            // SAFETY: within the flash, which can always be read; what is torn comes as the exception below.
            *byte = unsafe { (address as *const u8).read_volatile() };
        }
        if TORN.load(Ordering::Relaxed) { Err(FlashError) } else { Ok(()) }
    }

    fn capacity(&self) -> usize {
        (self.area.pages * PAGE) as usize
    }
}

impl NorFlash for Part {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let at = self.at(from, to.saturating_sub(from) as usize)?;
        self.flash.borrow_mut().blocking_erase(at, at + (to - from)).map_err(|_| FlashError)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let at = self.at(offset, bytes.len())?;
        self.flash.borrow_mut().blocking_write(at, bytes).map_err(|_| FlashError)
    }
}

/// A word with two wrong bits was read.
static TORN: AtomicBool = AtomicBool::new(false);

/// The flash's error correction found two wrong bits in a word: its writing was cut off by a failing supply.
#[exception]
unsafe fn NonMaskableInt() {
    if pac::FLASH.eccr().read().eccd() {
        TORN.store(true, Ordering::Relaxed);
        pac::FLASH.eccr().modify(|w| w.set_eccd(true));
    }
}
