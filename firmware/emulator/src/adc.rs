//! The converter, as far as the supply is measured by it.

#[derive(Default)]
pub struct Adc {
    regs: Vec<u32>,
    isr: u32,
    /// What the supply is, in millivolts.
    pub supply_mv: u32,
}

/// What the chip's maker measured of its reference at 3.3 V.
pub const VREFINT_CAL: u16 = 1504;

impl Adc {
    pub fn new(supply_mv: u32) -> Self {
        Self { regs: vec![0; 256], isr: 0, supply_mv }
    }

    pub fn read(&mut self, offset: u32) -> u32 {
        match offset {
            0x00 => self.isr,
            0x40 => {
                self.isr &= !0xc;
                3300 * u32::from(VREFINT_CAL) / self.supply_mv.max(1)
            }
            _ => self.regs[(offset / 4) as usize & 255],
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        let mut kept = value;
        match offset {
            0x00 => {
                self.isr &= !value;
                return;
            }
            0x08 => {
                if value >> 31 & 1 == 1 {
                    self.isr |= 1 << 11;
                    kept &= !(1 << 31);
                }
                if value & 1 == 1 {
                    self.isr |= 1;
                }
                if value & 2 != 0 {
                    kept &= !3;
                    self.isr &= !1;
                }
                if value & 4 != 0 {
                    self.isr |= 0xc;
                    kept &= !4;
                }
                if value & 0x10 != 0 {
                    kept &= !0x14;
                }
            }
            0x28 | 0x0c => self.isr |= 1 << 13,
            _ => {}
        }
        self.regs[(offset / 4) as usize & 255] = kept;
    }
}
