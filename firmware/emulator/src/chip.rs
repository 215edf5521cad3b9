//! The chip's parts on their buses, without its processor.

use crate::adc::Adc;
use crate::exti::Exti;
use crate::flash::Flash;
use crate::gpio::Gpio;
use crate::i2c::I2c;
use crate::lptim::{self, Lptim};
use crate::power::{Pwr, Rcc, Watchdog};
use crate::radio::{self, Radio};

/// How long the chip was in each state, in cycles.
#[derive(Debug, Default, Clone, Copy)]
pub struct Times {
    pub running: u64,
    pub sleeping: u64,
    pub stopped: u64,
}

pub struct Chip {
    pub now: u64,
    pub times: Times,
    pub flash: Flash,
    pub rcc: Rcc,
    pub pwr: Pwr,
    pub watchdog: Watchdog,
    pub lptim: Lptim,
    pub exti: Exti,
    pub gpio: Gpio,
    pub i2c: I2c,
    pub adc: Adc,
    pub radio: Radio,
    spi: Vec<u8>,
    spi_regs: [u32; 16],
    pub nvic_enabled: [u32; 2],
    pub nvic_pending: [u32; 2],
    pub scr: u32,
    pub reset: bool,
    other: std::collections::HashMap<u32, u32>,
}

/// SDA's clock, driven by hand when the bus is stuck: PA12.
const I2C_CLOCK: (usize, u32) = (0, 12);

impl Chip {
    pub fn new(flash: Flash, reset_flags: u32) -> Self {
        Self {
            now: 0,
            times: Times::default(),
            flash,
            rcc: Rcc::new(reset_flags),
            pwr: Pwr::default(),
            watchdog: Watchdog::default(),
            lptim: Lptim::default(),
            exti: Exti::default(),
            gpio: Gpio::default(),
            i2c: I2c::default(),
            adc: Adc::new(3_000),
            radio: Radio::default(),
            spi: Vec::new(),
            spi_regs: [0; 16],
            nvic_enabled: [0; 2],
            nvic_pending: [0; 2],
            scr: 0,
            reset: false,
            other: std::collections::HashMap::new(),
        }
    }

    pub fn read(&mut self, address: u32, size: usize) -> u32 {
        // The buses carry words; what is narrower is cut out of them.
        let (base, shift) = (address & !3, 8 * (address & 3));
        let word = self.word(base);
        if size == 4 { word } else { word >> shift & ((1 << (8 * size)) - 1) }
    }

    fn word(&mut self, address: u32) -> u32 {
        match address {
            0x4000_3000..0x4000_3400 => 0,
            0x4000_5800..0x4000_5c00 => self.i2c.read(address - 0x4000_5800),
            0x4000_7c00..0x4000_8000 => self.lptim.read(address - 0x4000_7c00, self.now),
            0x4001_2400..0x4001_2800 => self.adc.read(address - 0x4001_2400),
            0x4800_0000..0x4800_2000 => self.gpio.read(((address >> 10) & 7) as usize, address & 0x3ff),
            0x5800_0000..0x5800_0400 => self.rcc.read(address - 0x5800_0000),
            0x5800_0400..0x5800_0800 => self.pwr.read(address - 0x5800_0400),
            0x5800_0800..0x5800_1000 => self.exti.read(address - 0x5800_0800),
            0x5800_4000..0x5800_4400 => self.flash.read_register(address - 0x5800_4000),
            0x5801_0008 => 2 | u32::from(!self.spi.is_empty()) | u32::from(!self.spi.is_empty()) << 9,
            0x5801_000c => {
                if self.spi.is_empty() {
                    0
                } else {
                    self.spi.remove(0).into()
                }
            }
            0x5801_0000..0x5801_0040 => self.spi_regs[((address >> 2) & 15) as usize],
            0xe000_e100..0xe000_e108 => self.nvic_enabled[((address >> 2) & 1) as usize],
            0xe000_ed10 => self.scr,
            _ => self.other.get(&address).copied().unwrap_or(0),
        }
    }

