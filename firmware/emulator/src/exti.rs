//! Edges of pins that interrupt, and the lines that wake from deep sleep.

pub struct Exti {
    regs: [u32; 64],
    pending: u32,
}

const RTSR1: usize = 0;
const FTSR1: usize = 1;
const IMR1: usize = 0x20;
const IMR2: usize = 0x24;

impl Default for Exti {
    fn default() -> Self {
        Self { regs: [0; 64], pending: 0 }
    }
}

impl Exti {
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            0x0c => self.pending,
            offset => self.regs[(offset / 4) as usize & 63],
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x0c => self.pending &= !value,
            offset => self.regs[(offset / 4) as usize & 63] = value,
        }
    }

    pub fn edge(&mut self, line: u32, is_rising: bool) {
        let armed = self.regs[if is_rising { RTSR1 } else { FTSR1 }];
        self.pending |= armed & (1 << line);
    }

    /// The interrupt of a pin's line that is pending and not masked.
    pub fn interrupts(&self) -> impl Iterator<Item = u32> + use<> {
        let lines = self.pending & self.regs[IMR1] & 0xffff;
        (0..16).filter(move |line| lines >> line & 1 == 1).map(|line| match line {
            0..=4 => 6 + line,
            5..=9 => 22,
            _ => 41,
        })
    }

    /// Whether a line wakes from deep sleep: 29 is the low-power timer, 44 the radio.
    pub fn wakes(&self, line: u32) -> bool {
        let masks = self.regs[if line < 32 { IMR1 } else { IMR2 }];
        masks >> (line % 32) & 1 == 1
    }
}
