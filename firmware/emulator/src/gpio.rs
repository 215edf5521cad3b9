//! Pins: what the chip drives, and what others drive.

/// Ports A, B, C and H.
#[derive(Default)]
pub struct Gpio {
    ports: [Port; 8],
}

#[derive(Default, Clone, Copy)]
struct Port {
    regs: [u32; 16],
    outside: u16,
}

const MODER: usize = 0;
const ODR: usize = 5;

impl Gpio {
    pub fn read(&self, port: usize, offset: u32) -> u32 {
        let port = &self.ports[port & 7];
        match offset {
            0x10 => {
                let mut level = 0;
                for pin in 0..16 {
                    let is_output = port.regs[MODER] >> (2 * pin) & 3 == 1;
                    let from = if is_output { port.regs[ODR] } else { port.outside.into() };
                    level |= from & (1 << pin);
                }
                level
            }
            offset => port.regs[(offset / 4) as usize & 15],
        }
    }

    pub fn write(&mut self, port: usize, offset: u32, value: u32) {
        let port = &mut self.ports[port & 7];
        match offset {
            0x18 => port.regs[ODR] = port.regs[ODR] & !(value >> 16) | (value & 0xffff),
            0x28 => port.regs[ODR] &= !value,
            offset => port.regs[(offset / 4) as usize & 15] = value,
        }
    }

    /// Whether the chip drives that pin high.
    pub fn is_driven_high(&self, port: usize, pin: u32) -> bool {
        let port = &self.ports[port & 7];
        port.regs[MODER] >> (2 * pin) & 3 == 1 && port.regs[ODR] >> pin & 1 == 1
    }

    /// Somebody outside sets a pin; the level before.
    pub fn set(&mut self, port: usize, pin: u32, is_high: bool) -> bool {
        let port = &mut self.ports[port & 7];
        let before = port.outside >> pin & 1 == 1;
        port.outside = port.outside & !(1 << pin) | u16::from(is_high) << pin;
        before
    }
}

impl Gpio {
    /// A reset of the chip changes nothing outside of it.
    pub fn keep_outside(&mut self, before: &Self) {
        for (port, other) in self.ports.iter_mut().zip(&before.ports) {
            port.outside = other.outside;
        }
    }
}