    pub fn write(&mut self, address: u32, _size: usize, value: u32) {
        let now = self.now;
        match address {
            0x4000_3000..0x4000_3400 => self.watchdog.write(address - 0x4000_3000, value, now),
            0x4000_5800..0x4000_5c00 => self.i2c.write(address - 0x4000_5800, value),
            0x4000_7c00..0x4000_8000 if self.rcc.clocks_timer() => {
                self.lptim.write(address - 0x4000_7c00, value, now)
            }
            0x4001_2400..0x4001_2800 if self.rcc.clocks_converter() => {
                self.adc.write(address - 0x4001_2400, value)
            }
            0x4800_0000..0x4800_2000 => {
                let (port, pin) = I2C_CLOCK;
                let before = self.gpio.is_driven_high(port, pin);
                self.gpio.write(((address >> 10) & 7) as usize, address & 0x3ff, value);
                if !before && self.gpio.is_driven_high(port, pin) {
                    self.i2c.clocked();
                }
            }
            0x5800_0000..0x5800_0400 => self.rcc.write(address - 0x5800_0000, value),
            0x5800_0400..0x5800_0800 => {
                let before = self.pwr.is_radio_selected();
                self.pwr.write(address - 0x5800_0400, value);
                if before && !self.pwr.is_radio_selected() {
                    self.radio.done(now);
                }
            }
            0x5800_0800..0x5800_1000 => self.exti.write(address - 0x5800_0800, value),
            0x5800_4000..0x5800_4400 => self.flash.write_register(address - 0x5800_4000, value),
            0x5801_000c => {
                if self.pwr.is_radio_selected() {
                    let answer = self.radio.exchange(value as u8);
                    self.spi.push(answer);
                }
            }
            0x5801_0000..0x5801_0040 => self.spi_regs[((address >> 2) & 15) as usize] = value,
            0xe000_e100..0xe000_e108 => self.nvic_enabled[((address >> 2) & 1) as usize] |= value,
            0xe000_e180..0xe000_e188 => self.nvic_enabled[((address >> 2) & 1) as usize] &= !value,
            0xe000_e200..0xe000_e208 => self.nvic_pending[((address >> 2) & 1) as usize] |= value,
            0xe000_e280..0xe000_e288 => self.nvic_pending[((address >> 2) & 1) as usize] &= !value,
            0xe000_ed0c if value & 4 != 0 => self.reset = true,
            0xe000_ed10 => self.scr = value,
            _ => {
                self.other.insert(address, value);
            }
        }
    }

    /// Lets the time pass that has passed.
    pub fn pass(&mut self) {
        self.lptim.pass(self.now);
        self.radio.pass(self.now);
        let asserted = [(self.lptim.is_asserted(), lptim::IRQ), (self.radio.is_asserted(), radio::IRQ)];
        for (is_asserted, irq) in asserted {
            if is_asserted {
                self.pend(irq);
            }
        }
        let edges: Vec<u32> = self.exti.interrupts().collect();
        edges.into_iter().for_each(|irq| self.pend(irq));
    }

    fn pend(&mut self, irq: u32) {
        self.nvic_pending[(irq / 32) as usize] |= 1 << (irq % 32);
    }

    /// The interrupt that is to be served, the lowest number first.
    pub fn interrupt(&self) -> Option<u32> {
        let ready = |half: usize| self.nvic_pending[half] & self.nvic_enabled[half];
        match (ready(0), ready(1)) {
            (0, 0) => None,
            (0, high) => Some(32 + high.trailing_zeros()),
            (low, _) => Some(low.trailing_zeros()),
        }
    }

    pub fn serve(&mut self, irq: u32) {
        self.nvic_pending[(irq / 32) as usize] &= !(1 << (irq % 32));
    }

    /// When something happens by itself next.
    pub fn next_at(&self) -> u64 {
        let timer = self.lptim.next_at();
        timer.min(self.radio.next_at()).min(self.watchdog.bites_at())
    }

    pub fn is_deep(&self) -> bool {
        self.scr & 4 != 0 && self.pwr.mode() == 2
    }

    /// Somebody outside sets a pin of port 0 (A), 1 (B) or 2 (C).
    pub fn set_pin(&mut self, port: usize, pin: u32, is_high: bool) {
        if self.gpio.set(port, pin, is_high) != is_high {
            self.exti.edge(pin, is_high);
        }
    }
}
