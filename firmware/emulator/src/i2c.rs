//! The bus and the sensors on it.

/// What the sensors measure, and which of them answer.
#[derive(Debug, Clone)]
pub struct Sensors {
    /// 0.01 °C; none: it does not answer.
    pub temperature: Option<i32>,
    /// Percent; none: it does not answer.
    pub humidity: Option<u8>,
    pub has_motion: bool,
    /// The data line is held low until the clock has been driven by hand.
    pub is_stuck: bool,
    /// Of the motion sensor: what it has to tell, and its three axes.
    pub sources: u8,
    pub side: u8,
    pub axes: [i16; 3],
}

impl Default for Sensors {
    fn default() -> Self {
        Self {
            temperature: Some(500),
            humidity: Some(45),
            has_motion: true,
            is_stuck: false,
            sources: 0,
            side: 0x20,
            axes: [0, 0, 2048],
        }
    }
}

#[derive(Default)]
pub struct I2c {
    pub sensors: Sensors,
    regs: [u32; 16],
    isr: u32,
    /// Bytes that are still to go, and those that went.
    left: u32,
    written: Vec<u8>,
    answer: Vec<u8>,
    is_read: bool,
    /// The register that the last write named, for each device.
    named: std::collections::HashMap<u8, u8>,
    /// Conversions since each was read.
    converted: bool,
}

const TXIS: u32 = 1 << 1;
const RXNE: u32 = 1 << 2;
const NACKF: u32 = 1 << 4;
const STOPF: u32 = 1 << 5;
const TC: u32 = 1 << 6;
const BUSY: u32 = 1 << 15;

const TMP117: u8 = 0x48;
const SHT4X: u8 = 0x44;
const LIS2DW12: u8 = 0x19;

impl I2c {
    pub fn read(&mut self, offset: u32) -> u32 {
        match offset {
            0x18 => self.isr | 1 | if self.sensors.is_stuck { BUSY } else { 0 },
            0x24 => {
                let byte = if self.answer.is_empty() { 0xff } else { self.answer.remove(0) };
                self.went();
                byte.into()
            }
            _ => self.regs[(offset / 4) as usize & 15],
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            0x04 => {
                self.regs[1] = value & !(3 << 13);
                if value >> 13 & 1 == 1 {
                    self.start(value);
                }
                if value >> 14 & 1 == 1 {
                    self.stop();
                }
            }
            0x1c => self.isr &= !(value & (NACKF | STOPF)),
            0x28 => {
                self.written.push(value as u8);
                self.went();
            }
            0x00 if value & 1 == 0 => (self.regs[0], self.isr) = (value, 0),
            _ => self.regs[(offset / 4) as usize & 15] = value,
        }
    }

    fn address(&self) -> u8 {
        (self.regs[1] >> 1 & 0x7f) as u8
    }

    fn start(&mut self, cr2: u32) {
        self.isr &= !(TC | TXIS | RXNE);
        if self.sensors.is_stuck {
            return;
        }
        (self.left, self.is_read) = (cr2 >> 16 & 0xff, cr2 >> 10 & 1 == 1);
        self.written.clear();
        let address = self.address();
        let answers = match address {
            TMP117 => self.sensors.temperature.is_some(),
            SHT4X => self.sensors.humidity.is_some(),
            LIS2DW12 => self.sensors.has_motion,
            _ => false,
        };
        if !answers {
            self.isr |= NACKF | STOPF;
            return;
        }
        if self.is_read {
            self.answer = self.say(address, self.left as usize);
            self.isr |= RXNE;
        } else {
            self.isr |= TXIS;
        }
    }

    fn went(&mut self) {
        self.left = self.left.saturating_sub(1);
        if self.left > 0 {
            return;
        }
        self.isr &= !(TXIS | RXNE);
        if !self.is_read {
            self.told();
        }
        // Auto-end.
        self.isr |= if self.regs[1] >> 25 & 1 == 1 { STOPF } else { TC };
    }

    fn stop(&mut self) {
        self.isr = self.isr & !(TC | TXIS | RXNE) | STOPF;
    }

    /// A device takes what was written to it.
    fn told(&mut self) {
        let address = self.address();
        if let Some(first) = self.written.first() {
            self.named.insert(address, *first);
        }
        if address == TMP117 && matches!(*self.written, [1, high, _] if high & 0x0c == 0x0c) {
            self.converted = true;
        }
    }

    fn say(&mut self, address: u8, length: usize) -> Vec<u8> {
        let register = self.named.get(&address).copied().unwrap_or(0);
        match (address, register) {
            (TMP117, 0) => {
                let value = self.sensors.temperature.unwrap_or(0) * 128;
                ((value + value.signum() * 50) / 100).to_be_bytes()[2..].to_vec()
            }
            (TMP117, 1) => {
                let ready = if std::mem::take(&mut self.converted) { 0x20 } else { 0 };
                vec![ready, 0x20]
            }
            (SHT4X, _) => {
                let part = (u32::from(self.sensors.humidity.unwrap_or(0)) + 6) * 65_535 / 125;
                let value = (part as u16).to_be_bytes();
                let room = 0x6666_u16.to_be_bytes();
                vec![room[0], room[1], crc8(room), value[0], value[1], crc8(value)]
            }
            (LIS2DW12, 0x0f) => vec![0x44],
            (LIS2DW12, 0x3b) => vec![std::mem::take(&mut self.sensors.sources)],
            (LIS2DW12, 0x3a) => vec![self.sensors.side],
            (LIS2DW12, 0x28) => self.sensors.axes.iter().flat_map(|axis| axis.to_le_bytes()).collect(),
            _ => vec![0; length],
        }
    }

    /// The clock was driven by hand: whoever held the data line lets it go.
    pub fn clocked(&mut self) {
        self.sensors.is_stuck = false;
    }
}

fn crc8(bytes: [u8; 2]) -> u8 {
    bytes.iter().fold(0xff, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x31 })
    })
}
