//! Clocks, resets, power and the watchdog: what is asked for is there at once.

use crate::HZ;

/// RCC: registers whose ready bits follow their switches.
#[derive(Default)]
pub struct Rcc {
    regs: Vec<u32>,
    pub reset_flags: u32,
}

pub const BROWN_OUT: u32 = 1 << 27;
pub const SOFTWARE: u32 = 1 << 28;
pub const WATCHDOG: u32 = 1 << 29;

impl Rcc {
    pub fn new(reset_flags: u32) -> Self {
        let mut regs = vec![0; 128];
        // The multi-speed oscillator at 4 MHz runs from the start.
        regs[0] = 0x61;
        Self { regs, reset_flags }
    }

    pub fn read(&self, offset: u32) -> u32 {
        let value = self.regs[(offset / 4) as usize & 127];
        let ready = |on: u32, ready: u32| (value >> on & 1) << ready;
        match offset {
            0x00 => value | ready(0, 1) | ready(8, 10) | ready(16, 17) | ready(24, 25),
            0x08 => value & !0xc | (value & 3) << 2 | 7 << 16,
            0x90 => value | ready(0, 1) | ready(7, 11),
            0x94 => value | ready(0, 1) | self.reset_flags,
            0x98 => value | ready(0, 1),
            0x108 => value | 3 << 16,
            _ => value,
        }
    }

    /// The low-power timer counts the crystal, which reaches it where it may leave the calendar (CCIPR, BDCR.LSESYSEN).
    pub fn clocks_timer(&self) -> bool {
        self.regs[0x88 / 4] >> 18 & 3 == 3 && self.regs[0x90 / 4] >> 7 & 1 == 1
    }

    /// The converter has a clock (CCIPR).
    pub fn clocks_converter(&self) -> bool {
        self.regs[0x88 / 4] >> 28 & 3 != 0
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        if offset == 0x94 && value >> 23 & 1 == 1 {
            self.reset_flags = 0;
        }
        self.regs[(offset / 4) as usize & 127] = value;
    }
}

/// PWR.
pub struct Pwr {
    regs: [u32; 64],
    pub stopped: bool,
}

impl Default for Pwr {
    fn default() -> Self {
        Self { regs: [0; 64], stopped: false }
    }
}

impl Pwr {
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            // Regulators are ready; the radio is never busy.
            0x10 | 0x14 => 0,
            0x88 => u32::from(self.stopped) << 9,
            offset => self.regs[(offset / 4) as usize & 63],
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        if offset == 0x88 && value & 1 == 1 {
            self.stopped = false;
        }
        self.regs[(offset / 4) as usize & 63] = value;
    }

    /// The deepest sleep that was chosen: 2 for STOP2.
    pub fn mode(&self) -> u32 {
        self.regs[0] & 7
    }

    /// The radio's bus is selected.
    pub fn is_radio_selected(&self) -> bool {
        self.regs[0x90 / 4] >> 15 & 1 == 0
    }
}

/// IWDG.
#[derive(Default)]
pub struct Watchdog {
    prescaler: u32,
    reload: u32,
    started: bool,
    pub last_fed: u64,
}

impl Watchdog {
    pub fn write(&mut self, offset: u32, value: u32, now: u64) {
        match (offset, value) {
            (0x00, 0xcccc) => (self.started, self.last_fed) = (true, now),
            (0x00, 0xaaaa) => self.last_fed = now,
            (0x04, value) => self.prescaler = value & 7,
            (0x08, value) => self.reload = value & 0xfff,
            _ => {}
        }
    }

    /// When it resets the chip, by a clock of 32 kHz.
    pub fn bites_at(&self) -> u64 {
        let ticks = u64::from(self.reload + 1) << (self.prescaler + 2);
        if self.started { self.last_fed + ticks * HZ / 32_000 } else { u64::MAX }
    }
}
